//! The queue of payloads: the table is the queue, so acknowledged payloads are durable.

use std::time::Duration;

use jiff::Timestamp;
use octane_model::{Task, TaskId, TaskStatus};
use octane_results::Build;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json;

use super::writer::Writer;
use crate::error::ApiError;
use crate::settings::ResultSettings;

/// How long the status of a task is documented to be kept; the sandbox keeps it until a reset.
const RETENTION_MS: i64 = 24 * 60 * 60 * 1000;

/// How often the sandbox may end while it processes a payload.
const INTERRUPTIONS_MAX: i64 = 3;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A payload that may be queued.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Submission<'a> {
    /// Identifies duplicates.
    pub(crate) digest: &'a [u8],
    pub(crate) skip_errors: bool,
    /// The build that its sender names separately.
    pub(crate) build: Option<&'a Build>,
    pub(crate) payload: &'a [u8],
}

/// The result of submitting a payload.
#[derive(Debug)]
pub(crate) enum Acceptance {
    /// It was queued.
    New(Task),
    /// It is a duplicate; the status of the task of the first one.
    Known(Task),
    /// The queue is full, according to the settings.
    QueueFull { queue_max: u64 },
    /// The hourly limit of the settings is reached; the next payload may be sent after `wait`.
    TooMany { payloads_max: u64, wait: Duration },
}

/// A queued payload.
#[derive(Debug)]
pub(crate) struct QueuedPayload {
    pub(crate) id: i64,
    pub(crate) payload: Vec<u8>,
    pub(crate) skip_errors: bool,
    /// The build that its sender named separately.
    pub(crate) build: Option<Build>,
}

/// The outcome of a payload.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: TaskStatus,
    /// One line per problem.
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

/// Queues a payload; a duplicate returns the status of the first task, and counts towards no limit.
pub(crate) fn accept(
    writer: Writer<'_>,
    settings: &ResultSettings,
    submission: &Submission<'_>,
) -> Result<Acceptance, ApiError> {
    if let Some(mut task) = known(writer, settings, submission)? {
        task.from_older_push = true;
        return Ok(Acceptance::Known(task));
    }
    if let Some(queue_max) = settings.queue_max
        && waiting_count(writer.connection)? >= as_count(queue_max)
    {
        return Ok(Acceptance::QueueFull { queue_max });
    }
    if let Some(payloads_max) = settings.payloads_per_hour_max {
        let (count, oldest): (i64, Option<i64>) = writer
            .connection
            .prepare_cached("SELECT COUNT(*), MIN(accepted) FROM tasks WHERE accepted > ?")?
            .query_row([writer.now - HOUR_MS], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if count >= as_count(payloads_max) {
            let wait_ms = oldest.unwrap_or(writer.now) + HOUR_MS - writer.now;
            let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default());
            return Ok(Acceptance::TooMany { payloads_max, wait });
        }
    }
    let build = submission
        .build
        .map(|build| json!([build.server_id, build.job_id, build.build_id]).to_string());
    writer
        .connection
        .prepare_cached(
            "INSERT INTO tasks (status, skip_errors, digest, until, accepted, build)
             VALUES ('queued', ?, ?, ?, ?, ?)",
        )?
        .execute((
            submission.skip_errors,
            submission.digest,
            until(writer.now),
            writer.now,
            build,
        ))?;
    let id = writer.connection.last_insert_rowid();
    writer
        .connection
        .prepare_cached("INSERT INTO payloads (id, bytes) VALUES (?, ?)")?
        .execute((id, submission.payload))?;
    let task = Task::new(TaskId::new(id), TaskStatus::Queued);
    Ok(Acceptance::New(task))
}

/// The first task with this payload, as far back as payloads are remembered.
fn known(
    writer: Writer<'_>,
    settings: &ResultSettings,
    submission: &Submission<'_>,
) -> Result<Option<Task>, ApiError> {
    let memory = settings.duplicate_memory;
    let forgotten = memory.map_or(i64::MIN, |memory| {
        let memory_ms = i64::try_from(memory.as_millis()).unwrap_or(i64::MAX);
        writer.now.saturating_sub(memory_ms)
    });
    let mut statement = writer.connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tasks WHERE digest = ?1 AND (skip_errors = ?2 OR NOT ?3)
         AND accepted > ?4 ORDER BY id LIMIT 1"
    ))?;
    let values = (
        submission.digest,
        submission.skip_errors,
        settings.duplicate_needs_same_skip_errors,
        forgotten,
    );
    Ok(statement.query_row(values, task).optional()?)
}

fn as_count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The format that vendor clients expect, with a numeric offset: `2025-05-04T10:00:00+0000`.
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

/// The log: a head of `key: value` lines, an empty line, then one line per problem.
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

/// Takes the oldest queued payload; from now on its task is running.
pub(crate) fn take(writer: Writer<'_>) -> Result<Option<QueuedPayload>, ApiError> {
    let waiting = writer
        .connection
        .prepare_cached(
            "SELECT t.id, p.bytes, t.skip_errors, t.build FROM tasks t JOIN payloads p ON p.id = t.id
             WHERE t.status = 'queued' ORDER BY t.id LIMIT 1",
        )?
        .query_row([], |row| {
            Ok(QueuedPayload {
                id: row.get(0)?,
                payload: row.get(1)?,
                skip_errors: row.get(2)?,
                build: row
                    .get::<_, Option<String>>(3)?
                    .and_then(|text| build(&text)),
            })
        })
        .optional()?;
    if let Some(QueuedPayload { id, .. }) = &waiting {
        writer
            .connection
            .prepare_cached("UPDATE tasks SET status = 'running' WHERE id = ?")?
            .execute([id])?;
    }
    Ok(waiting)
}

fn build(text: &str) -> Option<Build> {
    let [server_id, job_id, build_id] = serde_json::from_str(text).ok()?;
    Some(Build {
        server_id,
        job_id,
        build_id,
        ..Build::default()
    })
}

/// Records the outcome of a payload, in the transaction that ingested it.
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
        .prepare_cached("UPDATE tasks SET status = ?, error_details = ?, log = ? WHERE id = ?")?
        .execute((status.as_str(), details, log, id))?;
    writer
        .connection
        .prepare_cached("DELETE FROM payloads WHERE id = ?")?
        .execute([id])?;
    Ok(())
}

/// Queues the payloads again that were being processed when the sandbox ended; nothing of them was written.
/// One that has ended the sandbox [`INTERRUPTIONS_MAX`] times is given up, because it may be why.
pub(crate) fn requeue(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "UPDATE tasks SET interruptions = interruptions + 1 WHERE status = 'running'";
    connection.execute(sql, [])?;
    let problem = format!(
        "the sandbox ended {INTERRUPTIONS_MAX} times while it processed this payload; it is not tried again"
    );
    connection.execute(
        "DELETE FROM payloads WHERE id IN
         (SELECT id FROM tasks WHERE status = 'running' AND interruptions >= ?)",
        [INTERRUPTIONS_MAX],
    )?;
    connection.execute(
        "UPDATE tasks SET status = ?, error_details = ?, log = ?
         WHERE status = 'running' AND interruptions >= ?",
        (
            TaskStatus::Failed.as_str(),
            &problem,
            format!("{problem}\n"),
            INTERRUPTIONS_MAX,
        ),
    )?;
    restart(connection)
}

/// Queues the payloads again that are being processed.
pub(crate) fn restart(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "UPDATE tasks SET status = 'queued' WHERE status = 'running'";
    connection.execute(sql, [])?;
    Ok(())
}

/// How many payloads are queued or being processed.
pub(crate) fn waiting_count(connection: &Connection) -> Result<i64, ApiError> {
    let sql = "SELECT COUNT(*) FROM tasks WHERE status IN ('queued', 'running')";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;
    use crate::clock::Clock;
    use crate::settings::Settings;
    use crate::store::Store;

    #[test]
    fn a_payload_that_ends_the_sandbox_again_and_again_is_given_up() {
        let settings = Settings::default().seed_data(false);
        let catalog = Arc::new(Catalog::new(&settings).unwrap());
        let store = Store::open(&settings, catalog, Clock::running(), None).unwrap();
        let submission = Submission {
            digest: b"x",
            skip_errors: false,
            build: None,
            payload: b"<test_result/>",
        };
        store
            .write_now(|writer| accept(writer, &settings.results, &submission))
            .unwrap();
        let status = || {
            let found = store.read_now(|reader| find(reader.connection, 1));
            found.unwrap().unwrap().status
        };
        for _ in 1..INTERRUPTIONS_MAX {
            assert!(store.write_now(take).unwrap().is_some());
            requeue(&store.connection()).unwrap();
            assert_eq!(status(), TaskStatus::Queued);
            // A start that found it waiting.
            requeue(&store.connection()).unwrap();
        }
        assert!(store.write_now(take).unwrap().is_some());
        requeue(&store.connection()).unwrap();
        assert_eq!(status(), TaskStatus::Failed);
        assert!(store.write_now(take).unwrap().is_none());
        let log = store.read_now(|reader| log(reader.connection, 1)).unwrap();
        assert!(log.unwrap().contains("ended 3 times"));
        let sql = "SELECT COUNT(*) FROM payloads";
        let kept: i64 = store
            .connection()
            .query_row(sql, [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 0);
    }

    #[test]
    fn a_payload_that_is_restored_from_a_snapshot_was_not_interrupted() {
        let settings = Settings::default().seed_data(false);
        let catalog = Arc::new(Catalog::new(&settings).unwrap());
        let store = Store::open(&settings, catalog, Clock::running(), None).unwrap();
        let submission = Submission {
            digest: b"x",
            skip_errors: false,
            build: None,
            payload: b"<test_result/>",
        };
        store
            .write_now(|writer| accept(writer, &settings.results, &submission))
            .unwrap();
        for _ in 0..=INTERRUPTIONS_MAX {
            assert!(store.write_now(take).unwrap().is_some());
            store.snapshot_now("x").unwrap();
            store.restore_now("x", || ()).unwrap();
        }
        assert!(store.write_now(take).unwrap().is_some());
    }
}
