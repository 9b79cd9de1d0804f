//! Another chance for what did not go in.

use std::collections::BTreeSet;

use rusqlite::Transaction;

use super::batch::{COLUMNS, StoredBatch, batch, halves};
use super::payload::make_unlike_others;
use super::{Journal, JournalError};

/// Whether a later result of a test in the batch has been sent.
pub(super) const OVERTAKEN: &str = "EXISTS (SELECT 1 FROM rows r
    JOIN rows later ON later.key = r.key AND later.n > batches.last
    JOIN batches b ON b.body = later.batch AND later.n BETWEEN b.first AND b.last
        AND b.state IN ('sending', 'sent', 'settled')
    WHERE r.n BETWEEN batches.first AND batches.last)";

/// Whether a later result of the test of a row is in, or may be. Of its own batch only what is in counts: the
/// rest will be sent along with it, in its order.
const ROW_OVERTAKEN: &str = "EXISTS (SELECT 1 FROM rows later
    JOIN batches b ON b.body = later.batch AND later.n BETWEEN b.first AND b.last
        AND b.state IN ('sending', 'sent', 'settled')
    WHERE later.key = rows.key AND later.n > rows.n
    AND (later.n > batches.last OR later.fate = 'ingested'))";

/// Whether the server has left out rows of a batch.
const LEFT_OUT: &str =
    "EXISTS (SELECT 1 FROM rows WHERE rows.n BETWEEN first AND last AND +rows.fate = 'rejected')";

/// Whether rows of a batch whose task is forgotten are missing.
const MISSING: &str =
    "status = 'lost' AND EXISTS (SELECT 1 FROM rows WHERE rows.n BETWEEN first AND last
    AND +rows.fate = 'kept' AND rows.message IS NOT NULL)";

impl Journal {
    /// Whether there are batches whose tasks have ended, and of which results may be sent again.
    pub(crate) fn has_left_out(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT 1 FROM batches WHERE state = 'settled' AND ({LEFT_OUT} OR {MISSING})"
                ))?
                .exists([])
        })
    }

    /// Gives another chance to what the server turned down, and to what is missing and whose task it has
    /// forgotten; and, if the runs have been seen just now, to what it left out of batches that are sent.
    ///
    /// Where a later result of the same test has been sent, the earlier one would take its place, so it stays
    /// out: of what was turned down the result, of what Octane has forgotten the batch, as its other results may
    /// be in. What is left of a batch is sent with other bytes, as Octane ignores those that it has had; what it
    /// has forgotten with the same ones, as it may still be at work on them.
    pub(crate) fn reopen(&self, is_seen: bool) -> Result<(), JournalError> {
        self.write("reopen", |transaction| {
            // Whatever an earlier attempt came to, there may be something to do now.
            transaction.execute("DELETE FROM upload WHERE key = 'ending'", [])?;
            for (batch, end) in turned_down(transaction, is_seen)? {
                plan_anew(transaction, batch, &end)?;
            }
            let mut forgotten = transaction.prepare(&format!(
                "UPDATE batches SET state = 'sending', reason = NULL
                 WHERE state = 'settled' AND {MISSING} AND NOT {OVERTAKEN}
                 RETURNING first, last"
            ))?;
            let mut forgotten = forgotten.query([])?;
            while let Some(batch) = forgotten.next()? {
                forget_fates(transaction, batch.get(0)?, batch.get(1)?)?;
            }
            Ok(())
        })
    }
}

/// How a batch ended: state, task, whether its bytes were known, status, complaints and reason.
type End = (
    String,
    Option<i64>,
    bool,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// The batches that were refused, and those of which the server left out results.
fn turned_down(
    transaction: &Transaction<'_>,
    is_seen: bool,
) -> rusqlite::Result<Vec<(StoredBatch, End)>> {
    transaction
        .prepare(&format!(
            "SELECT {COLUMNS}, state, task, known, status, complaints, reason FROM batches
             WHERE state = 'refused' OR ? AND state = 'settled' AND {LEFT_OUT}
             ORDER BY first, n"
        ))?
        .query_map([is_seen], |row| {
            let end = (
                row.get(9)?,
                row.get(10)?,
                row.get(11)?,
                row.get(12)?,
                row.get(13)?,
                row.get(14)?,
            );
            Ok((batch(row)?, end))
        })?
        .collect()
}

/// Plans a batch anew, or those pieces of it whose rows may all be sent again; the others end as it has ended.
fn plan_anew(transaction: &Transaction<'_>, whole: StoredBatch, end: &End) -> rusqlite::Result<()> {
    let sendable: BTreeSet<i64> = transaction
        .prepare_cached(&format!(
            "SELECT rows.n FROM batches CROSS JOIN rows ON rows.n BETWEEN batches.first AND batches.last
             WHERE batches.n = ? AND +rows.fate <> 'ingested' AND NOT {ROW_OVERTAKEN}"
        ))?
        .query_map([whole.number], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if sendable.is_empty() {
        return Ok(());
    }
    let (state, task, known, status, complaints, reason) = end;
    let again = whole.again + i64::from(state == "settled");
    let mut pieces = vec![whole];
    while let Some(mut piece) = pieces.pop() {
        match sendable.range(piece.first..=piece.last).count() {
            0 => {
                transaction
                    .prepare_cached(
                        "UPDATE batches SET state = ?, task = ?, known = ?, status = ?, complaints = ?, reason = ?
                         WHERE n = ?",
                    )?
                    .execute((state, task, known, status, complaints, reason, piece.number))?;
            }
            count if count == piece.rows() => {
                piece.again = again;
                make_unlike_others(transaction, &mut piece)?;
                transaction
                    .prepare_cached(
                        "UPDATE batches SET state = 'planned', again = ?, sha256 = ?, task = NULL, known = 0,
                         status = NULL, complaints = NULL, reason = NULL WHERE n = ?",
                    )?
                    .execute((piece.again, &piece.sha256, piece.number))?;
                forget_fates(transaction, piece.first, piece.last)?;
            }
            _ => {
                let reason = reason
                    .as_deref()
                    .unwrap_or("some of its results are sent again");
                pieces.extend(halves(transaction, &piece, reason)?);
            }
        }
    }
    Ok(())
}

/// What was said of one attempt does not hold for the next one, however far that gets.
fn forget_fates(transaction: &Transaction<'_>, first: i64, last: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE rows SET fate = 'kept', message = NULL WHERE n BETWEEN ? AND ? AND fate <> 'ingested'",
        )?
        .execute((first, last))?;
    Ok(())
}
