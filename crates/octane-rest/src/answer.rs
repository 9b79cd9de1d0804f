//! What came back.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use octane_model::Problem;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Kind;
use crate::trip::Trip;
use crate::{Error, redact, told};

/// A server's answer, whatever its status.
#[derive(Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unpacked.
    pub body: Bytes,
    trip: Trip,
}

impl std::fmt::Debug for Answer {
    /// Without cookies, and with the body's length only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &redact::Headers(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("trip", &self.trip)
            .finish()
    }
}

impl Answer {
    pub(crate) fn new(response: http::Response<Bytes>, trip: Trip) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
            trip,
        }
    }

    pub(crate) fn trip(&self) -> &Trip {
        &self.trip
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The body as JSON of a certain shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(error))
    }

    /// The body as any JSON; `null` where it is empty.
    pub fn value(&self) -> Result<Value, Error> {
        if self.body.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        self.json()
    }

    /// The body as text. Octane names no charset and means UTF-8; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// What a failed answer says about the failure.
    pub fn problem(&self) -> Option<Problem> {
        (!self.is_success())
            .then(|| Problem::from_body(&self.body))
            .flatten()
    }

    /// How often the request was sent.
    pub fn attempts(&self) -> u32 {
        self.trip.attempts
    }

    /// How long it took, waits included.
    pub fn elapsed(&self) -> Duration {
        self.trip.elapsed
    }

    /// The answer, if it is a success.
    pub fn into_success(self) -> Result<Self, Error> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(self.into_error())
        }
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
            Kind::Refused {
                status,
                problem: self.problem().map(Box::new),
                retry_after: told::wait(&self.headers),
            }
        };
        Error::new(kind, self.trip)
    }

    fn unreadable(&self, source: serde_json::Error) -> Error {
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let is_json = content_type.is_some_and(|content_type| content_type.contains("json"));
        // JSON of another shape is explained by the source; its beginning would say nothing.
        let beginning = (!is_json).then(|| Problem::from_body(&self.body)).flatten();
        let kind = Kind::Unreadable {
            content_type: content_type.unwrap_or("of no type").to_owned(),
            beginning: beginning.map(|beginning| beginning.to_string()),
            source,
        };
        Error::new(kind, self.trip.clone())
    }
}
