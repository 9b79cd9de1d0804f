//! How far an upload is, for lists.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use octane_model::SuiteId;
use serde::Serialize;

use super::database::Journal;
use super::error::JournalError;
use super::last_attempt::LastAttempt;
use crate::outcome::Outcome;
use crate::report::Counts;
use crate::server::Server;
use crate::shard::Shard;
use crate::target::Target;
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
    /// The suite's ID, once it is known.
    #[serde(skip)]
    pub(crate) suite_id: Option<SuiteId>,
    #[serde(skip)]
    pub(crate) place: Server,
    /// Which part of a test run it is; `None` if it is all of it.
    pub shard: Option<Shard>,
    /// When it was last merged with the other parts; `merged_at` in JSON.
    #[serde(rename = "merged_at")]
    pub merged: Option<Timestamp>,
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
    /// Whether nothing is left to do but what the merge of all shards does, also while a process is working on it.
    #[serde(skip)]
    pub is_delivered: bool,
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
/// | it is a shard that is delivered, and was not merged with the others since | `awaiting_shards` |
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
    /// It is a shard of which all is delivered; its runs are linked when the shards are merged.
    AwaitingShards,
    /// Nothing is left to do, and everything is in Octane.
    Finished,
    /// Nothing is left to do, and not everything is in Octane.
    FinishedIncomplete,
}

impl UploadSummary {
    /// Whether both go to the same workspace, however its URL is written.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        self.place.is_same(&other.place)
    }

    /// Whether both go to the same suite run.
    pub(crate) fn is_same_suite_run(&self, other: &Self) -> bool {
        self.is_same_server(other) && self.suite_run == other.suite_run && self.is_same_suite(other)
    }

    /// Whether it goes to the suite with this name or ID.
    pub fn is_of_suite(&self, suite: &str) -> bool {
        let suite = suite.trim();
        self.suite == suite || self.suite_id.is_some_and(|id| id.to_string() == suite)
    }

    /// Whether both go to the same suite: by its ID where both know it, otherwise by what it is called.
    pub(crate) fn is_same_suite(&self, other: &Self) -> bool {
        match (self.suite_id, other.suite_id) {
            (Some(one), Some(other)) => one == other,
            _ => self.suite == other.suite,
        }
    }

    /// The shard of an upload for tests.
    #[cfg(test)]
    pub(crate) fn example(id: UploadId, shard: Option<Shard>) -> Self {
        let place = Server {
            url: "https://octane.example".to_owned(),
            space: 1001,
            workspace: 1002,
            sandbox: None,
        };
        Self {
            id,
            created: Timestamp::UNIX_EPOCH,
            server: place.to_string(),
            url: place.url_of_workspace(),
            sandbox: None,
            suite: "Nightly".to_owned(),
            suite_run: "nightly 1".to_owned(),
            suite_id: None,
            place,
            shard,
            merged: None,
            counts: Counts::default(),
            state: UploadState::Finished,
            options: BTreeMap::new(),
            outcome: None,
            is_finished: true,
            is_delivered: true,
            is_in_use: false,
            bytes: 0,
        }
    }
}

impl UploadState {
    fn of(is_in_use: bool, last: Option<LastAttempt>, counts: &Counts) -> Self {
        match last {
            _ if is_in_use => Self::InProgress,
            Some(last) if last.is_awaiting_shards => Self::AwaitingShards,
            Some(last) if last.is_finished && counts.are_all_in() => Self::Finished,
            Some(last) if last.is_finished => Self::FinishedIncomplete,
            _ => Self::Pending,
        }
    }
}

impl Journal {
    /// How far this upload is.
    pub(crate) fn summary(&self, is_in_use: bool) -> Result<UploadSummary, JournalError> {
        let manifest = self.manifest()?;
        let mut counts = manifest.counts;
        self.count(&mut counts)?;
        let merged = self.merged()?;
        let mut last = self.last_attempt()?;
        if let Some(last) = &mut last
            && manifest.shard.is_some()
            && (merged.is_none() || self.is_merge_outdated()?)
        {
            // A merge that ended early may have linked it, and left other shards, or failures that this one hides.
            last.is_awaiting_shards |= last.is_finished;
            last.is_finished = false;
        }
        let target = self.target()?;
        let suite = target.as_ref().and_then(Target::known_suite);
        let suite_id = suite.map(|suite| suite.id);
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
            sandbox: manifest.server.sandbox.clone().map(PathBuf::from),
            place: manifest.server,
            suite_id,
            shard: manifest.shard,
            merged,
            state: UploadState::of(is_in_use, last, &counts),
            options: manifest.options,
            suite,
            suite_run: manifest.target_spec.suite_run().to_owned(),
            counts,
            outcome: last.map(|last| last.outcome),
            is_finished,
            is_delivered: last.is_some_and(|last| last.is_finished || last.is_awaiting_shards),
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
        let last = |is_finished| {
            Some(LastAttempt {
                outcome: Outcome::Success,
                is_finished,
                is_awaiting_shards: false,
            })
        };
        assert_eq!(
            UploadState::of(false, last(true), &all),
            UploadState::Finished
        );
        for counts in missing {
            let state = |is_in_use, last| UploadState::of(is_in_use, last, &counts);
            assert_eq!(state(false, last(true)), UploadState::FinishedIncomplete);
            assert_eq!(state(false, last(false)), UploadState::Pending);
            assert_eq!(state(false, None), UploadState::Pending);
            assert_eq!(state(true, last(true)), UploadState::InProgress);
            assert_eq!(state(true, last(false)), UploadState::InProgress);
        }
    }

    #[test]
    fn a_shard_that_is_delivered_awaits_the_others() {
        let last = Some(LastAttempt {
            outcome: Outcome::Success,
            is_finished: false,
            is_awaiting_shards: true,
        });
        let counts = Counts::default();
        assert_eq!(
            UploadState::of(false, last, &counts),
            UploadState::AwaitingShards
        );
        assert_eq!(
            UploadState::of(true, last, &counts),
            UploadState::InProgress
        );
    }
}
