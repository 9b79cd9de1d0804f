//! What will be sent, worked out before anything is sent.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use octane_results::{
    Batches, Context, Dialect, Identity, PayloadError, PayloadSettings, PayloadWriter, Position,
    Repairs, Status, SuiteRef, TestRun, Unfit, repair,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::report::{Counts, ReportedProblem};
use crate::{Destination, Target, UploadSettings};

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
    pub(crate) rows: Vec<Row>,
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

/// What is remembered of a result after it has been written.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) identity: Identity,
    pub(crate) run_name: Option<String>,
    pub(crate) status: Status,
    pub(crate) started: Option<Timestamp>,
    pub(crate) duration: Duration,
    pub(crate) jira: Vec<String>,
    pub(crate) position: Option<Position>,
}

/// A digest of what makes a run the same run: module, package, class and name of the test, and the name of
/// the run (ALM test result collection tool, readme).
pub(crate) type RunKey = [u8; 16];

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
        let fitting = Fitting {
            runs: runs.into_iter(),
            settings: settings.clone(),
            writer: Arc::clone(&writer),
            counts: Counts::default(),
            repaired: Repairs::default(),
            unfit: Vec::new(),
            omitted: BTreeSet::new(),
        };
        Ok(Self {
            batches: Batches::new(fitting, Arc::clone(&writer), settings.batch_limits),
            writer,
            totals: Totals::default(),
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
        let batch = match self.batches.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        let payload = self.writer.assemble(&batch.body);
        self.totals.batches += 1;
        self.totals.bytes += payload.len() as u64;
        let rows: Vec<Row> = batch.runs.into_iter().map(Row::from).collect();
        let keys = rows.iter().flat_map(|row| &row.jira);
        for key in keys {
            if !self.totals.jira_keys.contains(key) {
                self.totals.jira_keys.insert(key.clone());
            }
        }
        Some(Ok(PlannedBatch {
            number: batch.number,
            sha256: hexadecimal(&Sha256::digest(&payload)),
            body: batch.body,
            ends: batch.ends,
            rows,
            payload,
        }))
    }
}

impl PlannedBatch {
    /// How many results it holds.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// The runs that fit what Octane takes, repaired where that is allowed.
#[derive(Debug)]
struct Fitting<I> {
    runs: I,
    settings: UploadSettings,
    writer: Arc<PayloadWriter>,
    counts: Counts,
    repaired: Repairs,
    unfit: Vec<Unfit>,
    omitted: BTreeSet<&'static str>,
}

impl<I: Iterator<Item = TestRun>> Iterator for Fitting<I> {
    type Item = TestRun;

    fn next(&mut self) -> Option<TestRun> {
        loop {
            let mut run = self.runs.next()?;
            count(&mut self.counts, run.status);
            if let Some(path) = &self.settings.suite_path {
                path.complete(&mut run.identity);
            }
            match repair(&mut run, &self.settings.repair) {
                Ok(repairs) => self.repaired += repairs,
                Err(error) => {
                    self.unfit.push(error);
                    continue;
                }
            }
            self.omitted.extend(self.writer.omits(&run));
            if self.settings.dialect == Dialect::Evidence {
                // It has no place for the run's own name, so Octane will know the run by its test's.
                run.run_name = None;
            }
            return Some(run);
        }
    }
}

impl Row {
    /// See [`RunKey`].
    pub(crate) fn key(&self) -> RunKey {
        run_key(&self.identity, self.run_name.as_deref())
    }
}

/// The key of a run of the test `identity`, whose name is that of the test where it has none.
pub(crate) fn run_key(identity: &Identity, run_name: Option<&str>) -> RunKey {
    let Identity {
        module,
        package,
        class,
        name,
    } = identity;
    let mut digest = Sha256::new();
    for text in [module, package, class, name, run_name.unwrap_or(name)] {
        // The length keeps neighbours apart.
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    let digest = digest.finalize();
    std::array::from_fn(|index| digest[index])
}

impl From<TestRun> for Row {
    fn from(run: TestRun) -> Self {
        let TestRun {
            identity,
            run_name,
            status,
            started,
            duration,
            jira,
            position,
            ..
        } = run;
        Self {
            identity,
            run_name,
            status,
            started,
            duration,
            jira,
            position,
        }
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

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
