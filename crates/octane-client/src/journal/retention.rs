//! Deleting old uploads.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::error::JournalError;
use super::files::{plans, private};
use super::lock::is_locked;
use super::spool::Spool;
use crate::upload_id::UploadId;

/// How long uploads are stored, and how much space they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Finished uploads older than this are deleted, and so are shards that await others: they may be merged from a copy; 14 days by
    /// default.
    pub finished_age_max: Duration,
    /// Unfinished uploads older than this are deleted; 90 days by default.
    pub unfinished_age_max: Duration,
    /// While all files together are larger than this, the oldest finished upload is deleted; 1 GiB by default.
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

/// How often uploads are looked at one by one, to see whether they are too old: each look opens all of them.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The file that holds when that was last done.
const LAST_PRUNE: &str = "last-prune";

impl Spool {
    /// Like [`Self::prune`], but not again within an hour, unless the files together have become too large.
    ///
    /// A machine that uploads often stores many uploads. Looking at all of them costs more than an upload.
    pub fn prune_if_due(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Vec<UploadId>, JournalError> {
        let Some(folder) = self.folder() else {
            return Ok(Vec::new());
        };
        let stamp = folder.join(LAST_PRUNE);
        let last = fs::read_to_string(&stamp).ok();
        let last = last.and_then(|text| text.trim().parse::<Timestamp>().ok());
        // A clock that was set back makes the last time seem to be to come.
        let is_recent = last.is_some_and(|last| {
            Duration::try_from(now.duration_since(last)).is_ok_and(|since| since < INTERVAL)
        });
        if is_recent && total_bytes(folder) <= retention.bytes_max {
            return Ok(Vec::new());
        }
        // Before, so that others who upload at the same time do not do it as well. If it cannot be written, it is done
        // again.
        let mut options = OpenOptions::new();
        let options = private(options.write(true).create(true).truncate(true));
        _ = options
            .open(&stamp)
            .and_then(|mut file| write!(file, "{now}"));
        self.prune(retention, now)
    }

    /// Deletes uploads that are too old or take too much space, except those in use. Returns the IDs of the deleted ones.
    pub fn prune(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Vec<UploadId>, JournalError> {
        let mut deleted = self.prune_plans();
        deleted.extend(self.select_old(retention, now, |id| self.remove(id).is_ok())?);
        Ok(deleted)
    }

    /// The IDs of the uploads that [`prune`](Self::prune) would delete now.
    pub fn prunable(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Vec<UploadId>, JournalError> {
        let Some(folder) = self.folder() else {
            return Ok(Vec::new());
        };
        let mut prunable = plans(folder);
        prunable.retain(|id| !is_locked(folder, id));
        prunable.extend(self.select_old(retention, now, |_| true)?);
        Ok(prunable)
    }

    /// The uploads that are too old or take too much space, and for which `select` returns true.
    fn select_old(
        &self,
        retention: &Retention,
        now: Timestamp,
        select: impl Fn(&UploadId) -> bool,
    ) -> Result<Vec<UploadId>, JournalError> {
        let (mut selected, mut rest) = (Vec::new(), Vec::new());
        for summary in self.list()? {
            // A clock that was set back makes an upload seem to come from the future: it is new.
            let age = Duration::try_from(now.duration_since(summary.created)).unwrap_or_default();
            let age_max = if summary.is_delivered {
                retention.finished_age_max
            } else {
                retention.unfinished_age_max
            };
            if age > age_max && !summary.is_in_use && select(&summary.id) {
                selected.push(summary.id);
            } else {
                rest.push(summary);
            }
        }
        let mut bytes: u64 = rest.iter().map(|summary| summary.bytes).sum();
        for summary in rest.into_iter().rev() {
            if bytes <= retention.bytes_max {
                break;
            }
            // Not shards that await others, whose merge needs them.
            if summary.is_finished && !summary.is_in_use && select(&summary.id) {
                bytes = bytes.saturating_sub(summary.bytes);
                selected.push(summary.id);
            }
        }
        Ok(selected)
    }

    /// Deletes uploads whose process died while it was still planning: nothing of them was sent.
    fn prune_plans(&self) -> Vec<UploadId> {
        let mut plans = self.folder().map(plans).unwrap_or_default();
        plans.retain(|id| self.remove_plan(id).unwrap_or(false));
        plans
    }
}

/// How large all files of a folder are together.
fn total_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| Some(entry.metadata().ok()?.len()));
    sizes.sum()
}
