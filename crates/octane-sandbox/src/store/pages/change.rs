//! What became of a test since the suite run before, decided from both results alone.

use super::status::NativeStatus;

/// What a suite run shows of a run of a test; a later one matters more.
///
/// | status | an earlier result of the same run failed | shown |
/// | --- | --- | --- |
/// | failed | – | failed |
/// | any other | yes | flaky |
/// | passed | no | passed |
/// | any other | no | not run |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shown {
    Passed,
    NotRun,
    Flaky,
    Failed,
}

impl Shown {
    pub(crate) fn of(status: Option<NativeStatus>, has_failed_before: bool) -> Self {
        match (status, has_failed_before) {
            (Some(NativeStatus::Failed), _) => Self::Failed,
            (_, true) => Self::Flaky,
            (Some(NativeStatus::Passed), false) => Self::Passed,
            (_, false) => Self::NotRun,
        }
    }
}

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Failed, and did not fail before.
    NewlyFailed,
    /// Failed both times.
    StillFailing,
    /// Failed, and is shown as something else because another result of the run followed.
    Flaky,
    /// Failed before and passed now.
    Fixed,
    /// Failed before, and is skipped or missing now.
    NoLongerRun,
}

impl Change {
    pub(crate) const ALL: [Self; 5] = [
        Self::NewlyFailed,
        Self::StillFailing,
        Self::Flaky,
        Self::Fixed,
        Self::NoLongerRun,
    ];

    /// The name in URLs and style sheets.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NewlyFailed => "new",
            Self::StillFailing => "still-failing",
            Self::Flaky => "flaky",
            Self::Fixed => "fixed",
            Self::NoLongerRun => "no-longer-run",
        }
    }

    /// The change with this name.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.word() == word)
    }
}

/// A run that failed now or before.
#[derive(Debug, Clone)]
pub(crate) struct ChangedRun {
    /// The run; one of the suite run before if there is none now.
    pub(crate) run: i64,
    pub(crate) test: Option<i64>,
    pub(crate) name: String,
    /// `None` for a failure if there is nothing to compare it with.
    pub(crate) change: Option<Change>,
}

/// What became of a test; `None` for what is missing.
///
/// | before \ now | missing | passed | not run | flaky | failed |
/// | --- | --- | --- | --- | --- | --- |
/// | missing | – | – | – | flaky | new |
/// | passed | – | – | – | flaky | new |
/// | not run | – | – | – | flaky | new |
/// | flaky | – | – | – | flaky | new |
/// | failed | no longer run | fixed | no longer run | flaky | still failing |
pub(crate) fn change(before: Option<Shown>, now: Option<Shown>) -> Option<Change> {
    match (before, now) {
        (Some(Shown::Failed), Some(Shown::Failed)) => Some(Change::StillFailing),
        (_, Some(Shown::Failed)) => Some(Change::NewlyFailed),
        (_, Some(Shown::Flaky)) => Some(Change::Flaky),
        (Some(Shown::Failed), Some(Shown::Passed)) => Some(Change::Fixed),
        (Some(Shown::Failed), Some(Shown::NotRun) | None) => Some(Change::NoLongerRun),
        (_, Some(Shown::Passed | Shown::NotRun) | None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_failed_is_never_shown_as_passed() {
        for status in NativeStatus::ALL.map(Some).into_iter().chain([None]) {
            for has_failed_before in [false, true] {
                let expected = match (status, has_failed_before) {
                    (Some(NativeStatus::Failed), _) => Shown::Failed,
                    (_, true) => Shown::Flaky,
                    (Some(NativeStatus::Passed), false) => Shown::Passed,
                    _ => Shown::NotRun,
                };
                assert_eq!(Shown::of(status, has_failed_before), expected, "{status:?}");
            }
        }
    }

    #[test]
    fn every_pair_of_results_has_its_change() {
        use Change::{Fixed, Flaky, NewlyFailed, NoLongerRun, StillFailing};
        let now = [
            None,
            Some(Shown::Passed),
            Some(Shown::NotRun),
            Some(Shown::Flaky),
            Some(Shown::Failed),
        ];
        let harmless = [None, None, None, Some(Flaky), Some(NewlyFailed)];
        for (before, expected) in [
            (None, harmless),
            (Some(Shown::Passed), harmless),
            (Some(Shown::NotRun), harmless),
            (Some(Shown::Flaky), harmless),
            (
                Some(Shown::Failed),
                [
                    Some(NoLongerRun),
                    Some(Fixed),
                    Some(NoLongerRun),
                    Some(Flaky),
                    Some(StillFailing),
                ],
            ),
        ] {
            assert_eq!(now.map(|now| change(before, now)), expected, "{before:?}");
        }
    }

    #[test]
    fn the_worst_of_several_runs_of_a_test_counts() {
        let worst = [Shown::Passed, Shown::Failed, Shown::NotRun].into_iter();
        assert_eq!(worst.max(), Some(Shown::Failed));
    }

    #[test]
    fn every_change_has_a_name_of_its_own() {
        for change in Change::ALL {
            assert_eq!(Change::named(change.word()), Some(change));
        }
        assert_eq!(Change::named("nonsense"), None);
    }
}
