//! How far an upload is, for lists.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::database::Journal;
use super::error::JournalError;
use crate::outcome::Outcome;
use crate::report::Counts;
use crate::upload_id::UploadId;

/// How far an upload is. Serialises as an item of `octane.uploads/1` and as the upload of `octane.status/1`.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct UploadSummary {
    /// Its ID.
    pub id: UploadId,
    /// When it was planned; `created_at` in JSON.
    #[serde(rename = "created_at")]
    pub created: Timestamp,
    /// Where it goes: URL or sandbox, space and workspace.
    pub server: String,
    /// The URL of its workspace, as in the browser; `None` for a sandbox.
    #[serde(skip)]
    pub url: Option<String>,
    /// The data folder of the sandbox that it goes to; `None` for a server.
    pub sandbox: Option<PathBuf>,
    /// The suite's name, or its ID where only that is known.
    pub suite: String,
    /// The suite run's name.
    pub suite_run: String,
    /// How many results it has, and what became of them so far.
    pub counts: Counts,
    /// How far it is, in a word.
    pub state: UploadState,
    /// The options that were stored with it, see [`UploadSettings`](crate::UploadSettings::options).
    #[serde(skip)]
    pub options: BTreeMap<String, String>,
    /// How the last attempt ended; `None` before the first one has.
    pub outcome: Option<Outcome>,
    /// Whether nothing is left to do.
    pub is_finished: bool,
    /// Whether a process is working on it right now.
    pub is_in_use: bool,
    /// The size of its files in bytes.
    pub bytes: u64,
}

/// How far an upload is, in a word:
///
/// | | state |
/// | --- | --- |
/// | a process is working on it | `in_progress` |
/// | something is left that a resume would do | `pending` |
/// | nothing is left, and all of its results are in Octane | `finished` |
/// | nothing is left, and results are rejected, invalid or pending for good | `finished_incomplete` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UploadState {
    /// A process is working on it right now.
    InProgress,
    /// Something is left to do.
    Pending,
    /// Nothing is left to do, and everything is in Octane.
    Finished,
    /// Nothing is left to do, and not everything is in Octane.
    FinishedIncomplete,
}

impl UploadState {
    fn of(is_in_use: bool, is_finished: bool, counts: &Counts) -> Self {
        let is_complete = counts.rejected + counts.invalid + counts.pending == 0;
        match (is_in_use, is_finished) {
            (true, _) => Self::InProgress,
            (false, false) => Self::Pending,
            (false, true) if is_complete => Self::Finished,
            (false, true) => Self::FinishedIncomplete,
        }
    }
}

/// How the last attempt ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LastAttempt {
    pub(crate) outcome: Outcome,
    /// Whether nothing is left that another attempt could change.
    pub(crate) is_finished: bool,
}

impl Journal {
    /// How far this upload is.
    pub(super) fn summary(&self, is_in_use: bool) -> Result<UploadSummary, JournalError> {
        let manifest = self.manifest()?;
        let mut counts = manifest.counts;
        self.count(&mut counts)?;
        let last: Option<LastAttempt> = self.get("last_attempt")?;
        let target = self.target()?;
        let suite = target
            .map(|target| target.suite.name)
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| manifest.target_spec.suite());
        let sizes = ["db", "db-wal"].map(|extension| {
            let path = self.path().with_extension(extension);
            std::fs::metadata(path).map_or(0, |metadata| metadata.len())
        });
        let is_finished = last.is_some_and(|last| last.is_finished);
        Ok(UploadSummary {
            id: self.id().clone(),
            created: manifest.created,
            server: manifest.server.to_string(),
            url: manifest.server.url_of_workspace(),
            sandbox: manifest.server.sandbox.map(PathBuf::from),
            state: UploadState::of(is_in_use, is_finished, &counts),
            options: manifest.options,
            suite,
            suite_run: manifest.target_spec.suite_run().to_owned(),
            counts,
            outcome: last.map(|last| last.outcome),
            is_finished,
            is_in_use,
            bytes: sizes.iter().sum(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_finished_only_if_all_of_its_results_are_in() {
        let all = Counts::default();
        let missing = [
            Counts { rejected: 1, ..all },
            Counts { invalid: 1, ..all },
            Counts { pending: 1, ..all },
        ];
        assert_eq!(UploadState::of(false, true, &all), UploadState::Finished);
        for counts in missing {
            let state = |is_in_use, is_finished| UploadState::of(is_in_use, is_finished, &counts);
            assert_eq!(state(false, true), UploadState::FinishedIncomplete);
            assert_eq!(state(false, false), UploadState::Pending);
            assert_eq!(state(true, true), UploadState::InProgress);
            assert_eq!(state(true, false), UploadState::InProgress);
        }
    }
}
