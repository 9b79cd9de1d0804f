//! Writes text and numbers as XML bytes.

use crate::text::{position, substitute_at};

/// The bytes that may need escaping in an attribute in double quotes.
const DOUBLE_QUOTED: [bool; 256] = watched(b"\"<>&\t\n\r");
/// The bytes that may need escaping in an attribute in single quotes.
const SINGLE_QUOTED: [bool; 256] = watched(b"'<>&\t\n\r");
/// The bytes that may need escaping in element text, where a parser keeps line feeds but not carriage returns.
const TEXT: [bool; 256] = watched(b"<>&\r");

/// The bytes in `special`, those that XML forbids, and 0xEF, the first byte of U+FFFE and U+FFFF.
const fn watched(special: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = !matches!(control, 0x09 | 0x0A | 0x0D);
        control += 1;
    }
    table[0xEF] = true;
    let mut at = 0;
    while at < special.len() {
        table[special[at] as usize] = true;
        at += 1;
    }
    table
}

/// Writes `value` for an attribute in double quotes.
pub(crate) fn double_quoted(value: &str, out: &mut Vec<u8>) {
    escape(value, &DOUBLE_QUOTED, out);
}

/// Writes `value` for an attribute in single quotes.
pub(super) fn single_quoted(value: &str, out: &mut Vec<u8>) {
    escape(value, &SINGLE_QUOTED, out);
}

/// Writes `value` as the text of an element.
pub(crate) fn text(value: &str, out: &mut Vec<u8>) {
    escape(value, &TEXT, out);
}

/// Whether a byte is in one of the tables, or could be.
fn may_need_escaping(byte: u8) -> bool {
    (byte < 0x20)
        | (byte == 0xEF)
        | (byte == b'<')
        | (byte == b'>')
        | (byte == b'&')
        | (byte == b'"')
        | (byte == b'\'')
}

fn escape(value: &str, watched: &[bool; 256], out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    let mut written = 0;
    let mut at = 0;
    while let Some(offset) = position(&bytes[at..], may_need_escaping) {
        at += offset;
        if !watched[usize::from(bytes[at])] {
            at += 1;
            continue;
        }
        let (replacement, width) = match bytes[at] {
            b'<' => ("&lt;", 1),
            b'>' => ("&gt;", 1),
            b'&' => ("&amp;", 1),
            b'"' => ("&quot;", 1),
            b'\'' => ("&apos;", 1),
            b'\t' => ("&#9;", 1),
            b'\n' => ("&#10;", 1),
            b'\r' => ("&#13;", 1),
            _ => match substitute_at(bytes, at) {
                Some(substitute) => substitute,
                // Of the characters that start with 0xEF, only two are forbidden.
                None => {
                    at += 3;
                    continue;
                }
            },
        };
        out.extend_from_slice(&bytes[written..at]);
        out.extend_from_slice(replacement.as_bytes());
        at += width;
        written = at;
    }
    out.extend_from_slice(&bytes[written..]);
}

/// Writes an integer.
pub(super) fn number(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_context_escapes_its_special_characters() {
        let value = "<a b=\"c\" d='e'>\t\n\r&";
        let shown =
            [double_quoted, single_quoted, text].map(|write| written(|out| write(value, out)));
        assert_eq!(
            shown,
            [
                "&lt;a b=&quot;c&quot; d='e'&gt;&#9;&#10;&#13;&amp;",
                "&lt;a b=\"c\" d=&apos;e&apos;&gt;&#9;&#10;&#13;&amp;",
                "&lt;a b=\"c\" d='e'&gt;\t\n&#13;&amp;",
            ]
        );
    }

    #[test]
    fn forbidden_characters_are_never_written() {
        let value = "a\0ｂ\u{FFFF}\u{FFFD}\u{1b}";
        assert_eq!(written(|out| text(value, out)), "a␀ｂ\\uFFFF\u{FFFD}␛");
    }

    proptest! {
        #[test]
        fn numbers_are_written_in_decimal(value in any::<i64>()) {
            prop_assert_eq!(written(|out| number(value, out)), value.to_string());
        }
    }
}
