//! The words of ALM Octane: ids, entities, the query language, requests and answers as plain values.
mod id;

pub use id::{
    EntityId, IdError, MilestoneId, ModuleId, ProgramId, ReleaseId, RunId, SharedSpaceId, SuiteId,
    SuiteRunId, TaskId, TestId, WorkItemId, WorkspaceId,
};
