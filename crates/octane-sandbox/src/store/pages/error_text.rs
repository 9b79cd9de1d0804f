//! What failures have in common, decided from their texts alone.

use std::iter::Peekable;
use std::str::Chars;

use octane_results::Volatile;

use super::written_dates::without_written_dates;

/// The maximum number of characters that are compared.
const CHARACTERS_MAX: usize = 500;

/// The text by which failures are grouped: type and message, or the first line of the details if there is no
/// message. What differs from run to run is replaced.
///
/// | in the text | becomes |
/// | --- | --- |
/// | a temporary path | `<path>` |
/// | `0x` and at least six hexadecimal digits | `<address>` |
/// | a digest or UUID | `<hash>` |
/// | a date or a time of day | `<time>` |
/// | other hexadecimal numbers with `0x`, and numbers with an exponent | `<number>` |
/// | digits, also with `.`, `,`, `:` or `_` between them, such as `12`, `1,234.50`, `127.0.0.1:8080`, `v2` | `<number>` |
/// | white space and line breaks | one space |
///
/// Empty if there is no text.
pub(crate) fn error_text(
    error_type: Option<&str>,
    message: Option<&str>,
    details: Option<&str>,
) -> String {
    fn filled(text: Option<&str>) -> Option<&str> {
        text.map(str::trim).filter(|text| !text.is_empty())
    }
    let first_line = |text: &'_ str| text.lines().next().unwrap_or_default().to_owned();
    let said = filled(message)
        .map(str::to_owned)
        .or_else(|| filled(details).map(first_line));
    let parts: Vec<String> = [filled(error_type).map(str::to_owned), said]
        .into_iter()
        .flatten()
        .collect();
    blanked(&parts.join(": "))
}

fn blanked(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut text: String = words.join(" ").chars().take(CHARACTERS_MAX).collect();
    for volatile in Volatile::ALL {
        if let std::borrow::Cow::Owned(replaced) = volatile.replace(&text) {
            text = replaced;
        }
    }
    without_numbers(&without_written_dates(&text))
}

fn without_numbers(text: &str) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii_digit() {
            blanked.push(character);
            continue;
        }
        blanked.push_str("<number>");
        if character == '0' && pass(&mut characters, "x", char::is_ascii_hexdigit) {
            continue;
        }
        loop {
            while characters.next_if(char::is_ascii_digit).is_some() {}
            // A separator belongs to the number only if a digit follows it.
            let mut ahead = characters.clone();
            let separates = |character: &char| matches!(character, '.' | ',' | ':' | '_');
            if ahead.next_if(separates).is_none() || !ahead.peek().is_some_and(char::is_ascii_digit)
            {
                break;
            }
            characters = ahead;
        }
        let _ = pass(&mut characters, "e-", char::is_ascii_digit)
            || pass(&mut characters, "e+", char::is_ascii_digit)
            || pass(&mut characters, "e", char::is_ascii_digit);
    }
    blanked
}

/// Passes a mark and the digits that follow it, if at least one does.
fn pass(characters: &mut Peekable<Chars<'_>>, mark: &str, is_digit: fn(&char) -> bool) -> bool {
    let mut ahead = characters.clone();
    let is_marked = mark.chars().all(|wanted| {
        ahead
            .next_if(|next| next.eq_ignore_ascii_case(&wanted))
            .is_some()
    });
    if !is_marked || ahead.next_if(is_digit).is_none() {
        return false;
    }
    while ahead.next_if(is_digit).is_some() {}
    *characters = ahead;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        for (text, expected) in [
            ("no file /tmp/pytest-17/a.txt here", "no file <path> here"),
            ("null at 0x7ffe12ab", "null at <address>"),
            ("order 3f2c8a10-1111-4222-8333-1234567890ab", "order <hash>"),
            ("late since 2025-11-28T05:00:00Z", "late since <time>"),
            (
                "expected 41.90 EUR but was 42",
                "expected <number> EUR but was <number>",
            ),
            ("1,234.50 of 127.0.0.1:8080.", "<number> of <number>."),
            ("after 30s, v2_1: 5", "after <number>s, v<number>: <number>"),
            ("two\n  lines\t and spaces ", "two lines and spaces"),
            ("0x26ac, 0X1F at 0x", "<number>, <number> at <number>x"),
            ("1e5 or 2.5e-7 or 3E+10", "<number> or <number> or <number>"),
            ("5 eggs, 7e, 8e-", "<number> eggs, <number>e, <number>e-"),
            ("since 28 Nov 2025", "since <time>"),
            ("nothing", "nothing"),
            ("", ""),
        ] {
            assert_eq!(blanked(text), expected, "{text}");
        }
    }

    #[test]
    fn type_and_message_count_and_otherwise_the_first_line_of_the_details() {
        for (error_type, message, details, expected) in [
            (
                Some("Timeout"),
                Some("no answer"),
                Some("at line 7"),
                "Timeout: no answer",
            ),
            (
                Some("Timeout"),
                None,
                Some("\n at line 7\nb"),
                "Timeout: at line <number>",
            ),
            (None, Some(" "), Some("boom\nat a"), "boom"),
            (Some("Timeout"), None, None, "Timeout"),
            (None, Some("no answer"), None, "no answer"),
            (None, None, Some(" \n"), ""),
            (None, None, None, ""),
        ] {
            assert_eq!(error_text(error_type, message, details), expected);
        }
    }

    #[test]
    fn long_texts_are_compared_by_their_beginning() {
        let long = "é".repeat(2 * CHARACTERS_MAX);
        let text = error_text(None, Some(&long), None);
        assert_eq!(text.chars().count(), CHARACTERS_MAX);
    }
}
