//! Bodies of requests.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::error::{ApiError, own_code};
use crate::server::Shared;

/// The bytes of a body, or why they did not come.
pub(super) fn bytes(
    shared: &Shared,
    body: Result<Bytes, BytesRejection>,
) -> Result<Bytes, ApiError> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::too_large("the body", shared.settings.limits.body_bytes_max)
        } else {
            ApiError::bad_request(own_code::BAD_REQUEST, rejection.body_text())
        }
    })
}

/// A body that is one JSON object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let description = format!("the body is no JSON object: {error}");
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })
}

/// The entities of `{"data":[…]}`.
pub(super) fn data(body: &[u8]) -> Result<Vec<Map<String, Value>>, ApiError> {
    let wrong = || {
        let description = "the body must be `{\"data\":[{…},…]}` with at least one entity";
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    };
    let Some(Value::Array(items)) = object(body)?.remove("data") else {
        return Err(wrong());
    };
    if items.is_empty() {
        return Err(wrong());
    }
    items
        .into_iter()
        .map(|item| match item {
            Value::Object(fields) => Ok(fields),
            _ => Err(wrong()),
        })
        .collect()
}
