//! Octane's classes of problematic tests, decided from the history of a test alone.
//!
//! | class | history |
//! | --- | --- |
//! | continuously failing | each of the last 8 runs failed |
//! | continuously skipped | each of the last 8 runs was skipped |
//! | oscillating | among the last 8 runs there are at least 4 changes between passed and failed |
//! | regression | the last run failed, and at least 2 passed right before |
//! | unstable | among the last 50 runs there are at least 5 lone failures: the run before and the run after passed |
//!
//! A test may be of several classes. A run that is unknown is neither passed nor failed nor skipped, and a history that is too short
//! for a class is not of that class. Runs that are planned or in progress have no result yet, and are not part of a history.

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
    /// The last run failed after at least 2 that passed.
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

    /// How many runs have to be known for a class.
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
                let before = history.iter().skip(1);
                let passed = before.take_while(|run| **run == Ran::Passed);
                history.first() == Some(&Ran::Failed) && passed.count() >= PASSED_MIN
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
    /// Planned or in progress: there is no result yet.
    Open,
    /// A status that says nothing, such as blocked.
    Other,
}

impl Ran {
    /// The meaning of a status's word.
    pub(crate) fn of(status: Option<&str>) -> Self {
        match status {
            Some("passed") => Self::Passed,
            Some("failed") => Self::Failed,
            Some("skipped") => Self::Skipped,
            Some("planned" | "not_completed") => Self::Open,
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
    let triples = runs.windows(3);
    let lone = triples.filter(|triple| matches!(triple, [Ran::Passed, Ran::Failed, Ran::Passed]));
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

    /// The sandbox is tested with the same table.
    #[test]
    fn the_classes_are_those_of_the_table() {
        let table = include_str!("../../octane-tests/problem_classes.txt");
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let history = words.next().unwrap().to_ascii_lowercase();
            let found = of(&history.chars().rev().collect::<String>());
            let expected: Vec<&str> = words.collect();
            let names = found.iter().map(|class| class.words().replace(' ', "_"));
            assert_eq!(names.collect::<Vec<_>>(), expected, "{line}");
        }
    }

    #[test]
    fn runs_of_which_nothing_is_known_are_neither_passed_nor_failed() {
        for history in ["ffff?fff", "f?pp", "pppppppppfppfppfppfp?f?p"] {
            assert!(of(history).is_empty(), "{history}");
        }
        assert_eq!(of("fpp?"), [ProblemClass::Regression]);
        assert!(of(&"?".repeat(60)).is_empty());
        assert!(of("").is_empty());
    }
}
