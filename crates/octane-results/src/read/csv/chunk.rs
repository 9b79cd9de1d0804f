//! Whole rows of a table.

/// Some rows of a table, and how far they have been read.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(super) text: Text,
    /// Where the next row is.
    pub(super) at: usize,
    /// The line of this place.
    pub(super) line: u64,
    /// Whether something that was invalid in the encoding of the table may have been replaced by U+FFFD.
    pub(super) may_have_replacements: bool,
}

/// A text, which may be damaged.
#[derive(Debug)]
pub(super) enum Text {
    Valid(String),
    Bytes(Vec<u8>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl Chunk {
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.text {
            Text::Valid(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }

    /// Finds out whether all of it is valid UTF-8, which is faster than for each cell.
    pub(super) fn validate(&mut self) {
        if let Text::Bytes(bytes) = &mut self.text {
            self.text = match String::from_utf8(std::mem::take(bytes)) {
                Ok(text) => Text::Valid(text),
                Err(error) => Text::Bytes(error.into_bytes()),
            };
        }
    }

    /// Its memory.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self.text {
            Text::Valid(text) => text.into_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }
}
