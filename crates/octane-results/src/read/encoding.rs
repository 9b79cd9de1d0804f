//! The encoding of an input.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use thiserror::Error;

/// The maximum size of an XML declaration, which is at the very beginning.
const DECLARATION_BYTES_MAX: usize = 1024;

/// A text encoding, given by one of its usual names such as `windows-1252`, `latin1` or `utf-8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// A name that is not that of an encoding.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown encoding `{label}`; for example `utf-8`, `windows-1252` or `shift_jis`")]
pub struct UnknownTextEncoding {
    /// The name.
    pub label: String,
}

impl FromStr for TextEncoding {
    type Err = UnknownTextEncoding;

    fn from_str(label: &str) -> Result<Self, UnknownTextEncoding> {
        let encoding = for_label(label.as_bytes());
        encoding.map(Self).ok_or_else(|| UnknownTextEncoding {
            label: label.to_owned(),
        })
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name())
    }
}

/// The encoding: by byte order mark, as given by the caller, by the pattern of the first bytes, or by the XML declaration.
pub(crate) fn encoding(
    head: &[u8],
    given: Option<TextEncoding>,
) -> Result<&'static Encoding, UnknownTextEncoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok(encoding);
    }
    if let Some(TextEncoding(encoding)) = given {
        return Ok(encoding);
    }
    if let Some(encoding) = unmarked_utf_16(head) {
        return Ok(encoding);
    }
    let head = &head[..head.len().min(DECLARATION_BYTES_MAX)];
    let Some(label) = declared_encoding(head) else {
        return Ok(UTF_8);
    };
    match for_label(label) {
        // A declaration in single bytes is not UTF-16, whatever it declares.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err(UnknownTextEncoding {
            label: String::from_utf8_lossy(label).into_owned(),
        }),
    }
}

/// The first bytes of an input as UTF-8, without a byte order mark, if they are UTF-16 or in the encoding given; others as they are.
pub(crate) fn in_utf_8(head: &[u8], given: Option<TextEncoding>) -> Cow<'_, [u8]> {
    match encoding(head, given) {
        Ok(found) if given.is_some() || found == UTF_16LE || found == UTF_16BE => {
            let (text, _) = found.decode_with_bom_removal(head);
            Cow::Owned(text.into_owned().into_bytes())
        }
        _ => Cow::Borrowed(head),
    }
}

/// The encoding of this name, also as Java (`ISO8859_1`) and Python (`latin-1`) spell it.
fn for_label(label: &[u8]) -> Option<&'static Encoding> {
    let without = |separators: &[u8], other: Option<u8>| -> Vec<u8> {
        (label.iter())
            .filter_map(|byte| {
                if separators.contains(byte) {
                    other
                } else {
                    Some(*byte)
                }
            })
            .collect()
    };
    Encoding::for_label(label)
        .or_else(|| Encoding::for_label(&without(b"_", Some(b'-'))))
        .or_else(|| Encoding::for_label(&without(b"_-", None)))
}

/// Whether the text is UTF-16, with or without a byte order mark.
pub(crate) fn is_utf_16(head: &[u8], given: Option<TextEncoding>) -> bool {
    encoding(head, given).is_ok_and(|found| found == UTF_16LE || found == UTF_16BE)
}

/// UTF-16 without a byte order mark, of which every other byte is zero as long as its characters are ASCII. Two of them
/// suffice: no text in another encoding begins so.
fn unmarked_utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let is_ascii = |byte: u8| matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..0x7F);
    match head {
        [one, 0, other, 0, ..] if is_ascii(*one) && is_ascii(*other) => Some(UTF_16LE),
        [0, one, 0, other, ..] if is_ascii(*one) && is_ascii(*other) => Some(UTF_16BE),
        _ => None,
    }
}

/// The value of `encoding` in an XML declaration.
fn declared_encoding(head: &[u8]) -> Option<&[u8]> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|pair| pair == b"?>")?;
    let declaration = &declaration[..end];
    let word = b"encoding";
    let at = declaration
        .windows(word.len())
        .position(|part| part == word)?;
    let value = declaration[at + word.len()..].trim_ascii_start();
    let value = value.strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    let end = value.iter().position(|byte| byte == quote)?;
    Some(&value[..end]).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_encoding_wins_over_a_declared_one_but_not_over_a_byte_order_mark() {
        let given: TextEncoding = "Windows-1252".parse().unwrap();
        let declared = b"<?xml version='1.0' encoding='ISO-8859-2'?>";
        let name = |head: &[u8], given| encoding(head, given).unwrap().name();
        assert_eq!(name(declared, None), "ISO-8859-2");
        assert_eq!(name(declared, Some(given)), "windows-1252");
        assert_eq!(name(b"\xFF\xFEx\0", Some(given)), "UTF-16LE");
        assert_eq!(
            name(b"<?xml version='1.0' encoding='ISO8859_2'?>", None),
            "ISO-8859-2"
        );
        assert_eq!(name(b"<?xml encoding=\"latin-1\"?>", None), "windows-1252");
        assert_eq!(name(b"<?xml encoding=\"\"?>", None), "UTF-8");
        assert_eq!(name(b"name", None), "UTF-8");
        assert_eq!(name(b"n\0a\0m\0", None), "UTF-16LE");
        assert_eq!(name(b"\0[\0{", None), "UTF-16BE");
        assert_eq!(name(b"\0\0\0n", None), "UTF-8");
    }

    #[test]
    fn an_unknown_encoding_is_named() {
        let error = encoding(b"<?xml encoding='klingon'?>", None).unwrap_err();
        assert_eq!(error.label, "klingon");
        assert!("klingon".parse::<TextEncoding>().is_err());
    }
}
