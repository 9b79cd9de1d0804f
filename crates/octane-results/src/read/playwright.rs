//! The JSON report of Playwright.
//!
//! Where the format leaves room, this reader decides:
//!
//! - A **result** is a test in a project; its last attempt counts. The project is the origin.
//! - Further tests of a spec in one project come of `repeatEach`: each is a run of its own, `adds (repeat 2)`.
//! - The **class** is the file, the **name** the titles of the suites and of the test joined with ` › `: as in the `JUnit`
//!   report of Playwright, so that both are reports of the same tests.
//! - The **status** of the test decides together with the one of the last attempt:
//!
//! | status of the test | last attempt | means |
//! | --- | --- | --- |
//! | any | `interrupted` | failed: it began and did not end |
//! | `expected` | as expected; also where a failure is expected | passed |
//! | `expected` | `skipped`, or there is none | skipped |
//! | `expected` | anything else | failed |
//! | `flaky` | at least one attempt as expected | passed; the failures of the others are those of earlier attempts |
//! | `flaky` | none as expected | failed |
//! | `skipped` | `failed`, `timedOut` | failed |
//! | `skipped` | anything else, or there is none | skipped |
//! | `unexpected` | any | failed |
//! | none | as expected | passed, or skipped if that was expected |
//! | none | `skipped` | skipped |
//! | none | `passed`, `failed`, `timedOut`, not as expected | failed |
//! | any other | any | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! - The **failure** is the first error of the last attempt; further ones are appended to its details.
//! - The reason of a `skip` or `fixme` annotation becomes the description. Other annotations are properties; one that is
//!   an address is a link too, and its value is the Jira key at its end, if there is one.
//! - An error outside of tests is a failed result of its own, called `error outside of tests`. That testing stopped because as many
//!   tests have failed as `maxFailures` allows is not one if a test has failed.
//! - Output, the content of attachments and the configuration are not kept.
//!
//! The tests of a spec are held until it ends, since its file comes last, but for those of a spec that has many more than anybody
//! has projects: they have the file of the suite. If the titles of the suites around it did not come before it, as Playwright
//! writes them, they are held until these suites end.

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{base_name, field, plain, shared};
use super::report::json::{JsonFormat, ShownPath, Step, text};
use super::report::xml::Visit;
use super::report::{Draft, Outcome, ReportFile};
use crate::status::Status;

mod parts;
mod spec;

use parts::failure_of;
use spec::{OpenSpec, Spec};

/// From how many tests on those of a spec are not held until it ends.
const TESTS_MAX: usize = 512;

/// The suites that are open, from the outermost to the innermost.
#[derive(Debug, Default)]
pub(crate) struct Playwright {
    suites: Vec<Suite>,
    /// The spec that is open.
    spec: Option<OpenSpec>,
    /// The number of errors outside of tests.
    errors: u32,
    /// Whether a test has failed, or may have.
    has_failed: bool,
    /// An error that only says that a test has failed.
    held_error: Option<(Value, LineColumn)>,
}

#[derive(Debug, Default)]
struct Suite {
    title: Option<String>,
    file: Option<String>,
    /// Specs in it that a title is missing for.
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    spec: OpenSpec,
    /// The titles of the suites around it that have ended, from the innermost to the outermost.
    titles: Vec<String>,
}

impl JsonFormat for Playwright {
    fn visit(&self, path: &[Step]) -> Visit {
        match path {
            [] => Visit::Enter,
            [Step::Name(name)] if name == "errors" => Visit::Enter,
            [Step::Name(name), Step::Index(_)] if name == "errors" => Visit::Collect,
            [.., Step::Name(name)] if name == "suites" || name == "specs" => Visit::Enter,
            [.., Step::Name(name), Step::Index(_)] if name == "suites" => Visit::Enter,
            [.., Step::Name(name), Step::Index(_)] if name == "specs" => Visit::Enter,
            [.., Step::Name(name)] if name == "tests" && self.spec.is_some() => Visit::Enter,
            [.., Step::Name(name), Step::Index(_)] if name == "tests" && self.spec.is_some() => {
                Visit::Collect
            }
            [.., Step::Name(name)] if name == "tags" && self.spec.is_some() => Visit::Collect,
            [.., _, Step::Name(name)] if name == "title" || name == "file" => Visit::Collect,
            _ => Visit::Skip,
        }
    }

    fn enter(&mut self, path: &[Step], place: LineColumn, _file: &mut ReportFile) {
        if is_in(path, "suites") {
            self.suites.push(Suite::default());
        } else if is_in(path, "specs") {
            self.spec = Some(OpenSpec::new(place, ShownPath(path).to_string()));
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        match path {
            [Step::Name(name), Step::Index(_)] if name == "errors" => {
                if is_limit(&value) {
                    self.held_error = Some((value, place));
                } else {
                    self.error(&value, place, file);
                }
            }
            [.., Step::Name(name), Step::Index(_)] if name == "tests" => self.test(value, file),
            [.., Step::Name(name)] => {
                if let Some(spec) = &mut self.spec {
                    spec.set(name, &value);
                } else if let Some(suite) = self.suites.last_mut() {
                    let given = Some(text(Some(&value)).unwrap_or_default());
                    match name.as_str() {
                        "title" => suite.title = given,
                        _ => suite.file = given,
                    }
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: &[Step], file: &mut ReportFile) {
        if is_in(path, "specs")
            && let Some(spec) = self.spec.take()
        {
            let titles = Vec::new();
            self.end_spec(Held { spec, titles }, file);
        } else if is_in(path, "suites")
            && let Some(suite) = self.suites.pop()
        {
            let title = suite.title.or(suite.file).unwrap_or_default();
            for mut held in suite.held {
                held.titles.push(title.clone());
                self.end_spec(held, file);
            }
        }
    }

    fn end(&mut self, file: &mut ReportFile) {
        if let Some((error, place)) = self.held_error.take().filter(|_| !self.has_failed) {
            self.error(&error, place, file);
        }
    }
}

/// Whether an error says that the run ended because as many tests have failed as may: a note, and not a failure of its own.
fn is_limit(error: &Value) -> bool {
    let message = plain(&field(error, "message").unwrap_or_default());
    let number = message
        .trim()
        .strip_prefix("Testing stopped early after ")
        .and_then(|rest| rest.split_once(' '));
    number.is_some_and(|(number, rest)| {
        number.bytes().all(|byte| byte.is_ascii_digit())
            && rest.starts_with("maximum allowed failure")
    })
}

/// Whether the value at `path` is one of a list of this name.
fn is_in(path: &[Step], list: &str) -> bool {
    matches!(path, [.., Step::Name(name), Step::Index(_)] if name == list)
}

impl Playwright {
    /// Holds a test of the open spec, or pushes those that are held if they are many.
    fn test(&mut self, test: Value, file: &mut ReportFile) {
        let Some(spec) = &mut self.spec else {
            return;
        };
        spec.tests.push(test);
        let suite_file = self.suites.last().and_then(|suite| suite.file.as_deref());
        if spec.tests.len() < TESTS_MAX || spec.title.is_none() || !self.is_named() {
            return;
        }
        if let Some(mut spec) = self.spec.take() {
            let named = Spec::new(&spec, suite_file, &self.titles(&[]));
            self.has_failed |= spec.push_tests(&named, file);
            self.spec = Some(spec);
        }
    }

    /// Pushes the tests of a spec if the titles of all suites around it are known.
    fn end_spec(&mut self, mut held: Held, file: &mut ReportFile) {
        let is_named = self.is_named();
        if let Some(suite) = self.suites.last_mut().filter(|_| !is_named) {
            suite.held.push(held);
            return;
        }
        let named = Spec::new(&held.spec, None, &self.titles(&held.titles));
        self.has_failed |= held.spec.push_tests(&named, file);
    }

    /// Whether the titles of all open suites are known.
    fn is_named(&self) -> bool {
        self.suites.iter().all(|suite| suite.title.is_some())
    }

    /// The titles of the open suites, and of `inner` ones that have ended, the last one first.
    fn titles<'t>(&'t self, inner: &'t [String]) -> Vec<&'t str> {
        let outer = self.suites.iter();
        let outer = outer.filter_map(|suite| suite.title.as_deref());
        outer
            .chain(inner.iter().rev().map(String::as_str))
            .collect()
    }

    /// Pushes an error outside of tests: one in a file that could not be loaded, in the global set-up and so on.
    fn error(&mut self, error: &Value, place: LineColumn, file: &mut ReportFile) {
        self.errors += 1;
        let mut name = "error outside of tests".to_owned();
        if self.errors > 1 {
            name = format!("{name} {}", self.errors);
        }
        let at = error
            .get("location")
            .and_then(|location| field(location, "file"))
            .unwrap_or_default();
        let mut draft = Draft::new(place, name, Outcome::Known(Status::Failed));
        base_name(&at).clone_into(&mut draft.class);
        draft.is_class_whole = true;
        draft.failure = failure_of(error);
        draft.origin.file = shared(&at);
        file.push(draft);
    }
}

#[cfg(test)]
mod tests;
