//! A streaming XML reader with positions, limits and the path of open elements.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use quick_xml::events::{BytesStart, Event};

use crate::invalid::shortened;
use crate::read::encoding::{TextEncoding, UnknownTextEncoding};
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::line_column::LineColumn;
use crate::read::text::{DecodedText, InvalidBytes};

mod content;
pub(crate) mod escape;

use content::{Content, ContentReader};
#[cfg(test)]
use escape::value;

/// The maximum nesting depth of elements, far more than any report has.
const DEPTH_MAX: usize = 512;

/// A larger buffer is freed after the event that needed it.
const BUFFER_KEPT_BYTES: usize = 1024 * 1024;

/// Reads an XML document event by event.
///
/// The library reads the tags. What is between them is read here, a block at a time, so that texts that nobody wants
/// cost no memory.
pub(crate) struct XmlReader<R: Read> {
    reader: quick_xml::Reader<DecodedText<R>>,
    buffer: Vec<u8>,
    content: ContentReader,
    open: OpenElements,
    /// Whether the last event was the start of an empty element, whose end is next.
    is_at_empty: bool,
    file: Arc<str>,
    has_root: bool,
}

/// An event of a document.
#[derive(Debug)]
pub(crate) enum XmlEvent<'x> {
    /// The start of an element; for an empty element, its end follows as well.
    Start(Tag<'x>),
    /// The end of the innermost element.
    End,
    /// Raw text, or a part of a long one, with line ends not yet normalised but whole; never outside the root element.
    Text(Cow<'x, str>),
    /// A character reference, or a reference to a predefined entity.
    CharRef(char),
    /// A reference to an unknown entity, with `&` and `;`.
    UnknownEntity(String),
    /// A comment, a processing instruction, a document type declaration (no entity is expanded) or whitespace
    /// outside the root element.
    Ignored,
}

/// The start of an element.
#[derive(Debug)]
pub(crate) struct Tag<'x> {
    start: BytesStart<'x>,
    pub(crate) place: LineColumn,
    /// Whether bytes of it were invalid and have been replaced.
    pub(crate) has_invalid_bytes: bool,
}

impl<'x> Tag<'x> {
    /// The name without its prefix.
    pub(crate) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The attributes as name and raw value, or why they are malformed. A name may be repeated.
    pub(crate) fn attributes(
        &self,
    ) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), String>> + use<'_, 'x> {
        // The parser's own check for repeated names compares each name with all others.
        let mut attributes = self.start.attributes();
        attributes.with_checks(false);
        attributes.map(|attribute| match attribute {
            Ok(attribute) => Ok((attribute.key.into_inner(), attribute.value)),
            Err(error) => Err(error.to_string()),
        })
    }
}

/// The path of the open elements.
#[derive(Debug, Default)]
struct OpenElements {
    names: String,
    /// The offset of each name in `names`, and the line of the element.
    elements: Vec<(usize, u64)>,
}

impl OpenElements {
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

impl<R: Read> XmlReader<R> {
    /// The document in `input`, whose first bytes are `head`.
    pub(crate) fn new(
        file: Arc<str>,
        input: R,
        head: &[u8],
        encoding: Option<TextEncoding>,
    ) -> Result<Self, ReadError> {
        let text =
            DecodedText::new(input, head, encoding).map_err(|UnknownTextEncoding { label }| {
                ReadError::new(Arc::clone(&file), ReadErrorKind::UnknownEncoding { label })
                    .at(LineColumn::START)
            })?;
        Ok(Self {
            reader: quick_xml::Reader::from_reader(text),
            buffer: Vec::new(),
            content: ContentReader::default(),
            open: OpenElements::default(),
            is_at_empty: false,
            file,
            has_root: false,
        })
    }

    /// An error at `place`, inside the open elements.
    pub(crate) fn error(&self, place: LineColumn, kind: ReadErrorKind) -> ReadError {
        ReadError::new(Arc::clone(&self.file), kind)
            .at(place)
            .in_elements(self.open.names.clone())
    }

    /// The memory used by the current event.
    #[cfg(test)]
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.buffer.capacity() + self.content.buffer_bytes()
    }

    /// The invalid bytes so far.
    pub(crate) fn invalid_bytes(&self) -> Option<InvalidBytes> {
        self.reader.get_ref().invalid()
    }

    /// Reads the next event; `None` at the end of a complete document. Unless `wants_text`, the text that follows is
    /// skipped.
    pub(crate) fn next_event(
        &mut self,
        wants_text: bool,
    ) -> Result<Option<(XmlEvent<'_>, LineColumn)>, ReadError> {
        let place = self.reader.get_ref().place();
        if std::mem::take(&mut self.is_at_empty) {
            self.open.pop();
            return Ok(Some((XmlEvent::End, place)));
        }
        if !self.open.elements.is_empty() {
            let content = self.content.read(self.reader.get_mut(), wants_text);
            let content = content.map_err(|error| {
                let here = self.reader.get_ref().place();
                self.error(here, ReadErrorKind::Io(error))
            })?;
            let event = match content {
                Content::Markup => return self.next_markup(),
                Content::Text => XmlEvent::Text(self.content.text().into()),
                Content::CharRef(char) => XmlEvent::CharRef(char),
                Content::UnknownEntity(reference) => XmlEvent::UnknownEntity(reference),
            };
            return Ok(Some((event, place)));
        }
        self.next_markup()
    }

    /// Reads the next tag, or whatever is outside the root element.
    fn next_markup(&mut self) -> Result<Option<(XmlEvent<'_>, LineColumn)>, ReadError> {
        if self.buffer.capacity() > BUFFER_KEPT_BYTES {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        let place = self.reader.get_ref().place();
        let invalid_before = self.invalid_bytes();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => {
                let here = self.reader.get_ref().place();
                return Err(parser_error(&self.file, &self.open, place, here, error));
            }
        };
        let malformed = |reason: String, place: LineColumn| {
            ReadError::new(Arc::clone(&self.file), ReadErrorKind::Malformed { reason }).at(place)
        };
        let is_outside = self.open.elements.is_empty();
        self.is_at_empty = matches!(event, Event::Empty(_));
        let event = match event {
            Event::Start(start) | Event::Empty(start) => {
                if is_outside && std::mem::replace(&mut self.has_root, true) {
                    let reason =
                        "more than one root element; put each report into a file of its own";
                    return Err(malformed(reason.into(), place));
                }
                if self.open.elements.len() == DEPTH_MAX {
                    let kind = ReadErrorKind::TooDeep { max: DEPTH_MAX };
                    return Err(ReadError::new(Arc::clone(&self.file), kind).at(place));
                }
                self.open.push(start.local_name().into_inner(), place.line);
                XmlEvent::Start(Tag {
                    start,
                    place,
                    has_invalid_bytes: self.reader.get_ref().invalid() != invalid_before,
                })
            }
            Event::End(_) => {
                self.open.pop();
                XmlEvent::End
            }
            Event::Text(text) if is_outside => {
                let text = text.into_inner();
                let visible = text.trim_start().len();
                if visible > 0 {
                    let whitespace = &text.as_bytes()[..text.len() - visible];
                    let side = if self.has_root { "after" } else { "before" };
                    let reason = format!("text {side} the root element");
                    return Err(malformed(reason, place.after(whitespace)));
                }
                XmlEvent::Ignored
            }
            Event::CData(_) | Event::GeneralRef(_) if is_outside => {
                return Err(malformed("text outside the root element".into(), place));
            }
            Event::Eof => {
                let here = self.reader.get_ref().place();
                return match self.open.innermost() {
                    Some(_) => Err(truncated(&self.file, &self.open, here)),
                    None if self.has_root => Ok(None),
                    None => Err(ReadError::new(
                        Arc::clone(&self.file),
                        ReadErrorKind::Empty("report"),
                    )),
                };
            }
            _ => XmlEvent::Ignored,
        };
        Ok(Some((event, place)))
    }
}

fn truncated(file: &Arc<str>, open: &OpenElements, here: LineColumn) -> ReadError {
    let (element, opened) = open.innermost().unwrap_or_default();
    let element = element.to_owned();
    ReadError::new(
        Arc::clone(file),
        ReadErrorKind::Truncated { element, opened },
    )
    .at(here)
    .in_elements(open.names.clone())
}

/// Converts an error of the parser: invalid bytes, a failed read, or malformed XML.
fn parser_error(
    file: &Arc<str>,
    open: &OpenElements,
    place: LineColumn,
    here: LineColumn,
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
            format!(
                "found the end of `{}`, but `{}` (opened at line {line}) is still open",
                shortened(&found),
                shortened(&expected)
            )
        }
        quick_xml::Error::IllFormed(quick_xml::errors::IllFormedError::UnmatchedEndTag(name)) => {
            format!(
                "close tag `</{}>` does not match any open tag",
                shortened(&name)
            )
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

    /// A short description of a document: `<a`, `>`, texts, and the position of each element.
    fn events(bytes: &[u8]) -> String {
        let mut xml = match XmlReader::new("in.xml".into(), bytes, bytes, None) {
            Ok(xml) => xml,
            Err(error) => return error.to_string(),
        };
        let mut shown = String::new();
        loop {
            let part = match xml.next_event(true) {
                Ok(None) => return shown,
                Ok(Some((XmlEvent::Start(tag), place))) => {
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
                Ok(Some((XmlEvent::End, _))) => ">".to_owned(),
                Ok(Some((XmlEvent::Text(text), _))) => format!("'{text}'"),
                Ok(Some((XmlEvent::CharRef(char), _))) => format!("{char:?}"),
                Ok(Some((XmlEvent::UnknownEntity(text), _))) => format!("?{text}"),
                Ok(Some((XmlEvent::Ignored, _))) => "-".to_owned(),
                Err(error) => return format!("{shown}\n{error}"),
            };
            shown.push_str(&part);
            shown.push(' ');
        }
    }

    #[test]
    fn events_have_positions() {
        insta::assert_snapshot!(
            events("<!DOCTYPE a [<!ENTITY b 'bomb'>]>\n<a x='1&lt;2'>é <p:b/>&b;&#x41;&amp;<![CDATA[<&]]>\r\nR&D</a>\n".as_bytes()),
            @r"
        - - <a 2:1 x=1<2 'é ' <b 2:17 > ?&b; 'A' '&' '<&' '
        R' '&' 'D' > -
        "
        );
    }

    #[test]
    fn malformed_documents_have_a_position_and_a_reason() {
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
            documents.map(|text| format!("{text:?}\n{}\n", events(text.as_bytes()).trim_start()));
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "<a>\n<b>\n </c>"
        <a 1:1 '
        ' <b 2:1 '
         ' 
        in.xml:3:2: malformed XML: found the end of `c`, but `b` (opened at line 2) is still open (in a/b)

        "<a>\n <b>x"
        <a 1:1 '
         ' <b 2:2 'x' 
        in.xml:2:6: unexpected end of file inside `b` (opened at line 2); the file is truncated (in a/b)

        "<a>\n <b x='1"
        <a 1:1 '
         ' 
        in.xml:2:2: malformed XML: attribute value not closed: `'` not found before end of input (in a)

        "<a/>\n<a/>"
        <a 1:1 > - 
        in.xml:2:1: malformed XML: more than one root element; put each report into a file of its own

        "\n\nhello"
        in.xml:3:1: malformed XML: text before the root element

        "<a/>x"
        <a 1:1 > 
        in.xml:1:5: malformed XML: text after the root element

        " "
        - 
        in.xml: the file is empty; expected a report

        "<a x='1' x='2'/>"
        <a 1:1 x=1 x=2 > 

        "<a><!-- "
        <a 1:1 
        in.xml:1:9: unexpected end of file inside `a` (opened at line 1); the file is truncated (in a)

        "</a>"
        in.xml:1:1: malformed XML: close tag `</a>` does not match any open tag
        "#);
    }

    #[test]
    fn invalid_bytes_are_replaced_and_unknown_encodings_are_reported() {
        insta::assert_snapshot!(events(b"<a>\nab\xE9</a>"), @r"
        <a 1:1 '
        ab�' >
        ");
        insta::assert_snapshot!(events(b"<?xml version='1.0' encoding='klingon'?><a/>"), @"in.xml:1:1: unknown encoding `klingon`");
    }

    #[test]
    fn text_that_nobody_wants_is_skipped_with_everything_in_it_but_tags() {
        let report = "<a>one &two; &#51; <!-- <b> --><![CDATA[<c> ]] ]]>four<d/>five</a>";
        let bytes = report.as_bytes();
        let mut xml = XmlReader::new("in.xml".into(), bytes, bytes, None).unwrap();
        let mut shown = Vec::new();
        while let Some((event, _)) = xml.next_event(false).unwrap() {
            shown.push(match event {
                XmlEvent::Start(tag) => tag.name().to_owned(),
                event => format!("{event:?}"),
            });
        }
        assert_eq!(shown, ["a", "d", "End", "End"]);
    }

    #[test]
    fn depth_is_limited() {
        let deep = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(events(deep(DEPTH_MAX).as_bytes()).ends_with("> "));
        assert!(events(deep(DEPTH_MAX + 1).as_bytes()).ends_with("nested deeper than 512 levels"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            events(&bytes);
        }

        #[test]
        fn no_markup_makes_it_panic(text in "([<>/&;!'\" =a-c\n\u{e9}]|<a>|</a>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&#)*") {
            events(text.as_bytes());
        }
    }
}
