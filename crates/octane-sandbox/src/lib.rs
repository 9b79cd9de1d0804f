//! A small ALM Octane for tests, demonstrations and development.
//!
//! Nobody can test an Octane integration without a licensed server; with this crate anybody can. It signs
//! clients in, serves the workspace collections with Octane's query language, accepts payloads of test
//! results and ingests them into tests, runs and suite runs, all over SQLite.
//!
//! ```
//! use octane_sandbox::Sandbox;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), octane_sandbox::SandboxError> {
//! let sandbox = Sandbox::start().await?;
//! println!("{} {} {}", sandbox.url(), sandbox.client_id(), sandbox.client_secret());
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Ideas
//!
//! - **A router first.** [`app`] and [`Sandbox::app`] give an [`axum::Router`] that tests call without a
//!   port; [`Sandbox::start`] puts it behind one of 127.0.0.1.
//! - **The catalog is the schema.** Entity types, their fields and relations are rows of one catalog;
//!   tables, reading, writing, queries and metadata all follow from it.
//! - **What was acknowledged stays.** A payload is in the database before its sender hears of it; each is
//!   ingested in one transaction, and one that waits is picked up again after a restart.
//! - **Break it.** [`Sandbox::fail_next`], a [`FaultPlan`] with a seed and `/_sandbox/faults` refuse, delay,
//!   cut and lose answers; a paused [`Clock`] makes every delay exact, and [`Sandbox::requests`] tells what
//!   was received.
//! - **A look inside.** `/` shows suites and leads to suite runs, tests, stories, the traceability matrix and
//!   a query box;
//!   `/_sandbox/health` tells what waits, `POST /_sandbox/reset` begins anew.
//!
//! # What differs from the product
//!
//! - How the product keeps the scenarios of a feature is not known: here they are `run_steps` that have
//!   steps. A Gherkin test is known by the id in its tag, else by the path and name of its feature.
//! - Text is compared ignoring the case of ASCII letters only.
//! - Of the words between brackets, queries know `[current_user]`, `[current_release]` (the default one) and
//!   `[current_sprint]`.
//! - There is one workspace. Others can be created as entities of the shared space, and nothing lies in them.
//! - Required fields for which a sensible value exists (`phase`, `parent`, `severity`, `release` of a run) may
//!   be left out. `logical_name` of anything but list values, phases and roles follows from the id.
//! - `OCTANE_USER` is set, and asked for only where a setting says so.
//! - Unknown list values, environments and CI servers of payloads are created, unless the settings say
//!   otherwise; unknown builds always are.
//! - Where the codes of errors are not known, the sandbox uses its own: `platform.bad_request`,
//!   `platform.invalid_query`, `platform.lock_conflict`, `platform.too_many_requests`, `testbox.invalid_payload`.

mod auth;
mod base64;
mod catalog;
mod clock;
mod error;
mod fault;
mod ingest;
mod page;
mod payload;
mod requests;
mod routes;
mod secret;
mod seed;
mod server;
mod settings;
mod store;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use fault::{ConnectionReset, Expiry, Fault, FaultPlan};
pub use requests::ReceivedRequest;
pub use secret::{ApiKey, Role, User};
pub use server::{Running, Sandbox, SandboxError, app};
pub use settings::{
    Access, BulkPosition, DuplicateStatus, Entities, Limits, ListIds, OnUnknown, OrderDefault,
    Results, Settings, SignInWithCookies, Storage, SuiteRunWithoutId, ThrottleStatus,
    UserDefinedField, UserDefinedType,
};
