//! The number of runs by status.

use super::status::{NativeStatus, Statuses};
use crate::error::ApiError;
use crate::store::read::Reader;

/// The number of runs by status: the row ID of the list value, its meaning, and the number; statuses that
/// need attention come first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(Vec<(Option<i64>, Option<NativeStatus>, i64)>);

impl Counts {
    pub(super) fn new(statuses: &Statuses, pairs: Vec<(Option<i64>, i64)>) -> Self {
        let known = |(row_id, count)| (row_id, statuses.of(row_id), count);
        let mut counts: Vec<_> = pairs.into_iter().map(known).collect();
        counts.sort_by_key(|(row_id, status, _)| (status.is_none(), *status, *row_id));
        Self(counts)
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

    pub(crate) fn total(&self) -> i64 {
        self.0.iter().map(|(_, _, count)| count).sum()
    }

    /// The share of passed runs among the executed ones, in thousandths and rounded down, so that only a
    /// flawless suite run has 1000; `None` if nothing was executed. Skipped and planned runs do not count as
    /// executed.
    pub(crate) fn passed_per_mille(&self) -> Option<i64> {
        let idle = self.of(NativeStatus::Skipped) + self.of(NativeStatus::Planned);
        let executed = self.total() - idle;
        (executed > 0).then(|| self.of(NativeStatus::Passed) * 1000 / executed)
    }
}

impl Reader<'_> {
    /// The runs of a suite run, counted through an index.
    pub(crate) fn counts(self, suite_run: i64, statuses: &Statuses) -> Result<Counts, ApiError> {
        let sql = "SELECT native_status, COUNT(*) FROM runs WHERE parent_suite = ? GROUP BY native_status";
        let mut statement = self.page_statement(sql)?;
        let pairs = statement.query_map([suite_run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Counts::new(statuses, pairs.collect::<Result<_, _>>()?))
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
    fn runs_that_were_not_executed_do_not_count() {
        let all = counts(&[(NativeStatus::Skipped, 5), (NativeStatus::Passed, 3)]);
        assert_eq!(all.passed_per_mille(), Some(1000));
        let none = counts(&[(NativeStatus::Skipped, 5), (NativeStatus::Planned, 1)]);
        assert_eq!(none.passed_per_mille(), None);
    }
}
