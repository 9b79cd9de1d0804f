//! What happens during an upload, told as it happens.

use std::time::Duration;

use octane_model::{SuiteRun, TaskId, TaskStatus};

use crate::UploadId;
use crate::links::LinkLevel;

/// Something that happened during an upload.
///
/// The library prints nothing: whoever uploads gets these and draws, logs or asserts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// All results were read and cut into batches; nothing has been sent.
    Planned {
        /// What the upload is called in its journal.
        upload: UploadId,
        /// How many results will be sent.
        results: usize,
        /// In how many batches.
        batches: usize,
        /// How many bytes of payload that is, before compression.
        bytes: u64,
    },
    /// The server accepted a batch and will work on it.
    Accepted {
        /// The batch, counted from 1.
        batch: usize,
        /// The task that ingests it.
        task: TaskId,
        /// Whether the server had seen these bytes before, and so does nothing.
        is_known: bool,
    },
    /// The server did not accept a batch for what is in it, so its halves are tried.
    Split {
        /// The batch.
        batch: usize,
        /// The numbers of its halves.
        halves: [usize; 2],
        /// What the server said.
        reason: String,
    },
    /// The server did not accept a batch.
    Refused {
        /// The batch, counted from 1.
        batch: usize,
        /// Why.
        reason: String,
    },
    /// The server has finished with a batch.
    Settled {
        /// The batch, counted from 1.
        batch: usize,
        /// How it ended.
        status: TaskStatus,
    },
    /// Nothing to do but to wait for the server.
    Waiting {
        /// How many batches it has not finished.
        batches: usize,
        /// How long the next look is off.
        pause: Duration,
    },
    /// The suite run that holds the results was found, and its runs counted.
    Verified {
        /// The suite run.
        suite_run: SuiteRun,
        /// How many automated runs it holds.
        runs: usize,
    },
    /// Jira keys were looked up.
    Resolved {
        /// How many keys there were.
        keys: usize,
        /// How many of them stand on a story.
        found: usize,
    },
    /// Runs or tests were linked to stories.
    Linked {
        /// What was linked.
        level: LinkLevel,
        /// How many were changed.
        changed: usize,
        /// How many had their links before.
        unchanged: usize,
    },
}
