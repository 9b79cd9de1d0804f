//! Results that are no longer needed, whose memory is used for later ones.

use crate::run::TestRun;

/// How many results are kept.
const SPARE_MAX: usize = 1024;

/// Results that are no longer needed.
#[derive(Debug, Default)]
#[expect(
    clippy::vec_box,
    reason = "results are handed on behind pointers, and these are the same ones"
)]
pub(crate) struct Spare(Vec<Box<TestRun>>);

impl Spare {
    /// Keeps a result for its memory.
    pub(crate) fn give(&mut self, run: Box<TestRun>) {
        if self.0.len() < SPARE_MAX {
            self.0.push(run);
        }
    }

    /// One of the results, as it was, or a new one.
    pub(crate) fn take(&mut self) -> Box<TestRun> {
        self.0.pop().unwrap_or_else(|| Box::new(TestRun::unnamed()))
    }
}
