//! What is left of an upload, as the changes that a command would make.

use octane_client::{JournalError, RemainingBatches, Spool, UploadSummary};

use super::changes::{Batches, Change};

/// What is left to do of an upload.
pub(super) fn changes_of_upload(
    spool: &Spool,
    summary: &UploadSummary,
    resends_missing: bool,
) -> Result<Vec<Change>, JournalError> {
    let remaining = spool.remaining(&summary.id, resends_missing)?;
    let upload_id = summary.id.to_string();
    let batches = |of: RemainingBatches| Batches {
        upload_id: upload_id.clone(),
        server: summary.server.clone(),
        suite_run: summary.suite_run.clone(),
        batches: of.batches,
        results: of.results,
        bytes: of.bytes,
    };
    let parts = [
        (remaining.unsent, Change::Send as fn(Batches) -> Change),
        (remaining.awaited, Change::Await),
        (remaining.retried, Change::SendAgain),
    ];
    let parts = parts.into_iter().filter(|(of, _)| of.batches > 0);
    let mut changes: Vec<Change> = parts.map(|(of, change)| change(batches(of))).collect();
    if remaining.jira_keys > 0 && !summary.is_finished {
        changes.push(Change::Link {
            upload_id: upload_id.clone(),
            jira_keys: remaining.jira_keys,
        });
        if remaining.unlink_stale {
            changes.push(Change::UnlinkStale { upload_id });
        }
    }
    Ok(changes)
}
