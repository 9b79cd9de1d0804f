//! Terminal colours and other escape sequences in texts.

use std::borrow::Cow;

use crate::text::position;

/// Spellings of the escape character. Where it is a real one, or a picture or a spelling that has no other use,
/// every sequence after it is removed; where it was lost or replaced, only colours are.
const SPELLINGS: [&str; 16] = [
    "\u{1B}", "\u{241B}", "\\u001b", "\\u001B", "\\x1b", "\\x1B", "\\033", "\\e", "&#27;",
    "&#x1b;", "&#x1B;", "#x1B", "#x1b", "^[", "\u{FFFD}", "?",
];

/// Removes escape sequences of terminals, such as colours. A text without any is returned unchanged.
///
/// The escape character may be a real one, a spelling of it (`\u001b`, `&#27;`, `^[`), or replaced (U+FFFD, `?`). Where
/// it was lost altogether, as in `[31mred[39m`, colours are removed if one of them ends a colour.
///
/// ```
/// use octane_results::without_colors;
///
/// assert_eq!(without_colors("\u{1b}[31mexpected\u{1b}[0m 1"), "expected 1");
/// assert_eq!(without_colors("[31mexpected[39m [5m]"), "expected [5m]");
/// ```
pub fn without_colors(text: &str) -> Cow<'_, str> {
    // U+009B and U+009D start with 0xC2.
    let may_begin = |byte| (byte == b'[') | (byte == 0x1B) | (byte == 0xC2);
    if position(text.as_bytes(), may_begin).is_none() {
        return Cow::Borrowed(text);
    }
    let may_be_bare = has_bare_reset(text);
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    let mut kept_to = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        // A quick look at what may begin a sequence.
        if !matches!(
            bytes[at],
            0x1B | b'[' | b'\\' | b'&' | b'#' | b'^' | b'?' | 0xC2 | 0xE2 | 0xEF
        ) {
            at += 1;
            continue;
        }
        match sequence(&text[at..], may_be_bare) {
            Some(length) => {
                kept.push_str(&text[kept_to..at]);
                at += length;
                kept_to = at;
            }
            None => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    if kept_to == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[kept_to..]);
    Cow::Owned(kept)
}

/// The length of the escape sequence at the beginning of `text`.
fn sequence(text: &str, may_be_bare: bool) -> Option<usize> {
    if let Some(rest) = text.strip_prefix('\u{1B}') {
        return Some(1 + after_escape(rest));
    }
    if let Some(rest) = text.strip_prefix('\u{9B}') {
        return control_sequence(rest).map(|length| '\u{9B}'.len_utf8() + length);
    }
    // `[5m]` is text in brackets.
    let bare = color(text).filter(|length| may_be_bare && !text[*length..].starts_with(']'));
    if let Some(length) = bare {
        return Some(length);
    }
    let spelling = SPELLINGS
        .iter()
        .find(|spelling| text.starts_with(**spelling))?;
    color(&text[spelling.len()..]).map(|length| spelling.len() + length)
}

/// The length of what belongs to a real escape character.
fn after_escape(rest: &str) -> usize {
    match rest.as_bytes() {
        [b'[', ..] => control_sequence(&rest[1..]).map_or(0, |length| 1 + length),
        [b']' | b'P' | b'^' | b'_' | b'X', ..] => string_sequence(rest).unwrap_or(0),
        // Intermediate characters and a final one, such as the choice of a character set.
        [b' '..=b'/', b'0'..=b'~', ..] => 2,
        [b'0'..=b'~', ..] => 1,
        _ => 0,
    }
}

/// The length of the parameters and the final character of a control sequence.
fn control_sequence(rest: &str) -> Option<usize> {
    let end = rest.bytes().position(|byte| !matches!(byte, b' '..=b'?'))?;
    matches!(rest.as_bytes()[end], b'@'..=b'~').then_some(end + 1)
}

/// The length of a string, such as a link, up to its end, which is in the same line.
fn string_sequence(rest: &str) -> Option<usize> {
    let end = rest.find(['\u{7}', '\u{1B}', '\u{9C}', '\n'])?;
    match &rest[end..] {
        tail if tail.starts_with('\u{7}') => Some(end + 1),
        tail if tail.starts_with("\u{1B}\\") => Some(end + 2),
        tail if tail.starts_with('\u{9C}') => Some(end + '\u{9C}'.len_utf8()),
        _ => None,
    }
}

/// The length of a colour, such as `[31m` or `[1;38;5;9m`, at the beginning of `text`.
fn color(text: &str) -> Option<usize> {
    let body = text.strip_prefix('[')?;
    let end = body.find('m').filter(|end| *end <= 32)?;
    let is_code = |code: &str| {
        code.is_empty() || code.len() <= 3 && code.bytes().all(|byte| byte.is_ascii_digit())
    };
    body[..end]
        .split([';', ':'])
        .all(is_code)
        .then_some(end + 2)
}

/// Whether a colour without an escape character occurs that ends another one: `[0m`, `[39m`. Without it, `[5m` may be
/// five minutes.
fn has_bare_reset(text: &str) -> bool {
    let mut resets = text.match_indices('[');
    let is_bare = |at: usize| {
        let before = &text[..at];
        !before.ends_with('\u{9B}') && !SPELLINGS.iter().any(|spelling| before.ends_with(*spelling))
    };
    resets.any(|(at, _)| {
        color(&text[at..])
            .filter(|_| is_bare(at))
            .is_some_and(|length| {
                let codes = &text[at + 1..at + length - 1];
                matches!(
                    codes,
                    "" | "0" | "00" | "22" | "23" | "24" | "27" | "39" | "49" | "0;0" | "39;49"
                )
            })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_are_removed_however_the_escape_character_is_written() {
        for escape in SPELLINGS.iter().chain(&[""]) {
            let text =
                format!("{escape}[31mexpected{escape}[39m 1 {escape}[1;38;5;9mgot{escape}[0m 2");
            assert_eq!(without_colors(&text), "expected 1 got 2", "{escape:?}");
        }
        assert_eq!(without_colors("\u{9B}31mred\u{9B}0m"), "red");
    }

    #[test]
    fn other_sequences_of_a_real_escape_character_are_removed_too() {
        for (text, expected) in [
            ("a\u{1B}[2K\u{1B}[1Gb", "ab"),
            (
                "\u{1B}]8;;https://ci.example.com\u{1B}\\link\u{1B}]8;;\u{7}",
                "link",
            ),
            ("a\u{1B}(Bb\u{1B}=c", "abc"),
            ("a\u{1B}", "a"),
            ("a\u{1B}]8;; no end\nb", "a]8;; no end\nb"),
            ("a\u{1B}[31", "a[31"),
        ] {
            assert_eq!(without_colors(text), expected, "{text:?}");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in [
            "waited [5m 3s]",
            "list[0], map[1m]",
            "C:\\e[1]",
            "what?[x]",
            "a ^[b]",
            "[31mno end of a colour",
            "caf\u{e9} [",
            "",
        ] {
            assert!(matches!(without_colors(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_has_no_escape_character(text in "(\u{1B}|\u{9B}|\\[|[0-9;m\\]?a]|\u{FFFD}|é){0,40}") {
            let clean = without_colors(&text);
            prop_assert_eq!(clean.find(char::is_control), clean.find('\u{9B}'));
        }
    }
}
