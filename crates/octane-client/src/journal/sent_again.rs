//! Results that a merge of shards has sent again, so that their runs show them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::batch::batches;
use super::database::{Journal, set_document};
use super::error::JournalError;
use super::last_attempt::{unfinish, unmerge};
use super::resume::replan_rows;
use crate::upload_id::UploadId;

/// The key of the results that were sent again.
const KEY: &str = "sent_again";

/// The results that were sent again, and the uploads that were merged then.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SentAgain {
    uploads: BTreeSet<UploadId>,
    rows: BTreeSet<i64>,
}

impl Journal {
    /// Makes results ready again that Octane has ingested, with new bytes, so that their runs show them once more instead of results
    /// of the other `uploads`. Results of batches that have not ended are left: what is ready is sent anyway, and what may have been sent
    /// before the others cannot be sent again before its task has ended.
    pub(crate) fn resend_rows(
        &self,
        rows: &BTreeSet<i64>,
        uploads: &BTreeSet<UploadId>,
    ) -> Result<(), JournalError> {
        let before = self.sent_again(uploads)?;
        self.write("resend", |transaction| {
            unmerge(transaction)?;
            unfinish(transaction)?;
            for batch in batches(transaction, "state = 'ended' AND ended_as <> 'refused'")? {
                let range = batch.first_row..=batch.last_row;
                let sendable: BTreeSet<i64> = rows.range(range).copied().collect();
                // They are pending until the suite run shows them again.
                for row in &sendable {
                    transaction
                        .prepare_cached("DELETE FROM row_states WHERE number = ?")?
                        .execute([row])?;
                }
                replan_rows(transaction, batch, &sendable, Some(&self.mark()))?;
            }
            let mut sent = SentAgain {
                uploads: uploads.clone(),
                rows: before,
            };
            for batch in batches(transaction, "state = 'ready'")? {
                sent.rows
                    .extend(rows.range(batch.first_row..=batch.last_row));
            }
            set_document(transaction, KEY, &sent)
        })
    }

    /// The results that were sent again when exactly these uploads were merged.
    pub(crate) fn sent_again(
        &self,
        uploads: &BTreeSet<UploadId>,
    ) -> Result<BTreeSet<i64>, JournalError> {
        let sent: Option<SentAgain> = self.get(KEY)?;
        let sent = sent.filter(|sent| sent.uploads == *uploads);
        Ok(sent.map(|sent| sent.rows).unwrap_or_default())
    }
}
