//! Where the text of a JSON document comes from.

use std::io::{self, Read};

use crate::read::line_column::LineColumn;
use crate::read::text::DecodedText;

/// UTF-8 text that is read block by block.
pub(crate) trait TextSource {
    /// What comes next: at least a byte, unless the text ends.
    fn peek(&mut self) -> io::Result<&[u8]>;

    /// Continues after the next `amount` bytes.
    fn consume(&mut self, amount: usize);

    /// Where the next byte is.
    fn place(&self) -> LineColumn;
}

impl<R: Read> TextSource for DecodedText<R> {
    fn peek(&mut self) -> io::Result<&[u8]> {
        DecodedText::peek(self, 1)
    }

    fn consume(&mut self, amount: usize) {
        io::BufRead::consume(self, amount);
    }

    fn place(&self) -> LineColumn {
        DecodedText::place(self)
    }
}

/// Text in memory.
#[derive(Debug)]
pub(crate) struct SliceText<'t> {
    rest: &'t [u8],
    place: LineColumn,
}

impl<'t> SliceText<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            rest: text.as_bytes(),
            place: LineColumn::START,
        }
    }
}

impl TextSource for SliceText<'_> {
    fn peek(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest)
    }

    fn consume(&mut self, amount: usize) {
        let (read, rest) = self.rest.split_at(amount.min(self.rest.len()));
        self.place = self.place.after(read);
        self.rest = rest;
    }

    fn place(&self) -> LineColumn {
        self.place
    }
}
