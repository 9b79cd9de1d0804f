//! What an attempt came to, before the store knows.

use std::time::Duration;

use octane_client::{Comparison, Outcome, Report, ReportedProblem, UploadId};
use serde::Serialize;

use crate::chain::Chain;
use crate::opened::Unusable;
use crate::others::Contradiction;
use crate::remedy::DAMAGED;
use crate::state::{AttemptEnd, Next, State, next};
use crate::store::End;

/// What an attempt came to, before the store knows.
#[derive(Clone)]
pub(super) struct Done {
    pub(super) next: Next,
    pub(super) report: Option<Reported>,
    pub(super) reason: Option<String>,
    pub(super) shards_awaited: Option<Duration>,
}

/// What an agent that waits is answered in the end.
#[derive(Clone, Serialize)]
pub(super) struct Reported {
    #[serde(flatten)]
    pub(super) report: Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comparison: Option<Comparison>,
}

impl Done {
    pub(super) fn failed(is_retryable: bool, error: &dyn std::error::Error, attempt: u32) -> Self {
        Self::because(is_retryable, Chain(error).to_string(), attempt)
    }

    /// A journal cannot be used. `of`: whose it is, unless it is that of the upload itself.
    pub(super) fn unusable(error: &Unusable, of: Option<&UploadId>, attempt: u32) -> Self {
        let reason = match error.of_content() {
            Some(problem) if error.is_newer() => {
                format!("its journal is of a newer version of the relay: {problem}")
            }
            Some(problem) => format!("{DAMAGED}: {problem}"),
            None => Chain(error).to_string(),
        };
        let reason = match of {
            Some(shard) => {
                format!("not merged with upload {shard}, a shard of the same suite run: {reason}")
            }
            None => reason,
        };
        Self::because(error.is_retryable() || error.is_newer(), reason, attempt)
    }

    fn because(is_retryable: bool, reason: String, attempt: u32) -> Self {
        Self {
            next: next(AttemptEnd::Failed { is_retryable }, attempt),
            report: None,
            reason: Some(reason),
            shards_awaited: None,
        }
    }

    /// What is in Octane is not linked, and the suite run is not completed with it.
    pub(super) fn contradict(&mut self, contradiction: &Contradiction) {
        self.next = next(
            AttemptEnd::Failed {
                is_retryable: false,
            },
            1,
        );
        let message = contradiction.to_string();
        if let Some(Reported { report, .. }) = &mut self.report {
            if report.outcome == Outcome::Success {
                report.outcome = Outcome::Partial;
            }
            let problem = ReportedProblem::new("shard_mismatch", message.clone());
            report.problems.push(problem);
        }
        self.reason = Some(message);
    }

    pub(super) fn stopped() -> Self {
        Self {
            next: next(AttemptEnd::Stopped, 0),
            report: None,
            reason: None,
            shards_awaited: None,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.next.state == State::Stored
    }

    pub(super) fn into_end(self, journal: Option<Vec<u8>>) -> End {
        let Next { state, pause } = self.next;
        let report = self.report.map(|report| serde_json::to_string(&report));
        let mut reason = self.reason;
        let report = report.and_then(|written| {
            written
                .inspect_err(|error| reason = Some(error.to_string()))
                .ok()
        });
        End {
            journal,
            state,
            pause,
            shards_awaited: self.shards_awaited,
            report,
            reason,
        }
    }
}
