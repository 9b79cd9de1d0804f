//! Whether a backlog item works, decided from the latest results of the tests that cover it alone.

use super::change::Shown;
use super::status::NativeStatus;

/// Whether a backlog item works; what comes first outweighs what follows.
///
/// | the latest results | verdict |
/// | --- | --- |
/// | no test covers it | not covered |
/// | one failed, or was not run after it had failed | failing |
/// | none was run | not tested |
/// | one was not run | incomplete |
/// | one passed only after it had failed | flaky |
/// | all passed | passing |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    NotCovered,
    Failing,
    NotTested,
    Incomplete,
    Flaky,
    Passing,
}

/// How many of the covering tests show what; a test with several environments counts once for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Results {
    pub(crate) passed: usize,
    pub(crate) flaky: usize,
    pub(crate) failed: usize,
    /// Failed first, and then another result of the same run followed that neither passed nor failed.
    pub(crate) unresolved: usize,
    /// Skipped, planned, or never run.
    pub(crate) not_run: usize,
}

impl Results {
    pub(crate) fn add(&mut self, status: Option<NativeStatus>, has_failed_before: bool) {
        let count = match Shown::of(status, has_failed_before) {
            Shown::Passed => &mut self.passed,
            Shown::NotRun => &mut self.not_run,
            Shown::Flaky if status == Some(NativeStatus::Passed) => &mut self.flaky,
            Shown::Flaky => &mut self.unresolved,
            Shown::Failed => &mut self.failed,
        };
        *count += 1;
    }

    pub(crate) fn total(&self) -> usize {
        self.passed + self.flaky + self.failed + self.unresolved + self.not_run
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let was_run = self.passed + self.flaky > 0;
        match self {
            _ if self.total() == 0 => Verdict::NotCovered,
            _ if self.failed + self.unresolved > 0 => Verdict::Failing,
            _ if !was_run => Verdict::NotTested,
            _ if self.not_run > 0 => Verdict::Incomplete,
            _ if self.flaky > 0 => Verdict::Flaky,
            _ => Verdict::Passing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_that_of_the_worst_test() {
        use NativeStatus::{Failed, Passed, Skipped};
        // Passed, flaky, failed, not run after a failure, not run.
        for (counts, expected) in [
            ([0, 0, 0, 0, 0], Verdict::NotCovered),
            ([9, 9, 1, 9, 9], Verdict::Failing),
            ([0, 0, 1, 0, 0], Verdict::Failing),
            ([5, 1, 0, 1, 1], Verdict::Failing),
            ([0, 0, 0, 1, 0], Verdict::Failing),
            ([0, 0, 0, 0, 2], Verdict::NotTested),
            ([5, 0, 0, 0, 1], Verdict::Incomplete),
            ([0, 1, 0, 0, 1], Verdict::Incomplete),
            ([5, 1, 0, 0, 0], Verdict::Flaky),
            ([5, 0, 0, 0, 0], Verdict::Passing),
        ] {
            let mut results = Results::default();
            let kinds = [
                (Passed, false),
                (Passed, true),
                (Failed, false),
                (Skipped, true),
                (Skipped, false),
            ];
            for ((status, has_failed_before), count) in kinds.into_iter().zip(counts) {
                (0..count).for_each(|_| results.add(Some(status), has_failed_before));
            }
            assert_eq!(results.total(), counts.iter().sum::<usize>());
            assert_eq!(results.verdict(), expected, "{counts:?}");
        }
    }
}
