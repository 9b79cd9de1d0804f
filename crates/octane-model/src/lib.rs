//! Domain types of ALM Octane as plain values: no sockets, no clocks, no files.
//!
//! - [`Query`] is Octane's query language: built in code, parsed from text, and printed.
//! - [`Workspace`] and [`Collection`] build requests as values; [`Page`], [`Entity`], [`Task`] and
//!   [`Problem`] are the responses.
//! - [`Resource`] ties a struct such as [`AutomatedRun`] to its collection; [`Entity`] represents all
//!   other types.
//! - Ids are distinct types, so that a [`SuiteId`] cannot be passed where a [`TaskId`] is expected.
//! - [`Address`] parses any Octane URL that people copy from a browser.
//!
//! ```
//! use octane_model::{ListParams, Order, Query, Select, SharedSpaceId, Workspace, WorkspaceId};
//!
//! let workspace = Workspace::new(SharedSpaceId::new(1001), WorkspaceId::new(1002));
//! let list = ListParams::default()
//!     .select(Select::names(["name"]))
//!     .query(Query::field("parent_suite").refers_to_id(7003))
//!     .order(Order::ascending("id"));
//! let request = workspace.collection("automated_runs").list(&list);
//! assert!(request.uri().path().ends_with("/workspaces/1002/automated_runs"));
//! ```

#![forbid(unsafe_code)]

mod address;
mod clean;
mod entity;
pub mod error_code;
mod excerpt;
mod id;
mod json_size;
mod metadata;
mod order;
mod page;
pub mod plural;
mod problem;
mod query;
pub mod random;
mod reference;
mod request;
mod resource;
mod secret_name;
mod select;
mod task;
mod typed;

pub use address::{Address, AddressError, split_scheme};
pub use clean::{clean, clean_with, is_unsafe};
pub use entity::Entity;
pub use excerpt::excerpt;
pub use id::{
    EntityId, IdError, MilestoneId, ModuleId, ProgramId, ReleaseId, RunId, SharedSpaceId, SuiteId,
    SuiteRunId, TaskId, TestId, WorkItemId, WorkspaceId,
};
pub use json_size::json_values;
pub use metadata::{FieldMetadata, FieldTypeData, ReferenceTarget};
pub use order::{Order, OrderError};
pub use page::Page;
pub use problem::Problem;
pub use query::build::QueryField;
pub use query::error::{QueryError, SyntaxError};
pub use query::tree::{Comparison, Literal, Operand, Operator, Pattern, Query};
pub use reference::{Reference, References};
pub use request::{
    Collection, Encoding, ListParams, ReferenceUpdate, Workspace, sign_in, sign_out,
};
pub use resource::Resource;
pub use secret_name::names_secret;
pub use select::{Select, SelectError, SelectedField};
pub use task::{Task, TaskStatus};
pub use typed::application_module::ApplicationModule;
pub use typed::automated_run::{AutomatedRun, TestOfRun};
pub use typed::automated_test::AutomatedTest;
pub use typed::release::ReleaseEntity;
pub use typed::suite_run::SuiteRun;
pub use typed::test_suite::TestSuite;
pub use typed::work_item::WorkItem;

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
