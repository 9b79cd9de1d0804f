//! The page of a suite run: what has changed, its failures by error, and its runs, filtered.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::changes::{self, changes};
use super::failures::{by_error, slowest};
use super::frame::{Page, Tab, trail};
use super::parameters::Parameters;
use super::pass_rate;
use super::pieces::{empty, pager, run_table, story_link};
use super::problem;
use super::status::{filter_link, outcome_chip};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::pages::{
    Change, CiLink, Comparison, Counts, MATCHES_MAX, Matching, NativeStatus, Neighbours, RunFilter,
    RunLine, SlowRun, Story, SuiteRunLine,
};
use octane_web::{Text, count, duration, number, time};

/// The data of the page.
struct View {
    suite_run: SuiteRunLine,
    neighbours: Neighbours,
    ci: Vec<CiLink>,
    comparison: Comparison,
    slowest: Vec<SlowRun>,
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
        runs: None,
    };
    let change = parameters.get("change").and_then(Change::named);
    let error = parameters.get("error").map(str::to_owned);
    let window = parameters.window();
    problem::read(
        &state,
        move |reader| {
            let statuses = reader.native_statuses()?;
            let found = reader.suite_run_line(id.parse().unwrap_or(-1), &statuses)?;
            let suite_run = found.ok_or_else(|| ApiError::entity_not_found("run_suite", &id))?;
            let comparison = reader.comparison(&suite_run, &statuses)?;
            let filter = RunFilter {
                runs: listed(&comparison, change, error.as_deref()),
                ..filter.clone()
            };
            let all = &suite_run.counts;
            let matching = reader.matching_runs(suite_run.id, all, &filter, window, &statuses)?;
            let story = filter
                .story
                .map(|story| reader.story_named(story))
                .transpose()?;
            Ok(View {
                story: story.flatten(),
                neighbours: reader.neighbours(&suite_run)?,
                ci: reader.ci_links(&suite_run)?,
                slowest: reader.slowest(suite_run.id)?,
                suite_run,
                comparison,
                filter,
                matching,
            })
        },
        |state, view| render(state, &parameters, &view),
    )
    .await
}

/// The runs with a change or an error; `None` if all runs are wanted.
fn listed(
    comparison: &Comparison,
    change: Option<Change>,
    error: Option<&str>,
) -> Option<Vec<i64>> {
    if let Some(change) = change {
        return Some(comparison.with(change).map(|run| run.run).collect());
    }
    let error = error?;
    let mut groups = comparison.groups.iter();
    let found = groups.find(|group| group.key == error);
    Some(found.map_or_else(Vec::new, |group| group.runs.clone()))
}

fn render(state: &AppState, parameters: &Parameters, view: &View) -> Response {
    let View {
        suite_run,
        comparison,
        ..
    } = view;
    let mut body = neighbours(&view.neighbours);
    if suite_run.counts.total() > 0 {
        body.push_str(&changes(parameters, suite_run, comparison));
        body.push_str(&by_error(parameters, comparison));
        body.push_str(&slowest(&view.slowest));
    }
    body.push_str("<h2 id=\"runs\">Runs</h2>");
    body.push_str(&form(parameters, &view.filter));
    body.push_str(&results(parameters, view));
    let (suite, name) = (format!("/suites/{}", suite_run.suite.0), &suite_run.suite.1);
    Page {
        title: &suite_run.name,
        tab: Some(Tab::Suites),
        above: trail(&[("/", "Test suites"), (&suite, name)]),
        below: format!(
            "<p class=\"lead\">{} {} · {} · took {} in total · suite run {}{}</p>",
            outcome_chip(suite_run.outcome()),
            pass_rate::sentence(&suite_run.counts),
            time(suite_run.started),
            duration(Some(suite_run.duration_ms)),
            suite_run.id,
            ci(&view.ci),
        ),
        body,
    }
    .response(state)
}

/// Links to the suite runs before and after this one.
fn neighbours(neighbours: &Neighbours) -> String {
    let link = |to: &Option<(i64, String)>, arrow: [&str; 2], relation: &str| match to {
        Some((id, name)) => format!(
            "<a class=\"button\" rel=\"{relation}\" href=\"/suite-runs/{id}\">{}<bdi>{}</bdi>{}</a>",
            arrow[0],
            Text(name),
            arrow[1]
        ),
        None => String::new(),
    };
    let links = [
        link(&neighbours.previous, ["← ", ""], "prev"),
        link(&neighbours.next, ["", " →"], "next"),
    ]
    .concat();
    if links.is_empty() {
        return links;
    }
    format!("<nav class=\"neighbours\" aria-label=\"Suite runs before and after\">{links}</nav>")
}

/// Where it was executed.
fn ci(links: &[CiLink]) -> String {
    let mut html = String::new();
    for link in links {
        let words = if link.build.is_empty() {
            "CI run".to_owned()
        } else {
            let parts = link.build.iter().map(|part| Text(part).to_string());
            parts.collect::<Vec<_>>().join(" › ")
        };
        let _ = match &link.url {
            Some(url) => write!(
                html,
                "<br>CI: <a href=\"{}\" rel=\"noreferrer\">{words}</a>",
                Text(url)
            ),
            None => write!(html, "<br>CI: {words}"),
        };
    }
    html
}

/// The runs that match the filters.
fn results(parameters: &Parameters, view: &View) -> String {
    let View {
        suite_run,
        comparison,
        filter,
        matching,
        ..
    } = view;
    let shown = match filter.status {
        Some(status) => matching.counts.of(status),
        None => matching.counts.total(),
    };
    let mut html = format!(
        "<div id=\"results\" data-summary=\"{} shown\">",
        count(shown, "run")
    );
    html.push_str(&statuses(parameters, &matching.counts, filter));
    html.push_str(&note(parameters, view));
    if matching.runs.is_empty() {
        html.push_str(&empty(&format!(
            "No matching runs. <a href=\"/suite-runs/{}\">Show all</a>",
            suite_run.id
        )));
    } else {
        let change = parameters.get("change").and_then(Change::named);
        let caption = match change {
            Some(Change::NoLongerRun) => "Runs of this suite run and of the one before",
            _ => "Runs of this suite run, failed ones first",
        };
        let tag = |run: &RunLine| changes::tag(comparison.of_run(run.id));
        html.push_str(&run_table(caption, &matching.runs, tag, false));
    }
    html.push_str(&pager(parameters, shown));
    html.push_str("</div>");
    html
}

/// What the runs are restricted to, besides status and text.
fn note(parameters: &Parameters, view: &View) -> String {
    let change = parameters.get("change").and_then(Change::named);
    let group = parameters.get("error").and_then(|error| {
        let mut groups = view.comparison.groups.iter();
        groups.find(|group| group.key == error)
    });
    let (only, name) = if let Some(story) = &view.story {
        (format!("that cover {}", story_link(story)), "story")
    } else if let Some(change) = change {
        (format!("in “{}”", changes::label(change)), "change")
    } else if let Some(group) = group {
        let text = match group.text.as_str() {
            "" => "no error text".to_owned(),
            text => format!("the error “{}”", Text(text)),
        };
        (format!("with {text}"), "error")
    } else {
        return String::new();
    };
    let origin = match change {
        Some(Change::NoLongerRun) => {
            " Those that are missing now are the runs of the suite run before."
        }
        _ => "",
    };
    format!(
        "<p class=\"note\">Only runs {only}.{origin} <a href=\"{}\">Show all</a></p>",
        parameters.link(&[(name, None)])
    )
}

fn form(parameters: &Parameters, filter: &RunFilter) -> String {
    let hidden: String = ["status", "story", "change", "error"]
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
    let worded = |count: i64| {
        let more = filter.looks_into_runs() && count >= MATCHES_MAX;
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
