//! The pages of all suites and of one suite.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::chart;
use super::frame::{Page, Tab, trail};
use super::parameters::{LINES_MAX, Parameters};
use super::pass_rate;
use super::pieces::{empty, pager};
use super::problem;
use super::status::{outcome_chip, sentence};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::pages::{Counts, NativeStatus, SuiteLine, SuiteRunLine};
use octane_web::{Text, count, duration, number, percent, time};

/// How many suite runs a chart shows.
const CHARTED_MAX: i64 = 20;

/// How many suites the front page shows: each has a chart.
const SUITES_MAX: i64 = 25;

/// The front page.
struct View {
    /// How many suites match.
    total: i64,
    summary: Summary,
    /// Those of the page, with their newest suite runs.
    suites: Vec<(SuiteLine, Vec<SuiteRunLine>)>,
}

/// What the latest suite runs of all matching suites show together.
#[derive(Debug, Default)]
struct Summary {
    failing_suites: i64,
    counts: Counts,
    last_activity: Option<i64>,
}

pub(super) async fn all(State(state): State<Arc<AppState>>, parameters: Parameters) -> Response {
    let search = parameters.get("search").unwrap_or_default().to_owned();
    let skipped = usize::try_from((parameters.page() - 1) * SUITES_MAX).unwrap_or(usize::MAX);
    problem::read(
        &state,
        move |reader| {
            let statuses = reader.native_statuses()?;
            let all = reader.suite_lines(&search)?;
            let latest: Vec<i64> = all
                .iter()
                .filter_map(|suite| suite.latest_suite_run)
                .collect();
            let mut summary = Summary {
                last_activity: all.first().and_then(|suite| suite.last_activity),
                ..Summary::default()
            };
            for totals in reader.totals(&latest, &statuses)?.values() {
                summary.counts.add(&totals.counts);
                let has_failed = totals.counts.of(NativeStatus::Failed) > 0;
                summary.failing_suites += i64::from(has_failed);
            }
            let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
            let shown_max = usize::try_from(SUITES_MAX).unwrap_or(usize::MAX);
            let shown: Vec<SuiteLine> = all.into_iter().skip(skipped).take(shown_max).collect();
            let ids: Vec<i64> = shown.iter().map(|suite| suite.id).collect();
            let mut runs = reader.latest_of_suites(&ids, CHARTED_MAX, &statuses)?;
            let suites = shown.into_iter().map(|suite| {
                let runs = runs.remove(&suite.id).unwrap_or_default();
                (suite, runs)
            });
            Ok(View {
                total,
                summary,
                suites: suites.collect(),
            })
        },
        |state, view: View| render_all(state, &parameters, &view),
    )
    .await
}

fn render_all(state: &AppState, parameters: &Parameters, view: &View) -> Response {
    let View {
        total,
        summary,
        suites,
    } = view;
    let search = parameters.get("search").unwrap_or_default();
    let mut body = format!(
        "<form class=\"filters\" role=\"search\" data-live><label>Suite \
         <input type=\"search\" name=\"search\" value=\"{}\" placeholder=\"Part of the name\"></label>\
         <button>Filter</button></form><div id=\"results\" data-summary=\"{}\">",
        Text(search),
        count(*total, "suite"),
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
    } else {
        body.push_str(&summarized(*total, summary));
        body.push_str("<ul class=\"cards\">");
        for (suite, runs) in suites {
            card(&mut body, suite, runs);
        }
        body.push_str("</ul>");
    }
    body.push_str(&pager(
        parameters,
        (total + SUITES_MAX - 1) / SUITES_MAX * LINES_MAX,
    ));
    body.push_str("</div>");
    Page {
        title: "Test suites",
        tab: Some(Tab::Suites),
        above: String::new(),
        below: "<p class=\"lead\">Pass rates of the latest suite runs, from 0 to 100 %, the newest on the right; suites \
                with the latest activity come first. A square: 1 % or more failed. A ring: less, or some are flaky. A dot: none.</p>"
            .to_owned(),
        body,
    }
    .response(state)
}

/// One row about the latest suite runs of all suites.
fn summarized(total: i64, summary: &Summary) -> String {
    let Summary {
        failing_suites,
        counts,
        last_activity,
    } = summary;
    let rate = counts.passed_per_mille().map_or("–".to_owned(), percent);
    let class = if *failing_suites > 0 {
        " class=\"failing\""
    } else {
        ""
    };
    format!(
        "<dl class=\"figures\" aria-label=\"The latest suite runs of all suites\">\
         <div><dt>Suites</dt><dd>{}</dd></div>\
         <div{class}><dt>With failures in their latest suite run</dt><dd>{}</dd></div>\
         <div><dt>Passed in the latest suite runs</dt><dd>{rate} <small>{}{}</small></dd></div>\
         <div><dt>Last activity</dt><dd class=\"when\">{}</dd></div></dl>",
        number(total),
        number(*failing_suites),
        match pass_rate::remark(counts) {
            remark if remark.is_empty() => remark,
            remark => format!("{remark}; all {}: ", number(counts.total())),
        },
        sentence(counts),
        time(*last_activity),
    )
}

fn card(html: &mut String, suite: &SuiteLine, runs: &[SuiteRunLine]) {
    let _ = write!(
        html,
        "<li class=\"card\"><div class=\"what\"><h2><a href=\"/suites/{id}\">{name}</a></h2>\
         <p class=\"quiet\">Suite {id} · last activity {}</p>",
        time(suite.last_activity),
        id = suite.id,
        name = Text(&suite.name),
    );
    let Some(latest) = runs.first() else {
        html.push_str("</div><p class=\"quiet\">No suite runs yet.</p></li>\n");
        return;
    };
    let _ = writeln!(
        html,
        "<p>{} <a href=\"/suite-runs/{}\">{}</a><br><span class=\"quiet\">{}</span></p></div>\
         <div class=\"draw\">{}</div>{}</li>",
        outcome_chip(latest.outcome()),
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
    let of = |words: fn(&Counts) -> String| {
        let run = runs.first();
        run.map_or(String::new(), |run| words(&run.counts))
    };
    let remark = match of(pass_rate::remark) {
        remark if remark.is_empty() => remark,
        remark => format!(" <span class=\"quiet\">{remark}</span>"),
    };
    format!(
        "<div class=\"rate\"><p><b>{}</b> passed{remark}</p><p class=\"quiet\">{change}</p><p class=\"quiet\">{}</p></div>",
        percent(rate),
        of(sentence)
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
            let total = reader.suite_run_count(suite.id)?;
            Ok((suite, runs, total))
        },
        |state, (suite, runs, total): (SuiteLine, Vec<SuiteRunLine>, i64)| {
            render_one(state, &parameters, &suite, &runs, total)
        },
    )
    .await
}

fn render_one(
    state: &AppState,
    parameters: &Parameters,
    suite: &SuiteLine,
    runs: &[SuiteRunLine],
    total: i64,
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
            "<div class=\"scroll\"><table class=\"suite-runs\"><caption class=\"unseen\">Suite runs, the newest first</caption>\
             <thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Suite run</th>\
             <th scope=\"col\">Started</th><th scope=\"col\" class=\"n\">Runs</th>\
             <th scope=\"col\" class=\"n\">Passed of those that ran</th><th scope=\"col\" class=\"n\">Duration</th>\
             <th scope=\"col\">Results</th></tr></thead><tbody>\n",
        );
        for run in runs {
            let _ = writeln!(
                body,
                "<tr><td>{}</td><th scope=\"row\"><a href=\"/suite-runs/{id}\">{}</a> <small>{id}</small></th>\
                 <td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td class=\"ended\">{}</td></tr>",
                outcome_chip(run.outcome()),
                Text(&run.name),
                time(run.started),
                number(run.counts.total()),
                run.counts
                    .passed_per_mille()
                    .map_or("–".to_owned(), percent),
                duration(Some(run.duration_ms)),
                format_args!(
                    "{}<span>{}</span>",
                    chart::parts(&run.counts),
                    sentence(&run.counts)
                ),
                id = run.id,
            );
        }
        body.push_str("</tbody></table></div>");
        body.push_str(&pager(parameters, total));
    }
    Page {
        title: &suite.name,
        tab: Some(Tab::Suites),
        above: trail(&[("/", "Test suites")]),
        below: format!(
            "<p class=\"lead\">Suite {id} · {} · <a href=\"/matrix?suite={id}\">covered stories</a></p>",
            count(total, "suite run"),
            id = suite.id,
        ),
        body,
    }
    .response(state)
}
