//! Words for a status, and which word a mistyped one was meant to be.

use crate::Status;

/// Which words mean which [`Status`]; case, `_`, `-` and blanks do not matter.
///
/// Known from the start:
///
/// | status | words |
/// | --- | --- |
/// | passed | `passed`, `pass`, `ok`, `success`, `successful`, `succeeded` |
/// | failed | `failed`, `fail`, `failure`, `error`, `errored`, `broken` |
/// | skipped | `skipped`, `skip`, `ignored`, `disabled`, `pending`, `notrun`, `notexecuted` |
/// | planned | `planned` |
///
/// Any other word is no status until [`StatusWords::with`] says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusWords {
    own: Vec<(String, Status)>,
}

const KNOWN: [(&str, Status); 20] = [
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
    ("notexecuted", Status::Skipped),
];

impl StatusWords {
    /// Lets `word` mean `status`; wins over what is known.
    pub fn with(mut self, word: &str, status: Status) -> Self {
        self.own.push((folded(word), status));
        self
    }

    /// What `word` means.
    pub fn status(&self, word: &str) -> Option<Status> {
        let is_meant = |known: &str| is_same(known, word);
        let own = self.own.iter().rev().find(|(own, _)| is_meant(own));
        own.map(|(_, status)| *status).or_else(|| {
            KNOWN
                .iter()
                .find(|(known, _)| is_meant(known))
                .map(|(_, status)| *status)
        })
    }

    /// The known word that `word` most looks like.
    pub(crate) fn suggestion(&self, word: &str) -> Option<&str> {
        let own = self.own.iter().map(|(word, _)| word.as_str());
        nearest(word, KNOWN.iter().map(|(word, _)| *word).chain(own))
    }
}

/// Letters that count in a word: lower case, without `_`, `-` and blanks.
fn letters(word: &str) -> impl Iterator<Item = char> + '_ {
    word.chars()
        .filter(|char| !matches!(char, '_' | '-') && !char.is_whitespace())
        .flat_map(char::to_lowercase)
}

/// `word` reduced to what counts in it.
pub(crate) fn folded(word: &str) -> String {
    letters(word).collect()
}

/// Whether `word` reduces to `folded`; allocates nothing.
pub(crate) fn is_same(folded: &str, word: &str) -> bool {
    letters(word).eq(folded.chars())
}

/// The candidate that `word` is one or two slips of the finger away from, the first of the nearest.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const CHARS_MAX: usize = 32;
    let word = folded(word);
    let length = word.chars().count();
    if !(3..=CHARS_MAX).contains(&length) {
        return None;
    }
    let slips_max = if length < 5 { 1 } else { 2 };
    candidates
        .map(|candidate| (distance(&word, &folded(candidate)), candidate))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// Letters added, left out, changed or swapped with their neighbour to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1; to.len() + 1];
        for (j, b) in to.iter().enumerate() {
            row[j + 1] = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_case() {
        let words = StatusWords::default();
        for (word, status) in [
            ("Passed", Status::Passed),
            ("OK", Status::Passed),
            ("ERRORED", Status::Failed),
            ("Not Run", Status::Skipped),
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
    fn own_words_win() {
        let words = StatusWords::default()
            .with("X-Fail", Status::Skipped)
            .with("error", Status::Skipped);
        assert_eq!(words.status("xfail"), Some(Status::Skipped));
        assert_eq!(words.status("Error"), Some(Status::Skipped));
    }

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        let words = StatusWords::default();
        for (word, meant) in [
            ("passd", "passed"),
            ("Faield", "failed"),
            ("SKIPED", "skipped"),
        ] {
            assert_eq!(words.suggestion(word), Some(meant));
        }
        for word in ["1", "no", "amber", ""] {
            assert_eq!(words.suggestion(word), None, "{word}");
        }
    }
}
