//! How an upload is done.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use octane_results::{BatchLimits, Context, Dialect, GherkinUnit, RepairPolicy, Reruns, SuitePath};

use crate::invalid::InvalidResults;
use crate::shard::Shard;

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
    /// Link of the runs whose results have none, such as the page of a CI run. Default: none.
    pub report_url: Option<String>,
    /// Module and package for tests that have none.
    pub suite_path: Option<SuitePath>,
    /// What a scenario of Cucumber becomes. Runs of features are in batches of their own, after all others, and are kept until all
    /// results have been read. Default: a test of its own.
    pub gherkin: GherkinUnit,
    /// The start of results that have none. Default: none.
    pub started: Option<Timestamp>,
    /// Which of several results of one run the run shows. Default: the last one.
    pub reruns: Reruns,
    /// Where batches are cut. Default: 500 results or 4 MiB.
    pub batch_limits: BatchLimits,
    /// What is done about texts that exceed Octane's limits.
    pub repair: RepairPolicy,
    /// Makes payloads that Octane has not received before although the results are the same: each has a comment
    /// with this text, of which letters, digits and single dashes are used. Default: none, so that an upload can
    /// be repeated without duplicating anything.
    pub nonce: Option<String>,
    /// Results that were read and cannot be used; they are counted and named in the report.
    pub invalid: InvalidResults,
    /// Whether Octane ignores references to things that do not exist, instead of rejecting the runs that
    /// have them. Default: no.
    pub skip_errors: bool,
    /// How many batches are in flight at the same time. Default: 4.
    pub batches_in_flight_max: usize,
    /// How long to wait for Octane to ingest what it has accepted. Default: 15 minutes.
    pub ingestion_wait_max: Duration,
    /// Whether runs are linked to the stories whose Jira keys their results carry. Default: yes.
    pub link: bool,
    /// Whether links are removed afterwards from these runs, or their tests, to stories whose Jira keys their results do not carry
    /// any more. Only where no doubt is left which keys a run has; the report says where that is not so. Nothing is removed by a
    /// shard. Default: no.
    pub unlink_stale: bool,
    /// Whether links are incomplete if a Jira key matches no story, or several. Default: no.
    pub require_all_jira_keys: bool,
    /// Which part of a test run it is. Its runs are not linked before a [`Merge`](crate::Merge) of all parts. Default: none, it is
    /// all of it.
    pub shard: Option<Shard>,
    /// Options of the caller that a resume should use again. They are stored with the upload, and
    /// [`UploadSummary`](crate::UploadSummary) returns them; the library does not read them. Never put a secret here.
    pub options: BTreeMap<String, String>,
}

impl Default for UploadSettings {
    fn default() -> Self {
        Self {
            dialect: Dialect::Standard,
            testing_tool_type: None,
            context: Context::default(),
            report_url: None,
            suite_path: None,
            gherkin: GherkinUnit::default(),
            started: None,
            reruns: Reruns::default(),
            batch_limits: BatchLimits::default(),
            repair: RepairPolicy::default(),
            nonce: None,
            invalid: InvalidResults::default(),
            skip_errors: false,
            batches_in_flight_max: 4,
            ingestion_wait_max: Duration::from_secs(15 * 60),
            link: true,
            unlink_stale: false,
            require_all_jira_keys: false,
            shard: None,
            options: BTreeMap::new(),
        }
    }
}
