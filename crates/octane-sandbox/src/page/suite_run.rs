//! The page of a suite run: its runs, filtered, and the stories they cover.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::frame::{Page, Tab, trail};
use super::parameters::Parameters;
use super::pieces::{empty, pager, run_table, story_link};
use super::problem;
use super::status::{chip, filter_link};
use super::text::{Text, count, number, percent, time};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::pages::{
    Counts, MATCHES_MAX, Matching, NativeStatus, RunFilter, Story, SuiteRunLine,
};

/// The data of the page.
struct View {
    suite_run: SuiteRunLine,
    story: Option<Story>,
    filter: RunFilter,
    matching: Matching,
}

pub(super) async fn page(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Response {
    let filter = RunFilter {
        status: parameters.get("status").and_then(NativeStatus::named),
        search: parameters.get("search").map(str::to_owned),
        story: parameters.id("story"),
    };
    let window = parameters.window();
    problem::read(
        &state,
        move |reader| {
            let statuses = reader.native_statuses()?;
            let found = reader.suite_run_line(id.parse().unwrap_or(-1), &statuses)?;
            let suite_run = found.ok_or_else(|| ApiError::entity_not_found("run_suite", &id))?;
            let all = &suite_run.counts;
            let matching = reader.matching_runs(suite_run.id, all, &filter, window, &statuses)?;
            let story = filter
                .story
                .map(|story| reader.story_named(story))
                .transpose()?;
            Ok(View {
                story: story.flatten(),
                suite_run,
                filter,
                matching,
            })
        },
        |state, view| render(state, &parameters, &view),
    )
    .await
}

fn render(state: &AppState, parameters: &Parameters, view: &View) -> Response {
    let View {
        suite_run,
        story,
        filter,
        matching,
    } = view;
    let shown = match filter.status {
        Some(status) => matching.counts.of(status),
        None => matching.counts.total(),
    };
    let mut body = form(parameters, filter);
    body.push_str(&format!(
        "<div id=\"results\" data-summary=\"{} shown\">",
        count(shown, "run")
    ));
    body.push_str(&statuses(parameters, &matching.counts, filter));
    if let Some(story) = story {
        body.push_str(&format!(
            "<p class=\"note\">Only runs that cover {}. <a href=\"{}\">Show all</a></p>",
            story_link(story),
            parameters.link(&[("story", None)])
        ));
    }
    if matching.runs.is_empty() {
        body.push_str(&empty(&format!(
            "No matching runs. <a href=\"/suite-runs/{}\">Show all</a>",
            suite_run.id
        )));
    } else {
        let caption = "Runs of this suite run, failed ones first";
        body.push_str(&run_table(caption, &matching.runs, false));
    }
    body.push_str(&pager(parameters, shown));
    body.push_str("</div>");
    let (suite, name) = (format!("/suites/{}", suite_run.suite.0), &suite_run.suite.1);
    let rate = suite_run.counts.passed_per_mille();
    Page {
        title: &suite_run.name,
        tab: Some(Tab::Suites),
        above: trail(&[("/", "Test suites"), (&suite, name)]),
        below: format!(
            "<p class=\"lead\">{} {} of {} passed · {} · suite run {}</p>",
            chip(suite_run.status),
            rate.map_or("–".to_owned(), percent),
            count(suite_run.counts.total(), "run"),
            time(suite_run.started),
            suite_run.id,
        ),
        body,
    }
    .response(state)
}

fn form(parameters: &Parameters, filter: &RunFilter) -> String {
    let hidden: String = ["status", "story"]
        .into_iter()
        .filter_map(|name| Some((name, parameters.get(name)?)))
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                Text(value)
            )
        })
        .collect();
    format!(
        "<form class=\"filters\" role=\"search\" data-live>{hidden}<label>Search \
         <input type=\"search\" name=\"search\" value=\"{}\" placeholder=\"Name, class or error text\">\
         </label><button>Filter</button></form>",
        Text(filter.search.as_deref().unwrap_or_default())
    )
}

/// The number of matching runs of each status, as links that filter by it.
fn statuses(parameters: &Parameters, counts: &Counts, filter: &RunFilter) -> String {
    let looks_into_runs = filter.search.is_some() || filter.story.is_some();
    let worded = |count: i64| {
        let more = looks_into_runs && count >= MATCHES_MAX;
        format!("{}{}", number(count), if more { "+" } else { "" })
    };
    let mut items = format!(
        "<li><a class=\"chip any\" href=\"{}\"{}>All <b>{}</b></a></li>",
        parameters.link(&[("status", None)]),
        if filter.status.is_none() {
            " aria-current=\"true\""
        } else {
            ""
        },
        worded(counts.total()),
    );
    for status in NativeStatus::ALL {
        let count = counts.of(status);
        let is_current = filter.status == Some(status);
        if count > 0 || is_current {
            let address = parameters.link(&[("status", Some(status.word()))]);
            items.push_str(&filter_link(
                &address,
                Some(status),
                &worded(count),
                is_current,
            ));
        }
    }
    format!("<nav aria-label=\"Filter by status\"><ul class=\"chips\">{items}</ul></nav>")
}
