//! The body of a request, bounded in size and time.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{HeaderMap, header};
use tokio::time::timeout;

/// How long a body may take to arrive.
const RECEIVE_TIME_MAX: Duration = Duration::from_secs(120);

/// Why a body was not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyProblem {
    /// It has more bytes than are accepted.
    TooLarge,
    /// It did not arrive completely, or not in time.
    Incomplete,
}

/// Receives a body of at most `bytes_max` bytes.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Bytes, BodyProblem> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > bytes_max) {
        return Err(BodyProblem::TooLarge);
    }
    match timeout(RECEIVE_TIME_MAX, to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(BodyProblem::TooLarge),
        Ok(Err(_)) | Err(_) => Err(BodyProblem::Incomplete),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}
