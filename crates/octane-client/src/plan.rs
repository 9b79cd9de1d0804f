//! What will be sent, worked out before anything is sent.

mod fitting;
mod key;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use octane_results::{
    Batches, Context, PayloadError, PayloadSettings, PayloadWriter, SuiteRef, TestRun, Unfit,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::report::{Counts, ReportedProblem};
use crate::{Destination, Target, UploadSettings};
use fitting::{Fitting, total};
pub(crate) use key::{RunKey, run_key};

/// What will be sent, a batch at a time: every payload, byte for byte, and what is needed to account for
/// each result.
///
/// Planning is pure: no network, no clock. The same results, target and settings give the same bytes on
/// every machine, so that Octane recognises a payload that it has had. It holds one batch at a time, so a
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
/// let sizes: Vec<usize> = plan.by_ref().map(|batch| batch.unwrap().rows()).collect();
/// assert_eq!(sizes, [2, 1]);
/// assert_eq!(plan.finish()?.counts.passed, 3);
/// # Ok::<(), octane_client::PlanError>(())
/// ```
#[derive(Debug)]
pub struct Plan<I> {
    batches: Batches<Fitting<I>, Arc<PayloadWriter>>,
    writer: Arc<PayloadWriter>,
    totals: Totals,
    /// How often each payload has come so far.
    times: HashMap<[u8; 32], usize>,
}

/// One batch of a [`Plan`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedBatch {
    /// Its number, counted from 1.
    pub number: usize,
    /// The payload's SHA-256 in hexadecimal.
    pub sha256: String,
    /// The runs, rendered.
    pub(crate) body: Vec<u8>,
    /// Where in the body each ends.
    pub(crate) ends: Vec<usize>,
    /// What it holds, in the payload's order.
    pub(crate) runs: Vec<TestRun>,
    payload: Vec<u8>,
}

/// What a plan came to, once all of it was worked out.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Totals {
    /// How many results there are, and how many texts were repaired.
    pub counts: Counts,
    /// In how many batches.
    pub batches: usize,
    /// How many bytes of payload that is, before compression.
    pub bytes: u64,
    /// What is worth saying about it.
    pub problems: Vec<ReportedProblem>,
    /// The different Jira keys that the results carry.
    pub jira_keys: BTreeSet<String>,
}

/// What a journal says about the whole upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) created: Timestamp,
    pub(crate) server: Server,
    pub(crate) destination: Destination,
    pub(crate) counts: Counts,
    pub(crate) skip_errors: bool,
    pub(crate) link: bool,
}

/// Where an upload goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) space: i64,
    pub(crate) workspace: i64,
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            url,
            space,
            workspace,
        } = self;
        write!(f, "{url} {space}/{workspace}")
    }
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Results that Octane would refuse, and that may not be repaired; all of them.
    #[error("{} results do not fit what the server takes; the first: {}", .0.len(), .0[0])]
    Unfit(Vec<Unfit>),
    /// Something that the payload's dialect cannot say, or must say and does not know.
    #[error("the payload cannot be written")]
    Payload(#[from] PayloadError),
}

impl<I: Iterator<Item = TestRun>> Plan<I> {
    /// Works out what will be sent to `target`; without one, payloads that name no suite, to look at or for
    /// somebody else to send.
    pub fn new(
        runs: impl IntoIterator<IntoIter = I>,
        target: Option<&Target>,
        settings: &UploadSettings,
    ) -> Result<Self, PlanError> {
        let mut writer = PayloadWriter::new(payload_settings(target, settings))?;
        if let Some(mark) = &settings.mark {
            writer = writer.marked(mark);
        }
        let writer = Arc::new(writer);
        let fitting = Fitting::new(runs.into_iter(), settings.clone(), Arc::clone(&writer));
        Ok(Self {
            batches: Batches::new(fitting, Arc::clone(&writer), settings.batch_limits),
            writer,
            totals: Totals::default(),
            times: HashMap::new(),
        })
    }

    /// What stands before the runs and behind them in every payload.
    pub(crate) fn frame(&self) -> (&[u8], &[u8]) {
        (self.writer.head(), self.writer.tail())
    }

    /// Works out what is left, and says what it all came to. Fails where results do not fit and may not be
    /// repaired.
    pub fn finish(mut self) -> Result<Totals, PlanError> {
        for batch in self.by_ref() {
            batch?;
        }
        let Fitting {
            counts,
            repaired,
            unfit,
            omitted,
            ..
        } = self.batches.input();
        if !unfit.is_empty() {
            return Err(PlanError::Unfit(unfit.clone()));
        }
        let mut totals = self.totals;
        totals.counts = *counts;
        if !repaired.is_empty() {
            totals.counts.repaired = total(*repaired);
            let problem = ReportedProblem::new("repaired", repaired.to_string());
            totals.problems.push(problem);
        }
        if !omitted.is_empty() {
            let names: Vec<_> = omitted.iter().copied().collect();
            let message = format!("the evidence payload cannot say: {}", names.join(", "));
            totals
                .problems
                .push(ReportedProblem::new("omitted", message));
        }
        Ok(totals)
    }
}

impl<I: Iterator<Item = TestRun>> Iterator for Plan<I> {
    type Item = Result<PlannedBatch, PlanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = match self.batches.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        let mut payload = self.writer.assemble(&batch.body);
        let mut digest = Sha256::digest(&payload);
        let times = self.times.entry(digest.into()).or_default();
        *times += 1;
        if *times > 1 {
            // Octane would ignore it, and the results before it would stay the last ones.
            let mark = format!("<!-- time {times} -->\n");
            batch.body.extend_from_slice(mark.as_bytes());
            if let Some(end) = batch.ends.last_mut() {
                *end += mark.len();
            }
            payload = self.writer.assemble(&batch.body);
            digest = Sha256::digest(&payload);
        }
        self.totals.batches += 1;
        self.totals.bytes += payload.len() as u64;
        let keys = batch.runs.iter().flat_map(|run| &run.jira);
        for key in keys {
            if !self.totals.jira_keys.contains(key) {
                self.totals.jira_keys.insert(key.clone());
            }
        }
        Some(Ok(PlannedBatch {
            number: batch.number,
            sha256: hexadecimal(&digest),
            body: batch.body,
            ends: batch.ends,
            runs: batch.runs,
            payload,
        }))
    }
}

impl PlannedBatch {
    /// How many results it holds.
    pub fn rows(&self) -> usize {
        self.runs.len()
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
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
