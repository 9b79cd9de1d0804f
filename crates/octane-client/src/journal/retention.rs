//! Deleting old uploads.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::error::JournalError;
use super::files::{ids, plans, private};
use super::lock::is_locked;
use super::spool::Spool;
use super::summary::{UploadState, UploadSummary};
use crate::upload_id::UploadId;

/// How long uploads are stored, and how much space they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Finished uploads older than this are deleted; 14 days by default.
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
        let mut deleted = self.prune_unprepared();
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
        let is_free = |id: &UploadId| !is_locked(folder, id);
        let is_unprepared =
            |id: &UploadId| matches!(self.summary(id), Err(JournalError::Unprepared { .. }));
        let unprepared = ids(folder)?.into_iter().filter(is_unprepared);
        let abandoned = unprepared.chain(plans(folder)).filter(is_free);
        let mut prunable: Vec<UploadId> = abandoned.collect();
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
            let age_max = if is_delivered(&summary) {
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
            if is_delivered(&summary) && !summary.is_in_use && select(&summary.id) {
                bytes = bytes.saturating_sub(summary.bytes);
                selected.push(summary.id);
            }
        }
        Ok(selected)
    }

    /// Deletes uploads whose process died while it was still planning: nothing of them was sent.
    fn prune_unprepared(&self) -> Vec<UploadId> {
        let ids = self.folder().map(ids);
        let is_deleted = |id: &UploadId| {
            let unprepared = self.open(id).and_then(|journal| journal.manifest());
            matches!(unprepared, Err(JournalError::Unprepared { .. })) && self.remove(id).is_ok()
        };
        let ids = ids.and_then(Result::ok).unwrap_or_default();
        let plans = self.folder().map(plans).unwrap_or_default();
        let is_abandoned = |id: &UploadId| self.remove_plan(id).unwrap_or(false);
        let abandoned = plans.into_iter().filter(is_abandoned);
        ids.into_iter()
            .filter(is_deleted)
            .chain(abandoned)
            .collect()
    }
}

/// Whether Octane has all that it will get of an upload; only the links of a shard may be missing, which are made where the shards
/// are merged, maybe from a copy.
fn is_delivered(summary: &UploadSummary) -> bool {
    summary.is_finished || summary.state == UploadState::AwaitingShards
}

/// How large all files of a folder are together.
fn total_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| Some(entry.metadata().ok()?.len()));
    sizes.sum()
}
