//! Decodes bytes of any encoding and tracks lines and columns.

use std::io::{self, BufRead, Read};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use thiserror::Error;

use crate::read::line_column::LineColumn;

/// The number of bytes that are read and decoded at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// The maximum size of an XML declaration, which is at the very beginning.
const DECLARATION_BYTES_MAX: usize = 1024;

/// Bytes that are invalid in the encoding of the input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid {encoding}")]
pub(crate) struct BadBytes {
    encoding: &'static str,
}

/// An unknown encoding in an XML declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownEncoding(pub(crate) String);

/// Converts bytes to UTF-8 without a byte order mark and tracks the position of what is consumed.
pub(crate) struct DecodedText<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    raw: Box<[u8]>,
    raw_start: usize,
    raw_end: usize,
    decoded: Box<[u8]>,
    start: usize,
    end: usize,
    place: LineColumn,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    InputEnded,
    Bad,
    Done,
}

impl<R: Read> DecodedText<R> {
    /// Decodes `input`, whose first bytes, `head`, determine the encoding.
    pub(crate) fn new(input: R, head: &[u8]) -> Result<Self, UnknownEncoding> {
        Ok(Self {
            input,
            // Removes the byte order mark, which takes precedence over the declaration.
            decoder: encoding(head)?.new_decoder(),
            raw: vec![0; BLOCK_BYTES].into_boxed_slice(),
            raw_start: 0,
            raw_end: 0,
            decoded: vec![0; BLOCK_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            place: LineColumn::START,
            state: State::Reading,
        })
    }

    /// The position of the next character to consume.
    pub(crate) const fn place(&self) -> LineColumn {
        self.place
    }

    /// Decodes until text is available or the input ends.
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
                // The valid text before the invalid bytes is returned first, so that the position is right.
                DecoderResult::Malformed(..) => self.state = State::Bad,
                DecoderResult::InputEmpty if is_last => self.state = State::Done,
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> BufRead for DecodedText<R> {
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

impl<R: Read> Read for DecodedText<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

/// The encoding, by byte order mark, by the pattern of the first bytes, or by the XML declaration.
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
        // A declaration in single bytes is not UTF-16, whatever it declares.
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

    /// Returns one byte per read, so that every multi-byte sequence is split.
    struct OneByteReader<'a>(&'a [u8]);

    impl Read for OneByteReader<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let amount = self.0.len().min(1).min(into.len());
            self.0.read(&mut into[..amount])
        }
    }

    fn decoded(bytes: &[u8]) -> io::Result<String> {
        let mut text = DecodedText::new(OneByteReader(bytes), bytes).expect("a known encoding");
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
    fn encodings_are_detected_by_mark_pattern_and_declaration() {
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
        let unknown = DecodedText::new(io::empty(), b"<?xml encoding='klingon'?>").err();
        assert_eq!(unknown, Some(UnknownEncoding("klingon".into())));
    }

    #[test]
    fn invalid_bytes_are_reported_at_their_position() {
        let mut text = DecodedText::new(&b"ab\ncd\xE9ef"[..], b"ab").unwrap();
        let mut good = String::new();
        let error = text.read_to_string(&mut good).unwrap_err();
        assert_eq!(error.to_string(), "invalid UTF-8");
        assert_eq!(text.place(), LineColumn { line: 2, column: 3 });
    }

    #[test]
    fn a_truncated_sequence_at_the_end_is_invalid() {
        assert!(decoded(b"caf\xC3").is_err());
    }

    proptest! {
        #[test]
        fn positions_agree_with_counting(text in "[a\u{e9}\u{1F389}\n]{0,60}", step in 1_usize..7) {
            let mut reader = DecodedText::new(OneByteReader(text.as_bytes()), text.as_bytes()).unwrap();
            let mut consumed = 0;
            loop {
                let before = &text.as_bytes()[..consumed];
                let line = before.split(|byte| *byte == b'\n').count() as u64;
                let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                if let Ok(last) = std::str::from_utf8(&before[start..]) {
                    let column = last.chars().count() as u64 + 1;
                    prop_assert_eq!(reader.place(), LineColumn { line, column });
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
