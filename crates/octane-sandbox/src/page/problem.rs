//! A problem as a page.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::frame::Page;
use super::text::message;
use crate::error::ApiError;
use crate::server::Shared;
use crate::store::Reader;

/// Reads what a page shows and renders it; a problem becomes a page, too.
pub(super) async fn read<T: Send + 'static>(
    shared: &Arc<Shared>,
    work: impl FnOnce(Reader<'_>) -> Result<T, ApiError> + Send + 'static,
    render: impl FnOnce(&Shared, T) -> Response,
) -> Response {
    match shared.store.read(work).await {
        Ok(view) => render(shared, view),
        Err(error) => page(shared, error),
    }
}

fn page(shared: &Shared, error: ApiError) -> Response {
    let (status, title) = match &error {
        ApiError::Refused { status, .. } if *status == StatusCode::NOT_FOUND => {
            (*status, "Not found")
        }
        ApiError::Refused { status, .. } => (*status, "This does not work"),
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
    .with_status(shared, status)
}
