//! What an attempt came to, before the store knows.

use std::time::Duration;

use octane_client::{
    CancellationToken, Comparison, DeliveryError, MergeError, Outcome, Report, ReportedProblem,
    UploadId, UploadState,
};
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

    /// An attempt with a report, over a journal that is this far now.
    pub(super) fn reported(
        mut report: Report,
        journal: UploadState,
        attempt: u32,
        stop: &CancellationToken,
    ) -> Self {
        // It is in a folder that no other process knows, and soon nowhere.
        report.journal = None;
        let end = if stop.is_cancelled() && report.outcome == Outcome::Interrupted {
            AttemptEnd::Stopped
        } else {
            AttemptEnd::Reported {
                outcome: report.outcome,
                is_resumable: is_worth_another(&report),
                journal,
            }
        };
        let reason = report.clone().into_result().err().map(|error| {
            // Whose reason it is, is known; and it is that of each of several shards.
            let text = error.to_string();
            let own = format!("upload {} ", report.upload_id);
            text.strip_prefix(&own).unwrap_or(&text).to_owned()
        });
        let first = report.problems.first();
        Self {
            next: next(end, attempt),
            reason: reason.map(|reason| match first {
                Some(problem) => format!("{reason}; {}", problem.message),
                None => reason,
            }),
            report: Some(Reported {
                report,
                comparison: None,
            }),
            shards_awaited: None,
        }
    }

    /// An attempt without a report.
    pub(super) fn undelivered(error: DeliveryError, attempt: u32) -> Self {
        match error {
            DeliveryError::Cancelled => Self::stopped(),
            DeliveryError::Journal(error) => Self::unusable(&error.into(), None, attempt),
            DeliveryError::Target(ref target) => {
                Self::failed(target.is_retryable(), &error, attempt)
            }
            _ => Self::failed(false, &error, attempt),
        }
    }

    /// A merge without a report, for this shard.
    pub(super) fn unmerged(error: MergeError, shard: &UploadId, attempt: u32) -> Self {
        match error {
            // Which journal it is, is not known.
            MergeError::Journal(error) => {
                let error = Unusable::from(error);
                match error.of_content() {
                    Some(problem) if !error.is_newer() => {
                        let reason = format!(
                            "not merged with the other shards: the journal of one of them is damaged: {problem}"
                        );
                        Self::because(error.is_retryable(), reason, attempt)
                    }
                    _ => Self::unusable(&error, None, attempt),
                }
            }
            MergeError::Delivery {
                source: DeliveryError::Cancelled,
                ..
            } => Self::stopped(),
            MergeError::Delivery {
                id,
                source: DeliveryError::Journal(error),
                ..
            } => {
                let other = Some(&id).filter(|id| *id != shard);
                Self::unusable(&error.into(), other, attempt)
            }
            MergeError::Delivery {
                source: DeliveryError::Target(ref target),
                ..
            } => Self::failed(target.is_retryable(), &error, attempt),
            _ => Self::failed(false, &error, attempt),
        }
    }

    /// Whether this end of a merge is also that of a shard that was in `before` when it began. One that was delivered stays so, unless
    /// the merge says for good what became of it.
    pub(super) fn ends_shard(&self, before: Option<State>) -> bool {
        let is_final = self.report.is_some() && !self.next.state.is_open();
        self.next.state != State::Stored && (is_final || before != Some(State::Delivered))
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

/// Whether another attempt may get further. Of merged shards those do not count of which Octane has rejected everything: an upload of its
/// own that ends like that is not tried again either.
fn is_worth_another(report: &Report) -> bool {
    match &report.shards {
        Some(shards) if shards.is_merged => {
            let mut open = shards.uploads.iter().filter(|shard| shard.is_resumable);
            open.any(|shard| shard.outcome != Outcome::Refused)
        }
        _ => report.is_resumable,
    }
}
