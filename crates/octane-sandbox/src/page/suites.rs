//! The pages of all suites and of one suite.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::chart;
use super::frame::{Page, Tab, trail};
use super::parameters::{LINES_MAX, Parameters};
use super::pieces::{empty, pager};
use super::problem;
use super::status::{chip, sentence};
use super::text::{Text, count, number, percent, time};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::pages::{SuiteLine, SuiteRunLine, Window};

/// How many suite runs a chart shows.
const CHARTED_MAX: i64 = 20;

/// How many suites the front page shows: each has a chart.
const SUITES_MAX: i64 = 25;

type Suites = (Vec<(SuiteLine, Vec<SuiteRunLine>)>, i64);

pub(super) async fn all(State(state): State<Arc<AppState>>, parameters: Parameters) -> Response {
    let search = parameters.get("search").unwrap_or_default().to_owned();
    let window = Window {
        limit: SUITES_MAX,
        offset: (parameters.page() - 1) * SUITES_MAX,
    };
    let charted = Window {
        limit: CHARTED_MAX,
        offset: 0,
    };
    problem::read(
        &state,
        move |reader| {
            let statuses = reader.native_statuses()?;
            let (suites, total) = reader.suite_lines(&search, window)?;
            let with_runs = |suite: SuiteLine| {
                let runs = reader.suite_run_lines(suite.id, charted, &statuses)?;
                Ok((suite, runs))
            };
            let suites = suites.into_iter().map(with_runs);
            Ok((suites.collect::<Result<_, ApiError>>()?, total))
        },
        |state, suites: Suites| render_all(state, &parameters, suites),
    )
    .await
}

fn render_all(state: &AppState, parameters: &Parameters, (suites, total): Suites) -> Response {
    let search = parameters.get("search").unwrap_or_default();
    let summary = count(total, "suite");
    let mut body = format!(
        "<form class=\"filters\" role=\"search\" data-live><label>Suite \
         <input type=\"search\" name=\"search\" value=\"{}\" placeholder=\"Part of the name\"></label>\
         <button>Filter</button></form><div id=\"results\" data-summary=\"{summary}\">",
        Text(search)
    );
    if suites.is_empty() {
        body.push_str(&if search.is_empty() {
            empty(
                "There is no test suite yet. Send results into one, for example with \
                 <code>octane upload results.csv --suite Nightly --create missing</code>, \
                 and it shows here.",
            )
        } else {
            empty("No matching suites.")
        });
    }
    body.push_str("<ul class=\"cards\">");
    for (suite, runs) in &suites {
        card(&mut body, suite, runs);
    }
    body.push_str("</ul>");
    body.push_str(&pager(
        parameters,
        (total + SUITES_MAX - 1) / SUITES_MAX * LINES_MAX,
    ));
    body.push_str("</div>");
    Page {
        title: "Test suites",
        tab: Some(Tab::Suites),
        above: String::new(),
        below: "<p class=\"lead\">Pass rates of the latest suite runs, the newest on the right. \
                A square had failures, a dot had none.</p>"
            .to_owned(),
        body,
    }
    .response(state)
}

fn card(html: &mut String, suite: &SuiteLine, runs: &[SuiteRunLine]) {
    let _ = write!(
        html,
        "<li class=\"card\"><div class=\"what\"><h2><a href=\"/suites/{id}\">{name}</a></h2>\
         <p class=\"quiet\">Suite {id} · {runs}</p>",
        id = suite.id,
        name = Text(&suite.name),
        runs = count(suite.suite_runs, "suite run"),
    );
    let Some(latest) = runs.first() else {
        html.push_str("</div><p class=\"quiet\">No suite runs yet.</p></li>\n");
        return;
    };
    let _ = writeln!(
        html,
        "<p>{} <a href=\"/suite-runs/{}\">{}</a><br><span class=\"quiet\">{}</span></p></div>\
         <div class=\"draw\">{}</div>{}</li>",
        chip(latest.status),
        latest.id,
        Text(&latest.name),
        time(latest.started),
        chart::pass_rates(runs.iter().rev()),
        rate(runs),
    );
}

/// The pass rate of the latest suite run, and its trend.
fn rate(runs: &[SuiteRunLine]) -> String {
    let rate_of = |run: &SuiteRunLine| run.counts.passed_per_mille();
    let Some(rate) = runs.first().and_then(rate_of) else {
        return "<p class=\"rate\"><span class=\"quiet\">nothing executed</span></p>".to_owned();
    };
    let change = match runs.get(1).and_then(rate_of).map(|before| rate - before) {
        None => String::new(),
        Some(0) => "same as before".to_owned(),
        Some(change) => format!(
            "{} {}.{} points",
            if change > 0 { "▲ up" } else { "▼ down" },
            change.abs() / 10,
            change.abs() % 10
        ),
    };
    let sentence = runs.first().map(|run| sentence(&run.counts));
    format!(
        "<div class=\"rate\"><p><b>{}</b> passed</p><p class=\"quiet\">{change}</p><p class=\"quiet\">{}</p></div>",
        percent(rate),
        sentence.unwrap_or_default()
    )
}

pub(super) async fn one(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Response {
    let window = parameters.window();
    problem::read(
        &state,
        move |reader| {
            let suite = reader.suite_line(id.parse().unwrap_or(-1))?;
            let suite = suite.ok_or_else(|| ApiError::entity_not_found("test_suite", &id))?;
            let runs = reader.suite_run_lines(suite.id, window, &reader.native_statuses()?)?;
            Ok((suite, runs))
        },
        |state, (suite, runs): (SuiteLine, Vec<SuiteRunLine>)| {
            render_one(state, &parameters, &suite, &runs)
        },
    )
    .await
}

fn render_one(
    state: &AppState,
    parameters: &Parameters,
    suite: &SuiteLine,
    runs: &[SuiteRunLine],
) -> Response {
    let mut body = String::new();
    if runs.is_empty() {
        body.push_str(&empty("No suite runs yet."));
    } else {
        let charted = usize::try_from(CHARTED_MAX).unwrap_or(usize::MAX);
        let _ = write!(
            body,
            "<div class=\"panel\"><div class=\"draw\">{}</div>{}</div>",
            chart::pass_rates(runs.iter().take(charted).rev()),
            rate(runs)
        );
        body.push_str(
            "<div class=\"scroll\"><table><caption class=\"unseen\">Suite runs, the newest first</caption>\
             <thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Suite run</th>\
             <th scope=\"col\">Started</th><th scope=\"col\" class=\"n\">Runs</th>\
             <th scope=\"col\" class=\"n\">Passed</th><th scope=\"col\">Results</th></tr></thead><tbody>\n",
        );
        for run in runs {
            let _ = writeln!(
                body,
                "<tr><td>{}</td><th scope=\"row\"><a href=\"/suite-runs/{id}\">{}</a> <small>{id}</small></th>\
                 <td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"ended\">{}</td></tr>",
                chip(run.status),
                Text(&run.name),
                time(run.started),
                number(run.counts.total()),
                run.counts
                    .passed_per_mille()
                    .map_or("–".to_owned(), percent),
                format_args!(
                    "{}<span>{}</span>",
                    chart::parts(&run.counts),
                    sentence(&run.counts)
                ),
                id = run.id,
            );
        }
        body.push_str("</tbody></table></div>");
        body.push_str(&pager(parameters, suite.suite_runs));
    }
    Page {
        title: &suite.name,
        tab: Some(Tab::Suites),
        above: trail(&[("/", "Test suites")]),
        below: format!(
            "<p class=\"lead\">Suite {id} · {} · <a href=\"/matrix?suite={id}\">covered stories</a></p>",
            count(suite.suite_runs, "suite run"),
            id = suite.id,
        ),
        body,
    }
    .response(state)
}
