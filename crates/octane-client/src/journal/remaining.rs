//! What is left of an upload, without changing anything.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde::Serialize;

use super::batch::{StoredBatch, batches};
use super::error::JournalError;
use super::resume::{RESENT, rows_left};
use super::row_table::ensure_rows;
use super::spool::Spool;
use crate::resend::{Look, Resend, resend};
use crate::upload_id::UploadId;

/// What a resume would do, as far as the journal knows: what the suite run shows then decides the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Remaining {
    /// Would be sent.
    pub unsent: RemainingBatches,
    /// Sent already; their tasks would be asked how far they are.
    pub awaited: RemainingBatches,
    /// Would be sent again unless the suite run shows their results; only the results that it did not show so far count.
    pub retried: RemainingBatches,
    /// The different Jira keys of all results, whose stories would be linked.
    pub jira_keys: usize,
    /// Whether links would be removed that no Jira key of the results stands for any more.
    pub unlink_stale: bool,
}

/// A number of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RemainingBatches {
    /// How many.
    pub batches: usize,
    /// Their results.
    pub results: usize,
    /// The size of their payloads in bytes, before compression.
    pub bytes: u64,
}

impl RemainingBatches {
    fn add(&mut self, results: usize, bytes: u64) {
        self.batches += 1;
        self.results += results;
        self.bytes += bytes;
    }
}

impl Spool {
    /// What a resume of an upload would do. `resends_missing` says whether it also sends results again that Octane had
    /// confirmed and does not show any more; see [`Delivery::resend_missing`](crate::Delivery::resend_missing).
    pub fn remaining(
        &self,
        id: &UploadId,
        resends_missing: bool,
    ) -> Result<Remaining, JournalError> {
        let journal = self.look(id)?;
        let look = if resends_missing {
            Look::ReadForMissing
        } else {
            Look::Read
        };
        let resent: BTreeSet<usize> = journal.get(RESENT)?.unwrap_or_default();
        let mut remaining = Remaining {
            jira_keys: journal.read(count_jira_keys)?,
            unlink_stale: journal.manifest()?.unlink_stale.is_some()
                && !journal.is_stale_removed()?,
            ..Remaining::default()
        };
        for batch in journal.read(|connection| batches(connection, "1"))? {
            let left = journal.read(|connection| rows_left(connection, &batch, &resent))?;
            let bytes = || Ok::<_, JournalError>(journal.payload(&batch)?.len() as u64);
            match resend(&batch.state, left, look) {
                Resend::Nothing => {}
                Resend::AskTask => remaining.awaited.add(batch.results, bytes()?),
                Resend::Batch if !batch.state.is_ended() => {
                    remaining.unsent.add(batch.results, bytes()?);
                }
                Resend::Batch | Resend::Rows { .. } => {
                    let results = journal.read(|connection| count_open(connection, &batch))?;
                    remaining.retried.add(results, bytes()?);
                }
            }
        }
        Ok(remaining)
    }
}

/// The results of a batch that are neither in nor superseded.
fn count_open(connection: &Connection, batch: &StoredBatch) -> rusqlite::Result<usize> {
    ensure_rows(connection)?;
    connection
        .prepare_cached(
            "SELECT COUNT(*) + COALESCE(SUM(f.results - 1), 0) FROM rows r
             LEFT JOIN row_states s ON s.number = r.number LEFT JOIN features f ON f.number = r.number
             WHERE r.number BETWEEN ? AND ? AND COALESCE(s.state, 'open') NOT IN ('ingested', 'superseded')",
        )?
        .query_row((batch.first_row, batch.last_row), |row| row.get(0))
}

fn count_jira_keys(connection: &Connection) -> rusqlite::Result<usize> {
    ensure_rows(connection)?;
    connection
        .prepare_cached(
            "SELECT COUNT(DISTINCT k.value) FROM rows r, json_each(r.jira) k WHERE r.jira IS NOT NULL",
        )?
        .query_row([], |row| row.get(0))
}
