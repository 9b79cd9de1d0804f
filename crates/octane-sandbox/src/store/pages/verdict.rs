//! Whether a backlog item works, decided from the latest results of the tests that cover it alone.

use super::change::Shown;

/// Whether a backlog item works; what comes first outweighs what follows.
///
/// | the latest results | verdict |
/// | --- | --- |
/// | no test covers it | not covered |
/// | one failed | failing |
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
    /// Skipped, planned, or never run.
    pub(crate) not_run: usize,
}

impl Results {
    pub(crate) fn add(&mut self, shown: Shown) {
        let count = match shown {
            Shown::Passed => &mut self.passed,
            Shown::NotRun => &mut self.not_run,
            Shown::Flaky => &mut self.flaky,
            Shown::Failed => &mut self.failed,
        };
        *count += 1;
    }

    pub(crate) fn total(&self) -> usize {
        self.passed + self.flaky + self.failed + self.not_run
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let was_run = self.passed + self.flaky > 0;
        match self {
            _ if self.total() == 0 => Verdict::NotCovered,
            _ if self.failed > 0 => Verdict::Failing,
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
        // Passed, flaky, failed, not run.
        for (counts, expected) in [
            ([0, 0, 0, 0], Verdict::NotCovered),
            ([9, 9, 1, 9], Verdict::Failing),
            ([0, 0, 1, 0], Verdict::Failing),
            ([0, 0, 0, 2], Verdict::NotTested),
            ([5, 0, 0, 1], Verdict::Incomplete),
            ([0, 1, 0, 1], Verdict::Incomplete),
            ([5, 1, 0, 0], Verdict::Flaky),
            ([5, 0, 0, 0], Verdict::Passing),
        ] {
            let mut results = Results::default();
            let shown = [Shown::Passed, Shown::Flaky, Shown::Failed, Shown::NotRun];
            for (shown, count) in shown.into_iter().zip(counts) {
                (0..count).for_each(|_| results.add(shown));
            }
            assert_eq!(results.verdict(), expected, "{counts:?}");
        }
    }
}
