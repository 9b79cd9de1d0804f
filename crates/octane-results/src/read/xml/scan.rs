//! Finds the end of a tag and its attributes, in one pass over bytes that may not be all of it.

use std::ops::Range;

use memchr::{memchr, memchr3};

/// What starts at a `<`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// The start of an element, which has been taken apart.
    Start,
    /// The end of an element; `name` is where its name ends, which starts at 2.
    End { name: usize, length: usize },
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

/// The start of an element, as offsets in its tag.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct StartTag {
    pub(super) name: Range<usize>,
    /// Where the name without its prefix starts.
    pub(super) local: usize,
    pub(super) attributes: Vec<Attribute>,
    /// Whether a name may be repeated; not sure if there are many.
    pub(super) has_repeated_names: bool,
    /// Why the attributes after these are malformed.
    pub(super) malformed: Option<Malformed>,
    pub(super) is_empty: bool,
    pub(super) length: usize,
}

/// An attribute, as offsets in its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// Why an attribute of this name is malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Malformed {
    NoValue(Range<usize>),
    NoQuotes(Range<usize>),
}

impl Malformed {
    /// The reason for people, given the tag.
    pub(super) fn reason(&self, tag: &str) -> String {
        match self {
            Self::NoValue(name) => format!("attribute `{}` has no value", &tag[name.clone()]),
            Self::NoQuotes(name) => {
                format!(
                    "the value of attribute `{}` is not in quotes",
                    &tag[name.clone()]
                )
            }
        }
    }
}

/// What a byte is in names.
const TAG_NAME_END: u8 = 1;
const ATTRIBUTE_NAME_END: u8 = 2;
const COLON: u8 = 4;

/// What each byte is in names; `0` for most of them.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'>' => TAG_NAME_END | ATTRIBUTE_NAME_END,
            b'/' => TAG_NAME_END,
            b'=' | b'"' | b'\'' => ATTRIBUTE_NAME_END,
            b':' => COLON,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Reads the markup at the start of `bytes`, which is a `<`. The start of an element is taken apart into `tag`.
pub(super) fn markup(bytes: &[u8], tag: &mut StartTag) -> Markup {
    match bytes.get(1) {
        None => Markup::Incomplete(Incomplete::End),
        Some(b'!' | b'?') => Markup::Other,
        Some(b'/') => end(bytes),
        Some(_) => match start(bytes, tag) {
            Ok(()) => {
                tag.has_repeated_names = has_repeated_names(bytes, &tag.attributes);
                Markup::Start
            }
            Err(missing) => Markup::Incomplete(missing),
        },
    }
}

fn has_repeated_names(bytes: &[u8], attributes: &[Attribute]) -> bool {
    const FEW: usize = 12;
    // A bit for what is quickly known of a name; most names of a tag have different ones.
    let bit = |attribute: &Attribute| {
        1_u64 << ((usize::from(bytes[attribute.name.start]) + 8 * attribute.name.len()) % 64)
    };
    let mut bits = 0;
    let is_new = |attribute: &Attribute| {
        let bit = bit(attribute);
        let is_new = bits & bit == 0;
        bits |= bit;
        is_new
    };
    if attributes.iter().all(is_new) {
        return false;
    }
    let name = |attribute: &Attribute| &bytes[attribute.name.clone()];
    let is_repeated = |(at, attribute)| {
        let mut before = attributes[..at].iter();
        before.any(|other| name(other) == name(attribute))
    };
    attributes.len() > FEW || attributes.iter().enumerate().any(is_repeated)
}

fn end(bytes: &[u8]) -> Markup {
    let Some(end) = memchr(b'>', bytes) else {
        return Markup::Incomplete(Incomplete::End);
    };
    let blanks = (bytes[2..end].iter().rev()).take_while(|byte| is_blank(**byte));
    Markup::End {
        name: end - blanks.count(),
        length: end + 1,
    }
}

fn start(bytes: &[u8], tag: &mut StartTag) -> Result<(), Incomplete> {
    tag.attributes.clear();
    tag.malformed = None;
    let mut at = 1;
    tag.local = at;
    loop {
        let kind = KINDS[usize::from(byte_at(bytes, at)?)];
        if kind & TAG_NAME_END != 0 {
            break;
        }
        at += 1;
        if kind == COLON && tag.local == 1 {
            tag.local = at;
        }
    }
    tag.name = 1..at;
    loop {
        at = after_blanks(bytes, at)?;
        match bytes[at] {
            b'>' => {
                tag.is_empty = false;
                tag.length = at + 1;
                return Ok(());
            }
            b'/' if byte_at(bytes, at + 1)? == b'>' => {
                tag.is_empty = true;
                tag.length = at + 2;
                return Ok(());
            }
            _ => {}
        }
        match attribute(bytes, at)? {
            Ok(attribute) => {
                at = attribute.value.end + 1;
                tag.attributes.push(attribute);
            }
            Err(malformed) => {
                // Where the tag ends does not depend on what its attributes should be.
                let end = at + end_of_tag(&bytes[at..])?;
                tag.malformed = Some(malformed);
                tag.is_empty = bytes[end - 1] == b'/';
                tag.length = end + 1;
                return Ok(());
            }
        }
    }
}

/// Reads the attribute at `start`.
#[inline]
fn attribute(bytes: &[u8], start: usize) -> Result<Result<Attribute, Malformed>, Incomplete> {
    let mut at = start;
    while KINDS[usize::from(byte_at(bytes, at)?)] & ATTRIBUTE_NAME_END == 0 {
        at += 1;
    }
    let name = start..at;
    at = after_blanks(bytes, at)?;
    if bytes[at] != b'=' || name.is_empty() {
        return Ok(Err(Malformed::NoValue(name)));
    }
    at = after_blanks(bytes, at + 1)?;
    let quote = bytes[at];
    if !matches!(quote, b'"' | b'\'') {
        return Ok(Err(Malformed::NoQuotes(name)));
    }
    at += 1;
    let length = memchr(quote, &bytes[at..]).ok_or(Incomplete::Quote(quote.into()))?;
    let value = at..at + length;
    Ok(Ok(Attribute { name, value }))
}

/// The byte at `at`, if the tag goes on up to there.
#[inline]
fn byte_at(bytes: &[u8], at: usize) -> Result<u8, Incomplete> {
    bytes.get(at).copied().ok_or(Incomplete::End)
}

/// The first place from `at` on that is not blank.
#[inline]
fn after_blanks(bytes: &[u8], mut at: usize) -> Result<usize, Incomplete> {
    while is_blank(byte_at(bytes, at)?) {
        at += 1;
    }
    Ok(at)
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
        let mut tag = StartTag::default();
        match markup(text.as_bytes(), &mut tag) {
            Markup::Start => {
                let attributes = tag.attributes.iter().map(|attribute| {
                    let Attribute { name, value } = attribute;
                    format!(" {}={}", &text[name.clone()], &text[value.clone()])
                });
                let attributes: String = attributes.collect();
                let end = if tag.is_empty { "/" } else { "" };
                let name = &text[tag.name.clone()];
                let malformed = tag.malformed.map(|why| format!(" ({})", why.reason(text)));
                let malformed = malformed.unwrap_or_default();
                format!("{name}{attributes}{end} {}{malformed}", tag.length)
            }
            Markup::End { name, length } => format!("end {} {length}", &text[2..name]),
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
    fn the_local_name_starts_after_the_first_colon() {
        for (text, expected) in [
            ("<a>", "a"),
            ("<p:a>", "a"),
            ("<p:a:b x='1'>", "a:b"),
            ("<:a>", "a"),
        ] {
            let mut tag = StartTag::default();
            assert_eq!(markup(text.as_bytes(), &mut tag), Markup::Start);
            assert_eq!(&text[tag.local..tag.name.end], expected, "{text}");
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
            let mut tag = StartTag::default();
            match markup(&bytes, &mut tag) {
                Markup::Start => {
                    prop_assert!(tag.local <= tag.name.end);
                    prop_assert!(tag.name.end <= tag.length && tag.length <= bytes.len());
                    prop_assert!(tag.attributes.iter().all(|attribute| attribute.value.end < tag.length));
                }
                Markup::End { name, length } => prop_assert!(name < length && length <= bytes.len()),
                Markup::Other | Markup::Incomplete(_) => {}
            }
        }
    }
}
