//! What CI servers report, in tables: servers, jobs, builds, pipelines and their runs, commits, and raw facts.

mod builds;
mod commits;
mod facts;
mod jobs;
mod pipelines;
mod pull_requests;

pub(crate) use commits::mentioned;
pub(crate) use facts::RawFact;
pub(super) use pipelines::complete as complete_pipeline;
