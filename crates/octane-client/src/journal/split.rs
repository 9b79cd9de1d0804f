//! Splitting a batch, so that the results at fault end up alone.

use rusqlite::{OptionalExtension, Transaction};

use super::batch::StoredBatch;
use super::database::Journal;
use super::error::JournalError;
use super::feature_row::count_results;
use super::payload::ensure_unique_bytes;
use super::row_table::ensure_index_of_keys;
use crate::resend::BatchState;

impl Journal {
    /// Replaces a batch of more than one result by its halves.
    pub(crate) fn split(&self, whole: &StoredBatch) -> Result<[StoredBatch; 2], JournalError> {
        self.write("split", |transaction| halves(transaction, whole))
    }
}

/// Replaces a batch by its halves.
pub(super) fn halves(
    transaction: &Transaction<'_>,
    whole: &StoredBatch,
) -> rusqlite::Result<[StoredBatch; 2]> {
    let middle = whole.first_row + (whole.last_row - whole.first_row) / 2;
    ensure_index_of_keys(transaction)?;
    // Where the later half repeats a test of the earlier one, a resume may not send both at once.
    let has_repeats = transaction
        .prepare_cached(
            "SELECT 1 FROM rows later JOIN rows earlier ON earlier.key = later.key
             WHERE later.number BETWEEN ?2 + 1 AND ?3 AND earlier.number BETWEEN ?1 AND ?2",
        )?
        .exists((whole.first_row, middle, whole.last_row))?;
    // The halves get new numbers, also where the whole has the highest one.
    let last: Option<usize> = transaction
        .query_row("SELECT MAX(number) FROM batches", [], |row| row.get(0))
        .optional()?;
    let next = last.unwrap_or(0) + 1;
    transaction
        .prepare_cached("DELETE FROM batches WHERE number = ?")?
        .execute([whole.number])?;
    // A copy of this journal that is lost may have split the batch before, and sent the halves.
    let (state, name) = match whole.state {
        BatchState::InFlight => (BatchState::InFlight, "in_flight"),
        _ => (BatchState::Ready, "ready"),
    };
    let half = |number, first_row, last_row, after_previous| -> rusqlite::Result<StoredBatch> {
        let mut half = StoredBatch {
            number,
            first_row,
            last_row,
            results: count_results(transaction, first_row, last_row)?,
            after_previous,
            state: state.clone(),
            task: None,
            is_duplicate: false,
            task_log: None,
            reason: None,
            ..whole.clone()
        };
        ensure_unique_bytes(transaction, &mut half)?;
        transaction
            .prepare_cached(
                "INSERT INTO batches (number, body, first_row, last_row, sha256, checksum, nonce, comment,
                     after_previous, state)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute((
                half.number,
                half.body,
                first_row,
                last_row,
                &half.sha256,
                half.checksum,
                half.nonce,
                &half.comment,
                after_previous,
                name,
            ))?;
        Ok(half)
    };
    Ok([
        half(next, whole.first_row, middle, whole.after_previous)?,
        half(
            next + 1,
            middle + 1,
            whole.last_row,
            whole.after_previous || has_repeats,
        )?,
    ])
}
