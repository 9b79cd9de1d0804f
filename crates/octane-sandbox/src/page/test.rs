//! The page of a test with its history.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::chart;
use super::frame::{Page, Tab, trail};
use super::parameters::Parameters;
use super::pass_rate;
use super::pieces::{empty, error, pager, place, problem_meaning, stories};
use super::problem;
use super::status::chip;
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::pages::{HistoryLine, NativeStatus, TestDetails};
use octane_web::{Text, count, duration, percent, time};

/// How many results the chart shows.
const CHARTED_MAX: usize = 40;

struct View {
    test: TestDetails,
    history: Vec<HistoryLine>,
    results: i64,
}

pub(super) async fn page(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Response {
    let window = parameters.window();
    problem::read(
        &state,
        move |reader| {
            let test = reader.test_details(id.parse().unwrap_or(-1))?;
            let test = test.ok_or_else(|| ApiError::entity_not_found("test", &id))?;
            let statuses = reader.native_statuses()?;
            let (history, results) = reader.test_history(test.id, window, &statuses)?;
            Ok(View {
                test,
                history,
                results,
            })
        },
        |state, view| {
            if view.test.is_suite {
                // Suites and tests share their IDs, so this may be the ID of a suite.
                return Redirect::to(&format!("/suites/{}", view.test.id)).into_response();
            }
            render(state, &parameters, &view)
        },
    )
    .await
}

fn render(state: &AppState, parameters: &Parameters, view: &View) -> Response {
    let View {
        test,
        history,
        results,
    } = view;
    let mut body = problems(&test.problems);
    body.push_str("<div class=\"facts\">");
    let suites: Vec<String> = test
        .suites
        .iter()
        .map(|(id, name)| format!("<a href=\"/suites/{id}\">{}</a>", Text(name)))
        .collect();
    let covered = stories(&test.stories);
    for (word, html) in [("In the suites", suites.join(", ")), ("Covers", covered)] {
        if !html.is_empty() {
            let _ = write!(body, "<section><h2>{word}</h2>{html}</section>");
        }
    }
    body.push_str("</div>");
    if history.is_empty() {
        body.push_str(&empty("No results yet."));
    } else {
        body.push_str("<h2>History</h2>");
        let charted = &history[..history.len().min(CHARTED_MAX)];
        let _ = write!(
            body,
            "<div class=\"panel\"><div class=\"draw\">{}</div><div class=\"rate\">{}</div></div>",
            chart::durations(charted),
            figures(charted)
        );
        body.push_str(&table(history));
        body.push_str(&pager(parameters, *results));
    }
    Page {
        title: &test.name,
        tab: Some(Tab::Suites),
        above: trail(&[("/", "Test suites")]),
        below: format!(
            "<p class=\"remarks\">{}</p><p class=\"lead\">Test {} · {}</p>",
            place(&test.place),
            test.id,
            count(*results, "result")
        ),
        body,
    }
    .response(state)
}

/// What is wrong with the test, by its latest results.
fn problems(problems: &[String]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let items: String = problems
        .iter()
        .map(|problem| {
            format!(
                "<li><b>{}</b>: {}</li>",
                Text(problem),
                problem_meaning(problem)
            )
        })
        .collect();
    format!("<ul class=\"note problems\" aria-label=\"Problems\">{items}</ul>")
}

/// A summary of the charted results.
fn figures(history: &[HistoryLine]) -> String {
    let with = |statuses: &[NativeStatus]| {
        let found = history.iter().filter_map(|line| line.status);
        let found = found.filter(|status| statuses.contains(status));
        i64::try_from(found.count()).unwrap_or(0)
    };
    let passed = with(&[NativeStatus::Passed]);
    let total = i64::try_from(history.len()).unwrap_or(i64::MAX);
    let ran = total - with(&[NativeStatus::Skipped, NativeStatus::Planned]);
    if ran == 0 {
        return "<p class=\"quiet\">nothing executed</p>".to_owned();
    }
    let mut took: Vec<i64> = history.iter().filter_map(|line| line.duration_ms).collect();
    took.sort_unstable();
    let median = took.get(took.len() / 2).copied();
    // Only passed and failed results count: a skipped run is not a change.
    let ended = history.iter().filter_map(|line| line.status);
    let ended: Vec<NativeStatus> = ended
        .filter(|status| matches!(status, NativeStatus::Passed | NativeStatus::Failed))
        .collect();
    let turns = ended.windows(2).filter(|pair| pair[0] != pair[1]).count();
    format!(
        "<p><b>{}</b> passed{}</p><p class=\"quiet\">median {}</p><p class=\"quiet\">changed {}</p>",
        percent(passed * 1000 / ran),
        if ran == total {
            String::new()
        } else {
            format!(
                " <span class=\"quiet\">{}</span>",
                pass_rate::of_those_that_ran(ran, "result")
            )
        },
        duration(median),
        count(i64::try_from(turns).unwrap_or(0), "time"),
    )
}

fn table(history: &[HistoryLine]) -> String {
    let mut html = String::from(
        "<div class=\"scroll\"><table class=\"history\"><caption class=\"unseen\">Results, the latest first</caption><thead><tr>\
         <th scope=\"col\">Status</th><th scope=\"col\">Started</th><th scope=\"col\">Suite run</th>\
         <th scope=\"col\" class=\"n\">Duration</th><th scope=\"col\">Error</th></tr></thead><tbody>\n",
    );
    for line in history {
        let suite_run = line.suite_run.as_ref().map_or(String::new(), |(id, name)| {
            format!("<a href=\"/suite-runs/{id}\">{}</a>", Text(name))
        });
        let replaced = if line.is_replaced {
            " <span class=\"tag\">previous result</span>"
        } else {
            ""
        };
        let _ = writeln!(
            html,
            "<tr><td>{}</td><th scope=\"row\">{} <small>run {}</small>{replaced}</th><td>{suite_run}</td>\
             <td class=\"n\">{}</td><td>{}</td></tr>",
            chip(line.status),
            time(line.started),
            line.run,
            duration(line.duration_ms),
            error(
                line.error_type.as_deref(),
                line.error_message.as_deref(),
                None
            ),
        );
    }
    html.push_str("</tbody></table></div>");
    html
}
