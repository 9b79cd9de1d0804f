//! Rows: one result each.

use octane_results::{Position, TestRun};
use rusqlite::{Connection, Transaction};

use super::database::Journal;
use super::error::JournalError;
use super::payload::set_envelope;
use super::repeat;
use super::schema;
use crate::plan::{Envelope, Manifest, PlannedBatch};
use crate::report::Counts;
use crate::run_key::run_key;

/// Writes planned batches into the journal, one after the other.
pub(crate) struct RowWriter<'a> {
    journal: &'a Journal,
    rows: i64,
    /// The file of the last row; rows of one file come together.
    file: Option<(std::sync::Arc<str>, i64)>,
}

impl Journal {
    /// Begins to write what is planned.
    pub(crate) fn begin_plan(
        &self,
        envelope: &Envelope<'_>,
    ) -> Result<RowWriter<'_>, JournalError> {
        self.write("envelope", |transaction| {
            set_envelope(transaction, envelope)
        })?;
        Ok(RowWriter {
            journal: self,
            rows: 0,
            file: None,
        })
    }
}

impl RowWriter<'_> {
    /// Writes a batch.
    pub(crate) fn add(&mut self, batch: &PlannedBatch) -> Result<(), JournalError> {
        let journal = self.journal;
        journal.write("plan", |transaction| {
            let first = self.rows + 1;
            for (run, body_end) in batch.runs.iter().zip(&batch.ends) {
                self.rows += 1;
                let file = match &run.position {
                    Some(position) => Some(self.file(transaction, position)?),
                    None => None,
                };
                insert(transaction, self.rows, batch.number, run, *body_end, file)?;
            }
            transaction
                .prepare_cached("INSERT INTO bodies (batch, xml) VALUES (?, ?)")?
                .execute((batch.number, &batch.body))?;
            transaction
                .prepare_cached(
                    "INSERT INTO batches (number, body, first_row, last_row, sha256, nonce, comment, state)
                     VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, 'ready')",
                )?
                .execute((
                    batch.number,
                    first,
                    self.rows,
                    &batch.sha256,
                    batch.nonce,
                    &batch.comment,
                ))?;
            Ok(())
        })
    }

    fn file(
        &mut self,
        transaction: &Transaction<'_>,
        position: &Position,
    ) -> rusqlite::Result<i64> {
        if let Some((name, id)) = &self.file
            && *name == position.file
        {
            return Ok(*id);
        }
        let name = &*position.file;
        transaction.execute("INSERT OR IGNORE INTO files (name) VALUES (?)", [name])?;
        let sql = "SELECT id FROM files WHERE name = ?";
        let id = transaction.query_row(sql, [name], |row| row.get(0))?;
        self.file = Some((position.file.clone(), id));
        Ok(id)
    }

    /// Everything is written: finds out which results repeat others, and which batches have to be sent after earlier
    /// ones for that. From here on the upload can be delivered.
    pub(crate) fn finish(self, mut manifest: Manifest) -> Result<Manifest, JournalError> {
        self.journal.write_through("planned", |transaction| {
            transaction.execute_batch(schema::INDEX_OF_KEYS)?;
            repeat::find(transaction, &mut manifest.counts)?;
            let json = serde_json::to_string(&manifest)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            transaction.execute(
                "INSERT INTO upload (key, value) VALUES ('manifest', ?)",
                [json],
            )?;
            Ok(manifest)
        })
    }
}

fn insert(
    transaction: &Transaction<'_>,
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
    transaction
        .prepare_cached(
            "INSERT INTO rows (number, batch, key, test, name, status, started, duration, file, line, column, jira,
                 body_end, run_name, state)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
        )?
        .execute((
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
            let number = |condition: &str| {
                count(
                    connection,
                    &format!("SELECT COUNT(*) FROM rows WHERE {condition}"),
                )
            };
            Ok(RowCounts {
                open: number("state = 'open'")?,
                unconfirmed: number("state = 'unconfirmed' AND reason <> 'forgotten'")?,
                forgotten: number("state = 'unconfirmed' AND reason = 'forgotten'")?,
                superseded: number("state = 'superseded'")?,
                ingested: number("state = 'ingested'")?,
                rejected: number("state = 'rejected'")?,
            })
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
                "SELECT COUNT(*) FROM batches b CROSS JOIN rows r ON r.number BETWEEN b.first_row AND b.last_row
                 WHERE b.is_duplicate = 1 AND b.state = 'ended' AND b.ended_as <> 'refused' AND +r.state = 'ingested'",
            )?;
            counts.runs = count(
                connection,
                "SELECT COUNT(*) FROM server_runs f WHERE EXISTS (SELECT 1 FROM rows r WHERE r.key = f.key
                     AND r.state = 'ingested' AND (r.started IS NULL OR f.started = r.started OR NOT EXISTS (
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
                    "SELECT 1 FROM batches b CROSS JOIN rows r ON r.number BETWEEN b.first_row AND b.last_row
                     WHERE b.state = 'ended' AND b.ended_as IN ('success', 'warning')
                     AND +r.state <> 'ingested' AND NOT (b.is_duplicate = 1
                         AND EXISTS (SELECT 1 FROM server_runs f WHERE f.key = r.key))",
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
