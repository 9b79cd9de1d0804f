//! The traceability matrix: which suite run covered which backlog item, and with what result.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::frame::{Page, Tab};
use super::parameters::Parameters;
use super::pieces::{empty, pager, story_link};
use super::problem;
use super::status::{legend, letter, outcome_word, sentence};
use crate::state::AppState;
use crate::store::pages::{
    Cell, Coverage, Matrix, MatrixFilter, MatrixRow, SuiteLine, SuiteRunLine,
};
use octane_web::{Text, count, number, percent};

/// The default and maximum number of suite runs shown.
const SUITE_RUNS: i64 = 12;
const SUITE_RUNS_MAX: i64 = 40;

/// The maximum number of suites in the filter.
const SUITES_MAX: usize = 200;

/// The parameter that stands for all suites.
const ALL_SUITES: &str = "all";

/// The entity types of rows, and their labels.
const BACKLOG_TYPES: [(&str, &str); 4] = [
    ("story", "User stories"),
    ("feature", "Features"),
    ("defect", "Defects"),
    ("epic", "Epics"),
];

/// The values of the filter `show`.
const SHOW: [(&str, &str); 5] = [
    ("", "All"),
    ("uncovered", "Uncovered: nothing is linked"),
    ("elsewhere", "Covered, but not in these suite runs"),
    ("covered", "Covered in these suite runs"),
    ("failing", "Failing in these suite runs"),
];

pub(super) async fn page(State(state): State<Arc<AppState>>, parameters: Parameters) -> Response {
    let show = parameters.get("show").unwrap_or_default();
    let entity_type = parameters.get("type").unwrap_or_default();
    let filter = MatrixFilter {
        entity_type: BACKLOG_TYPES
            .iter()
            .find(|(known, _)| *known == entity_type)
            .map_or("story", |(known, _)| known)
            .to_owned(),
        suite: None,
        suite_runs_max: parameters
            .id("last")
            .unwrap_or(SUITE_RUNS)
            .clamp(1, SUITE_RUNS_MAX),
        search: parameters.get("search").map(str::to_owned),
        show: match show {
            "uncovered" => Some(Coverage::Nothing),
            "elsewhere" => Some(Coverage::Elsewhere),
            "covered" => Some(Coverage::Shown),
            _ => None,
        },
        is_failing: show == "failing",
    };
    let window = parameters.window();
    let wanted = parameters.get("suite").map(str::to_owned);
    problem::read(
        &state,
        move |reader| {
            let statuses = reader.native_statuses()?;
            let mut suites = reader.suite_lines("")?;
            let suite = chosen_suite(wanted.as_deref(), &suites);
            let filter = MatrixFilter {
                suite,
                ..filter.clone()
            };
            let matrix = reader.matrix(&filter, window, &statuses)?;
            suites.truncate(SUITES_MAX);
            Ok((matrix, filter, suites))
        },
        |state, (matrix, filter, suites): (Matrix, MatrixFilter, Vec<SuiteLine>)| {
            render(state, &parameters, &filter, &matrix, &suites)
        },
    )
    .await
}

/// The suite of the columns, from the parameter and all suites, those with the latest activity first.
///
/// | parameter | suite |
/// | --- | --- |
/// | a number | the one with this ID |
/// | `all` | all suites |
/// | missing, or anything else | the one with the latest activity |
fn chosen_suite(wanted: Option<&str>, suites: &[SuiteLine]) -> Option<i64> {
    match wanted {
        Some(ALL_SUITES) => None,
        wanted => wanted
            .and_then(|id| id.parse().ok())
            .or_else(|| suites.first().map(|suite| suite.id)),
    }
}

fn render(
    state: &AppState,
    parameters: &Parameters,
    filter: &MatrixFilter,
    matrix: &Matrix,
    suites: &[SuiteLine],
) -> Response {
    let total = matrix.nothing + matrix.elsewhere + matrix.shown;
    let listed = match filter.show {
        None => matrix.failing.unwrap_or(total),
        Some(Coverage::Nothing) => matrix.nothing,
        Some(Coverage::Elsewhere) => matrix.elsewhere,
        Some(Coverage::Shown) => matrix.shown,
    };
    let mut body = form(parameters, filter, suites);
    let _ = write!(
        body,
        "<div id=\"results\" data-summary=\"{} shown\">{}",
        count(listed, "backlog item"),
        figures(matrix, total)
    );
    if matrix.rows.is_empty() {
        body.push_str(&empty("No matching backlog items."));
    } else {
        body.push_str(&legend());
        body.push_str(&table(matrix));
    }
    body.push_str(&pager(parameters, listed));
    body.push_str("</div>");
    Page {
        title: "Traceability",
        tab: Some(Tab::Matrix),
        above: String::new(),
        below: "<p class=\"lead\">Backlog items by the suite runs of a suite, uncovered items first.</p>"
            .to_owned(),
        body,
    }
    .response(state)
}

fn options<'a>(choices: impl Iterator<Item = (String, &'a str)>, chosen: &str) -> String {
    choices
        .map(|(value, word)| {
            let mark = if value == chosen { " selected" } else { "" };
            format!("<option value=\"{value}\"{mark}>{}</option>", Text(word))
        })
        .collect()
}

fn form(parameters: &Parameters, filter: &MatrixFilter, suites: &[SuiteLine]) -> String {
    let owned = |(value, word): &(&str, &'static str)| ((*value).to_owned(), *word);
    let any = std::iter::once((ALL_SUITES.to_owned(), "All suites"));
    let chosen = filter
        .suite
        .map_or(ALL_SUITES.to_owned(), |suite| suite.to_string());
    let named = suites
        .iter()
        .map(|suite| (suite.id.to_string(), suite.name.as_str()));
    format!(
        "<form class=\"filters\" role=\"search\" data-live>\
         <label>Rows <select name=\"type\">{}</select></label>\
         <label>Show <select name=\"show\">{}</select></label>\
         <label>Suite <select name=\"suite\">{}</select></label>\
         <label>Suite runs <input type=\"number\" name=\"last\" min=\"1\" max=\"{SUITE_RUNS_MAX}\" value=\"{}\"></label>\
         <label>Search <input type=\"search\" name=\"search\" value=\"{}\" placeholder=\"Name or Jira key\"></label>\
         <button>Filter</button></form>",
        options(BACKLOG_TYPES.iter().map(owned), &filter.entity_type),
        options(
            SHOW.iter().map(owned),
            parameters.get("show").unwrap_or_default()
        ),
        options(any.chain(named), &chosen),
        filter.suite_runs_max,
        Text(filter.search.as_deref().unwrap_or_default()),
    )
}

/// How many matching items have which coverage.
fn figures(matrix: &Matrix, total: i64) -> String {
    let part = matrix.shown * 1000 / total.max(1);
    format!(
        "<dl class=\"figures\"><div class=\"uncovered\"><dt>Uncovered</dt><dd>{}</dd></div>\
         <div><dt>Covered elsewhere</dt><dd>{}</dd></div>\
         <div><dt>Covered here</dt><dd>{} <small>{}</small></dd></div></dl>",
        number(matrix.nothing),
        number(matrix.elsewhere),
        number(matrix.shown),
        percent(part),
    )
}

fn table(matrix: &Matrix) -> String {
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Traceability matrix\">\
         <table class=\"matrix\"><caption class=\"unseen\">Backlog items by suite runs, the oldest suite run \
         first. A letter says how the runs ended that cover the item.</caption><thead><tr>\
         <th scope=\"col\">Backlog item</th>",
    );
    for run in &matrix.suite_runs {
        let _ = write!(
            html,
            "<th scope=\"col\" class=\"up\"><a href=\"/suite-runs/{}\" title=\"{}\"><span>{}</span></a></th>",
            run.id,
            Text(&run.suite.1),
            Text(&run.name)
        );
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in &matrix.rows {
        line(&mut html, row, &matrix.suite_runs);
    }
    html.push_str("</tbody></table></div>");
    html
}

fn line(html: &mut String, row: &MatrixRow, suite_runs: &[SuiteRunLine]) {
    let remark = match row.coverage {
        Coverage::Nothing => "<span class=\"flag\">uncovered</span>",
        Coverage::Elsewhere => "<span class=\"quiet\">not in these suite runs</span>",
        Coverage::Shown => "",
    };
    let class = if row.coverage == Coverage::Nothing {
        " class=\"uncovered\""
    } else {
        ""
    };
    let _ = write!(
        html,
        "<tr{class}><th scope=\"row\">{} {remark}</th>",
        story_link(&row.story)
    );
    for run in suite_runs {
        match row.cells.get(&run.id) {
            Some(runs) => cell(html, row.story.id, run.id, runs),
            None => html.push_str(
                "<td class=\"none\"><span aria-hidden=\"true\">·</span><span class=\"unseen\">no run</span></td>",
            ),
        }
    }
    html.push_str("</tr>\n");
}

/// The outcome that needs attention most, and the number of runs if there is more than one.
fn cell(html: &mut String, story: i64, suite_run: i64, runs: &Cell) {
    let Some((outcome, _)) = runs.by_outcome().next() else {
        return;
    };
    let many = match runs.total() {
        1 => String::new(),
        total => format!("<small>{}</small>", number(total)),
    };
    let _ = write!(
        html,
        "<td class=\"cell {}\"><a href=\"/suite-runs/{suite_run}?story={story}\" title=\"{words}\">\
         <span aria-hidden=\"true\">{}{many}</span><span class=\"unseen\">{words}</span></a></td>",
        outcome_word(outcome),
        letter(outcome),
        words = sentence(runs),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_with_the_latest_activity_is_shown_unless_another_is_wanted() {
        let suite = |id| SuiteLine {
            id,
            name: String::new(),
            last_activity: None,
            latest_suite_run: None,
        };
        let suites = [suite(5), suite(9)];
        for (wanted, expected) in [
            (None, Some(5)),
            (Some("9"), Some(9)),
            (Some("all"), None),
            (Some("nonsense"), Some(5)),
        ] {
            assert_eq!(chosen_suite(wanted, &suites), expected, "{wanted:?}");
        }
        assert_eq!(chosen_suite(None, &[]), None);
    }
}
