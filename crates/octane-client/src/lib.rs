//! Uploads automated test results to ALM Octane and links them to the stories they cover.
//!
//! One call makes sure that module and suite exist, uploads in batches as one suite run, waits until Octane has
//! ingested them, finds the automated runs, resolves Jira keys to stories, links the runs, and reports numbers that
//! add up.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
//! # fn main() -> Done { with_sandbox(async |octane| {
//! use octane_client::{ModuleChoice, Outcome, Status, SuiteChoice, TargetSpec, TestRun};
//!
//! let spec = TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-4711")
//!     .module(ModuleChoice::Path("Shop/Checkout".into()))
//!     .create_missing(true);
//! let target = octane.resolve_target(&spec).await?;
//!
//! let results = [TestRun::new("adds_tax", Status::Passed).class("TotalsTest").jira(["SHOP-101"])];
//! let report = octane.upload(results, target).send().await?.into_result()?;
//! assert_eq!(report.outcome, Outcome::Success);
//! assert_eq!(report.links.unwrap().linked, 1);
//! # Ok(()) }) }
//! ```
//!
//! The ideas:
//!
//! - A [`Client`] is a handle on an [`Endpoint`]; each kind of entity has a method of its own, such as
//!   [`Client::modules`] and [`Client::links`].
//! - An upload is [prepared](Client::prepare), its target [resolved](Delivery::resolve), and then
//!   [delivered](Delivery::run). [`Upload::send`] does all three. Preparing makes no requests and needs no runtime; what
//!   needs one can be spawned, as every future is `Send`.
//! - A [`Plan`] is every payload, byte for byte. The same results give the same bytes, and Octane recognises bytes
//!   that it has received, so sending them again duplicates nothing.
//! - A [`Draft`] is planned while its results are read for the first time, and confirmed or dropped once all are known.
//! - A [`Journal`] holds the plan before the first byte is sent, and the progress afterwards. With a [`Spool`] it
//!   outlives the process, and [`Client::delivery`] continues where the upload was interrupted.
//! - A [`Report`] says what became of every result: `read = ingested + rejected + invalid + pending`. Whatever goes
//!   wrong once something was sent is part of the report and not an error, so that no number is lost;
//!   [`Report::into_result`] makes an upload that did not succeed an error.
//! - [`Event`]s report what happens as it happens; the library prints nothing.
//! - `find` may return none, `get` expects the entity, `ensure` creates what is missing, also if several clients do so at
//!   once. Names are compared exactly. Of several modules or suites of one name the oldest is used, and reported;
//!   [`OnAmbiguous`] makes that an error.
//!
//! [`octane_results`] reads files, and the program `octane` combines the two.

#![forbid(unsafe_code)]

mod ambiguous_name;
mod cancellation;
mod ci_builds;
mod client;
mod common_links;
mod compare;
mod confirmed_by;
mod context;
mod coverage;
mod creation_lock;
mod delivery;
mod ensure;
mod error;
mod event;
mod facts;
#[cfg(test)]
mod fake_octane;
mod flaky_message;
mod history;
mod id_or_name;
mod in_list;
mod ingestion;
mod invalid;
mod jira;
mod journal;
mod likeness;
mod link_field;
mod links;
mod modules;
mod name;
mod named_entity;
mod outcome;
mod own_results;
mod plan;
mod prepare;
mod problem_class;
mod raw_payload;
mod read_runs;
mod reconciliation;
mod references;
mod releases;
mod relocation;
mod report;
mod resend;
mod results;
mod run_before;
mod run_key;
mod run_kind;
mod run_options;
mod runs;
mod server;
mod settings;
mod shard;
mod shards;
mod stage;
mod stale_links;
mod state_before;
mod submit;
mod suite_runs;
mod suite_runs_before;
mod suites;
mod target;
mod upload;
mod upload_id;
mod verdict;
mod verify;

pub use ambiguous_name::{AmbiguousName, OnAmbiguous};
pub use cancellation::CancellationToken;
pub use ci_builds::{CiBuild, CiBuilds};
pub use client::{Client, ClientSettings};
pub use compare::{Comparison, RenamedTest};
pub use coverage::{CoverageState, CoveredKey, coverage};
pub use creation_lock::CreationLock;
pub use delivery::{Delivery, DeliveryError};
pub use ensure::Ensured;
pub use error::{ClientError, Missing};
pub use event::Event;
pub use history::{FailedTest, HistoryError};
pub use id_or_name::IdOrName;
pub use invalid::InvalidResults;
pub use jira::{Jira, Resolution};
#[doc(hidden)]
pub use journal::CommitPoint;
pub use journal::{
    BundleError, Journal, JournalError, Remaining, RemainingBatches, ResultState, Retention, Spool,
    StoredResult, UploadState, UploadSummary,
};
pub use likeness::Similar;
pub use link_field::{LinkField, LinkLevel};
pub use links::{LinkFailure, LinkOutcome, Links};
pub use modules::{Modules, Parent};
pub use name::{suite_run_name, trim_name};
pub use outcome::Outcome;
pub use plan::{
    PartPlanner, PartsPlan, Plan, PlanError, PlanPart, PlanTotals, PlannedBatch, SinglePayload,
};
pub use prepare::{Draft, PrepareError, Prepared};
pub use problem_class::ProblemClass;
pub use raw_payload::RawPayload;
pub use releases::Releases;
pub use report::{
    BatchReport, Counts, CreatedEntity, IdAndName, IncompleteUpload, LinkSummary, Report,
    ReportedProblem, ShardReport, ShardsReport, TargetReport,
};
pub use results::Results;
pub use run_before::CompareError;
pub use runs::{Runs, RunsOf};
pub use settings::UploadSettings;
pub use shard::{InvalidShard, Shard};
pub use shards::{Merge, MergeError, RollCall, ShardMismatch};
pub use stale_links::StaleLink;
pub use suite_runs::SuiteRuns;
pub use suites::Suites;
pub use target::{ModuleChoice, SuiteChoice, Target, TargetSpec};
pub use upload::{Upload, UploadError};
pub use upload_id::{InvalidUploadId, UploadId};

// What an upload cannot do without, so that simple programs depend on this crate alone.
pub use octane_rest::{ApiKey, Endpoint};
pub use octane_results::{Status, TestRun};

/// Runs the examples of the READMEs: the one of this crate, and the one of the project.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../../README.md")]
struct Readme;
