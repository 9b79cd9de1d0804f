//! Bytes of any encoding become text, and every character has its line and column.

use std::io::{self, BufRead, Read};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr_iter, memrchr};
use thiserror::Error;

/// How many bytes are read, and decoded, at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// Where an XML declaration must have ended; it stands at the very start.
const DECLARATION_BYTES_MAX: usize = 1024;

/// Bytes that are not text in the encoding of the input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the bytes here are not {encoding}")]
pub(crate) struct BadBytes {
    encoding: &'static str,
}

/// An encoding that an XML declaration names and nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownEncoding(pub(crate) String);

/// A line and a column, both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind `text` that starts here.
    pub(crate) fn after(self, text: &[u8]) -> Self {
        // Every character has one byte that is no continuation of it.
        let chars = |text: &[u8]| text.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u64;
        match memrchr(b'\n', text) {
            None => Self {
                column: self.column + chars(text),
                ..self
            },
            Some(last) => Self {
                line: self.line + memchr_iter(b'\n', text).count() as u64,
                column: 1 + chars(&text[last + 1..]),
            },
        }
    }
}

/// Reads bytes and gives UTF-8 without a byte order mark, counting what is consumed.
pub(crate) struct Text<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    raw: Box<[u8]>,
    raw_start: usize,
    raw_end: usize,
    decoded: Box<[u8]>,
    start: usize,
    end: usize,
    place: Place,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    InputEnded,
    Bad,
    Done,
}

impl<R: Read> Text<R> {
    /// Text of `input`, whose first bytes are `head` and decide the encoding.
    pub(crate) fn new(input: R, head: &[u8]) -> Result<Self, UnknownEncoding> {
        Ok(Self {
            input,
            // Takes the byte order mark away, and believes it more than the declaration.
            decoder: encoding(head)?.new_decoder(),
            raw: vec![0; BLOCK_BYTES].into_boxed_slice(),
            raw_start: 0,
            raw_end: 0,
            decoded: vec![0; BLOCK_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            place: Place::START,
            state: State::Reading,
        })
    }

    /// The place of the next character to consume.
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Decodes until there is text, or nothing left.
    fn decode(&mut self) -> io::Result<()> {
        while self.start == self.end {
            if self.raw_start == self.raw_end && self.state == State::Reading {
                self.raw_start = 0;
                self.raw_end = loop {
                    match self.input.read(&mut self.raw) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        read => break read?,
                    }
                };
                if self.raw_end == 0 {
                    self.state = State::InputEnded;
                }
            }
            match self.state {
                State::Done => return Ok(()),
                State::Bad => {
                    let encoding = self.decoder.encoding().name();
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        BadBytes { encoding },
                    ));
                }
                State::Reading | State::InputEnded => {}
            }
            let is_last = self.state == State::InputEnded;
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.raw[self.raw_start..self.raw_end],
                &mut self.decoded,
                is_last,
            );
            self.raw_start += read;
            self.start = 0;
            self.end = written;
            match result {
                // What was good before the bad bytes is handed out first, so that the place is right.
                DecoderResult::Malformed(..) => self.state = State::Bad,
                DecoderResult::InputEmpty if is_last => self.state = State::Done,
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Text<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.decode()?;
        Ok(&self.decoded[self.start..self.end])
    }

    fn consume(&mut self, amount: usize) {
        let end = (self.start + amount).min(self.end);
        self.place = self.place.after(&self.decoded[self.start..end]);
        self.start = end;
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

/// The encoding by byte order mark, by the shape of the first bytes, or by the XML declaration.
fn encoding(head: &[u8]) -> Result<&'static Encoding, UnknownEncoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok(encoding);
    }
    match head {
        [b'<', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let head = &head[..head.len().min(DECLARATION_BYTES_MAX)];
    let Some(label) = declared_encoding(head) else {
        return Ok(UTF_8);
    };
    match Encoding::for_label(label) {
        // A declaration that can be read byte by byte is not UTF-16, whatever it says of itself.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err(UnknownEncoding(String::from_utf8_lossy(label).into_owned())),
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
    Some(&value[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hands out one byte a read, so that every sequence is cut somewhere.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let amount = self.0.len().min(1).min(into.len());
            self.0.read(&mut into[..amount])
        }
    }

    fn decoded(bytes: &[u8]) -> io::Result<String> {
        let mut text = Text::new(Drip(bytes), bytes).expect("a known encoding");
        let mut string = String::new();
        text.read_to_string(&mut string).map(|_| string)
    }

    fn utf_16(text: &str, is_little: bool) -> Vec<u8> {
        let unit = |unit: u16| {
            if is_little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        };
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn encodings_are_told_by_mark_shape_and_declaration() {
        let xml = "<?xml version='1.0' encoding='utf-16'?><a>é🎉</a>";
        for bytes in [
            xml.as_bytes().to_vec(),
            format!("\u{FEFF}{xml}").into_bytes(),
            utf_16(xml, true),
            utf_16(xml, false),
            utf_16(&format!("\u{FEFF}{xml}"), true),
            utf_16(&format!("\u{FEFF}{xml}"), false),
        ] {
            assert_eq!(decoded(&bytes).unwrap(), xml);
        }
        assert_eq!(
            decoded(b"<?xml version=\"1.0\" encoding = \"ISO-8859-1\" ?><a>\xE9</a>").unwrap(),
            "<?xml version=\"1.0\" encoding = \"ISO-8859-1\" ?><a>é</a>"
        );
        let unknown = Text::new(io::empty(), b"<?xml encoding='klingon'?>").err();
        assert_eq!(unknown, Some(UnknownEncoding("klingon".into())));
    }

    #[test]
    fn bad_bytes_fail_where_they_stand() {
        let mut text = Text::new(&b"ab\ncd\xE9ef"[..], b"ab").unwrap();
        let mut good = String::new();
        let error = text.read_to_string(&mut good).unwrap_err();
        assert_eq!(error.to_string(), "the bytes here are not UTF-8");
        assert_eq!(text.place(), Place { line: 2, column: 3 });
    }

    #[test]
    fn a_cut_sequence_at_the_end_is_bad() {
        assert!(decoded(b"caf\xC3").is_err());
    }

    proptest! {
        #[test]
        fn places_agree_with_counting(text in "[a\u{e9}\u{1F389}\n]{0,60}", step in 1_usize..7) {
            let mut reader = Text::new(Drip(text.as_bytes()), text.as_bytes()).unwrap();
            let mut consumed = 0;
            loop {
                let before = &text.as_bytes()[..consumed];
                let line = before.split(|byte| *byte == b'\n').count() as u64;
                let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                if let Ok(last) = std::str::from_utf8(&before[start..]) {
                    let column = last.chars().count() as u64 + 1;
                    prop_assert_eq!(reader.place(), Place { line, column });
                }
                let available = reader.fill_buf().unwrap().len().min(step);
                if available == 0 {
                    break;
                }
                reader.consume(available);
                consumed += available;
            }
            prop_assert_eq!(consumed, text.len());
        }
    }
}
