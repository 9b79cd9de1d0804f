//! Splits a payload into tokens and checks that it is well-formed.
//!
//! The XML parser splits the document and matches tags; this module rejects what the parser accepts although
//! XML forbids it. It also rejects two things that XML allows: a document type declaration, since payloads do
//! not need entities of their own, and any encoding other than UTF-8.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::tag::{Malformed, attributes, is_name, resolve, unresolved};
use super::value::{excerpt, is_whitespace};
use crate::text::find_forbidden;

/// A token of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'x> {
    /// The start of an element. For an empty element, [`Token::Close`] follows as well.
    Open {
        name: &'x str,
        /// The part of the tag after the name.
        attributes: &'x str,
        /// The offset of `attributes`.
        attributes_offset: usize,
    },
    /// The end of an element.
    Close,
    /// Raw text, without references.
    Text(&'x str),
    /// A CDATA section.
    Section(&'x str),
    /// A resolved reference in text.
    Reference(char),
    /// The end of the document.
    End,
}

/// Reads tokens.
pub(super) struct Tokens<'x> {
    source: &'x str,
    reader: Reader<&'x [u8]>,
    /// The offset of the first character that XML forbids.
    forbidden: Option<usize>,
    /// The offset of the last token.
    offset: usize,
    depth: usize,
    /// Whether the last token was an empty element, whose end comes next.
    is_close_due: bool,
    has_root: bool,
}

impl<'x> Tokens<'x> {
    /// The maximum nesting depth of elements.
    pub(super) const DEPTH_MAX: usize = 256;

    pub(super) fn new(source: &'x str) -> Self {
        let mut reader = Reader::from_str(source);
        let config = reader.config_mut();
        config.check_end_names = true;
        config.check_comments = true;
        config.allow_dangling_amp = false;
        config.allow_unmatched_ends = false;
        Self {
            source,
            reader,
            forbidden: find_forbidden(source, 0),
            offset: 0,
            depth: 0,
            is_close_due: false,
            has_root: false,
        }
    }

    /// The offset of the last token.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The next token; comments and processing instructions are skipped. Must not be called after an error or
    /// after the end.
    pub(super) fn read(&mut self) -> Result<Token<'x>, Malformed> {
        loop {
            if let Some(token) = self.read_any()? {
                return Ok(token);
            }
        }
    }

    fn read_any(&mut self) -> Result<Option<Token<'x>>, Malformed> {
        if std::mem::take(&mut self.is_close_due) {
            self.depth -= 1;
            return Ok(Some(Token::Close));
        }
        self.offset = self.position();
        if self.offset == 0 && self.source.starts_with('\u{FEFF}') {
            // The parser would skip it without counting it, and all positions would be wrong.
            return Err(self.malformed("second byte order mark at the beginning"));
        }
        let event = self.reader.read_event();
        let end = self.position();
        if let Some(forbidden) = self.forbidden.filter(|at| *at < end || event.is_err()) {
            let character = self.source[forbidden..].chars().next().unwrap_or_default();
            let message = format!("U+{:04X} is not allowed in XML", u32::from(character));
            return Err(Malformed::new(forbidden, message));
        }
        let event = event.map_err(|error| {
            let offset = usize::try_from(self.reader.error_position()).unwrap_or_default();
            Malformed::new(offset, error.to_string())
        })?;
        let raw = &self.source[self.offset..end];
        match event {
            Event::Start(tag) => {
                let name_length = tag.name().as_ref().len();
                self.open(&raw[1..raw.len() - 1], name_length).map(Some)
            }
            Event::Empty(tag) => {
                let name_length = tag.name().as_ref().len();
                self.is_close_due = true;
                self.open(&raw[1..raw.len() - 2], name_length).map(Some)
            }
            Event::End(_) => {
                self.depth -= 1;
                Ok(Some(Token::Close))
            }
            Event::Text(_) => self.text(raw),
            Event::CData(_) => {
                self.require_inside("text")?;
                let text = raw.strip_prefix("<![CDATA[").unwrap_or(raw);
                Ok(Some(Token::Section(
                    text.strip_suffix("]]>").unwrap_or(text),
                )))
            }
            Event::GeneralRef(_) => {
                self.require_inside("a reference")?;
                let name = raw.trim_start_matches('&').trim_end_matches(';');
                resolve(name)
                    .map(|character| Some(Token::Reference(character)))
                    .ok_or_else(|| self.malformed(unresolved(raw)))
            }
            Event::Comment(_) => Ok(None),
            Event::PI(instruction) => {
                let target = instruction.target();
                if is_name(target) && !target.eq_ignore_ascii_case("xml") {
                    Ok(None)
                } else {
                    Err(self.malformed("invalid name of a processing instruction"))
                }
            }
            Event::Decl(_) => self.declaration(raw).map(|()| None),
            Event::DocType(_) => {
                Err(self.malformed("document type declarations are not supported"))
            }
            Event::Eof if !self.has_root => Err(self.malformed("no root element")),
            Event::Eof if self.depth > 0 => Err(self.malformed("unexpected end inside an element")),
            Event::Eof => Ok(Some(Token::End)),
        }
    }

    fn open(&mut self, tag: &'x str, name_length: usize) -> Result<Token<'x>, Malformed> {
        let (name, attributes) = tag.split_at(name_length);
        if !is_name(name) {
            return Err(self.malformed(format!("invalid element name `{}`", excerpt(name))));
        }
        if self.depth == 0 && self.has_root {
            return Err(self.malformed(format!("second root element `{}`", excerpt(name))));
        }
        if self.depth == Self::DEPTH_MAX {
            let message = format!("elements are nested deeper than {} levels", Self::DEPTH_MAX);
            return Err(self.malformed(message));
        }
        self.has_root = true;
        self.depth += 1;
        Ok(Token::Open {
            name,
            attributes,
            attributes_offset: self.offset + 1 + name_length,
        })
    }

    fn text(&self, raw: &'x str) -> Result<Option<Token<'x>>, Malformed> {
        if self.depth == 0 {
            let is_whitespace = raw.chars().all(is_whitespace);
            return if is_whitespace {
                Ok(None)
            } else {
                Err(self.malformed("text outside the root element"))
            };
        }
        match raw.find("]]>") {
            Some(at) => Err(Malformed::new(self.offset + at, "unescaped `]]>` in text")),
            None => Ok(Some(Token::Text(raw))),
        }
    }

    fn declaration(&self, raw: &'x str) -> Result<(), Malformed> {
        if self.offset > 0 {
            return Err(self.malformed("the XML declaration is not at the beginning"));
        }
        let content = raw
            .strip_prefix("<?xml")
            .and_then(|rest| rest.strip_suffix("?>"))
            .unwrap_or_default();
        let mut allowed = ["version", "encoding", "standalone"].as_slice();
        for (index, attribute) in attributes(content, self.offset + 5).enumerate() {
            let attribute = attribute?;
            let (name, value) = (attribute.name, attribute.value);
            let is_good = match name {
                "version" => value.strip_prefix("1.").is_some_and(|minor| {
                    !minor.is_empty() && minor.bytes().all(|digit| digit.is_ascii_digit())
                }),
                "encoding" => value.eq_ignore_ascii_case("utf-8"),
                "standalone" => matches!(value, "yes" | "no"),
                _ => false,
            };
            let place = allowed.iter().position(|known| *known == name);
            let Some(place) = place.filter(|place| is_good && (index > 0 || *place == 0)) else {
                let message = format!(
                    "unsupported `{name}=\"{}\"` in the XML declaration; expected `version=\"1.0\" encoding=\"UTF-8\"`",
                    excerpt(value)
                );
                return Err(Malformed::new(attribute.offset, message));
            };
            allowed = &allowed[place + 1..];
        }
        if allowed.first() == Some(&"version") {
            return Err(self.malformed("the XML declaration has no version"));
        }
        Ok(())
    }

    fn require_inside(&self, what: &str) -> Result<(), Malformed> {
        if self.depth > 0 {
            Ok(())
        } else {
            Err(self.malformed(format!("{what} outside the root element")))
        }
    }

    fn malformed(&self, message: impl Into<String>) -> Malformed {
        Malformed::new(self.offset, message)
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(self.source.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Result<Vec<Token<'_>>, Malformed> {
        let mut tokens = Tokens::new(source);
        let mut all = Vec::new();
        loop {
            match tokens.read()? {
                Token::End => return Ok(all),
                token => all.push(token),
            }
        }
    }

    #[test]
    fn an_empty_element_opens_and_closes() {
        let tokens = read("<?xml version='1.0'?><!-- c --><a b='1'/>\n<?p?>").unwrap();
        assert_eq!(
            tokens,
            [
                Token::Open {
                    name: "a",
                    attributes: " b='1'",
                    attributes_offset: 33
                },
                Token::Close
            ]
        );
    }

    #[test]
    fn text_is_split_at_references_and_sections() {
        let tokens = read("<a>x&lt;y<!--c-->z<![CDATA[<q>]]></a >").unwrap();
        assert_eq!(
            &tokens[1..6],
            [
                Token::Text("x"),
                Token::Reference('<'),
                Token::Text("y"),
                Token::Text("z"),
                Token::Section("<q>"),
            ]
        );
    }

    #[test]
    fn malformed_documents_are_rejected() {
        for bad in [
            "",
            " ",
            "x",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a/>x",
            "<a/>&#32;",
            "&#32;<a/>",
            "<a/><![CDATA[]]>",
            " <?xml version='1.0'?><a/>",
            "<?xml version='2.0'?><a/>",
            "<?xml version='1.'?><a/>",
            "<?xml encoding='UTF-8'?><a/>",
            "<?xml?><a/>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
            "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            "<?XML x?><a/>",
            "<??><a/>",
            "<!DOCTYPE a><a/>",
            "<!-- a -- b --><a/>",
            "<a>]]></a>",
            "<a>&</a>",
            "<a>&b</a>",
            "<a>&nbsp;</a>",
            "<a>&#1;</a>",
            "<a>\u{1}</a>",
            "<a>\u{FFFE}</a>",
            "<1/>",
            "< a/>",
            "<>",
            "<a",
            "<a b='",
            "<!x><a/>",
            "<a><![CDATA[</a>",
            "<a></a b>",
            "\u{FEFF}<a/>",
            "\u{FEFF}",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(read(&nested(Tokens::DEPTH_MAX)).is_ok());
        assert!(read(&nested(Tokens::DEPTH_MAX + 1)).is_err());
    }
}
