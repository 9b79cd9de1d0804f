//! Runs of which several journals have results: SQL observes, [`crate::shards`] decides.
//!
//! A test may have several runs, such as one for each environment. Journals whose [own runs](super::own_run) differ have no run in
//! common.

use std::collections::{BTreeMap, BTreeSet};

use octane_results::{Position, Status};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::database::Journal;
use super::error::JournalError;
use super::own_run::{counted, ensure_runs_of_others};
use super::position::position;
use super::row_table::{ensure_index_of_keys, ensure_rows};
use crate::run_key::RunKey;

/// How many results are read from a journal at a time.
const CHUNK: usize = 10_000;
/// How many columns the table of the results of several journals has.
const COLUMNS: usize = 8;

/// The runs of which several journals have results.
#[derive(Debug, Default)]
pub(crate) struct Overlaps {
    /// How many more results there are than runs, counting one result of each journal.
    pub(crate) repeats: usize,
    /// How many runs more the journals count than there are, as several have ingested results of them.
    pub(crate) run_repeats: usize,
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
                 started INTEGER, is_feature INTEGER NOT NULL, is_rejected INTEGER NOT NULL, is_flaky INTEGER NOT NULL,
                 run INTEGER NOT NULL, runs INTEGER NOT NULL);
             CREATE TABLE counted_runs (run TEXT NOT NULL);
             BEGIN",
        )
        .map_err(failed)?;
        for (number, journal) in journals.iter().enumerate() {
            journal.copy_last_results(number, &all)?;
            journal.copy_counted_runs(&all)?;
        }
        all.execute_batch("CREATE INDEX results_by_key ON results (key, run, journal)")
            .map_err(failed)?;
        number_separate_runs(&all, journals)?;
        Self::read(&all).map_err(failed)
    }

    fn read(all: &Connection) -> rusqlite::Result<Self> {
        let repeats = all.query_row(
            "SELECT COALESCE(SUM(MAX(results - runs, 0)), 0) FROM (
                 SELECT COUNT(*) AS results, MAX(runs) AS runs FROM results GROUP BY key, run)",
            [],
            |row| row.get(0),
        )?;
        let run_repeats = all.query_row(
            "SELECT COUNT(*) - COUNT(DISTINCT run) FROM counted_runs",
            [],
            |row| row.get(0),
        )?;
        let flaky_repeats = all.query_row(
            "SELECT COALESCE(SUM(times - 1), 0) FROM (
                 SELECT SUM(is_flaky) + (COUNT(DISTINCT status) > 1) AS times FROM results
                 GROUP BY key, run HAVING times > 1)",
            [],
            |row| row.get(0),
        )?;
        let mut different: Vec<Overlap> = Vec::new();
        let mut last = None;
        let mut statement = all.prepare(
            "SELECT key, journal, row, status, started, is_feature, is_rejected, run FROM results WHERE (key, run) IN (
                 SELECT key, run FROM results GROUP BY key, run HAVING COUNT(DISTINCT status) > 1)
             ORDER BY key, run, journal",
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
            let this: (RunKey, usize) = (key, row.get(7)?);
            match different.last_mut().filter(|_| last == Some(this)) {
                Some(last) => last.results.push(result),
                None => different.push(Overlap {
                    key,
                    results: vec![result],
                }),
            }
            last = Some(this);
        }
        Ok(Self {
            repeats,
            run_repeats,
            flaky_repeats,
            different,
        })
    }
}

/// Stores which results in a table `results` are of different runs with the same key: they get different numbers `run` there, all of
/// which are 0 before, and in `runs` how many runs cannot be distinguished there. `journal` is the number of the journal, counted from 0.
pub(super) fn number_separate_runs(
    all: &Connection,
    journals: &[Journal],
) -> Result<(), JournalError> {
    let mut keys = BTreeMap::new();
    for journal in journals {
        let own = journal.keys_of_several_runs()?;
        keys.extend(own.into_iter().map(|key| (key, journal.path())));
    }
    for (key, path) in keys {
        let failed = |error| JournalError::of(path, error);
        let numbers = numbers_of_journals(all, &key).map_err(failed)?;
        let runs = separate_runs(journals, numbers, &key)?;
        number_runs(all, &key, &runs).map_err(failed)?;
    }
    Ok(())
}

/// The numbers of the journals that have results with a key.
fn numbers_of_journals(all: &Connection, key: &RunKey) -> rusqlite::Result<Vec<usize>> {
    all.prepare_cached("SELECT journal FROM results WHERE key = ? ORDER BY 1")?
        .query_map([key], |row| row.get(0))?
        .collect()
}

/// Stores which journals have results of the same run.
fn number_runs(all: &Connection, key: &RunKey, separate: &[SameRun]) -> rusqlite::Result<()> {
    let mut update =
        all.prepare_cached("UPDATE results SET run = ?, runs = ? WHERE key = ? AND journal = ?")?;
    for (number, (runs, journals)) in separate.iter().enumerate() {
        for journal in journals {
            update.execute((number, runs.len().max(1), key, journal))?;
        }
    }
    Ok(())
}

/// Runs that cannot be distinguished, mostly a single one, and the numbers of the journals that have results of them.
type SameRun = (BTreeSet<String>, Vec<usize>);

/// The runs with a key: journals that have an own run in common have results of the same one. If their results are equal, each may
/// seem to have the runs of all of them. If it is not known which runs a journal has, all have the same, which is not known.
fn separate_runs(
    journals: &[Journal],
    numbers: Vec<usize>,
    key: &RunKey,
) -> Result<Vec<SameRun>, JournalError> {
    let mut separate: Vec<SameRun> = Vec::new();
    if numbers.len() < 2 {
        return Ok(vec![(BTreeSet::new(), numbers)]);
    }
    for &number in &numbers {
        let own = match journals.get(number) {
            Some(journal) => journal.own_runs(key)?,
            None => BTreeSet::new(),
        };
        if own.is_empty() {
            return Ok(vec![(own, numbers)]);
        }
        let (mut runs, mut same) = (own, vec![number]);
        separate.retain(|(others, numbers)| {
            let is_other = others.is_disjoint(&runs);
            if !is_other {
                runs.extend(others.iter().cloned());
                same.extend(numbers);
            }
            is_other
        });
        separate.push((runs, same));
    }
    Ok(separate)
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
                             s.state IS 'rejected', COUNT(DISTINCT status) > 1,
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
                let mut insert = all
                    .prepare_cached("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 1)")?;
                for row in &chunk {
                    insert.execute(params_from_iter(row))?;
                }
                Ok(())
            })();
            copied.map_err(|error| JournalError::of(self.path(), error))?;
        }
    }

    /// Copies the runs that are counted as those of ingested results.
    fn copy_counted_runs(&self, all: &Connection) -> Result<(), JournalError> {
        self.read(|connection| {
            ensure_runs_of_others(connection)?;
            let mut insert = all.prepare_cached("INSERT INTO counted_runs VALUES (?)")?;
            let counted = counted();
            let mut runs = connection.prepare_cached(&format!("SELECT f.run FROM {counted}"))?;
            let mut runs = runs.query([])?;
            while let Some(run) = runs.next()? {
                insert.execute([run.get::<_, String>(0)?])?;
            }
            Ok(())
        })
    }

    /// The statuses that the runs with a key had when they were last read, in lower case, by run; none if they were not read.
    pub(crate) fn shown_statuses(
        &self,
        key: &RunKey,
    ) -> Result<BTreeMap<String, Option<String>>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT run, status FROM server_runs WHERE key = ?")?
                .query_map([key], |row| row.try_into())?
                .collect()
        })
    }

    /// The keys with several runs.
    fn keys_of_several_runs(&self) -> Result<Vec<RunKey>, JournalError> {
        self.finish_server_runs()?;
        self.read(|connection| {
            connection
                .prepare_cached("SELECT key FROM server_runs GROUP BY key HAVING COUNT(*) > 1")?
                .query_map([], |row| row.get(0))?
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
