//! Request bodies.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use http::StatusCode;
use serde_json::{Map, Value};

use super::body_size;
use crate::error::{ApiError, own_code};
use crate::state::AppState;

/// The body of a request, or why it could not be read.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// The maximum body of a request to the sandbox itself in bytes.
pub(super) const OPEN_BYTES_MAX: usize = 1024 * 1024;

/// The bytes of a body, or why it could not be read.
pub(super) fn bytes(state: &AppState, body: Body) -> Result<Bytes, ApiError> {
    limited(body, state.settings.limits.body_bytes_max)
}

/// The bytes of a body that describes entities, and has not too many of them.
pub(super) fn entity_bytes(state: &AppState, body: Body) -> Result<Bytes, ApiError> {
    let bytes = bytes(state, body)?;
    body_size::check(&bytes, &state.settings.limits)?;
    Ok(bytes)
}

/// The same as [`bytes()`] for a request to the sandbox itself.
pub(super) fn open_bytes(body: Body) -> Result<Bytes, ApiError> {
    limited(body, OPEN_BYTES_MAX)
}

fn limited(body: Body, bytes_max: usize) -> Result<Bytes, ApiError> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::too_large("the body", bytes_max)
        } else {
            ApiError::bad_request(own_code::BAD_REQUEST, rejection.body_text())
        }
    })
}

/// A body that is a JSON object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let description = format!("the body is not a JSON object: {error}");
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

/// The entities of `{"data":[…]}`, or a single entity without it, as in the readme of the vendor's JavaScript
/// SDK.
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
