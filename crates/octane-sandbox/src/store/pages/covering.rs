//! The runs that cover a backlog item, directly or through a linked test.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::status::{NativeStatus, Statuses};
use super::verdict::Results;
use crate::error::ApiError;
use crate::store::read::Reader;

/// When a run started, as far as that is known, and its ID.
type Place = (Option<i64>, i64);

/// What the runs that cover a backlog item show.
#[derive(Debug, Default)]
pub(super) struct Covering {
    /// The newest run of each test with each name and environment; one without a result only if there is no other.
    latest: HashMap<(i64, Option<String>), Latest>,
    /// The newest runs of all.
    newest: BTreeSet<Place>,
}

/// The newest run of a test.
#[derive(Debug, Clone, Copy)]
struct Latest {
    place: Place,
    status: Option<NativeStatus>,
    has_failed_before: bool,
}

impl Latest {
    /// Whether the test did more than being planned or started.
    fn has_result(&self) -> bool {
        let is_open = matches!(
            self.status,
            Some(NativeStatus::Planned | NativeStatus::NotCompleted)
        );
        self.has_failed_before || !is_open
    }
}

impl Covering {
    /// Adds a run, whichever was added before. `newest_max`: how many of the newest runs are kept.
    fn add(&mut self, test: Option<i64>, name: Option<String>, run: Latest, newest_max: usize) {
        self.newest.insert(run.place);
        if self.newest.len() > newest_max {
            self.newest.pop_first();
        }
        let Some(test) = test else {
            return;
        };
        let latest = self.latest.entry((test, name)).or_insert(run);
        if (run.has_result(), run.place) > (latest.has_result(), latest.place) {
            *latest = run;
        }
    }

    /// The IDs of the newest runs, the newest first.
    pub(super) fn newest(&self) -> Vec<i64> {
        self.newest.iter().rev().map(|(_, id)| *id).collect()
    }

    /// What the latest results show, and when the oldest and the newest of them were. A linked test without runs was not run; runs
    /// without a result count only where their test has no result at all.
    pub(super) fn results(
        &self,
        linked: impl Iterator<Item = i64>,
    ) -> (Results, Option<(i64, i64)>) {
        let mut results = Results::default();
        let with_results = self.latest.iter().filter(|(_, run)| run.has_result());
        let tested: HashSet<i64> = with_results.map(|((test, _), _)| *test).collect();
        let counted: Vec<&Latest> = (self.latest.iter())
            .filter(|((test, _), run)| run.has_result() || !tested.contains(test))
            .map(|(_, run)| run)
            .collect();
        for run in &counted {
            results.add(run.status, run.has_failed_before);
        }
        let tests: HashSet<i64> = self.latest.keys().map(|(test, _)| *test).collect();
        let without_runs = linked.filter(|test| !tests.contains(test));
        without_runs.for_each(|_| results.add(None, false));
        let times = || counted.iter().filter_map(|run| run.place.0);
        (results, times().min().zip(times().max()))
    }
}

impl Reader<'_> {
    /// What covers a backlog item. All of its runs are read: the only run that failed may be an old one.
    pub(super) fn covering(
        self,
        id: i64,
        newest_max: usize,
        statuses: &Statuses,
    ) -> Result<Covering, ApiError> {
        let mut statement = self.page_statement(
            "SELECT r.test, r.run_key, r.native_status, r.failed_before,
             COALESCE(r.started, r.arrived, r.creation_time), r.id
             FROM (SELECT run AS id FROM run_covered_content WHERE work_item = ?1
                 UNION ALL SELECT r.id FROM test_covered_content l JOIN runs r ON r.test = l.test
                 WHERE l.work_item = ?1) found CROSS JOIN runs r ON r.id = found.id",
        )?;
        let mut covering = Covering::default();
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let run = Latest {
                place: (row.get(4)?, row.get(5)?),
                status: statuses.of(row.get(2)?),
                has_failed_before: row.get(3)?,
            };
            covering.add(row.get(0)?, row.get(1)?, run, newest_max);
        }
        Ok(covering)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_run_of_each_test_and_environment_counts() {
        use NativeStatus::{Failed, Passed};
        let mut covering = Covering::default();
        for (id, test, name, status, started) in [
            (7, Some(1), None, Failed, 60),
            (3, Some(1), None, Passed, 90),
            (4, Some(2), Some("Firefox"), Failed, 80),
            (5, Some(2), Some("Chrome"), Passed, 70),
            (6, Some(2), Some("Firefox"), Passed, 50),
            (8, None, None, Failed, 95),
        ] {
            let run = Latest {
                place: (Some(started), id),
                status: Some(status),
                has_failed_before: false,
            };
            // A run may cover an item itself, and through its test.
            for _ in 0..2 {
                covering.add(test, name.map(str::to_owned), run, 3);
            }
        }
        let expected = Results {
            passed: 2,
            failed: 1,
            not_run: 1,
            ..Results::default()
        };
        let found = covering.results([1, 2, 3].into_iter());
        assert_eq!(found, (expected, Some((70, 90))));
        assert_eq!(covering.newest(), [8, 3, 4]);
        assert_eq!(Covering::default().results(std::iter::empty()).1, None);
    }

    #[test]
    fn a_run_without_a_result_replaces_none() {
        use NativeStatus::{Failed, NotCompleted, Planned};
        let results = |runs: &[(i64, Option<&str>, NativeStatus, bool)]| {
            let mut covering = Covering::default();
            for (id, name, status, has_failed_before) in runs {
                let run = Latest {
                    place: (Some(*id * 10), *id),
                    status: Some(*status),
                    has_failed_before: *has_failed_before,
                };
                covering.add(Some(1), name.map(str::to_owned), run, 3);
            }
            covering.results([1].into_iter())
        };
        let failed = Results {
            failed: 1,
            ..Results::default()
        };
        for planned in [Planned, NotCompleted] {
            let both = [(1, None, Failed, false), (2, None, planned, false)];
            assert_eq!(results(&both), (failed, Some((10, 10))));
            let other_name = [(1, Some("x"), Failed, false), (2, None, planned, false)];
            assert_eq!(results(&other_name), (failed, Some((10, 10))));
            let alone = [(1, None, planned, false), (2, None, planned, false)];
            let not_run = Results {
                not_run: 1,
                ..Results::default()
            };
            assert_eq!(results(&alone), (not_run, Some((20, 20))));
        }
        // It failed, and was then planned again.
        let again = results(&[(2, None, Planned, true)]).0;
        assert_eq!(again.unresolved, 1);
    }
}
