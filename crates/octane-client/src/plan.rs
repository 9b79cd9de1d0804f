//! What will be sent, computed before anything is sent.

mod file_numbers;
mod nonce;
mod payload_settings;
mod repairing;
mod single;
mod totals;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use octane_results::{Batches, GherkinUnit, PayloadWriter, TestRun};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::facts::FactsWriter;
use crate::report::Counts;
use crate::server::Server;
use crate::settings::UploadSettings;
use crate::shard::Shard;
use crate::target::{Target, TargetSpec};
use file_numbers::FileNumbers;
pub(crate) use nonce::nonce_comment;
use payload_settings::payload_settings;
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
    writer: Arc<PayloadWriter>,
    /// Sets all payloads of this upload apart from those of another one.
    nonce: Option<String>,
    totals: PlanTotals,
    facts: FactsWriter,
    files: FileNumbers,
    /// How many times each payload has occurred so far.
    times: HashMap<Likeness, u32>,
}

/// One batch of a [`Plan`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedBatch {
    /// Its number, counted from 1.
    pub number: usize,
    /// How many equal payloads there were before it, and the comment that makes it differ from them.
    pub(crate) nonce: u32,
    pub(crate) comment: String,
    /// The runs, rendered.
    pub(crate) body: Vec<u8>,
    writer: Arc<PayloadWriter>,
    /// How many runs there are.
    pub(crate) rows: i64,
    /// How many results those stand for.
    results: usize,
    /// What is known of each, in the payload's order, as a [`FactsWriter`] writes it.
    pub(crate) facts: Vec<u8>,
    /// Whether any of them carries a Jira key.
    pub(crate) has_jira: bool,
    /// The files that no earlier batch has results of, with their numbers.
    pub(crate) files: Vec<(i64, Arc<str>)>,
}

/// What equal bodies have in common, and others most probably not. Bodies that are taken for equal by mistake get a comment that they
/// do not need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Likeness {
    /// A checksum.
    body: u32,
    bytes: usize,
    /// A checksum of where the runs end.
    ends: u32,
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
    /// Which part of a test run it is, unless it is all of it.
    #[serde(default)]
    pub(crate) shard: Option<Shard>,
    /// Of the caller, who gets them back for a resume.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
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
            writer,
            nonce: settings.nonce.clone(),
            totals: PlanTotals::default(),
            facts: FactsWriter::default(),
            files: FileNumbers::default(),
            times: HashMap::new(),
        })
    }

    /// Sets what scenarios of Cucumber become; by default each is a test of its own. Runs of features are in batches of their own,
    /// after all others, and are kept until all results are known.
    ///
    /// An upload cannot be planned with features yet: its journal accounts for one run of each result.
    #[must_use]
    pub fn gherkin(mut self, unit: GherkinUnit) -> Self {
        self.batches.input_mut().repairs.set_gherkin(unit);
        self
    }

    /// Renders the runs, and knows what is before and after those of every payload.
    pub(crate) fn writer(&self) -> Arc<PayloadWriter> {
        Arc::clone(&self.writer)
    }

    /// Plans what is left, and returns the totals. Fails if results exceed Octane's limits and may not be repaired.
    pub fn finish(mut self) -> Result<PlanTotals, PlanError> {
        for batch in self.by_ref() {
            batch?;
        }
        let mut totals = self.totals;
        self.batches.input().repairs.add_to(&mut totals)?;
        Ok(totals)
    }
}

impl<I: Iterator<Item = TestRun>> Iterator for Plan<I> {
    type Item = Result<PlannedBatch, PlanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self {
            batches,
            facts,
            files,
            totals,
            ..
        } = self;
        let (mut rows, mut results, mut has_jira) = (0, 0, false);
        let mut ends = crc32fast::Hasher::new();
        let batch = batches.next_rendered(|run, end| {
            rows += 1;
            results += run.results;
            let file = run.position.as_ref();
            let file = file.map(|position| files.number(&position.file));
            facts.add(&run, file, end);
            ends.update(&(end as u64).to_le_bytes());
            for key in &run.jira {
                has_jira = true;
                if !totals.jira_keys.contains(key) {
                    totals.jira_keys.insert(key.clone());
                }
            }
        })?;
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        let likeness = Likeness {
            body: crc32fast::hash(&batch.body),
            bytes: batch.body.len(),
            ends: ends.finalize(),
        };
        let facts = facts.finish();
        let times = self.times.entry(likeness).or_default();
        // Octane would ignore equal bytes, and the results in between would stay the last ones.
        let nonce = *times;
        *times += 1;
        let comment = nonce_comment(self.nonce.as_deref(), nonce);
        self.totals.batches += 1;
        let bytes = self.writer.envelope_bytes() + batch.body.len() + comment.len();
        self.totals.bytes += bytes as u64;
        Some(Ok(PlannedBatch {
            number: batch.number,
            nonce,
            comment,
            body: batch.body,
            rows,
            results,
            facts,
            has_jira,
            files: self.files.take_new(),
            writer: Arc::clone(&self.writer),
        }))
    }
}

impl PlannedBatch {
    /// How many results it holds.
    pub fn results(&self) -> usize {
        self.results
    }

    /// The payload's SHA-256 in hexadecimal.
    pub fn sha256(&self) -> String {
        let digest = Sha256::new()
            .chain_update(self.writer.prefix())
            .chain_update(&self.body)
            .chain_update(&self.comment)
            .chain_update(self.writer.suffix())
            .finalize();
        hexadecimal(&digest)
    }

    /// The payload.
    pub fn payload(&self) -> Vec<u8> {
        let (prefix, suffix) = (self.writer.prefix(), self.writer.suffix());
        [prefix, &self.body, self.comment.as_bytes(), suffix].concat()
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
