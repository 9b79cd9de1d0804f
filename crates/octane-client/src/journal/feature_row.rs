//! Rows that are runs of features: each stands for the results of all scenarios of a file.

use rusqlite::Connection;

use super::database::Journal;
use super::error::JournalError;
use crate::run_kind::RunKind;

/// How many more results than rows there are from `first_row` to `last_row`.
pub(super) const MORE_RESULTS: &str = "(SELECT COALESCE(SUM(features.results - 1), 0) FROM features
    WHERE features.number BETWEEN first_row AND last_row)";

/// Whether the row of this number is of this kind. A batch never has rows of both.
pub(super) fn is_of(kind: RunKind, number: &str) -> String {
    let not = match kind {
        RunKind::Test => "NOT ",
        RunKind::Feature => "",
    };
    format!("{not}EXISTS (SELECT 1 FROM features WHERE features.number = {number})")
}

/// How many results there are in some rows.
pub(super) fn count_results(
    connection: &Connection,
    first_row: i64,
    last_row: i64,
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(&format!(
            "SELECT last_row - first_row + 1 + {MORE_RESULTS} FROM (SELECT ? AS first_row, ? AS last_row)"
        ))?
        .query_row((first_row, last_row), |row| row.get(0))
}

impl Journal {
    /// The kinds of runs that its results become.
    pub(crate) fn run_kinds(&self) -> Result<Vec<RunKind>, JournalError> {
        let (features, rows): (i64, i64) = self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT (SELECT COUNT(*) FROM features), (SELECT COALESCE(MAX(last_row), 0) FROM facts)",
                )?
                .query_row([], |row| row.try_into())
        })?;
        let mut kinds = RunKind::ALL.to_vec();
        kinds.retain(|kind| match kind {
            RunKind::Test => features < rows,
            RunKind::Feature => features > 0,
        });
        Ok(kinds)
    }
}
