//! How test results are accepted and ingested.

use std::time::Duration;

use octane_results::Schema;
use serde::{Deserialize, Serialize};

use super::duration;

/// How test results are accepted and ingested; the table `[results]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ResultSettings {
    /// Whether payloads in the `evidence` dialect, which the official schema rejects, are accepted as well;
    /// false by default.
    pub accept_evidence: bool,
    /// How long each payload stays `running` before it is ingested; zero by default.
    #[serde(with = "duration")]
    pub ingest_delay: Duration,
    /// Whether a task's log is available at the public URL; true by default. This is known only for the
    /// private URL of CI plug-ins, where it is always available.
    pub task_log: bool,
    /// Whether a task's ID is text instead of a number; false by default. Vendor clients expect a number, one
    /// of their test doubles sends text.
    pub task_id_as_text: bool,
    /// The status of the response to a duplicate payload: 202 by default, or 200.
    pub duplicate_status: DuplicateStatus,
    /// Whether payloads are duplicates only if `skip-errors` is the same; true by default, as a vendor test
    /// shows.
    pub duplicate_needs_same_skip_errors: bool,
    /// How long payloads are remembered to detect duplicates; forever by default. Zero disables the
    /// detection.
    #[serde(with = "duration::optional")]
    pub duplicate_memory: Option<Duration>,
    /// The maximum number of payloads that are queued or being processed; further ones get 503
    /// `testbox.queue_full`. No limit by default.
    pub queue_max: Option<u64>,
    /// The maximum number of payloads per hour; further ones get 503 `testbox.request_limit`. No limit by
    /// default.
    pub payloads_per_hour_max: Option<u64>,
    /// The maximum number of runs in a payload, beyond which it gets 400; no limit by default, and none is
    /// published.
    pub payload_runs_max: Option<usize>,
    /// The suite run of a payload whose `suite_ref` has no `external_run_id`; a new one each time by default.
    pub suite_run_without_id: SuiteRunWithoutId,
    /// Whether release, milestone, program and environment are part of the identity of a run; true by default
    /// (ALM Octane help, "Last runs"). If false, only the test and the run name are, as the readme of the ALM
    /// test result collection tool says.
    pub run_identity_has_context: bool,
    /// What to do about a label in `test_fields` that is not in its list; created by default.
    pub unknown_test_field: OnUnknown,
    /// What to do about an unknown environment category or value; created by default.
    pub unknown_environment: OnUnknown,
    /// How long a CI plug-in that asks for tasks waits for the response that there are none; a second by default.
    #[serde(with = "duration")]
    pub ci_task_wait: Duration,
    /// What to do about an unknown CI server in `build`; created by default. A vendor test shows `failed` on
    /// servers that know the CI server from its plug-in.
    pub unknown_ci_server: OnUnknown,
}

/// The status of the response to a duplicate payload.
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
                "the status of a duplicate must be 200 or 202, got {other}"
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

/// What to do about an unknown value in a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OnUnknown {
    /// It is created.
    #[default]
    Create,
    /// It is skipped with a message in the log, and the run is ingested: the task ends with `warning`.
    Warn,
    /// It is an error like an unknown release: the run is skipped, or, with `skip-errors`, only the value.
    Fail,
}

impl ResultSettings {
    /// Which payloads are valid.
    pub(crate) fn payload_schema(&self) -> Schema {
        if self.accept_evidence {
            Schema::OfficialOrEvidence
        } else {
            Schema::Official
        }
    }
}

impl Default for ResultSettings {
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
            ci_task_wait: Duration::from_secs(1),
        }
    }
}
