//! Text that is valid in XML and not too long.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// What stands for bytes that are invalid in the encoding of an input.
pub(crate) const REPLACEMENT: &str = "\u{FFFD}";

/// Hexadecimal digits of the digest that [`shorten`] appends after `~`.
const DIGEST_DIGITS: usize = 12;

/// Whether XML 1.0 allows `character` at all, literally or as a character reference.
pub(crate) const fn is_xml_char(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

/// The offset of the first character at or after `from` that XML 1.0 forbids.
pub(crate) fn find_forbidden(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += position(bytes.get(at..)?, |byte| (byte < 0x20) | (byte == 0xEF))?;
        if substitute_at(bytes, at).is_some() {
            return Some(at);
        }
        at += 1;
    }
}

/// `text` without whitespace around it, as by [`str::trim`]; most texts are seen at once to have none.
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// `text` without whitespace at its end, as by [`str::trim_end`].
pub(crate) fn trimmed_end(text: &str) -> &str {
    match text.as_bytes() {
        [.., b'!'..=b'~'] => text,
        _ => text.trim_end(),
    }
}

/// The place of the first byte for which `is_wanted`. That should be made of comparisons joined by `|`, which has no
/// branches: blocks in which no byte is wanted are then skipped as fast as memory allows.
pub(crate) fn position(bytes: &[u8], is_wanted: impl Fn(u8) -> bool) -> Option<usize> {
    const BLOCK: usize = 16;
    const SHORT: usize = 8;
    let first_of = |start: usize| {
        let at = bytes[start..].iter().position(|byte| is_wanted(*byte));
        at.map(|at| start + at)
    };
    if let Some(last) = bytes.len().checked_sub(BLOCK) {
        let mut start = 0;
        loop {
            let block = bytes[start..].first_chunk::<BLOCK>()?;
            if has_any(block, &is_wanted) {
                return first_of(start);
            }
            if start == last {
                return None;
            }
            // The last block overlaps with what was skipped.
            start = last.min(start + BLOCK);
        }
    }
    let (first, last) = (bytes.first_chunk::<SHORT>(), bytes.last_chunk::<SHORT>());
    let has_none = match first.zip(last) {
        Some((first, last)) => !has_any(first, &is_wanted) && !has_any(last, &is_wanted),
        None => bytes.is_empty(),
    };
    if has_none { None } else { first_of(0) }
}

#[inline]
fn has_any<const N: usize>(block: &[u8; N], is_wanted: impl Fn(u8) -> bool) -> bool {
    let wanted = |any, byte: &u8| any | u8::from(is_wanted(*byte));
    block.iter().fold(0, wanted) != 0
}

/// What is written for the character at `at` if XML 1.0 forbids it, and how many bytes it has. Different characters become different
/// texts, so that two names do not become one.
pub(crate) fn substitute_at(bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
    match bytes[at] {
        b'\t' | b'\n' | b'\r' => None,
        control @ 0..0x20 => {
            let at = usize::from(control) * SYMBOL_BYTES;
            Some((&SYMBOLS[at..at + SYMBOL_BYTES], 1))
        }
        0xEF => match bytes.get(at + 1..at + 3) {
            Some([0xBF, 0xBE]) => Some((r"\uFFFE", 3)),
            Some([0xBF, 0xBF]) => Some((r"\uFFFF", 3)),
            _ => None,
        },
        _ => None,
    }
}

/// The symbols of the control characters from U+0000 on.
const SYMBOLS: &str = "␀␁␂␃␄␅␆␇␈␉␊␋␌␍␎␏␐␑␒␓␔␕␖␗␘␙␚␛␜␝␞␟";
const SYMBOL_BYTES: usize = SYMBOLS.len() / 0x20;

/// Replaces every character that XML 1.0 forbids: control characters by their symbols, such as `␁` for U+0001, and U+FFFE and U+FFFF
/// by `\uFFFE` and `\uFFFF`. So names that differ still do. Valid text is returned unchanged.
///
/// ```
/// use octane_results::sanitize;
///
/// assert_eq!(sanitize("a\u{1b}[31mb"), "a␛[31mb");
/// ```
pub fn sanitize(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut rest = text;
    while let Some(at) = find_forbidden(rest, 0)
        && let Some((substitute, width)) = substitute_at(rest.as_bytes(), at)
    {
        clean.push_str(&rest[..at]);
        clean.push_str(substitute);
        rest = &rest[at + width..];
    }
    if clean.is_empty() {
        return Cow::Borrowed(text);
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// The length of `text` as the server counts it.
///
/// XML Schema counts characters; the usual validator of a Java server counts UTF-16 code units, of which a
/// character beyond U+FFFF has two. A text that is short enough in code units is also short enough in
/// characters.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().map(char::len_utf16).sum()
    }
}

/// Shortens `text` to at most `chars_max` characters, so that different texts stay different.
///
/// A text that is too long is truncated and ends in `~` and the first twelve hexadecimal digits of the
/// SHA-256 of the whole text. Two long texts with the same beginning therefore stay different, and the same
/// text always gives the same result. Characters beyond U+FFFF count as two, as in Java.
///
/// ```
/// use octane_results::shorten;
///
/// assert_eq!(shorten("adds_tax", 20), "adds_tax");
/// assert_eq!(shorten("adds_tax_to_every_item", 20), "adds_ta~c3e632150eb2");
/// ```
pub fn shorten(text: &str, chars_max: usize) -> Cow<'_, str> {
    // A text never has more code units than bytes.
    if text.len() <= chars_max || length(text) <= chars_max {
        return Cow::Borrowed(text);
    }
    let mut marker = String::with_capacity(1 + DIGEST_DIGITS);
    marker.push('~');
    for byte in &Sha256::digest(text.as_bytes())[..DIGEST_DIGITS / 2] {
        _ = write!(marker, "{byte:02x}");
    }
    marker.truncate(chars_max);

    let mut room = chars_max - marker.len();
    let end = text
        .char_indices()
        .find(|(_, character)| {
            let fits = character.len_utf16() <= room;
            room = room.saturating_sub(character.len_utf16());
            !fits
        })
        .map_or(text.len(), |(end, _)| end);
    Cow::Owned(format!("{}{marker}", &text[..end]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn valid_text_is_not_copied() {
        assert!(matches!(sanitize("a\tb\r\nç…😀\u{FFFD}"), Cow::Borrowed(_)));
        assert!(matches!(shorten("ççç", 3), Cow::Borrowed(_)));
    }

    #[test]
    fn characters_forbidden_in_xml_are_replaced() {
        assert_eq!(
            sanitize("\0a\u{FFFF}\u{FFFE}\u{B}\u{7F}\u{1F}"),
            "␀a\\uFFFF\\uFFFE␋\u{7F}␟"
        );
    }

    #[test]
    fn names_that_differ_in_forbidden_characters_still_do() {
        let forbidden = ('\0'..' ').chain(['\u{FFFE}', '\u{FFFF}', '\u{FFFD}']);
        let names: Vec<String> = forbidden.map(|character| format!("a{character}")).collect();
        let mut clean: Vec<Cow<'_, str>> = names.iter().map(|name| sanitize(name)).collect();
        clean.sort_unstable();
        clean.dedup();
        assert_eq!(clean.len(), names.len());
    }

    #[test]
    fn two_long_texts_with_the_same_beginning_stay_different() {
        let (one, other) = ("x".repeat(255) + "1", "x".repeat(255) + "2");
        assert_ne!(shorten(&one, 255), shorten(&other, 255));
        assert_eq!(shorten(&one, 255), shorten(&one, 255));
    }

    #[test]
    fn a_character_of_two_code_units_is_not_split() {
        let cut = shorten("😀😀😀😀😀😀😀😀", 14);
        assert_eq!(
            cut.chars().next(),
            Some('~'),
            "one code unit is left: {cut}"
        );
        assert!(shorten("😀😀😀😀😀😀😀😀", 15).starts_with("😀~"));
    }

    proptest! {
        #[test]
        fn the_first_wanted_byte_is_found(bytes in "[ab]{0,40}c?[abc]{0,40}") {
            let found = position(bytes.as_bytes(), |byte| byte == b'c');
            prop_assert_eq!(found, bytes.find('c'));
        }

        #[test]
        fn texts_are_trimmed_as_by_the_standard_library(text in "[ \\ta\u{A0}é]{0,6}") {
            prop_assert_eq!(trimmed(&text), text.trim());
            prop_assert_eq!(trimmed_end(&text), text.trim_end());
        }

        #[test]
        fn a_shortened_text_is_within_its_limit(text in any::<String>(), chars_max in 0_usize..40) {
            prop_assert!(length(&shorten(&text, chars_max)) <= chars_max);
        }

        #[test]
        fn a_sanitized_text_has_no_forbidden_character(text in any::<String>()) {
            let clean = sanitize(&text);
            prop_assert_eq!(find_forbidden(&clean, 0), None);
            prop_assert!(clean.chars().count() >= text.chars().count());
        }
    }
}
