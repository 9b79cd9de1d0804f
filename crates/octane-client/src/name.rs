//! Names as people and CI systems give them: trimmed, read as IDs, and within Octane's limits.

use std::borrow::Cow;

use octane_results::{sanitize, shorten};

/// The longest name that Octane accepts, in characters (`string` fields; ALM Octane help, "Data types").
pub(crate) const NAME_CHARS_MAX: usize = 255;

/// Whether a character is invisible: white space, or of no width.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Whether a character stands between words.
pub(crate) fn is_separator(c: char) -> bool {
    is_blank(c) || matches!(c, '-' | '_')
}

/// A name without white space around it, of any kind: also without no-break spaces, which come with copied text.
pub fn trim_name(name: &str) -> &str {
    name.trim_matches(is_blank)
}

/// The ID that a text can be: digits, without a sign or leading zeros.
pub(crate) fn as_id(text: &str) -> Option<i64> {
    let id: i64 = text.parse().ok()?;
    (id.to_string() == text && id >= 0).then_some(id)
}

/// The name that a suite run gets: the same for the payload and for every look-up.
///
/// | what is given | what becomes of it |
/// | --- | --- |
/// | white space around it | is removed |
/// | control characters, line breaks and tabs | each sequence becomes one space |
/// | other characters that XML does not allow | are replaced, as by [`sanitize`] |
/// | more than 255 characters | the start and a digest of the whole; see [`shorten`] |
///
/// ```
/// use octane_client::suite_run_name;
///
/// assert_eq!(suite_run_name(" nightly #4711 "), "nightly #4711");
/// assert_eq!(suite_run_name("nightly\r\n#4711"), "nightly #4711");
/// assert_eq!(suite_run_name(&"x".repeat(300)).chars().count(), 255);
/// ```
pub fn suite_run_name(given: &str) -> Cow<'_, str> {
    match one_line(given) {
        Cow::Borrowed(name) => shorten(name, NAME_CHARS_MAX),
        Cow::Owned(name) => Cow::Owned(shorten(&name, NAME_CHARS_MAX).into_owned()),
    }
}

/// The name in one line, whatever its length.
fn one_line(given: &str) -> Cow<'_, str> {
    let given = trim_name(given);
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !given.contains(is_break) {
        return sanitize(given);
    }
    let parts = given.split(is_break).map(trim_name);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    Cow::Owned(sanitize(&parts.join(" ")).into_owned())
}

/// Whether Octane holds more or less than was given, apart from white space around it.
pub(crate) fn is_repaired(given: &str) -> bool {
    suite_run_name(given) != trim_name(given)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_trimmed_of_every_kind_of_blank() {
        for text in [
            "Nightly",
            " Nightly\t",
            "\u{A0}Nightly\u{202F}",
            "\u{FEFF}Nightly\u{200B}\r\n",
        ] {
            assert_eq!(trim_name(text), "Nightly", "{text:?}");
        }
        for text in ["", " ", "\u{A0}", "\u{200B}\u{FEFF}\n"] {
            assert_eq!(trim_name(text), "", "{text:?}");
        }
    }

    #[test]
    fn an_id_is_a_number_as_octane_writes_it() {
        assert_eq!((as_id("4711"), as_id("0")), (Some(4711), Some(0)));
        for text in [
            "",
            "-4",
            "+4",
            "04",
            "4.0",
            "4711 ",
            "99999999999999999999",
            "٤",
        ] {
            assert_eq!(as_id(text), None, "{text}");
        }
    }

    #[test]
    fn a_suite_run_has_one_line_of_at_most_255_characters() {
        for (given, name) in [
            ("nightly #4711", "nightly #4711"),
            ("\u{A0}nightly #4711\n", "nightly #4711"),
            ("two\nlines", "two lines"),
            ("two\r\n\tlines", "two lines"),
            ("two  spaces", "two  spaces"),
            ("\u{1B}[31mred", "[31mred"),
            ("a\u{85}b\u{2028}c\u{7F}d", "a b c d"),
            ("a\u{FFFE}b", "a\\uFFFEb"),
            ("\n", ""),
        ] {
            assert_eq!(suite_run_name(given), name, "{given:?}");
        }
        let (one, other) = ("x".repeat(255) + "1", "x".repeat(255) + "2");
        assert_eq!(suite_run_name(&one).len(), 255);
        assert_ne!(suite_run_name(&one), suite_run_name(&other));
    }

    #[test]
    fn trimming_is_no_repair() {
        assert!(!is_repaired(" nightly "));
        assert!(is_repaired("two\nlines") && is_repaired(&"x".repeat(256)));
    }

    proptest! {
        #[test]
        fn repairing_a_suite_run_name_twice_changes_nothing(given in any::<String>()) {
            let once = suite_run_name(&given);
            prop_assert_eq!(suite_run_name(&once), once.clone());
        }
    }
}
