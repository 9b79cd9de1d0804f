//! The results of an upload one by one, for reports.

use std::ops::ControlFlow;
use std::time::Duration;

use octane_results::{Position, Status};
use rusqlite::types::Type;

use super::database::Journal;
use super::error::JournalError;
use super::position::position;
use super::row_table::ensure_rows;
use super::state::RowState;

/// A result of an upload, as its journal knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredResult {
    /// Module, package, class and name of the test, as they are printed.
    pub test: String,
    /// The name of the test.
    pub name: String,
    /// The name of the run, where it is not that of the test.
    pub run_name: Option<String>,
    /// Which of the upload's results with this test and this name of the run it is, from 1.
    pub attempt: usize,
    /// What the report says.
    pub status: Status,
    /// How long the test took.
    pub duration: Duration,
    /// What became of it.
    pub state: ResultState,
    /// Why it is not in Octane, if that is known.
    pub message: Option<String>,
    /// Where it was read.
    pub position: Option<Position>,
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResultState {
    /// It is in Octane.
    Ingested,
    /// Octane did not accept it.
    Rejected,
    /// It was not sent yet, or is not confirmed.
    Pending,
}

impl From<Option<RowState>> for ResultState {
    fn from(state: Option<RowState>) -> Self {
        match state {
            Some(RowState::Ingested) => Self::Ingested,
            Some(RowState::Rejected) => Self::Rejected,
            Some(RowState::Open | RowState::Unconfirmed | RowState::Superseded) | None => {
                Self::Pending
            }
        }
    }
}

impl Journal {
    /// Passes each result to `visit`, in the order in which they were planned, until it breaks. Blocks the calling thread, and
    /// needs no memory for all of them.
    pub fn visit_results<B>(
        &self,
        mut visit: impl FnMut(&StoredResult) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, JournalError> {
        self.read(|connection| {
            ensure_rows(connection)?;
            let mut rows = connection.prepare_cached(
                "SELECT r.test, r.name, r.run_name, r.status, r.duration, s.state, s.message, f.name, r.line, r.column,
                     ROW_NUMBER() OVER (PARTITION BY r.test, COALESCE(r.run_name, r.name) ORDER BY r.number)
                 FROM rows r LEFT JOIN row_states s ON s.number = r.number LEFT JOIN files f ON f.id = r.file
                 ORDER BY r.number",
            )?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let state: Option<RowState> = row.get(5)?;
                let milliseconds: i64 = row.get(4)?;
                let result = StoredResult {
                    test: row.get(0)?,
                    name: row.get(1)?,
                    run_name: row.get(2)?,
                    attempt: row.get(10)?,
                    status: status(&row.get::<_, String>(3)?)?,
                    duration: Duration::from_millis(milliseconds.unsigned_abs()),
                    state: state.into(),
                    message: row.get(6)?,
                    position: position(row, 7)?,
                };
                if let ControlFlow::Break(done) = visit(&result) {
                    return Ok(ControlFlow::Break(done));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

fn status(word: &str) -> rusqlite::Result<Status> {
    Status::from_payload(word).ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(3, format!("status `{word}`"), Type::Text)
    })
}
