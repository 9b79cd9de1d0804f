//! The results of an upload one by one, for reports.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use octane_results::{Position, Status};
use rusqlite::Connection;
use rusqlite::types::Type;

use super::database::Journal;
use super::error::JournalError;
use super::position::position;
use super::row_table::{ensure_index_of_keys, ensure_rows};
use super::state::RowState;
use crate::run_key::RunKey;

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
    /// Which of the results with this test and this name of the run it is, from 1.
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
    /// Passes each result of several journals to `visit`, as [`visit_results`](Self::visit_results) does for one. Attempts are
    /// counted over all of them, so that results of one test in several shards differ. Needs memory for the tests that several
    /// journals have.
    pub fn visit_all_results<B>(
        journals: &[Self],
        mut visit: impl FnMut(&StoredResult) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, JournalError> {
        let mut attempts = keys_of_several(journals)?;
        for journal in journals {
            let visited = journal.visit_rows(|key, result| {
                if let Some(attempt) = attempts.get_mut(key) {
                    *attempt += 1;
                    result.attempt = *attempt;
                }
                visit(result)
            })?;
            if visited.is_break() {
                return Ok(visited);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Passes each result to `visit`, in the order in which they were planned, until it breaks. Blocks the calling thread, and
    /// needs no memory for all of them.
    pub fn visit_results<B>(
        &self,
        mut visit: impl FnMut(&StoredResult) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, JournalError> {
        self.visit_rows(|_, result| visit(result))
    }

    fn visit_rows<B>(
        &self,
        mut visit: impl FnMut(&RunKey, &mut StoredResult) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, JournalError> {
        self.read(|connection| {
            ensure_rows(connection)?;
            let mut rows = connection.prepare_cached(
                "SELECT r.test, r.name, r.run_name, r.status, r.duration, s.state, s.message, f.name, r.line, r.column,
                     ROW_NUMBER() OVER (PARTITION BY r.test, COALESCE(r.run_name, r.name) ORDER BY r.number),
                     r.key
                 FROM rows r LEFT JOIN row_states s ON s.number = r.number LEFT JOIN files f ON f.id = r.file
                 ORDER BY r.number",
            )?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let state: Option<RowState> = row.get(5)?;
                let milliseconds: i64 = row.get(4)?;
                let mut result = StoredResult {
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
                if let ControlFlow::Break(done) = visit(&row.get(11)?, &mut result) {
                    return Ok(ControlFlow::Break(done));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// The keys of which several journals have results, each with 0. They are found in a temporary table on disk.
fn keys_of_several(journals: &[Journal]) -> Result<HashMap<RunKey, usize>, JournalError> {
    let [first, _, ..] = journals else {
        return Ok(HashMap::new());
    };
    let failed = |error| JournalError::of(first.path(), error);
    let all = Connection::open("").map_err(failed)?;
    all.execute_batch(
        "CREATE TABLE keys (key BLOB PRIMARY KEY, journals INTEGER NOT NULL) WITHOUT ROWID; BEGIN",
    )
    .map_err(failed)?;
    for journal in journals {
        journal.read(|connection| {
            ensure_index_of_keys(connection)?;
            let mut keys = connection.prepare_cached("SELECT DISTINCT key FROM rows ORDER BY 1")?;
            let mut keys = keys.query([])?;
            let mut insert = all.prepare_cached(
                "INSERT INTO keys VALUES (?, 1) ON CONFLICT DO UPDATE SET journals = journals + 1",
            )?;
            while let Some(row) = keys.next()? {
                insert.execute([row.get::<_, RunKey>(0)?])?;
            }
            Ok(())
        })?;
    }
    let several = || -> rusqlite::Result<_> {
        all.prepare("SELECT key FROM keys WHERE journals > 1")?
            .query_map([], |row| Ok((row.get(0)?, 0)))?
            .collect()
    };
    several().map_err(failed)
}

fn status(word: &str) -> rusqlite::Result<Status> {
    Status::from_payload(word).ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(3, format!("status `{word}`"), Type::Text)
    })
}
