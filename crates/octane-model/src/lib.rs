//! The words of ALM Octane, as plain values: no sockets, no clocks, no files.
//!
//! - [`Query`] is Octane's query language, built in code or parsed from text, and printed.
//! - [`Workspace`] and [`Collection`] make requests as values; [`Page`], [`Entity`], [`Task`] and
//!   [`Problem`] are what comes back.
//! - [`Resource`] ties a struct such as [`AutomatedRun`] to its collection; [`Entity`] serves all
//!   other types.
//! - Ids are types of their own, so that a [`SuiteId`] cannot be passed for a [`TaskId`].
//! - [`Address`] understands any address of a server that people copy.
//!
//! ```
//! use octane_model::{List, Order, Query, Select, SharedSpaceId, Workspace, WorkspaceId};
//!
//! let workspace = Workspace { space: SharedSpaceId::new(1001), workspace: WorkspaceId::new(1002) };
//! let list = List {
//!     select: Select::names(["name"]),
//!     query: Some(Query::field("parent_suite").refers_to_id(7003)),
//!     order: vec![Order::ascending("id")],
//!     ..List::default()
//! };
//! let request = workspace.collection("automated_runs").list(&list);
//! assert!(request.uri().path().ends_with("/workspaces/1002/automated_runs"));
//! ```

mod address;
mod entity;
mod field;
mod id;
mod metadata;
mod order;
mod page;
mod problem;
mod query;
mod request;
mod resource;
mod select;
mod task;

pub use address::{Address, AddressError};
pub use entity::Entity;
pub use field::{Reference, References};
pub use id::{
    EntityId, IdError, MilestoneId, ModuleId, ProgramId, ReleaseId, RunId, SharedSpaceId, SuiteId,
    SuiteRunId, TaskId, TestId, WorkItemId, WorkspaceId,
};
pub use metadata::{FieldMetadata, FieldTypeData, Target};
pub use order::{Order, OrderError};
pub use page::Page;
pub use problem::{Problem, code};
pub use query::{
    Comparison, Field, Literal, Mistake, Operand, Operator, Pattern, Query, QueryError,
};
pub use request::{Collection, Encoding, List, ReferenceUpdate, Workspace, sign_in, sign_out};
pub use resource::{
    ApplicationModule, AutomatedRun, AutomatedTest, ReleaseEntity, Resource, SuiteRun, TestOfRun,
    TestSuite, WorkItem,
};
pub use select::{Select, SelectError, SelectedField};
pub use task::{Task, TaskStatus};
