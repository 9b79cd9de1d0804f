//! How an upload is done.

use std::time::Duration;

use crate::Skipped;
use octane_results::{BatchLimits, Context, Dialect, RepairPolicy, SuitePath};

/// How an upload is done; the defaults suit a nightly run of thousands of results.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use]
pub struct UploadSettings {
    /// How the payload is written. Default: [`Dialect::Standard`].
    pub dialect: Dialect,
    /// The label of the tests' `Testing_Tool_Type`. Default: none, and `Quartz` in the evidence dialect.
    pub testing_tool_type: Option<String>,
    /// Release, milestone, program, test fields, environment and build of all runs. Suite, suite run and
    /// module come from the [`Target`](crate::Target) and need not be set here.
    pub context: Context,
    /// Gives tests the module and package that they lack.
    pub suite_path: Option<SuitePath>,
    /// Where batches are cut. Default: 500 results or 4 MiB.
    pub batch_limits: BatchLimits,
    /// What is done about texts that Octane would refuse.
    pub repair: RepairPolicy,
    /// Makes payloads that Octane has not had before although the results are the same: a comment with this
    /// mark stands at their end. Default: none, so that an upload can be repeated and doubles nothing.
    pub mark: Option<String>,
    /// Results that were read and cannot be used; they count and are named in the report.
    pub skipped: Skipped,
    /// Whether Octane ignores references to things that do not exist, instead of leaving out the runs that
    /// carry them. Default: no.
    pub skip_errors: bool,
    /// How many batches are on their way at once. Default: 4.
    pub batches_in_flight_max: usize,
    /// How long to wait for Octane to ingest what it has accepted. Default: 15 minutes.
    pub ingestion_wait_max: Duration,
    /// Whether runs are linked to the stories whose Jira keys their results carry. Default: yes.
    pub link: bool,
    /// Whether links are incomplete if a Jira key stands on no story, or on several. Default: no.
    pub needs_every_key: bool,
}

impl Default for UploadSettings {
    fn default() -> Self {
        Self {
            dialect: Dialect::Standard,
            testing_tool_type: None,
            context: Context::default(),
            suite_path: None,
            batch_limits: BatchLimits::default(),
            repair: RepairPolicy::default(),
            mark: None,
            skipped: Skipped::default(),
            skip_errors: false,
            batches_in_flight_max: 4,
            ingestion_wait_max: Duration::from_secs(15 * 60),
            link: true,
            needs_every_key: false,
        }
    }
}
