//! Web pages, rendered here, that show what is in the sandbox.
//!
//! They work without script: every filter is a parameter of the address, and the script only saves people
//! a reload. What they need comes from here alone, and their policy allows nothing else.

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

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::server::Shared;

/// The addresses of the pages.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(suites::all))
        .route("/suites/{id}", get(suites::one))
        .route("/suite-runs/{id}", get(suite_run::page))
        .route("/tests/{id}", get(test::page))
        .route("/backlog/{id}", get(story::page))
        .route("/matrix", get(matrix::page))
        .route("/query", get(query::page))
        .route("/requests", get(requests::page))
        .route("/_sandbox/assets/{name}", get(assets::get))
}
