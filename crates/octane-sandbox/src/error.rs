//! What can go wrong while a request is served, and the one place where it becomes a response.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use octane_model::{Problem, error_code};
use serde_json::{Value, json};

/// Why a request is rejected.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// A response in the usual format.
    Refused {
        status: StatusCode,
        problem: Box<Problem>,
    },
    /// The entity type does not support the method; the response lists the supported ones.
    Method {
        method: String,
        allowed: &'static [&'static str],
    },
    /// The session has expired; the response has its own format.
    SessionExpired(&'static str),
    /// An internal error of the sandbox.
    Internal(String),
}

/// Error codes for cases where the real ones are unknown; the statuses are known.
pub(crate) mod own_code {
    /// A malformed body or parameter (400).
    pub(crate) const BAD_REQUEST: &str = "platform.bad_request";
    /// An invalid query, order or field list (400).
    pub(crate) const QUERY: &str = "platform.invalid_query";
    /// An unknown URL, method or media type.
    pub(crate) const WEB: &str = "platform.web_application";
    /// Too many requests per second (429 or 503).
    pub(crate) const THROTTLED: &str = "platform.too_many_requests";
    /// An internal error of the sandbox (500).
    pub(crate) const GENERAL: &str = "platform.general_error";
    /// A stale lock stamp (409).
    pub(crate) const CONFLICT: &str = "platform.lock_conflict";
    /// A list with more entities than are counted (400).
    pub(crate) const TOO_MANY: &str = "platform.exceeds_max_total_count";
    /// An invalid payload (400).
    pub(crate) const INVALID_PAYLOAD: &str = "testbox.invalid_payload";
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, problem: Problem) -> Self {
        Self::Refused {
            status,
            problem: Box::new(problem),
        }
    }

    pub(crate) fn bad_request(code: &str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Problem::new(code, description))
    }

    pub(crate) fn illegal_value(entity: &str, field: &str, description: impl Into<String>) -> Self {
        let problem = Problem::new(error_code::ILLEGAL_VALUE, description)
            .with("entity_type", entity)
            .with("field_name", field);
        Self::new(StatusCode::BAD_REQUEST, problem)
    }

    pub(crate) fn unknown_field(entity: &str, field: &str) -> Self {
        let description = format!("`{entity}` has no field `{field}`");
        let problem = Problem::new(error_code::UNKNOWN_FIELD, description)
            .with("entity_type", entity)
            .with("field_name", field);
        Self::new(StatusCode::BAD_REQUEST, problem)
    }

    pub(crate) fn not_editable(entity: &str, field: &str) -> Self {
        let description = format!("the field `{field}` of `{entity}` is read-only");
        let problem = Problem::new(error_code::NOT_EDITABLE, description)
            .with("entity_type", entity)
            .with("field_name", field);
        Self::new(StatusCode::FORBIDDEN, problem)
    }

    pub(crate) fn entity_not_found(entity: &str, id: &str) -> Self {
        let description = format!("there is no `{entity}` with the ID `{id}`");
        Self::not_found(entity, id, description)
    }

    /// A request for what is in a workspace, which may exist, but contains nothing.
    pub(crate) fn other_workspace(id: &str, own: &str) -> Self {
        let description = format!("only the workspace `{own}` of the sandbox has data, not `{id}`");
        Self::not_found("workspace", id, description)
    }

    fn not_found(entity: &str, id: &str, description: String) -> Self {
        let problem = Problem::new(error_code::ENTITY_NOT_FOUND, description)
            .with("entity_type", entity)
            .with("entity_id", id);
        Self::new(StatusCode::NOT_FOUND, problem)
    }

    pub(crate) fn not_authorized(description: &str) -> Self {
        let problem = Problem::new(error_code::NOT_AUTHORIZED, description);
        Self::new(StatusCode::UNAUTHORIZED, problem)
    }

    pub(crate) fn unknown_address(path: &str) -> Self {
        let problem = Problem::new(own_code::WEB, format!("unknown URL path `{path}`"));
        Self::new(StatusCode::NOT_FOUND, problem)
    }

    pub(crate) fn method_not_allowed(method: &str, allowed: &'static [&'static str]) -> Self {
        let method = method.to_owned();
        Self::Method { method, allowed }
    }

    pub(crate) fn too_large(what: &str, bytes_max: usize) -> Self {
        let problem = Problem::new(
            own_code::BAD_REQUEST,
            format!("{what} is larger than {bytes_max} bytes"),
        );
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, problem)
    }

    /// The problem as one entry of a bulk response.
    pub(crate) fn into_problem(self) -> Problem {
        match self {
            Self::Refused { problem, .. } => *problem,
            Self::Method { method, .. } => {
                let description = format!("this resource does not support {method}");
                Problem::new(own_code::WEB, description)
            }
            Self::SessionExpired(code) => Problem::new(code, ""),
            Self::Internal(description) => Problem::new(own_code::GENERAL, description),
        }
    }
}

/// SQLite's error for a statement that exceeds its limits. Only queries produce such statements.
const TOO_COMPLEX: [&str; 4] = [
    "Expression tree is too large",
    "subqueries nested too deep",
    "parser stack overflow",
    "pattern too complex",
];

/// Constraints are checked before a statement runs, so a database error is an internal one, with one
/// exception: only SQLite itself knows how complex a condition may be.
impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        if TOO_COMPLEX.iter().any(|known| text.contains(known)) {
            let description = "the query is too complex: it has too many cross filters, too many conditions \
                               within others, or too long a text to search for; split it";
            return Self::bad_request(own_code::QUERY, description);
        }
        Self::Internal(format!("database error: {text}"))
    }
}

/// Marks the response to a request that the product rejects before any resource sees it: its URL, method or
/// media types are wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BeforeResource;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let is_before = match &self {
            Self::Refused { problem, .. } => problem.error_code == own_code::WEB,
            Self::Method { .. } => true,
            _ => false,
        };
        let allowed = match &self {
            Self::Method { allowed, .. } => HeaderValue::from_str(&allowed.join(",")).ok(),
            _ => None,
        };
        let (status, body) = match self {
            Self::Refused { status, problem } => (status, problem_body(*problem)),
            Self::Method { .. } => {
                let body = problem_body(self.into_problem());
                (StatusCode::METHOD_NOT_ALLOWED, body)
            }
            Self::SessionExpired(code) => {
                let text = "the session has expired; sign in again";
                let body = json!({ "errorCode": code, "accumulatedMessage": text });
                (StatusCode::UNAUTHORIZED, body)
            }
            Self::Internal(description) => {
                tracing::error!(%description, "request failed");
                let problem = Problem::new(own_code::GENERAL, description);
                let mut body = problem_body(problem);
                body["business_error"] = false.into();
                (StatusCode::INTERNAL_SERVER_ERROR, body)
            }
        };
        let mut response = json_response(status, &body);
        if let Some(allowed) = allowed {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        if is_before {
            response.extensions_mut().insert(BeforeResource);
        }
        response
    }
}

/// A JSON response; like the product's, it names no charset.
pub(crate) fn json_response(status: StatusCode, body: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The keys that vendor clients read, even if they are empty.
pub(crate) fn problem_body(problem: Problem) -> Value {
    static CORRELATION: AtomicU64 = AtomicU64::new(1);
    let correlation = CORRELATION.fetch_add(1, Ordering::Relaxed);
    let properties = if problem.properties.is_empty() {
        Value::Null
    } else {
        Value::Object(problem.properties)
    };
    json!({
        "error_code": problem.error_code,
        "correlation_id": format!("k{correlation:08x}"),
        "description": problem.description,
        "description_translated": problem.description,
        "properties": properties,
        "business_error": true,
    })
}
