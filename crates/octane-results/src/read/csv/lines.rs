//! Normalises line ends, so that lines can be counted.

use std::io::{self, Read};

use memchr::memchr;

/// How many bytes are read at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// What is appended to the input: a line end for a last line without one, and an empty line, which a CSV
/// parser ignores unless a quote is open.
const END: &[u8] = b"\n\n";

/// The input with all lines ending in `\n`, without a UTF-8 byte order mark, followed by two line ends.
pub(crate) struct NormalizedLines<R> {
    input: R,
    block: Box<[u8]>,
    start: usize,
    end: usize,
    stage: ReadState,
    is_old_mac: bool,
    /// Whether a carriage return is pending until the next byte is known.
    has_carriage_return: bool,
    produced: u64,
    end_left: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadState {
    /// Nothing has been read yet.
    Start,
    Reading,
    /// The input has ended.
    Ended,
}

impl<R: Read> NormalizedLines<R> {
    /// Normalises `input`; with `is_old_mac`, a single carriage return is a line end as well.
    pub(crate) fn new(input: R, is_old_mac: bool) -> Self {
        Self {
            input,
            block: vec![0; BLOCK_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            stage: ReadState::Start,
            is_old_mac,
            has_carriage_return: false,
            produced: 0,
            end_left: END.len(),
        }
    }

    /// The input as it is.
    pub(crate) const fn get_ref(&self) -> &R {
        &self.input
    }

    /// Whether `produced` bytes are the whole input, including the line ends appended to it.
    pub(crate) fn is_end(&self, produced: u64) -> bool {
        self.stage == ReadState::Ended && self.end_left == 0 && produced == self.produced
    }

    fn fill(&mut self) -> io::Result<()> {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        // At the start, three bytes are needed to recognise a byte order mark.
        let is_start = self.stage == ReadState::Start;
        let wanted = if is_start { MARK.len() } else { 1 };
        self.start = 0;
        self.end = 0;
        while self.end < wanted {
            match self.input.read(&mut self.block[self.end..]) {
                Ok(0) => break,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.stage = if self.end == 0 {
            ReadState::Ended
        } else {
            ReadState::Reading
        };
        if is_start && self.block[..self.end].starts_with(MARK) {
            self.start = MARK.len();
        }
        Ok(())
    }

    /// Copies bytes up to a carriage return, or handles one; returns the number of bytes written.
    fn copy(&mut self, into: &mut [u8]) -> usize {
        let rest = &self.block[self.start..self.end];
        if std::mem::take(&mut self.has_carriage_return) && rest.first() != Some(&b'\n') {
            // A single carriage return belongs to a cell.
            into[0] = if self.is_old_mac { b'\n' } else { b'\r' };
            return 1;
        }
        let rest = &rest[..rest.len().min(into.len())];
        let amount = memchr(b'\r', rest).unwrap_or(rest.len());
        if amount == 0 && !rest.is_empty() {
            self.has_carriage_return = true;
            self.start += 1;
            return 0;
        }
        into[..amount].copy_from_slice(&rest[..amount]);
        self.start += amount;
        amount
    }
}

impl<R: Read> Read for NormalizedLines<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 && !into.is_empty() {
            if self.start == self.end && self.stage != ReadState::Ended {
                self.fill()?;
            } else if self.start == self.end && !self.has_carriage_return {
                written = self.end_left.min(into.len());
                into[..written].copy_from_slice(&END[..written]);
                self.end_left -= written;
                break;
            } else {
                written = self.copy(into);
            }
        }
        self.produced += written as u64;
        Ok(written)
    }
}

/// Whether lines end with a single carriage return, as some spreadsheets still write them.
pub(super) fn is_old_mac(head: &[u8]) -> bool {
    head.contains(&b'\r') && !head.contains(&b'\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8], is_old_mac: bool) -> String {
        let mut text = String::new();
        let mut lines = NormalizedLines::new(bytes, is_old_mac);
        lines.read_to_string(&mut text).unwrap();
        assert!(lines.is_end(text.len() as u64));
        text
    }

    #[test]
    fn all_lines_end_in_a_line_feed() {
        assert_eq!(lines(b"a\r\nb\rc\n\r", false), "a\nb\rc\n\r\n\n");
        assert_eq!(lines(b"a\rb\r", true), "a\nb\n\n\n");
        assert_eq!(lines("\u{FEFF}a".as_bytes(), false), "a\n\n");
        assert_eq!(lines("\u{FEFF}".as_bytes(), false), "\n\n");
        assert_eq!(lines(b"", false), "\n\n");
        assert_eq!(lines(b"ab", false), "ab\n\n");
    }

    proptest! {
        #[test]
        fn only_carriage_returns_before_line_feeds_are_removed(text in "[ab\r\n]{0,40}", room in 1_usize..5) {
            let mut lines = NormalizedLines::new(text.as_bytes(), false);
            let mut found = Vec::new();
            let mut buffer = vec![0; room];
            loop {
                let read = lines.read(&mut buffer).unwrap();
                if read == 0 {
                    break;
                }
                found.extend_from_slice(&buffer[..read]);
            }
            let expected = text.replace("\r\n", "\n") + "\n\n";
            prop_assert_eq!(String::from_utf8(found).unwrap(), expected);
        }
    }
}
