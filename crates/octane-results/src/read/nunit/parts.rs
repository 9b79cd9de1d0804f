//! What tests and suites of `NUnit` have in common.

use crate::metadata::Attachment;
use crate::read::report::dotnet;
use crate::read::report::xml::Element;
use crate::read::report::{Draft, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;

pub(super) fn attachments(files: &Element) -> Vec<Attachment> {
    let attachment = |file: &Element| {
        Some(Attachment {
            name: file
                .text_of(&["description"])
                .map(|name| name.trim().to_owned()),
            path: file.text_of(&["filePath"])?.trim().to_owned(),
            media_type: None,
        })
    };
    files
        .children("attachment")
        .filter_map(attachment)
        .collect()
}

/// The outcome of a test or a suite as the report has it, whatever the user says of its words.
pub(super) fn as_reported(of: &Element) -> Outcome {
    by_attributes(of, |word, has_failed| {
        match Draft::outcome_by(word, &WORDS) {
            Outcome::Known(Status::Passed) if has_failed => Outcome::Known(Status::Failed),
            outcome => outcome,
        }
    })
}

/// Whether a test has a `failure` that is one. Some writers have that element in tests that have not failed:
///
/// | the word means | the message | the stack trace | written by |
/// | --- | --- | --- | --- |
/// | passed or skipped | is empty | is empty or `None` | `pytest-nunit` |
/// | skipped | begins with `Skipped: ` | any | `pytest-nunit` |
/// | passed | is where a test skipped itself: `('a.py', 7, 'Skipped: slow')` | any | `pytest-nunit` |
/// | passed or skipped | any | any | `pytest-nunit`, in tests that were expected to fail |
/// | passed | lists runs: `Run 1: Passed` | any | `testcafe-reporter-nunit3` |
///
/// Those that were expected to fail are called passed if they failed in the test itself.
/// An element without a message is a failure.
pub(super) fn has_failure(case: &Element) -> bool {
    let Some(failure) = case.child("failure") else {
        return false;
    };
    let text = |name| {
        let text = failure.child(name).map(Element::text);
        text.map(|text| text.unwrap_or_default().trim())
    };
    let Some(message) = text("message").filter(|_| case.attribute("result").is_some()) else {
        return true;
    };
    let is_without_trace = matches!(text("stack-trace"), None | Some("" | "None"));
    let is_none = match as_reported(case) {
        Outcome::Known(Status::Passed | Status::Skipped) if message.is_empty() => is_without_trace,
        Outcome::Known(Status::Passed | Status::Skipped) if is_of_pytest(case) => true,
        Outcome::Known(Status::Skipped) => message.starts_with("Skipped: "),
        Outcome::Known(Status::Passed) => {
            lists_runs(message) || reason_of_pytest(message).is_some()
        }
        _ => false,
    };
    !is_none
}

/// Why a test of pytest was skipped that `pytest-nunit` calls passed: it has skipped itself, or was expected to fail.
pub(super) fn skipped_itself(case: &Element) -> Option<&str> {
    if !matches!(as_reported(case), Outcome::Known(Status::Passed)) {
        return None;
    }
    let failure = case.child("failure")?;
    let message = failure.child("message")?.text()?.trim();
    let expected_to_fail = || failure.text_of(&["stack-trace"]).unwrap_or(message);
    reason_of_pytest(message).or_else(|| is_of_pytest(case).then(expected_to_fail))
}

/// Whether `pytest-nunit` wrote it: what pytest reports as failed, it never calls passed or skipped.
fn is_of_pytest(case: &Element) -> bool {
    let properties = case.children("properties");
    let mut properties = properties.flat_map(|properties| properties.children("property"));
    properties.any(|property| property.attribute("name") == Some("python-version"))
}

/// The reason in a message that consists of a file, a line and a text, as pytest has it of a test that was skipped.
fn reason_of_pytest(message: &str) -> Option<&str> {
    let inside = message.strip_prefix('(')?.strip_suffix(')')?;
    let (place, text) = ["'Skipped: ", "\"Skipped: "]
        .iter()
        .find_map(|start| inside.split_once(start))?;
    let (_, line) = place.strip_suffix(", ")?.rsplit_once(", ")?;
    let is_line = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_suffix(['\'', '"']).filter(|_| is_line)
}

/// Whether a message does no more than list how the runs of a test in quarantine ended; the first one has a number, others
/// may have an id.
fn lists_runs(message: &str) -> bool {
    let run = |line: &'_ str| {
        let (id, verdict) = line.strip_prefix("Run ")?.split_once(": ")?;
        let is_run = matches!(verdict, "Passed" | "Failed") && !id.contains(' ');
        is_run.then(|| id.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut lines = (message.lines().map(str::trim)).filter(|line| !line.is_empty());
    lines.next().and_then(run) == Some(true) && lines.all(|line| run(line).is_some())
}

/// The outcome of a test.
pub(super) fn outcome(case: &Element, file: &ReportFile) -> Outcome {
    let has_failure = has_failure(case);
    let outcome = by_attributes(case, |word, has_failed| {
        if has_failure {
            file.outcome_beside_failure(word, &WORDS)
        } else {
            file.outcome_with(word, &WORDS, has_failed)
        }
    });
    let has_word = case.attribute("result").is_some();
    match outcome {
        _ if has_failure && !has_word => Outcome::Known(Status::Failed),
        // Writers without a word for a test that did not run call it a success.
        Outcome::Known(Status::Passed) if is_false(case, "executed") => {
            Outcome::Known(Status::Skipped)
        }
        Outcome::Known(Status::Passed) if skipped_itself(case).is_some() => {
            Outcome::Known(Status::Skipped)
        }
        other => other,
    }
}

/// Whether an attribute is there, and false.
fn is_false(of: &Element, attribute: &str) -> bool {
    of.attribute(attribute)
        .is_some_and(|value| value.eq_ignore_ascii_case("false"))
}

/// The outcome of a test or a suite, by its attributes. `meaning` is what a word means, and takes whether another attribute
/// says that the test has failed.
fn by_attributes(of: &Element, meaning: impl FnOnce(&str, bool) -> Outcome) -> Outcome {
    let flag = |name| of.attribute(name).map(str::to_ascii_lowercase);
    let is_success = flag("success");
    let Some(word) = of.attribute("result") else {
        return match (flag("executed").as_deref(), is_success.as_deref()) {
            (Some("false"), _) => Outcome::Known(Status::Skipped),
            (_, Some("false")) => Outcome::Known(Status::Failed),
            (Some("true"), _) | (_, Some("true")) => Outcome::Known(Status::Passed),
            _ => Outcome::Missing,
        };
    };
    let word = word.split_once('(').map_or(word, |(word, _)| word);
    meaning(word, is_success.as_deref() == Some("false"))
}

/// What an element `failure` says.
pub(super) fn in_failure(failure: &Element) -> Failure {
    let message = failure.text_of(&["message"]).or_else(|| failure.text());
    let message = message.map(|message| message.trim().to_owned());
    let details = failure.text_of(&["stack-trace"]).unwrap_or_default();
    Failure {
        error_type: message.as_deref().and_then(dotnet::error_type),
        message,
        details: details.to_owned(),
    }
}

pub(super) const WORDS: [(&str, Status); 13] = [
    ("Passed", Status::Passed),
    ("Success", Status::Passed),
    ("Failed", Status::Failed),
    ("Failure", Status::Failed),
    ("Error", Status::Failed),
    ("Cancelled", Status::Failed),
    ("Skipped", Status::Skipped),
    ("Ignored", Status::Skipped),
    ("Explicit", Status::Skipped),
    ("Inconclusive", Status::Skipped),
    ("NotRunnable", Status::Skipped),
    ("NotRun", Status::Skipped),
    ("Warning", Status::Skipped),
];
