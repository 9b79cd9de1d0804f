//! Answers in Octane's format.

use std::hash::{BuildHasher, RandomState};

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use octane_model::{Problem, clean, error_code};
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::AuditEntry;
use crate::chain::Chain;
use crate::door::answer::Refusal;
use crate::store::StoreError;

/// An unknown address, method or media type.
pub(super) const WEB_APPLICATION: &str = "platform.web_application";
/// A malformed body or parameter.
pub(super) const BAD_REQUEST: &str = "platform.bad_request";
/// A payload that the schema does not allow, or that is too large.
pub(super) const INVALID_PAYLOAD: &str = "testbox.invalid_payload";
/// Something that is not the client's fault.
const GENERAL: &str = "platform.general_error";

/// How long to wait for a store that cannot be used, in seconds.
const STORE_PAUSE: u32 = 5;

/// A request that is refused.
#[derive(Debug)]
pub(super) struct OctaneProblem {
    status: StatusCode,
    /// What is wrong, for programs.
    code: &'static str,
    problem: Box<Problem>,
    /// The session has expired, which has a format of its own.
    is_expired_session: bool,
    retry_after: Option<u32>,
}

impl OctaneProblem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        let description = clean(&description.into()).into_owned();
        Self {
            status,
            code,
            problem: Box::new(Problem::new(code, description)),
            is_expired_session: false,
            retry_after: None,
        }
    }

    /// What the audit log says of it.
    pub(super) fn describe(&self, entry: &mut AuditEntry) {
        entry.code = Some(self.code);
        entry.reason = Some(self.problem.description.clone());
    }

    /// A property of the problem.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.problem = Box::new(self.problem.with(name, clean(value)));
        self
    }

    /// When to come back, in seconds.
    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(super) fn bad_request(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, description)
    }

    pub(super) fn unauthorized(description: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            error_code::NOT_AUTHORIZED,
            description,
        )
    }

    pub(super) fn session_expired() -> Self {
        Self {
            is_expired_session: true,
            ..Self::unauthorized("the session has expired; sign in again")
        }
    }

    /// What the database says is for the one who runs the relay.
    pub(super) fn store_unavailable() -> Self {
        let description = "the relay cannot use its store now; try again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, GENERAL, description).retry_after(STORE_PAUSE)
    }
}

impl From<Refusal> for OctaneProblem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => error_code::NOT_AUTHORIZED,
            _ => GENERAL,
        };
        let problem = Self::new(refusal.status(), code, refusal.message());
        match refusal.pause() {
            Some(seconds) => problem.retry_after(seconds),
            None => problem,
        }
    }
}

impl From<StoreError> for OctaneProblem {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = %Chain(&error), "the store cannot be used");
        Self::store_unavailable()
    }
}

impl IntoResponse for OctaneProblem {
    fn into_response(self) -> Response {
        let Problem {
            error_code,
            description,
            properties,
            ..
        } = *self.problem;
        let body = if self.is_expired_session {
            json!({ "errorCode": error_code::GLOBAL_TIMEOUT, "accumulatedMessage": description })
        } else {
            let properties = (!properties.is_empty()).then_some(Value::Object(properties));
            json!({
                "error_code": error_code,
                "correlation_id": format!("k{:016x}", RandomState::new().hash_one(())),
                "description": description,
                "description_translated": description,
                "properties": properties,
                "business_error": true,
            })
        };
        let mut response = json(self.status, &body);
        if let Some(seconds) = self.retry_after {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// An answer in JSON; like Octane's, it names no charset.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_string(body).unwrap_or_default();
    let media_type = [(header::CONTENT_TYPE, "application/json")];
    (status, media_type, body).into_response()
}
