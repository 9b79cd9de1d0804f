//! The JSON report of Mocha (`json`), its events (`json-stream`), and the report of Mochawesome.
//!
//! Where the formats leave room, this reader decides:
//!
//! - A **result** is what is in `passes`, `pending` (or `skipped`, as `mocha-bamboo-reporter` calls it) or `failures`. `tests` does not say how a test ended: one that is in none
//!   of the lists and says nothing itself began and did not end, so it has failed. Of each of `tests`, the titles are
//!   remembered until the end of the report; what is in a list before `tests` is held back until its end.
//! - A **hook** that failed is a result of its own, as it is for Mocha. Mochawesome gives a hook a state only if it failed.
//! - The **class** is the titles of the suites, which is the full title without the title, or else the name of the file; the
//!   **name** is the title. The file is the origin.
//! - Tests with the same titles are different tests, `adds (2)`, numbered in the order of `tests` or of the suite: repeats
//!   are one test here.
//! - A test in `passes` that has an error has passed first and failed then: it has failed. Where it is in `failures` too, that
//!   one counts.
//! - Retries before a pass (`currentRetry`) are earlier attempts whose failures are not known.
//!
//! Tests of Mochawesome say how they ended:
//!
//! | `state`, or else what is true | status |
//! | --- | --- |
//! | `passed`, `pass` | passed |
//! | `failed`, `fail`, `timedOut` | failed |
//! | `pending`, `skipped` | skipped |
//! | nothing | failed: it began and did not end; a hook has passed, unless it has an error |
//! | any other word | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! A test that has failed in one of them has failed.
//!
//! A report that counts failures in `stats`, although no test or hook in it has failed, is one failed result, called `[run]`.
//!
//! Of the events, `pass` and `fail` are results; there is none for tests that were skipped. A run without its `end`, or that
//! ends with failures that are not there, is one failed result, called `[run]`, if none has failed; without its `end` it is a warning if
//! one has. An event in a line with something that was printed is not read: fewer tests than the run says at its end are a warning.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{field, is_set};
use super::report::json::{JsonFormat, ShownPath, Step, is_path, text};
use super::report::seen::{self, Seen};
use super::report::xml::Visit;
use super::report::{DeclaredFailures, Draft, Outcome, ReportFile};
use crate::status::Status;

pub(crate) mod stream;
mod test;

use test::Test;

/// The name of the result of a run that did not end, or failed in a way that nothing shows.
const RUN: &str = "[run]";

/// What is known of the lists of Mocha, and of the suites of Mochawesome.
#[derive(Debug, Default)]
pub(crate) struct Mocha {
    /// Tests of `tests` that have not been found in another list.
    open: HashMap<String, Open>,
    /// Tests of other lists before `tests`, and passes with an error before `failures`.
    held: Vec<(&'static str, Test)>,
    failed: HashSet<String>,
    has_tests: bool,
    has_failures: bool,
    /// The open suites of Mochawesome.
    suites: Vec<Suite>,
    failures: DeclaredFailures,
    /// Where the numbers are.
    stats: LineColumn,
}

/// A test of `tests` that has not been found in another list.
#[derive(Debug)]
struct Open {
    place: LineColumn,
    /// Of each test with this name that has not been found yet whether it has an error, in order.
    order: Vec<Option<bool>>,
    /// How many of them have not been found.
    left: usize,
    /// Where the first of them without an error, and with one, is not before.
    from: [usize; 2],
    /// What it says itself of how it ended.
    given: Option<Box<Test>>,
}

/// A suite of Mochawesome.
#[derive(Debug, Default)]
struct Suite {
    file: String,
    seen: Seen,
}

/// What a report counts.
const STATS: &str = "stats";

/// The lists of Mocha, in the order in which they count.
const LISTS: [&str; 5] = ["tests", "pending", "skipped", "failures", "passes"];

/// The lists of a suite of Mochawesome.
const IN_SUITES: [&str; 3] = ["tests", "beforeHooks", "afterHooks"];

impl JsonFormat for Mocha {
    fn visit(&self, path: &[Step]) -> Visit {
        let is_suites = |name: &str| name == "results" || name == "suites";
        match path {
            [] => Visit::Enter,
            [Step::Name(name)] if name == STATS => Visit::Collect,
            [Step::Name(name)] if LISTS.contains(&name.as_str()) || is_suites(name) => Visit::Enter,
            [Step::Name(name), Step::Index(_)] if LISTS.contains(&name.as_str()) => Visit::Collect,
            [.., Step::Name(name)] if name == "suites" && path.len() > 1 => Visit::Enter,
            [.., Step::Name(name), Step::Index(_)] if is_suites(name) => Visit::Enter,
            [_, .., Step::Name(name)] if IN_SUITES.contains(&name.as_str()) => Visit::Enter,
            [_, .., Step::Name(name), Step::Index(_)] if IN_SUITES.contains(&name.as_str()) => {
                Visit::Collect
            }
            [_, .., Step::Name(name)] if name == "file" || name == "fullFile" => Visit::Collect,
            _ => Visit::Skip,
        }
    }

    fn enter(&mut self, path: &[Step], _place: LineColumn, _file: &mut ReportFile) {
        if is_suite(path) {
            let outer = self.suites.last().map(|suite| suite.file.clone());
            self.suites.push(Suite {
                file: outer.unwrap_or_default(),
                seen: Seen::default(),
            });
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        match path {
            [Step::Name(name)] if name == STATS => {
                let failures = value.get("failures").and_then(Value::as_u64);
                self.failures.declared = failures.unwrap_or(0);
                self.stats = place;
            }
            [.., Step::Index(_)] if !value.is_object() => {}
            [Step::Name(list), Step::Index(_)] => {
                let Some(list) = LISTS.into_iter().find(|known| *known == list.as_str()) else {
                    return;
                };
                let mut test = Test::new(&value, place, ShownPath(path).to_string(), "");
                let is_early = match list {
                    "tests" => {
                        test.state = field(&value, "state").map(|_| state(&value));
                        self.open_test(test);
                        return;
                    }
                    "passes" if test.has_error => !self.has_tests || !self.has_failures,
                    _ => !self.has_tests,
                };
                if is_early {
                    self.held.push((list, test));
                } else {
                    self.listed(list, test, file);
                }
            }
            [.., Step::Name(list), Step::Index(_)] => {
                let Some(suite) = self.suites.last_mut() else {
                    return;
                };
                let test = Test::new(&value, place, ShownPath(path).to_string(), &suite.file);
                let is_hook = list != "tests" || is_set(&value, "isHook");
                let outcome = if is_hook {
                    state_of_hook(&value, test.has_error)
                } else {
                    state(&value)
                };
                if !is_hook || outcome.may_have_failed() {
                    let mut draft = test.draft(outcome);
                    suite.seen.number(&draft.class, &mut draft.name);
                    self.failures.see(&draft, &draft.outcome);
                    file.push(draft);
                }
            }
            [.., Step::Name(_)] => {
                if let (Some(open), Some(given)) = (self.suites.last_mut(), text(Some(&value))) {
                    open.file = given;
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: &[Step], file: &mut ReportFile) {
        if is_suite(path) {
            self.suites.pop();
        }
        if is_path(path, &["tests"]) {
            self.has_tests = true;
            self.hand_out(file);
        }
        self.has_failures |= is_path(path, &["failures"]);
    }

    fn end(&mut self, file: &mut ReportFile) {
        self.has_tests = true;
        self.has_failures = true;
        self.hand_out(file);
        let mut open: Vec<(String, Open)> = self.open.drain().collect();
        open.sort_by_key(|(_, open)| (open.place.line, open.place.column));
        for (key, open) in open {
            let untold = || Test::untold(&key, open.place);
            let test = open.given.map_or_else(untold, |given| *given);
            for (number, _) in (1..).zip(&open.order).filter(|(_, left)| left.is_some()) {
                let outcome = test.state.clone().unwrap_or(Outcome::Known(Status::Failed));
                let mut draft = test.clone().draft(outcome);
                seen::number(&mut draft.name, number);
                self.failures.see(&draft, &draft.outcome);
                file.push(draft);
            }
        }
        if let Some(failure) = self.failures.unshown("the report") {
            file.push(Draft::failed(self.stats, RUN, failure));
        }
    }
}

fn is_suite(path: &[Step]) -> bool {
    match path {
        [.., Step::Name(name), Step::Index(_)] => name == "results" || name == "suites",
        // Mochawesome 1 has one suite there.
        [Step::Name(name)] => name == "suites",
        _ => false,
    }
}

impl Mocha {
    /// Adds what was held back and can be added now.
    fn hand_out(&mut self, file: &mut ReportFile) {
        for list in LISTS {
            let is_due = |(held, test): &mut (&str, Test)| {
                *held == list && (self.has_failures || list != "passes" || !test.has_error)
            };
            let due: Vec<_> = self.held.extract_if(.., is_due).collect();
            for (_, test) in due {
                self.listed(list, test, file);
            }
        }
    }

    /// Adds a test in a list that says how it ended.
    fn listed(&mut self, list: &str, test: Test, file: &mut ReportFile) {
        let key = test.key();
        let outcome = match list {
            "pending" | "skipped" => Outcome::Known(Status::Skipped),
            "failures" => {
                self.failed.insert(key.clone());
                Outcome::Known(Status::Failed)
            }
            _ if !test.has_error => Outcome::Known(Status::Passed),
            // It is there.
            _ if self.failed.contains(&key) => return,
            _ => Outcome::Known(Status::Failed),
        };
        let number = self.close(&key, test.has_error);
        let mut draft = test.draft(outcome);
        seen::number(&mut draft.name, number);
        self.failures.see(&draft, &draft.outcome);
        file.push(draft);
    }

    /// A test of `tests`, unless it has been found in another list.
    fn open_test(&mut self, test: Test) {
        let is_named = test.state.is_some() || test.has_error;
        let open = self.open.entry(test.key()).or_insert(Open {
            place: test.place,
            order: Vec::with_capacity(1),
            left: 0,
            from: [0, 0],
            given: None,
        });
        open.order.push(Some(test.has_error));
        open.left += 1;
        if is_named && open.given.is_none() {
            open.given = Some(Box::new(test));
        }
    }

    /// A test that has been found in a list that says how it ended; returns its number among those with its name.
    fn close(&mut self, key: &str, has_error: bool) -> u32 {
        let Some(open) = self.open.get_mut(key) else {
            return 1;
        };
        let at = open.take(has_error).or_else(|| open.take(!has_error));
        let number = at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(1);
        if open.left == 0 {
            self.open.remove(key);
        }
        number
    }
}

impl Open {
    /// Finds the first test that has an error or has none, as given, and was not found before; returns its place.
    fn take(&mut self, has_error: bool) -> Option<usize> {
        let from = &mut self.from[usize::from(has_error)];
        let rest = self.order.iter().skip(*from);
        let Some(after) = rest
            .enumerate()
            .find(|(_, left)| **left == Some(has_error))
            .map(|(after, _)| after)
        else {
            *from = self.order.len();
            return None;
        };
        let at = *from + after;
        *from = at + 1;
        self.order[at] = None;
        self.left -= 1;
        Some(at)
    }
}

/// How a hook ended. One that passed says nothing, and has no error.
fn state_of_hook(hook: &Value, has_error: bool) -> Outcome {
    let is_untold =
        || field(hook, "state").is_none() && !is_set(hook, "fail") && !is_set(hook, "timedOut");
    match state(hook) {
        _ if has_error => Outcome::Known(Status::Failed),
        _ if is_untold() => Outcome::Known(Status::Passed),
        outcome => outcome,
    }
}

/// How a test ended by what it says itself; see the table.
fn state(test: &Value) -> Outcome {
    use Status::{Failed, Passed, Skipped};
    if is_set(test, "fail") || is_set(test, "timedOut") {
        return Outcome::Known(Failed);
    }
    if let Some(word) = field(test, "state") {
        return match &*word.to_lowercase() {
            "passed" => Outcome::Known(Passed),
            "failed" => Outcome::Known(Failed),
            "pending" | "skipped" => Outcome::Known(Skipped),
            _ => Outcome::Word(word),
        };
    }
    if is_set(test, "pending") || is_set(test, "skipped") {
        Outcome::Known(Skipped)
    } else if is_set(test, "pass") {
        Outcome::Known(Passed)
    } else {
        Outcome::Known(Failed)
    }
}

#[cfg(test)]
mod tests;
