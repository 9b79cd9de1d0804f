//! Automated test results into ALM Octane, and their runs linked to the stories they prove.
//!
//! The main job: make sure that module and suite exist, upload in batches as one suite run, wait until
//! Octane has really ingested them, find the automated runs, resolve Jira keys to stories, link the runs,
//! and report numbers that add up.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
//! # fn main() -> Done { with_sandbox(async |octane| {
//! use octane_client::{ModuleChoice, Outcome, SuiteChoice, TargetSpec};
//! use octane_results::{Status, TestRun};
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
//! - A [`Client`] is a handle on an [`Endpoint`](octane_rest::Endpoint); each noun has a door of its own,
//!   such as [`Client::modules`] and [`Client::links`].
//! - A [`Plan`] is every payload, byte for byte. The same results give the same bytes, which Octane
//!   recognises: sending again doubles nothing.
//! - A [`Journal`] holds the plan before the first byte leaves, and how far it is. With a [`Spool`] it
//!   outlives the process, and [`Client::deliver`] goes on where it was cut off.
//! - A [`Report`] says what became of every result: `read = ingested + rejected + skipped + kept`. After
//!   planning, trouble is part of the report and not an error, so that no number is lost on the way.
//! - [`Event`]s tell what happens as it happens; the library prints nothing.
//! - `find` may return none, `get` expects the entity, `ensure` creates what is missing. Names are compared
//!   exactly, and several entities of one name are an error that lists them.
//!
//! Reading files is the business of [`octane_results`]; the program `octane` puts both together.

mod cancellation;
mod client;
mod context;
mod delivery;
mod error;
mod event;
mod ingestion;
mod invalid;
mod jira;
mod journal;
mod link_field;
mod links;
mod modules;
mod named_entity;
mod outcome;
mod plan;
mod prepare;
mod reconciliation;
mod releases;
mod report;
mod resend;
mod run_key;
mod runs;
mod settings;
mod stage;
mod submit;
mod suite_runs;
mod suites;
mod target;
mod upload;
mod upload_id;
mod verdict;
mod verify;

pub use cancellation::CancellationToken;
pub use client::{Client, ClientSettings};
pub use delivery::{Delivery, DeliveryError};
pub use error::{ClientError, Missing};
pub use event::Event;
pub use invalid::InvalidResults;
pub use jira::{Jira, Resolution};
#[doc(hidden)]
pub use journal::CommitPoint;
pub use journal::{Journal, JournalError, Retention, Spool, UploadSummary};
pub use link_field::{LinkField, LinkLevel};
pub use links::{LinkFailure, LinkOutcome, Links};
pub use modules::{Modules, Parent};
pub use named_entity::Ensured;
pub use outcome::Outcome;
pub use plan::{Plan, PlanError, PlanTotals, PlannedBatch};
pub use prepare::{PrepareError, Prepared};
pub use releases::Releases;
pub use report::{
    BatchReport, Counts, CreatedEntity, IdAndName, IncompleteUpload, LinkSummary, Report,
    ReportedProblem, TargetReport,
};
pub use runs::{Runs, RunsOf};
pub use settings::UploadSettings;
pub use suite_runs::SuiteRuns;
pub use suites::Suites;
pub use target::{ModuleChoice, SuiteChoice, Target, TargetSpec};
pub use upload::{Upload, UploadError};
pub use upload_id::{InvalidUploadId, UploadId};
