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
    match object(body)?.remove("data") {
        Some(data) => entities(data),
        None => Err(no_entities()),
    }
}

/// The entities of `{"data":[…]}`, or the one entity that a body is without it, as the readme of the
/// vendor's JavaScript SDK writes it.
pub(super) fn data_or_one(body: &[u8]) -> Result<Vec<Map<String, Value>>, ApiError> {
    let mut object = object(body)?;
    match object.remove("data") {
        Some(data) => entities(data),
        None if !object.is_empty() => Ok(vec![object]),
        None => Err(no_entities()),
    }
}

fn entities(data: Value) -> Result<Vec<Map<String, Value>>, ApiError> {
    let Value::Array(items) = data else {
        return Err(no_entities());
    };
    if items.is_empty() {
        return Err(no_entities());
    }
    items
        .into_iter()
        .map(|item| match item {
            Value::Object(fields) => Ok(fields),
            _ => Err(no_entities()),
        })
        .collect()
}

fn no_entities() -> ApiError {
    let description = "the body must be `{\"data\":[{…},…]}` with at least one entity";
    ApiError::bad_request(own_code::BAD_REQUEST, description)
}
