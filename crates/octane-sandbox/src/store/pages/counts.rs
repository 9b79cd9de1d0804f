//! The number of runs by status.

use std::collections::{BTreeMap, HashMap};

use super::status::{NativeStatus, Statuses};
use super::window::id_list;
use crate::catalog::sum_of;
use crate::error::ApiError;
use crate::store::read::Reader;
use crate::store::run_totals::KEYS_PER_SUITE_RUN;

/// The number of runs by status: the row ID of the list value, its meaning, and the number; statuses that
/// need attention come first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(Vec<(Option<i64>, Option<NativeStatus>, i64)>);

impl Counts {
    pub(super) fn new(statuses: &Statuses, pairs: Vec<(Option<i64>, i64)>) -> Self {
        let known = |(row_id, count)| (row_id, statuses.of(row_id), count);
        let mut counts = Self(pairs.into_iter().map(known).collect());
        counts.sort();
        counts
    }

    pub(super) fn by_row_id(
        &self,
    ) -> impl Iterator<Item = (Option<i64>, Option<NativeStatus>, i64)> {
        self.0.iter().copied()
    }

    /// Each status that occurs, with the number of its runs.
    pub(crate) fn by_status(&self) -> impl Iterator<Item = (Option<NativeStatus>, i64)> {
        self.0.iter().map(|(_, status, count)| (*status, *count))
    }

    pub(crate) fn of(&self, status: NativeStatus) -> i64 {
        let same = self.by_status().filter(|(of, _)| *of == Some(status));
        same.map(|(_, count)| count).sum()
    }

    /// The runs of several suite runs together.
    pub(crate) fn add(&mut self, other: &Self) {
        for (row_id, status, count) in &other.0 {
            match self.0.iter_mut().find(|(known, ..)| known == row_id) {
                Some((_, _, sum)) => *sum += count,
                None => self.0.push((*row_id, *status, *count)),
            }
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.0
            .sort_by_key(|(row_id, status, _)| (status.is_none(), *status, *row_id));
    }

    /// How many runs were executed: skipped and planned ones were not.
    pub(crate) fn executed(&self) -> i64 {
        self.total() - self.of(NativeStatus::Skipped) - self.of(NativeStatus::Planned)
    }

    pub(crate) fn total(&self) -> i64 {
        self.0.iter().map(|(_, _, count)| count).sum()
    }

    /// The share of passed runs among the executed ones, in thousandths and rounded down, so that only a
    /// flawless suite run has 1000; `None` if nothing was executed. Skipped and planned runs do not count as
    /// executed.
    pub(crate) fn passed_per_mille(&self) -> Option<i64> {
        let executed = self.executed();
        (executed > 0).then(|| self.of(NativeStatus::Passed) * 1000 / executed)
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
             SELECT t.suite_run, NULLIF(t.native_status, 0), t.runs, t.duration_high, t.duration_low FROM wanted w
             CROSS JOIN run_totals t ON t.key >= w.id * {KEYS_PER_SUITE_RUN}
             AND t.key < (w.id + 1) * {KEYS_PER_SUITE_RUN}"
        ))?;
        let mut rows = statement.query([id_list(suite_runs)])?;
        let mut found: HashMap<i64, (BTreeMap<Option<i64>, i64>, i64)> = HashMap::new();
        while let Some(row) = rows.next()? {
            let (pairs, duration_ms) = found.entry(row.get(0)?).or_default();
            // Runs of several types have the same status.
            *pairs.entry(row.get(1)?).or_default() += row.get::<_, i64>(2)?;
            let of_these = sum_of(row.get(3)?, row.get(4)?);
            *duration_ms = duration_ms.saturating_add(of_these);
        }
        let totals = found.into_iter().map(|(id, (pairs, duration_ms))| {
            let counts = Counts::new(statuses, pairs.into_iter().collect());
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
        let known = |(status, count): &(NativeStatus, i64)| (None, Some(*status), *count);
        Counts(pairs.iter().map(known).collect())
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
        // In the tests all values have the same row ID, `None`.
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
