//! Runs of which several journals have results: SQL observes, [`crate::shards`] decides.

use octane_results::{Position, Status};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::database::Journal;
use super::error::JournalError;
use super::own_run::{IS_OWN, ensure_runs_of_others};
use super::position::position;
use super::row_table::{ensure_index_of_keys, ensure_rows};
use crate::run_key::RunKey;

/// How many results are read from a journal at a time.
const CHUNK: usize = 10_000;
/// How many columns the table of the results of several journals has.
const COLUMNS: usize = 9;

/// The runs of which several journals have results.
#[derive(Debug, Default)]
pub(crate) struct Overlaps {
    /// How many more results there are than runs, counting one result of each journal.
    pub(crate) repeats: usize,
    /// The same, of journals that have ingested results of the run.
    pub(crate) ingested_repeats: usize,
    /// How many of the journals' runs with different statuses are the same run: each is counted in its journal, and once more if
    /// the journals differ.
    pub(crate) flaky_repeats: usize,
    /// The runs whose results have different statuses.
    pub(crate) different: Vec<Overlap>,
}

/// The results of one run in several journals.
#[derive(Debug)]
pub(crate) struct Overlap {
    pub(crate) key: RunKey,
    /// One of each journal, in the order of the journals: the last one of the run that Octane has not rejected, or the last one.
    pub(crate) results: Vec<ShardResult>,
}

/// The result of a run in a journal that counts there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShardResult {
    /// Which of the journals it is in, counted from 0.
    pub(crate) journal: usize,
    /// Its row there.
    pub(crate) row: i64,
    pub(crate) status: Status,
    /// Milliseconds since 1970-01-01 UTC. Of a failure, when the last result of the run in the journal started, as none of
    /// them replaces it.
    pub(crate) started: Option<i64>,
    /// Whether it is the run of a feature, of which other journals may have other scenarios.
    pub(crate) is_feature: bool,
    /// Whether Octane has rejected it, so that no run can show it.
    pub(crate) is_rejected: bool,
}

impl Overlaps {
    /// Finds them by a temporary table on disk, so that memory use does not depend on how many results there are.
    pub(crate) fn find(journals: &[Journal]) -> Result<Self, JournalError> {
        let Some(first) = journals.first() else {
            return Ok(Self::default());
        };
        let failed = |error| JournalError::of(first.path(), error);
        let all = Connection::open("").map_err(failed)?;
        all.execute_batch(
            "CREATE TABLE results (key BLOB NOT NULL, journal INTEGER NOT NULL, row INTEGER NOT NULL, status TEXT NOT NULL,
                 started INTEGER, is_feature INTEGER NOT NULL, is_rejected INTEGER NOT NULL, is_ingested INTEGER NOT NULL,
                 is_flaky INTEGER NOT NULL);
             BEGIN",
        )
        .map_err(failed)?;
        for (number, journal) in journals.iter().enumerate() {
            journal.copy_last_results(number, &all)?;
        }
        all.execute_batch("CREATE INDEX results_by_key ON results (key, journal)")
            .map_err(failed)?;
        Self::read(&all).map_err(failed)
    }

    fn read(all: &Connection) -> rusqlite::Result<Self> {
        let (repeats, ingested_repeats) = all.query_row(
            "SELECT COUNT(*) - COUNT(DISTINCT key),
                 COUNT(*) FILTER (WHERE is_ingested) - COUNT(DISTINCT key) FILTER (WHERE is_ingested) FROM results",
            [],
            |row| row.try_into(),
        )?;
        let flaky_repeats = all.query_row(
            "SELECT COALESCE(SUM(times - 1), 0) FROM (
                 SELECT SUM(is_flaky) + (COUNT(DISTINCT status) > 1) AS times FROM results GROUP BY key HAVING times > 1)",
            [],
            |row| row.get(0),
        )?;
        let mut different: Vec<Overlap> = Vec::new();
        let mut statement = all.prepare(
            "SELECT key, journal, row, status, started, is_feature, is_rejected FROM results WHERE key IN (
                 SELECT key FROM results GROUP BY key HAVING COUNT(DISTINCT status) > 1)
             ORDER BY key, journal",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key: RunKey = row.get(0)?;
            let status: String = row.get(3)?;
            let result = ShardResult {
                journal: row.get(1)?,
                row: row.get(2)?,
                status: Status::from_payload(&status).ok_or(rusqlite::Error::InvalidQuery)?,
                started: row.get(4)?,
                is_feature: row.get(5)?,
                is_rejected: row.get(6)?,
            };
            match different.last_mut().filter(|last| last.key == key) {
                Some(last) => last.results.push(result),
                None => different.push(Overlap {
                    key,
                    results: vec![result],
                }),
            }
        }
        Ok(Self {
            repeats,
            ingested_repeats,
            flaky_repeats,
            different,
        })
    }
}

impl Journal {
    /// Copies the result of each run that counts into a table of the results of several journals.
    fn copy_last_results(&self, number: usize, all: &Connection) -> Result<(), JournalError> {
        let mut after = Vec::new();
        loop {
            let chunk: Vec<Vec<Value>> = self.read(|connection| {
                ensure_index_of_keys(connection)?;
                connection
                    .prepare_cached(
                        // The columns that are no aggregates are those of the row that has the maximum.
                        "SELECT key, ?, rows.number, status,
                             CASE WHEN EXISTS (SELECT 1 FROM rows ran
                                 WHERE ran.key = rows.key AND ran.status IN ('Passed', 'Failed') AND ran.started IS NULL) THEN NULL
                             WHEN status = 'Failed' THEN (
                                 SELECT MAX(ran.started) FROM rows ran WHERE ran.key = rows.key AND ran.status IN ('Passed', 'Failed')
                             ) ELSE started END,
                             rows.number IN (SELECT number FROM features),
                             s.state IS 'rejected', COALESCE(SUM(s.state = 'ingested'), 0) > 0, COUNT(DISTINCT status) > 1,
                             MAX(rows.number - (s.state IS 'rejected') * 1000000000000)
                         FROM rows LEFT JOIN row_states s ON s.number = rows.number
                         WHERE key > ? GROUP BY key ORDER BY key LIMIT ?",
                    )?
                    .query_map((number, &after, CHUNK), |row| {
                        (0..COLUMNS).map(|column| row.get(column)).collect()
                    })?
                    .collect()
            })?;
            let Some(Value::Blob(last)) = chunk.last().and_then(|row| row.first()) else {
                return Ok(());
            };
            after.clone_from(last);
            let copied = (|| {
                let mut insert =
                    all.prepare_cached("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
                for row in &chunk {
                    insert.execute(params_from_iter(row))?;
                }
                Ok(())
            })();
            copied.map_err(|error| JournalError::of(self.path(), error))?;
        }
    }

    /// The statuses that the runs with a key had when they were last read, in lower case; none if they were not read. Of several runs, those
    /// [of this upload](super::own_run).
    pub(crate) fn shown_statuses(&self, key: &RunKey) -> Result<Vec<Option<String>>, JournalError> {
        self.read(|connection| {
            ensure_runs_of_others(connection)?;
            connection
                .prepare_cached(&format!(
                    "SELECT status FROM server_runs f WHERE key = ? AND {IS_OWN}
                     AND EXISTS (SELECT 1 FROM rows WHERE rows.key = f.key)"
                ))?
                .query_map([key], |row| row.get(0))?
                .collect()
        })
    }

    /// The test of a row, and where it was read.
    pub(crate) fn test_of_row(
        &self,
        row: i64,
    ) -> Result<Option<(String, Option<Position>)>, JournalError> {
        self.read(|connection| {
            ensure_rows(connection)?;
            connection
                .prepare_cached(
                    "SELECT r.test, f.name, r.line, r.column FROM rows r LEFT JOIN files f ON f.id = r.file
                     WHERE r.number = ?",
                )?
                .query_row([row], |row| Ok((row.get(0)?, position(row, 1)?)))
                .optional()
        })
    }
}
