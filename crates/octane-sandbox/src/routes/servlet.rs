//! The error format of the product's servlet layer.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;

use crate::error::{BeforeResource, json_response};
use crate::state::AppState;

/// No error response is longer than this.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// If the settings say so, wraps errors about URLs, methods and media types in the format that vendor clients
/// have seen: the usual error as the text of a `message`.
pub(super) async fn wrap(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let is_before = response.extensions().get::<BeforeResource>().is_some();
    if !is_before || !state.settings.entities.servlet_messages {
        return response;
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
    let message = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
    json_response(status, &json!({ "message": message }))
}
