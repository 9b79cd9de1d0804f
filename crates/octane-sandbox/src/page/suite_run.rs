//! The page of one suite run: its runs and the stories that they prove.

use std::fmt::Write;

use axum::response::Response;

use super::html::{Text, page, status, time};
use crate::store::pages::{Line, RunLine};

/// How many runs a page shows.
pub(super) const RUNS_MAX: i64 = 500;

/// What the page is made of.
pub(super) struct View {
    pub(super) suite_run: Line,
    pub(super) suite: (i64, String),
    pub(super) counts: Vec<(String, i64)>,
    pub(super) runs: Vec<RunLine>,
    /// Counted from 1.
    pub(super) number: i64,
}

pub(super) fn render(view: &View) -> Response {
    let View {
        suite_run,
        suite,
        counts,
        runs,
        number,
    } = view;
    let mut body = format!(
        "<p>Suite <a href=\"/suites/{}\">{}</a> · {} · {} <small>suite run {}</small></p><p>",
        suite.0,
        Text(&suite.1),
        status(&suite_run.status),
        time(suite_run.started),
        suite_run.id,
    );
    for (word, count) in counts {
        let _ = write!(body, "{count} {} &nbsp; ", status(word));
    }
    body.push_str("</p>");
    let pages = pages(suite_run, *number);
    body.push_str(&pages);
    body.push_str(
        "<table><thead><tr><th>Run</th><th>Status</th><th class=\"n\">Duration</th>\
         <th>Proves</th></tr></thead><tbody>",
    );
    for run in runs {
        row(&mut body, run);
    }
    body.push_str("</tbody></table>");
    body.push_str(&pages);
    page(&suite_run.name, &body)
}

fn row(body: &mut String, run: &RunLine) {
    let _ = write!(
        body,
        "<tr><td>{} <small>{}</small><br><small>{}</small>",
        Text(&run.name),
        run.id,
        Text(&run.place),
    );
    if let Some(error) = &run.error {
        let _ = write!(body, "<br><span class=\"failed\">{}</span>", Text(error));
    }
    let duration = run
        .duration_ms
        .map(|ms| format!("{ms} ms"))
        .unwrap_or_default();
    let _ = write!(
        body,
        "</td><td>{}</td><td class=\"n\">{duration}</td><td>",
        status(&run.status)
    );
    for (id, name, key) in &run.stories {
        let key = key.as_deref().unwrap_or_default();
        let _ = write!(body, "{} {} <small>{id}</small><br>", Text(key), Text(name));
    }
    body.push_str("</td></tr>\n");
}

fn pages(suite_run: &Line, number: i64) -> String {
    let last = (suite_run.count + RUNS_MAX - 1) / RUNS_MAX;
    if last <= 1 {
        return String::new();
    }
    let mut html = format!("<nav aria-label=\"Pages\">Page {number} of {last}");
    for (word, target) in [("previous", number - 1), ("next", number + 1)] {
        if (1..=last).contains(&target) {
            let id = suite_run.id;
            let _ = write!(
                html,
                " · <a href=\"/suite-runs/{id}?page={target}\">{word}</a>"
            );
        }
    }
    html.push_str("</nav>");
    html
}
