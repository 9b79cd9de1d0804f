//! Another chance for what did not go in.

use super::{Journal, JournalError};

/// Whether a later result of a test in the batch has been sent.
pub(super) const OVERTAKEN: &str = "EXISTS (SELECT 1 FROM rows r
    JOIN rows later ON later.key = r.key AND later.n > batches.last
    JOIN batches b ON later.n BETWEEN b.first AND b.last AND b.state IN ('sending', 'sent', 'settled')
    WHERE r.n BETWEEN batches.first AND batches.last)";

impl Journal {
    /// Gives another chance to what was turned down, and to what is missing and whose task Octane has forgotten.
    /// Where a later result of the same test has been sent, all stays as it is: the earlier one would take its
    /// place.
    pub fn reopen(&self) -> Result<(), JournalError> {
        self.write("reopen", |transaction| {
            transaction.execute_batch(&format!(
                "UPDATE batches SET state = 'planned', reason = NULL
                 WHERE state = 'refused' AND NOT {OVERTAKEN};
                 UPDATE batches SET state = 'sending', reason = NULL
                 WHERE state = 'settled' AND status = 'lost' AND NOT {OVERTAKEN} AND EXISTS (
                     SELECT 1 FROM rows WHERE rows.n BETWEEN first AND last
                     AND rows.fate = 'kept' AND rows.message IS NOT NULL);"
            ))
        })
    }
}
