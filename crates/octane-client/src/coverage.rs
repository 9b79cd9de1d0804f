//! Which tests cover which stories, and what their results say of each story: the rows of a traceability matrix.

use std::collections::BTreeMap;

use crate::journal::{Journal, JournalError};

/// How many tests of a story are named.
const NAMED_MAX: usize = 20;

/// What the results of a test say, or those of all tests of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CoverageState {
    /// A test failed.
    Failed,
    /// A result is not in Octane: it was rejected, or is pending.
    NotInOctane,
    /// A test failed, and passed in another attempt.
    Flaky,
    /// No test ran.
    NotRun,
    /// Tests passed, and others did not run. Of stories only.
    PartlyRun,
    /// Every test passed.
    Passed,
}

/// A run of a test that carries a Jira key: what its results say.
#[derive(Debug, Clone)]
pub(crate) struct CoveringRun {
    pub(crate) test: String,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// How many results are not in Octane.
    pub(crate) missing: usize,
}

/// What the results of one test say. The first row that applies decides.
///
/// | results of the test | state |
/// | --- | --- |
/// | some failed, none passed | failed |
/// | some are not in Octane | not in Octane |
/// | some failed | flaky |
/// | some passed | passed |
/// | others | not run |
fn state_of_test(run: &CoveringRun) -> CoverageState {
    match run {
        CoveringRun {
            passed: 0,
            failed: 1..,
            ..
        } => CoverageState::Failed,
        CoveringRun { missing: 1.., .. } => CoverageState::NotInOctane,
        CoveringRun { failed: 1.., .. } => CoverageState::Flaky,
        CoveringRun { passed: 1.., .. } => CoverageState::Passed,
        _ => CoverageState::NotRun,
    }
}

/// The tests that carry a Jira key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredKey {
    /// The Jira key.
    pub key: String,
    /// How many tests are in which state.
    pub tests: BTreeMap<CoverageState, usize>,
    /// The first twenty of them, the worst first: the test, with the name of its run where that is another one.
    pub named: Vec<(CoverageState, String)>,
}

impl CoveredKey {
    /// What the tests say of the story. The first row that applies decides.
    ///
    /// | tests of the story | state |
    /// | --- | --- |
    /// | one failed | failed |
    /// | one is not in Octane | not in Octane |
    /// | one is flaky | flaky |
    /// | none passed | not run |
    /// | one did not run | partly run |
    /// | all passed | passed |
    pub fn state(&self) -> CoverageState {
        let has = |state| self.tests.contains_key(&state);
        let worst = [
            CoverageState::Failed,
            CoverageState::NotInOctane,
            CoverageState::Flaky,
        ];
        if let Some(worst) = worst.into_iter().find(|state| has(*state)) {
            worst
        } else if !has(CoverageState::Passed) {
            CoverageState::NotRun
        } else if has(CoverageState::NotRun) {
            CoverageState::PartlyRun
        } else {
            CoverageState::Passed
        }
    }

    /// How many tests there are.
    pub fn total(&self) -> usize {
        self.tests.values().sum()
    }

    fn add(&mut self, run: CoveringRun) {
        let state = state_of_test(&run);
        *self.tests.entry(state).or_default() += 1;
        let place = self.named.partition_point(|(other, _)| *other <= state);
        if place < NAMED_MAX {
            self.named.insert(place, (state, run.test));
            self.named.truncate(NAMED_MAX);
        }
    }
}

/// The Jira keys of the results of one upload, or of the shards of one, with the tests that carry them, by key. A test with results in
/// several shards is one test. Blocks the calling
/// thread; memory use depends on the number of keys, not of results.
pub fn coverage(journals: &[Journal]) -> Result<Vec<CoveredKey>, JournalError> {
    let mut keys: BTreeMap<String, CoveredKey> = BTreeMap::new();
    Journal::visit_covering_runs(journals, |key, run| {
        let covered = keys.entry(key.to_owned()).or_insert_with(|| CoveredKey {
            key: key.to_owned(),
            tests: BTreeMap::new(),
            named: Vec::new(),
        });
        covered.add(run);
    })?;
    Ok(keys.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(test: &str, passed: usize, failed: usize, missing: usize) -> CoveringRun {
        CoveringRun {
            test: test.to_owned(),
            passed,
            failed,
            missing,
        }
    }

    #[test]
    fn each_row_of_the_table_of_tests_holds() {
        for (passed, failed, missing, state) in [
            (0, 1, 0, CoverageState::Failed),
            (0, 2, 2, CoverageState::Failed),
            (1, 0, 1, CoverageState::NotInOctane),
            (0, 0, 1, CoverageState::NotInOctane),
            (1, 1, 1, CoverageState::NotInOctane),
            (1, 1, 0, CoverageState::Flaky),
            (2, 0, 0, CoverageState::Passed),
            (0, 0, 0, CoverageState::NotRun),
        ] {
            let found = state_of_test(&run("t", passed, failed, missing));
            assert_eq!(found, state, "{passed} {failed} {missing}");
        }
    }

    fn story(runs: impl IntoIterator<Item = CoveringRun>) -> CoveredKey {
        let mut key = CoveredKey {
            key: "SHOP-1".to_owned(),
            tests: BTreeMap::new(),
            named: Vec::new(),
        };
        for run in runs {
            key.add(run);
        }
        key
    }

    #[test]
    fn each_row_of_the_table_of_stories_holds() {
        let (passed, failed) = (|| run("p", 1, 0, 0), || run("f", 0, 1, 0));
        let (flaky, missing, skipped) = (
            || run("k", 1, 1, 0),
            || run("m", 1, 0, 1),
            || run("s", 0, 0, 0),
        );
        let all = [passed(), flaky(), missing(), skipped(), failed()];
        assert_eq!(story(all).state(), CoverageState::Failed);
        let without_failed = [passed(), flaky(), missing(), skipped()];
        assert_eq!(story(without_failed).state(), CoverageState::NotInOctane);
        assert_eq!(
            story([passed(), flaky(), skipped()]).state(),
            CoverageState::Flaky
        );
        assert_eq!(story([skipped()]).state(), CoverageState::NotRun);
        assert_eq!(
            story([passed(), skipped()]).state(),
            CoverageState::PartlyRun
        );
        assert_eq!(story([passed(), passed()]).state(), CoverageState::Passed);
    }

    #[test]
    fn the_worst_tests_are_named_and_all_are_counted() {
        let passed = (0..30).map(|n| run(&format!("p{n}"), 1, 0, 0));
        let failed = [run("f1", 0, 1, 0), run("f2", 0, 1, 0)];
        let story = story(passed.chain(failed));
        assert_eq!(story.total(), 32);
        assert_eq!(story.named.len(), NAMED_MAX);
        let first: Vec<&str> = story.named[..3].iter().map(|(_, name)| &**name).collect();
        assert_eq!(first, ["f1", "f2", "p0"]);
    }
}
