//! From a payload to tests, runs and a suite run.

mod context;
mod ingestion;
mod log;
mod references;
mod result;
mod steps;
mod suite_runs;
mod worker;

pub(crate) use worker::Worker;
