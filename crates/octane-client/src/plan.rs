//! What will be sent, worked out before anything is sent.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use jiff::Timestamp;
use octane_model::SuiteId;
use octane_results::{
    Batches, Context, Identity, PayloadError, PayloadSettings, PayloadWriter, Position, Repairs,
    Status, SuiteRef, TestRun, Unfit, repair,
};
use sha2::{Digest, Sha256};

use crate::report::{Counts, ReportedProblem};
use crate::{Target, UploadSettings};

/// What will be sent: every payload, byte for byte, and what is needed to account for each result.
///
/// Planning is pure: no network, no clock. The same results, target and settings give the same bytes on
/// every machine, so that Octane recognises a payload that it has had.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) target: Target,
    pub(crate) batches: Vec<PlannedBatch>,
    pub(crate) counts: Counts,
    pub(crate) problems: Vec<ReportedProblem>,
}

/// One batch of a [`Plan`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedBatch {
    /// Its number, counted from 1.
    pub number: usize,
    /// The payload.
    pub payload: Bytes,
    /// The payload's SHA-256 in hexadecimal.
    pub sha256: String,
    /// What it holds, in the payload's order.
    pub(crate) rows: Vec<Row>,
    /// Whether it repeats a test of an earlier batch, so that Octane has to get it after that one: the
    /// later result is the current one.
    pub(crate) follows: bool,
}

/// What is remembered of a result after it has been written.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) identity: Identity,
    pub(crate) run_name: Option<String>,
    pub(crate) status: Status,
    pub(crate) started: Option<Timestamp>,
    pub(crate) jira: Vec<String>,
    pub(crate) position: Option<Position>,
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

impl Plan {
    /// Works out what will be sent.
    pub fn new(
        runs: impl IntoIterator<Item = TestRun>,
        target: Target,
        settings: &UploadSettings,
    ) -> Result<Self, PlanError> {
        let writer = PayloadWriter::new(payload_settings(&target, settings))?;
        Self::write(runs, target, settings, &writer)
    }

    /// Works out payloads that name no suite: to look at, or for somebody else to send.
    pub fn without_target(
        runs: impl IntoIterator<Item = TestRun>,
        settings: &UploadSettings,
    ) -> Result<Self, PlanError> {
        let mut payload = PayloadSettings::new(settings.dialect, settings.context.clone());
        payload
            .testing_tool_type
            .clone_from(&settings.testing_tool_type);
        let writer = PayloadWriter::new(payload)?;
        Self::write(runs, Target::new(SuiteId::new(0), ""), settings, &writer)
    }

    fn write(
        runs: impl IntoIterator<Item = TestRun>,
        target: Target,
        settings: &UploadSettings,
        writer: &PayloadWriter,
    ) -> Result<Self, PlanError> {
        let mut counts = Counts::default();
        let mut repaired = Repairs::default();
        let mut unfit = Vec::new();
        let mut omitted: HashSet<&'static str> = HashSet::new();
        let fitting = runs.into_iter().filter_map(|mut run| {
            count(&mut counts, run.status);
            if let Some(path) = &settings.suite_path {
                path.complete(&mut run.identity);
            }
            match repair(&mut run, &settings.repair) {
                Ok(repairs) => repaired += repairs,
                Err(error) => {
                    unfit.push(error);
                    return None;
                }
            }
            omitted.extend(writer.omits(&run));
            Some(run)
        });
        let mut batches = Vec::new();
        let mut seen = HashSet::new();
        for batch in Batches::new(fitting, writer, settings.batch_limits) {
            let batch = batch?;
            let payload = Bytes::from(writer.assemble(&batch.body));
            let rows: Vec<Row> = batch.runs.into_iter().map(Row::from).collect();
            // Within a batch the payload's order decides; only a repetition across batches has to wait.
            let keys: Vec<u64> = rows.iter().map(Row::digest).collect();
            let follows = keys.iter().any(|key| seen.contains(key));
            seen.extend(keys);
            let sha256 = hexadecimal(&Sha256::digest(&payload));
            batches.push(PlannedBatch {
                number: batch.number,
                payload,
                sha256,
                rows,
                follows,
            });
        }
        if !unfit.is_empty() {
            return Err(PlanError::Unfit(unfit));
        }
        let mut problems = Vec::new();
        if !repaired.is_empty() {
            counts.repaired = total(repaired);
            problems.push(ReportedProblem::new("repaired", repaired.to_string()));
        }
        if !omitted.is_empty() {
            let mut names: Vec<_> = omitted.into_iter().collect();
            names.sort_unstable();
            let message = format!("the evidence payload cannot say: {}", names.join(", "));
            problems.push(ReportedProblem::new("omitted", message));
        }
        Ok(Self {
            target,
            batches,
            counts,
            problems,
        })
    }

    /// The batches, in order.
    pub fn batches(&self) -> &[PlannedBatch] {
        &self.batches
    }

    /// How many results will be sent.
    pub fn results(&self) -> usize {
        self.counts.read
    }

    /// How many texts were changed so that Octane takes them.
    pub fn repaired(&self) -> usize {
        self.counts.repaired
    }

    /// The different Jira keys that the results carry.
    pub fn jira_keys(&self) -> std::collections::BTreeSet<&str> {
        let rows = self.batches.iter().flat_map(|batch| &batch.rows);
        rows.flat_map(|row| row.jira.iter().map(String::as_str))
            .collect()
    }

    /// How many bytes of payload there are, before compression.
    pub fn bytes(&self) -> u64 {
        self.batches
            .iter()
            .map(|batch| batch.payload.len() as u64)
            .sum()
    }

    /// Counts results that were read and left out because they cannot be used.
    pub fn skipped(
        mut self,
        problems: impl IntoIterator<Item = ReportedProblem>,
        rows: usize,
    ) -> Self {
        self.counts.read += rows;
        self.counts.skipped += rows;
        self.problems.extend(problems);
        self
    }
}

impl PlannedBatch {
    /// How many results it holds.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

impl Row {
    /// The name that Octane gives the run.
    pub(crate) fn run_name(&self) -> &str {
        self.run_name.as_deref().unwrap_or(&self.identity.name)
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.identity, self.run_name()).hash(&mut hasher);
        hasher.finish()
    }
}

impl From<TestRun> for Row {
    fn from(run: TestRun) -> Self {
        let TestRun {
            identity,
            run_name,
            status,
            started,
            jira,
            position,
            ..
        } = run;
        Self {
            identity,
            run_name,
            status,
            started,
            jira,
            position,
        }
    }
}

fn payload_settings(target: &Target, settings: &UploadSettings) -> PayloadSettings {
    let mut context: Context = settings.context.clone();
    context.suite = Some(SuiteRef::new(target.suite.id, &target.suite_run));
    if let Some(module) = &target.module
        && !context.product_areas.contains(&module.id)
    {
        context.product_areas.insert(0, module.id);
    }
    let mut payload = PayloadSettings::new(settings.dialect, context);
    payload
        .testing_tool_type
        .clone_from(&settings.testing_tool_type);
    payload
}

fn count(counts: &mut Counts, status: Status) {
    counts.read += 1;
    *match status {
        Status::Passed => &mut counts.passed,
        Status::Failed => &mut counts.failed,
        Status::Skipped => &mut counts.test_skipped,
        Status::Planned => &mut counts.planned,
    } += 1;
}

fn total(repairs: Repairs) -> usize {
    let Repairs {
        texts_shortened,
        errors_cut,
        texts_cleaned,
        names_filled,
        blanks_dropped,
        ..
    } = repairs;
    let texts = texts_shortened + errors_cut + texts_cleaned + names_filled + blanks_dropped;
    let all = texts + repairs.links_dropped + repairs.builds_dropped;
    usize::try_from(all).unwrap_or(usize::MAX)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
