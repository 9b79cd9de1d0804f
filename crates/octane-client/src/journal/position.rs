//! Positions of results in their inputs, as they are stored.

use octane_results::Position;
use rusqlite::Row;

/// File, line and column from three neighbouring columns.
pub(super) fn position(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Position>> {
    let file: Option<String> = row.get(at)?;
    let line: Option<u64> = row.get(at + 1)?;
    let column = row.get(at + 2)?;
    Ok(file
        .zip(line)
        .map(|(file, line)| Position::new(file, line).column(column)))
}
