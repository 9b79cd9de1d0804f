//! A streaming XML reader with positions, limits and the path of open elements.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::Arc;

use quick_xml::events::Event;

use crate::invalid::shortened;
use crate::read::encoding::{TextEncoding, UnknownTextEncoding};
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::line_column::LineColumn;
use crate::read::text::{DecodedText, InvalidBytes};

mod content;
pub(crate) mod escape;
mod open;
mod scan;
mod shapes;
mod tag;

use content::{CDATA, Content, ContentReader};
#[cfg(test)]
use escape::value;
use open::{OpenElements, local};
use scan::{Incomplete, Markup, StartTag};
use shapes::Shapes;
pub(crate) use tag::{Tag, contradictory};

/// A byte order mark, in UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The maximum nesting depth of elements, far more than any report has.
const DEPTH_MAX: usize = 512;

/// Reads an XML document event by event.
///
/// Tags, and what is between them, are read here, in place and a block at a time, so that texts that are not needed cost no
/// memory. The library reads the declarations around them.
pub(crate) struct XmlReader<R: Read> {
    text: quick_xml::Reader<DecodedText<R>>,
    content: ContentReader,
    open: OpenElements,
    /// The current start of an element.
    tag: StartTag,
    shapes: Shapes,
    /// How long the current tag or text is, which is consumed before the next event.
    ahead: usize,
    /// Where the last text that was wanted starts.
    pub(crate) text_place: LineColumn,
    /// Whether the last event was the start of an empty element, whose end is next.
    is_at_empty: bool,
    file: Arc<str>,
    has_root: bool,
}

/// Whether `bytes` begin with the start tag of an element that is not empty.
pub(crate) fn is_start_of_content(bytes: &[u8]) -> bool {
    let mut tag = StartTag::default();
    scan::markup(bytes, &mut tag) == Markup::Start && !tag.is_empty
}

/// Whether the rest of an end tag is this name and `>`.
#[inline]
fn starts_with_name(rest: &[u8], name: &str) -> bool {
    rest.get(name.len()) == Some(&b'>') && rest.starts_with(name.as_bytes())
}

/// An event of a document.
#[derive(Debug)]
pub(crate) enum XmlEvent<'x> {
    /// The start of an element; for an empty element, its end follows as well.
    Start(Tag<'x>),
    /// The end of the innermost element.
    End,
    /// Raw text, or a part of a long one, with line ends not yet normalised but whole; never outside the root element.
    Text(&'x str),
    /// A character reference, or a reference to a predefined entity.
    CharRef(char),
    /// A reference to an unknown entity, with `&` and `;`.
    UnknownEntity(String, LineColumn),
    /// A comment inside the root element, or the beginning of a long one.
    Comment(String),
    /// A comment, a processing instruction, a document type declaration (no entity is expanded) or whitespace
    /// outside the root element.
    Ignored,
}

impl XmlReader<io::Empty> {
    /// A document, without a byte order mark, that is in memory as a whole.
    pub(crate) fn of_text(file: Arc<str>, text: String) -> Self {
        Self::of_decoded(file, DecodedText::of(text))
    }

    /// The memory of the document, to be used for another one.
    pub(crate) fn into_memory(self) -> String {
        self.text.into_inner().into_memory()
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
        Ok(Self::of_decoded(file, text))
    }

    fn of_decoded(file: Arc<str>, text: DecodedText<R>) -> Self {
        Self {
            text: quick_xml::Reader::from_reader(text),
            content: ContentReader::default(),
            open: OpenElements::default(),
            tag: StartTag::default(),
            shapes: Shapes::default(),
            ahead: 0,
            text_place: LineColumn::START,
            is_at_empty: false,
            file,
            has_root: false,
        }
    }

    /// Says that the input starts at `place` of the document, inside of elements that are given by name and line.
    pub(crate) fn inside(mut self, place: LineColumn, open: &[(String, u64)]) -> Self {
        let lines = open.iter().map(|(_, line)| *line);
        self.text.get_mut().start_at(place, lines);
        self.has_root = !open.is_empty();
        for (name, _) in open {
            self.open.push(name);
        }
        self
    }

    /// The full names of the open elements, from the outermost to the innermost.
    pub(crate) fn open_names(&self) -> impl Iterator<Item = &str> {
        self.open.names()
    }

    /// Whether what was read ends neither inside of a tag nor of a section or a comment.
    pub(crate) fn is_between_tags(&self) -> bool {
        self.content.is_outside_sections() && !self.is_at_empty
    }

    /// An error at `place`, inside the open elements.
    pub(crate) fn error(&self, place: LineColumn, kind: ReadErrorKind) -> ReadError {
        ReadError::new(Arc::clone(&self.file), kind)
            .at(place)
            .in_elements(self.open.path())
    }

    /// Where the next event starts.
    pub(crate) fn place(&self) -> LineColumn {
        self.text.get_ref().place()
    }

    /// The memory used by the current event.
    #[cfg(test)]
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.text.get_ref().buffer_bytes()
    }

    /// The invalid bytes so far.
    pub(crate) fn invalid_bytes(&self) -> Option<InvalidBytes> {
        self.text.get_ref().invalid()
    }

    /// Reads the next event; `None` at the end of a complete document. Unless `wants_text`, the text that follows is
    /// skipped.
    pub(crate) fn next_event(
        &mut self,
        wants_text: bool,
    ) -> Result<Option<XmlEvent<'_>>, ReadError> {
        self.text.get_mut().consume(std::mem::take(&mut self.ahead));
        if std::mem::take(&mut self.is_at_empty) {
            self.close();
            return Ok(Some(XmlEvent::End));
        }
        let Some(innermost) = self.open.innermost() else {
            return self.outside();
        };
        if self.content.is_outside_sections() {
            // What follows nearly every tag: another one, which needs no search.
            match self.text.get_ref().ahead() {
                [b'<', b'/', name @ ..] if starts_with_name(name, innermost) => {
                    self.ahead = innermost.len() + 3;
                    self.close();
                    return Ok(Some(XmlEvent::End));
                }
                [b'<', first, ..] if !matches!(first, b'!' | b'?') => return self.markup(),
                _ => {}
            }
        }
        if wants_text {
            self.text_place = self.place();
        }
        let content = self.content.read(self.text.get_mut(), wants_text);
        match content.map_err(|error| self.error(self.place(), ReadErrorKind::Io(error)))? {
            Content::Markup => self.markup(),
            Content::Text(length) => {
                self.ahead = length;
                Ok(Some(XmlEvent::Text(self.text.get_ref().next(length).text)))
            }
            Content::CharRef(char) => Ok(Some(XmlEvent::CharRef(char))),
            Content::UnknownEntity(reference) => {
                let place = self.content.unknown;
                Ok(Some(XmlEvent::UnknownEntity(reference, place)))
            }
            Content::Comment(comment) => Ok(Some(XmlEvent::Comment(comment))),
        }
    }

    /// Reads the next tag, declaration or processing instruction.
    fn markup(&mut self) -> Result<Option<XmlEvent<'_>>, ReadError> {
        if self.shapes.read(self.text.get_ref().ahead(), &mut self.tag) {
            return self.start();
        }
        let mut wanted = 1;
        let markup = loop {
            let next = self.text.get_mut().peek(wanted);
            let next = match next {
                Ok(next) => next,
                Err(error) => return Err(self.error(self.place(), ReadErrorKind::Io(error))),
            };
            if next.is_empty() {
                return Err(self.truncated());
            }
            match scan::markup(next, &mut self.tag) {
                // The end of the input is part of what was seen.
                Markup::Incomplete(missing) if next.len() < wanted => {
                    return Err(self.incomplete(missing));
                }
                Markup::Incomplete(_) => wanted = next.len() * 2,
                Markup::Start => {
                    self.shapes.keep(next, &self.tag);
                    break Markup::Start;
                }
                markup => break markup,
            }
        };
        match markup {
            Markup::Start => self.start(),
            Markup::End { name, length } => self.end(2..name, length),
            Markup::Other | Markup::Incomplete(_) => self.declaration(),
        }
    }

    fn start(&mut self) -> Result<Option<XmlEvent<'_>>, ReadError> {
        let has_root = std::mem::replace(&mut self.has_root, true);
        let kind = match self.open.depth() {
            0 if has_root => Some(ReadErrorKind::Malformed {
                reason: "more than one root element; put each report into a file of its own".into(),
            }),
            DEPTH_MAX => Some(ReadErrorKind::TooDeep { max: DEPTH_MAX }),
            _ => None,
        };
        if let Some(kind) = kind {
            return Err(ReadError::new(Arc::clone(&self.file), kind).at(self.place()));
        }
        self.is_at_empty = self.tag.is_empty;
        self.ahead = self.tag.length;
        self.text.get_mut().mark_line();
        let text = self.text.get_ref().next(self.tag.length);
        self.open.push(&text.text[self.tag.name.clone()]);
        Ok(Some(XmlEvent::Start(Tag {
            text,
            tag: &self.tag,
        })))
    }

    fn end(
        &mut self,
        name: Range<usize>,
        length: usize,
    ) -> Result<Option<XmlEvent<'_>>, ReadError> {
        let name = &self.text.get_ref().next(length).text[name];
        let reason = match self.open.innermost() {
            Some(open) if open == name => {
                self.close();
                self.ahead = length;
                return Ok(Some(XmlEvent::End));
            }
            Some(open) => format!(
                "found the end of `{}`, but `{}` (opened at line {}) is still open",
                shortened(name),
                shortened(open),
                self.opened()
            ),
            None => format!("`</{}>` closes what was not opened", shortened(name)),
        };
        Err(self.error(self.place(), ReadErrorKind::Malformed { reason }))
    }

    /// Reads what is outside the root element.
    fn outside(&mut self) -> Result<Option<XmlEvent<'_>>, ReadError> {
        let failed = |reason: String, place: LineColumn| {
            let kind = ReadErrorKind::Malformed { reason };
            Err(ReadError::new(Arc::clone(&self.file), kind).at(place))
        };
        loop {
            let next = self.text.get_mut().peek(CDATA.len());
            let next = match next {
                Ok(next) => next,
                Err(error) => return Err(self.error(self.place(), ReadErrorKind::Io(error))),
            };
            // A file may be allocated before it is known how long the document is, and end with NUL characters.
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0 && self.has_root;
            let blanks = next.iter().take_while(|byte| is_blank(byte));
            match blanks.count() {
                // A second one, which scripts that put files together leave there.
                0 if next.starts_with(MARK) => self.text.get_mut().consume(MARK.len()),
                0 if next.is_empty() && self.has_root => return Ok(None),
                0 if next.is_empty() => {
                    let kind = ReadErrorKind::Empty("report");
                    return Err(ReadError::new(Arc::clone(&self.file), kind));
                }
                0 if next.starts_with(CDATA) || next[0] == b'&' => {
                    return failed("text outside the root element".into(), self.place());
                }
                0 if next[0] == b'<' => return self.markup(),
                0 => {
                    let side = if self.has_root { "after" } else { "before" };
                    return failed(format!("text {side} the root element"), self.place());
                }
                blanks => self.text.get_mut().consume(blanks),
            }
        }
    }

    /// Reads a comment, a declaration or a processing instruction.
    fn declaration(&mut self) -> Result<Option<XmlEvent<'_>>, ReadError> {
        let place = self.place();
        let mut buffer = Vec::new();
        match self.text.read_event_into(&mut buffer) {
            Ok(Event::Eof) => Err(self.truncated()),
            Ok(_) => Ok(Some(XmlEvent::Ignored)),
            Err(quick_xml::Error::Io(error)) => {
                let kind = error.kind();
                let error = Arc::try_unwrap(error)
                    .unwrap_or_else(|shared| io::Error::new(kind, shared.to_string()));
                Err(self.error(self.place(), ReadErrorKind::Io(error)))
            }
            Err(error) => {
                let reason = error.to_string();
                Err(self.error(place, ReadErrorKind::Malformed { reason }))
            }
        }
    }

    /// The end of the input inside of a tag.
    fn incomplete(&self, missing: Incomplete) -> ReadError {
        let reason = match missing {
            Incomplete::End => "tag not closed: `>` not found before end of input".to_owned(),
            Incomplete::Quote(quote) => {
                format!("attribute value not closed: `{quote}` not found before end of input")
            }
        };
        self.error(self.place(), ReadErrorKind::Malformed { reason })
    }

    /// The line of the innermost open element.
    fn opened(&self) -> u64 {
        self.text.get_ref().marked_line().unwrap_or_default()
    }

    fn close(&mut self) {
        self.open.pop();
        self.text.get_mut().unmark_line();
    }

    /// The end of the input inside of an element.
    fn truncated(&self) -> ReadError {
        let opened = self.opened();
        let element = local(self.open.innermost().unwrap_or_default()).to_owned();
        self.error(self.place(), ReadErrorKind::Truncated { element, opened })
    }
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
                Ok(Some(XmlEvent::Start(tag))) => {
                    let place = tag.place();
                    let mut part = format!("<{} {}:{}", tag.name(), place.line, place.column);
                    for (name, raw) in tag.attributes() {
                        part = format!("{part} {name}={}", value(raw, &mut None));
                    }
                    part.push_str(&tag.malformed().unwrap_or_default());
                    part
                }
                Ok(Some(XmlEvent::End)) => ">".to_owned(),
                Ok(Some(XmlEvent::Text(text))) => format!("'{text}'"),
                Ok(Some(XmlEvent::CharRef(char))) => format!("{char:?}"),
                Ok(Some(XmlEvent::UnknownEntity(text, _))) => format!("?{text}"),
                Ok(Some(XmlEvent::Comment(_))) => continue,
                Ok(Some(XmlEvent::Ignored)) => "-".to_owned(),
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
        - <a 2:1 x=1<2 'é ' <b 2:17 > ?&b; 'A' '&' '<&' '
        R' '&' 'D' >
        "
        );
    }

    #[test]
    fn byte_order_marks_and_blanks_around_the_root_are_skipped() {
        let text = "\u{FEFF}\n\u{FEFF} <?xml version='1.0'?><a/>\u{FEFF}\n";
        assert_eq!(events(text.as_bytes()), "- <a 2:24 > ");
        assert_eq!(events(b"<a/>\n\0\0\0\n"), "<a 1:1 > ");
        assert!(events(b"<a/>\0x").contains("text after the root element"));
        assert!(events(b"\0<a/>").contains("text before the root element"));
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
        <a 1:1 > 
        in.xml:2:1: malformed XML: more than one root element; put each report into a file of its own

        "\n\nhello"
        in.xml:3:1: malformed XML: text before the root element

        "<a/>x"
        <a 1:1 > 
        in.xml:1:5: malformed XML: text after the root element

        " "
        in.xml: the file is empty; expected a report

        "<a x='1' x='2'/>"
        <a 1:1 x=1 x=2 > 

        "<a><!-- "
        <a 1:1 
        in.xml:1:9: unexpected end of file inside `a` (opened at line 1); the file is truncated (in a)

        "</a>"
        in.xml:1:1: malformed XML: `</a>` closes what was not opened
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
    fn text_that_is_not_needed_is_skipped_with_everything_in_it_but_tags() {
        let report = "<a>one &two; &#51; <!-- <b> --><![CDATA[<c> ]] ]]>four<d/>five</a>";
        let bytes = report.as_bytes();
        let mut xml = XmlReader::new("in.xml".into(), bytes, bytes, None).unwrap();
        let mut shown = Vec::new();
        while let Some(event) = xml.next_event(false).unwrap() {
            shown.push(match event {
                XmlEvent::Start(tag) => tag.name().to_owned(),
                event => format!("{event:?}"),
            });
        }
        let comment = r#"Comment(" <b> ")"#;
        assert_eq!(shown, ["a", comment, "d", "End", "End"]);
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
