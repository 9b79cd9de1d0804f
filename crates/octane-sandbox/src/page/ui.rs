//! The URLs of Octane's own pages, as clients print them: each leads to the page here that shows the same.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::parameters::Parameters;
use super::problem;
use crate::state::AppState;

/// `/ui/?p=1001/1002` leads to the suites, and `/ui/entity-navigation?p=1001/1002&entityType=run&id=7001` to the page of
/// the entity. What has no page here leads to the suites, too.
pub(super) async fn redirect(
    State(state): State<Arc<AppState>>,
    parameters: Parameters,
) -> Response {
    let entity_type = parameters.get("entityType").unwrap_or_default().to_owned();
    let id = parameters.id("id");
    problem::read(
        &state,
        move |reader| {
            let Some(id) = id else {
                return Ok(None);
            };
            Ok(match entity_type.as_str() {
                // The page of a test redirects where the ID is that of a suite.
                word if word.contains("test") => Some(format!("/tests/{id}")),
                word if word.contains("run") => reader
                    .suite_run_with(id)?
                    .map(|suite_run| format!("/suite-runs/{suite_run}")),
                "" => None,
                _ => reader
                    .story_named(id)?
                    .map(|story| format!("/backlog/{}", story.id)),
            })
        },
        |_, page| Redirect::to(page.as_deref().unwrap_or("/")).into_response(),
    )
    .await
}
