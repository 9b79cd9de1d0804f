//! Rows: one result each.

use octane_results::{Position, TestRun};
use rusqlite::{CachedStatement, Connection};

use super::database::Journal;
use super::error::JournalError;
use super::packed::Packed;
use super::payload::{checksum, set_envelope};
use super::problem::add_problem;
use super::repeat;
use super::schema;
use super::state::RowState;
use crate::plan::{Envelope, Manifest, PlannedBatch};
use crate::report::{Counts, ReportedProblem};
use crate::run_key::run_key;

/// Writes planned batches into a new journal, one after the other. Nothing of them is there before
/// [`Journal::finish_plan`].
pub(crate) struct RowWriter<'a> {
    journal: &'a Journal,
    envelope: Envelope<'a>,
    rows: i64,
    /// The file of the last row; rows of one file come together.
    file: Option<(std::sync::Arc<str>, i64)>,
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
            file: None,
        })
    }
}

impl RowWriter<'_> {
    /// Writes a batch.
    pub(crate) fn add(&mut self, batch: &PlannedBatch) -> Result<(), JournalError> {
        self.journal.read(|connection| {
            let first = self.rows + 1;
            let mut insert = connection.prepare_cached(
                "INSERT INTO rows (number, batch, key, test, name, status, started, duration, file, line, column, jira,
                     body_end, run_name)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for (run, body_end) in batch.runs.iter().zip(&batch.ends) {
                self.rows += 1;
                let file = match &run.position {
                    Some(position) => Some(self.file(connection, position)?),
                    None => None,
                };
                execute(&mut insert, self.rows, batch.number, run, *body_end, file)?;
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
                     VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'ready')",
                )?
                .execute((
                    batch.number,
                    first,
                    self.rows,
                    &batch.sha256,
                    batch.nonce,
                    &batch.comment,
                    checksum,
                ))?;
            Ok(())
        })
    }

    fn file(&mut self, connection: &Connection, position: &Position) -> rusqlite::Result<i64> {
        if let Some((name, id)) = &self.file
            && *name == position.file
        {
            return Ok(*id);
        }
        let name = &*position.file;
        connection.execute("INSERT OR IGNORE INTO files (name) VALUES (?)", [name])?;
        let sql = "SELECT id FROM files WHERE name = ?";
        let id = connection.query_row(sql, [name], |row| row.get(0))?;
        self.file = Some((position.file.clone(), id));
        Ok(id)
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

fn execute(
    insert: &mut CachedStatement<'_>,
    number: i64,
    batch: usize,
    run: &TestRun,
    body_end: usize,
    file: Option<i64>,
) -> rusqlite::Result<()> {
    let jira = (!run.jira.is_empty())
        .then(|| serde_json::to_string(&run.jira))
        .transpose()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    insert.execute((
        number,
        batch,
        run_key(&run.identity, run.run_name.as_deref()),
        run.identity.to_string(),
        &run.identity.name,
        run.status.as_str(),
        run.started.map(jiff::Timestamp::as_millisecond),
        i64::try_from(run.duration.as_millis()).unwrap_or(i64::MAX),
        file,
        run.position.as_ref().map(|position| position.line),
        run.position.as_ref().and_then(|position| position.column),
        jira,
        body_end,
        &run.run_name,
    ))?;
    Ok(())
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
            let mut counts = RowCounts {
                open: count(connection, "SELECT COALESCE(MAX(number), 0) FROM rows")?,
                ..RowCounts::default()
            };
            let mut states = connection.prepare_cached(
                "SELECT state, reason IS 'forgotten', COUNT(*) FROM row_states WHERE state <> 'open' GROUP BY 1, 2",
            )?;
            let mut states = states.query([])?;
            while let Some(row) = states.next()? {
                let (state, is_forgotten, found): (RowState, bool, usize) = row.try_into()?;
                counts.open = counts.open.saturating_sub(found);
                *match (state, is_forgotten) {
                    (RowState::Open, _) => &mut counts.open,
                    (RowState::Unconfirmed, true) => &mut counts.forgotten,
                    (RowState::Unconfirmed, false) => &mut counts.unconfirmed,
                    (RowState::Superseded, _) => &mut counts.superseded,
                    (RowState::Ingested, _) => &mut counts.ingested,
                    (RowState::Rejected, _) => &mut counts.rejected,
                } += found;
            }
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
                "SELECT COALESCE(SUM(last_row - first_row + 1), 0) FROM batches
                 WHERE state = 'accepted' OR state = 'ended' AND ended_as <> 'refused'",
            )?;
            counts.duplicate = count(
                connection,
                "SELECT COUNT(*) FROM batches b CROSS JOIN row_states s ON s.number BETWEEN b.first_row AND b.last_row
                 WHERE b.is_duplicate = 1 AND b.state = 'ended' AND b.ended_as <> 'refused' AND s.state = 'ingested'",
            )?;
            counts.runs = count(
                connection,
                "SELECT COUNT(*) FROM server_runs f WHERE EXISTS (SELECT 1 FROM rows r
                     CROSS JOIN row_states s ON s.number = r.number WHERE r.key = f.key
                     AND s.state = 'ingested' AND (r.started IS NULL OR f.started = r.started OR NOT EXISTS (
                         SELECT 1 FROM server_runs g WHERE g.key = r.key AND g.started = r.started)))",
            )?;
            Ok(())
        })?;
        Ok(rows)
    }

    /// Whether results are missing of batches that succeeded, perhaps with a warning, so that another look may help. It
    /// does not where Octane has ignored a batch and shows another result.
    pub(crate) fn needs_another_look(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
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

fn count(connection: &Connection, sql: &str) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
}
