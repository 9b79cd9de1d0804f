//! The response of a server.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use octane_model::{Problem, error_code, json_values};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, InvalidBody, Kind};
use crate::rate_limit_headers::{self, RateLimit};
use crate::redact;
use crate::request_context::RequestContext;

/// A server's response, whatever its status.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    context: RequestContext,
}

impl std::fmt::Debug for Response {
    /// Without cookies, and with the body's length only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &redact::Headers(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("context", &self.context)
            .finish()
    }
}

impl Response {
    pub(crate) fn new(response: http::Response<Bytes>, context: RequestContext) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
            context,
        }
    }

    pub(crate) fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The body, deserialized from JSON, unless it has more values than the setting `response_values_max` allows.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let values_max = self.context.values_max;
        if json_values(&self.body) > values_max {
            let reason = format!("it contains more than {values_max} values");
            return Err(self.invalid_response(&reason));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| self.invalid_response(&error.to_string()))
    }

    /// The body as any JSON; `null` if it is empty.
    pub fn value(&self) -> Result<Value, Error> {
        if self.body.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        self.json()
    }

    /// The body as text. Octane sends UTF-8 without naming a charset; invalid UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The problem that the server reports; `None` for a success.
    pub fn problem(&self) -> Option<Problem> {
        let problem = (!self.is_success()).then(|| Problem::from_body(&self.body));
        problem
            .flatten()
            .map(|problem| redact::problem(problem, &self.context.redactor))
    }

    /// The limits that the headers state.
    pub fn rate_limits(&self) -> Vec<RateLimit> {
        rate_limit_headers::limits(&self.headers)
    }

    /// How often the request was sent.
    pub fn attempts(&self) -> u32 {
        self.context.attempts
    }

    /// How long the request took, including delays between attempts.
    pub fn elapsed(&self) -> Duration {
        self.context.elapsed
    }

    /// The response if its status is 2xx, otherwise an error.
    pub fn into_success(self) -> Result<Self, Error> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(self.into_error())
        }
    }

    /// The same for a request that deletes. What Octane no longer finds may have been deleted by an earlier attempt whose response was
    /// lost.
    pub(crate) fn into_deleted(self) -> Result<Self, Error> {
        let is_gone = self.status == StatusCode::NOT_FOUND
            && self.outcome_unknown()
            && self
                .problem()
                .is_some_and(|problem| problem.error_code == error_code::ENTITY_NOT_FOUND);
        if is_gone {
            Ok(self)
        } else {
            self.into_success()
        }
    }

    /// Whether an earlier attempt may have been processed: its response was lost, or it failed inside the server.
    pub fn outcome_unknown(&self) -> bool {
        self.context.outcome_unknown
    }

    pub(crate) fn into_error(self) -> Error {
        let status = self.status;
        let kind = if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let location = self.headers.get(header::LOCATION);
            let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()));
            Kind::Redirected {
                status,
                location: location.map(|location| redact::url(&location)),
            }
        } else {
            Kind::ErrorStatus {
                status,
                problem: self.problem().map(Box::new),
                retry_after: rate_limit_headers::retry_after(&self.headers),
            }
        };
        Error::new(kind, self.context)
    }

    pub(crate) fn invalid_response(&self, reason: &str) -> Error {
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let is_json = content_type.is_some_and(|content_type| content_type.contains("json"));
        // The source explains unexpected JSON; an excerpt would add nothing.
        let excerpt = (!is_json).then(|| Problem::from_body(&self.body)).flatten();
        let kind = Kind::InvalidResponse {
            content_type: content_type.map(str::to_owned),
            excerpt: excerpt
                .map(|excerpt| redact::problem(excerpt, &self.context.redactor).to_string()),
            source: InvalidBody::new(reason, &self.context),
        };
        Error::new(kind, self.context.clone())
    }
}
