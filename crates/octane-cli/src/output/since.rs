//! What has changed since the suite run before, for people.

use octane_client::Comparison;
use octane_model::plural::thousands;

use super::text::Text;

/// How many tests are named of a kind; the JSON report has them all.
const NAMED_MAX: usize = 10;

/// The numbers, such as `2 newly failed, 1 fixed`.
pub(super) fn counts(comparison: &Comparison) -> String {
    let Comparison {
        newly_failed,
        fixed,
        still_failing,
        flaky,
        new,
        vanished,
        renamed,
        ..
    } = comparison;
    let counts = [
        (newly_failed.len(), "newly failed"),
        (*still_failing, "still failing"),
        (fixed.len(), "fixed"),
        (flaky.len(), "flaky"),
        (new.len(), "new"),
        (vanished.as_ref().map_or(0, Vec::len), "vanished"),
        (renamed.as_ref().map_or(0, Vec::len), "probably renamed"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, what)| format!("{} {what}", thousands(count)))
        .collect();
    if counts.is_empty() {
        "no changes".to_owned()
    } else {
        counts.join(" · ")
    }
}

/// The tests that are named: a label, and the test.
pub(super) fn named(comparison: &Comparison) -> Vec<(&'static str, Vec<String>)> {
    let renamed = comparison.renamed.iter().flatten();
    let renamed = renamed.map(|renamed| format!("{} → {}", renamed.before, renamed.now));
    [
        ("newly failed", comparison.newly_failed.clone()),
        ("flaky", comparison.flaky.clone()),
        ("vanished", comparison.vanished.clone().unwrap_or_default()),
        ("probably renamed", renamed.collect()),
    ]
    .into_iter()
    .filter(|(_, tests)| !tests.is_empty())
    .collect()
}

/// Lines of a summary.
pub(super) fn since(comparison: &Comparison) -> Text {
    let suite_run = &comparison.suite_run;
    let mut text = Text::default();
    // Text is always written.
    let _ = writeln!(
        text,
        "Since     {} ({}): {}",
        suite_run.name,
        suite_run.id,
        counts(comparison)
    );
    for (label, tests) in named(comparison) {
        for test in tests.iter().take(NAMED_MAX) {
            let _ = writeln!(text, "          {label}: {test}");
        }
        if tests.len() > NAMED_MAX {
            let more = thousands(tests.len() - NAMED_MAX);
            let _ = writeln!(text, "          and {more} more {label}");
        }
    }
    text
}
