//! Suites: what they hand down to their cases, and whether their totals hold.

use jiff::Timestamp;

use crate::read::text::Place;
use crate::warning::WarningKind;
use crate::{Status, TestRun};

/// An open `testsuite` or `testsuites`.
#[derive(Debug)]
pub(super) struct Suite {
    /// Its own name, for messages.
    pub(super) name: String,
    /// The class of cases that name none: the name of the nearest suite that has one.
    pub(super) class: String,
    /// The package that the report states, for its cases.
    pub(super) package: String,
    /// When it, or the suite around it, started.
    pub(super) started: Option<Timestamp>,
    /// Jira keys for all its cases.
    pub(super) jira: Vec<String>,
    pub(super) place: Place,
    /// How many cases had no name so far.
    pub(super) unnamed: u64,
    names_a_class: bool,
    tests: Option<u64>,
    failures: Option<u64>,
    cases: u64,
    failed: u64,
}

impl Suite {
    /// A suite inside `outer`; `is_suite` is false for `testsuites`, whose name names no class.
    pub(super) fn new(is_suite: bool, place: Place, outer: Option<&Self>) -> Self {
        let handed_down = |text: fn(&Self) -> &str| outer.map(text).unwrap_or_default().to_owned();
        Self {
            name: String::new(),
            class: handed_down(|outer| &outer.class),
            package: handed_down(|outer| &outer.package),
            started: outer.and_then(|outer| outer.started),
            jira: outer.map(|outer| outer.jira.clone()).unwrap_or_default(),
            place,
            unnamed: 0,
            names_a_class: is_suite,
            tests: None,
            failures: None,
            cases: 0,
            failed: 0,
        }
    }

    /// Takes an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name {
            "name" => {
                value.clone_into(&mut self.name);
                if self.names_a_class && !value.is_empty() {
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

    /// Counts a case of this suite.
    pub(super) fn count(&mut self, run: &TestRun) {
        self.cases += 1;
        self.failed += u64::from(run.status == Status::Failed);
    }

    /// Counts the cases of a suite inside this one.
    pub(super) fn add(&mut self, inner: &Self) {
        self.cases += inner.cases;
        self.failed += inner.failed;
    }

    /// Whether there are totals to hold the cases against.
    pub(super) fn states_totals(&self) -> bool {
        self.tests.is_some() || self.failures.is_some()
    }

    /// The totals that the cases do not bear out. More failures than stated are no news: reports count a
    /// failure of the test and one of its clean-up in several ways; fewer mean that some do not show.
    pub(super) fn disagreements(&self) -> impl Iterator<Item = WarningKind> {
        let totals = |what, stated, found| WarningKind::Totals {
            suite: self.name.clone(),
            what,
            stated,
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
