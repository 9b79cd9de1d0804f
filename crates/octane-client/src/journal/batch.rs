//! Batches: what is sent as one payload, and how far each is.

use octane_model::{Task, TaskId};
use rusqlite::{Row, Transaction};

use super::database::{Journal, set_document};
use super::error::JournalError;
use super::feature_row::MORE_RESULTS;
use super::state::{loaded, stored};
use super::untouched_run::{RELOCATED, SENT_THERE};
use crate::resend::BatchState;
use crate::verdict::BatchEnd;

/// The key under which a journal says that a copy of it is lost, which may have done what the next attempt does.
const COPY_LOST: &str = "copy_lost";

/// A batch as it is stored in the journal.
#[derive(Debug, Clone)]
pub(crate) struct StoredBatch {
    /// Its number, counted from 1; halves of a split batch get numbers after all others.
    pub(crate) number: usize,
    pub(super) body: usize,
    pub(super) first_row: i64,
    pub(super) last_row: i64,
    /// How many results it holds.
    pub(crate) results: usize,
    pub(super) nonce: u32,
    /// The comment in the payload that makes its bytes differ, or nothing.
    pub(super) comment: String,
    /// Of the payload; empty if it has not been computed yet.
    pub(super) sha256: String,
    /// Of the payload's parts as they are stored, where it has been computed.
    pub(super) checksum: Option<[u8; 32]>,
    /// Whether it repeats a test of an earlier batch, and so must be sent after it.
    pub(crate) after_previous: bool,
    pub(crate) state: BatchState,
    pub(crate) task: Option<TaskId>,
    /// Whether Octane had received these bytes before this upload sent them.
    pub(super) is_duplicate: bool,
    /// What the task's log says.
    pub(super) task_log: Option<String>,
    /// Why it was delayed or refused.
    pub(super) reason: Option<String>,
}

impl StoredBatch {
    /// How many runs it holds.
    pub(crate) fn rows(&self) -> usize {
        usize::try_from(self.last_row - self.first_row + 1).unwrap_or(0)
    }
}

const COLUMNS: &str = "number, body, first_row, last_row, sha256, nonce, comment, after_previous, task, \
                                  state, ended_as, is_duplicate, task_log, reason, checksum";

fn batch(row: &Row<'_>) -> rusqlite::Result<StoredBatch> {
    let (state, ended_as): (String, Option<String>) = (row.get(9)?, row.get(10)?);
    Ok(StoredBatch {
        number: row.get(0)?,
        body: row.get(1)?,
        first_row: row.get(2)?,
        last_row: row.get(3)?,
        sha256: row.get(4)?,
        nonce: row.get(5)?,
        comment: row.get(6)?,
        after_previous: row.get(7)?,
        task: row.get::<_, Option<i64>>(8)?.map(TaskId::new),
        state: loaded(&state, ended_as.as_deref())?,
        is_duplicate: row.get(11)?,
        task_log: row.get(12)?,
        reason: row.get(13)?,
        checksum: row.get(14)?,
        results: row.get(15)?,
    })
}

/// The batches for which `condition` holds, in the order of their results.
pub(super) fn batches(
    connection: &rusqlite::Connection,
    condition: &str,
) -> rusqlite::Result<Vec<StoredBatch>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, last_row - first_row + 1 + {MORE_RESULTS} FROM batches WHERE {condition} ORDER BY first_row, number"
        ))?
        .query_map([], batch)?
        .collect()
}

impl Journal {
    /// The batches that have not ended, in order.
    pub(crate) fn open_batches(&self) -> Result<Vec<StoredBatch>, JournalError> {
        self.read(|connection| batches(connection, "state <> 'ended'"))
    }

    /// Whether the task of any batch has ended.
    pub(crate) fn has_ended_task(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM batches WHERE state = 'ended' AND ended_as <> 'refused'",
                )?
                .exists([])
        })
    }

    /// The number, end and task log of the batches that did not simply succeed.
    pub(crate) fn task_logs(&self) -> Result<Vec<(usize, BatchEnd, String)>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT number, state, ended_as, task_log FROM batches WHERE state = 'ended'
                     AND ended_as NOT IN ('success', 'refused') AND task_log IS NOT NULL ORDER BY number",
                )?
                .query_map([], |row| {
                    let (state, ended_as): (String, Option<String>) = (row.get(1)?, row.get(2)?);
                    match loaded(&state, ended_as.as_deref())? {
                        BatchState::Ended(end) => Ok((row.get(0)?, end, row.get(3)?)),
                        _ => Err(rusqlite::Error::InvalidQuery),
                    }
                })?
                .collect()
        })
    }

    /// Records that whatever is not sent yet may have been, and what the next attempt sends again too: from a copy of this journal
    /// that is lost. What Octane then recognises it has from that copy, and not from an earlier upload.
    pub fn assume_sent(&self) -> Result<(), JournalError> {
        self.write("assume_sent", |transaction| {
            set_document(transaction, COPY_LOST, &true)?;
            ready_may_be_sent(transaction)
        })
    }

    /// Records that a batch is about to be sent, with the digest of its payload. Returns whether it was sent before since the upload was
    /// moved to another place, if it was.
    pub(crate) fn begin_sending(&self, batch: usize, sha256: &str) -> Result<bool, JournalError> {
        let is_moved = self.get::<bool>(RELOCATED)?.is_some();
        self.write("in_flight", |transaction| {
            let (state, ended_as) = stored(&BatchState::InFlight);
            transaction
                .prepare_cached(
                    "UPDATE batches SET state = ?, ended_as = ?, sha256 = ? WHERE number = ?",
                )?
                .execute((state, ended_as, sha256, batch))?;
            if !is_moved {
                return Ok(false);
            }
            let added = transaction
                .prepare_cached("INSERT OR IGNORE INTO upload (key, value) VALUES (?, 'true')")?
                .execute([format!("{SENT_THERE}{batch}")])?;
            Ok(added == 0)
        })
    }

    /// Records that the server has accepted a batch.
    pub(crate) fn accepted(
        &self,
        batch: usize,
        task: &Task,
        is_duplicate: bool,
    ) -> Result<(), JournalError> {
        self.write("accepted", |transaction| {
            set_state(transaction, batch, &BatchState::Accepted)?;
            transaction
                .prepare_cached(
                    "UPDATE batches SET task = ?, is_duplicate = ?, reason = NULL WHERE number = ?",
                )?
                .execute((task.id.get(), is_duplicate, batch))?;
            Ok(())
        })
    }

    /// Records how a batch's task has ended, and what its log says.
    pub(crate) fn task_ended(
        &self,
        batch: usize,
        end: BatchEnd,
        task_log: Option<&str>,
    ) -> Result<(), JournalError> {
        self.write("ended", |transaction| {
            set_state(transaction, batch, &BatchState::Ended(end))?;
            transaction
                .prepare_cached("UPDATE batches SET task_log = ?, reason = NULL WHERE number = ?")?
                .execute((task_log, batch))?;
            Ok(())
        })
    }

    /// Records that the server refused a batch.
    pub(crate) fn refused(&self, batch: usize, reason: &str) -> Result<(), JournalError> {
        self.write("refused", |transaction| {
            set_state(transaction, batch, &BatchState::Ended(BatchEnd::Refused))?;
            set_reason(transaction, batch, reason)
        })
    }

    /// Records why a batch could not be sent now; its state stays, so that a resume continues from there.
    pub(crate) fn record_delay(&self, batch: usize, reason: &str) -> Result<(), JournalError> {
        self.write("delay", |transaction| {
            set_reason(transaction, batch, reason)
        })
    }
}

pub(super) fn set_state(
    transaction: &Transaction<'_>,
    batch: usize,
    state: &BatchState,
) -> rusqlite::Result<()> {
    let (state, ended_as) = stored(state);
    transaction
        .prepare_cached("UPDATE batches SET state = ?, ended_as = ? WHERE number = ?")?
        .execute((state, ended_as, batch))?;
    Ok(())
}

fn set_reason(transaction: &Transaction<'_>, batch: usize, reason: &str) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE batches SET reason = ? WHERE number = ?")?
        .execute((reason, batch))?;
    Ok(())
}

/// Records of all batches that are ready that they may have been sent.
fn ready_may_be_sent(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let (state, ended_as) = stored(&BatchState::InFlight);
    transaction
        .prepare_cached("UPDATE batches SET state = ?, ended_as = ? WHERE state = 'ready'")?
        .execute((state, ended_as))?;
    Ok(())
}

/// The same of those that were made ready just now, if a copy of the journal is lost that may have sent them.
pub(super) fn lost_copy_may_have_sent(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let forgotten = transaction.execute("DELETE FROM upload WHERE key = ?", [COPY_LOST])?;
    if forgotten > 0 {
        ready_may_be_sent(transaction)?;
    }
    Ok(())
}
