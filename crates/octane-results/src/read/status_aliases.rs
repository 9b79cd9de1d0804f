//! The words for a status.

use crate::invalid::InvalidCell;
use crate::read::spelling::{folded, is_same, nearest};
use crate::status::Status;

/// The words for each [`Status`], ignoring case, `_`, `-` and spaces.
///
/// Built in:
///
/// | status | words |
/// | --- | --- |
/// | passed | `passed`, `pass`, `ok`, `success`, `successful`, `succeeded`, `xpassed` |
/// | failed | `failed`, `fail`, `failure`, `error`, `errored`, `broken`, `aborted`, `crashed`, `timeout`, `timedout`, `interrupted`, `undefined`, `ambiguous` |
/// | skipped | `skipped`, `skip`, `ignored`, `disabled`, `pending`, `notrun`, `norun`, `notexecuted`, `inconclusive`, `blocked`, `xfail`, `xfailed` |
/// | planned | `planned` |
///
/// Any other word is not a valid status unless it is added by [`StatusAliases::with`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct StatusAliases {
    own: Vec<(String, Status)>,
}

const KNOWN: [(&str, Status); 33] = [
    ("passed", Status::Passed),
    ("failed", Status::Failed),
    ("skipped", Status::Skipped),
    ("planned", Status::Planned),
    ("pass", Status::Passed),
    ("ok", Status::Passed),
    ("success", Status::Passed),
    ("successful", Status::Passed),
    ("succeeded", Status::Passed),
    ("fail", Status::Failed),
    ("failure", Status::Failed),
    ("error", Status::Failed),
    ("errored", Status::Failed),
    ("broken", Status::Failed),
    ("skip", Status::Skipped),
    ("ignored", Status::Skipped),
    ("disabled", Status::Skipped),
    ("pending", Status::Skipped),
    ("notrun", Status::Skipped),
    ("norun", Status::Skipped),
    ("notexecuted", Status::Skipped),
    ("aborted", Status::Failed),
    ("crashed", Status::Failed),
    ("timeout", Status::Failed),
    ("timedout", Status::Failed),
    ("interrupted", Status::Failed),
    ("undefined", Status::Failed),
    ("ambiguous", Status::Failed),
    ("inconclusive", Status::Skipped),
    ("blocked", Status::Skipped),
    ("xfail", Status::Skipped),
    ("xfailed", Status::Skipped),
    ("xpassed", Status::Passed),
];

impl StatusAliases {
    /// Adds `word` as an alias of `status`; takes precedence over built-in words.
    pub fn with(mut self, word: &str, status: Status) -> Self {
        self.own.push((folded(word), status));
        self
    }

    /// The status that `word`, or one that differs from it only in case, `_`, `-` and spaces, stands for by [`Self::with`].
    pub fn own(&self, word: &str) -> Option<Status> {
        let mut own = self.own.iter().rev();
        let own = own.find(|(own, _)| is_same(own, word));
        own.map(|(_, status)| *status)
    }

    /// The status that `word` stands for.
    pub fn status(&self, word: &str) -> Option<Status> {
        if self.own.is_empty()
            && let Some((_, status)) = KNOWN.iter().find(|(known, _)| *known == word)
        {
            return Some(*status);
        }
        let matches = |known: &str| is_same(known, word);
        self.own(word).or_else(|| {
            KNOWN
                .iter()
                .find(|(known, _)| matches(known))
                .map(|(_, status)| *status)
        })
    }

    /// What is wrong with `word`, which stands for no status.
    pub(crate) fn unknown(&self, column: Option<&str>, word: &str) -> InvalidCell {
        const USE: &str = "use passed, failed, skipped or planned";
        let reason = if word.is_empty() {
            "status is empty"
        } else {
            "is not a valid status"
        };
        let mut cell = InvalidCell::new(column, word, reason);
        cell.is_unknown_status = true;
        cell.hint(match self.suggestion(word) {
            Some(meant) => format!("{USE} (did you mean `{meant}`?)"),
            None => USE.to_owned(),
        })
    }

    /// The word that is most similar to `word`. `xpass` is not a misspelt `pass`.
    pub(crate) fn suggestion(&self, word: &str) -> Option<&str> {
        if folded(word).starts_with('x') {
            return None;
        }
        let own = self.own.iter().map(|(word, _)| word.as_str());
        nearest(word, KNOWN.iter().map(|(word, _)| *word).chain(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_recognised_in_any_case() {
        let words = StatusAliases::default();
        for (word, status) in [
            ("Passed", Status::Passed),
            ("OK", Status::Passed),
            ("ERRORED", Status::Failed),
            ("Not Run", Status::Skipped),
            ("No Run", Status::Skipped),
            ("not_executed", Status::Skipped),
            ("planned", Status::Planned),
        ] {
            assert_eq!(words.status(word), Some(status), "{word}");
        }
        for word in ["", "1", "true", "xpass", "unknown", "passed!"] {
            assert_eq!(words.status(word), None, "{word}");
        }
    }

    #[test]
    fn added_words_take_precedence() {
        let words = StatusAliases::default()
            .with("X-Fail", Status::Skipped)
            .with("error", Status::Skipped);
        assert_eq!(words.status("xfail"), Some(Status::Skipped));
        assert_eq!(words.status("Error"), Some(Status::Skipped));
    }

    #[test]
    fn the_right_word_is_suggested_for_a_misspelt_one() {
        let words = StatusAliases::default();
        for (word, meant) in [
            ("passd", "passed"),
            ("Faield", "failed"),
            ("SKIPED", "skipped"),
        ] {
            assert_eq!(words.suggestion(word), Some(meant));
        }
        for word in ["1", "no", "amber", "", "xpass", "no go"] {
            assert_eq!(words.suggestion(word), None, "{word}");
        }
    }
}
