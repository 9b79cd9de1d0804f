//! What all batches of a plan have in common.

use std::collections::HashMap;
use std::sync::Arc;

use octane_results::PayloadWriter;

use super::batch::PlannedBatch;
use super::file_numbers::FileNumbers;
use super::nonce::nonce_comment;
use super::totals::PlanTotals;
use crate::facts::{FactsWriter, KnownRun};

/// Makes planned batches of runs that are rendered, one after the other.
#[derive(Debug)]
pub(super) struct Batching {
    pub(super) writer: Arc<PayloadWriter>,
    /// Sets all payloads of this upload apart from those of another one.
    nonce: Option<String>,
    pub(super) totals: PlanTotals,
    files: FileNumbers,
    /// How many times each payload has occurred so far.
    times: HashMap<Likeness, u32>,
    // Of the batch that is not complete:
    facts: FactsWriter,
    ends: crc32fast::Hasher,
    rows: i64,
    /// How many results each run stands for, if they are runs of features.
    pub(super) features: Vec<usize>,
    has_jira: bool,
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

impl Batching {
    pub(super) fn new(writer: Arc<PayloadWriter>, nonce: Option<String>) -> Self {
        Self {
            writer,
            nonce,
            totals: PlanTotals::default(),
            files: FileNumbers::default(),
            times: HashMap::new(),
            facts: FactsWriter::default(),
            ends: crc32fast::Hasher::new(),
            rows: 0,
            features: Vec::new(),
            has_jira: false,
        }
    }

    /// Adds a run to the next batch, in whose body it ends at `end`.
    pub(super) fn add(&mut self, run: &KnownRun<'_>, file: Option<&Arc<str>>, end: usize) {
        self.rows += 1;
        self.has_jira |= !run.jira.is_empty();
        let file = file.map(|file| self.files.number(file));
        self.facts.add(run, file, end);
        self.ends.update(&(end as u64).to_le_bytes());
    }

    /// Completes the next batch, of runs that stand for so many results.
    pub(super) fn complete(
        &mut self,
        number: usize,
        body: Vec<u8>,
        results: usize,
    ) -> PlannedBatch {
        let likeness = Likeness {
            body: crc32fast::hash(&body),
            bytes: body.len(),
            ends: std::mem::take(&mut self.ends).finalize(),
        };
        let times = self.times.entry(likeness).or_default();
        // Octane would ignore equal bytes, and the results in between would stay the last ones.
        let nonce = *times;
        *times += 1;
        let comment = nonce_comment(self.nonce.as_deref(), nonce);
        self.totals.batches += 1;
        let bytes = self.writer.envelope_bytes() + body.len() + comment.len();
        self.totals.bytes += bytes as u64;
        PlannedBatch {
            number,
            nonce,
            comment,
            body,
            rows: std::mem::take(&mut self.rows),
            results,
            features: std::mem::take(&mut self.features),
            facts: self.facts.finish(),
            has_jira: std::mem::take(&mut self.has_jira),
            files: self.files.take_new(),
            writer: Some(Arc::clone(&self.writer)),
        }
    }
}
