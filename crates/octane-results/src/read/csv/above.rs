//! Rows above the header: titles and queries of exports, but perhaps also results that are out of place, as in a table that was
//! sorted with its header.

use std::sync::Arc;

use super::records::swallowed;
use super::row::Row;
use super::table::Table;
use crate::invalid::{InvalidCell, InvalidRow, shortened};
use crate::position::Position;
use crate::read::field::ResultField;
use crate::read::options::ReadOptions;
use crate::read::record::Record;
use crate::warning::WarningKind;

/// What is known of a row above the header.
#[derive(Debug)]
pub(super) struct RowAbove {
    line: u64,
    cells: Vec<CellAbove>,
    has_swallowed: bool,
}

/// What is in a cell of it.
#[derive(Debug)]
enum CellAbove {
    Nothing,
    /// A word for a status.
    Status(String),
    Other,
}

impl RowAbove {
    pub(super) fn new(row: &Row, text: &[u8], options: &ReadOptions) -> Self {
        let cell = |bytes| {
            let text = String::from_utf8_lossy(bytes);
            match text.trim() {
                "" => CellAbove::Nothing,
                word if options.status_aliases.status(word).is_some() => {
                    CellAbove::Status(word.to_owned())
                }
                _ => CellAbove::Other,
            }
        };
        Self {
            line: row.line,
            cells: row.cells(text).map(cell).collect(),
            has_swallowed: row.has_swallowed,
        }
    }

    /// The status, if it is in the column of the status, next to a name. Exports have sums and legends above the header, too: words
    /// for a status in other columns.
    fn status(&self, table: &Table) -> Option<&str> {
        let mapping = &table.mapping;
        let index = |field| {
            let mut columns = mapping.columns.iter();
            columns
                .find(|column| column.field == field)
                .map(|column| column.index)
        };
        let (name, status) = (index(ResultField::Name)?, index(ResultField::Status)?);
        let may_have_status =
            |at: usize| at == status || mapping.verdicts.iter().any(|column| column.index == at);
        let has_same_width = [table.width, table.named_width].contains(&self.cells.len());
        let mut cells = self.cells.iter().enumerate();
        let is_elsewhere =
            cells.any(|(at, cell)| matches!(cell, CellAbove::Status(_)) && !may_have_status(at));
        match (self.cells.get(name)?, self.cells.get(status)?) {
            (CellAbove::Other, CellAbove::Status(word)) if has_same_width && !is_elsewhere => {
                Some(word)
            }
            _ => None,
        }
    }

    /// What is wrong with a row that may be a result of `table`.
    fn problem(&self, table: &Table) -> Option<InvalidCell> {
        if self.has_swallowed {
            return Some(swallowed());
        }
        let status = self.status(table)?;
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
