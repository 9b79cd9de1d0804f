//! Results within Octane's limits.

use std::collections::BTreeSet;
use std::sync::Arc;

use octane_results::{Dialect, LimitExceeded, PayloadWriter, Repairs, Status, TestRun, repair};

use crate::report::Counts;
use crate::settings::UploadSettings;

/// The runs within Octane's limits, repaired where that is allowed.
#[derive(Debug)]
pub(super) struct Repairing<I> {
    runs: I,
    settings: UploadSettings,
    writer: Arc<PayloadWriter>,
    pub(super) counts: Counts,
    pub(super) repaired: Repairs,
    pub(super) over_limit: Vec<LimitExceeded>,
    pub(super) unsupported: BTreeSet<&'static str>,
}

impl<I> Repairing<I> {
    pub(super) fn new(runs: I, settings: UploadSettings, writer: Arc<PayloadWriter>) -> Self {
        Self {
            runs,
            settings,
            writer,
            counts: Counts::default(),
            repaired: Repairs::default(),
            over_limit: Vec::new(),
            unsupported: BTreeSet::new(),
        }
    }
}

impl<I: Iterator<Item = TestRun>> Iterator for Repairing<I> {
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
                    self.over_limit.push(error);
                    continue;
                }
            }
            self.unsupported
                .extend(self.writer.unsupported_fields(&run));
            if self.settings.dialect == Dialect::Evidence {
                // It has no field for the run's own name, so Octane will name the run after its test.
                run.run_name = None;
            }
            return Some(run);
        }
    }
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

/// How many texts and links were repaired or removed.
pub(super) fn total(repairs: Repairs) -> usize {
    let Repairs {
        texts_shortened,
        errors_truncated,
        texts_sanitized,
        empty_names_replaced,
        empty_texts_removed,
        ..
    } = repairs;
    let texts = texts_shortened
        + errors_truncated
        + texts_sanitized
        + empty_names_replaced
        + empty_texts_removed;
    let all = texts + repairs.links_removed + repairs.builds_removed;
    usize::try_from(all).unwrap_or(usize::MAX)
}
