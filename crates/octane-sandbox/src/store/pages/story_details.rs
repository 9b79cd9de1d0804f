//! Backlog items with the tests and runs that cover them.

use std::collections::HashSet;

use rusqlite::OptionalExtension;

use super::change::Shown;
use super::run_line::RunLine;
use super::status::{NativeStatus, Statuses};
use super::story::{Story, story};
use super::verdict::Results;
use crate::error::ApiError;
use crate::store::read::Reader;

/// A backlog item with its context.
#[derive(Debug)]
pub(crate) struct StoryDetails {
    pub(crate) story: Story,
    pub(crate) phase: Option<String>,
    /// ID, type and name of its ancestors, the nearest first.
    pub(crate) above: Vec<Story>,
    /// Id and name of the tests that are linked to it.
    pub(crate) tests: Vec<(i64, String)>,
    /// What the latest results of the tests that cover it show.
    pub(crate) results: Results,
    /// When the oldest and the newest of these results were: milliseconds since 1970-01-01 UTC.
    pub(crate) period: Option<(i64, i64)>,
    /// The latest runs that cover it, directly or through a linked test.
    pub(crate) runs: Vec<RunLine>,
}

/// A run that covers a backlog item.
struct CoveringRun {
    test: i64,
    name: Option<String>,
    shown: Shown,
    started: Option<i64>,
}

const ABOVE_MAX: usize = 20;
const TESTS_MAX: i64 = 200;

/// How many of the latest runs that cover an item decide about it.
const COVERING_MAX: i64 = 5_000;

impl Reader<'_> {
    /// A backlog item with the latest runs that cover it.
    pub(crate) fn story_details(
        self,
        id: i64,
        runs_max: i64,
        statuses: &Statuses,
    ) -> Result<Option<StoryDetails>, ApiError> {
        let Some(story) = self.story_named(id)? else {
            return Ok(None);
        };
        let phase = self
            .page_statement(
                "SELECT p.name FROM work_items w JOIN phases p ON p.id = w.phase WHERE w.id = ?",
            )?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let tests: Vec<(i64, String)> = self
            .page_statement(
                "SELECT t.id, t.name FROM test_covered_content l JOIN tests t ON t.id = l.test
                 WHERE l.work_item = ? ORDER BY t.id LIMIT ? + 0",
            )?
            .query_map([id, TESTS_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let linked = tests.iter().map(|(test, _)| *test);
        let (results, period) = latest_results(self.covering_runs(id, statuses)?, linked);
        let ids: Vec<i64> = self
            .page_statement(
                "SELECT r.id FROM (SELECT id FROM (SELECT run AS id FROM run_covered_content WHERE work_item = ?1
                     UNION SELECT r.id FROM test_covered_content l JOIN runs r ON r.test = l.test
                     WHERE l.work_item = ?1) found ORDER BY id DESC LIMIT ?3 + 0) wanted
                 CROSS JOIN runs r ON r.id = wanted.id
                 ORDER BY COALESCE(r.started, r.creation_time) DESC, r.id DESC LIMIT ?2 + 0",
            )?
            .query_map([id, runs_max, COVERING_MAX], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Some(StoryDetails {
            story,
            phase,
            above: self.above(id)?,
            tests,
            results,
            period,
            runs: self.run_lines(&ids, statuses)?,
        }))
    }

    /// The latest runs that cover an item, the latest first.
    fn covering_runs(self, id: i64, statuses: &Statuses) -> Result<Vec<CoveringRun>, ApiError> {
        let Some(failed) = statuses.row_id(NativeStatus::Failed) else {
            return Ok(Vec::new());
        };
        let mut statement = self.page_statement(
            "SELECT r.test, r.run_key, r.native_status, COALESCE(r.started, r.creation_time),
             EXISTS (SELECT 1 FROM previous_runs p WHERE p.run_id = r.id AND p.run_native_status = ?3)
             FROM (SELECT id FROM (SELECT run AS id FROM run_covered_content WHERE work_item = ?1
                 UNION SELECT r.id FROM test_covered_content l JOIN runs r ON r.test = l.test
                 WHERE l.work_item = ?1) found ORDER BY id DESC LIMIT ?2 + 0) wanted
             CROSS JOIN runs r ON r.id = wanted.id WHERE r.test IS NOT NULL
             ORDER BY 4 DESC, r.id DESC",
        )?;
        let runs = statement.query_map([id, COVERING_MAX, failed], |row| {
            Ok(CoveringRun {
                test: row.get(0)?,
                name: row.get(1)?,
                shown: Shown::of(statuses.of(row.get(2)?), row.get(4)?),
                started: row.get(3)?,
            })
        })?;
        Ok(runs.collect::<Result<_, _>>()?)
    }

    fn above(self, id: i64) -> Result<Vec<Story>, ApiError> {
        let columns = self.story_columns();
        let sql = format!(
            "SELECT {columns} FROM work_items c JOIN work_items w ON w.id = c.parent WHERE c.id = ?"
        );
        let mut statement = self.page_statement(&sql)?;
        let mut above: Vec<Story> = Vec::new();
        let mut of = id;
        while above.len() < ABOVE_MAX {
            let Some(parent) = statement.query_row([of], story).optional()? else {
                break;
            };
            of = parent.id;
            above.push(parent);
        }
        Ok(above)
    }
}

/// What the latest run of each test with each name and environment shows, and when the oldest and the newest of
/// them were. A linked test without runs was not run. The runs are given with the latest first.
fn latest_results(
    runs: Vec<CoveringRun>,
    linked: impl Iterator<Item = i64>,
) -> (Results, Option<(i64, i64)>) {
    let mut results = Results::default();
    let mut known = HashSet::new();
    let mut tests = HashSet::new();
    let mut period: Option<(i64, i64)> = None;
    for run in runs {
        tests.insert(run.test);
        if !known.insert((run.test, run.name)) {
            continue;
        }
        results.add(run.shown);
        if let Some(started) = run.started {
            let (first, last) = period.unwrap_or((started, started));
            period = Some((first.min(started), last.max(started)));
        }
    }
    let without_runs = linked.filter(|test| !tests.contains(test));
    without_runs.for_each(|_| results.add(Shown::NotRun));
    (results, period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_run_of_each_test_and_environment_counts() {
        let run = |test, name: Option<&str>, shown, started| CoveringRun {
            test,
            name: name.map(str::to_owned),
            shown,
            started: Some(started),
        };
        let runs = vec![
            run(1, None, Shown::Passed, 90),
            run(2, Some("Firefox"), Shown::Failed, 80),
            run(2, Some("Chrome"), Shown::Passed, 70),
            run(1, None, Shown::Failed, 60),
            run(2, Some("Firefox"), Shown::Passed, 50),
        ];
        let (results, period) = latest_results(runs, [1, 2, 3].into_iter());
        let expected = Results {
            passed: 2,
            flaky: 0,
            failed: 1,
            not_run: 1,
        };
        assert_eq!((results, period), (expected, Some((70, 90))));
        assert_eq!(latest_results(Vec::new(), std::iter::empty()).1, None);
    }
}
