//! What is new, still failing, fixed and flaky in a suite run.

use std::fmt::Write;

use super::parameters::Parameters;
use super::pieces::test_link;
use crate::store::pages::{Change, Comparison, FAILURES_MAX, SuiteRunLine};
use octane_web::{Text, count, number};

/// How many runs of each kind are named.
const NAMED_MAX: usize = 3;

/// What a change of this many runs is called.
fn label_of(change: Change, runs: usize) -> &'static str {
    match (change, runs) {
        (Change::NewlyFailed, 1) => "New failure",
        _ => label(change),
    }
}

/// What a change is called.
pub(super) fn label(change: Change) -> &'static str {
    match change {
        Change::NewlyFailed => "New failures",
        Change::StillFailing => "Still failing",
        Change::Flaky => "Flaky",
        Change::Fixed => "Fixed",
        Change::NoLongerRun => "Failed before, not run now",
    }
}

/// What a change means.
fn meaning(change: Change) -> &'static str {
    match change {
        Change::NewlyFailed => "failed, and did not fail before",
        Change::StillFailing => "failed now and before",
        Change::Flaky => "failed first, then another result of the same run followed",
        Change::Fixed => "failed before, passed now",
        Change::NoLongerRun => "failed before, and are skipped or missing now",
    }
}

/// The tag of a run in a list.
pub(super) fn tag(change: Option<Change>) -> String {
    let Some(change) = change else {
        return String::new();
    };
    let word = match change {
        Change::NewlyFailed => "new",
        Change::StillFailing => "still failing",
        Change::Flaky => "flaky",
        Change::Fixed => "fixed",
        Change::NoLongerRun => "not run now",
    };
    format!(
        " <span class=\"tag {}\" title=\"{}\">{word}</span>",
        change.word(),
        meaning(change)
    )
}

/// The changes with their numbers and the first runs of each, linked to the list of all.
pub(super) fn changes(
    parameters: &Parameters,
    suite_run: &SuiteRunLine,
    comparison: &Comparison,
) -> String {
    let mut html = String::from("<section class=\"changes\" aria-labelledby=\"changes\">");
    match &comparison.before {
        Some(before) => {
            let _ = write!(
                html,
                "<h2 id=\"changes\">Since <a href=\"/suite-runs/{}\">{}</a></h2>",
                before.id,
                Text(&before.name)
            );
        }
        None => html.push_str("<h2 id=\"changes\">Changes</h2>"),
    }
    html.push_str("<ul class=\"figures\">");
    for change in Change::ALL {
        // Without a suite run before, nothing can be new or fixed.
        if comparison.before.is_some() || change == Change::Flaky {
            figure(&mut html, parameters, comparison, change);
        }
    }
    html.push_str("</ul>");
    let _ = write!(
        html,
        "<p class=\"quiet\">{}</p>",
        remark(suite_run, comparison)
    );
    html.push_str("</section>");
    html
}

fn figure(html: &mut String, parameters: &Parameters, comparison: &Comparison, change: Change) {
    let total = comparison.with(change).count();
    let is_current = parameters.get("change") == Some(change.word());
    let shown = number(i64::try_from(total).unwrap_or(i64::MAX));
    let is_exact = comparison.is_exact(change);
    let (word, meaning) = (change.word(), meaning(change));
    let label = label_of(change, if is_exact { total } else { 0 });
    if total == 0 {
        let known = if is_exact { "0" } else { "?" };
        let _ = write!(
            html,
            "<li class=\"none\"><p title=\"{meaning}\"><b>{known}</b> {label}</p></li>"
        );
        return;
    }
    let shown = if is_exact {
        shown
    } else {
        format!("at least {shown}")
    };
    let address = parameters.link(&[
        ("change", Some(word)),
        ("error", None),
        ("status", None),
        ("search", None),
        ("story", None),
    ]);
    let mark = if is_current {
        " aria-current=\"true\""
    } else {
        ""
    };
    let _ = write!(
        html,
        "<li class=\"{word}\"><p title=\"{meaning}\"><a href=\"{address}#runs\"{mark}><b>{shown}</b> {label}</a></p><ul>"
    );
    for run in comparison.with(change).take(NAMED_MAX) {
        let _ = write!(html, "<li>{}</li>", test_link(run.test, &run.name));
    }
    if total > NAMED_MAX {
        let more = i64::try_from(total - NAMED_MAX).unwrap_or(i64::MAX);
        let _ = write!(
            html,
            "<li class=\"quiet\">and {}{} more</li>",
            if is_exact { "" } else { "at least " },
            number(more)
        );
    }
    html.push_str("</ul></li>");
}

/// How many failures are compared, as a number.
pub(super) fn failures_max() -> String {
    number(i64::try_from(FAILURES_MAX).unwrap_or(i64::MAX))
}

/// How many runs there are compared with before, and what the numbers exclude.
fn remark(suite_run: &SuiteRunLine, comparison: &Comparison) -> String {
    let Some(before) = &comparison.before else {
        return "No earlier suite run of the suite was executed, so there is nothing to compare it with."
            .to_owned();
    };
    let (now, then) = (suite_run.counts.total(), before.counts.total());
    let mut remark = match now - then {
        0 => format!("{}, as many as before.", count(now, "run")),
        more @ 1.. => format!("{}, {} more than before.", count(now, "run"), number(more)),
        fewer => format!(
            "{}, {} fewer than before.",
            count(now, "run"),
            number(-fewer)
        ),
    };
    if comparison.has_more || comparison.has_more_before {
        let _ = write!(
            remark,
            " Only the first {} failures of each suite run are compared.",
            failures_max()
        );
    }
    remark
}
