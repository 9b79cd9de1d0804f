//! Rows above the header: titles and queries of exports, but perhaps also results that are out of place, as in a table that was
//! sorted with its header.

use std::sync::Arc;

use super::records::swallowed;
use super::row::Row;
use super::table::Table;
use crate::invalid::{InvalidCell, InvalidRow, shortened};
use crate::position::Position;
use crate::read::options::ReadOptions;
use crate::read::record::Record;
use crate::warning::WarningKind;

/// What is known of a row above the header.
#[derive(Debug)]
pub(super) struct RowAbove {
    line: u64,
    cells: usize,
    /// The first cell that is a word for a status.
    status: Option<String>,
    has_swallowed: bool,
}

impl RowAbove {
    pub(super) fn new(row: &Row, text: &[u8], options: &ReadOptions) -> Self {
        let words = row.cells(text).map(String::from_utf8_lossy);
        let mut words = words.map(|word| word.trim().to_owned());
        Self {
            line: row.line,
            cells: row.len(),
            status: words.find(|word| options.status_aliases.status(word).is_some()),
            has_swallowed: row.has_swallowed,
        }
    }

    /// What is wrong with a row that may be a result of `table`.
    fn problem(&self, table: &Table) -> Option<InvalidCell> {
        if self.has_swallowed {
            return Some(swallowed());
        }
        let has_same_width = self.cells == table.width || self.cells == table.named_width;
        let status = self.status.as_ref().filter(|_| has_same_width)?;
        let reason = format!(
            "row is above the header, which is in line {}, and has the status `{}`",
            table.line,
            shortened(status)
        );
        let cell = InvalidCell::new(None, "", reason);
        Some(
            cell.hint(
                "move the header into the first line, or delete the row if it is not a result",
            ),
        )
    }
}

/// What is said of the rows above the header of `table`: which may be results, and that the others are skipped.
pub(super) fn above(rows: Vec<RowAbove>, table: &Table, has_separator_line: bool) -> Vec<Record> {
    let mut said = Vec::new();
    let mut skipped = None;
    for (at, row) in rows.into_iter().enumerate() {
        match row.problem(table) {
            Some(cell) => said.push(Record::Invalid(InvalidRow {
                position: Position::new(Arc::clone(&table.file), row.line),
                cells: vec![cell],
            })),
            None if at == 0 && has_separator_line => {}
            None => skipped = skipped.or(Some(row.line)),
        }
    }
    if let Some(line) = skipped {
        let kind = WarningKind::LinesBeforeHeader { header: table.line };
        said.insert(0, Record::Warning(table.warning(line, kind)));
    }
    said
}
