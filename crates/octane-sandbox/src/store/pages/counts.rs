//! The number of runs by status.

use std::collections::{BTreeMap, HashMap};

use super::change::Shown;
use super::status::{NativeStatus, Outcome, Statuses};
use super::window::id_list;
use crate::catalog::sum_of;
use crate::error::ApiError;
use crate::store::read::Reader;
use crate::store::run_totals::KEYS_PER_SUITE_RUN;

/// The row ID of a status, whether a previous result failed, and how many runs have both.
pub(super) type Tally = (Option<i64>, bool, i64);

/// The number of runs by status, statuses that need attention first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The row ID of the list value, its meaning, and the number.
    all: Vec<(Option<i64>, Option<NativeStatus>, i64)>,
    /// How many of those with a status, which is not failed, failed in a previous result.
    flaky: BTreeMap<Option<NativeStatus>, i64>,
}

impl Counts {
    pub(super) fn new(statuses: &Statuses, numbers: impl IntoIterator<Item = Tally>) -> Self {
        let mut counts = Self::default();
        for (row_id, has_failed_before, count) in numbers {
            counts.count(row_id, statuses.of(row_id), has_failed_before, count);
        }
        counts.sort();
        counts
    }

    fn count(
        &mut self,
        row_id: Option<i64>,
        status: Option<NativeStatus>,
        has_failed_before: bool,
        count: i64,
    ) {
        match self.all.iter_mut().find(|(known, ..)| *known == row_id) {
            Some((_, _, sum)) => *sum += count,
            None => self.all.push((row_id, status, count)),
        }
        if Shown::of(status, has_failed_before) == Shown::Flaky {
            *self.flaky.entry(status).or_default() += count;
        }
    }

    pub(super) fn by_row_id(
        &self,
    ) -> impl Iterator<Item = (Option<i64>, Option<NativeStatus>, i64)> {
        self.all.iter().copied()
    }

    /// Each status that occurs, with the number of its runs.
    pub(crate) fn by_status(&self) -> impl Iterator<Item = (Option<NativeStatus>, i64)> {
        self.all.iter().map(|(_, status, count)| (*status, *count))
    }

    /// What the runs are shown as, with their numbers, what needs attention first: each run once, and one that failed before is
    /// flaky.
    pub(crate) fn by_outcome(&self) -> impl Iterator<Item = (Outcome, i64)> {
        Outcome::ALL.into_iter().filter_map(|outcome| {
            let count = self.showing(outcome);
            (count > 0).then_some((outcome, count))
        })
    }

    pub(crate) fn showing(&self, outcome: Outcome) -> i64 {
        match outcome {
            Outcome::Flaky => self.flaky.values().sum(),
            Outcome::Status(status) => {
                let same = self.by_status().filter(|(of, _)| *of == status);
                let all: i64 = same.map(|(_, count)| count).sum();
                all - self.flaky.get(&status).copied().unwrap_or(0)
            }
        }
    }

    pub(crate) fn of(&self, status: NativeStatus) -> i64 {
        let same = self.by_status().filter(|(of, _)| *of == Some(status));
        same.map(|(_, count)| count).sum()
    }

    /// The runs of several suite runs together.
    pub(crate) fn add(&mut self, other: &Self) {
        for (row_id, status, count) in &other.all {
            self.count(*row_id, *status, false, *count);
        }
        for (status, count) in &other.flaky {
            *self.flaky.entry(*status).or_default() += count;
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.all
            .sort_by_key(|(row_id, status, _)| (status.is_none(), *status, *row_id));
    }

    /// How many runs were executed: skipped and planned ones were not, unless they failed before.
    pub(crate) fn executed(&self) -> i64 {
        let idle = [NativeStatus::Skipped, NativeStatus::Planned];
        let idle = idle.map(|status| self.showing(Outcome::Status(Some(status))));
        self.total() - idle.iter().sum::<i64>()
    }

    /// How many passed, and did not fail before.
    pub(crate) fn passed(&self) -> i64 {
        self.showing(Outcome::Status(Some(NativeStatus::Passed)))
    }

    pub(crate) fn total(&self) -> i64 {
        self.all.iter().map(|(_, _, count)| count).sum()
    }

    /// The share of passed runs among the executed ones, in thousandths and rounded down, so that only a
    /// flawless suite run has 1000; `None` if nothing was executed. Flaky runs do not count as passed.
    pub(crate) fn passed_per_mille(&self) -> Option<i64> {
        let executed = self.executed();
        (executed > 0).then(|| self.passed() * 1000 / executed)
    }
}

/// How many runs a suite run has, and how long they took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) counts: Counts,
    /// The sum of their durations, or the longest there is.
    pub(crate) duration_ms: i64,
}

impl Reader<'_> {
    /// The totals of suite runs by their IDs; those without runs are missing.
    pub(crate) fn totals(
        self,
        suite_runs: &[i64],
        statuses: &Statuses,
    ) -> Result<HashMap<i64, Totals>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "WITH wanted (id) AS (SELECT value FROM json_each(?))
             SELECT t.suite_run, NULLIF(t.native_status, 0), t.failed_before, t.runs, t.duration_high, t.duration_low FROM wanted w
             CROSS JOIN run_totals t ON t.key >= w.id * {KEYS_PER_SUITE_RUN}
             AND t.key < (w.id + 1) * {KEYS_PER_SUITE_RUN}"
        ))?;
        let mut rows = statement.query([id_list(suite_runs)])?;
        let mut found: HashMap<i64, (Vec<Tally>, i64)> = HashMap::new();
        while let Some(row) = rows.next()? {
            let (numbers, duration_ms) = found.entry(row.get(0)?).or_default();
            numbers.push((row.get(1)?, row.get(2)?, row.get(3)?));
            let of_these = sum_of(row.get(4)?, row.get(5)?);
            *duration_ms = duration_ms.saturating_add(of_these);
        }
        let totals = found.into_iter().map(|(id, (numbers, duration_ms))| {
            let counts = Counts::new(statuses, numbers);
            (
                id,
                Totals {
                    counts,
                    duration_ms,
                },
            )
        });
        Ok(totals.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(NativeStatus, i64)]) -> Counts {
        let mut counts = Counts::default();
        for (row_id, (status, count)) in (0..).zip(pairs) {
            counts.count(Some(row_id), Some(*status), false, *count);
        }
        counts
    }

    #[test]
    fn a_run_that_failed_before_is_flaky_whatever_its_status_is() {
        let mut counts = counts(&[(NativeStatus::Passed, 3), (NativeStatus::Skipped, 2)]);
        counts.count(Some(0), Some(NativeStatus::Passed), true, 1);
        counts.count(Some(1), Some(NativeStatus::Skipped), true, 1);
        counts.count(Some(2), Some(NativeStatus::Failed), true, 5);
        let status = |status| Outcome::Status(Some(status));
        let shown: Vec<(Outcome, i64)> = counts.by_outcome().collect();
        let expected = [
            (status(NativeStatus::Failed), 5),
            (Outcome::Flaky, 2),
            (status(NativeStatus::Skipped), 2),
            (status(NativeStatus::Passed), 3),
        ];
        assert_eq!(shown, expected);
        assert_eq!(counts.of(NativeStatus::Passed), 4);
        assert_eq!(
            (counts.executed(), counts.passed_per_mille()),
            (10, Some(300))
        );
    }

    #[test]
    fn one_failure_in_many_runs_is_never_rounded_away() {
        let nearly = counts(&[(NativeStatus::Failed, 1), (NativeStatus::Passed, 999_999)]);
        assert_eq!(nearly.passed_per_mille(), Some(999));
    }

    #[test]
    fn the_runs_of_several_suite_runs_are_added() {
        let mut sum = counts(&[(NativeStatus::Passed, 3)]);
        sum.add(&counts(&[
            (NativeStatus::Failed, 1),
            (NativeStatus::Passed, 2),
        ]));
        assert_eq!(sum.total(), 6);
    }

    #[test]
    fn runs_that_were_not_executed_do_not_count() {
        let all = counts(&[(NativeStatus::Skipped, 5), (NativeStatus::Passed, 3)]);
        assert_eq!(all.passed_per_mille(), Some(1000));
        let none = counts(&[(NativeStatus::Skipped, 5), (NativeStatus::Planned, 1)]);
        assert_eq!(none.passed_per_mille(), None);
    }
}
