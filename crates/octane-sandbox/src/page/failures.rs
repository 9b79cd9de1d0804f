//! The failures of a suite run by their error, and its slowest runs.

use std::fmt::Write;

use super::changes::failures_max;
use super::parameters::Parameters;
use super::pieces::test_link;
use crate::store::pages::{Comparison, ErrorGroup, SlowRun};
use octane_web::{Text, count, duration, number};

/// How many groups are shown.
const GROUPS_MAX: usize = 15;

/// A table of the failures with the same error text; empty without failures.
pub(super) fn by_error(parameters: &Parameters, comparison: &Comparison) -> String {
    let groups = &comparison.groups;
    if groups.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<section aria-labelledby=\"errors\"><h2 id=\"errors\">Failures by error</h2>\
         <div class=\"scroll\"><table class=\"errors\"><caption class=\"unseen\">Failures with the same error text, \
         the most frequent first</caption><thead><tr><th scope=\"col\" class=\"n\">Failures</th>\
         <th scope=\"col\">Error</th><th scope=\"col\">Tests</th></tr></thead><tbody>\n",
    );
    for group in groups.iter().take(GROUPS_MAX) {
        row(&mut html, parameters, group, comparison.before.is_some());
    }
    html.push_str("</tbody></table></div>");
    let rest = &groups[groups.len().min(GROUPS_MAX)..];
    if !rest.is_empty() {
        let failures: usize = rest.iter().map(|group| group.runs.len()).sum();
        let count = |number: usize, noun| count(i64::try_from(number).unwrap_or(i64::MAX), noun);
        let _ = write!(
            html,
            "<p class=\"quiet\">And {} ({}).</p>",
            count(rest.len(), "more error"),
            count(failures, "failure")
        );
    }
    if comparison.has_more {
        let _ = write!(
            html,
            "<p class=\"quiet\">Only the first {} failures are grouped.</p>",
            failures_max()
        );
    }
    html.push_str(
        "<p class=\"quiet\">Numbers, addresses, times and temporary paths in the texts are ignored.</p></section>",
    );
    html
}

fn row(html: &mut String, parameters: &Parameters, group: &ErrorGroup, is_compared: bool) {
    let address = parameters.link(&[
        ("error", Some(&group.key)),
        ("change", None),
        ("status", None),
        ("search", None),
        ("story", None),
    ]);
    let text = if group.text.is_empty() {
        "<span class=\"quiet\">no error text</span>".to_owned()
    } else {
        Text(&group.text).to_string()
    };
    let new = match group.newly_failed {
        0 => String::new(),
        _ if !is_compared => String::new(),
        new => format!(" <span class=\"tag new\">{} new</span>", figure(new)),
    };
    let examples: Vec<String> = group
        .examples
        .iter()
        .map(|(test, name)| format!("<li>{}</li>", test_link(*test, name)))
        .collect();
    let more = match group.runs.len() - group.examples.len() {
        0 => String::new(),
        more => format!("<li class=\"quiet\">and {} more</li>", figure(more)),
    };
    let mark = if parameters.get("error") == Some(&group.key) {
        " aria-current=\"true\""
    } else {
        ""
    };
    let _ = writeln!(
        html,
        "<tr><td class=\"n\"><b>{}</b></td><th scope=\"row\"><a href=\"{address}#runs\"{mark}>{text}</a>{new}</th>\
         <td><ul class=\"plain\">{}{more}</ul></td></tr>",
        figure(group.runs.len()),
        examples.concat(),
    );
}

/// The runs that took longest; a sentence if none took long.
pub(super) fn slowest(runs: &[SlowRun]) -> String {
    let mut html = String::from(
        "<section class=\"slowest\" aria-labelledby=\"slowest\"><h2 id=\"slowest\">Slowest runs</h2>",
    );
    if runs.is_empty() {
        html.push_str("<p class=\"quiet\">No run took a second or more.</p>");
    } else {
        html.push_str("<ol>");
        for run in runs {
            let _ = write!(
                html,
                "<li><span>{}</span> <b>{}</b></li>",
                test_link(run.test, &run.name),
                duration(Some(run.duration_ms))
            );
        }
        html.push_str("</ol>");
    }
    html.push_str("</section>");
    html
}

fn figure(count: usize) -> String {
    number(i64::try_from(count).unwrap_or(i64::MAX))
}
