//! A batch that is planned.

use std::sync::Arc;

use octane_results::PayloadWriter;
use sha2::{Digest, Sha256};

/// One batch of a [`Plan`](crate::Plan).
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
    /// What has rendered them; none if another program has, so that they are all of the payload.
    pub(super) writer: Option<Arc<PayloadWriter>>,
    /// How many runs there are.
    pub(crate) rows: i64,
    /// How many results those stand for.
    pub(super) results: usize,
    /// How many results each of them stands for, if they are runs of features; otherwise nothing.
    pub(crate) features: Vec<usize>,
    /// What is known of each, in the payload's order, as a [`FactsWriter`](crate::facts::FactsWriter) writes it.
    pub(crate) facts: Vec<u8>,
    /// Whether any of them carries a Jira key.
    pub(crate) has_jira: bool,
    /// The files that no earlier batch has results of, with their numbers.
    pub(crate) files: Vec<(i64, Arc<str>)>,
}

impl PlannedBatch {
    /// How many results it holds.
    pub fn results(&self) -> usize {
        self.results
    }

    /// The payload's SHA-256 in hexadecimal.
    pub fn sha256(&self) -> String {
        let digest = Sha256::new()
            .chain_update(self.prefix())
            .chain_update(&self.body)
            .chain_update(&self.comment)
            .chain_update(self.suffix())
            .finalize();
        hexadecimal(&digest)
    }

    /// The payload.
    pub fn payload(&self) -> Vec<u8> {
        let (prefix, suffix) = (self.prefix(), self.suffix());
        [prefix, &self.body, self.comment.as_bytes(), suffix].concat()
    }

    fn prefix(&self) -> &[u8] {
        self.writer.as_deref().map_or(&[], PayloadWriter::prefix)
    }

    fn suffix(&self) -> &[u8] {
        self.writer.as_deref().map_or(&[], PayloadWriter::suffix)
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
