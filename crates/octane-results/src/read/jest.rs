//! The JSON report of Jest (`jest --json`) and of Vitest (`--reporter=json`), which has the same shape.
//!
//! Where the formats leave room, this reader decides:
//!
//! - The **class** is the titles around the test joined with one space, or else the name of the file; the **name** is the title.
//!   The file is the origin.
//! - A second test of a file with the same titles is another test, `adds (2)`: repeats are one test here. So it is where a file
//!   is in the report twice, as one that is in several projects.
//!
//! | word | status |
//! | --- | --- |
//! | `passed` | passed |
//! | `failed` | failed |
//! | `pending`, `skipped`, `todo`, `disabled` | skipped |
//! | any other | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! - A **file** that failed and has no failed test, as one that could not be loaded, is a failed result of its own with the
//!   name of the file: `cart.test.js failed`. So is what another reporter has put among its tests for that, without a title.
//! - A run that says that it was not successful (`success`), though none of its results has failed, is one failed result if it has
//!   results or counts failures, called `[run]`: a threshold of the coverage that was not reached, or obsolete snapshots. So is one that was
//!   interrupted (`wasInterrupted`).
//! - Attempts before a pass are in `retryReasons`, or else counted by `invocations`.
//! - A test without a start of its own started when its file did, which is not used: it has none.
//!
//! The tests of a file are read as a whole, since the name of the file may follow them. Memory grows with the number of
//! different tests, of which a digest is kept.

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{
    base_name, field, first_field, joined, lines, millis, moment, properties, shared, thrown,
    untold_failures,
};
use super::report::json::{JsonFormat, ShownPath, Step, is_path, items, text};
use super::report::seen::Seen;
use super::report::xml::Visit;
use super::report::{Draft, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;

/// The name of the result of a run that was not successful, although none of its results has failed.
const RUN: &str = "[run]";

#[derive(Debug, Default)]
pub(crate) struct Jest {
    seen: Seen,
    has_failed: bool,
    /// Where the run says that it was not successful.
    unsuccessful: Option<LineColumn>,
    /// Where it says that it was interrupted.
    interrupted: Option<LineColumn>,
    /// Whether it counts something that failed.
    has_failures: bool,
}

/// What a run counts of that which failed.
const FAILURES: [&str; 3] = [
    "numFailedTests",
    "numFailedTestSuites",
    "numRuntimeErrorTestSuites",
];

impl JsonFormat for Jest {
    fn visit(&self, path: &[Step]) -> Visit {
        if path.is_empty() || is_path(path, &["testResults"]) {
            Visit::Enter
        } else if is_path(path, &["testResults", "*"])
            || is_path(path, &["success"])
            || is_path(path, &["wasInterrupted"])
            || FAILURES.iter().any(|name| is_path(path, &[name]))
        {
            Visit::Collect
        } else {
            Visit::Skip
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        match path {
            [_, Step::Index(_)] => {
                self.push_tests(&value, place, &ShownPath(path).to_string(), file);
            }
            [Step::Name(name)] => match (&**name, value) {
                ("success", Value::Bool(false)) => self.unsuccessful = Some(place),
                ("wasInterrupted", Value::Bool(true)) => self.interrupted = Some(place),
                (name, Value::Number(count)) if FAILURES.contains(&name) => {
                    self.has_failures |= count.as_u64() > Some(0);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, file: &mut ReportFile) {
        let message = match self.interrupted {
            Some(_) => "the run was interrupted",
            None => {
                "the run was not successful, but none of its results has failed; a threshold of the coverage or obsolete snapshots may be the reason"
            }
        };
        let place = self.interrupted.or(self.unsuccessful);
        let is_said = file.results > 0 || self.has_failures;
        if let Some(place) = place.filter(|_| is_said && !self.has_failed) {
            file.push(Draft {
                failure: Some(Failure::new(message)),
                ..Draft::new(place, RUN, Outcome::Known(Status::Failed))
            });
        }
    }
}

const WORDS: [(&str, Status); 6] = [
    ("passed", Status::Passed),
    ("failed", Status::Failed),
    ("pending", Status::Skipped),
    ("skipped", Status::Skipped),
    ("todo", Status::Skipped),
    ("disabled", Status::Skipped),
];

impl Jest {
    /// Pushes the tests of a file. Before Jest formats them for its report, the names are others.
    fn push_tests(&mut self, of: &Value, place: LineColumn, path: &str, file: &mut ReportFile) {
        let name = first_field(of, &["name", "testFilePath"]).unwrap_or_default();
        let list = ["assertionResults", "testResults"].map(|name| items(of.get(name)));
        let mut has_failed = false;
        for (at, test) in list.into_iter().flatten().enumerate() {
            let mut draft = draft(test, &name, file);
            draft.place = place;
            draft.path = format!("{path}.assertionResults[{at}]");
            has_failed |= draft.outcome.may_have_failed();
            self.push(draft, file);
        }
        let error = of.get("testExecError").filter(|error| !error.is_null());
        let is_failed = field(of, "status").as_deref() == Some("failed") || error.is_some();
        if is_failed && !has_failed {
            has_failed = true;
            let failed = Outcome::Known(Status::Failed);
            let mut draft = Draft::new(place, name_of_failed(&name), failed);
            base_name(&name).clone_into(&mut draft.class);
            draft.is_class_whole = true;
            path.clone_into(&mut draft.path);
            draft.origin.file = shared(&name);
            let message = first_field(of, &["message", "failureMessage"]);
            let message = message.or_else(|| error.and_then(|error| field(error, "message")));
            draft.failure = message.map(|message| headed(&message));
            self.push(draft, file);
        }
        self.has_failed |= has_failed;
    }

    /// Pushes a result, with a number if its file has another one of its name.
    fn push(&mut self, mut draft: Draft, file: &mut ReportFile) {
        let place = (&draft.origin.file, &draft.class);
        self.seen.number(place, &mut draft.name);
        file.push(draft);
    }
}

fn draft(test: &Value, path: &str, file: &ReportFile) -> Draft {
    let word = field(test, "status");
    let outcome = word
        .as_deref()
        .map_or(Outcome::Missing, |word| file.outcome(word, &WORDS));
    let name = first_field(test, &["title", "fullName"]);
    let name = name.unwrap_or_else(|| match &outcome {
        Outcome::Known(Status::Passed) => String::new(),
        _ => name_of_failed(path),
    });
    let mut draft = Draft::new(LineColumn::START, name, outcome);
    let titles = items(test.get("ancestorTitles")).iter();
    let titles: Vec<String> = titles.filter_map(|title| text(Some(title))).collect();
    // Vitest puts an empty title first.
    titles.join(" ").trim().clone_into(&mut draft.class);
    if draft.class.is_empty() {
        base_name(path).clone_into(&mut draft.class);
    }
    draft.is_class_whole = true;
    draft.origin.file = shared(path);
    draft.duration = millis(test, "duration");
    draft.started = moment(test, "startAt");
    draft.failure = joined(messages(test, "failureMessages"));
    draft.earlier_failures = messages(test, "retryReasons").collect();
    if draft.earlier_failures.is_empty() {
        let calls = test.get("invocations").and_then(Value::as_u64);
        draft.earlier_failures = untold_failures(calls.unwrap_or(1).saturating_sub(1));
    }
    draft.metadata.properties = properties(test.get("meta"));
    draft.metadata.tags = items(test.get("tags"))
        .iter()
        .filter_map(|tag| text(Some(tag)))
        .collect();
    draft
}

/// The name of the result of a file that failed.
fn name_of_failed(path: &str) -> String {
    format!("{} failed", base_name(path))
}

fn messages(test: &Value, name: &str) -> impl Iterator<Item = Failure> {
    items(test.get(name))
        .iter()
        .filter_map(|message| lines(Some(message)).or_else(|| field(message, "message")))
        .map(|message| headed(&message))
}

/// The failure of a file, whose message has a heading such as `● Test suite failed to run`.
fn headed(message: &str) -> Failure {
    let whole = thrown(message);
    let mut lines = whole
        .details
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    if !first.starts_with('●') {
        return whole;
    }
    let given = thrown(lines.next().unwrap_or(first));
    Failure {
        details: whole.details,
        ..given
    }
}

#[cfg(test)]
mod tests;
