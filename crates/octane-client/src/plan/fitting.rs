//! Results that fit what Octane takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use octane_results::{Dialect, PayloadWriter, Repairs, Status, TestRun, Unfit, repair};

use crate::UploadSettings;
use crate::report::Counts;

/// The runs that fit what Octane takes, repaired where that is allowed.
#[derive(Debug)]
pub(super) struct Fitting<I> {
    runs: I,
    settings: UploadSettings,
    writer: Arc<PayloadWriter>,
    pub(super) counts: Counts,
    pub(super) repaired: Repairs,
    pub(super) unfit: Vec<Unfit>,
    pub(super) omitted: BTreeSet<&'static str>,
}

impl<I> Fitting<I> {
    pub(super) fn new(runs: I, settings: UploadSettings, writer: Arc<PayloadWriter>) -> Self {
        Self {
            runs,
            settings,
            writer,
            counts: Counts::default(),
            repaired: Repairs::default(),
            unfit: Vec::new(),
            omitted: BTreeSet::new(),
        }
    }
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

fn count(counts: &mut Counts, status: Status) {
    counts.read += 1;
    *match status {
        Status::Passed => &mut counts.passed,
        Status::Failed => &mut counts.failed,
        Status::Skipped => &mut counts.test_skipped,
        Status::Planned => &mut counts.planned,
    } += 1;
}

/// How many texts and links were repaired or dropped.
pub(super) fn total(repairs: Repairs) -> usize {
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
