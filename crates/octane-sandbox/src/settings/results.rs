//! How test results are taken and ingested.

use std::time::Duration;

use octane_results::Leniency;
use serde::{Deserialize, Serialize};

use super::duration;

/// How test results are taken and ingested; the table `[results]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Results {
    /// Whether payloads in the `evidence` dialect, which the official schema refuses, are accepted as
    /// well; false by default.
    pub accept_evidence: bool,
    /// How long each payload stays in the state `running` before it is ingested; zero by default.
    #[serde(with = "duration")]
    pub ingest_delay: Duration,
    /// Whether a task's log can be read at the public address; true by default. It is proven for the
    /// private address of CI plug-ins only, where it can always be read.
    pub task_log: bool,
    /// Whether a task's id is text instead of a number; false by default. Vendor clients read a number, one
    /// of their test doubles sends text.
    pub task_id_as_text: bool,
    /// The status of the answer to a payload that was seen before: 202 by default, or 200.
    pub duplicate_status: DuplicateStatus,
    /// Whether `skip-errors` counts when payloads are compared with earlier ones; true by default, as a
    /// vendor test shows.
    pub duplicate_needs_same_skip_errors: bool,
    /// For how long a payload is remembered, so that the same bytes are not processed again; for ever by
    /// default. Zero remembers none.
    #[serde(with = "duration::optional")]
    pub duplicate_memory: Option<Duration>,
    /// How many payloads may wait or be worked on before the next gets 503 `testbox.queue_full`; no bound
    /// by default.
    pub queue_max: Option<u64>,
    /// How many payloads are taken in an hour before the next gets 503 `testbox.request_limit`; no bound by
    /// default.
    pub payloads_per_hour_max: Option<u64>,
    /// How many runs a payload may have before it gets 400; no bound by default, and none is published.
    pub payload_runs_max: Option<usize>,
    /// The suite run of a payload whose `suite_ref` has no `external_run_id`; a new one each time by
    /// default.
    pub suite_run_without_id: SuiteRunWithoutId,
    /// Whether release, milestone, program and environment belong to what makes a run of a suite run the same
    /// run; true by default (ALM Octane help, "Last runs"). Where it is false only the test and the run name
    /// do, as the readme of the ALM test result collection tool says.
    pub run_identity_has_context: bool,
    /// What becomes of a label in `test_fields` that its list does not have; created by default.
    pub unknown_test_field: OnUnknown,
    /// What becomes of an environment category or value that is not there; created by default.
    pub unknown_environment: OnUnknown,
    /// What becomes of a CI server in `build` that is not there; created by default. A vendor test shows
    /// `failed` on servers that know the CI server from its plug-in.
    pub unknown_ci_server: OnUnknown,
}

/// The status of the answer to a payload that was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
#[non_exhaustive]
pub enum DuplicateStatus {
    /// 202, as for a new payload.
    #[default]
    Accepted,
    /// 200.
    Ok,
}

impl TryFrom<u16> for DuplicateStatus {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        match status {
            202 => Ok(Self::Accepted),
            200 => Ok(Self::Ok),
            other => Err(format!(
                "the status of a duplicate is 200 or 202, not {other}"
            )),
        }
    }
}

impl From<DuplicateStatus> for u16 {
    fn from(status: DuplicateStatus) -> Self {
        match status {
            DuplicateStatus::Accepted => 202,
            DuplicateStatus::Ok => 200,
        }
    }
}

/// The suite run of a payload whose `suite_ref` has no `external_run_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SuiteRunWithoutId {
    /// A new suite run for each payload, named like the suite.
    #[default]
    New,
    /// One suite run for all of them, named like the suite.
    Shared,
}

/// What becomes of a value that a payload names and that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OnUnknown {
    /// It is created.
    #[default]
    Create,
    /// It is left out, the log says so, and the run is ingested: the task ends with `warning`.
    Warn,
    /// It is an error like an unknown release: the run is left out, or, with `skip-errors`, the value.
    Fail,
}

impl Results {
    /// Which payloads are valid.
    pub(crate) fn leniency(&self) -> Leniency {
        if self.accept_evidence {
            Leniency::AcceptEvidence
        } else {
            Leniency::Official
        }
    }
}

impl Default for Results {
    fn default() -> Self {
        Self {
            accept_evidence: false,
            ingest_delay: Duration::ZERO,
            task_log: true,
            task_id_as_text: false,
            duplicate_status: DuplicateStatus::default(),
            duplicate_needs_same_skip_errors: true,
            duplicate_memory: None,
            queue_max: None,
            payloads_per_hour_max: None,
            payload_runs_max: None,
            suite_run_without_id: SuiteRunWithoutId::default(),
            run_identity_has_context: true,
            unknown_test_field: OnUnknown::default(),
            unknown_environment: OnUnknown::default(),
            unknown_ci_server: OnUnknown::default(),
        }
    }
}
