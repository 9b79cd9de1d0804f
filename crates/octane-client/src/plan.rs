//! What will be sent, computed before anything is sent.

mod nonce;
mod repairing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use octane_results::{
    Batches, Context, LimitExceeded, PayloadError, PayloadSettings, PayloadWriter, SuiteRef,
    TestRun,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::report::{Counts, ReportedProblem};
use crate::server::Server;
use crate::settings::UploadSettings;
use crate::target::{Target, TargetSpec};
pub(crate) use nonce::nonce_comment;
use octane_model::plural::plural;
use repairing::{Repairing, total};

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
    writer: Arc<PayloadWriter>,
    /// Sets all payloads of this upload apart from those of another one.
    nonce: Option<String>,
    totals: PlanTotals,
    /// How many times each payload has occurred so far.
    times: HashMap<[u8; 32], u32>,
}

/// One batch of a [`Plan`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedBatch {
    /// Its number, counted from 1.
    pub number: usize,
    /// The payload's SHA-256 in hexadecimal.
    pub sha256: String,
    /// How many equal payloads there were before it, and the comment that makes it differ from them.
    pub(crate) nonce: u32,
    pub(crate) comment: String,
    /// The runs, rendered.
    pub(crate) body: Vec<u8>,
    writer: Arc<PayloadWriter>,
    /// Where in the body each ends.
    pub(crate) ends: Vec<usize>,
    /// What it holds, in the payload's order.
    pub(crate) runs: Vec<TestRun>,
}

/// The totals of a plan, once all of it was computed.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PlanTotals {
    /// How many results there are, and how many texts were repaired.
    pub counts: Counts,
    /// In how many batches.
    pub batches: usize,
    /// How many bytes of payload that is, before compression.
    pub bytes: u64,
    /// What should be reported about it.
    pub problems: Vec<ReportedProblem>,
    /// The different Jira keys that the results carry.
    pub jira_keys: BTreeSet<String>,
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
    /// Of the caller, who gets them back for a resume.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Results that exceed Octane's limits and may not be repaired; all of them.
    #[error("{} {} Octane's limits; first: {}", plural(.0.len(), "result"), if .0.len() == 1 { "exceeds" } else { "exceed" }, .0[0])]
    LimitExceeded(Vec<LimitExceeded>),
    /// Something that the payload's dialect cannot express, or requires and does not get.
    #[error("cannot write the payload")]
    Payload(#[from] PayloadError),
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
        let repairing = Repairing::new(runs.into_iter(), settings.clone(), Arc::clone(&writer));
        Ok(Self {
            batches: Batches::new(repairing, Arc::clone(&writer), settings.batch_limits),
            writer,
            nonce: settings.nonce.clone(),
            totals: PlanTotals::default(),
            times: HashMap::new(),
        })
    }

    /// What is before and after the runs of every payload.
    pub(crate) fn envelope(&self) -> Envelope<'_> {
        Envelope {
            prefix: self.writer.prefix(),
            suffix: self.writer.suffix(),
            nonce: self.nonce.as_deref(),
        }
    }

    /// Plans what is left, and returns the totals. Fails if results exceed Octane's limits and may not be repaired.
    pub fn finish(mut self) -> Result<PlanTotals, PlanError> {
        for batch in self.by_ref() {
            batch?;
        }
        let Repairing {
            counts,
            repaired,
            over_limit,
            unsupported,
            flaky,
            ..
        } = self.batches.input();
        if !over_limit.is_empty() {
            return Err(PlanError::LimitExceeded(over_limit.clone()));
        }
        let mut totals = self.totals;
        totals.counts = *counts;
        totals.problems.extend_from_slice(flaky);
        if !repaired.is_empty() {
            totals.counts.repaired = total(*repaired);
            let problem = ReportedProblem::new("repaired", repaired.to_string());
            totals.problems.push(problem);
        }
        if !unsupported.is_empty() {
            let names: Vec<_> = unsupported.iter().copied().collect();
            let message = format!("the evidence format has no field for: {}", names.join(", "));
            totals
                .problems
                .push(ReportedProblem::new("unsupported", message));
        }
        Ok(totals)
    }
}

impl<I: Iterator<Item = TestRun>> Iterator for Plan<I> {
    type Item = Result<PlannedBatch, PlanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.batches.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        let mut digest = self.digest(&batch.body, "");
        let times = self.times.entry(digest.into()).or_default();
        // Octane would ignore equal bytes, and the results in between would stay the last ones.
        let nonce = *times;
        *times += 1;
        let comment = nonce_comment(self.nonce.as_deref(), nonce);
        if !comment.is_empty() {
            digest = self.digest(&batch.body, &comment);
        }
        self.totals.batches += 1;
        let bytes = self.writer.envelope_bytes() + batch.body.len() + comment.len();
        self.totals.bytes += bytes as u64;
        self.add_keys(&batch.runs);
        Some(Ok(PlannedBatch {
            number: batch.number,
            sha256: hexadecimal(&digest),
            nonce,
            comment,
            body: batch.body,
            ends: batch.ends,
            runs: batch.runs,
            writer: Arc::clone(&self.writer),
        }))
    }
}

impl<I: Iterator<Item = TestRun>> Plan<I> {
    /// A single payload with all results, in pieces that are the payload one after the other; [`Self::finish`] then
    /// returns the totals.
    ///
    /// ```
    /// use octane_client::{Plan, UploadSettings};
    /// use octane_results::{Status, TestRun};
    ///
    /// let runs = (1..=3).map(|number| TestRun::new(format!("test {number}"), Status::Passed));
    /// let mut plan = Plan::new(runs, None, &UploadSettings::default())?;
    /// let payload = plan.pieces().collect::<Result<Vec<_>, _>>()?.concat();
    /// assert!(octane_results::check(&payload).is_ok());
    /// assert_eq!(plan.finish()?.batches, 1);
    /// # Ok::<(), octane_client::PlanError>(())
    /// ```
    pub fn pieces(&mut self) -> impl Iterator<Item = Result<Vec<u8>, PlanError>> {
        let writer = Arc::clone(&self.writer);
        self.totals.batches = 1;
        self.totals.bytes = writer.envelope_bytes() as u64;
        let prefix = std::iter::once(Ok(writer.prefix().to_vec()));
        let suffix = std::iter::once_with(move || Ok(writer.suffix().to_vec()));
        let bodies = std::iter::from_fn(|| {
            let batch = match self.batches.next()? {
                Ok(batch) => batch,
                Err(error) => return Some(Err(error.into())),
            };
            self.totals.bytes += batch.body.len() as u64;
            self.add_keys(&batch.runs);
            Some(Ok(batch.body))
        });
        prefix.chain(bodies).chain(suffix)
    }
}

impl<I> Plan<I> {
    /// The digest of the payload with this body.
    fn digest(&self, body: &[u8], comment: &str) -> sha2::digest::Output<Sha256> {
        Sha256::new()
            .chain_update(self.writer.prefix())
            .chain_update(body)
            .chain_update(comment)
            .chain_update(self.writer.suffix())
            .finalize()
    }

    fn add_keys(&mut self, runs: &[TestRun]) {
        for key in runs.iter().flat_map(|run| &run.jira) {
            if !self.totals.jira_keys.contains(key) {
                self.totals.jira_keys.insert(key.clone());
            }
        }
    }
}

impl PlannedBatch {
    /// How many results it holds.
    pub fn results(&self) -> usize {
        self.runs.len()
    }

    /// The payload.
    pub fn payload(&self) -> Vec<u8> {
        let (prefix, suffix) = (self.writer.prefix(), self.writer.suffix());
        [prefix, &self.body, self.comment.as_bytes(), suffix].concat()
    }
}

fn payload_settings(target: Option<&Target>, settings: &UploadSettings) -> PayloadSettings {
    let mut context: Context = settings.context.clone();
    if let Some(target) = target {
        context.suite = Some(SuiteRef::new(target.suite.id, &target.suite_run));
        if let Some(module) = &target.module
            && !context.product_areas.contains(&module.id)
        {
            context.product_areas.insert(0, module.id);
        }
    }
    let mut payload = PayloadSettings::new(settings.dialect, context);
    payload
        .testing_tool_type
        .clone_from(&settings.testing_tool_type);
    payload
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
