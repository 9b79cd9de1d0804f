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
    let pages = [
        ("/ui", get(ui::redirect)),
        ("/suites/{id}", get(suites::one)),
        ("/suite-runs/{id}", get(suite_run::page)),
        ("/tests/{id}", get(test::page)),
        ("/backlog/{id}", get(story::page)),
        ("/matrix", get(matrix::page)),
        ("/query", get(query::page)),
        ("/requests", get(requests::page)),
        ("/sandbox", get(controls::page)),
    ];
    // With a slash at the end they are the same pages.
    let router = pages
        .into_iter()
        .fold(Router::new(), |router, (path, page)| {
            router
                .route(path, page.clone())
                .route(&format!("{path}/"), page)
        });
    router
        .route("/", get(suites::all))
        .route("/ui/{*page}", get(ui::redirect))
        .route("/sandbox/clock", post(controls::advance))
        .route("/sandbox/faults", post(controls::add_fault))
        .route("/sandbox/faults/clear", post(controls::clear_faults))
        .route("/sandbox/faults/{id}/remove", post(controls::remove_fault))
        .route("/sandbox/reset", post(controls::reset))
        .route("/_sandbox/assets/{name}", get(assets::get))
}
