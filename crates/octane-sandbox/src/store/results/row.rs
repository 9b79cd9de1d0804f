//! What all statements of ingestion share.

use rusqlite::{OptionalExtension, Params, Statement};

use crate::error::ApiError;

/// The ID of a row, if there is one.
pub(super) type Found = Result<Option<i64>, ApiError>;

/// Empty text counts as none, as it does in the columns.
pub(super) fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The first column of the first row.
pub(super) fn row_id(statement: &mut Statement<'_>, values: impl Params) -> Found {
    Ok(statement.query_row(values, |row| row.get(0)).optional()?)
}

/// The prepared statements that write the results of a payload, for tests.
#[cfg(test)]
pub(super) trait Statements {
    fn statements(&self) -> Vec<&Statement<'_>>;
}
