//! Finds the cells of a row.
//!
//! What a row is, is what the crate `csv` says: a cell is in quotes if it begins with one, `""` is a quote inside of them, and what
//! follows the closing quote belongs to the cell as it is. Lines without any character are no rows. Line ends inside of cells
//! are read as line feeds.

use memchr::{memchr, memchr_iter, memchr2};

use super::chunk::{Chunk, Text};
use crate::read::cell::Cell;

/// The cells of a row, by their places in a text.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// The line at which it starts.
    pub(super) line: u64,
    /// Whether the text ends inside of quotes.
    pub(super) is_unclosed: bool,
    /// Whether text follows the closing quote of a cell that spans lines, which no program writes: a quote that was not doubled
    /// has swallowed rows.
    pub(super) has_swallowed: bool,
    cells: Vec<Place>,
    /// The cells that are not in the text as they are.
    unescaped: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
    is_unescaped: bool,
}

impl Row {
    pub(super) const fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cells of a row in `text`.
    pub(super) fn cells<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
        self.cells.iter().map(|place| self.bytes(*place, text))
    }

    /// Whether the last cell of a row in `text` ends with this byte.
    pub(super) fn ends_with(&self, byte: u8, text: &[u8]) -> bool {
        let last = self.cells.last().map(|place| self.bytes(*place, text));
        last.is_some_and(|cell| cell.last() == Some(&byte))
    }

    fn bytes<'t>(&'t self, place: Place, text: &'t [u8]) -> &'t [u8] {
        let text = if place.is_unescaped {
            &self.unescaped
        } else {
            text
        };
        &text[place.start..place.end]
    }

    /// A cell of a row in `chunk`; an empty one if there are fewer cells.
    pub(super) fn cell<'t>(&'t self, chunk: &'t Chunk, index: usize) -> Cell<'t> {
        let Some(place) = self.cells.get(index) else {
            return Cell::text("");
        };
        if let Text::Valid(text) = &chunk.text
            && !place.is_unescaped
            && !chunk.may_have_replacements
            && let Some(cell) = text.get(place.start..place.end)
        {
            return Cell::text(cell);
        }
        let bytes = self.bytes(*place, chunk.bytes());
        Cell::from_bytes(bytes, chunk.may_have_replacements)
    }

    /// Reads the next row of `text`, from `at`, which is in the line `line`; `false` if there is none.
    pub(super) fn read(
        &mut self,
        text: &[u8],
        at: &mut usize,
        line: &mut u64,
        delimiter: u8,
    ) -> bool {
        self.cells.clear();
        self.unescaped.clear();
        self.is_unclosed = false;
        self.has_swallowed = false;
        loop {
            match text[*at..] {
                [] => return false,
                [b'\n', ..] => *at += 1,
                [b'\r', b'\n', ..] => *at += 2,
                _ => break,
            }
            *line += 1;
        }
        self.line = *line;
        loop {
            *at = if text.get(*at) == Some(&b'"') {
                self.quoted(text, *at + 1, line, delimiter)
            } else {
                self.plain(text, *at, delimiter)
            };
            match text.get(*at) {
                Some(byte) if *byte == delimiter => *at += 1,
                Some(_) => {
                    *at += 1;
                    *line += 1;
                    return true;
                }
                None => return true,
            }
        }
    }

    /// Adds a cell without quotes, and returns where the separator or the line feed after it is.
    fn plain(&mut self, text: &[u8], start: usize, delimiter: u8) -> usize {
        let after = end_of_plain(text, start, delimiter);
        self.cells.push(Place {
            start,
            end: without_return(text, start, after),
            is_unescaped: false,
        });
        after
    }

    /// Adds a cell whose text starts after a quote, and returns where the separator or the line feed after it is.
    fn quoted(&mut self, text: &[u8], start: usize, line: &mut u64, delimiter: u8) -> usize {
        let rest = &text[start..];
        if let Some(length) = memchr(b'"', rest) {
            let after = match rest[length + 1..] {
                [] => Some(0),
                [next, ..] if next != b'"' && (next == delimiter || next == b'\n') => Some(0),
                [b'\r', b'\n', ..] => Some(1),
                _ => None,
            };
            let inside = &rest[..length];
            // Nearly always.
            if let Some(after) = after
                && memchr2(b'\r', b'\n', inside).is_none()
            {
                let end = start + length;
                self.cells.push(Place {
                    start,
                    end,
                    is_unescaped: false,
                });
                return end + 1 + after;
            }
        }
        let from = self.unescaped.len();
        let first_line = *line;
        let (closed, after) = self.unescape(text, start, line, delimiter);
        let is_followed = !text[closed..after].trim_ascii().is_empty();
        self.has_swallowed |= is_followed && *line > first_line;
        self.cells.push(Place {
            start: from,
            end: self.unescaped.len(),
            is_unescaped: true,
        });
        after
    }

    /// Returns where the closing quote ends, and where the separator or the line feed after it is.
    fn unescape(
        &mut self,
        text: &[u8],
        mut at: usize,
        line: &mut u64,
        delimiter: u8,
    ) -> (usize, usize) {
        loop {
            let rest = &text[at..];
            let quote = memchr(b'"', rest);
            let inside = &rest[..quote.unwrap_or(rest.len())];
            *line += memchr_iter(b'\n', inside).count() as u64;
            self.push_lines(inside);
            let Some(quote) = quote else {
                self.is_unclosed = true;
                return (text.len(), text.len());
            };
            at += quote + 1;
            if text.get(at) == Some(&b'"') {
                self.unescaped.push(b'"');
                at += 1;
                continue;
            }
            let after = end_of_plain(text, at, delimiter);
            let end = without_return(text, at, after);
            self.unescaped.extend_from_slice(&text[at..end]);
            return (at, after);
        }
    }

    /// Adds a text, with line feeds as its line ends.
    fn push_lines(&mut self, mut text: &[u8]) {
        while let Some(at) = memchr(b'\r', text) {
            let is_line_end = text.get(at + 1) == Some(&b'\n');
            self.unescaped
                .extend_from_slice(&text[..at + usize::from(!is_line_end)]);
            text = &text[at + 1..];
        }
        self.unescaped.extend_from_slice(text);
    }
}

/// Where the separator or the line feed after a cell without quotes is.
fn end_of_plain(text: &[u8], start: usize, delimiter: u8) -> usize {
    memchr2(delimiter, b'\n', &text[start..]).map_or(text.len(), |length| start + length)
}

/// The end of a cell, which does not include a carriage return before the line feed.
fn without_return(text: &[u8], start: usize, end: usize) -> usize {
    match text[start..end] {
        [.., b'\r'] if text.get(end) == Some(&b'\n') => end - 1,
        _ => end,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use csv::{ByteRecord, ReaderBuilder, Terminator};
    use proptest::prelude::*;

    use super::*;

    /// The line of a row, its cells, and whether it ends inside of quotes.
    pub(in super::super) type Shown = (u64, Vec<String>, bool);

    fn shown(line: u64, cells: impl Iterator<Item = impl AsRef<[u8]>>, is_unclosed: bool) -> Shown {
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        let cells = cells.map(|cell| text(cell.as_ref()));
        (line, cells.collect(), is_unclosed)
    }

    pub(in super::super) fn rows(text: &[u8], mut line: u64, delimiter: u8) -> Vec<Shown> {
        let mut found = Vec::new();
        let (mut row, mut at) = (Row::default(), 0);
        while row.read(text, &mut at, &mut line, delimiter) {
            found.push(shown(row.line, row.cells(text), row.is_unclosed));
        }
        found
    }

    /// The same as the crate `csv` reads it.
    fn expected(text: &[u8], delimiter: u8) -> Vec<Shown> {
        // Two line feeds end each row but one in quotes.
        let mut lines = String::from_utf8_lossy(text).replace("\r\n", "\n");
        lines.push_str("\n\n");
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(lines.as_bytes());
        let mut found = Vec::new();
        let mut row = ByteRecord::new();
        while reader.read_byte_record(&mut row).unwrap() {
            let inside = memchr_iter(b'\n', row.as_slice()).count() as u64;
            let is_unclosed = reader.position().byte() == lines.len() as u64;
            let line_after = reader.position().line() - u64::from(!is_unclosed);
            let mut cells: Vec<Vec<u8>> = row.iter().map(<[u8]>::to_vec).collect();
            if let Some(cell) = cells.last_mut().filter(|_| is_unclosed) {
                cell.truncate(cell.len() - 2);
            }
            found.push(shown(line_after - inside, cells.iter(), is_unclosed));
        }
        found
    }

    #[test]
    fn a_row_that_a_quote_has_swallowed_is_found() {
        for (text, expected) in [
            ("a,\"oops\nb,failed\nc,\"z\"\n", true),
            ("a,\"oops\r\nb,\"z\r\n", true),
            ("a,\"x\ny\"\n", false),
            ("a,\"x\ny\" ,b\r\n", false),
            ("a,\"x\n\"\"y\"\"\",b\n", false),
            ("a,\"x\"y\nb,z\n", false),
        ] {
            let (mut row, mut at, mut line) = (Row::default(), 0, 1);
            assert!(row.read(text.as_bytes(), &mut at, &mut line, b','));
            assert_eq!(row.has_swallowed, expected, "{text:?}");
        }
    }

    #[test]
    fn rows_are_those_of_the_crate_csv() {
        for text in [
            "",
            "a",
            "a,b\r\n\r\nc,\n",
            "\n\na\n",
            "\"a\",\"b,c\"\r\n\"d\ne\r\nf\",g",
            "\"a\"\"b\"\"\",\"\"\"\"\n",
            "\"a\"b\"c\",d\"e\"\n",
            "\"a\"\r\"b\"\r\n",
            "\"a\" ,\"b\"\r",
            "a,\"b\n\nc",
            "a,\"b\"\"",
            "\"\"\n\"\"\r\n\"",
            " \"a,b\"\n",
            "\r\r\n\r",
        ] {
            for delimiter in [b',', b';'] {
                let found = rows(text.as_bytes(), 1, delimiter);
                assert_eq!(found, expected(text.as_bytes(), delimiter), "{text:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_rows_are_those_of_the_crate_csv(text in "[ab,;\"\"\"\r\n\n é]{0,40}") {
            for delimiter in [b',', b';'] {
                let found = rows(text.as_bytes(), 1, delimiter);
                prop_assert_eq!(found, expected(text.as_bytes(), delimiter));
            }
        }
    }
}
