//! Preparing an upload for another attempt: SQL observes what is left of each batch, [`resend`] decides.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction};

use super::batch::{StoredBatch, batches, lost_copy_may_have_sent};
use super::database::{Journal, set_document};
use super::error::JournalError;
use super::evidence::{NEWER, exact_match, has_several_runs};
use super::feature_row::MORE_RESULTS;
use super::last_attempt::{unfinish, unmerge};
use super::payload::ensure_unique_bytes;
use super::row_table::ensure_index_of_keys;
use super::split::halves;
use super::stale_link::REMOVED;
use super::state::{RowState, stored};
use crate::plan::nonce_comment;
use crate::resend::{BatchState, Look, Resend, Resume, RowsLeft, resend};
use crate::verdict::BatchEnd;

/// The key of the numbers of the batches that were sent once more after they were forgotten.
pub(super) const RESENT: &str = "resent";

/// Whether a later result of any test of a batch has been sent.
const BATCH_SUPERSEDED: &str = "EXISTS (SELECT 1 FROM rows r
    JOIN rows later ON later.key = r.key AND later.number > batches.last_row
    JOIN batches b ON b.body = later.batch AND later.number BETWEEN b.first_row AND b.last_row
        AND (b.state IN ('in_flight', 'accepted') OR b.state = 'ended' AND b.ended_as <> 'refused')
    WHERE r.number BETWEEN batches.first_row AND batches.last_row)";

/// Whether a later result of the test of a row is in, or may be. Of its own batch only what is in counts: the
/// rest will be sent together with it, in its order.
const ROW_SUPERSEDED: &str = "EXISTS (SELECT 1 FROM rows later
    JOIN batches b ON b.body = later.batch AND later.number BETWEEN b.first_row AND b.last_row
        AND (b.state IN ('in_flight', 'accepted') OR b.state = 'ended' AND b.ended_as <> 'refused')
    LEFT JOIN row_states s ON s.number = later.number
    WHERE later.key = rows.key AND later.number > rows.number
    AND (later.number > batches.last_row OR s.state = 'ingested'))";

impl Journal {
    /// Whether there are batches whose tasks have ended, and of which results may be sent again; rejected ones only with
    /// `retries_rejected`.
    pub(crate) fn has_retryable_batches(
        &self,
        retries_rejected: bool,
    ) -> Result<bool, JournalError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM batches CROSS JOIN row_states s ON s.number BETWEEN first_row AND last_row
                     WHERE batches.state = 'ended' AND ended_as <> 'refused'
                     AND (?1 AND s.state = 'rejected' OR s.reason = 'forgotten'
                         OR batches.is_duplicate = 1 AND s.state = 'unconfirmed')",
                )?
                .exists([retries_rejected])
        })
    }

    /// Makes those results ready again that Octane has ignored, because it had received their bytes from an earlier upload,
    /// and that the runs, which have been read just now, do not show. Returns how many there are.
    pub(crate) fn resend_ignored(&self) -> Result<usize, JournalError> {
        self.write("resend", |transaction| {
            let newer = newer_of_others(transaction)?;
            for batch in batches(transaction, "state = 'ended' AND is_duplicate = 1")? {
                let left = rows_left(transaction, &batch, &BTreeSet::new())?;
                if resend(&batch.state, left, Look::Read) == (Resend::Rows { new_bytes: true })
                    && replan(transaction, batch, Some(&self.mark()), &newer)?
                {
                    unmerge(transaction)?;
                }
            }
            update_superseded(transaction)?;
            transaction
                .prepare_cached(&format!(
                    "SELECT COALESCE(SUM(last_row - first_row + 1 + {MORE_RESULTS}), 0) FROM batches
                     WHERE state = 'ready'"
                ))?
                .query_row([], |row| row.get(0))
        })
    }

    /// What makes the bytes of this upload new to the server.
    pub(super) fn mark(&self) -> String {
        format!("sent-again-by-{}", self.id())
    }

    /// Whether results are missing of batches that succeeded, so that another look may find them.
    pub(crate) fn has_missing_results(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM batches CROSS JOIN row_states s ON s.number BETWEEN first_row AND last_row
                     WHERE batches.state = 'ended' AND ended_as = 'success' AND s.state = 'unconfirmed'",
                )?
                .exists([])
        })
    }

    /// Makes the batches ready that are sent again.
    pub(crate) fn prepare_resume(&self, resume: impl Into<Resume>) -> Result<(), JournalError> {
        let resume = resume.into();
        let mut resent: BTreeSet<usize> = self.get(RESENT)?.unwrap_or_default();
        self.write("resume", |transaction| {
            let newer = newer_of_others(transaction)?;
            // However an earlier attempt ended, there may be something to do now.
            unfinish(transaction)?;
            let mut is_sent_again = false;
            // The last one first: what is sent again supersedes nothing, as it comes after what is before it.
            for batch in batches(transaction, "state = 'ended'")?.into_iter().rev() {
                let left = rows_left(transaction, &batch, &resent)?;
                if let Resend::Rows { new_bytes } = resume.of(&batch.state, left) {
                    let mark = new_bytes.then(|| self.mark());
                    let number = batch.number;
                    if replan(transaction, batch, mark.as_deref(), &newer)? {
                        is_sent_again = true;
                        resent.remove(&number);
                    }
                }
            }
            // What is replanned supersedes nothing any more.
            update_superseded(transaction)?;
            for batch in batches(transaction, "state IN ('ended', 'accepted')")? {
                let left = rows_left(transaction, &batch, &resent)?;
                if resume.of(&batch.state, left) == Resend::Batch {
                    is_sent_again = true;
                    if batch.state != BatchState::Accepted {
                        resent.insert(batch.number);
                    }
                    let (state, ended_as) = stored(&BatchState::InFlight);
                    transaction
                        .prepare_cached(
                            "UPDATE batches SET state = ?, ended_as = ?, reason = NULL WHERE number = ?",
                        )?
                        .execute((state, ended_as, batch.number))?;
                    reset_rows(transaction, batch.first_row, batch.last_row)?;
                }
            }
            lost_copy_may_have_sent(transaction)?;
            if is_sent_again {
                unmerge(transaction)?;
                transaction.execute("DELETE FROM upload WHERE key = ?", [REMOVED])?;
            }
            set_document(transaction, RESENT, &resent)
        })
    }
}

/// What kinds of results a batch holds; `resent` are the batches that were sent once more after they were forgotten.
pub(super) fn rows_left(
    connection: &Connection,
    batch: &StoredBatch,
    resent: &BTreeSet<usize>,
) -> rusqlite::Result<RowsLeft> {
    let is_forgotten = batch.state == BatchState::Ended(BatchEnd::Forgotten);
    connection
        .prepare_cached(
            "SELECT COALESCE(MAX(state = 'rejected'), 0), COALESCE(MAX(state = 'unconfirmed'), 0),
                 COALESCE(MAX(state = 'superseded'), 0)
             FROM row_states WHERE number BETWEEN ? AND ?",
        )?
        .query_row((batch.first_row, batch.last_row), |row| {
            Ok(RowsLeft {
                has_rejected: row.get(0)?,
                has_unconfirmed: row.get(1)?,
                has_superseded: row.get(2)?,
                are_duplicates: batch.is_duplicate,
                is_forgotten_again: is_forgotten && resent.contains(&batch.number),
                is_unsent_piece: is_forgotten && batch.task.is_none(),
            })
        })
}

/// Marks the unconfirmed results of forgotten batches as superseded if a later result of any test of the batch has
/// been sent: the batch is not sent again then, as its other results may be in.
pub(super) fn update_superseded(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let is_any_forgotten = transaction
        .prepare_cached("SELECT 1 FROM batches WHERE state = 'ended' AND ended_as = 'forgotten'")?
        .exists([])?;
    if !is_any_forgotten {
        return Ok(());
    }
    ensure_index_of_keys(transaction)?;
    let mut update = transaction.prepare_cached(
        "UPDATE row_states SET state = ?1 WHERE number BETWEEN ?2 AND ?3 AND state IN ('unconfirmed', 'superseded')",
    )?;
    let mut forgotten = transaction.prepare_cached(&format!(
        "SELECT {BATCH_SUPERSEDED}, first_row, last_row FROM batches
         WHERE state = 'ended' AND ended_as = 'forgotten'"
    ))?;
    let mut forgotten = forgotten.query([])?;
    while let Some(batch) = forgotten.next()? {
        let (is_superseded, first, last): (bool, i64, i64) = batch.try_into()?;
        let state = if is_superseded {
            RowState::Superseded
        } else {
            RowState::Unconfirmed
        };
        update.execute((state, first, last))?;
    }
    Ok(())
}

/// Whether the run of a row shows a result of another upload that is newer for certain. Where tests of this upload have several runs,
/// such as one for each environment, a newer result proves nothing: it may be that of another job.
fn newer_of_others(connection: &Connection) -> rusqlite::Result<String> {
    if has_several_runs(connection)? {
        return Ok("0".to_owned());
    }
    let own = exact_match("rows", "f");
    Ok(format!(
        "EXISTS (SELECT 1 FROM server_runs f WHERE f.key = rows.key AND {NEWER}
             AND NOT EXISTS (SELECT 1 FROM rows WHERE rows.key = f.key AND {own}))"
    ))
}

/// Plans those results of a batch again that may be sent again; `newer` says of which a [newer result](newer_of_others) is shown. Returns
/// whether there are any.
fn replan(
    transaction: &Transaction<'_>,
    whole: StoredBatch,
    mark: Option<&str>,
    newer: &str,
) -> rusqlite::Result<bool> {
    let sendable: BTreeSet<i64> = transaction
        .prepare_cached(&format!(
            "SELECT rows.number FROM batches
             CROSS JOIN rows ON rows.number BETWEEN batches.first_row AND batches.last_row
             LEFT JOIN row_states mine ON mine.number = rows.number
             WHERE batches.number = ? AND mine.state IS NOT 'ingested' AND NOT {ROW_SUPERSEDED} AND NOT {newer}
             AND NOT (batches.is_duplicate = 1 AND mine.observed IS 'newer')"
        ))?
        .query_map([whole.number], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    replan_rows(transaction, whole, &sendable, mark)?;
    Ok(!sendable.is_empty())
}

/// Plans those pieces of a batch again that hold nothing but `sendable` results; the other pieces end as the batch has ended. With a
/// `mark`, their bytes are new to the server.
pub(super) fn replan_rows(
    transaction: &Transaction<'_>,
    whole: StoredBatch,
    sendable: &BTreeSet<i64>,
    mark: Option<&str>,
) -> rusqlite::Result<()> {
    if sendable.is_empty() {
        return Ok(());
    }
    let end = whole.clone();
    let nonce = whole.nonce + u32::from(mark.is_some());
    if let Some(mark) = mark {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO upload (key, value) VALUES ('mark', ?)")?
            .execute([mark])?;
    }
    let mut pieces = vec![whole];
    while let Some(mut piece) = pieces.pop() {
        match sendable.range(piece.first_row..=piece.last_row).count() {
            0 => end_like(transaction, &piece, &end)?,
            count if count == piece.rows() => {
                piece.nonce = nonce;
                if let Some(mark) = mark {
                    piece.comment = nonce_comment(Some(mark), nonce);
                }
                ensure_unique_bytes(transaction, &mut piece)?;
                make_ready(transaction, &piece)?;
            }
            _ => pieces.extend(halves(transaction, &piece)?),
        }
    }
    Ok(())
}

/// Ends a piece of a batch as the whole has ended. A piece of one that was forgotten has no task, as it was never sent itself.
fn end_like(
    transaction: &Transaction<'_>,
    piece: &StoredBatch,
    whole: &StoredBatch,
) -> rusqlite::Result<()> {
    let (state, ended_as) = stored(&whole.state);
    let is_forgotten = whole.state == BatchState::Ended(BatchEnd::Forgotten);
    let task = whole.task.filter(|_| !is_forgotten);
    transaction
        .prepare_cached(
            "UPDATE batches SET state = ?, ended_as = ?, task = ?, is_duplicate = ?, task_log = ?, reason = ?
             WHERE number = ?",
        )?
        .execute((
            state,
            ended_as,
            task.map(octane_model::TaskId::get),
            whole.is_duplicate,
            &whole.task_log,
            &whole.reason,
            piece.number,
        ))?;
    Ok(())
}

fn make_ready(transaction: &Transaction<'_>, batch: &StoredBatch) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE batches SET state = 'ready', ended_as = NULL, nonce = ?, comment = ?, sha256 = ?, checksum = ?,
                 task = NULL, is_duplicate = 0, task_log = NULL, reason = NULL
             WHERE number = ?",
        )?
        .execute((
            batch.nonce,
            &batch.comment,
            &batch.sha256,
            batch.checksum,
            batch.number,
        ))?;
    reset_rows(transaction, batch.first_row, batch.last_row)
}

/// What was found out about one attempt does not hold for the next one, however far that gets.
fn reset_rows(transaction: &Transaction<'_>, first: i64, last: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "DELETE FROM row_states WHERE number BETWEEN ? AND ? AND state <> 'ingested'",
        )?
        .execute((first, last))?;
    Ok(())
}
