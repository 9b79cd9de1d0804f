//! Cuts a table into chunks of whole rows, whose records are made one after the other, or by several threads.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use super::chunk::{Chunk, Text};
use crate::read::parts::fill::Ahead;

/// The byte order mark, which is not part of the text.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// How long a row with an open quote may be; as long as a line in JSON.
const QUOTED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Cuts a table into chunks of whole rows. A row may be longer than a chunk.
pub(super) struct Chunks<R> {
    input: R,
    delimiter: u8,
    chunk_bytes: usize,
    quoted_bytes_max: usize,
    /// What was read and not cut off yet.
    ahead: Ahead,
    /// The line at which that starts.
    line: u64,
    has_begun: bool,
    end: End,
    /// The memory of chunks that are no longer needed.
    unused: Vec<Vec<u8>>,
}

/// How far the input was read.
enum End {
    NotYet,
    Reached,
    Failed(io::Error),
}

/// An input that could not be read on, in this line.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) error: io::Error,
    pub(super) line: u64,
}

impl<R: Read> Chunks<R> {
    pub(super) fn new(input: R, delimiter: u8, chunk_bytes: usize) -> Self {
        Self {
            input,
            delimiter,
            chunk_bytes,
            quoted_bytes_max: QUOTED_BYTES_MAX.max(chunk_bytes),
            ahead: Ahead::default(),
            line: 1,
            has_begun: false,
            end: End::NotYet,
            unused: Vec::new(),
        }
    }

    pub(super) const fn input(&self) -> &R {
        &self.input
    }

    pub(super) const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Whether there is nothing after the chunks so far.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.end, End::Reached) && self.ahead.is_empty()
    }

    /// Uses the memory of a chunk for a later one.
    pub(super) fn recycle(&mut self, chunk: Chunk) {
        self.unused.push(chunk.into_bytes());
    }

    /// The next chunk; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>, Unreadable> {
        let mut scan = Scan::default();
        let mut wanted = self.chunk_bytes.max(self.ahead.len());
        loop {
            if matches!(self.end, End::NotYet) {
                self.end = match self.read(wanted) {
                    Ok(true) => End::NotYet,
                    Ok(false) => End::Reached,
                    Err(error) => End::Failed(error),
                };
            }
            if matches!(self.end, End::Reached) {
                let is_empty = self.ahead.is_empty();
                return Ok((!is_empty).then(|| self.cut(self.ahead.len())));
            }
            scan.go_on(&self.ahead, self.delimiter);
            if let Some(end) = scan.rows_end {
                return Ok(Some(self.cut(end)));
            }
            // Its reader says that the quote is not closed.
            if scan.is_quoted && self.ahead.len() > self.quoted_bytes_max {
                self.end = End::Reached;
                return Ok(Some(self.cut(self.ahead.len())));
            }
            self.end = match std::mem::replace(&mut self.end, End::Reached) {
                End::Failed(error) => {
                    let line = self.line + lines(&std::mem::take(&mut self.ahead));
                    return Err(Unreadable { error, line });
                }
                end => end,
            };
            wanted = self.ahead.len() * 2;
        }
    }

    fn read(&mut self, wanted: usize) -> io::Result<bool> {
        let mut is_more = self.ahead.fill(&mut self.input, wanted.max(MARK.len()))?;
        if !std::mem::replace(&mut self.has_begun, true) {
            while self.ahead.starts_with(MARK) {
                self.ahead.cut(MARK.len(), Vec::new());
                is_more = self.ahead.fill(&mut self.input, MARK.len())?;
            }
        }
        Ok(is_more)
    }

    fn cut(&mut self, end: usize) -> Chunk {
        let unused = self.unused.pop().unwrap_or_default();
        let bytes = self.ahead.cut(end, unused);
        let line = self.line;
        self.line += lines(&bytes);
        Chunk {
            text: Text::Bytes(bytes),
            at: 0,
            line,
            may_have_replacements: false,
        }
    }
}

fn lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Follows the quotes of a text that begins with a row, to find where rows end.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    is_quoted: bool,
    /// Where the text outside of quotes begins that goes on to `at`.
    plain: usize,
    /// Where the last row ends that is known to be whole.
    rows_end: Option<usize>,
}

impl Scan {
    /// Goes on to the end of `text`, to which there may be more than before.
    fn go_on(&mut self, text: &[u8], delimiter: u8) {
        while let Some(found) = memchr(b'"', &text[self.at..]) {
            let quote = self.at + found;
            self.at = quote + 1;
            if self.is_quoted {
                match text.get(self.at) {
                    Some(b'"') => self.at += 1,
                    Some(_) => {
                        self.is_quoted = false;
                        self.plain = self.at;
                    }
                    // It is not known yet whether it is the closing quote.
                    None => {
                        self.at = quote;
                        return;
                    }
                }
            } else if quote == 0 || text[quote - 1] == delimiter || text[quote - 1] == b'\n' {
                self.see_plain(text, quote);
                self.is_quoted = true;
            }
        }
        self.at = text.len();
        if !self.is_quoted {
            self.see_plain(text, self.at);
            self.plain = self.at;
        }
    }

    /// Looks for the last line feed in the text outside of quotes that ends at `end`.
    fn see_plain(&mut self, text: &[u8], end: usize) {
        if let Some(last) = memrchr(b'\n', &text[self.plain..end]) {
            self.rows_end = Some(self.plain + last + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::row::tests::{Shown, rows};
    use super::*;

    #[test]
    fn a_quote_that_is_not_closed_does_not_take_all_that_follows_into_memory() {
        let text = [b"a,b\n1,\"", &[b'x'; 10_000][..]].concat();
        let mut chunks = Chunks::new(&text[..], b',', 16);
        chunks.quoted_bytes_max = 100;
        let mut lengths = Vec::new();
        while let Some(chunk) = chunks.next().unwrap() {
            lengths.push(chunk.bytes().len());
        }
        assert_eq!(lengths[0], 4);
        assert!(lengths.len() == 2 && lengths[1] < 1000, "{lengths:?}");
    }

    /// The rows of all chunks, and how many chunks there are.
    fn in_chunks(text: &[u8], chunk_bytes: usize) -> (Vec<Shown>, usize) {
        let mut chunks = Chunks::new(text, b',', chunk_bytes);
        let (mut found, mut count) = (Vec::new(), 0);
        while let Some(chunk) = chunks.next().unwrap() {
            found.extend(rows(chunk.bytes(), chunk.line, b','));
            count += 1;
            chunks.recycle(chunk);
        }
        assert!(chunks.has_ended());
        (found, count)
    }

    #[test]
    fn a_table_is_cut_after_rows_only() {
        let row = "a,\"b\r\n\"\"c\",\"d\"e\r\n\"\",f\"\n\n";
        let text = row.repeat(20);
        let expected = rows(text.as_bytes(), 1, b',');
        assert_eq!(expected.len(), 40);
        for (chunk_bytes, chunks) in [(1, 40), (10, 40), (200, 4), (10_000, 1)] {
            let (found, count) = in_chunks(text.as_bytes(), chunk_bytes);
            assert_eq!(found, expected, "{chunk_bytes}");
            assert!(
                count >= chunks / 2 && count <= chunks * 2,
                "{chunk_bytes}: {count}"
            );
        }
    }

    #[test]
    fn byte_order_marks_at_the_beginning_are_no_text() {
        for mark in ["", "\u{FEFF}", "\u{FEFF}\u{FEFF}"] {
            for (text, expected) in [("", 0), ("a\n\u{FEFF}b\n", 2)] {
                let (found, _) = in_chunks(format!("{mark}{text}").as_bytes(), 1);
                assert_eq!(found.len(), expected, "{mark:?}{text:?}");
                assert_eq!(found, rows(text.as_bytes(), 1, b','));
            }
        }
    }

    #[test]
    fn rows_before_an_error_are_whole() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        for chunk_bytes in [1, 100] {
            let input = (&b"a,b\nc,d\n\n\"e\n\nf"[..]).chain(Broken);
            let mut chunks = Chunks::new(input, b',', chunk_bytes);
            let mut found = Vec::new();
            let failed = loop {
                match chunks.next() {
                    Ok(Some(chunk)) => found.extend(rows(chunk.bytes(), chunk.line, b',')),
                    Ok(None) => panic!("ends without the error"),
                    Err(error) => break error,
                }
            };
            assert_eq!(found, rows(b"a,b\nc,d\n", 1, b','));
            assert_eq!((failed.line, failed.error.to_string()), (6, "gone".into()));
            assert!(chunks.next().unwrap().is_none());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_rows_of_chunks_are_those_of_the_whole(
            text in "[ab,\"\"\"\r\n\n\n é]{0,60}",
            chunk_bytes in 1_usize..20,
        ) {
            let (found, _) = in_chunks(text.as_bytes(), chunk_bytes);
            prop_assert_eq!(found, rows(text.as_bytes(), 1, b','));
        }
    }
}
