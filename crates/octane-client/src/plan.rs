//! What will be sent, computed before anything is sent.

mod batch;
mod batching;
mod file_numbers;
mod nonce;
mod part;
mod parts;
mod payload_settings;
mod raw;
mod repairing;
mod single;
mod totals;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use octane_model::EntityId;
use octane_results::{Batches, PayloadWriter, TestRun};
use serde::{Deserialize, Serialize};

use crate::confirmed_by::ConfirmedBy;
use crate::facts::KnownRun;
use crate::report::Counts;
use crate::server::Server;
use crate::settings::UploadSettings;
use crate::shard::Shard;
use crate::target::{Target, TargetSpec};
pub use batch::PlannedBatch;
pub(crate) use batch::hexadecimal;
use batching::Batching;
pub(crate) use nonce::nonce_comment;
pub use part::{PartPlanner, PlanPart};
pub use parts::PartsPlan;
use payload_settings::payload_settings;
pub(crate) use raw::raw_batch;
use repairing::{Repairing, RunRepairs};
pub use single::SinglePayload;
pub use totals::{PlanError, PlanTotals};

/// What will be sent, a batch at a time: every payload, byte for byte, and what is needed to account for
/// each result.
///
/// Planning is pure: no network, no clock. The same results, target and settings give the same bytes on
/// every machine, so that Octane recognises a payload it has received before. It holds one batch at a time, so a
/// large upload needs no more memory than a small one.
///
/// ```
/// use octane_client::{Plan, UploadSettings};
/// use octane_results::{Status, TestRun};
///
/// let runs = (1..=3).map(|number| TestRun::new(format!("test {number}"), Status::Passed));
/// let mut settings = UploadSettings::default();
/// settings.batch_limits.runs_max = 2;
/// let mut plan = Plan::new(runs, None, &settings)?;
/// let sizes: Vec<usize> = plan.by_ref().map(|batch| batch.unwrap().results()).collect();
/// assert_eq!(sizes, [2, 1]);
/// assert_eq!(plan.finish()?.counts.passed, 3);
/// # Ok::<(), octane_client::PlanError>(())
/// ```
#[derive(Debug)]
pub struct Plan<I> {
    batches: Batches<Repairing<I>, Arc<PayloadWriter>>,
    batching: Batching,
}

/// What is before and after the runs of every payload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) prefix: &'a [u8],
    pub(crate) suffix: &'a [u8],
    pub(crate) nonce: Option<&'a str>,
}

/// What a journal holds about the whole upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) created: Timestamp,
    pub(crate) server: Server,
    pub(crate) target_spec: TargetSpec,
    pub(crate) counts: Counts,
    pub(crate) skip_errors: bool,
    pub(crate) link: bool,
    /// Whether links are removed that no Jira key stands for any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unlink_stale: Option<UnlinkStale>,
    /// Which part of a test run it is, unless it is all of it.
    #[serde(default)]
    pub(crate) shard: Option<Shard>,
    /// What confirms its results, if another program wrote the payload: its bytes are never changed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<ConfirmedBy>,
    /// Of the caller, who gets them back for a resume.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

/// What has to be known to remove links that no Jira key stands for any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnlinkStale {
    /// Whether something could not be read that may be a Jira key, or a result that carries one.
    pub(crate) has_unread: bool,
    /// The backlog items that the payloads themselves link to tests.
    pub(crate) linked_by_payload: BTreeSet<EntityId>,
}

impl<I: Iterator<Item = TestRun>> Plan<I> {
    /// Plans what will be sent to `target`; without one, payloads that name no suite, to look at or to send by other
    /// means.
    pub fn new(
        runs: impl IntoIterator<IntoIter = I>,
        target: Option<&Target>,
        settings: &UploadSettings,
    ) -> Result<Self, PlanError> {
        let writer = Arc::new(PayloadWriter::new(payload_settings(target, settings))?);
        let repairs = RunRepairs::new(Arc::new(settings.clone()), Arc::clone(&writer));
        let repairing = Repairing::new(runs.into_iter(), repairs);
        Ok(Self {
            batches: Batches::new(repairing, Arc::clone(&writer), settings.batch_limits),
            batching: Batching::new(writer, settings.nonce.clone()),
        })
    }

    /// Renders the runs, and knows what is before and after those of every payload.
    pub(crate) fn writer(&self) -> Arc<PayloadWriter> {
        Arc::clone(&self.batching.writer)
    }

    /// Plans what is left, and returns the totals. Fails if results exceed Octane's limits and may not be repaired.
    pub fn finish(mut self) -> Result<PlanTotals, PlanError> {
        for batch in self.by_ref() {
            batch?;
        }
        let mut totals = self.batching.totals;
        self.batches.input().repairs.add_to(&mut totals)?;
        Ok(totals)
    }
}

impl<I: Iterator<Item = TestRun>> Iterator for Plan<I> {
    type Item = Result<PlannedBatch, PlanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { batches, batching } = self;
        let mut results = 0;
        let batch = batches.next_rendered(|run, end| {
            results += run.results;
            let file = run.position.as_ref().map(|position| &position.file);
            batching.add(&KnownRun::of(&run), file, end);
            if run.feature.is_some() {
                batching.features.push(run.results);
            }
            for key in &run.jira {
                if !batching.totals.jira_keys.contains(key) {
                    batching.totals.jira_keys.insert(key.clone());
                }
            }
        })?;
        Some(match batch {
            Ok(batch) => Ok(batching.complete(batch.number, batch.body, results)),
            Err(error) => Err(error.into()),
        })
    }
}
