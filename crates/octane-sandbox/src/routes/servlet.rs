//! The error format of the product's servlet layer.

use axum::body::to_bytes;
use axum::response::Response;
use serde_json::json;

use crate::error::{BeforeResource, json_response};

/// No error response is longer than this.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Wraps errors about URLs, methods and media types in the format that vendor clients have seen: the usual error as
/// the text of a `message`.
pub(super) async fn wrap(response: Response) -> Response {
    if response.extensions().get::<BeforeResource>().is_none() {
        return response;
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
    let message = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
    json_response(status, &json!({ "message": message }))
}
