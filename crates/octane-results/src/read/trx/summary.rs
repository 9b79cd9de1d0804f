//! What is said about a run as a whole.

use jiff::Timestamp;

use super::parts::WORDS;
use crate::read::line_column::LineColumn;
use crate::read::report::xml::Element;
use crate::read::report::{DeclaredFailures, Draft, Moment, Outcome};
use crate::run::Failure;
use crate::status::Status;

/// The name of a run that has failed by itself.
const RUN: &str = "test run";

/// What is said about the run as a whole.
#[derive(Debug)]
pub(super) struct Summary {
    place: LineColumn,
    outcome: Outcome,
    /// Whether tests may be why it has failed.
    is_by_tests: bool,
    /// Errors that are not those of a test.
    messages: Vec<String>,
    /// How many failed tests it counts.
    failed: u64,
}

/// The counters of tests that have failed.
const FAILED: [&str; 5] = ["failed", "error", "timeout", "aborted", "disconnected"];

impl Summary {
    pub(super) fn new(element: &Element) -> Self {
        let word = element.attribute("outcome").unwrap_or_default();
        Self {
            place: element.place,
            outcome: Draft::outcome_by(word, &WORDS),
            is_by_tests: word.eq_ignore_ascii_case("Failed"),
            messages: Vec::new(),
            failed: 0,
        }
    }

    /// Takes note of `Counters`.
    pub(super) fn count(&mut self, counters: &Element) {
        let counts = FAILED.iter().filter_map(|name| counters.attribute(name));
        let counts = counts.filter_map(|count| count.trim().parse::<u64>().ok());
        self.failed = counts.fold(0, u64::saturating_add);
    }

    /// Takes note of `RunInfos`.
    pub(super) fn add(&mut self, infos: &Element) {
        for info in infos.children("RunInfo") {
            let word = info.attribute("outcome").unwrap_or_default();
            let text = info.text_of(&["Text"]);
            if let Some(text) = text.filter(|_| Draft::outcome_by(word, &WORDS).is_failed()) {
                self.messages.push(text.trim().to_owned());
            }
        }
    }

    /// The result of the run itself, if it has failed and no result in it has; `failures` are those that its results show.
    pub(super) fn draft(
        self,
        failures: DeclaredFailures,
        started: Option<Timestamp>,
    ) -> Option<Draft> {
        let failures = DeclaredFailures {
            declared: self.failed,
            ..failures
        };
        let unshown = failures.unshown("the report");
        let is_unexplained = unshown.is_none() && self.messages.is_empty();
        let has_failed = self.outcome.is_failed() && !self.is_by_tests;
        if failures.shown > 0 || is_unexplained && !has_failed {
            return None;
        }
        let mut messages = self.messages.into_iter();
        let errors = messages.next().map(|first| {
            let others: Vec<String> = messages.collect();
            Failure::new(first).details(others.join("\n"))
        });
        Some(Draft {
            started: started.map_or(Moment::Unknown, Moment::At),
            failure: errors.or(unshown),
            ..Draft::new(self.place, RUN, Outcome::Known(Status::Failed))
        })
    }
}
