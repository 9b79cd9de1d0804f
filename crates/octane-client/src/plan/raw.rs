//! The one batch of a payload that another program wrote.

use octane_results::TestRun;

use super::batch::PlannedBatch;
use crate::facts::{FactsWriter, KnownRun};

/// All of a payload as a batch, with what is known of its runs. It is not known which bytes belong to which of them, so that all of them end
/// where the payload ends.
pub(crate) fn raw_batch(xml: &[u8], runs: &[TestRun]) -> PlannedBatch {
    let mut facts = FactsWriter::default();
    for run in runs {
        facts.add(&KnownRun::without_jira(run), None, xml.len());
    }
    PlannedBatch {
        number: 1,
        nonce: 0,
        comment: String::new(),
        body: xml.to_vec(),
        writer: None,
        rows: i64::try_from(runs.len()).unwrap_or(i64::MAX),
        results: runs.len(),
        features: Vec::new(),
        facts: facts.finish(),
        has_jira: false,
        files: Vec::new(),
    }
}
