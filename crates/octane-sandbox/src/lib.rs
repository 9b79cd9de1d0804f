//! A small ALM Octane server for tests, demonstrations and development.
//!
//! Testing an Octane integration requires a licensed server; this crate replaces it. It signs clients in,
//! serves the collections of a workspace with Octane's query language, accepts payloads of test results and
//! ingests them into tests, runs and suite runs, all on top of SQLite.
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
//! - **A router first.** [`app`] and [`Sandbox::app`] return an [`axum::Router`] that tests can call without
//!   a port; [`Sandbox::start`] serves it on a port of 127.0.0.1.
//! - **The catalog is the schema.** Entity types, their fields and relations are rows of one catalog;
//!   tables, reading, writing, queries and metadata all derive from it.
//! - **Acknowledged payloads are durable.** A payload is in the database before the response is sent; each is
//!   ingested in one transaction, and a queued payload is ingested after a restart.
//! - **Fault injection.** [`Sandbox::fail_next`], a [`FaultPlan`] with a seed and `/_sandbox/faults` reject
//!   requests and delay, truncate and drop responses; a paused [`Clock`] makes every delay exact, and
//!   [`Sandbox::requests`] returns what was received.
//! - **Observability.** `/` shows suites and links to suite runs, tests, stories, the traceability matrix and
//!   a query box; `/_sandbox/health` reports the length of the queue, `POST /_sandbox/reset` restores the
//!   initial data. Requests and triggered faults are logged with [`tracing`].
//!
//! # Differences from the product
//!
//! - It is not known how the product stores the scenarios of a feature: here they are `run_steps` that
//!   contain steps. A Gherkin test is identified by the ID in its tag, or otherwise by the path and name of
//!   its feature.
//! - Text is compared ignoring the case of ASCII letters only.
//! - Of the placeholders in brackets, queries support `[current_user]`, `[current_release]` (the default one)
//!   and `[current_sprint]`.
//! - There is one workspace. Others can be created as entities of the shared space, but they are empty.
//! - Required fields with a sensible default (`phase`, `parent`, `severity`, `release` of a run) may be
//!   omitted. The `logical_name` of anything but list values, phases, roles and roots is derived from the ID.
//! - `OCTANE_USER` is set, but required only if a setting says so.
//! - Unknown list values, environments and CI servers in payloads are created, unless the settings say
//!   otherwise; unknown builds are always created.
//! - Where the error codes are not known, the sandbox uses its own: `platform.bad_request`,
//!   `platform.invalid_query`, `platform.lock_conflict`, `platform.too_many_requests`, `testbox.invalid_payload`.

#![forbid(unsafe_code)]

mod auth;
mod base64;
mod catalog;
mod ci_report;
mod clock;
mod error;
mod fault;
mod hex;
mod ingest;
mod page;
mod payload;
mod requests;
mod routes;
mod sandbox;
mod sandbox_error;
mod secret;
mod seed;
mod server;
mod settings;
mod state;
mod store;
mod token;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use fault::{ConnectionReset, Expiry, Fault, FaultPlan};
pub use requests::ReceivedRequest;
pub use sandbox::{Sandbox, app};
pub use sandbox_error::SandboxError;
pub use secret::{Role, SandboxApiKey, User};
pub use server::{HttpServer, HttpServerLimits, Running, UnreadBody};
pub use settings::{
    AccessSettings, BulkPosition, DefaultFields, DuplicateStatus, EntitySettings, Limits, ListIds,
    OnUnknown, OrderDefault, ResultSettings, Settings, SignInWithCookies, Storage,
    SuiteRunWithoutId, ThrottleStatus, UserDefinedField, UserDefinedType,
};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
