//! The automated runs that the suite run holds.

use octane_model::{EntityId, References, TestId};

use super::database::Journal;
use super::error::JournalError;
use super::evidence::{NEWER_OR_SAME, exact_match, has_several_runs, match_without_start};
use super::feature_row::is_of;
use super::own_run::{IS_OWN, clear_runs_of_others, ensure_runs_of_others};
use super::row_table::ensure_index_of_keys;
use super::schema::{INDEX_OF_PREVIOUS_RUNS, INDEX_OF_SERVER_RUNS};
use super::untouched_run::{clear_untouched_runs, ensure_untouched_runs, is_touched};
use crate::compare::Shown;
use crate::own_results::{OwnResult, described, own_results};
use crate::run_key::RunKey;
use crate::run_kind::RunKind;

/// An automated run as the server shows it.
#[derive(Debug, Clone)]
pub(crate) struct ServerRun {
    pub(crate) id: EntityId,
    pub(crate) key: RunKey,
    /// `passed`, `failed` and so on; `?` where the server names statuses in a way that says nothing.
    pub(crate) status: Option<String>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Milliseconds.
    pub(crate) duration: Option<i64>,
    pub(crate) test: Option<TestId>,
    /// The stories that the run carries, where runs can be linked.
    pub(crate) links: Option<References>,
}

/// A result that a run held before another one took its place.
#[derive(Debug, Clone)]
pub(crate) struct PreviousRun {
    /// The run that held it.
    pub(crate) run: EntityId,
    /// As in [`ServerRun`].
    pub(crate) status: Option<String>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Milliseconds.
    pub(crate) duration: Option<i64>,
}

/// A run of which a result of this upload failed.
#[derive(Debug, Clone)]
pub(crate) struct FailedRun {
    pub(crate) key: RunKey,
    /// The identity of the test and, if it differs, the name of the run.
    pub(crate) test: String,
    /// The test in Octane; `None` unless the failed result is there and can be read.
    pub(crate) test_id: Option<TestId>,
}

impl Journal {
    /// Deletes what an earlier look has found.
    pub(crate) fn clear_server_runs(&self) -> Result<(), JournalError> {
        self.write("server runs", |transaction| {
            clear_untouched_runs(transaction)?;
            clear_runs_of_others(transaction)?;
            transaction.execute_batch(
                "DROP INDEX IF EXISTS server_runs_by_key; DELETE FROM server_runs; DELETE FROM previous_runs",
            )
        })
    }

    /// Stores a page of runs.
    pub(crate) fn add_server_runs(&self, runs: &[ServerRun]) -> Result<(), JournalError> {
        self.write("server runs", |transaction| {
            clear_runs_of_others(transaction)?;
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO server_runs (run, key, status, started, duration, test, links)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            for run in runs {
                let links = run.links.as_ref().map(serde_json::to_string);
                let links = links
                    .transpose()
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
                insert.execute((
                    run.id.as_str(),
                    run.key,
                    &run.status,
                    run.started,
                    run.duration,
                    run.test.map(|test| test.to_string()),
                    links,
                ))?;
            }
            Ok(())
        })
    }

    /// All runs are stored.
    pub(crate) fn finish_server_runs(&self) -> Result<(), JournalError> {
        self.write("server runs", |transaction| {
            transaction.execute_batch(INDEX_OF_SERVER_RUNS)?;
            ensure_index_of_keys(transaction)
        })
    }

    /// How many runs of the suite run have been read.
    pub(crate) fn server_run_count(&self) -> Result<usize, JournalError> {
        self.read(|connection| {
            connection.query_row("SELECT COUNT(*) FROM server_runs", [], |row| row.get(0))
        })
    }

    /// The names of the runs of a kind that have to be looked for by name, of batches whose task has ended: no run of the test was
    /// read, or none that could be that of this upload.
    pub(crate) fn names_of_missing_runs(&self, kind: RunKind) -> Result<Vec<String>, JournalError> {
        self.finish_server_runs()?;
        let is_of_kind = is_of(kind, "b.first_row");
        let is_certain = if self.read(has_several_runs)? {
            let exact = exact_match("rows", "f");
            let without_start = match_without_start("rows", "f");
            format!(
                "(rows.started IS NOT NULL AND {exact} OR b.ended_as = 'success' AND {without_start})"
            )
        } else {
            NEWER_OR_SAME.to_owned()
        };
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT DISTINCT COALESCE(rows.run_name, rows.name) FROM {ROWS_OF_TASKS} AND {is_of_kind}
                     AND NOT EXISTS (SELECT 1 FROM server_runs f WHERE f.key = rows.key AND {is_certain})
                     AND NOT (EXISTS (SELECT 1 FROM server_runs f WHERE f.key = rows.key) AND {HAS_LATER_ROW}) ORDER BY 1"
                ))?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    /// From the first to the last ID of the runs of each batch of a kind, as far as they have been read: the others are mostly in
    /// between. Without ranges that span much more than the results of their batch.
    pub(crate) fn ranges_of_batches(&self, kind: RunKind) -> Result<Vec<(i64, i64)>, JournalError> {
        self.finish_server_runs()?;
        let is_of_kind = is_of(kind, "b.first_row");
        self.read(|connection| {
            ensure_runs_of_others(connection)?;
            connection
                .prepare_cached(&format!(
                    "SELECT MIN(CAST(f.run AS INTEGER)) AS first, MAX(CAST(f.run AS INTEGER)) AS last FROM batches b
                     CROSS JOIN rows ON rows.number IN (b.first_row, b.last_row)
                     CROSS JOIN server_runs f ON f.key = rows.key AND {IS_OWN}
                     WHERE b.state = 'ended' AND b.ended_as <> 'refused' AND {is_of_kind}
                     GROUP BY b.number HAVING last - first < 2 * (b.last_row - b.first_row + 1) ORDER BY 1"
                ))?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// What the runs show that hold results of this upload.
    pub(crate) fn shown_results(&self) -> Result<Vec<Shown>, JournalError> {
        self.finish_server_runs()?;
        self.read(|connection| {
            ensure_runs_of_others(connection)?;
            let results: Result<Vec<OwnResult>, _> = connection
                .prepare_cached(&format!(
                    "SELECT rows.key, rows.test, rows.name, rows.run_name, f.run, f.status, rows.status
                     FROM rows JOIN row_states s ON s.number = rows.number
                     CROSS JOIN server_runs f ON f.key = rows.key AND {IS_OWN}
                     WHERE s.state = 'ingested' ORDER BY rows.number"
                ))?
                .query_map([], |row| {
                    Ok(OwnResult {
                        key: row.get(0)?,
                        test: row.get(1)?,
                        name: row.get(2)?,
                        run_name: row.get(3)?,
                        run: EntityId::from(row.get::<_, String>(4)?),
                        shown: row.get(5)?,
                        status: row.get(6)?,
                    })
                })?
                .collect();
            results.map(own_results)
        })
    }

    /// The runs of which a failed result is not in Octane: it was rejected, or is pending.
    pub(crate) fn runs_without_failure(&self) -> Result<Vec<EntityId>, JournalError> {
        self.finish_server_runs()?;
        self.read(|connection| {
            ensure_runs_of_others(connection)?;
            connection
                .prepare_cached(&format!(
                    "SELECT DISTINCT f.run FROM rows LEFT JOIN row_states s ON s.number = rows.number
                     CROSS JOIN server_runs f ON f.key = rows.key AND {IS_OWN}
                     WHERE rows.status = 'Failed' AND s.state IS NOT 'ingested'"
                ))?
                .query_map([], |row| Ok(EntityId::from(row.get::<_, String>(0)?)))?
                .collect()
        })
    }

    /// The runs of which a result failed, in the order of their first results.
    pub(crate) fn failed_runs(&self) -> Result<Vec<FailedRun>, JournalError> {
        self.finish_server_runs()?;
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT r.key, MIN(r.test), MIN(r.name), MIN(r.run_name), MIN(f.test)
                     FROM rows r LEFT JOIN row_states s ON s.number = r.number AND s.state = 'ingested'
                     LEFT JOIN server_runs f ON f.key = r.key AND s.number IS NOT NULL
                     WHERE r.status = 'Failed' GROUP BY r.key ORDER BY MIN(r.number)",
                )?
                .query_map([], |row| {
                    let (test, name): (String, String) = (row.get(1)?, row.get(2)?);
                    let run_name: Option<String> = row.get(3)?;
                    let id: Option<String> = row.get(4)?;
                    Ok(FailedRun {
                        key: row.get(0)?,
                        test: described(&test, &name, run_name.as_deref().unwrap_or(&name)),
                        test_id: id.and_then(|id| id.parse().ok()),
                    })
                })?
                .collect()
        })
    }

    /// The runs that may have held a result which they do not show now, where nothing else proves that it is in.
    pub(crate) fn runs_needing_history(&self) -> Result<Vec<EntityId>, JournalError> {
        let is_newer_enough = "b.ended_as = 'success' AND b.is_duplicate = 0";
        let newer = if self.read(has_several_runs)? {
            match_without_start("rows", "f")
        } else {
            NEWER_OR_SAME.to_owned()
        };
        let exact = exact_match("rows", "f");
        let is_evidence = format!(
            "(b.ended_as = 'success' OR b.is_duplicate = 1 OR {})",
            is_touched("f")
        );
        self.read(|connection| {
            ensure_untouched_runs(connection)?;
            connection
                .prepare_cached(&format!(
                    "SELECT DISTINCT f.run FROM batches b
                     CROSS JOIN rows ON rows.number BETWEEN b.first_row AND b.last_row
                     CROSS JOIN server_runs f ON f.key = rows.key AND {is_evidence}
                     WHERE b.state = 'ended' AND b.ended_as <> 'refused' AND NOT EXISTS (
                         SELECT 1 FROM server_runs f WHERE f.key = rows.key AND {is_evidence}
                         AND ({exact} OR {is_newer_enough} AND {newer})) ORDER BY 1"
                ))?
                .query_map([], |row| Ok(EntityId::from(row.get::<_, String>(0)?)))?
                .collect()
        })
    }

    /// Stores what runs held before.
    pub(crate) fn add_previous_runs(&self, results: &[PreviousRun]) -> Result<(), JournalError> {
        self.write("server runs", |transaction| {
            clear_runs_of_others(transaction)?;
            transaction.execute_batch(INDEX_OF_PREVIOUS_RUNS)?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO previous_runs (run, status, started, duration) VALUES (?, ?, ?, ?)",
            )?;
            for result in results {
                insert.execute((
                    result.run.as_str(),
                    &result.status,
                    result.started,
                    result.duration,
                ))?;
            }
            Ok(())
        })
    }
}

/// The results of batches whose task has ended.
const ROWS_OF_TASKS: &str =
    "batches b CROSS JOIN rows ON rows.number BETWEEN b.first_row AND b.last_row
    WHERE b.state = 'ended' AND b.ended_as <> 'refused'";

/// Whether such a batch has a later result of the same run.
const HAS_LATER_ROW: &str = "EXISTS (SELECT 1 FROM rows later
    JOIN batches l ON l.body = later.batch AND later.number BETWEEN l.first_row AND l.last_row
        AND l.state = 'ended' AND l.ended_as <> 'refused'
    WHERE later.key = rows.key AND later.number > rows.number)";
