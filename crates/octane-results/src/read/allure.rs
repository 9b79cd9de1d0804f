//! Result files of Allure (`…-result.json`), one result a file, the errors of a run (`…-globals.json`), the hooks of tests
//! (`…-container.json`), and the suites of Allure 1 (`…-testsuite.xml`).
//!
//! Where adapters differ or are silent, this reader decides:
//!
//! - The **class** is the label `testClass`, a dotted one with its package; or else the labels `parentSuite`, `suite` and
//!   `subSuite` joined with ` > ` or the label `feature`, with the label `package` as the package; or else that label, or
//!   what `fullName` has before the name. The **name** is `name`, or else the label `testMethod` or the end of `fullName`.
//! - The `fullName` is the suite of the origin, so that two methods with one title in a class are runs of their own. So is
//!   the `historyId` of a test with parameters, so that two rows with one title are.
//! - **Parameters** whose values are not words of the name are part of it, `pays [currency=EUR]`: they make a test of its own in
//!   Allure too. Excluded and hidden ones are not, and the value of a hidden or masked one is not kept. The parameters
//!   `Project` and `Browser` are the origin and not part of the name.
//! - The `historyId`, by which Allure recognises a test, is the external id of the test. Several files of one test are its
//!   repeats.
//!
//! | status | stage | means |
//! | --- | --- | --- |
//! | `failed`, `broken`, `unknown` | any | failed |
//! | `skipped` | any | skipped |
//! | `passed` | `interrupted`, `running` without an end | failed: it did not end |
//! | `passed` | none, with a `testCaseId`, and without labels and a `historyId`, which `allure-pytest` adds at the end | failed: it did not end |
//! | `passed` | any other, or none | passed |
//! | none, with a hook (`fixtures`) that failed | any | failed |
//! | none | `scheduled`, `pending` | skipped |
//! | none | none, without a start | skipped |
//! | none | any other | failed: it did not end, or nothing says how |
//! | any other | any | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! - A test that passed, with a step that has a message and no status, is a warning: Cucumber for JavaScript did not find the
//!   step, and Allure counts the test as passed.
//! - The **failure** is the message and the trace, or else the first of the errors of Allure 3; further ones are appended to its details.
//! - The message of a skipped test is its description, or else the description of the test.
//! - A link of the type `issue`, `tms` or the like is a property with that name too, and its value is the Jira key that the
//!   link is called or that its address ends with. Labels are properties, apart from those that are part of the identity,
//!   tags, and the owner. Steps inside of steps follow them.
//!
//! Errors of the run (`…-globals.json`) are one failed result, called `[run]`: those of a hook around all tests may be in no test.
//! A hook of Playwright that only skipped its tests does not count as an error, although it is listed.
//!
//! A hook that failed is a warning: what was to run after it may be skipped, and what ran before it has passed.
//!
//! The file is read as a whole. A list of results in one file is read one by one.
//!
//! In a suite of Allure 1, whose tests have no stage, `canceled` and `pending` are skipped, and the class of a test without the label `testClass` is the
//! name of the suite.

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{field, plain};
use super::report::json::{JsonFormat, ShownPath, Step, items};
use super::report::xml::Visit;
use super::report::{Draft, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;
use crate::warning::WarningKind;

mod no_status;
mod parameters;
mod result;
pub(crate) mod suite;

/// What failed outside of all tests.
const ERRORS: &str = "errors";

/// The hooks of the tests that a container lists.
const HOOKS: [&str; 2] = ["befores", "afters"];

/// The tests that it lists.
const CHILDREN: &str = "children";

/// The name of the failed result for what failed outside of all tests.
const RUN: &str = "[run]";

/// Whether the results are in a list is seen from the first value.
#[derive(Debug, Default)]
pub(crate) struct Allure {
    root: Vec<(String, Value)>,
    place: LineColumn,
}

impl JsonFormat for Allure {
    fn visit(&self, path: &[Step]) -> Visit {
        match path {
            [] => Visit::Enter,
            [Step::Name(name)] if result::FIELDS.contains(&name.as_str()) => Visit::Collect,
            [Step::Name(name)]
                if name == ERRORS || name == CHILDREN || HOOKS.contains(&name.as_str()) =>
            {
                Visit::Collect
            }
            [Step::Index(_)] => Visit::Collect,
            _ => Visit::Skip,
        }
    }

    fn enter(&mut self, _path: &[Step], place: LineColumn, _file: &mut ReportFile) {
        self.place = place;
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        match path {
            [Step::Name(name)] => self.root.push((name.clone(), value)),
            [Step::Index(_)] if value.is_object() => {
                let path = ShownPath(path).to_string();
                push(&value, place, path, file);
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: &[Step], file: &mut ReportFile) {
        let has = |wanted: &str| self.root.iter().any(|(name, _)| name == wanted);
        let is_container = has(CHILDREN) || HOOKS.iter().any(|hooks| has(hooks));
        if path.is_empty() && is_container && !has("status") {
            self.warn_of_hooks(file);
            return;
        }
        if path.is_empty() && has(ERRORS) && !has("status") && !has("name") {
            let root = std::mem::take(&mut self.root);
            let errors = root.into_iter().filter(|(name, _)| name == ERRORS);
            let errors: Vec<String> = errors
                .flat_map(|(_, errors)| items(Some(&errors)).to_vec())
                .filter(|error| !is_skip(error))
                .map(|error| error_of_run(&error))
                .collect();
            file.is_without_results = errors.is_empty();
            if let Some(first) = errors.first() {
                let message = first.lines().next().unwrap_or_default().to_owned();
                let failure = Failure {
                    message: Some(message),
                    details: errors.join("\n\n"),
                    ..Failure::default()
                };
                file.push(Draft {
                    failure: Some(failure),
                    ..Draft::new(self.place, RUN, Outcome::Known(Status::Failed))
                });
            }
            return;
        }
        if path.is_empty() && !self.root.is_empty() {
            let result = Value::Object(self.root.drain(..).collect());
            push(&result, self.place, String::new(), file);
        }
    }
}

impl Allure {
    /// Warns of the hooks in a container that failed.
    fn warn_of_hooks(&mut self, file: &mut ReportFile) {
        file.is_without_results = true;
        let root = std::mem::take(&mut self.root);
        let hooks = root
            .iter()
            .filter(|(name, _)| HOOKS.contains(&name.as_str()));
        for hook in hooks.flat_map(|(_, hooks)| items(Some(hooks))) {
            let details = hook.get("statusDetails").unwrap_or(&Value::Null);
            if result::is_failed(hook) && !is_skip(details) {
                let name = field(hook, "name").unwrap_or_else(|| "a hook".to_owned());
                let message = result::message_of(details).unwrap_or_default();
                let message = plain(&message);
                let message = match message.lines().next() {
                    Some(first) => format!("{name}: {first}"),
                    None => name,
                };
                file.warn(self.place, WarningKind::FailedOutside { message });
            }
        }
    }
}

fn push(result: &Value, place: LineColumn, path: String, file: &mut ReportFile) {
    let mut draft = result::draft(result, file);
    if draft.outcome.is_passed()
        && let Some(step) = result::missing_step(result)
    {
        file.warn(place, WarningKind::MissingStep { step });
    }
    draft.place = place;
    draft.path = path;
    file.push(draft);
}

/// Whether an error is how a hook of Playwright skips its tests: `beforeEach hook failed: Error: Test is skipped: later`.
fn is_skip(error: &Value) -> bool {
    let message = result::message_of(error).unwrap_or_default();
    let message = plain(&message);
    let thrown = (message.split_once(" failed: ")).map_or(&*message, |(_, thrown)| thrown);
    let thrown = thrown.strip_prefix("Error: ").unwrap_or(thrown);
    let reason = thrown.strip_prefix("Test is skipped");
    reason.is_some_and(|reason| reason.is_empty() || reason.starts_with(':'))
}

/// What is said of an error: its message, with the trace below it.
fn error_of_run(error: &Value) -> String {
    let [message, trace] = ["message", "trace"].map(|name| field(error, name).unwrap_or_default());
    let text = if message.is_empty() || trace.contains(&message) {
        trace
    } else {
        format!("{message}\n{trace}")
    };
    let text = plain(text.trim());
    if text.is_empty() {
        "an error without a message".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
