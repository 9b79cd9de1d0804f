//! The journal of one upload: what was planned, and how far it is.
//!
//! Everything that will be sent is in the journal before the first byte leaves, so that a crash, a kill or a server
//! that is away loses nothing: opening the journal again continues with the same bytes.
//!
//! | state of a batch | what is known | what comes next |
//! |---|---|---|
//! | `ready` | not sent | send it |
//! | `in_flight` | it may have arrived | send the same bytes again; Octane recognises them |
//! | `accepted` | a task is working on it | ask the task |
//! | `ended` | the task has ended, or the server refused the batch | judge its results by what Octane shows |
//!
//! A batch that is split is replaced by its halves.
//!
//! | state of a row | what is known |
//! |---|---|
//! | `open` | nothing yet |
//! | `unconfirmed` | Octane may have it and does not show it |
//! | `superseded` | unconfirmed, and never sent again, as a later result of the same test was sent |
//! | `ingested` | Octane shows it |
//! | `rejected` | Octane did not take it |
//!
//! SQL only observes and stores; [`verdict`](crate::verdict) and [`resend`](crate::resend) decide.
//!
//! An upload is planned into a file with another name, without any care for crashes: if the process dies, nothing was sent. Once
//! all of it is there, the file is forced to the disk and renamed. From then on a commit survives the death of the process; it
//! may be lost in a power cut, which costs no more than sending the same bytes again.

mod batch;
mod bundle;
mod covered;
mod database;
mod error;
mod evidence;
mod feature_row;
mod files;
mod first_names;
mod judge;
mod last_attempt;
mod link;
mod linked;
mod lock;
mod migrate;
mod overlap;
mod own_run;
mod packed;
mod payload;
mod position;
mod problem;
mod provisional;
mod remaining;
mod repeat;
mod results;
mod resume;
mod retention;
mod row;
mod row_table;
mod schema;
mod sent_again;
mod server_run;
mod split;
mod spool;
mod stale_link;
mod state;
mod summary;
mod untouched_run;

pub(crate) use batch::StoredBatch;
pub use bundle::BundleError;
pub use database::{CommitPoint, Journal};
pub use error::JournalError;
pub(crate) use first_names::FirstNames;
pub(crate) use judge::{Confirmation, first_lines};
pub(crate) use last_attempt::LastAttempt;
pub(crate) use link::LinkCandidate;
pub(crate) use linked::{LinkTotals, LinkedHolder, LinkedHolders};
pub(crate) use overlap::{Overlap, Overlaps, ShardResult};
pub(crate) use provisional::Provisional;
pub use remaining::{Remaining, RemainingBatches};
pub use results::{ResultState, StoredResult};
pub use retention::Retention;
pub(crate) use row::{Repeats, RowWriter};
pub(crate) use server_run::{FailedRun, PreviousRun, ServerRun};
pub use spool::Spool;
pub(crate) use stale_link::StaleCandidate;
pub use summary::{UploadState, UploadSummary};

#[cfg(test)]
mod tests;
