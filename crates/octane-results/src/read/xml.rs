//! XML piece by piece, with places, bounds and open elements.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use quick_xml::events::{BytesStart, Event};

use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::text::{Place, Text, UnknownEncoding};

mod escape;

use escape::character;
pub(crate) use escape::{push_text, value};

/// How deep elements may be nested; no report comes near.
const DEPTH_MAX: usize = 512;

/// A buffer larger than this is given back after the piece that needed it.
const BUFFER_KEPT_BYTES: usize = 1024 * 1024;

/// An XML document that is read piece by piece.
pub(crate) struct Xml<R: Read> {
    reader: quick_xml::Reader<Text<R>>,
    buffer: Vec<u8>,
    open: Open,
    file: Arc<str>,
    has_root: bool,
}

/// A piece of a document.
#[derive(Debug)]
pub(crate) enum Piece<'x> {
    /// An element opens; one without content is followed by its end all the same.
    Start(Tag<'x>),
    /// The innermost element ends.
    End,
    /// Text as it stands, line ends not yet normalised; never outside of the outermost element.
    Text(Cow<'x, str>),
    /// A character that stood as a reference.
    Char(char),
    /// A reference to something unknown, with `&` and `;`.
    Unknown(String),
    /// A comment, an instruction, a document type (nothing in it is expanded), blanks outside of elements.
    Other,
}

/// The start of an element.
#[derive(Debug)]
pub(crate) struct Tag<'x> {
    start: BytesStart<'x>,
    pub(crate) place: Place,
}

impl<'x> Tag<'x> {
    /// The name without its prefix.
    pub(crate) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The attributes as name and raw value, or why they cannot be read.
    pub(crate) fn attributes(
        &self,
    ) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), String>> + use<'_, 'x> {
        self.start.attributes().map(|attribute| match attribute {
            Ok(attribute) => Ok((attribute.key.into_inner(), attribute.value)),
            Err(error) => Err(error.to_string()),
        })
    }
}

/// The elements that are open, for messages and to know where one is.
#[derive(Debug, Default)]
struct Open {
    names: String,
    /// Where each name starts in `names`, and the line of the element.
    elements: Vec<(usize, u64)>,
}

impl Open {
    fn push(&mut self, name: &str, line: u64) {
        if !self.names.is_empty() {
            self.names.push('/');
        }
        self.elements.push((self.names.len(), line));
        self.names.push_str(name);
    }

    fn pop(&mut self) {
        if let Some((start, _)) = self.elements.pop() {
            self.names.truncate(start.saturating_sub(1));
        }
    }

    fn innermost(&self) -> Option<(&str, u64)> {
        self.elements
            .last()
            .map(|(start, line)| (&self.names[*start..], *line))
    }
}

impl<R: Read> Xml<R> {
    /// The document in `input`, whose first bytes are `head`.
    pub(crate) fn new(file: Arc<str>, input: R, head: &[u8]) -> Result<Self, ReadError> {
        let text = Text::new(input, head).map_err(|UnknownEncoding(label)| {
            ReadError::new(Arc::clone(&file), ReadErrorKind::UnknownEncoding { label })
                .at(Place::START)
        })?;
        let mut reader = quick_xml::Reader::from_reader(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // A lone `&` is text in many reports; what was meant is plain.
        config.allow_dangling_amp = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            open: Open::default(),
            file,
            has_root: false,
        })
    }

    /// An error at `place`, inside the elements that are open.
    pub(crate) fn error(&self, place: Place, kind: ReadErrorKind) -> ReadError {
        ReadError::new(Arc::clone(&self.file), kind)
            .at(place)
            .in_elements(self.open.names.clone())
    }

    /// How much memory the current piece takes.
    #[cfg(test)]
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Reads the next piece; `None` at the proper end of the document.
    pub(crate) fn next(&mut self) -> Result<Option<(Piece<'_>, Place)>, ReadError> {
        if self.buffer.capacity() > BUFFER_KEPT_BYTES {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        let place = self.reader.get_ref().place();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => {
                let here = self.reader.get_ref().place();
                return Err(broken(&self.file, &self.open, place, here, error));
            }
        };
        let malformed = |reason: String, place: Place| {
            ReadError::new(Arc::clone(&self.file), ReadErrorKind::Malformed { reason }).at(place)
        };
        let is_outside = self.open.elements.is_empty();
        let piece = match event {
            Event::Start(start) => {
                if is_outside && std::mem::replace(&mut self.has_root, true) {
                    return Err(malformed(
                        "there is a second outermost element".into(),
                        place,
                    ));
                }
                if self.open.elements.len() == DEPTH_MAX {
                    let kind = ReadErrorKind::TooDeep { max: DEPTH_MAX };
                    return Err(ReadError::new(Arc::clone(&self.file), kind).at(place));
                }
                self.open.push(start.local_name().into_inner(), place.line);
                Piece::Start(Tag { start, place })
            }
            Event::End(_) => {
                self.open.pop();
                Piece::End
            }
            Event::Text(text) if is_outside => {
                let text = text.into_inner();
                let visible = text.trim_start().len();
                if visible > 0 {
                    let blank = &text.as_bytes()[..text.len() - visible];
                    let side = if self.has_root { "behind" } else { "before" };
                    let reason = format!("there is text {side} the outermost element");
                    return Err(malformed(reason, place.after(blank)));
                }
                Piece::Other
            }
            Event::CData(_) | Event::GeneralRef(_) if is_outside => {
                return Err(malformed(
                    "there is text outside of the outermost element".into(),
                    place,
                ));
            }
            Event::Text(text) => Piece::Text(text.into_inner()),
            Event::CData(data) => Piece::Text(data.into_inner()),
            Event::GeneralRef(reference) => {
                let name = reference.into_inner();
                character(&name).map_or_else(|| Piece::Unknown(format!("&{name};")), Piece::Char)
            }
            Event::Eof => {
                let here = self.reader.get_ref().place();
                return match self.open.innermost() {
                    Some(_) => Err(truncated(&self.file, &self.open, here)),
                    None if self.has_root => Ok(None),
                    None => Err(ReadError::new(
                        Arc::clone(&self.file),
                        ReadErrorKind::Empty("JUnit report"),
                    )),
                };
            }
            _ => Piece::Other,
        };
        Ok(Some((piece, place)))
    }
}

fn truncated(file: &Arc<str>, open: &Open, here: Place) -> ReadError {
    let (element, opened) = open.innermost().unwrap_or_default();
    let element = element.to_owned();
    ReadError::new(
        Arc::clone(file),
        ReadErrorKind::Truncated { element, opened },
    )
    .at(here)
    .in_elements(open.names.clone())
}

/// Says what the parser found: bytes that are no text, an end of the file, or broken XML.
fn broken(
    file: &Arc<str>,
    open: &Open,
    place: Place,
    here: Place,
    error: quick_xml::Error,
) -> ReadError {
    let reason = match error {
        quick_xml::Error::Io(error) => {
            let kind = error.kind();
            let error = Arc::try_unwrap(error)
                .unwrap_or_else(|shared| std::io::Error::new(kind, shared.to_string()));
            return ReadError::io(Arc::clone(file), error)
                .at(here)
                .in_elements(open.names.clone());
        }
        quick_xml::Error::IllFormed(quick_xml::errors::IllFormedError::MismatchedEndTag {
            expected,
            found,
        }) => {
            let line = open.innermost().map_or(0, |(_, line)| line);
            format!("`{found}` ends here, but `{expected}` of line {line} is still open")
        }
        quick_xml::Error::IllFormed(error) => error.to_string(),
        quick_xml::Error::Syntax(error) => error.to_string(),
        other => other.to_string(),
    };
    ReadError::new(Arc::clone(file), ReadErrorKind::Malformed { reason })
        .at(place)
        .in_elements(open.names.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A document in a few words: `<a`, `>`, texts and where each piece stands.
    fn pieces(bytes: &[u8]) -> String {
        let mut xml = match Xml::new("in.xml".into(), bytes, bytes) {
            Ok(xml) => xml,
            Err(error) => return error.to_string(),
        };
        let mut shown = String::new();
        loop {
            let part = match xml.next() {
                Ok(None) => return shown,
                Ok(Some((Piece::Start(tag), place))) => {
                    let mut part = format!("<{} {}:{}", tag.name(), place.line, place.column);
                    for attribute in tag.attributes() {
                        match attribute {
                            Ok((name, raw)) => {
                                part = format!("{part} {name}={}", value(&raw, &mut None));
                            }
                            Err(error) => part.push_str(&error),
                        }
                    }
                    part
                }
                Ok(Some((Piece::End, _))) => ">".to_owned(),
                Ok(Some((Piece::Text(text), _))) => format!("'{text}'"),
                Ok(Some((Piece::Char(char), _))) => format!("{char:?}"),
                Ok(Some((Piece::Unknown(text), _))) => format!("?{text}"),
                Ok(Some((Piece::Other, _))) => "-".to_owned(),
                Err(error) => return format!("{shown}\n{error}"),
            };
            shown.push_str(&part);
            shown.push(' ');
        }
    }

    #[test]
    fn pieces_come_with_their_places() {
        insta::assert_snapshot!(
            pieces("<!DOCTYPE a [<!ENTITY b 'bomb'>]>\n<a x='1&lt;2'>é <p:b/>&b;&#x41;&amp;<![CDATA[<&]]>\r\nR&D</a>\n".as_bytes()),
            @r"
        - - <a 2:1 x=1<2 'é ' <b 2:17 > ?&b; 'A' '&' '<&' '
        R' '&D' > -
        "
        );
    }

    #[test]
    fn broken_documents_say_where_and_why() {
        let documents = [
            "<a>\n<b>\n </c>",
            "<a>\n <b>x",
            "<a>\n <b x='1",
            "<a/>\n<a/>",
            "\n\nhello",
            "<a/>x",
            " ",
            "<a x='1' x='2'/>",
            "<a><!-- ",
            "</a>",
        ];
        let shown =
            documents.map(|text| format!("{text:?}\n{}\n", pieces(text.as_bytes()).trim_start()));
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "<a>\n<b>\n </c>"
        <a 1:1 '
        ' <b 2:1 '
         ' 
        in.xml:3:2: the XML is broken: `c` ends here, but `b` of line 2 is still open (in a/b)

        "<a>\n <b>x"
        <a 1:1 '
         ' <b 2:2 'x' 
        in.xml:2:6: the file ends inside `b`, which was opened in line 2; it was cut off (in a/b)

        "<a>\n <b x='1"
        <a 1:1 '
         ' 
        in.xml:2:2: the XML is broken: attribute value not closed: `'` not found before end of input (in a)

        "<a/>\n<a/>"
        <a 1:1 > - 
        in.xml:2:1: the XML is broken: there is a second outermost element

        "\n\nhello"
        in.xml:3:1: the XML is broken: there is text before the outermost element

        "<a/>x"
        <a 1:1 > 
        in.xml:1:5: the XML is broken: there is text behind the outermost element

        " "
        - 
        in.xml: there is nothing in it, a JUnit report was expected

        "<a x='1' x='2'/>"
        <a 1:1 x=1position 8: duplicated attribute, previous declaration at position 2 > 

        "<a><!-- "
        <a 1:1 
        in.xml:1:4: the XML is broken: comment not closed: `-->` not found before end of input (in a)

        "</a>"
        in.xml:1:1: the XML is broken: close tag `</a>` does not match any open tag
        "#);
    }

    #[test]
    fn bad_bytes_and_unknown_encodings_are_named() {
        insta::assert_snapshot!(pieces(b"<a>\nab\xE9</a>"), @r"
        <a 1:1 
        in.xml:2:3: the bytes here are not UTF-8; save the file in UTF-8 or declare its encoding (in a)
        ");
        insta::assert_snapshot!(pieces(b"<?xml version='1.0' encoding='klingon'?><a/>"), @"in.xml:1:1: declares the unknown encoding `klingon`");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(pieces(deep(DEPTH_MAX).as_bytes()).ends_with("> "));
        assert!(pieces(deep(DEPTH_MAX + 1).as_bytes()).ends_with("nested more than 512 deep"));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            pieces(&bytes);
        }

        #[test]
        fn no_markup_breaks_it(text in "([<>/&;!'\" =a-c\n\u{e9}]|<a>|</a>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&#)*") {
            pieces(text.as_bytes());
        }
    }
}
