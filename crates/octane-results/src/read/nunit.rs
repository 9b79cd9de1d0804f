//! `NUnit` XML, of version 3 (`test-run`) and of version 2 (`test-results`), or a suite of it (`test-suite`).
//!
//! What the words in `result` mean; what is in brackets after a word, as in `Failed(Child)`, is ignored:
//!
//! | word | status |
//! | --- | --- |
//! | `Passed`, `Success` | passed |
//! | `Failed`, `Failure`, `Error`, `Cancelled` | failed |
//! | `Skipped`, `Ignored`, `Explicit`, `Inconclusive`, `NotRunnable`, `NotRun`, `Warning` | skipped |
//!
//! A test that only issued warnings is neither red nor green, and `NUnit` itself does not count it as passed: it is skipped,
//! with the warning as its description. Before version 2.5 there is no `result`: then `executed` and `success` decide. A
//! test with a `failure`, or with `success="False"` and a word that means passed, has failed whatever else is said. One
//! with `executed="False"` and such a word is skipped: some writers have no other way to say it. With a word that means
//! passed or skipped, a `failure` whose message is empty, with a stack trace that is empty or `None`, does not count, as
//! `pytest-nunit` writes it in each test; nor does one whose message begins with `Skipped: ` with a word that means skipped, or
//! one with which a test has skipped itself (`('a.py', 7, 'Skipped: slow')`), which makes it skipped, or
//! any other one of `pytest-nunit`, whose test was expected to fail, and is skipped, or
//! one that only lists the runs of a test (`Run 1: Passed`) with one that means passed, as `TestCafe` does in quarantine mode.
//!
//! Where the format leaves room, this reader decides:
//!
//! - The **class** is what is before the name in `fullname`, so that the instances of a fixture with arguments,
//!   `TaxTest(1)` and `TaxTest(2)`, are distinguished; else `classname`, or else the nearest suite with a name. In version 2,
//!   where the name of a test may be its full name, it is the innermost suite that the name begins with, or what is before the
//!   last dot of a name such as `Shop.TaxTest.Adds(1.5)`, or else the nearest suite.
//! - Tests of version 2 with the same suite, class and name are different tests, `adds (2)`, numbered in the order of the
//!   file: that version has no retries, so the later one does not replace the first.
//! - A failure **of a suite** is a failed result of its own, named after the suite, if the suite was torn down in vain
//!   (`site="TearDown"`, or `TearDown : ` before its message), or if it has failed by itself and none of its results has: a fixture that could not be set up, an
//!   assembly that could not be loaded. The failures of `OneTimeSetUp` are in each test of the suite as well, and there they
//!   count. A suite that says no more than that a test in it has failed, without such a test, is a failed result if it counts
//!   failed tests itself, as suites of version 3 and the root of version 2 do; else it causes a warning.
//! - A suite whose `result` is another word has failed if it has a `failure`; else the word is one of
//!   [`StatusAliases`](crate::StatusAliases), or the suite is an invalid row if none of its results has failed.
//! - Categories, authors and properties of a fixture are those of its tests too. `Category` is a tag, the first `Author` the
//!   owner, `Description` the description. Properties that begin with `_` are internal, and ignored.
//! - The **reason** of a skipped test is its description, before any other one.
//! - The **origin** is the path of the names of suites below the assembly, `machine-name`, and the path of the assembly as
//!   file.
//! - A test without a **start time**, or with one that is ignored, has that of the nearest suite; in version 2 that of the report.
//! - Of a failed test without a message, the `label` is the message, as of one that timed out, unless it is `Error`, `Invalid` or
//!   `Cancelled`.

use std::sync::Arc;

use super::distinct::remove_repeated;
use super::report::dotnet;
use super::report::seen::Seen;
use super::report::xml::{Element, Visit, XmlFormat};
use super::report::{Draft, Moment, Outcome, ReportFile, Took};
use crate::run::Failure;
use crate::status::Status;

mod parts;
mod suite;

use parts::{as_reported, attachments, has_failure, in_failure, outcome, skipped_itself};
use suite::{Shown, Suite};

/// The labels of failed tests that do not say why.
const LABELS: [&str; 3] = ["Error", "Invalid", "Cancelled"];

/// A report of `NUnit`.
#[derive(Debug, Default)]
pub(crate) struct Nunit {
    /// The open suites, the root included.
    suites: Vec<Suite>,
    /// Whether it is of version 2, which has no retries.
    is_version_2: bool,
    /// The tests of version 2.
    seen: Seen,
}

impl XmlFormat for Nunit {
    fn roots(&self) -> &'static [&'static str] {
        &["test-run", "test-results", "test-suite"]
    }

    fn visit(&self, _path: &[String], name: &str) -> Visit {
        match name {
            "test-case" | "properties" | "categories" | "environment" | "failure" | "reason"
            | "attachments" => Visit::Collect,
            "output" | "settings" | "command-line" | "filter" | "culture-info" | "assertions" => {
                Visit::Skip
            }
            _ => Visit::Enter,
        }
    }

    fn keeps(&self, name: &str) -> bool {
        !matches!(name, "output" | "assertions")
    }

    fn enter(&mut self, path: &[String], element: Element, file: &mut ReportFile) {
        self.is_version_2 |= match element.name.as_str() {
            "test-results" => true,
            "test-suite" => path.len() == 1 && element.attribute("id").is_none(),
            _ => false,
        };
        if is_suite(path) {
            let suite = Suite::new(&element, self.suites.last(), file);
            self.suites.push(suite);
        }
    }

    fn element(&mut self, _path: &[String], element: Element, file: &mut ReportFile) {
        if element.name == "test-case" {
            self.case(&element, file);
        } else if let Some(suite) = self.suites.last_mut() {
            suite.add(&element);
        }
    }

    fn leave(&mut self, path: &[String], file: &mut ReportFile) {
        if !is_suite(path) {
            return;
        }
        let Some(suite) = self.suites.pop() else {
            return;
        };
        let has_results = suite.has_results;
        let shown = suite.end(file);
        if let Some(outer) = self.suites.last_mut() {
            outer.has_results |= has_results || shown == Shown::Result;
            outer.has_failed |= shown == Shown::Result;
            outer.has_warned |= shown == Shown::Warning;
        }
    }
}

impl Nunit {
    fn case(&mut self, case: &Element, file: &mut ReportFile) {
        let name = case.attribute("name").or(case.attribute("fullname"));
        let (class, name) = self.class_and_name(case, name.unwrap_or_default());
        let mut draft = Draft::new(case.place, name, outcome(case, file));
        dotnet::set_class(&mut draft, &class, file);
        draft.has_invalid_bytes = case.has_invalid_bytes;
        let took = case.attribute("duration").or(case.attribute("time"));
        draft.duration = took.map_or(Took::Unknown, |took| Took::Seconds(took.to_owned()));
        let started = dotnet::start(case.attribute("start-time"));
        draft.started = match file.started(case.place, started) {
            Some(started) => Moment::At(started),
            None => self.suites.last().map(Suite::moment).unwrap_or_default(),
        };
        draft.failure = failure(case, &draft.outcome);
        let mut description = case.attribute("description").map(str::to_owned);
        if let Some(suite) = self.suites.last_mut() {
            suite.has_results = true;
            suite.has_failed |= as_reported(case).may_have_failed() || has_failure(case);
            draft.origin = suite.origin.clone();
            draft.inherited = Some(suite.inherited());
        }
        let own = suite::Described::of(case);
        let files = case.child("attachments").map(attachments);
        if !own.is_without_metadata() || files.is_some() {
            let inherited = draft.inherited.take().unwrap_or_default();
            let metadata = &mut draft.metadata;
            *metadata = Arc::unwrap_or_clone(inherited);
            own.add_to(metadata);
            remove_repeated(&mut metadata.tags);
            remove_repeated(&mut metadata.properties);
            metadata.attachments = files.unwrap_or_default();
        }
        description = own.description.or(description);
        let reason = case.text_of(&["reason", "message"]);
        let reason = reason
            .or_else(|| skipped_itself(case))
            .map(|reason| reason.trim().to_owned());
        draft.description = match &draft.outcome {
            Outcome::Known(Status::Skipped) => reason.or(description),
            _ => description.or(reason),
        };
        if self.is_version_2 {
            let Draft {
                origin,
                package,
                class,
                name,
                ..
            } = &mut draft;
            let place = (&origin.file, &origin.suite, package, class);
            self.seen.number(place, name);
        }
        file.push(draft);
    }

    /// The full class of a test, and its name without it.
    fn class_and_name<'c>(&self, case: &'c Element, name: &'c str) -> (String, &'c str) {
        let full = case.attribute("fullname");
        let before = full
            .and_then(|full| full.strip_suffix(name))
            .and_then(|before| before.strip_suffix('.'));
        if let Some(class) = before.filter(|class| !class.is_empty()) {
            return (class.to_owned(), name);
        }
        if let Some(class) = case.attribute("classname") {
            return (class.to_owned(), dotnet::own_name(name, class));
        }
        let mut suites = self.suites.iter().rev();
        if let Some(known) = suites.find_map(|suite| suite.class_and_name(name)) {
            return known;
        }
        if full.is_none()
            && let Some((class, name)) = dotnet::class_and_method(name)
        {
            return (class.to_owned(), name);
        }
        let nearest = self.suites.iter().rev().find(|suite| suite.is_class());
        let class = nearest.map(|suite| suite.full_name.clone());
        (class.unwrap_or_default(), name)
    }
}

/// Whether the innermost element of `path` is a suite or the report.
fn is_suite(path: &[String]) -> bool {
    path.last()
        .is_some_and(|name| matches!(name.as_str(), "test-suite" | "test-run" | "test-results"))
}

/// The failure of a test. Where it timed out, only the label says so.
fn failure(case: &Element, outcome: &Outcome) -> Option<Failure> {
    let failure = case.child("failure").map(in_failure);
    let is_silent = (failure.as_ref()).is_none_or(|failure| failure.message.is_none());
    let label = case.attribute("label");
    let label = label.filter(|label| is_silent && !LABELS.contains(label) && outcome.is_failed());
    match label {
        Some(label) => Some(Failure {
            message: Some(label.to_owned()),
            ..failure.unwrap_or_default()
        }),
        None => failure,
    }
}

#[cfg(test)]
mod tests;
