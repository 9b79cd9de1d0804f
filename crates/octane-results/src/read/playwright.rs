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
//! - An error outside of tests is a failed result of its own, called `error outside of tests`.
//! - Output, the content of attachments and the configuration are not kept.
//!
//! A test is returned when it has been read, if the titles of the suites around it came before it, as Playwright writes them.
//! Otherwise it is held until these suites end.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{base_name, field, shared};
use super::report::json::{JsonFormat, ShownPath, Step, items, text};
use super::report::xml::Visit;
use super::report::{Draft, Outcome, ReportFile};
use crate::status::Status;

mod parts;
mod spec;

use parts::failure_of;
use spec::Spec;

/// The suites that are open, from the outermost to the innermost.
#[derive(Debug, Default)]
pub(crate) struct Playwright {
    suites: Vec<Suite>,
    /// The number of errors outside of tests.
    errors: u32,
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
    spec: Value,
    place: LineColumn,
    path: String,
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
            [.., Step::Name(name), Step::Index(_)] if name == "specs" => Visit::Collect,
            [.., _, Step::Name(name)] if name == "title" || name == "file" => Visit::Collect,
            _ => Visit::Skip,
        }
    }

    fn enter(&mut self, path: &[Step], _place: LineColumn, _file: &mut ReportFile) {
        if is_suite(path) {
            self.suites.push(Suite::default());
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        match path {
            [Step::Name(name), Step::Index(_)] if name == "errors" => {
                self.error(&value, place, file);
            }
            [.., Step::Index(_)] => {
                let held = Held {
                    spec: value,
                    place,
                    path: ShownPath(path).to_string(),
                    titles: Vec::new(),
                };
                self.spec(held, file);
            }
            [.., Step::Name(name)] => {
                if let Some(suite) = self.suites.last_mut() {
                    let given = Some(text(Some(&value)).unwrap_or_default());
                    match name.as_str() {
                        "title" => suite.title = given,
                        _ => suite.file = given,
                    }
                }
            }
            [] => {}
        }
    }

    fn leave(&mut self, path: &[Step], file: &mut ReportFile) {
        if is_suite(path)
            && let Some(suite) = self.suites.pop()
        {
            let title = suite.title.or(suite.file).unwrap_or_default();
            for mut held in suite.held {
                held.titles.push(title.clone());
                self.spec(held, file);
            }
        }
    }
}

fn is_suite(path: &[Step]) -> bool {
    matches!(path, [.., Step::Name(name), Step::Index(_)] if name == "suites")
}

impl Playwright {
    /// Pushes the tests of a spec if the titles of all suites around it are known.
    fn spec(&mut self, held: Held, file: &mut ReportFile) {
        let is_named = self.suites.iter().all(|suite| suite.title.is_some());
        if let Some(suite) = self.suites.last_mut().filter(|_| !is_named) {
            suite.held.push(held);
            return;
        }
        let outer = self
            .suites
            .iter()
            .filter_map(|suite| suite.title.as_deref());
        let inner = held.titles.iter().rev().map(String::as_str);
        let titles: Vec<&str> = outer.chain(inner).collect();
        let spec = Spec::new(&held.spec, &titles);
        let mut projects: HashMap<Option<Arc<str>>, u32> = HashMap::new();
        for test in items(held.spec.get("tests")) {
            let mut draft = spec.draft(test);
            draft.place = held.place;
            draft.path.clone_from(&held.path);
            let count = projects.entry(draft.origin.project.clone()).or_default();
            *count += 1;
            if *count > 1 {
                draft.run_name = Some(format!("{} (repeat {count})", draft.name));
            }
            file.push(draft);
        }
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
