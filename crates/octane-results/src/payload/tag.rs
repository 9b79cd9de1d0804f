//! Names, attributes and references, strictly as in XML 1.0.

use std::borrow::Cow;

use super::value::{excerpt, is_whitespace};
use crate::text::{is_xml_char, position};

/// Why a text is not well-formed XML, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) offset: usize,
    pub(super) message: String,
}

impl Malformed {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            offset,
            message: message.into(),
        }
    }
}

/// An attribute as written, at `offset` in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawAttribute<'x> {
    pub(super) name: &'x str,
    pub(super) value: &'x str,
    pub(super) offset: usize,
}

/// The attributes of a tag.
pub(super) struct RawAttributes<'x> {
    rest: &'x str,
    offset: usize,
}

/// Splits `text`, the part of a tag after its name, into attributes.
pub(super) fn attributes(text: &str, offset: usize) -> RawAttributes<'_> {
    RawAttributes { rest: text, offset }
}

impl<'x> RawAttributes<'x> {
    fn skip_whitespace(&mut self) -> bool {
        let trimmed = self.rest.trim_start_matches(is_whitespace);
        let is_whitespace = trimmed.len() < self.rest.len();
        self.skip(self.rest.len() - trimmed.len());
        is_whitespace
    }

    fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
        self.offset += length;
    }

    fn read(&mut self) -> Result<Option<RawAttribute<'x>>, Malformed> {
        let has_whitespace = self.skip_whitespace();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let offset = self.offset;
        let malformed = |message| Err(Malformed::new(offset, message));
        let is_end = |byte: u8| (byte == b'=') | is_blank(byte);
        let end = position(self.rest.as_bytes(), is_end).unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        if !is_name(name) {
            return malformed(format!("invalid attribute `{}`", excerpt(self.rest)));
        }
        if !has_whitespace {
            return malformed(format!("missing whitespace before attribute `{name}`"));
        }
        self.skip(end);
        self.skip_whitespace();
        if !self.rest.starts_with('=') {
            return malformed(format!("attribute `{name}` has no value"));
        }
        self.skip(1);
        self.skip_whitespace();
        let quote = match self.rest.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return malformed(format!("the value of attribute `{name}` is not in quotes")),
        };
        self.skip(1);
        let Some(end) = memchr::memchr(quote, self.rest.as_bytes()) else {
            return malformed(format!("unterminated value of attribute `{name}`"));
        };
        let value = &self.rest[..end];
        if value.contains('<') {
            return malformed(format!("unescaped `<` in the value of attribute `{name}`"));
        }
        self.skip(end + 1);
        Ok(Some(RawAttribute {
            name,
            value,
            offset,
        }))
    }
}

impl<'x> Iterator for RawAttributes<'x> {
    type Item = Result<RawAttribute<'x>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.rest = "";
        }
        read.transpose()
    }
}

impl<'x> RawAttribute<'x> {
    /// The value, normalised as XML requires: literal whitespace becomes spaces, references are resolved.
    pub(super) fn normalized(&self) -> Result<Cow<'x, str>, Malformed> {
        let is_other = |byte: u8| (byte == b'&') | ((byte != b' ') & is_blank(byte));
        let Some(first) = position(self.value.as_bytes(), is_other) else {
            return Ok(Cow::Borrowed(self.value));
        };
        let (clean, mut rest) = self.value.split_at(first);
        let mut value = String::with_capacity(self.value.len());
        value.push_str(clean);
        while let Some(character) = rest.chars().next() {
            let length = match character {
                '&' => {
                    let end = rest.find(';').unwrap_or(rest.len());
                    let resolved = resolve(&rest[1..end]).filter(|_| end < rest.len());
                    let Some(resolved) = resolved else {
                        let message = unresolved(&rest[..end]);
                        return Err(Malformed::new(self.offset, message));
                    };
                    value.push(resolved);
                    end + 1
                }
                '\t' | '\n' | '\r' => {
                    value.push(' ');
                    if rest.starts_with("\r\n") { 2 } else { 1 }
                }
                plain => {
                    value.push(plain);
                    plain.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        Ok(Cow::Owned(value))
    }
}

/// Whether `byte` is whitespace in XML.
const fn is_blank(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\t') | (byte == b'\n') | (byte == b'\r')
}

/// The message about an unknown reference.
pub(super) fn unresolved(reference: &str) -> String {
    format!("unknown reference `{}`", excerpt(reference))
}

/// The character of the reference `&name;`.
pub(super) fn resolve(name: &str) -> Option<char> {
    let (digits, radix) = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with('x') => (&hex[1..], 16),
            decimal => (decimal, 10),
        },
    };
    // The number parser would accept a sign, but XML does not.
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let number = u32::from_str_radix(digits, radix).ok()?;
    char::from_u32(number).filter(|character| is_xml_char(*character))
}

/// Whether `text` is a name in XML 1.0, fifth edition, which treats a colon as a letter.
pub(super) fn is_name(text: &str) -> bool {
    // As nearly all names are.
    let is_plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    if !text.is_empty() && text.bytes().all(is_plain) {
        return true;
    }
    let mut characters = text.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_part)
}

fn is_name_start(character: char) -> bool {
    matches!(
        character,
        'a'..='z' | 'A'..='Z' | '_' | ':'
            | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}'
            | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}'
    )
}

fn is_name_part(character: char) -> bool {
    is_name_start(character)
        || matches!(
            character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(tag: &str) -> Result<Vec<(String, String)>, String> {
        attributes(tag, 0)
            .map(|attribute| {
                let attribute = attribute?;
                Ok((
                    attribute.name.to_owned(),
                    attribute.normalized()?.into_owned(),
                ))
            })
            .collect::<Result<_, Malformed>>()
            .map_err(|malformed| malformed.message)
    }

    #[test]
    fn values_are_normalized_as_xml_requires() {
        assert_eq!(
            values(" a = 'x\r\ny\tz' \n b=\"&lt;&#10;&#x1F600;'\"").unwrap(),
            [
                ("a".to_owned(), "x y z".to_owned()),
                ("b".to_owned(), "<\n😀'".to_owned())
            ]
        );
    }

    #[test]
    fn malformed_tags_are_rejected() {
        for bad in [
            "a='1'",
            " a='1'b='2'",
            " a=1",
            " a",
            " a='1",
            " 1a='1'",
            " a='<'",
            " a='&x;'",
            " a='&amp'",
            " a='&#0;'",
            " a='&#+65;'",
            " a='&#;'",
            " a='&#X41;'",
            " a='&#xD800;'",
            " /",
        ] {
            assert!(values(bad).is_err(), "{bad}");
        }
    }
}
