//! What is said about a run as a whole.

use jiff::Timestamp;

use super::parts::WORDS;
use crate::read::line_column::LineColumn;
use crate::read::report::xml::Element;
use crate::read::report::{Draft, Moment, Outcome};
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
}

impl Summary {
    pub(super) fn new(element: &Element) -> Self {
        let word = element.attribute("outcome").unwrap_or_default();
        Self {
            place: element.place,
            outcome: Draft::outcome_by(word, &WORDS),
            is_by_tests: word.eq_ignore_ascii_case("Failed"),
            messages: Vec::new(),
        }
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

    pub(super) fn is_failed(&self) -> bool {
        self.outcome.is_failed() && !(self.is_by_tests && self.messages.is_empty())
    }

    /// The result of the run itself.
    pub(super) fn draft(self, started: Option<Timestamp>) -> Draft {
        let mut draft = Draft::new(self.place, RUN, Outcome::Known(Status::Failed));
        draft.started = started.map_or(Moment::Unknown, Moment::At);
        let mut messages = self.messages.into_iter();
        draft.failure = messages.next().map(|first| {
            let others: Vec<String> = messages.collect();
            Failure::new(first).details(others.join("\n"))
        });
        draft
    }
}
