//! Lines that end in one way, so that they can be counted.

use std::io::{self, Read};

use memchr::memchr;

/// How many bytes are read at a time.
const BLOCK_BYTES: usize = 64 * 1024;

/// What is put behind the end: a line end for a last line without one, and an empty line, which a CSV
/// parser leaves alone unless a quote is open.
const END: &[u8] = b"\n\n";

/// Bytes whose lines all end with `\n`, without a UTF-8 byte order mark, with two line ends at the end.
pub(crate) struct Lines<R> {
    input: R,
    block: Box<[u8]>,
    start: usize,
    end: usize,
    stage: Stage,
    is_old_mac: bool,
    /// A carriage return is held back until the byte behind it is known.
    has_carriage_return: bool,
    produced: u64,
    end_left: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has been read.
    Start,
    Reading,
    /// There is nothing left to read.
    Ended,
}

impl<R: Read> Lines<R> {
    /// Lines of `input`; `is_old_mac` takes a carriage return alone for a line end as well.
    pub(crate) fn new(input: R, is_old_mac: bool) -> Self {
        Self {
            input,
            block: vec![0; BLOCK_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            stage: Stage::Start,
            is_old_mac,
            has_carriage_return: false,
            produced: 0,
            end_left: END.len(),
        }
    }

    /// Whether `produced` bytes are all that there were, including the line ends put behind the end.
    pub(crate) fn is_end(&self, produced: u64) -> bool {
        self.stage == Stage::Ended && self.end_left == 0 && produced == self.produced
    }

    fn fill(&mut self) -> io::Result<()> {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        // At the start three bytes are needed to tell a byte order mark.
        let is_start = self.stage == Stage::Start;
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
            Stage::Ended
        } else {
            Stage::Reading
        };
        if is_start && self.block[..self.end].starts_with(MARK) {
            self.start = MARK.len();
        }
        Ok(())
    }

    /// Copies what is there up to a carriage return, or deals with one; gives the bytes written.
    fn copy(&mut self, into: &mut [u8]) -> usize {
        let rest = &self.block[self.start..self.end];
        if std::mem::take(&mut self.has_carriage_return) && rest.first() != Some(&b'\n') {
            // It was alone: it belongs to a cell.
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

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 && !into.is_empty() {
            if self.start == self.end && self.stage != Stage::Ended {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8], is_old_mac: bool) -> String {
        let mut text = String::new();
        let mut lines = Lines::new(bytes, is_old_mac);
        lines.read_to_string(&mut text).unwrap();
        assert!(lines.is_end(text.len() as u64));
        text
    }

    #[test]
    fn lines_end_in_one_way() {
        assert_eq!(lines(b"a\r\nb\rc\n\r", false), "a\nb\rc\n\r\n\n");
        assert_eq!(lines(b"a\rb\r", true), "a\nb\n\n\n");
        assert_eq!(lines("\u{FEFF}a".as_bytes(), false), "a\n\n");
        assert_eq!(lines("\u{FEFF}".as_bytes(), false), "\n\n");
        assert_eq!(lines(b"", false), "\n\n");
        assert_eq!(lines(b"ab", false), "ab\n\n");
    }

    proptest! {
        #[test]
        fn only_carriage_returns_before_line_ends_go(text in "[ab\r\n]{0,40}", room in 1_usize..5) {
            let mut lines = Lines::new(text.as_bytes(), false);
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
