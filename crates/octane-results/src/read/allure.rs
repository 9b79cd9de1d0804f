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
//!   repeats. So are two tests with one title in a suite, as Mocha, Jest and Cucumber for JavaScript allow them, because their `historyId`
//!   is the same: where one of them fails and a later one passes, `--reruns worst` shows the failure.
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
//! - A test that passed, with a step that has a message and no status, or one of Cucumber for JavaScript with a step that was
//!   skipped, is a warning: the step was not found, is pending, or was skipped, and Allure counts the test as passed.
//! - The **failure** is the message and the trace, or else the first of the errors of Allure 3; further ones are appended to its details.
//! - The message of a skipped test is its description, or else the description of the test.
//! - A link of the type `issue`, `tms` or the like is a property with that name too, and its value is the Jira key that the
//!   link is called or that its address ends with. Labels are properties, apart from those that are part of the identity,
//!   tags, and the owner. Steps inside of steps follow them.
//!
//! Errors of the run (`…-globals.json`) are one failed result for each file, called `[run]`: those of a hook around all tests may be in no
//! test. The error of a hook of Playwright (`beforeEach hook failed: …`) is a warning: the attempt that it belongs to has failed
//! by it, and a later one may have passed. A hook that only skipped its tests does not count as an error, although it is listed. That of a hook
//! with a title of its own (`log in failed: …`) cannot be distinguished from an error of the run.
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
use super::report::{Draft, ReportFile};
use crate::run::Failure;
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
            self.push_errors(file);
            return;
        }
        if path.is_empty() && !self.root.is_empty() {
            let result = Value::Object(self.root.drain(..).collect());
            push(&result, self.place, String::new(), file);
        }
    }
}

impl Allure {
    /// Makes one failed result of the errors of a run, and warnings of those that are in the result of a test.
    fn push_errors(&mut self, file: &mut ReportFile) {
        file.is_without_results = true;
        let root = std::mem::take(&mut self.root);
        let errors = root.iter().filter(|(name, _)| name == ERRORS);
        let errors = errors.flat_map(|(_, errors)| items(Some(errors)));
        let mut of_run = Vec::new();
        for error in errors.filter(|error| !is_skip(error)) {
            let text = error_of_run(error);
            if is_of_test(&text) {
                let message = first_line(&text);
                file.warn(self.place, WarningKind::FailedOutside { message });
            } else {
                of_run.push(text);
            }
        }
        if let Some(first) = of_run.first() {
            file.is_without_results = false;
            let failure = Failure::new(first_line(first)).details(of_run.join("\n\n"));
            file.push(Draft::failed(self.place, RUN, failure));
        }
    }

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

/// Whether an error is that of a hook of Playwright, which is a step of a test: the result of that attempt has failed, and says why.
fn is_of_test(error: &str) -> bool {
    const HOOKS_OF_TESTS: [&str; 6] = [
        "Before Hooks",
        "After Hooks",
        "beforeAll hook",
        "beforeEach hook",
        "afterAll hook",
        "afterEach hook",
    ];
    let hook = (error.split_once(" failed")).map_or("", |(hook, _)| hook);
    HOOKS_OF_TESTS.contains(&hook)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
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
