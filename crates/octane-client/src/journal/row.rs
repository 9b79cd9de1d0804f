//! Rows: one result each, and what became of it.

use octane_results::{Position, TestRun};
use rusqlite::{Row as SqlRow, Transaction};

use super::reopen::OVERTAKEN;
use super::{Journal, JournalError};
use crate::plan::{Header, PlannedBatch, run_key};
use crate::report::{Counts, ReportedProblem};

/// Takes planned batches into the journal, one after the other.
pub(crate) struct PlannedRows<'a> {
    journal: &'a Journal,
    rows: i64,
    /// The file that the last row came from; rows of one file come together.
    file: Option<(std::sync::Arc<str>, i64)>,
}

impl Journal {
    /// Begins to take in what is planned.
    pub(crate) fn plan(&self) -> PlannedRows<'_> {
        PlannedRows {
            journal: self,
            rows: 0,
            file: None,
        }
    }
}

impl PlannedRows<'_> {
    /// Takes in a batch.
    pub(crate) fn add(&mut self, batch: &PlannedBatch) -> Result<(), JournalError> {
        let journal = self.journal;
        journal.write("plan", |transaction| {
            let first = self.rows + 1;
            for (run, until) in batch.runs.iter().zip(&batch.ends) {
                self.rows += 1;
                let file = match &run.position {
                    Some(position) => Some(self.file(transaction, position)?),
                    None => None,
                };
                insert(transaction, self.rows, batch.number, run, *until, file)?;
            }
            transaction
                .prepare_cached("INSERT INTO bodies (batch, xml) VALUES (?, ?)")?
                .execute((batch.number, &batch.body))?;
            transaction
                .prepare_cached(
                    "INSERT INTO batches (n, body, first, last, sha256) VALUES (?1, ?1, ?2, ?3, ?4)",
                )?
                .execute((batch.number, first, self.rows, &batch.sha256))?;
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

    /// Everything is in: finds out which batches repeat a test of an earlier one. From here on the upload
    /// can be delivered.
    pub(crate) fn finish(self, header: &Header) -> Result<(), JournalError> {
        let header = serde_json::to_string(header)
            .map_err(|error| self.journal.damaged(error.to_string()))?;
        self.journal.write_through("planned", |transaction| {
            transaction.execute_batch(super::schema::INDEX_OF_KEYS)?;
            transaction.execute_batch(
                "UPDATE batches SET follows = 1 WHERE n IN (
                     SELECT later.batch FROM rows later JOIN (
                         SELECT key, MIN(batch) AS batch FROM rows GROUP BY key HAVING COUNT(*) > 1
                     ) earlier ON earlier.key = later.key AND earlier.batch < later.batch)",
            )?;
            transaction.execute(
                "INSERT INTO upload (key, value) VALUES ('plan', ?)",
                [header],
            )?;
            Ok(())
        })
    }
}

fn insert(
    transaction: &Transaction<'_>,
    number: i64,
    batch: usize,
    run: &TestRun,
    until: usize,
    file: Option<i64>,
) -> rusqlite::Result<()> {
    let jira = (!run.jira.is_empty())
        .then(|| serde_json::to_string(&run.jira))
        .transpose()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction
        .prepare_cached(
            "INSERT INTO rows (n, batch, key, test, name, status, started, duration, file, line, position, jira, until)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            until,
        ))?;
    Ok(())
}

/// File, line and column from three neighbouring columns.
pub(super) fn position(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Option<Position>> {
    let file: Option<String> = row.get(at)?;
    let line: Option<u64> = row.get(at + 1)?;
    let column = row.get(at + 2)?;
    Ok(file.zip(line).map(|(file, line)| Position {
        file: file.into(),
        line,
        column,
    }))
}

impl Journal {
    /// Adds up what became of the rows. The plus signs and cross joins here keep SQLite from an index of its own
    /// making where a range of rows is at hand.
    pub(crate) fn count(&self, counts: &mut Counts) -> Result<(), JournalError> {
        self.read(|connection| {
            let number = |sql: &str| {
                connection
                    .prepare_cached(sql)?
                    .query_row([], |row| row.get::<_, usize>(0))
            };
            counts.ingested = number("SELECT COUNT(*) FROM rows WHERE fate = 'ingested'")?;
            counts.rejected = number("SELECT COUNT(*) FROM rows WHERE fate = 'rejected'")?;
            counts.kept = number("SELECT COUNT(*) FROM rows WHERE fate = 'kept'")?;
            counts.sent = number(
                "SELECT COALESCE(SUM(last - first + 1), 0) FROM batches WHERE state IN ('sent', 'settled')",
            )?;
            counts.known = number(
                "SELECT COUNT(*) FROM batches b CROSS JOIN rows r ON r.n BETWEEN b.first AND b.last
                 WHERE b.known = 1 AND b.state = 'settled' AND +r.fate = 'ingested'",
            )?;
            counts.runs = number(
                "SELECT COUNT(*) FROM found f WHERE EXISTS (SELECT 1 FROM rows r WHERE r.key = f.key
                     AND r.fate = 'ingested' AND (r.started IS NULL OR f.started = r.started OR NOT EXISTS (
                         SELECT 1 FROM found g WHERE g.key = r.key AND g.started = r.started)))",
            )?;
            Ok(())
        })
    }

    /// Whether rows are missing of batches that have succeeded, or from which Octane may have left out few.
    pub(crate) fn is_unconfirmed(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM batches b CROSS JOIN rows r ON r.n BETWEEN b.first AND b.last
                     WHERE b.state = 'settled' AND b.status IN ('success', 'warning')
                     AND +r.fate <> 'ingested'",
                )?
                .exists([])
        })
    }

    /// How many rows Octane says are in, or has forgotten for good, and does not show.
    pub(crate) fn unconfirmed(&self) -> Result<usize, JournalError> {
        Ok(self.missing("status <> 'lost'")? + self.given_up()?)
    }

    /// How many of these are not sent again, as later results of the same tests have been sent.
    pub(crate) fn given_up(&self) -> Result<usize, JournalError> {
        self.missing(&format!("status = 'lost' AND {OVERTAKEN}"))
    }

    /// How many rows are missing of the batches whose tasks have ended, where this holds.
    fn missing(&self, of_batch: &str) -> Result<usize, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT COUNT(*) FROM (SELECT * FROM batches WHERE state = 'settled' AND {of_batch}) batches
                     CROSS JOIN rows ON rows.n BETWEEN batches.first AND batches.last
                     WHERE +rows.fate = 'kept' AND rows.message IS NOT NULL"
                ))?
                .query_row([], |row| row.get(0))
        })
    }

    /// The rows that were turned down or are not confirmed, each with its reason.
    pub(crate) fn row_problems(&self) -> Result<Vec<ReportedProblem>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT r.fate, r.test, f.name, r.line, r.position, r.message FROM rows r
                     LEFT JOIN files f ON f.id = r.file WHERE r.message IS NOT NULL ORDER BY r.n",
                )?
                .query_map([], |row| {
                    let fate: String = row.get(0)?;
                    let code = if fate == "rejected" {
                        "rejected"
                    } else {
                        "unconfirmed"
                    };
                    let mut problem = ReportedProblem::new(code, row.get::<_, String>(5)?);
                    problem.test = row.get(1)?;
                    problem.position = position(row, 2)?;
                    Ok(problem)
                })?
                .collect()
        })
    }
}
