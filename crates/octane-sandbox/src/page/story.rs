//! The page of a backlog item and the runs that cover it.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::changes;
use super::frame::{Page, Tab, trail};
use super::pieces::{empty, run_table};
use super::problem;
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::pages::{Change, Results, StoryDetails, Verdict};
use octane_web::{Text, number, time};

/// How many of the runs that cover an item are listed.
const RUNS_MAX: usize = 100;

pub(super) async fn page(State(state): State<Arc<AppState>>, Path(id): Path<String>) -> Response {
    problem::read(
        &state,
        move |reader| {
            let statuses = reader.native_statuses()?;
            let found = reader.story_details(id.parse().unwrap_or(-1), RUNS_MAX, &statuses)?;
            found.ok_or_else(|| ApiError::entity_not_found("work_item", &id))
        },
        |state, story| render(state, &story),
    )
    .await
}

/// Whether the item works, in a word and in numbers.
fn verdict(details: &StoryDetails) -> String {
    let StoryDetails {
        results, period, ..
    } = details;
    let (class, word) = match results.verdict() {
        Verdict::NotCovered => ("not-covered", "Not covered"),
        Verdict::Failing => ("failed", "Failing"),
        Verdict::NotTested => ("skipped", "Not tested"),
        Verdict::Incomplete => ("blocked", "Incomplete"),
        Verdict::Flaky => ("blocked", "Flaky"),
        Verdict::Passing => ("passed", "Passing"),
    };
    let sentence = match results.total() {
        0 => "No test covers it: nothing shows whether it works.".to_owned(),
        _ => sentence(results),
    };
    let age = match period {
        Some((first, last)) if first == last => {
            format!(
                "<p class=\"quiet\">The result is from {}.</p>",
                time(Some(*first))
            )
        }
        Some((first, last)) => format!(
            "<p class=\"quiet\">The results are from {} to {}.</p>",
            time(Some(*first)),
            time(Some(*last))
        ),
        None => String::new(),
    };
    format!(
        "<section class=\"verdict {class}\" aria-labelledby=\"verdict\"><h2 id=\"verdict\">{word}</h2>\
         <p>{sentence}</p>{age}</section>"
    )
}

/// `Of the latest results of 7 tests that cover it, 1 failed and 6 passed.`
fn sentence(results: &Results) -> String {
    let parts = [
        (results.failed, "failed"),
        (results.unresolved, "did not run again after a failure"),
        (results.not_run, "did not run"),
        (results.flaky, "passed only after a failure"),
        (results.passed, "passed"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!(
        "In the latest results of what covers it, {}.",
        match parts.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            parts => parts.concat(),
        }
    )
}

fn render(state: &AppState, details: &StoryDetails) -> Response {
    let StoryDetails {
        story,
        phase,
        above,
        tests,
        tests_total,
        runs,
        ..
    } = details;
    let mut body = verdict(details);
    if !tests.is_empty() {
        body.push_str("<h2>Tests linked to it</h2><ul class=\"plain\">");
        for (id, name) in tests {
            let _ = write!(body, "<li><a href=\"/tests/{id}\">{}</a></li>", Text(name));
        }
        body.push_str("</ul>");
        if tests_total > &tests.len() {
            let more = i64::try_from(tests_total - tests.len()).unwrap_or(i64::MAX);
            let _ = write!(body, "<p class=\"quiet\">and {} more</p>", number(more));
        }
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
            |run| changes::tag(run.is_flaky.then_some(Change::Flaky)),
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
