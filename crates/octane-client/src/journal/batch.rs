//! Batches: what is sent as one, and how far each is.

use octane_model::{Task, TaskId, TaskStatus};
use rusqlite::{Row, Transaction};

use super::payload::make_unlike_others;
use super::{Journal, JournalError};
use crate::report::BatchReport;

/// How far a batch is; see the [module](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Planned,
    Sending,
    Sent,
    Settled,
    Refused,
    Split,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Planned,
        Self::Sending,
        Self::Sent,
        Self::Settled,
        Self::Refused,
        Self::Split,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Split => "split",
        }
    }
}

/// A batch as it stands in the journal.
#[derive(Debug, Clone)]
pub(crate) struct StoredBatch {
    /// Its number, counted from 1; halves of a split batch get numbers behind all others.
    pub(crate) number: usize,
    pub(super) body: usize,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) again: i64,
    pub(crate) sha256: String,
    pub(crate) follows: bool,
    pub(crate) state: State,
    pub(crate) task: Option<TaskId>,
}

impl StoredBatch {
    /// How many results it holds.
    pub(crate) fn rows(&self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }
}

pub(super) const COLUMNS: &str = "n, body, first, last, sha256, follows, state, task, again";

pub(super) fn batch(row: &Row<'_>) -> rusqlite::Result<StoredBatch> {
    let state: String = row.get(6)?;
    let known = State::ALL.into_iter().find(|known| known.as_str() == state);
    Ok(StoredBatch {
        number: row.get(0)?,
        body: row.get(1)?,
        first: row.get(2)?,
        last: row.get(3)?,
        sha256: row.get(4)?,
        follows: row.get(5)?,
        state: known.ok_or(rusqlite::Error::InvalidQuery)?,
        task: row.get::<_, Option<i64>>(7)?.map(TaskId::new),
        again: row.get(8)?,
    })
}

impl Journal {
    /// The batches whose fate is not known yet, in order.
    pub(crate) fn open_batches(&self) -> Result<Vec<StoredBatch>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM batches WHERE state IN ('planned', 'sending', 'sent')
                     ORDER BY first, n"
                ))?
                .query_map([], batch)?
                .collect()
        })
    }

    /// Whether the task of any batch has ended.
    pub(crate) fn has_settled(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM batches WHERE state = 'settled'")?
                .exists([])
        })
    }

    /// Number, status and complaints of the batches that did not simply succeed.
    pub(crate) fn complaints(&self) -> Result<Vec<(usize, String, String)>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT n, status, complaints FROM batches WHERE state = 'settled'
                     AND status <> 'success' AND complaints IS NOT NULL ORDER BY n",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })
    }

    /// Notes that a batch is about to leave.
    pub(crate) fn begin_sending(&self, batch: &StoredBatch) -> Result<(), JournalError> {
        self.write("sending", |transaction| {
            set_state(transaction, batch.number, State::Sending)
        })
    }

    /// Notes that the server has taken a batch.
    pub(crate) fn sent(
        &self,
        batch: usize,
        task: &Task,
        is_known: bool,
    ) -> Result<(), JournalError> {
        self.write("sent", |transaction| {
            transaction
                .prepare_cached(
                    "UPDATE batches SET state = 'sent', task = ?, known = ?, status = ?, reason = NULL
                     WHERE n = ?",
                )?
                .execute((task.id.get(), is_known, task.status.as_str(), batch))?;
            Ok(())
        })
    }

    /// Notes how a batch's task has ended.
    pub(crate) fn settled(
        &self,
        batch: usize,
        status: &TaskStatus,
        complaints: Option<&str>,
    ) -> Result<(), JournalError> {
        self.write("settled", |transaction| {
            transaction
                .prepare_cached(
                    "UPDATE batches SET state = 'settled', status = ?, complaints = ?, reason = NULL
                     WHERE n = ?",
                )?
                .execute((status.as_str(), complaints, batch))?;
            Ok(())
        })
    }

    /// Notes that the server will not have a batch.
    pub(crate) fn refused(&self, batch: usize, reason: &str) -> Result<(), JournalError> {
        self.write("refused", |transaction| {
            transaction
                .prepare_cached("UPDATE batches SET state = 'refused', reason = ? WHERE n = ?")?
                .execute((reason, batch))?;
            Ok(())
        })
    }

    /// Notes why a batch is where it is; its state stays, so that a resume goes on from there.
    pub(crate) fn put_off(&self, batch: usize, reason: &str) -> Result<(), JournalError> {
        self.write("put off", |transaction| {
            transaction
                .prepare_cached("UPDATE batches SET reason = ? WHERE n = ?")?
                .execute((reason, batch))?;
            Ok(())
        })
    }

    /// Puts two halves in the place of a batch that has more than one row.
    pub(crate) fn split(
        &self,
        whole: &StoredBatch,
        reason: &str,
    ) -> Result<[StoredBatch; 2], JournalError> {
        self.write("split", |transaction| halves(transaction, whole, reason))
    }

    /// The batches as the report shows them: what a split batch became stands in its place.
    pub(crate) fn batch_reports(&self) -> Result<Vec<BatchReport>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT n, last - first + 1, sha256, task, state, status, known FROM batches
                     WHERE state <> 'split' ORDER BY first, n",
                )?
                .query_map([], |row| {
                    let state: String = row.get(4)?;
                    let status: Option<String> = row.get(5)?;
                    let status = match state.as_str() {
                        "planned" => "unsent".to_owned(),
                        "sending" => "undelivered".to_owned(),
                        "refused" => state,
                        _ => status.unwrap_or(state),
                    };
                    Ok(BatchReport {
                        n: row.get(0)?,
                        rows: row.get(1)?,
                        sha256: row.get(2)?,
                        task: row.get::<_, Option<i64>>(3)?.map(TaskId::new),
                        status,
                        known: row.get(6)?,
                    })
                })?
                .collect()
        })
    }
}

fn set_state(transaction: &Transaction<'_>, batch: usize, state: State) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE batches SET state = ? WHERE n = ?")?
        .execute((state.as_str(), batch))?;
    Ok(())
}

/// The halves that take the place of a batch.
pub(super) fn halves(
    transaction: &Transaction<'_>,
    whole: &StoredBatch,
    reason: &str,
) -> rusqlite::Result<[StoredBatch; 2]> {
    let middle = whole.first + (whole.last - whole.first) / 2;
    // Where the later half repeats a test of the earlier one, a resume may not send both at once.
    let repeats = transaction
        .prepare_cached(
            "SELECT 1 FROM rows later JOIN rows earlier ON earlier.key = later.key
             WHERE later.n BETWEEN ?2 + 1 AND ?3 AND earlier.n BETWEEN ?1 AND ?2",
        )?
        .exists((whole.first, middle, whole.last))?;
    transaction
        .prepare_cached("UPDATE batches SET state = 'split', reason = ? WHERE n = ?")?
        .execute((reason, whole.number))?;
    let half = |first, last, follows| {
        let mut half = StoredBatch {
            number: 0,
            first,
            last,
            follows,
            ..whole.clone()
        };
        make_unlike_others(transaction, &mut half)?;
        transaction
            .prepare_cached(&format!(
                "INSERT INTO batches (n, body, first, last, sha256, follows, again)
                 VALUES ((SELECT MAX(n) + 1 FROM batches), ?, ?, ?, ?, ?, ?) RETURNING {COLUMNS}"
            ))?
            .query_row(
                (half.body, first, last, half.sha256, follows, half.again),
                batch,
            )
    };
    Ok([
        half(whole.first, middle, whole.follows)?,
        half(middle + 1, whole.last, whole.follows || repeats)?,
    ])
}
