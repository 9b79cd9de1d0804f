//! Forgetting old uploads.

use std::time::Duration;

use jiff::Timestamp;

use super::spool::ids;
use super::{JournalError, Spool};
use crate::UploadId;

/// How long finished uploads are kept, and how much room they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Finished uploads older than this go; 14 days by default.
    pub finished_age_max: Duration,
    /// Uploads that are not finished and older than this go; 90 days by default.
    pub unfinished_age_max: Duration,
    /// While all files together are larger than this, the oldest finished upload goes; 1 GiB by default.
    pub bytes_max: u64,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            finished_age_max: 14 * DAY,
            unfinished_age_max: 90 * DAY,
            bytes_max: 1 << 30,
        }
    }
}

impl Spool {
    /// Forgets what is too old or too large; those in use stay. Gives the ids of what is gone.
    pub fn prune(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Vec<UploadId>, JournalError> {
        let mut gone = self.prune_unplanned();
        let mut kept = Vec::new();
        for summary in self.list()? {
            // A clock that was set back makes an upload seem to come from the future: it is young.
            let age = Duration::try_from(now.duration_since(summary.created)).unwrap_or_default();
            let age_max = if summary.is_finished {
                retention.finished_age_max
            } else {
                retention.unfinished_age_max
            };
            if age > age_max && !summary.is_in_use && self.remove(&summary.id).is_ok() {
                gone.push(summary.id);
            } else {
                kept.push(summary);
            }
        }
        let mut bytes: u64 = kept.iter().map(|summary| summary.bytes).sum();
        for summary in kept.into_iter().rev() {
            if bytes <= retention.bytes_max {
                break;
            }
            if summary.is_finished && !summary.is_in_use && self.remove(&summary.id).is_ok() {
                bytes = bytes.saturating_sub(summary.bytes);
                gone.push(summary.id);
            }
        }
        Ok(gone)
    }

    /// Forgets the uploads whose process died while it was still planning: nothing of them was sent.
    fn prune_unplanned(&self) -> Vec<UploadId> {
        let ids = self.folder().map(ids);
        let is_gone = |id: &UploadId| {
            let unplanned = self.open(id).and_then(|journal| journal.header());
            matches!(unplanned, Err(JournalError::Unplanned { .. })) && self.remove(id).is_ok()
        };
        let ids = ids.and_then(Result::ok).unwrap_or_default();
        ids.into_iter().filter(is_gone).collect()
    }
}
