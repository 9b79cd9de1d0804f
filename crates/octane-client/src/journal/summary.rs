//! How far an upload is, for lists.

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
    /// Where it goes: URL, space and workspace.
    pub server: String,
    /// The suite's name, or its ID where only that is known.
    pub suite: String,
    /// The suite run's name.
    pub suite_run: String,
    /// How many results it has, and what became of them so far.
    pub counts: Counts,
    /// How the last attempt ended; `None` before the first one has.
    pub outcome: Option<Outcome>,
    /// Whether nothing is left to do.
    pub is_finished: bool,
    /// Whether a process is working on it right now.
    pub is_in_use: bool,
    /// The size of its files in bytes.
    pub bytes: u64,
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
        Ok(UploadSummary {
            id: self.id().clone(),
            created: manifest.created,
            server: manifest.server.to_string(),
            suite,
            suite_run: manifest.target_spec.suite_run().to_owned(),
            counts,
            outcome: last.map(|last| last.outcome),
            is_finished: last.is_some_and(|last| last.is_finished),
            is_in_use,
            bytes: sizes.iter().sum(),
        })
    }
}
