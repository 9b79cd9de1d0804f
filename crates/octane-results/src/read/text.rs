//! Decodes bytes of any encoding and tracks lines and columns.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use encoding_rs::{DecoderResult, UTF_8};

use crate::read::encoding::{TextEncoding, UnknownTextEncoding, encoding};
use crate::read::line_column::{LineColumn, Lines};
use crate::text::REPLACEMENT;

/// The number of bytes that are read and decoded at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// A larger buffer is freed after what needed it.
const KEPT_BYTES: usize = 1024 * 1024;

/// Bytes that are invalid in the encoding of an input, and were read as U+FFFD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidBytes {
    pub(crate) bytes: u64,
    /// Where the first of them are.
    pub(crate) first: LineColumn,
    pub(crate) encoding: &'static str,
}

/// A text that has been peeked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NextText<'t> {
    pub(crate) text: &'t str,
    /// Whether bytes of it were invalid and have been replaced.
    pub(crate) has_invalid_bytes: bool,
    window: &'t [u8],
    start: usize,
    lines: &'t Lines,
}

impl NextText<'_> {
    /// The position of its first character.
    pub(crate) fn place(&self) -> LineColumn {
        self.lines.at(self.window, self.start)
    }
}

/// Converts bytes to UTF-8 without a byte order mark and tracks the position of what is consumed.
pub(crate) struct DecodedText<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    raw: Box<[u8]>,
    raw_start: usize,
    raw_end: usize,
    decoded: String,
    /// How much of `decoded` was consumed.
    start: usize,
    lines: Lines,
    state: State,
    /// How many bytes were consumed.
    consumed: u64,
    /// The length of invalid bytes whose replacement is not in `decoded` yet.
    owed: Option<u64>,
    /// Where in the decoded text replacements start, and how many bytes each stands for; not consumed yet.
    replaced: VecDeque<(u64, u64)>,
    invalid: Option<InvalidBytes>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    InputEnded,
    Done,
}

impl<R> DecodedText<R> {
    /// The invalid bytes in what was consumed so far.
    pub(crate) const fn invalid(&self) -> Option<InvalidBytes> {
        self.invalid
    }

    /// The name of the encoding.
    pub(crate) fn encoding(&self) -> &'static str {
        self.decoder.encoding().name()
    }
}

impl DecodedText<io::Empty> {
    /// A text without a byte order mark that is in memory as a whole.
    pub(crate) fn of(text: String) -> Self {
        Self {
            input: io::empty(),
            decoder: UTF_8.new_decoder(),
            raw: Box::default(),
            raw_start: 0,
            raw_end: 0,
            decoded: text,
            start: 0,
            lines: Lines::default(),
            state: State::Done,
            consumed: 0,
            owed: None,
            replaced: VecDeque::new(),
            invalid: None,
        }
    }

    /// The memory of the text, to be used for another one.
    pub(crate) fn into_memory(mut self) -> String {
        self.decoded.clear();
        self.decoded
    }
}

impl<R: Read> DecodedText<R> {
    /// Decodes `input`, whose first bytes, `head`, determine the encoding unless it is given.
    pub(crate) fn new(
        input: R,
        head: &[u8],
        given: Option<TextEncoding>,
    ) -> Result<Self, UnknownTextEncoding> {
        Ok(Self {
            input,
            // Removes the byte order mark, which takes precedence over the declaration.
            decoder: encoding(head, given)?.new_decoder(),
            raw: vec![0; BLOCK_BYTES].into_boxed_slice(),
            raw_start: 0,
            raw_end: 0,
            decoded: String::new(),
            start: 0,
            lines: Lines::default(),
            state: State::Reading,
            consumed: 0,
            owed: None,
            replaced: VecDeque::new(),
            invalid: None,
        })
    }

    /// Says that the input starts at `place` of a text, of which the lines `kept` are kept.
    pub(crate) fn start_at(&mut self, place: LineColumn, kept: impl IntoIterator<Item = u64>) {
        self.lines = Lines::starting_at(place, kept);
    }

    /// The position of the next character to consume.
    pub(crate) fn place(&self) -> LineColumn {
        self.lines.at(self.decoded.as_bytes(), self.start)
    }

    /// Keeps the line of the next character to consume.
    pub(crate) fn mark_line(&mut self) {
        self.lines.mark(self.start);
    }

    /// Forgets the last line that was kept.
    pub(crate) fn unmark_line(&mut self) {
        self.lines.unmark();
    }

    /// The last line that was kept.
    pub(crate) fn marked_line(&self) -> Option<u64> {
        self.lines.marked(self.decoded.as_bytes(), self.start)
    }

    /// What can be consumed next: at least `wanted` bytes, unless the input ends before. All of them are in memory.
    #[inline]
    pub(crate) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        if self.ahead().len() < wanted {
            self.decode(wanted)?;
        }
        Ok(self.ahead())
    }

    /// The next `length` bytes, which have been peeked at and are whole characters.
    pub(crate) fn next(&self, length: usize) -> NextText<'_> {
        let end = self.consumed + length as u64;
        NextText {
            text: (self.decoded.get(self.start..self.start + length)).unwrap_or_default(),
            has_invalid_bytes: self.replaced.front().is_some_and(|(at, _)| *at < end),
            window: self.decoded.as_bytes(),
            start: self.start,
            lines: &self.lines,
        }
    }

    /// What can be consumed without reading on.
    #[inline]
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.decoded.as_bytes()[self.start..]
    }

    #[cfg(test)]
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.decoded.capacity().saturating_sub(BLOCK_BYTES)
    }

    /// Decodes until `wanted` bytes are available or the input ends.
    fn decode(&mut self, wanted: usize) -> io::Result<()> {
        let mut used = self.start;
        while !self.decoded.is_char_boundary(used) {
            used -= 1;
        }
        self.lines.remove(self.decoded.as_bytes(), used);
        self.decoded.drain(..used);
        self.start -= used;
        let room = wanted.saturating_mul(2).max(BLOCK_BYTES);
        if self.decoded.capacity() > KEPT_BYTES.max(room) {
            self.decoded.shrink_to(room);
        }
        self.decoded
            .reserve_exact(room.saturating_sub(self.decoded.len()));
        while self.ahead().len() < wanted {
            if let Some(bytes) = self.owed.take() {
                let at = self.consumed + self.ahead().len() as u64;
                self.replaced.push_back((at, bytes));
                self.decoded.push_str(REPLACEMENT);
                continue;
            }
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
            if self.state == State::Done {
                return Ok(());
            }
            let is_last = self.state == State::InputEnded;
            let (result, read) = self.decoder.decode_to_string_without_replacement(
                &self.raw[self.raw_start..self.raw_end],
                &mut self.decoded,
                is_last,
            );
            self.raw_start += read;
            match result {
                DecoderResult::Malformed(bytes, _) => self.owed = Some(bytes.into()),
                DecoderResult::InputEmpty if is_last => self.state = State::Done,
                DecoderResult::OutputFull if self.ahead().len() < wanted => {
                    self.decoded.reserve(BLOCK_BYTES);
                }
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }

    /// Counts the replacements in the next `amount` bytes.
    fn count_replacements(&mut self, amount: usize) {
        let end = self.consumed + amount as u64;
        while let Some((at, bytes)) = self.replaced.front().copied().filter(|(at, _)| *at < end) {
            self.replaced.pop_front();
            let before = usize::try_from(at.saturating_sub(self.consumed)).unwrap_or(amount);
            if self.invalid.is_none() {
                self.invalid = Some(InvalidBytes {
                    bytes: 0,
                    first: self.place().after(&self.ahead()[..before.min(amount)]),
                    encoding: self.encoding(),
                });
            }
            if let Some(invalid) = &mut self.invalid {
                invalid.bytes += bytes;
            }
        }
    }
}

impl<R: Read> BufRead for DecodedText<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    #[inline]
    fn consume(&mut self, amount: usize) {
        let amount = amount.min(self.ahead().len());
        if !self.replaced.is_empty() {
            self.count_replacements(amount);
        }
        self.start += amount;
        self.consumed += amount as u64;
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

    fn decoded(bytes: &[u8]) -> (String, Option<InvalidBytes>) {
        let mut text = DecodedText::new(OneByteReader(bytes), bytes, None).unwrap();
        let mut string = String::new();
        text.read_to_string(&mut string).unwrap();
        (string, text.invalid())
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
            assert_eq!(decoded(&bytes), (xml.to_owned(), None));
        }
        assert_eq!(
            decoded(b"<?xml version=\"1.0\" encoding = \"ISO-8859-1\" ?><a>\xE9</a>").0,
            "<?xml version=\"1.0\" encoding = \"ISO-8859-1\" ?><a>é</a>"
        );
    }

    #[test]
    fn invalid_bytes_are_replaced_and_counted_from_where_the_first_are() {
        let (text, invalid) = decoded(b"ab\nc\xC3\xA9d\xE9ef\xF0\x9F\nx\xFF");
        assert_eq!(text, "ab\nc\u{e9}d\u{FFFD}ef\u{FFFD}\nx\u{FFFD}");
        let expected = InvalidBytes {
            bytes: 4,
            first: LineColumn { line: 2, column: 4 },
            encoding: "UTF-8",
        };
        assert_eq!(invalid, Some(expected));
        assert_eq!(decoded(b"caf\xC3").0, "caf\u{FFFD}");
        // A replacement character in the input is not an invalid byte.
        assert_eq!(decoded("\u{FFFD}".as_bytes()).1, None);
    }

    #[test]
    fn invalid_bytes_count_once_they_are_consumed() {
        let mut text = DecodedText::new(&b"a\xE9b"[..], b"a", None).unwrap();
        assert_eq!(text.peek(5).unwrap(), "a\u{FFFD}b".as_bytes());
        text.consume(1);
        assert_eq!(text.invalid(), None);
        text.consume(3);
        assert_eq!(text.invalid().map(|invalid| invalid.bytes), Some(1));
    }

    #[test]
    fn more_than_enough_invalid_bytes_for_a_block_are_replaced() {
        let bytes = vec![0xFF; BLOCK_BYTES + 7];
        let (text, invalid) = decoded(&bytes);
        assert_eq!(text.chars().count(), bytes.len());
        assert_eq!(invalid.unwrap().bytes, bytes.len() as u64);
    }

    proptest! {
        #[test]
        fn positions_agree_with_counting(text in "[a\u{e9}\u{1F389}\n]{0,60}", step in 1_usize..7) {
            let mut reader = DecodedText::new(OneByteReader(text.as_bytes()), text.as_bytes(), None).unwrap();
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
