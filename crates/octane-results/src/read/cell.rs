//! The cells of a table, whatever it is: a CSV file, a JSON table, a data frame.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use crate::text::REPLACEMENT;

/// A value in a row of a [`TypedTable`](crate::TypedTable).
///
/// What a cell means depends on the field of its column:
///
/// | cell | texts | status | duration | started | jira, tags |
/// | --- | --- | --- | --- | --- | --- |
/// | `Absent`, NaN, an empty text, words such as `None` or `N/A` | absent; a name is never absent, and may be such a word | invalid | absent | absent | absent |
/// | `Text` | as it is | a word of [`StatusAliases`](crate::StatusAliases) | as in [`ResultField`](crate::ResultField) | as in [`timestamp()`](crate::timestamp()) | separated keys, tags |
/// | `Whole`, `Real`, `Decimal` | its digits | as its text | needs a unit | since 1970, by its magnitude | as its text |
/// | `Flag` | `true`, `false` | as its text, which is no word unless it was added | invalid | invalid | invalid |
/// | `Span` | invalid | invalid | the duration, not negative | invalid | invalid |
/// | `Instant` | invalid | invalid | invalid | the time | invalid |
/// | `Naive` | invalid | invalid | invalid | the time in [`ReadOptions::time_zone`](crate::ReadOptions::time_zone) | invalid |
/// | `Words` | lines of error message, error details and description; else invalid | invalid | invalid | invalid | keys, tags |
/// | `Other` | invalid | invalid | invalid | invalid | invalid |
///
/// A number needs a unit in a column that is called `duration` and nothing else. It has one if the column has it in its name,
/// such as `duration_s` or `Dauer (ms)`, or if it was assigned by [`Columns::with`](crate::Columns::with) to
/// [`ResultField::Duration`](crate::ResultField::Duration) (milliseconds) or
/// [`ResultField::DurationSeconds`](crate::ResultField::DurationSeconds).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cell<'c> {
    /// Nothing: null, `None`, `NaT`, `NA`.
    Absent,
    /// A text.
    Text(Cow<'c, str>),
    /// A text in which something was replaced by U+FFFD, because it was invalid in its encoding. Texts for people to read may
    /// be such, with a warning; in a name or a key it is an error, since different tests could become the same one.
    Lossy(Box<LossyText>),
    /// A whole number; one with more than 64 bits is a [`Cell::Decimal`].
    Whole(i64),
    /// A binary floating-point number. NaN is absent; `12.0` has the text `12`.
    Real(f64),
    /// The digits of any other number, for example `-12.50`.
    Decimal(Cow<'c, str>),
    /// Yes or no.
    Flag(bool),
    /// A length of time, or a time of day without a date.
    Span(SignedDuration),
    /// A moment.
    Instant(Timestamp),
    /// A date and time without a time zone; a date alone is its midnight.
    Naive(DateTime),
    /// Several texts, without those that are absent.
    Words(Vec<Cow<'c, str>>),
    /// Anything else, which is an error in each column.
    Other(Box<OtherValue>),
}

/// A text in which invalid bytes were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossyText {
    /// The text, with U+FFFD for what was invalid.
    pub text: String,
    /// How many bytes were invalid.
    pub invalid_bytes: u64,
}

/// A value of a type that no column accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherValue {
    /// The name of the type, for example `struct` or `Period`.
    pub type_name: String,
    /// The value as a text; may be empty.
    pub value: String,
}

impl<'c> Cell<'c> {
    /// A [`Cell::Text`].
    pub fn text(text: impl Into<Cow<'c, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A [`Cell::Other`]: the name of a type, and the value as a text.
    pub fn other(type_name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Other(Box::new(OtherValue {
            type_name: type_name.into(),
            value: value.into(),
        }))
    }

    /// The text in `bytes`, with U+FFFD in place of what is not UTF-8. With `may_have_replacements`, those that are in
    /// there stand for invalid bytes too.
    pub(crate) fn from_bytes(bytes: &'c [u8], may_have_replacements: bool) -> Self {
        // Valid text is found far faster than by `from_utf8_lossy`.
        let (text, invalid) = match std::str::from_utf8(bytes) {
            Ok(text) => {
                if !may_have_replacements {
                    return Self::Text(Cow::Borrowed(text));
                }
                match text.matches(REPLACEMENT).count() {
                    0 => return Self::Text(Cow::Borrowed(text)),
                    replaced => (text.to_owned(), replaced),
                }
            }
            Err(_) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let chunks = bytes.utf8_chunks();
                (text, chunks.map(|chunk| chunk.invalid().len()).sum())
            }
        };
        Self::Lossy(Box::new(LossyText {
            text,
            invalid_bytes: invalid as u64,
        }))
    }
}

impl<'c> From<&'c str> for Cell<'c> {
    fn from(text: &'c str) -> Self {
        Self::text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_are_counted() {
        let lossy = |text: &str, invalid_bytes| {
            let text = text.to_owned();
            Cell::Lossy(Box::new(LossyText {
                text,
                invalid_bytes,
            }))
        };
        assert_eq!(Cell::from_bytes(b"a", false), Cell::from("a"));
        assert_eq!(
            Cell::from_bytes(b"a\xE4\xFF", false),
            lossy("a\u{FFFD}\u{FFFD}", 2)
        );
        let replaced = "a\u{FFFD}".as_bytes();
        assert_eq!(Cell::from_bytes(replaced, false), Cell::from("a\u{FFFD}"));
        assert_eq!(Cell::from_bytes(replaced, true), lossy("a\u{FFFD}", 1));
    }
}
