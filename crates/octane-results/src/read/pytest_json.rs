//! The report of `pytest-json-report`, and that of `pytest-reportlog`, an object a line.
//!
//! | outcome of a test | status |
//! | --- | --- |
//! | `passed`, `xpassed` | passed, unless one of its phases failed, or it did not end: it has a setup and no teardown |
//! | `failed`, `error` | failed |
//! | `skipped`, `xfailed` | skipped, unless one of its phases failed |
//! | `rerun` | that of its last call: failed if one of its phases failed |
//! | `subtests passed` and so on | the same as `passed` and so on |
//! | any other word | invalid, unless the word is known |
//!
//! A collector that failed is a failed result: pytest could not import its file, so none of the tests in it ran. A run
//! that was not successful (an `exitcode` other than 0 and 5, which means that there were no tests) is one failed result, called
//! `[session]`, if none of its results is failed: pytest ended it itself, or what failed, such as a subtest, is not in the report, as in
//! one that is only a summary.
//!
//! Tests are called as in the `JUnit` XML of pytest: `tests/test_tax.py::TestTax::test_adds[7]` is the test
//! `test_adds[7]` of the class `tests.test_tax.TestTax`. The duration is the sum of the phases. All tests start when the
//! run did, which is `created` less `duration`, if both are before the tests: the report has no other. Keywords that are
//! names of the test or of what it is in do not count as tags.
//!
//! In the log of `pytest-reportlog`, a test has ended with its teardown; one without an end is failed. Phases with the outcome
//! `rerun`, also a teardown, are earlier attempts, and so are phases without a call, as `flaky` leaves them, before others of the same test. A subtest is not a result of its own; if it failed, its test has failed. A log without its end is one failed
//! result, called `[session]`, if none of its results is failed.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::base_name;
use super::report::json::{JsonFormat, ShownPath, Step, is_path, text};
use super::report::xml::Visit;
use super::report::{Draft, Moment, Outcome, ReportFile};
use crate::duration::seconds;
use crate::run::Failure;
use crate::status::Status;

pub(crate) mod log;
mod node;
mod phases;

use node::Node;
use phases::{Phases, error_line};

/// The name of the result of a run that pytest ended itself.
const SESSION: &str = "[session]";

/// The words for an outcome.
const WORDS: [(&str, Status); 6] = [
    ("passed", Status::Passed),
    ("xpassed", Status::Passed),
    ("failed", Status::Failed),
    ("error", Status::Failed),
    ("skipped", Status::Skipped),
    ("xfailed", Status::Skipped),
];

/// What stands before the outcome of a test if one of its subtests ended last.
const OF_SUBTESTS: &str = "subtests ";

#[derive(Debug, Default)]
pub(crate) struct PytestJson {
    /// When the report was written.
    created: Option<Duration>,
    /// How long the run took.
    took: Option<Duration>,
    /// The name of the folder that it ran in.
    root: String,
    exit_code: Option<i64>,
    has_failed: bool,
    place: LineColumn,
}

impl JsonFormat for PytestJson {
    fn visit(&self, path: &[Step]) -> Visit {
        let is_wanted = |name: &str| is_path(path, &[name]);
        if path.is_empty() || is_wanted("tests") || is_wanted("collectors") {
            return Visit::Enter;
        }
        let is_result = is_path(path, &["tests", "*"]) || is_path(path, &["collectors", "*"]);
        let is_about = ["created", "duration", "root", "exitcode"]
            .into_iter()
            .any(is_wanted);
        if is_result || is_about {
            Visit::Collect
        } else {
            Visit::Skip
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        let number = || text(Some(&value)).and_then(|text| seconds(&text).ok());
        match path.first().and_then(Step::name) {
            Some("created") => self.created = number(),
            Some("duration") => self.took = number(),
            Some("exitcode") => {
                self.exit_code = value.as_i64();
                self.place = place;
            }
            Some("root") => {
                base_name(value.as_str().unwrap_or_default()).clone_into(&mut self.root);
            }
            Some("tests") if path.len() == 2 => self.test(path, &value, place, file),
            Some("collectors") if path.len() == 2 => self.collector(path, &value, place, file),
            _ => {}
        }
    }

    fn end(&mut self, file: &mut ReportFile) {
        let Some(message) = self.exit_code.and_then(of_session) else {
            return;
        };
        if !self.has_failed {
            let failed = Outcome::Known(Status::Failed);
            file.push(Draft {
                started: self.started(),
                failure: Some(Failure::new(message)),
                ..Draft::new(self.place, SESSION, failed)
            });
        }
    }
}

impl PytestJson {
    fn test(&mut self, path: &[Step], test: &Value, place: LineColumn, file: &mut ReportFile) {
        let draft = Draft {
            path: ShownPath(path).to_string(),
            started: self.started(),
            ..of_test(test, place, &self.root, file)
        };
        self.has_failed |= draft.outcome.may_have_failed();
        file.push(draft);
    }

    fn collector(
        &mut self,
        path: &[Step],
        value: &Value,
        place: LineColumn,
        file: &mut ReportFile,
    ) {
        if let Some(draft) = of_collector(value, place) {
            self.has_failed = true;
            file.push(Draft {
                path: ShownPath(path).to_string(),
                started: self.started(),
                ..draft
            });
        }
    }

    /// When the run started.
    fn started(&self) -> Moment {
        let started = self.created.zip(self.took).map(|(created, took)| {
            let started = created.saturating_sub(took);
            i64::try_from(started.as_millis()).unwrap_or(i64::MAX)
        });
        started
            .and_then(|started| Timestamp::from_millisecond(started).ok())
            .map_or(Moment::Unknown, Moment::At)
    }
}

/// The result of a test.
fn of_test(test: &Value, place: LineColumn, root: &str, file: &ReportFile) -> Draft {
    let phases = Phases::new(test);
    let word = text(test.get("outcome"));
    let outcome = match word.as_deref() {
        None => Outcome::Missing,
        Some("rerun") => phases.outcome(),
        Some(word) => {
            let word = word.strip_prefix(OF_SUBTESTS).unwrap_or(word);
            file.outcome_with(word, &WORDS, phases.has_failed())
        }
    };
    let has_failed = phases.has_failed();
    let did_not_end =
        outcome.is_passed() && word.as_deref() != Some("rerun") && phases.did_not_end();
    let outcome = match outcome {
        Outcome::Known(Status::Passed | Status::Skipped) if has_failed || did_not_end => {
            Outcome::Known(Status::Failed)
        }
        outcome => outcome,
    };
    let is_skipped = outcome.is(Status::Skipped);
    let node = Node::new(test);
    let mut draft = Draft {
        duration: phases.took(),
        description: if is_skipped {
            phases.skip_reason()
        } else {
            None
        },
        failure: (phases.failure())
            .or_else(|| did_not_end.then(|| Failure::new("the test did not end"))),
        ..node.draft(place, outcome)
    };
    draft.metadata = node.metadata(test, root);
    draft
}

/// The result of a collector, which is one if it failed.
fn of_collector(value: &Value, place: LineColumn) -> Option<Draft> {
    let outcome = text(value.get("outcome")).unwrap_or_default();
    if !matches!(outcome.as_str(), "failed" | "error") {
        return None;
    }
    let details = text(value.get("longrepr")).unwrap_or_default();
    let (error_type, message) = error_line(&details);
    let mut draft = Draft {
        failure: Some(Failure {
            error_type,
            message: message.or_else(|| Some("cannot be collected".to_owned())),
            details,
        }),
        ..Node::new(value).draft(place, Outcome::Known(Status::Failed))
    };
    if draft.name.is_empty() {
        "[collection]".clone_into(&mut draft.name);
    }
    Some(draft)
}

/// What is said of a run that was not successful, and in which nothing failed.
fn of_session(exit_code: i64) -> Option<String> {
    match exit_code {
        1 => Some("pytest says that tests failed, but none of the results has".to_owned()),
        code if code != 0 && code != 5 => {
            Some(format!("pytest ended the run with exit code {exit_code}"))
        }
        _ => None,
    }
}

impl Node<'_> {
    /// The result of what it names.
    fn draft(&self, place: LineColumn, outcome: Outcome) -> Draft {
        let mut draft = Draft {
            class: self.class.clone(),
            ..Draft::new(place, self.name.clone(), outcome)
        };
        draft.origin.file = Some(self.file)
            .filter(|file| !file.is_empty())
            .map(Arc::from);
        draft
    }
}

#[cfg(test)]
mod tests;
