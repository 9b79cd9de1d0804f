//! What is known of a table from its header.

use std::sync::Arc;

use crate::position::Position;
use crate::read::columns::ColumnMapping;
use crate::read::options::ReadOptions;
use crate::warning::{Warning, WarningKind};

/// What is known of a table from its header.
pub(super) struct Table {
    pub(super) file: Arc<str>,
    pub(super) options: ReadOptions,
    pub(super) delimiter: u8,
    pub(super) mapping: ColumnMapping,
    /// The line of the header.
    pub(super) line: u64,
    /// The number of columns.
    pub(super) width: usize,
    /// The number of columns up to the last one that has a name.
    pub(super) named_width: usize,
}

/// What was seen in the rows of a table that is said at its end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) has_rows: bool,
    /// The line of the first invalid bytes that were replaced, and how many there are.
    pub(super) replaced: Option<(u64, u64)>,
}

impl Seen {
    /// Adds invalid bytes in a line.
    pub(super) fn replace(&mut self, line: u64, bytes: u64) {
        self.replaced.get_or_insert((line, 0)).1 += bytes;
    }

    /// Adds what was seen in later rows.
    pub(super) fn append(&mut self, later: Self) {
        self.has_rows |= later.has_rows;
        if let Some((line, bytes)) = later.replaced {
            self.replace(line, bytes);
        }
    }
}

impl Table {
    pub(super) fn warning(&self, line: u64, kind: WarningKind) -> Warning {
        let position = Position::new(Arc::clone(&self.file), line);
        Warning { position, kind }
    }

    /// What is said at the end of a table in this encoding.
    pub(super) fn last_warnings(
        &self,
        seen: Seen,
        encoding: &'static str,
    ) -> impl Iterator<Item = Warning> {
        let without_rows =
            (!seen.has_rows).then(|| self.warning(self.line, WarningKind::NoResults));
        let replaced = seen.replaced.map(|(line, bytes)| {
            let kind = WarningKind::InvalidBytes { bytes, encoding };
            self.warning(line, kind)
        });
        without_rows.into_iter().chain(replaced)
    }
}
