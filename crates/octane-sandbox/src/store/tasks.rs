//! The queue of payloads: the table is the queue, so what was acknowledged survives.

use jiff::Timestamp;
use octane_model::{Task, TaskId, TaskStatus};
use rusqlite::{Connection, OptionalExtension, Row};

use super::write::Writer;
use crate::error::ApiError;

/// How long the state of a task is said to be kept; the sandbox forgets nothing before a reset.
const RETENTION_MS: i64 = 24 * 60 * 60 * 1000;

/// A payload that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) id: i64,
    pub(crate) payload: Vec<u8>,
    pub(crate) skip_errors: bool,
}

/// How a payload ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: TaskStatus,
    /// One line a problem.
    pub(crate) problems: Vec<String>,
}

const COLUMNS: &str = "id, status, until, error_details";

/// How many problems `errorDetails` shows; the log has all.
const DETAILS_MAX: usize = 10;

fn task(row: &Row<'_>) -> rusqlite::Result<Task> {
    let status: String = row.get(1)?;
    let mut task = Task::new(TaskId::new(row.get(0)?), status.as_str().into());
    task.until = row.get(2)?;
    task.error_details = row.get(3)?;
    Ok(task)
}

/// Takes a payload into the queue; bytes that are known give the state of the task that brought them
/// first.
pub(crate) fn accept(
    writer: Writer<'_>,
    digest: &[u8],
    skip_errors: bool,
    payload: &[u8],
) -> Result<Task, ApiError> {
    let known = writer
        .connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM tasks WHERE digest = ? AND skip_errors = ? ORDER BY id LIMIT 1"
        ))?
        .query_row((digest, skip_errors), task)
        .optional()?;
    if let Some(mut task) = known {
        task.from_older_push = true;
        return Ok(task);
    }
    writer
        .connection
        .prepare_cached(
            "INSERT INTO tasks (status, skip_errors, digest, payload, until)
             VALUES ('queued', ?, ?, ?, ?)",
        )?
        .execute((skip_errors, digest, payload, until(writer.now)))?;
    let id = TaskId::new(writer.connection.last_insert_rowid());
    Ok(Task::new(id, TaskStatus::Queued))
}

/// The pattern that vendor clients expect, with a numeric offset: `2025-05-04T10:00:00+0000`.
fn until(now: i64) -> String {
    Timestamp::from_millisecond(now + RETENTION_MS)
        .map(|time| format!("{}+0000", time.strftime("%Y-%m-%dT%H:%M:%S")))
        .unwrap_or_default()
}

pub(crate) fn find(connection: &Connection, id: i64) -> Result<Option<Task>, ApiError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM tasks WHERE id = ?"))?;
    Ok(statement.query_row([id], task).optional()?)
}

/// The log: a head of `key: value` lines, an empty line, then one line a problem.
pub(crate) fn log(connection: &Connection, id: i64) -> Result<Option<String>, ApiError> {
    let mut statement =
        connection.prepare_cached("SELECT status, until, log FROM tasks WHERE id = ?")?;
    let log = statement.query_row([id], |row| {
        let (status, until, log): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!(
            "id: {id}\nstatus: {status}\nuntil: {until}\n\n{log}"
        ))
    });
    Ok(log.optional()?)
}

/// Takes the oldest waiting payload to work on; others see it as running from now on.
pub(crate) fn take(writer: Writer<'_>) -> Result<Option<Waiting>, ApiError> {
    let waiting = writer
        .connection
        .prepare_cached(
            "SELECT id, payload, skip_errors FROM tasks
             WHERE status = 'queued' ORDER BY id LIMIT 1",
        )?
        .query_row([], |row| {
            Ok(Waiting {
                id: row.get(0)?,
                payload: row.get(1)?,
                skip_errors: row.get(2)?,
            })
        })
        .optional()?;
    if let Some(Waiting { id, .. }) = &waiting {
        writer
            .connection
            .prepare_cached("UPDATE tasks SET status = 'running' WHERE id = ?")?
            .execute([id])?;
    }
    Ok(waiting)
}

/// Writes down how a payload ended, in the transaction that ingested it.
pub(crate) fn finish(writer: Writer<'_>, id: i64, outcome: &Outcome) -> Result<(), ApiError> {
    let Outcome { status, problems } = outcome;
    let mut log = problems.join("\n");
    if !log.is_empty() {
        log.push('\n');
    }
    let details = (!problems.is_empty()).then(|| {
        let mut details = problems[..problems.len().min(DETAILS_MAX)].join("; ");
        if problems.len() > DETAILS_MAX {
            details.push_str(&format!("; and {} more", problems.len() - DETAILS_MAX));
        }
        details
    });
    writer
        .connection
        .prepare_cached(
            "UPDATE tasks SET status = ?, error_details = ?, log = ?, payload = NULL WHERE id = ?",
        )?
        .execute((status.as_str(), details, log, id))?;
    Ok(())
}

/// What was being worked on when the sandbox died begins anew; nothing of it was written.
pub(crate) fn requeue(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE tasks SET status = 'queued' WHERE status = 'running'",
        [],
    )
}

/// How many payloads wait or are worked on.
pub(crate) fn waiting_count(connection: &Connection) -> Result<i64, ApiError> {
    let sql = "SELECT COUNT(*) FROM tasks WHERE status IN ('queued', 'running')";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}
