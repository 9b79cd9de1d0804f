//! The output of `dart test` and `flutter test` with the JSON reporter: an event a line.
//!
//! | event | result |
//! | --- | --- |
//! | `testDone` with `success` | passed |
//! | `testDone` with `success`, skipped | skipped, with the reason of the test |
//! | `testDone` with `failure` or `error` | failed, with its errors and what it printed |
//! | `testDone` with another word | invalid, unless the word is known |
//! | a hidden test, such as `loading`, `(setUpAll)` and `(tearDownAll)` | none, unless it failed |
//! | `testStart` without an end | failed |
//! | `error` of a test that has ended | one failed result, called `failed after its end`; its test has been read before |
//! | `testDone` without a `testStart`, unless it is hidden and succeeded | invalid |
//! | `done` with `success` false, or null because the run was interrupted, where no result is failed | one failed result, called `[run]` |
//! | a beginning of tests without a `done` where no result is failed | the same; a warning where one is, unless that is a test without an end |
//! | a last line that is cut off | one invalid result |
//!
//! The class of a test is its file: as `dart` writes it, or from the folder of its package on where `flutter` writes the
//! whole path, which may differ from machine to machine. The platform distinguishes the runs of a test. Lines that are no
//! events, such as those of `flutter`'s daemon in square brackets, are ignored.
//!
//! Two tests of one name in a file are distinguished as `pays` and `pays (2)`.
//!
//! Memory grows with the number of tests that run at the same time, and with the number of different tests, of which a
//! digest is kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::error::ReadErrorKind;
use super::line_column::LineColumn;
use super::report::fields::text_or_empty as text;
use super::report::lines::{LineFormat, json_line, unmarked};
use super::report::output::{Output, trimmed};
use super::report::seen::Seen;
use super::report::{Draft, Outcome, ReportFile, Took};
use crate::invalid::InvalidCell;
use crate::read::file_names::with_slashes;
use crate::run::Failure;
use crate::status::Status;
use crate::warning::WarningKind;

/// The name of the result of a run that failed without a failed test.
const RUN: &str = "[run]";

/// The words for a result.
const WORDS: [(&str, Status); 3] = [
    ("success", Status::Passed),
    ("failure", Status::Failed),
    ("error", Status::Failed),
];

#[derive(Debug, Default)]
pub(crate) struct Dart {
    suites: BTreeMap<u64, Suite>,
    /// The tests that run, by their ids.
    open: BTreeMap<u64, OpenTest>,
    seen: Seen,
    has_begun: bool,
    has_ended: bool,
    has_failed: bool,
    /// How many results the runs before have.
    results_before: u64,
    /// Where the last line is cut off.
    cut_off: Option<LineColumn>,
    place: LineColumn,
}

/// A file with tests, on a platform.
#[derive(Debug, Default, Clone)]
struct Suite {
    class: Arc<str>,
    /// The whole path, if the class is a part of it.
    path: Option<Arc<str>>,
    platform: Option<Arc<str>>,
}

/// A test that runs.
#[derive(Debug)]
struct OpenTest {
    place: LineColumn,
    name: String,
    suite: Suite,
    started: u64,
    skip_reason: Option<String>,
    /// The first error.
    message: Option<String>,
    errors: Output,
    printed: Output,
}

impl LineFormat for Dart {
    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        self.place = place;
        let line = unmarked(line);
        if !line.is_empty() {
            self.cut_off = None;
        }
        if !line.starts_with('{') {
            return Ok(());
        }
        match json_line(line) {
            Ok(event) => self.event(&event, file),
            // Cut off, or mixed with what something else printed: an end may be missing.
            Err(error) => {
                self.has_ended = false;
                self.cut_off = error.is_eof().then_some(place);
            }
        }
        Ok(())
    }

    fn end(&mut self, file: &mut ReportFile) {
        self.end_stream(file);
        if let Some(place) = self.cut_off.take() {
            file.push_cut_off(place);
        }
    }
}

impl Dart {
    fn event(&mut self, event: &Value, file: &mut ReportFile) {
        match text(event, "type") {
            "start" => {
                // Reports of several runs may be in one file.
                self.end_stream(file);
                *self = Self {
                    place: self.place,
                    results_before: file.results,
                    ..Self::default()
                };
            }
            "suite" => self.suite(&event["suite"]),
            "testStart" => self.test_start(event, file),
            "print" => self.print(event),
            "error" => self.error(event, file),
            "testDone" => self.test_done(event, file),
            "done" => {
                self.end_tests(file);
                self.has_ended = true;
                let message = match event["success"].as_bool() {
                    Some(true) => return,
                    Some(false) => "the run was not successful",
                    None => "the run was interrupted before all tests had run",
                };
                if file.results > self.results_before {
                    self.end_run(message, file);
                }
            }
            _ => {}
        }
    }

    fn suite(&mut self, suite: &Value) {
        let Some(id) = suite["id"].as_u64() else {
            return;
        };
        let path = text(suite, "path");
        let path = with_slashes(path.strip_prefix("file://").unwrap_or(path));
        let class = class_of(&path);
        let suite = Suite {
            class: Arc::from(class),
            path: (class.len() < path.len()).then(|| Arc::from(&*path)),
            platform: Some(text(suite, "platform"))
                .filter(|platform| !platform.is_empty())
                .map(Arc::from),
        };
        self.suites.insert(id, suite);
    }

    fn test_start(&mut self, event: &Value, file: &mut ReportFile) {
        let test = &event["test"];
        let Some(id) = test["id"].as_u64() else {
            return;
        };
        self.has_begun = true;
        self.has_ended = false;
        let suite = test["suiteID"].as_u64();
        let suite = suite.and_then(|suite| self.suites.get(&suite)).cloned();
        let suite = suite.unwrap_or_default();
        let mut name = name_of(text(test, "name"));
        let place = (&suite.class, &suite.path, &suite.platform);
        self.seen.number(place, &mut name);
        let reason = text(&test["metadata"], "skipReason");
        let started = OpenTest {
            place: self.place,
            name,
            suite,
            started: event["time"].as_u64().unwrap_or_default(),
            skip_reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            message: None,
            errors: Output::default(),
            printed: Output::default(),
        };
        if let Some(earlier) = self.open.insert(id, started) {
            self.push_endless(earlier, file);
        }
    }

    fn print(&mut self, event: &Value) {
        let Some(test) = event["testID"]
            .as_u64()
            .and_then(|id| self.open.get_mut(&id))
        else {
            return;
        };
        let message = text(event, "message");
        if text(event, "messageType") == "skip" {
            let reason = message
                .strip_prefix("Skip: ")
                .filter(|reason| !reason.is_empty());
            test.skip_reason = test
                .skip_reason
                .take()
                .or_else(|| reason.map(str::to_owned));
        } else {
            test.printed.push_line(message);
        }
    }

    fn error(&mut self, event: &Value, file: &mut ReportFile) {
        let error = text(event, "error").trim_end();
        let stack = text(event, "stackTrace");
        let id = event["testID"].as_u64();
        if let Some(test) = id.and_then(|id| self.open.get_mut(&id)) {
            test.errors.push_line(error);
            test.errors.push_line(stack);
            test.message
                .get_or_insert_with(|| trimmed(error).to_owned());
            return;
        }
        self.has_failed = true;
        let failure = Failure::new(trimmed(error)).details(trimmed(stack));
        file.push(Draft::failed(self.place, "failed after its end", failure));
    }

    fn test_done(&mut self, event: &Value, file: &mut ReportFile) {
        let id = event["testID"].as_u64();
        let is = |key: &str| event[key] == Value::Bool(true);
        // Whatever the user says of its word.
        let succeeded = text(event, "result") == "success";
        let Some(test) = id.and_then(|id| self.open.remove(&id)) else {
            if !(succeeded && is("hidden")) {
                self.has_failed = true;
                let reason = "the test has no `testStart` event, so its name is not known";
                let cell = InvalidCell::new(None, "", reason);
                file.push_row(self.place, |_, _, _| Err(vec![cell]));
            }
            return;
        };
        let result = match text(event, "result") {
            "" => Outcome::Missing,
            word => file.outcome(word, &WORDS),
        };
        let outcome = match result {
            _ if succeeded && is("hidden") => return,
            _ if succeeded && is("skipped") => Outcome::Known(Status::Skipped),
            other => other,
        };
        self.has_failed |= outcome.may_have_failed();
        let ended = event["time"].as_u64().unwrap_or(test.started);
        let duration = Duration::from_millis(ended.saturating_sub(test.started));
        file.push(Draft {
            duration: Took::Exactly(duration),
            ..test.draft(outcome)
        });
    }

    /// The events of a run end here: those of another one follow, or none.
    fn end_stream(&mut self, file: &mut ReportFile) {
        let has_endless = !self.open.is_empty();
        self.end_tests(file);
        if self.has_begun && !self.has_ended {
            let is_named = has_endless || self.cut_off.is_some();
            if self.has_failed && !is_named {
                file.warn(self.place, WarningKind::NoEnd);
            }
            self.end_run("the run did not end", file);
        }
    }

    /// All tests that run have failed.
    fn end_tests(&mut self, file: &mut ReportFile) {
        for (_, test) in std::mem::take(&mut self.open) {
            self.push_endless(test, file);
        }
    }

    fn push_endless(&mut self, mut test: OpenTest, file: &mut ReportFile) {
        self.has_failed = true;
        test.message.get_or_insert_with(|| "did not end".to_owned());
        file.push(test.draft(Outcome::Known(Status::Failed)));
    }

    /// Adds a failed result of the run, if no other one is failed.
    fn end_run(&mut self, message: &str, file: &mut ReportFile) {
        if std::mem::replace(&mut self.has_failed, true) {
            return;
        }
        file.push(Draft::failed(self.place, RUN, Failure::new(message)));
    }
}

impl OpenTest {
    fn draft(self, outcome: Outcome) -> Draft {
        let is_skipped = outcome.is(Status::Skipped);
        let mut details = self.errors;
        if !self.printed.is_empty() {
            details.push_line(&self.printed.text());
        }
        let failure = Failure {
            message: self.message,
            details: details.text(),
            ..Failure::default()
        };
        let mut draft = Draft {
            class: self.suite.class.to_string(),
            is_class_whole: true,
            failure: (!is_skipped).then_some(failure),
            description: self.skip_reason.filter(|_| is_skipped),
            ..Draft::new(self.place, self.name, outcome)
        };
        draft.origin.project = self.suite.platform;
        draft.origin.file = self.suite.path;
        draft
    }
}

/// The name of a test; that of a hidden one may have the path of a file in it.
fn name_of(name: &str) -> String {
    name.strip_prefix("loading ").map_or_else(
        || name.to_owned(),
        |path| format!("loading {}", class_of(&with_slashes(path))),
    )
}

/// The part of a path that does not depend on the machine: of a whole one, that from the folder of the package on.
fn class_of(path: &str) -> &str {
    let is_whole = path.starts_with('/') || path.get(1..3) == Some(":/");
    if !is_whole {
        return path;
    }
    let below = ["/test/", "/integration_test/", "/test_driver/"]
        .iter()
        .filter_map(|folder| path.rfind(folder))
        .max();
    let Some(tests) = below else {
        return path;
    };
    let package = path[..tests].rfind('/').map_or(0, |at| at + 1);
    &path[package..]
}

#[cfg(test)]
mod tests;
