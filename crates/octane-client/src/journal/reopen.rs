//! Another chance for what did not go in.

use rusqlite::Transaction;

use super::batch::{COLUMNS, StoredBatch, batch, halves};
use super::{Journal, JournalError};

/// Whether a later result of a test in the batch has been sent.
pub(super) const OVERTAKEN: &str = "EXISTS (SELECT 1 FROM rows r
    JOIN rows later ON later.key = r.key AND later.n > batches.last
    JOIN batches b ON later.n BETWEEN b.first AND b.last AND b.state IN ('sending', 'sent', 'settled')
    WHERE r.n BETWEEN batches.first AND batches.last)";

impl Journal {
    /// Gives another chance to what was turned down, and to what is missing and whose task Octane has forgotten.
    /// Where a later result of the same test has been sent, the earlier one would take its place, so it stays
    /// out: of what was turned down the result, of what Octane has forgotten the batch, as its other results may
    /// be in.
    pub fn reopen(&self) -> Result<(), JournalError> {
        self.write("reopen", |transaction| {
            // Whatever an earlier attempt came to, there may be something to do now.
            transaction.execute("DELETE FROM upload WHERE key = 'ending'", [])?;
            for (batch, reason) in refused(transaction)? {
                reopen_refused(transaction, batch, &reason)?;
            }
            transaction.execute_batch(&format!(
                "UPDATE batches SET state = 'sending', reason = NULL
                 WHERE state = 'settled' AND status = 'lost' AND NOT {OVERTAKEN} AND EXISTS (
                     SELECT 1 FROM rows WHERE rows.n BETWEEN first AND last
                     AND rows.fate = 'kept' AND rows.message IS NOT NULL);"
            ))
        })
    }
}

/// The batches that the server has refused, each with its reason.
fn refused(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<(StoredBatch, String)>> {
    transaction
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, COALESCE(reason, '') FROM batches WHERE state = 'refused' ORDER BY first, n"
        ))?
        .query_map([], |row| Ok((batch(row)?, row.get(8)?)))?
        .collect()
}

/// Plans a refused batch anew, or those pieces of it in which no result is overtaken.
fn reopen_refused(
    transaction: &Transaction<'_>,
    whole: StoredBatch,
    reason: &str,
) -> rusqlite::Result<()> {
    let mut is_overtaken =
        transaction.prepare_cached(&format!("SELECT {OVERTAKEN} FROM batches WHERE n = ?"))?;
    let mut set =
        transaction.prepare_cached("UPDATE batches SET state = ?, reason = ? WHERE n = ?")?;
    let mut pieces = vec![whole];
    while let Some(piece) = pieces.pop() {
        if !is_overtaken.query_row([piece.number], |row| row.get(0))? {
            set.execute(("planned", None::<&str>, piece.number))?;
        } else if piece.rows() > 1 {
            pieces.extend(halves(transaction, &piece, reason)?);
        } else {
            set.execute(("refused", Some(reason), piece.number))?;
        }
    }
    Ok(())
}
