//! Octane's classes of problematic tests, decided from the history of a test alone.
//!
//! | class | history |
//! | --- | --- |
//! | continuously failing | each of the last 8 runs failed |
//! | continuously skipped | each of the last 8 runs was skipped |
//! | oscillating | among the last 8 runs there are at least 4 changes between passed and failed |
//! | regression | the last run or runs failed, and at least 2 passed right before |
//! | unstable | among the last 50 runs there are at least 5 lone failures: the run before and the run after passed, as far as there are any |
//!
//! A test may be of several classes. A run that is unknown is neither passed nor failed nor skipped, and a history that is too short
//! for a class is not of that class.

use serde::Serialize;

/// How many runs decide whether a test fails, is skipped or changes all the time.
const RECENT: usize = 8;

/// How many runs decide whether a test is unstable.
const LONG: usize = 50;

/// How many changes in the recent runs an oscillating test has.
const CHANGES_MIN: usize = 4;

/// How many passed runs there are before a regression.
const PASSED_MIN: usize = 2;

/// How many lone failures an unstable test has.
const LONE_FAILURES_MIN: usize = 5;

/// A class of problematic tests, as Octane defines it; see the rules in `docs/ci.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemClass {
    /// Each of the last 8 runs failed.
    ContinuouslyFailing,
    /// Each of the last 8 runs was skipped.
    ContinuouslySkipped,
    /// At least 4 changes between passed and failed in the last 8 runs.
    Oscillating,
    /// Failed after at least 2 runs that passed.
    Regression,
    /// At least 5 lone failures in the last 50 runs.
    Unstable,
}

impl ProblemClass {
    const ALL: [Self; 5] = [
        Self::ContinuouslyFailing,
        Self::ContinuouslySkipped,
        Self::Oscillating,
        Self::Regression,
        Self::Unstable,
    ];

    /// How many runs have to be known to tell.
    pub(crate) fn runs(self) -> usize {
        match self {
            Self::Unstable => LONG,
            _ => RECENT,
        }
    }

    /// The words for people, such as `continuously failing`.
    pub fn words(self) -> &'static str {
        match self {
            Self::ContinuouslyFailing => "continuously failing",
            Self::ContinuouslySkipped => "continuously skipped",
            Self::Oscillating => "oscillating",
            Self::Regression => "regression",
            Self::Unstable => "unstable",
        }
    }

    /// Whether a test with this history, newest run first, is of the class; see the [table](self).
    fn is_of(self, history: &[Ran]) -> bool {
        let recent = &history[..history.len().min(RECENT)];
        let is_each = |wanted| recent.len() == RECENT && recent.iter().all(|run| *run == wanted);
        match self {
            Self::ContinuouslyFailing => is_each(Ran::Failed),
            Self::ContinuouslySkipped => is_each(Ran::Skipped),
            Self::Oscillating => recent.len() == RECENT && changes(recent) >= CHANGES_MIN,
            Self::Regression => {
                let failed = history.iter().take_while(|run| **run == Ran::Failed);
                let failed = failed.count();
                let before = &history[failed..];
                let passed = before.iter().take_while(|run| **run == Ran::Passed);
                failed > 0 && passed.count() >= PASSED_MIN
            }
            Self::Unstable => {
                lone_failures(&history[..history.len().min(LONG)]) >= LONE_FAILURES_MIN
            }
        }
    }
}

/// What a run of a test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    Passed,
    Failed,
    Skipped,
    /// Planned, or a status that says nothing.
    Other,
}

impl Ran {
    /// The meaning of a status's word.
    pub(crate) fn of(status: Option<&str>) -> Self {
        match status {
            Some("passed") => Self::Passed,
            Some("failed") => Self::Failed,
            Some("skipped") => Self::Skipped,
            Some(_) | None => Self::Other,
        }
    }
}

/// All classes of a test with this history, newest run first; see the [table](self).
pub(crate) fn classes(history: &[Ran]) -> Vec<ProblemClass> {
    let all = ProblemClass::ALL.into_iter();
    all.filter(|class| class.is_of(history)).collect()
}

fn changes(runs: &[Ran]) -> usize {
    let pairs = runs.windows(2);
    let changed = pairs.filter(|pair| {
        matches!(
            pair,
            [Ran::Passed, Ran::Failed] | [Ran::Failed, Ran::Passed]
        )
    });
    changed.count()
}

fn lone_failures(runs: &[Ran]) -> usize {
    let is_passed = |index: Option<usize>| index.and_then(|index| runs.get(index)).copied();
    let lone = (0..runs.len()).filter(|&index| {
        let neighbours = [is_passed(index.checked_sub(1)), is_passed(Some(index + 1))];
        let mut neighbours = neighbours.into_iter().flatten().peekable();
        runs[index] == Ran::Failed
            && neighbours.peek().is_some()
            && neighbours.all(|run| run == Ran::Passed)
    });
    lone.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `p`, `f`, `s` and `?`, newest first.
    fn of(history: &str) -> Vec<ProblemClass> {
        let runs: Vec<Ran> = history
            .chars()
            .map(|run| match run {
                'p' => Ran::Passed,
                'f' => Ran::Failed,
                's' => Ran::Skipped,
                _ => Ran::Other,
            })
            .collect();
        classes(&runs)
    }

    #[test]
    fn eight_failures_in_a_row_are_continuously_failing_and_seven_are_not() {
        assert_eq!(of("ffffffff"), [ProblemClass::ContinuouslyFailing]);
        assert_eq!(
            of("ffffffffpppp"),
            [ProblemClass::ContinuouslyFailing, ProblemClass::Regression]
        );
        for history in ["fffffff", "fffffffp", "ffff?fff", "fffsffff", "pfffffffff"] {
            assert!(of(history).is_empty(), "{history}");
        }
    }

    #[test]
    fn eight_skipped_runs_are_continuously_skipped() {
        assert_eq!(of("ssssssssp"), [ProblemClass::ContinuouslySkipped]);
        assert!(of("sssssss").is_empty());
    }

    #[test]
    fn four_changes_in_eight_runs_are_oscillating() {
        assert_eq!(of("fpfpfsss"), [ProblemClass::Oscillating]);
        assert_eq!(
            of("ffppffpf"),
            [ProblemClass::Oscillating, ProblemClass::Regression]
        );
        // Three changes; changes to and from something else do not count; too short.
        for history in ["fpfpsfss", "fsfsfsfs", "fpfpfpf"] {
            assert!(
                !of(history).contains(&ProblemClass::Oscillating),
                "{history}"
            );
        }
    }

    #[test]
    fn a_failure_after_two_passed_runs_is_a_regression() {
        assert_eq!(of("fpp"), [ProblemClass::Regression]);
        assert_eq!(of("ffpp"), [ProblemClass::Regression]);
        for history in ["fp", "fpf", "pfpp", "f", "", "fsp", "f?pp"] {
            assert!(of(history).is_empty(), "{history}");
        }
    }

    #[test]
    fn five_lone_failures_in_fifty_runs_are_unstable() {
        let unstable = |history: &str| of(history).contains(&ProblemClass::Unstable);
        assert!(unstable("fppfppfppfppf"));
        assert!(unstable(&format!("{}fpfpfpfpf", "p".repeat(41))));
        // The fifth is the 51st run; two in a row are not lone; skipped neighbours say nothing; unknown ones neither.
        assert!(!unstable(&format!("{}fpfpfpfppf", "p".repeat(41))));
        assert!(!unstable("fppfppfppffpp"));
        assert!(!unstable("fsfsfsfsfsfs"));
        assert!(!unstable("fpp?fppfppfppfp"));
        assert!(!unstable("f"));
    }

    #[test]
    fn an_unknown_history_is_of_no_class() {
        assert!(of("").is_empty());
        assert!(of(&"?".repeat(60)).is_empty());
        assert!(of("f").is_empty());
    }
}
