//! Server-rendered web pages that show the content of the sandbox.
//!
//! They work without JavaScript: every filter is a parameter of the URL, and the script only saves a reload.
//! All resources come from the sandbox, and the content security policy allows nothing else.

mod assets;
mod chart;
mod frame;
mod matrix;
mod parameters;
mod pieces;
mod problem;
mod query;
mod query_problem;
mod requests;
mod status;
mod story;
mod suite_run;
mod suites;
mod test;
mod text;
mod ui;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

/// The URLs of the pages.
pub(crate) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/", get(suites::all))
        .route("/ui", get(ui::redirect))
        .route("/ui/", get(ui::redirect))
        .route("/ui/{*page}", get(ui::redirect))
        .route("/suites/{id}", get(suites::one))
        .route("/suite-runs/{id}", get(suite_run::page))
        .route("/tests/{id}", get(test::page))
        .route("/backlog/{id}", get(story::page))
        .route("/matrix", get(matrix::page))
        .route("/query", get(query::page))
        .route("/requests", get(requests::page))
        .route("/_sandbox/assets/{name}", get(assets::get))
}
