//! Suites: what their cases inherit, and whether their totals are correct.

use jiff::Timestamp;

use super::attempt::{Attempt, failure};
use crate::read::line_column::LineColumn;
use crate::run::TestRun;
use crate::status::Status;
use crate::warning::WarningKind;

/// The name of a failed suite that has none.
const UNNAMED: &str = "unnamed suite";

/// An open `testsuite` or `testsuites`.
#[derive(Debug)]
pub(super) struct Suite {
    /// The name, for messages.
    pub(super) name: String,
    /// The class of cases without one: the name of the nearest suite that has one.
    pub(super) class: String,
    /// The package of its cases, as given by the report.
    pub(super) package: String,
    /// The start time of the suite or of the suite around it.
    pub(super) started: Option<Timestamp>,
    /// The Jira keys of all of its cases.
    pub(super) jira: Vec<String>,
    pub(super) place: LineColumn,
    /// The number of cases without a name so far.
    pub(super) unnamed: u64,
    provides_class: bool,
    tests: Option<u64>,
    failures: Option<u64>,
    cases: u64,
    failed: u64,
    /// What failed outside the cases, such as a set-up or a clean-up, and where the first one is.
    failures_outside: Vec<Attempt>,
    failed_at: LineColumn,
}

impl Suite {
    /// A suite inside `outer`; `is_suite` is false for `testsuites`, whose name is not a class.
    pub(super) fn new(is_suite: bool, place: LineColumn, outer: Option<&Self>) -> Self {
        let inherited = |text: fn(&Self) -> &str| outer.map(text).unwrap_or_default().to_owned();
        Self {
            name: String::new(),
            class: inherited(|outer| &outer.class),
            package: inherited(|outer| &outer.package),
            started: outer.and_then(|outer| outer.started),
            jira: outer.map(|outer| outer.jira.clone()).unwrap_or_default(),
            place,
            unnamed: 0,
            provides_class: is_suite,
            tests: None,
            failures: None,
            cases: 0,
            failed: 0,
            failures_outside: Vec::new(),
            failed_at: place,
        }
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name {
            "name" => {
                value.clone_into(&mut self.name);
                if self.provides_class && !value.is_empty() {
                    value.clone_into(&mut self.class);
                }
            }
            "package" if !value.is_empty() => value.clone_into(&mut self.package),
            "tests" => self.tests = value.parse().ok(),
            "failures" | "errors" => {
                if let Ok(count) = value.parse::<u64>() {
                    self.failures = Some(self.failures.unwrap_or(0).saturating_add(count));
                }
            }
            _ => {}
        }
    }

    /// Counts a case of this suite, with its status if that is known.
    pub(super) fn count(&mut self, status: Option<Status>) {
        self.cases += 1;
        self.failed += u64::from(status == Some(Status::Failed));
    }

    /// Adds a failure outside the cases.
    pub(super) fn fail(&mut self, attempt: Attempt, place: LineColumn) {
        if self.failures_outside.is_empty() {
            self.failed_at = place;
        }
        self.failures_outside.push(attempt);
    }

    /// The failure outside the cases that is added last.
    pub(super) fn last_failure(&mut self) -> Option<&mut Attempt> {
        self.failures_outside.last_mut()
    }

    /// What failed outside the cases, as one failed result that is named after the suite, and its place.
    pub(super) fn failed_run(&mut self) -> Option<(TestRun, LineColumn)> {
        let failure = failure(&self.failures_outside)?;
        let name = match self.name.as_str() {
            "" => UNNAMED,
            name => name,
        };
        let mut run = TestRun::new(name, Status::Failed).failure(failure);
        run.identity.class.clone_from(&self.class);
        run.identity.package.clone_from(&self.package);
        run.started = self.started;
        run.jira.clone_from(&self.jira);
        self.failed += 1;
        Some((run, self.failed_at))
    }

    /// Counts the cases of a nested suite.
    pub(super) fn add(&mut self, inner: &Self) {
        self.cases += inner.cases;
        self.failed += inner.failed;
    }

    /// Whether the suite declares totals.
    pub(super) fn declares_totals(&self) -> bool {
        self.tests.is_some() || self.failures.is_some()
    }

    /// The declared totals that differ from the cases. Differing numbers of failures are normal, since reports
    /// count a failure of a test and of its clean-up differently; none at all means that some are missing.
    pub(super) fn mismatches(&self) -> impl Iterator<Item = WarningKind> {
        let totals = |what, declared, found| WarningKind::Totals {
            suite: self.name.clone(),
            what,
            declared,
            found,
        };
        let tests = (self.tests)
            .filter(|tests| *tests != self.cases)
            .map(|tests| totals("tests", tests, self.cases));
        let failures = (self.failures)
            .filter(|failures| *failures > 0 && self.failed == 0)
            .map(|failures| totals("failures", failures, self.failed));
        tests.into_iter().chain(failures)
    }
}
