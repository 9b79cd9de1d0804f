//! Server-rendered web pages that show the content of the sandbox.
//!
//! They work without JavaScript: every filter is a parameter of the URL, and the script only saves a reload.
//! All resources come from the sandbox, and the content security policy allows nothing else.

mod assets;
mod changes;
mod chart;
mod controls;
mod failures;
mod frame;
mod matrix;
mod parameters;
mod pass_rate;
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
mod ui;
mod unknown;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub(crate) use unknown::unknown;

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
        .route("/sandbox", get(controls::page))
        .route("/sandbox/clock", post(controls::advance))
        .route("/sandbox/faults", post(controls::add_fault))
        .route("/sandbox/faults/clear", post(controls::clear_faults))
        .route("/sandbox/faults/{id}/remove", post(controls::remove_fault))
        .route("/sandbox/reset", post(controls::reset))
        .route("/_sandbox/assets/{name}", get(assets::get))
}
