//! Finds the end of a tag and its attributes, in one pass over bytes that may not be all of it.

use std::ops::Range;

use memchr::{memchr, memchr3};

/// What starts at a `<`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Markup {
    /// The start of an element, `length` bytes long; its attributes have been collected.
    Start {
        name: Range<usize>,
        is_empty: bool,
        length: usize,
        /// Why the attributes after those that were collected are malformed.
        malformed: Option<String>,
    },
    /// The end of an element.
    End { name: Range<usize>, length: usize },
    /// A comment, a declaration or a processing instruction.
    Other,
    /// The tag is not complete, for this reason.
    Incomplete(Incomplete),
}

/// What is missing in a tag that is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incomplete {
    /// `>`
    End,
    /// The quote that ends a value.
    Quote(char),
}

/// An attribute, as offsets in its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// What a byte ends.
const TAG_NAME: u8 = 1;
const ATTRIBUTE_NAME: u8 = 2;

/// Which names each byte ends.
const ENDS: [u8; 256] = {
    let mut ends = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if is_blank(byte) || byte == b'>' {
            ends[byte as usize] = TAG_NAME | ATTRIBUTE_NAME;
        } else if byte == b'/' {
            ends[byte as usize] = TAG_NAME;
        } else if matches!(byte, b'=' | b'"' | b'\'') {
            ends[byte as usize] = ATTRIBUTE_NAME;
        }
        byte += 1;
    }
    ends
};

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Reads the markup at the start of `bytes`, which is a `<`.
pub(super) fn markup(bytes: &[u8], attributes: &mut Vec<Attribute>) -> Markup {
    attributes.clear();
    match bytes.get(1) {
        None => return Markup::Incomplete(Incomplete::End),
        Some(b'!' | b'?') => return Markup::Other,
        Some(b'/') => {
            let Some(end) = memchr(b'>', bytes) else {
                return Markup::Incomplete(Incomplete::End);
            };
            let blanks = bytes[2..end]
                .iter()
                .rev()
                .take_while(|byte| is_blank(**byte));
            let name = 2..end - blanks.count();
            return Markup::End {
                name,
                length: end + 1,
            };
        }
        Some(_) => {}
    }
    let Some(length) = bytes[1..]
        .iter()
        .position(|byte| is_blank(*byte) || matches!(byte, b'>' | b'/'))
    else {
        return Markup::Incomplete(Incomplete::End);
    };
    let name = 1..1 + length;
    let mut at = name.end;
    loop {
        at += blanks(&bytes[at..]);
        let malformed = match attribute(bytes, at) {
            Next::Attribute(attribute) => {
                at = attribute.value.end + 1;
                attributes.push(attribute);
                continue;
            }
            Next::End { is_empty, length } => {
                return Markup::Start {
                    name,
                    is_empty,
                    length,
                    malformed: None,
                };
            }
            Next::Incomplete(missing) => return Markup::Incomplete(missing),
            Next::Malformed(reason) => reason,
        };
        // Where the tag ends does not depend on what its attributes should be.
        let end = end_of_tag(&bytes[at..]);
        return match end {
            Err(missing) => Markup::Incomplete(missing),
            Ok(end) => Markup::Start {
                name,
                is_empty: bytes[at + end - 1] == b'/',
                length: at + end + 1,
                malformed: Some(malformed),
            },
        };
    }
}

/// The length of the name, of a `kind` in [`ENDS`], that `bytes` starts with.
fn length_of_name(bytes: &[u8], kind: u8) -> Option<usize> {
    (bytes.iter()).position(|byte| ENDS[usize::from(*byte)] & kind != 0)
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_blank(**byte)).count()
}

/// What is next in a tag.
enum Next {
    Attribute(Attribute),
    End { is_empty: bool, length: usize },
    Incomplete(Incomplete),
    Malformed(String),
}

/// Reads the attribute, or the end of the tag, at `start`.
fn attribute(bytes: &[u8], start: usize) -> Next {
    const MORE: Next = Next::Incomplete(Incomplete::End);
    match &bytes[start..] {
        [] | [b'/'] => return MORE,
        [b'>', ..] => {
            return Next::End {
                is_empty: false,
                length: start + 1,
            };
        }
        [b'/', b'>', ..] => {
            return Next::End {
                is_empty: true,
                length: start + 2,
            };
        }
        _ => {}
    }
    let Some(length) = length_of_name(&bytes[start..], ATTRIBUTE_NAME) else {
        return MORE;
    };
    let name = start..start + length;
    let shown = || String::from_utf8_lossy(&bytes[name.clone()]);
    let mut at = name.end + blanks(&bytes[name.end..]);
    match bytes.get(at) {
        None => return MORE,
        Some(b'=') if length > 0 => at += 1,
        Some(_) => return Next::Malformed(format!("attribute `{}` has no value", shown())),
    }
    at += blanks(&bytes[at..]);
    let quote = match bytes.get(at) {
        None => return MORE,
        Some(quote @ (b'"' | b'\'')) => *quote,
        Some(_) => {
            let reason = format!("the value of attribute `{}` is not in quotes", shown());
            return Next::Malformed(reason);
        }
    };
    at += 1;
    match memchr(quote, &bytes[at..]) {
        None => Next::Incomplete(Incomplete::Quote(quote.into())),
        Some(length) => Next::Attribute(Attribute {
            name,
            value: at..at + length,
        }),
    }
}

/// The `>` that is not in quotes.
fn end_of_tag(bytes: &[u8]) -> Result<usize, Incomplete> {
    let mut at = 0;
    while let Some(found) = memchr3(b'>', b'"', b'\'', &bytes[at..]) {
        at += found;
        let quote = bytes[at];
        if quote == b'>' {
            return Ok(at);
        }
        let closed = memchr(quote, &bytes[at + 1..]);
        at += 2 + closed.ok_or(Incomplete::Quote(quote.into()))?;
    }
    Err(Incomplete::End)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a tag is, as text: its name, its attributes, and how long it is.
    fn shown(text: &str) -> String {
        let mut attributes = Vec::new();
        let markup = markup(text.as_bytes(), &mut attributes);
        let attributes = attributes.iter().map(|attribute| {
            let Attribute { name, value } = attribute;
            format!(" {}={}", &text[name.clone()], &text[value.clone()])
        });
        let attributes: String = attributes.collect();
        match markup {
            Markup::Start {
                name,
                is_empty,
                length,
                malformed,
            } => {
                let end = if is_empty { "/" } else { "" };
                let name = &text[name];
                let malformed = malformed.map(|reason| format!(" ({reason})"));
                format!(
                    "{name}{attributes}{end} {length}{}",
                    malformed.unwrap_or_default()
                )
            }
            Markup::End { name, length } => format!("end {} {length}", &text[name]),
            Markup::Other => "other".to_owned(),
            Markup::Incomplete(Incomplete::End) => "no end".to_owned(),
            Markup::Incomplete(Incomplete::Quote(quote)) => format!("no {quote}"),
        }
    }

    #[test]
    fn tags_are_taken_apart() {
        for (text, expected) in [
            ("<a>", "a 3"),
            ("<a/>x", "a/ 4"),
            ("<a >", "a 4"),
            ("<p:a x='1'\n y = \"a>b/'\"\t/>", "p:a x=1 y=a>b/'/ 26"),
            ("<a x='1'y='2'>", "a x=1 y=2 14"),
            ("<a x=''/>", "a x=/ 9"),
            ("</a>", "end a 4"),
            ("</p:a \n>x", "end p:a 8"),
            ("<!-- a -->", "other"),
            ("<?xml?>", "other"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn the_attributes_before_a_malformed_one_are_kept_and_the_tag_ends_where_it_ends() {
        for (text, expected) in [
            ("<a x='1' y>", "a x=1 11 (attribute `y` has no value)"),
            ("<a y z='1'/>", "a/ 12 (attribute `y` has no value)"),
            (
                "<a x=1 y='>'>",
                "a 13 (the value of attribute `x` is not in quotes)",
            ),
            ("<a ='1'>", "a 8 (attribute `` has no value)"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn every_part_of_a_tag_is_incomplete() {
        let tag = "<test:case name=\"a b\" time = '1.5' />";
        for end in 1..tag.len() {
            let found = shown(&tag[..end]);
            assert!(found.starts_with("no "), "{}: {found}", &tag[..end]);
        }
        assert_eq!(shown(tag), "test:case name=a b time=1.5/ 37");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_offsets_are_inside(rest in proptest::collection::vec(any::<u8>(), 0..48)) {
            let bytes = [b"<", rest.as_slice()].concat();
            let mut attributes = Vec::new();
            match markup(&bytes, &mut attributes) {
                Markup::Start { name, length, .. } => {
                    prop_assert!(name.end <= length && length <= bytes.len());
                    prop_assert!(attributes.iter().all(|attribute| attribute.value.end < length));
                }
                Markup::End { name, length } => prop_assert!(name.end < length && length <= bytes.len()),
                Markup::Other | Markup::Incomplete(_) => {}
            }
        }
    }
}
