//! Cucumber messages: a JSON object a line.
//!
//! A scenario is a result, as is each row of the examples of an outline. Its status is that of its worst step or hook:
//!
//! | worst status | result |
//! | --- | --- |
//! | `FAILED`, `AMBIGUOUS`, `UNDEFINED`, `PENDING` | failed |
//! | `SKIPPED` | skipped; that of a hook does not count if a step has passed |
//! | `PASSED`, or there are no steps | passed, unless one of its steps did not end or did not run |
//! | `UNKNOWN`, or another word | invalid |
//! | `PASSED`, or there are no steps, and the test case is not in the report | invalid |
//!
//! - Of several attempts the last one counts; the failures of the others are those of earlier attempts. An attempt that
//!   did not end, or that should be repeated and was not, is failed.
//! - The class of a scenario is its feature. Its name is that of the rule, if there is one, and of the scenario; a row of
//!   examples adds their name and its number: `pays - cards - Example #1.2`. Cucumber's own `JUnit` XML may have `#1.2` there, and is
//!   then a report of other tests.
//!   Two scenarios of one name in a file are distinguished as `pays` and `pays (2)`. A feature without a name is called after
//!   its file.
//! - Hooks are steps only if they did not pass. A hook around all tests is a result only if it failed: a failed one, called
//!   `[hook]`. So is a run that was not successful though nothing in it has failed, called `[run]`.
//! - A feature that could not be parsed is a failed result if there are other results.
//! - A run without an end is one failed result, called `[run]`, if it has results of which none is failed. If one is, it is a warning,
//!   unless an attempt did not end either.
//! - A step of a scenario that its test case does not have did not run. The test case may be named instead of its attempt where
//!   steps are, as by `pytest-bdd-ng`.
//! - Attachments are kept without their content, logs not at all; an attached list of addresses is links.
//!
//! Memory grows with the number of scenarios, since all of them are described before they run.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::error::ReadErrorKind;
use super::line_column::LineColumn;
use super::report::json::text;
use super::report::lines::{LineFormat, unmarked, whole_line};
use super::report::{Draft, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;
use crate::warning::WarningKind;

mod attempt;
mod features;
mod step;

use attempt::Attempt;
use features::{Features, field};
use step::{Finished, moment};

/// The name of the result of a run that did not end, or failed in a way that nothing shows.
const RUN: &str = "[run]";

/// The name of the result of a hook around all tests that failed.
const HOOK: &str = "[hook]";

#[derive(Debug, Default)]
pub(crate) struct CucumberMessages {
    features: Features,
    /// The attempts that run, by their ids.
    open: BTreeMap<String, Attempt>,
    /// The id of the last attempt of each test case, by the id of the test case.
    last_attempts: HashMap<String, String>,
    /// The failed attempts of test cases that are to be repeated, by the ids of the test cases.
    repeated: BTreeMap<String, Vec<Attempt>>,
    /// What was wrong with features that could not be parsed.
    unparsed: Vec<Draft>,
    /// Where the run says that it was not successful, and why.
    unsuccessful: Option<(LineColumn, String)>,
    has_failed: bool,
    has_begun: bool,
    has_ended: bool,
    place: LineColumn,
}

impl LineFormat for CucumberMessages {
    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        self.place = place;
        let line = unmarked(line);
        if line.is_empty() {
            return Ok(());
        }
        let envelope = whole_line(line)?;
        for (kind, message) in envelope.as_object().into_iter().flatten() {
            self.message(kind, message, file);
        }
        Ok(())
    }

    fn end(&mut self, file: &mut ReportFile) {
        let has_endless = !self.open.is_empty();
        for (_, attempt) in std::mem::take(&mut self.open) {
            self.push(attempt.without_end(), file);
        }
        for (_, mut attempts) in std::mem::take(&mut self.repeated) {
            if let Some(last) = attempts.pop() {
                self.push(last, file);
            }
        }
        let unparsed = std::mem::take(&mut self.unparsed);
        let has_results = file.results > 0;
        let has_unparsed = !unparsed.is_empty();
        for draft in unparsed {
            let message = draft
                .failure
                .as_ref()
                .and_then(|failure| failure.message.clone());
            if has_results {
                self.has_failed = true;
                file.push(draft);
            } else {
                let message = message.unwrap_or_default();
                file.warn(draft.place, WarningKind::FailedOutside { message });
            }
        }
        if let Some((place, reason)) = self.unsuccessful.take()
            && !self.has_failed
            && !has_unparsed
        {
            self.has_failed = true;
            file.push(failed(place, RUN, &reason));
        }
        if self.has_begun && !self.has_ended && has_results {
            if !self.has_failed {
                file.push(failed(self.place, RUN, "the run did not end"));
            } else if !has_endless {
                file.warn(self.place, WarningKind::NoEnd);
            }
        }
    }
}

impl CucumberMessages {
    fn message(&mut self, kind: &str, message: &Value, file: &mut ReportFile) {
        match kind {
            "meta" if self.has_begun => {
                // Messages of several runs may be in one file.
                self.end(file);
                *self = Self::default();
            }
            "source" => self.features.add_source(message),
            "gherkinDocument" => self.features.add_document(message),
            "pickle" => self.features.add_pickle(message),
            "hook" => self.features.add_hook(message),
            "testCase" => self.features.add_test_case(message),
            "testRunStarted" => self.has_begun = true,
            "testCaseStarted" => self.start(message, file),
            "testStepFinished" => self.step(message),
            "attachment" | "externalAttachment" => {
                if let Some(attempt) = self.attempt(message) {
                    attempt.attach(message);
                }
            }
            "testCaseFinished" => self.finish(message, file),
            "testRunHookFinished" => self.run_hook(message, file),
            "parseError" => self.parse_error(message),
            "testRunFinished" => {
                self.has_ended = true;
                if message.get("success") == Some(&Value::Bool(false)) {
                    let given = message.get("message");
                    let reason = text(given).unwrap_or_else(|| "the run was not successful".into());
                    self.unsuccessful = Some((self.place, reason));
                }
            }
            _ => {}
        }
    }

    fn attempt(&mut self, message: &Value) -> Option<&mut Attempt> {
        let id = field(message, "testCaseStartedId");
        if self.open.contains_key(id) {
            return self.open.get_mut(id);
        }
        // The plug-in `pytest-bdd-ng` names the test case instead.
        self.open.get_mut(self.last_attempts.get(id)?)
    }

    fn start(&mut self, message: &Value, file: &mut ReportFile) {
        let test_case = field(message, "testCaseId");
        let scenario = match field(message, "pickleId") {
            "" => self.features.scenario(test_case),
            pickle => self.features.scenario_of_pickle(pickle),
        };
        let attempt = Attempt::new(self.place, test_case, scenario, moment(message));
        let id = field(message, "id").to_owned();
        self.last_attempts.insert(test_case.to_owned(), id.clone());
        if let Some(earlier) = self.open.insert(id, attempt) {
            self.push(earlier.without_end(), file);
        }
    }

    fn step(&mut self, message: &Value) {
        let finished = Finished::new(message);
        let Some(test_case) = self
            .attempt(message)
            .map(|attempt| attempt.test_case.clone())
        else {
            return;
        };
        let step = self.features.step(&test_case, field(message, "testStepId"));
        if let Some(attempt) = self.attempt(message) {
            attempt.add(step, finished);
        }
    }

    fn finish(&mut self, message: &Value, file: &mut ReportFile) {
        let Some(mut attempt) = self.open.remove(field(message, "testCaseStartedId")) else {
            return;
        };
        attempt.ended = moment(message);
        if message.get("willBeRetried") == Some(&Value::Bool(true)) || attempt.will_be_retried {
            let attempts = self.repeated.entry(attempt.test_case.clone()).or_default();
            attempts.push(attempt);
            return;
        }
        self.push(attempt, file);
    }

    fn push(&mut self, attempt: Attempt, file: &mut ReportFile) {
        let earlier = self.repeated.remove(&attempt.test_case).unwrap_or_default();
        let mut draft = attempt.draft();
        draft.earlier_failures = earlier
            .into_iter()
            .filter_map(|attempt| attempt.draft().failure)
            .collect();
        self.has_failed |= draft.outcome.is_failed();
        file.push(draft);
    }

    fn run_hook(&mut self, message: &Value, file: &mut ReportFile) {
        let Some(result) = message.get("result") else {
            return;
        };
        let status = field(result, "status");
        if matches!(status, "PASSED" | "SKIPPED") {
            return;
        }
        self.has_failed = true;
        let reason = text(result.get("message")).unwrap_or_else(|| status.to_lowercase());
        file.push(failed(self.place, HOOK, &reason));
    }

    fn parse_error(&mut self, message: &Value) {
        let uri = message
            .get("source")
            .map_or("", |source| field(source, "uri"));
        let reason = field(message, "message");
        let failure = Failure::new(step::first_line(reason)).details(reason);
        let name = if uri.is_empty() { "[feature]" } else { uri };
        self.unparsed.push(Draft {
            failure: Some(failure),
            ..Draft::new(self.place, name, Outcome::Known(Status::Failed))
        });
    }
}

/// A failed result that is no scenario.
fn failed(place: LineColumn, name: &str, reason: &str) -> Draft {
    let first = step::first_line(reason);
    let mut failure = Failure::new(first);
    if first != reason {
        failure = failure.details(reason);
    }
    Draft {
        failure: Some(failure),
        ..Draft::new(place, name, Outcome::Known(Status::Failed))
    }
}

#[cfg(test)]
mod tests;
