//! What several pages show.

use std::fmt::Write;

use super::parameters::{LINES_MAX, Parameters};
use super::status::chip;
use crate::store::pages::{RunLine, Story};
use octane_web::{Text, duration, number, time};

/// Links to the pages of a list of `total` lines; empty if one page is enough.
pub(super) fn pager(parameters: &Parameters, total: i64) -> String {
    let last = (total + LINES_MAX - 1) / LINES_MAX;
    if last <= 1 {
        return String::new();
    }
    let page = parameters.page();
    let step = |target: i64, word: &str, relation: &str| {
        if (1..=last).contains(&target) {
            let address = parameters.link(&[("page", Some(&target.to_string()))]);
            format!("<a class=\"button\" rel=\"{relation}\" href=\"{address}\">{word}</a>")
        } else {
            format!("<span class=\"button off\" aria-hidden=\"true\">{word}</span>")
        }
    };
    format!(
        "<nav class=\"pager\" aria-label=\"Pages of the list\">{}<span>Page {} of {}</span>{}</nav>",
        step(page - 1, "← Previous", "prev"),
        number(page),
        number(last),
        step(page + 1, "Next →", "next"),
    )
}

/// Backlog items as links with their Jira keys.
pub(super) fn stories(stories: &[Story]) -> String {
    if stories.is_empty() {
        return String::new();
    }
    let items: String = stories
        .iter()
        .map(|story| format!("<li>{}</li>", story_link(story)))
        .collect();
    format!("<ul class=\"stories\">{items}</ul>")
}

pub(super) fn story_link(story: &Story) -> String {
    let key = story.jira_key.as_deref().map_or(String::new(), |key| {
        format!("<span class=\"tag\">{}</span> ", Text(key))
    });
    format!(
        "{key}<a href=\"/backlog/{}\">{}</a>",
        story.id,
        Text(&story.name)
    )
}

/// Module, package and class in one line.
pub(super) fn place(pieces: &[String]) -> String {
    let pieces: Vec<String> = pieces.iter().map(|piece| Text(piece).to_string()).collect();
    pieces.join(" › ")
}

/// What went wrong: type and message, and expandable details.
pub(super) fn error(
    error_type: Option<&str>,
    message: Option<&str>,
    details: Option<&str>,
) -> String {
    let headline: Vec<String> = [error_type, message]
        .into_iter()
        .flatten()
        .filter(|text| !text.trim().is_empty())
        .map(|text| Text(text).to_string())
        .collect();
    let details = details.filter(|text| !text.trim().is_empty());
    match (headline.is_empty(), details) {
        (true, None) => String::new(),
        (false, None) => format!("<div class=\"error\">{}</div>", headline.join(": ")),
        (is_empty, Some(details)) => {
            let summary = if is_empty {
                "Error details".to_owned()
            } else {
                headline.join(": ")
            };
            format!(
                "<details class=\"error\"><summary>{summary}</summary><pre tabindex=\"0\">{}</pre></details>",
                Text(details)
            )
        }
    }
}

/// The name of a run, linked to its test.
pub(super) fn test_link(test: Option<i64>, name: &str) -> String {
    let name = Text(name);
    test.map_or_else(
        || name.to_string(),
        |test| format!("<a href=\"/tests/{test}\">{name}</a>"),
    )
}

/// What the problems of tests mean.
const PROBLEMS: [(&str, &str); 5] = [
    ("Continuously failing", "the latest 8 results failed"),
    ("Continuously skipped", "the latest 8 results were skipped"),
    (
        "Oscillating",
        "at least 4 changes between passed and failed in the latest 8 results",
    ),
    ("Regression", "failed after at least 2 results that passed"),
    (
        "Unstable",
        "at least 5 lone failures in the latest 50 results",
    ),
];

/// What a problem of a test means; empty for one that is not known.
pub(super) fn problem_meaning(problem: &str) -> &'static str {
    let found = PROBLEMS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(problem));
    found.map_or("", |(_, meaning)| meaning)
}

/// The problems of a test as tags.
fn problem_tags(problems: &[String]) -> String {
    let tags = problems.iter().map(|problem| {
        format!(
            " <span class=\"tag problematic\" title=\"{}\">{}</span>",
            problem_meaning(problem),
            Text(&problem.to_lowercase())
        )
    });
    tags.collect()
}

/// A table of runs. `tag` is what is shown after the name of a run; `with_suite_run` adds a column with the suite
/// run.
pub(super) fn run_table(
    caption: &str,
    runs: &[RunLine],
    tag: impl Fn(&RunLine) -> String,
    with_suite_run: bool,
) -> String {
    let mut html = format!(
        "<div class=\"scroll\"><table class=\"runs\"><caption class=\"unseen\">{}</caption><thead><tr>\
         <th scope=\"col\">Status</th><th scope=\"col\">Run</th>{}<th scope=\"col\" class=\"n\">Duration</th>\
         <th scope=\"col\">Covers</th></tr></thead><tbody>\n",
        Text(caption),
        if with_suite_run {
            "<th scope=\"col\">Suite run</th>"
        } else {
            ""
        },
    );
    for run in runs {
        run_row(&mut html, run, &tag(run), with_suite_run);
    }
    html.push_str("</tbody></table></div>");
    html
}

fn run_row(html: &mut String, run: &RunLine, tag: &str, with_suite_run: bool) {
    let link = test_link(run.test, &run.name);
    let _ = write!(
        html,
        "<tr id=\"run-{id}\"><td>{}</td><th scope=\"row\"><div class=\"name\">{link} <small>{id}</small>{tag}{}</div>{}{}</th>",
        chip(run.status),
        problem_tags(&run.problems),
        remarks(run),
        error(
            run.error_type.as_deref(),
            run.error_message.as_deref(),
            run.error_details.as_deref()
        ),
        id = run.id,
    );
    if let Some((id, name)) = run.suite_run.as_ref().filter(|_| with_suite_run) {
        let _ = write!(
            html,
            "<td><a href=\"/suite-runs/{id}\">{}</a><div class=\"remarks\">{}</div></td>",
            Text(name),
            time(run.started)
        );
    } else if with_suite_run {
        html.push_str("<td></td>");
    }
    let _ = writeln!(
        html,
        "<td class=\"n took\">{}</td><td class=\"covers\">{}</td></tr>",
        duration(run.duration_ms),
        stories(&run.stories)
    );
}

/// Location, environment, report, and the number of earlier results.
fn remarks(run: &RunLine) -> String {
    let mut remarks: Vec<String> = Vec::new();
    if !run.place.is_empty() {
        remarks.push(place(&run.place));
    }
    if !run.environment.is_empty() {
        remarks.push(Text(&run.environment.join(", ")).to_string());
    }
    // The payload schema rejects URLs of other schemes, and the content security policy blocks them.
    if let Some(url) = &run.report_url {
        remarks.push(format!(
            "<a href=\"{}\" rel=\"noreferrer\">Report</a>",
            Text(url)
        ));
    }
    if let (Some(test), 1..) = (run.test, run.earlier) {
        let word = if run.earlier == 1 {
            "result"
        } else {
            "results"
        };
        remarks.push(format!(
            "<a href=\"/tests/{test}\">{} earlier {word}</a>",
            number(run.earlier)
        ));
    }
    if remarks.is_empty() {
        String::new()
    } else {
        format!("<div class=\"remarks\">{}</div>", remarks.join(" · "))
    }
}

/// A sentence shown in place of an empty list.
pub(super) fn empty(html: &str) -> String {
    format!("<p class=\"empty\">{html}</p>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::LISTS;

    #[test]
    fn every_problem_of_the_catalog_is_explained() {
        let (_, _, problems) = LISTS
            .iter()
            .find(|(list, ..)| *list == "run_problem")
            .unwrap();
        let names: Vec<&str> = problems.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, PROBLEMS.map(|(name, _)| name));
        assert_eq!(problem_meaning("unstable"), PROBLEMS[4].1);
        assert_eq!(problem_meaning("other"), "");
    }
}
