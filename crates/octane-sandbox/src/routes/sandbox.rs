//! The sandbox's own addresses, and the version that it claims to be.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::error::{ApiError, json_response};
use crate::server::Shared;
use crate::store::{blocking, tasks};

/// The version of Octane whose behaviour the sandbox follows as far as it is known.
pub(super) async fn version() -> Response {
    let body = json!({
        "version": "25.1.4",
        "display_version": "25.1",
        "build_number": "1",
        "build_revision": concat!("octane-sandbox-", env!("CARGO_PKG_VERSION")),
        "build_date": "2025-02-11 09:42",
    });
    json_response(StatusCode::OK, &body)
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    let waiting = shared
        .store
        .read(|reader| tasks::waiting_count(reader.connection))
        .await?;
    let body = json!({
        "status": "up",
        "version": env!("CARGO_PKG_VERSION"),
        "tasks_waiting": waiting,
        "space": shared.settings.space,
        "workspace": shared.settings.workspace,
    });
    Ok(json_response(StatusCode::OK, &body))
}

/// Forgets all data and begins anew, with sample data if the settings say so. Sessions stay.
pub(super) async fn reset(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    let store = Arc::clone(&shared.store);
    blocking(move || store.reset_now()).await?;
    Ok(json_response(StatusCode::OK, &json!({ "status": "reset" })))
}
