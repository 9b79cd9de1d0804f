//! Tests without a word for what became of them, which is known from the counters of the report.

use super::words::WORDS;
use crate::invalid::InvalidCell;
use crate::read::report::xml::Element;
use crate::read::report::{Draft, Outcome, ReportFile};
use crate::status::Status;

/// What JavaScript writes in place of a word that it does not have. Elsewhere, it is a word of Cucumber that means failed.
const WORD: &str = "undefined";

/// How many tests may still come that neither passed nor failed, by the counters of the assembly, or else of the group.
#[derive(Debug, Default)]
pub(super) struct Untold {
    left: Option<u64>,
    is_of_group: bool,
}

impl Untold {
    /// As an assembly counts its tests.
    pub(super) fn of(assembly: &Element) -> Self {
        Self {
            left: neither_passed_nor_failed(assembly),
            is_of_group: false,
        }
    }

    /// Counts as a group does, if the assembly around it has no counters.
    pub(super) fn enter_group(&mut self, group: &Element) {
        if self.left.is_none() {
            self.left = neither_passed_nor_failed(group);
            self.is_of_group = true;
        }
    }

    pub(super) fn leave_group(&mut self) {
        if std::mem::take(&mut self.is_of_group) {
            self.left = None;
        }
    }

    /// Takes note of a test; returns whether it has no word and is one of those that neither passed nor failed.
    pub(super) fn takes(&mut self, test: &Element) -> bool {
        let is_without_word = is_without_word(test);
        let word = test.attribute("result").unwrap_or_default();
        let meaning = Draft::outcome_by(word, &WORDS);
        let is_one = is_without_word || meaning.is(Status::Skipped);
        match &mut self.left {
            Some(left) if is_one && *left > 0 => {
                *left -= 1;
                is_without_word
            }
            _ => false,
        }
    }
}

/// Sets the outcome of a test without a word, unless the user says what that means: it is skipped if it is one of those that
/// neither passed nor failed (`is_untold`), and otherwise invalid.
pub(super) fn set_outcome(draft: &mut Draft, test: &Element, is_untold: bool, file: &ReportFile) {
    if !is_without_word(test) || file.options.status_aliases.own(WORD).is_some() {
        return;
    }
    draft.outcome = Outcome::Known(Status::Skipped);
    if !is_untold {
        let mut cell = InvalidCell::new(None, WORD, "is not a valid status");
        cell.is_unknown_status = true;
        let cell = cell.hint("use passed, failed, skipped or planned");
        draft.invalid.push(cell);
    }
}

/// Whether a test has no word, and no failure.
fn is_without_word(test: &Element) -> bool {
    let word = test.attribute("result").map(str::trim);
    test.name == "test"
        && test.child("failure").is_none()
        && word.is_some_and(|word| word.eq_ignore_ascii_case(WORD))
}

fn neither_passed_nor_failed(counted: &Element) -> Option<u64> {
    let number = |name| counted.attribute(name)?.trim().parse::<u64>().ok();
    number("total")?.checked_sub(number("passed")?.checked_add(number("failed")?)?)
}
