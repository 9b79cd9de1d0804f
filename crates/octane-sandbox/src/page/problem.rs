//! Errors as a page.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::frame::Page;
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::Reader;
use octane_web::message;

/// Reads and renders a page; an error is rendered as a page, too.
pub(super) async fn read<T: Send + 'static>(
    state: &Arc<AppState>,
    work: impl Fn(Reader<'_>) -> Result<T, ApiError> + Send + 'static,
    render: impl FnOnce(&AppState, T) -> Response,
) -> Response {
    match state.store.read(work).await {
        Ok(view) => render(state, view),
        Err(error) => page(state, error),
    }
}

/// An error as a page.
pub(super) fn page(state: &AppState, error: ApiError) -> Response {
    let (status, title) = match &error {
        ApiError::Refused { status, .. } if *status == StatusCode::NOT_FOUND => {
            (*status, "Not found")
        }
        ApiError::Refused { status, .. } => (*status, "Request rejected"),
        ApiError::Internal(description) => {
            tracing::error!(%description, "a page failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong")
        }
        _ => return error.into_response(),
    };
    let problem = error.into_problem();
    let body = format!(
        "<p class=\"empty\">{}. <a href=\"/\">All suites</a></p>",
        message(&problem.description)
    );
    Page {
        title,
        tab: None,
        above: String::new(),
        below: String::new(),
        body,
    }
    .with_status(state, status)
}
