//! How far an upload is, for lists.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Journal, JournalError};
use crate::UploadId;
use crate::report::{Counts, Outcome};

/// How far an upload is. Serialises as the rows of `octane uploads list`.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct UploadSummary {
    /// What it is called.
    pub id: UploadId,
    /// When it was planned.
    pub created: Timestamp,
    /// Where it goes: address, space and workspace.
    pub server: String,
    /// The suite's name, or its id where only that is known.
    pub suite: String,
    /// The suite run's name.
    pub suite_run: String,
    /// Its results, and what became of them so far.
    pub counts: Counts,
    /// How the last attempt ended; absent while none has.
    pub outcome: Option<Outcome>,
    /// Whether nothing is left to do.
    pub is_finished: bool,
    /// Whether a process works on it right now.
    pub is_in_use: bool,
    /// The size of its files in bytes.
    pub bytes: u64,
}

/// How the last attempt ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    /// Whether nothing is left that another attempt could change.
    pub(crate) is_finished: bool,
}

impl Journal {
    /// How far this upload is.
    pub(super) fn summary(&self, is_in_use: bool) -> Result<UploadSummary, JournalError> {
        let header = self.header()?;
        let mut counts = header.counts;
        self.count(&mut counts)?;
        let ending: Option<Ending> = self.get("ending")?;
        let target = self.target()?;
        let suite = target
            .map(|target| target.suite.name)
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| header.destination.suite());
        let sizes = ["db", "db-wal"].map(|ending| {
            let path = self.path().with_extension(ending);
            std::fs::metadata(path).map_or(0, |metadata| metadata.len())
        });
        Ok(UploadSummary {
            id: self.id().clone(),
            created: header.created,
            server: header.server.to_string(),
            suite,
            suite_run: header.destination.suite_run().to_owned(),
            counts,
            outcome: ending.map(|ending| ending.outcome),
            is_finished: ending.is_some_and(|ending| ending.is_finished),
            is_in_use,
            bytes: sizes.iter().sum(),
        })
    }
}
