//! Rows: one result each.

use rusqlite::Connection;

use super::database::Journal;
use super::error::JournalError;
use super::feature_row::MORE_RESULTS;
use super::own_run::{counted, ensure_runs_of_others};
use super::packed::Packed;
use super::payload::{checksum, set_envelope};
use super::problem::add_problem;
use super::repeat;
use super::row_table::ensure_rows;
use super::schema;
use super::state::{Reason, RowState};
use crate::plan::{Envelope, Manifest, PlannedBatch};
use crate::report::{Counts, ReportedProblem};

/// Writes planned batches into a new journal, one after the other. Nothing of them is there before
/// [`Journal::finish_plan`].
pub(crate) struct RowWriter<'a> {
    journal: &'a Journal,
    envelope: Envelope<'a>,
    rows: i64,
}

/// How the results of a plan may be related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// Several results may belong to the same run.
    Possible,
    /// Each result belongs to a run of its own.
    None,
}

impl Journal {
    /// Begins to write what is planned, in one transaction.
    pub(crate) fn begin_plan<'a>(
        &'a self,
        envelope: Envelope<'a>,
    ) -> Result<RowWriter<'a>, JournalError> {
        self.read(|connection| {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            set_envelope(connection, &envelope)
        })?;
        Ok(RowWriter {
            journal: self,
            envelope,
            rows: 0,
        })
    }
}

impl RowWriter<'_> {
    /// Writes a batch.
    pub(crate) fn add(&mut self, batch: &PlannedBatch) -> Result<(), JournalError> {
        self.journal.read(|connection| {
            let first = self.rows + 1;
            self.rows += batch.rows;
            for (id, name) in &batch.files {
                connection
                    .prepare_cached("INSERT INTO files (id, name) VALUES (?, ?)")?
                    .execute((id, &**name))?;
            }
            connection
                .prepare_cached(
                    "INSERT INTO facts (batch, first_row, last_row, has_jira, packed) VALUES (?, ?, ?, ?, ?)",
                )?
                .execute((batch.number, first, self.rows, batch.has_jira, &batch.facts))?;
            let mut insert = connection
                .prepare_cached("INSERT INTO features (number, results) VALUES (?, ?)")?;
            for (number, results) in (first..).zip(&batch.features) {
                insert.execute((number, results))?;
            }
            let body = Packed::new(&batch.body);
            let Envelope { prefix, suffix, .. } = self.envelope;
            let checksum = checksum(prefix, &body, &batch.comment, suffix);
            connection
                .prepare_cached("INSERT INTO bodies (batch, xml, length, crc) VALUES (?, ?, ?, ?)")?
                .execute((batch.number, &body.deflated, body.length, body.crc))?;
            connection
                .prepare_cached(
                    "INSERT INTO batches (number, body, first_row, last_row, sha256, nonce, comment, checksum, state)
                     VALUES (?1, ?1, ?2, ?3, '', ?4, ?5, ?6, 'ready')",
                )?
                .execute((
                    batch.number,
                    first,
                    self.rows,
                    batch.nonce,
                    &batch.comment,
                    checksum,
                ))?;
            Ok(())
        })
    }
}

impl Journal {
    /// Everything is written: finds out which results repeat others, and which batches have to be sent after earlier
    /// ones for that. From here on the upload can be delivered.
    pub(crate) fn finish_plan(
        &self,
        mut manifest: Manifest,
        problems: &[ReportedProblem],
        repeats: Repeats,
    ) -> Result<Manifest, JournalError> {
        self.end_plan(|connection| {
            for problem in problems {
                add_problem(connection, "plan", problem)?;
            }
            if repeats == Repeats::Possible {
                repeat::find(connection, &mut manifest.counts)?;
            }
            let json = serde_json::to_string(&manifest)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            connection.execute(
                "INSERT INTO upload (key, value) VALUES ('manifest', ?)",
                [json],
            )?;
            connection.pragma_update(None, "user_version", schema::VERSION)
        })?;
        Ok(manifest)
    }
}

/// How many results are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RowCounts {
    /// Not judged yet.
    pub(crate) open: usize,
    /// Octane says that they are in, or may not say, and they cannot be seen.
    pub(crate) unconfirmed: usize,
    /// Unconfirmed, and a resume sends them again, as the server no longer knows their task.
    pub(crate) forgotten: usize,
    /// Unconfirmed, and never sent again.
    pub(crate) superseded: usize,
    pub(crate) ingested: usize,
    pub(crate) rejected: usize,
}

impl RowCounts {
    /// How many are not ingested and not rejected.
    pub(crate) fn pending(&self) -> usize {
        self.open + self.unconfirmed + self.forgotten + self.superseded
    }
}

impl Journal {
    /// Counts the results by state.
    pub(crate) fn row_counts(&self) -> Result<RowCounts, JournalError> {
        self.read(|connection| {
            let planned = count(
                connection,
                "SELECT (SELECT COALESCE(MAX(last_row), 0) FROM facts)
                     + (SELECT COALESCE(SUM(results - 1), 0) FROM features)",
            )?;
            let mut counts = connection
                .prepare_cached(
                    "SELECT COUNT(*) FILTER (WHERE state = 'unconfirmed' AND reason IS NOT 'forgotten'),
                         COUNT(*) FILTER (WHERE state = 'unconfirmed' AND reason IS 'forgotten'),
                         COUNT(*) FILTER (WHERE state = 'superseded'), COUNT(*) FILTER (WHERE state = 'ingested'),
                         COUNT(*) FILTER (WHERE state = 'rejected') FROM row_states",
                )?
                .query_row([], |row| {
                    Ok(RowCounts {
                        open: 0,
                        unconfirmed: row.get(0)?,
                        forgotten: row.get(1)?,
                        superseded: row.get(2)?,
                        ingested: row.get(3)?,
                        rejected: row.get(4)?,
                    })
                })?;
            add_features(connection, &mut counts)?;
            let judged = counts.pending() + counts.ingested + counts.rejected;
            counts.open = planned.saturating_sub(judged);
            Ok(counts)
        })
    }

    /// Adds up what became of the results. The plus signs and cross joins here keep SQLite from building an index of
    /// its own where a range of rows is known.
    pub(crate) fn count(&self, counts: &mut Counts) -> Result<RowCounts, JournalError> {
        let rows = self.row_counts()?;
        counts.ingested = rows.ingested;
        counts.rejected = rows.rejected;
        counts.pending = rows.pending();
        self.read(|connection| {
            counts.sent = count(
                connection,
                &format!(
                    "SELECT COALESCE(SUM(last_row - first_row + 1 + {MORE_RESULTS}), 0) FROM batches
                     WHERE state = 'accepted' OR state = 'ended' AND ended_as <> 'refused'"
                ),
            )?;
            counts.duplicate = count(
                connection,
                "SELECT COUNT(*) + COALESCE(SUM(f.results - 1), 0) FROM batches b
                 CROSS JOIN row_states s ON s.number BETWEEN b.first_row AND b.last_row
                 LEFT JOIN features f ON f.number = s.number
                 WHERE b.is_duplicate = 1 AND b.state = 'ended' AND b.ended_as <> 'refused' AND s.state = 'ingested'",
            )?;
            let has_read_runs = connection
                .prepare_cached("SELECT 1 FROM server_runs")?
                .exists([])?;
            counts.runs = 0;
            if !has_read_runs {
                return Ok(());
            }
            ensure_runs_of_others(connection)?;
            counts.runs = count(
                connection,
                &format!("SELECT COUNT(*) FROM {}", counted()),
            )?;
            Ok(())
        })?;
        Ok(rows)
    }

    /// Whether results are missing of batches that succeeded, perhaps with a warning, so that another look may help. It
    /// does not where Octane has ignored a batch and shows another result.
    pub(crate) fn needs_another_look(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            ensure_rows(connection)?;
            connection
                .prepare_cached(
                    "SELECT 1 FROM batches b WHERE b.state = 'ended' AND b.ended_as IN ('success', 'warning')
                     AND (SELECT COUNT(*) FROM row_states s WHERE s.number BETWEEN b.first_row AND b.last_row
                         AND s.state = 'ingested') < b.last_row - b.first_row + 1
                     AND (b.is_duplicate = 0 OR EXISTS (
                         SELECT 1 FROM rows r LEFT JOIN row_states s ON s.number = r.number
                         WHERE r.number BETWEEN b.first_row AND b.last_row AND s.state IS NOT 'ingested'
                         AND NOT EXISTS (SELECT 1 FROM server_runs f WHERE f.key = r.key)))",
                )?
                .exists([])
        })
    }
}

/// Adds that rows of features are several results. They are counted apart, as most uploads have none.
fn add_features(connection: &Connection, counts: &mut RowCounts) -> rusqlite::Result<()> {
    let mut states = connection.prepare_cached(
        "SELECT s.state, s.reason, SUM(f.results - 1) FROM features f
         CROSS JOIN row_states s ON s.number = f.number GROUP BY s.state, s.reason",
    )?;
    let mut states = states.query([])?;
    while let Some(row) = states.next()? {
        let (state, reason): (RowState, Option<String>) = (row.get(0)?, row.get(1)?);
        let is_forgotten = reason.as_deref() == Some(Reason::Forgotten.as_str());
        *match state {
            // They are what is left.
            RowState::Open => continue,
            RowState::Unconfirmed if is_forgotten => &mut counts.forgotten,
            RowState::Unconfirmed => &mut counts.unconfirmed,
            RowState::Superseded => &mut counts.superseded,
            RowState::Ingested => &mut counts.ingested,
            RowState::Rejected => &mut counts.rejected,
        } += row.get::<_, usize>(2)?;
    }
    Ok(())
}

fn count(connection: &Connection, sql: &str) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
}
