//! The pages of suites and of one suite's runs.

use std::fmt::Write;

use axum::response::Response;

use super::html::{Text, page, status, time};
use crate::store::pages::Line;

/// All suites, each with its latest suite runs.
pub(super) fn render_all(suites: &[(Line, Vec<Line>)]) -> Response {
    let mut body = String::new();
    if suites.is_empty() {
        body.push_str(
            "<p>There is no test suite yet. Upload results into one, and they show here.</p>",
        );
    }
    for (suite, runs) in suites {
        let _ = write!(
            body,
            "<h2><a href=\"/suites/{id}\">{name}</a> <small>suite {id}, {count} suite runs</small></h2>",
            id = suite.id,
            name = Text(&suite.name),
            count = suite.count,
        );
        body.push_str(&table(runs));
    }
    page("Test suites", &body)
}

/// One suite.
pub(super) fn render_one(id: i64, name: &str, runs: &[Line]) -> Response {
    let body = format!("<p><small>suite {id}</small></p>{}", table(runs));
    page(name, &body)
}

fn table(runs: &[Line]) -> String {
    if runs.is_empty() {
        return "<p>It has no suite run.</p>".to_owned();
    }
    let mut html = "<table><thead><tr><th>Suite run</th><th>Status</th><th class=\"n\">Runs</th>\
                    <th>Started</th></tr></thead><tbody>"
        .to_owned();
    for run in runs {
        let _ = writeln!(
            html,
            "<tr><td><a href=\"/suite-runs/{id}\">{name}</a> <small>{id}</small></td><td>{status}</td>\
             <td class=\"n\">{count}</td><td>{time}</td></tr>",
            id = run.id,
            name = Text(&run.name),
            status = status(&run.status),
            count = run.count,
            time = time(run.started),
        );
    }
    html.push_str("</tbody></table>");
    html
}
