//! Reads what is between tags, a block at a time: texts, CDATA sections, references and comments.

use std::io::{self, BufRead, Read};

use memchr::memmem::find;
use memchr::{memchr, memchr2};

use super::escape::character;
use crate::read::line_column::LineColumn;
use crate::read::text::DecodedText;

pub(super) const CDATA: &[u8] = b"<![CDATA[";
const CDATA_END: &[u8] = b"]]>";
const COMMENT: &[u8] = b"<!--";
const COMMENT_END: &[u8] = b"-->";

/// How much of a comment is kept.
const COMMENT_BYTES_MAX: usize = 1024;

/// The maximum length of a reference with `&` and `;`, far more than any has. A longer one is text.
const REFERENCE_BYTES_MAX: usize = 64;

/// What was read between tags.
#[derive(Debug)]
pub(super) enum Content {
    /// A tag, a processing instruction or the end of the input is next.
    Markup,
    /// Text of this length, which is not consumed.
    Text(usize),
    /// A character reference, or a reference to a predefined entity.
    CharRef(char),
    /// A reference to an unknown entity, with `&` and `;`.
    UnknownEntity(String),
    /// A comment, or the beginning of a long one.
    Comment(String),
}

/// Reads what is between tags.
#[derive(Debug, Default)]
pub(super) struct ContentReader {
    section: Section,
    /// Where the last unknown entity is.
    pub(super) unknown: LineColumn,
    /// What was read of the comment that is being read.
    comment: Vec<u8>,
}

/// Where the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Section {
    #[default]
    Text,
    Cdata,
    Comment,
}

impl ContentReader {
    /// Whether the next byte is neither in a CDATA section nor in a comment.
    pub(super) fn is_outside_sections(&self) -> bool {
        self.section == Section::Text
    }

    /// Reads a part of a text, or a reference. Unless `wants_text`, skips all of them up to the next markup.
    pub(super) fn read<R: Read>(
        &mut self,
        input: &mut DecodedText<R>,
        wants_text: bool,
    ) -> io::Result<Content> {
        loop {
            let (end, is_wanted) = match self.section {
                Section::Text => {
                    let next = input.peek(CDATA.len())?;
                    match next.first() {
                        None => return Ok(Content::Markup),
                        Some(b'<') => match markup(next) {
                            Some((section, length)) => {
                                self.section = section;
                                input.consume(length);
                                continue;
                            }
                            None => return Ok(Content::Markup),
                        },
                        Some(b'&') if wants_text => {
                            let (content, length) = reference(input.peek(REFERENCE_BYTES_MAX)?);
                            match content {
                                Content::Text(_) => return Ok(content),
                                Content::UnknownEntity(_) => self.unknown = input.place(),
                                Content::Markup | Content::CharRef(_) | Content::Comment(_) => {}
                            }
                            input.consume(length);
                            return Ok(content);
                        }
                        Some(_) if wants_text => (memchr2(b'<', b'&', next), true),
                        Some(_) => (memchr(b'<', next), false),
                    }
                }
                Section::Cdata | Section::Comment => {
                    let is_cdata = self.section == Section::Cdata;
                    let mark = if is_cdata { CDATA_END } else { COMMENT_END };
                    let next = input.peek(mark.len())?;
                    if next.is_empty() {
                        // The end of the input inside a section is the end inside the element around it.
                        return Ok(Content::Markup);
                    }
                    if next.starts_with(mark) {
                        input.consume(mark.len());
                        self.section = Section::Text;
                        if is_cdata {
                            continue;
                        }
                        let comment = String::from_utf8_lossy(&self.comment).into_owned();
                        self.comment.clear();
                        return Ok(Content::Comment(comment));
                    }
                    (find(next, mark), wants_text && is_cdata)
                }
            };
            let next = input.peek(1)?;
            let end = end.unwrap_or_else(|| whole(next, self.section));
            if is_wanted {
                return Ok(Content::Text(end));
            }
            if self.section == Section::Comment {
                let left = COMMENT_BYTES_MAX - self.comment.len();
                self.comment.extend_from_slice(&next[..end.min(left)]);
            }
            input.consume(end);
        }
    }
}

/// The section that starts here, and the length of its mark.
fn markup(next: &[u8]) -> Option<(Section, usize)> {
    if next.starts_with(CDATA) {
        Some((Section::Cdata, CDATA.len()))
    } else if next.starts_with(COMMENT) {
        Some((Section::Comment, COMMENT.len()))
    } else {
        None
    }
}

/// The reference at the start of `next`, and its length; text if it is a lone `&`.
fn reference(next: &[u8]) -> (Content, usize) {
    let next = &next[..next.len().min(REFERENCE_BYTES_MAX)];
    let end = (next.iter().skip(1))
        .position(|byte| matches!(byte, b';' | b'&' | b'<'))
        .map(|end| end + 1)
        .filter(|end| next[*end] == b';');
    let name = end.and_then(|end| std::str::from_utf8(&next[1..end]).ok());
    match name {
        // Many reports contain an unescaped `&`; what it means is clear.
        None => (Content::Text(1), 1),
        Some(name) => {
            let content = character(name).map_or_else(
                || Content::UnknownEntity(format!("&{name};")),
                Content::CharRef,
            );
            (content, name.len() + 2)
        }
    }
}

/// How much of `next`, in which a section does not end, can be taken: not the beginning of its end mark, nor a carriage
/// return that may belong to a line feed after it. At least one byte, since more follows than these, or nothing at all.
fn whole(next: &[u8], section: Section) -> usize {
    let tail: &[u8] = match section {
        Section::Text => b"\r",
        Section::Cdata => b"]\r",
        Section::Comment => b"-",
    };
    let kept = (next.iter().rev())
        .take(CDATA_END.len() - 1)
        .take_while(|byte| tail.contains(byte))
        .count();
    match next.len() - kept {
        0 => next.len(),
        end => end,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::read::xml::escape::push_text;

    /// Returns a few bytes per read, so that marks are split.
    struct Sips<'a>(&'a [u8], usize);

    impl Read for Sips<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let amount = self.1.min(into.len()).min(self.0.len());
            self.0.read(&mut into[..amount])
        }
    }

    fn content(text: &str, sip: usize) -> (String, usize) {
        let bytes = text.as_bytes();
        let mut input = DecodedText::new(Sips(bytes, sip), b"", None).unwrap();
        let mut reader = ContentReader::default();
        let (mut shown, mut parts) = (String::new(), 0);
        loop {
            match reader.read(&mut input, true).unwrap() {
                Content::Markup => return (shown, parts),
                Content::Text(length) => {
                    assert!(length > 0);
                    push_text(&mut shown, input.next(length).text);
                    input.consume(length);
                }
                Content::CharRef(char) => shown.push(char),
                Content::UnknownEntity(text) => shown.push_str(&text),
                Content::Comment(_) => {}
            }
            parts += 1;
        }
    }

    #[test]
    fn texts_sections_and_references_are_read_whatever_the_size_of_the_blocks() {
        let text = "a<!-- - -- <x> --->&amp;b<![CDATA[]] ]<]]>c<![CDATA[]]>R&D &auml;&#65;\r\n<end";
        for sip in 1..20 {
            assert_eq!(content(text, sip).0, "a&b]] ]<cR&D &auml;A\n", "{sip}");
        }
    }

    #[test]
    fn a_long_text_is_read_in_parts() {
        for long in [
            "x".repeat(1_000_000),
            format!("<![CDATA[{}]]>", "]".repeat(1_000_000)),
        ] {
            let (text, parts) = content(&long, 1 << 20);
            assert_eq!((text.len(), parts > 10), (1_000_000, true));
        }
    }

    #[test]
    fn comments_are_read_whatever_the_size_of_the_blocks() {
        let long = "x".repeat(COMMENT_BYTES_MAX);
        let text = format!("a<!-- fail - 1 -->b<!----><!--{long}y--><end");
        for sip in 1..20 {
            let mut input = DecodedText::new(Sips(text.as_bytes(), sip), b"", None).unwrap();
            let mut reader = ContentReader::default();
            let mut comments = Vec::new();
            loop {
                match reader.read(&mut input, false).unwrap() {
                    Content::Markup => break,
                    Content::Comment(comment) => comments.push(comment),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(comments, [" fail - 1 ", "", &long], "{sip}");
        }
    }

    #[test]
    fn sections_that_do_not_end_end_with_the_input() {
        assert_eq!(content("a<![CDATA[b]]", 3).0, "ab]]");
        assert_eq!(content("a<!-- b--", 3).0, "a");
        assert_eq!(content("a&b", 3).0, "a&b");
    }

    proptest! {
        #[test]
        fn line_ends_stay_whole(text in "[a\r\n\\]>]{0,60}", sip in 1_usize..5) {
            let normalized = |text: &str| {
                let mut normalized = String::new();
                push_text(&mut normalized, text);
                normalized
            };
            prop_assert_eq!(content(&text, sip).0, normalized(&text));
            let mut section = text;
            while section.contains("]]>") {
                section = section.replace("]]>", "");
            }
            let found = content(&format!("<![CDATA[{section}]]>"), sip).0;
            prop_assert_eq!(found, normalized(&section));
        }
    }
}
