//! Shards: the parts of one test run that CI jobs run in parallel, and upload into one suite run.
//!
//! Jobs run on different machines, usually without a disk that they share. So the upload of a shard sends its results into
//! the suite run, whose name all jobs know, waits for ingestion, and says in its journal which [`Shard`](crate::Shard) it is. It makes no
//! links, and its report covers itself alone. The last step has the journals of all shards, and makes of them one suite run: a
//! [`Merge`].
//!
//! 1. [`roll_call`] checks that the journals belong together, and names the shards that are missing or double.
//! 2. Each journal is delivered like one that is resumed, and linked. What is done already is not done again.
//! 3. [`overlap`] finds tests with results in several shards. Where one of them failed and Octane shows another shard's
//!    pass that was not certainly later, the failure is sent again, so that Octane shows it.
//! 4. One report covers all. A suite run of which a shard is missing is not a success.
//!
//! The last step is a job of its own that has the journals as artifacts (`octane merge`), or, where the jobs share a folder of
//! journals, by the one that comes last: the last shard, or `octane suite-run close`. A shard that arrives later is merged with all others
//! once more: links are only added, and what Octane has received it recognises.

mod merge;
mod overlap;
mod report;
mod roll_call;

pub use merge::{Merge, MergeError};
pub use roll_call::{RollCall, ShardMismatch};

#[cfg(test)]
mod tests;
