//! Lines and columns.

use memchr::{memchr_iter, memrchr};

/// A line and a column, both from 1; columns are in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineColumn {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Default for LineColumn {
    fn default() -> Self {
        Self::START
    }
}

impl LineColumn {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The position after `text`, which starts here.
    pub(crate) fn after(self, text: &[u8]) -> Self {
        // Every character has exactly one byte that is not a continuation byte.
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
