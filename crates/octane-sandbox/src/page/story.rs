//! The page of a backlog item and the runs that cover it.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::frame::{Page, Tab, trail};
use super::parameters::LINES_MAX;
use super::pieces::{empty, run_table};
use super::problem;
use super::text::Text;
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::pages::StoryDetails;

pub(super) async fn page(State(state): State<Arc<AppState>>, Path(id): Path<String>) -> Response {
    problem::read(
        &state,
        move |reader| {
            let statuses = reader.native_statuses()?;
            let found = reader.story_details(id.parse().unwrap_or(-1), LINES_MAX, &statuses)?;
            found.ok_or_else(|| ApiError::entity_not_found("work_item", &id))
        },
        |state, story| render(state, &story),
    )
    .await
}

fn render(state: &AppState, details: &StoryDetails) -> Response {
    let StoryDetails {
        story,
        phase,
        above,
        tests,
        runs,
    } = details;
    let mut body = String::new();
    if !tests.is_empty() {
        body.push_str("<h2>Tests linked to it</h2><ul class=\"plain\">");
        for (id, name) in tests {
            let _ = write!(body, "<li><a href=\"/tests/{id}\">{}</a></li>", Text(name));
        }
        body.push_str("</ul>");
    }
    body.push_str("<h2>Latest runs that cover it</h2>");
    if runs.is_empty() {
        body.push_str(&empty(
            "No run covers it. Link runs with <code>octane link</code>, or specify its Jira key in the results.",
        ));
    } else {
        body.push_str(&run_table(
            "Runs that cover it, the latest first",
            runs,
            true,
        ));
    }
    let addresses: Vec<(String, &str)> = above
        .iter()
        .rev()
        .map(|item| (format!("/backlog/{}", item.id), item.name.as_str()))
        .collect();
    let mut steps: Vec<(&str, &str)> = vec![("/matrix", "Traceability")];
    steps.extend(
        addresses
            .iter()
            .map(|(address, name)| (address.as_str(), *name)),
    );
    let key = story.jira_key.as_deref().map_or(String::new(), |key| {
        format!("<span class=\"tag\">{}</span> ", Text(key))
    });
    let phase = phase
        .as_deref()
        .map_or(String::new(), |phase| format!(" · phase {}", Text(phase)));
    Page {
        title: &story.name,
        tab: Some(Tab::Matrix),
        above: trail(&steps),
        below: format!(
            "<p class=\"lead\">{key}{} {}{phase}</p>",
            Text(&story.entity_type.replace('_', " ")),
            story.id
        ),
        body,
    }
    .response(state)
}
