//! What happens during an upload, reported as it happens.

use std::time::Duration;

use octane_model::{SuiteRunId, TaskId};

use crate::link_field::LinkLevel;
use crate::upload_id::UploadId;

/// Something that happened during an upload.
///
/// The library prints nothing: callers receive events and draw, log or assert.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// All results were read and cut into batches; nothing has been sent.
    #[non_exhaustive]
    Prepared {
        /// The upload's ID.
        upload: UploadId,
        /// How many results will be sent.
        results: usize,
        /// In how many batches.
        batches: usize,
        /// How many bytes of payload that is, before compression.
        bytes: u64,
    },
    /// The server accepted a batch and will work on it.
    #[non_exhaustive]
    Accepted {
        /// The batch, counted from 1.
        batch: usize,
        /// The task that ingests it.
        task: TaskId,
        /// Whether the server had received these bytes before, and so does nothing.
        is_duplicate: bool,
    },
    /// The server did not accept a batch because of its content, so its halves are tried.
    #[non_exhaustive]
    Split {
        /// The batch.
        batch: usize,
        /// The numbers of its halves.
        halves: [usize; 2],
        /// What the server said.
        reason: String,
    },
    /// The server did not accept a batch.
    #[non_exhaustive]
    Refused {
        /// The batch, counted from 1.
        batch: usize,
        /// Why.
        reason: String,
    },
    /// The server has finished a batch.
    #[non_exhaustive]
    Ended {
        /// The batch, counted from 1.
        batch: usize,
        /// How it ended, as in [`BatchReport::status`](crate::BatchReport::status).
        status: String,
    },
    /// Nothing to do but to wait for the server.
    #[non_exhaustive]
    Waiting {
        /// How many batches it has not finished.
        batches: usize,
        /// How long until the next request.
        pause: Duration,
    },
    /// More runs of the suite run were read, to find those that the results became.
    #[non_exhaustive]
    Reading {
        /// How many were read so far.
        runs: usize,
    },
    /// The suite run that holds the results was found, and the runs that they became were read.
    #[non_exhaustive]
    Verified {
        /// The suite run.
        suite_run: SuiteRunId,
        /// How many automated runs of it were read; it may hold more, of other uploads.
        runs: usize,
    },
    /// Results are sent again: Octane had received their bytes from an earlier upload, ignored them, and shows others.
    #[non_exhaustive]
    Resending {
        /// How many results.
        results: usize,
    },
    /// Jira keys were looked up.
    #[non_exhaustive]
    Resolved {
        /// How many keys there were.
        keys: usize,
        /// How many of them match a story.
        found: usize,
    },
    /// Some of the runs or tests were linked to stories.
    #[non_exhaustive]
    Linking {
        /// How many have their links, or could not be linked.
        done: usize,
        /// How many carry Jira keys.
        total: usize,
    },
    /// Runs or tests were linked to stories.
    #[non_exhaustive]
    Linked {
        /// What was linked.
        level: LinkLevel,
        /// How many were changed.
        changed: usize,
        /// How many had their links before.
        unchanged: usize,
    },
}
