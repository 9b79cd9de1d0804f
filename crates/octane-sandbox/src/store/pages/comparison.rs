//! A suite run compared with the one before it.
//!
//! Runs are the same if they are of the same test with the same name and environment. Only failures are looked up
//! in the other suite run, through an index, so the effort depends on them and not on the number of runs.

use std::collections::BTreeMap;

use rusqlite::params;

use super::change::{Change, ChangedRun, Shown, change};
use super::error_group::{ErrorGroup, error_groups};
use super::error_text::error_text;
use super::status::{NativeStatus, Outcome, Statuses};
use super::suites::SuiteRunLine;
use crate::error::ApiError;
use crate::store::read::Reader;
use crate::store::run_totals::KEYS_PER_SUITE_RUN;

/// At most this many failures of each suite run are compared and grouped.
pub(crate) const FAILURES_MAX: usize = 10_000;

/// How much of an error is read to group it.
const TEXT_CHARACTERS_MAX: usize = 2_000;

/// What a suite run has in common with the one before it.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// The suite run before, with its counts.
    pub(crate) before: Option<SuiteRunLine>,
    /// In the order of the changes, then of their IDs.
    pub(crate) changed: Vec<ChangedRun>,
    pub(crate) groups: Vec<ErrorGroup>,
    /// Whether there are more failures than are compared, in this suite run and in the one before.
    pub(crate) has_more: bool,
    pub(crate) has_more_before: bool,
    /// Whether there are more flaky runs than are listed.
    has_more_flaky: bool,
}

impl Comparison {
    /// Whether all runs with a change are known; otherwise there are at least as many.
    pub(crate) fn is_exact(&self, change: Change) -> bool {
        !match change {
            Change::NewlyFailed | Change::StillFailing => self.has_more,
            Change::Flaky => self.has_more_flaky,
            Change::Fixed | Change::NoLongerRun => self.has_more_before,
        }
    }

    pub(crate) fn with(&self, change: Change) -> impl Iterator<Item = &ChangedRun> {
        let all = self.changed.iter();
        all.filter(move |run| run.change == Some(change))
    }

    /// What became of the test of a run.
    pub(crate) fn of_run(&self, run: i64) -> Option<Change> {
        let found = self.changed.iter().find(|changed| changed.run == run);
        found.and_then(|changed| changed.change)
    }
}

/// A failure, as it is stored.
struct Failure {
    run: ChangedRun,
    text: String,
}

impl Reader<'_> {
    /// Compares a suite run with the one before it.
    pub(crate) fn comparison(
        self,
        suite_run: &SuiteRunLine,
        statuses: &Statuses,
    ) -> Result<Comparison, ApiError> {
        let before = self.suite_run_before(suite_run, statuses)?;
        let Some(failed) = statuses.row_id(NativeStatus::Failed) else {
            return Ok(Comparison::default());
        };
        let earlier = before.as_ref().map(|before| before.id);
        let failures = self.failures(suite_run.id, earlier, failed)?;
        let is_beyond = |count: i64| usize::try_from(count).unwrap_or(usize::MAX) > FAILURES_MAX;
        let has_more = |line: &SuiteRunLine| is_beyond(line.counts.of(NativeStatus::Failed));
        let (now, earlier_too) = (has_more(suite_run), before.as_ref().is_some_and(has_more));
        let has_more_flaky = is_beyond(suite_run.counts.showing(Outcome::Flaky));
        let groups = error_groups(failures.iter().map(|one| (&one.run, one.text.as_str())));
        let mut changed: Vec<ChangedRun> = failures.into_iter().map(|one| one.run).collect();
        changed.extend(self.flaky(suite_run, failed)?);
        if let Some(earlier) = earlier {
            changed.extend(self.failed_before(suite_run.id, earlier, failed, statuses)?);
        }
        changed.sort_by_key(|run| (run.change, run.run));
        changed.dedup_by_key(|run| (run.change, run.run));
        Ok(Comparison {
            before,
            changed,
            groups,
            has_more: now,
            has_more_before: earlier_too,
            has_more_flaky,
        })
    }

    /// The latest suite run of the same suite that started earlier and in which anything was executed.
    fn suite_run_before(
        self,
        suite_run: &SuiteRunLine,
        statuses: &Statuses,
    ) -> Result<Option<SuiteRunLine>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "SELECT r.id FROM runs r INDEXED BY suite_runs_by_start
             WHERE r.test = ?1 AND r.subtype = 'run_suite' AND COALESCE(r.started, r.creation_time) <= ?5
             AND (COALESCE(r.started, r.creation_time) < ?5 OR r.id < ?2)
             AND EXISTS (SELECT 1 FROM run_totals t WHERE t.key >= r.id * {KEYS_PER_SUITE_RUN}
                 AND t.key < (r.id + 1) * {KEYS_PER_SUITE_RUN} AND (t.native_status NOT IN (?3, ?4) OR t.failed_before))
             ORDER BY COALESCE(r.started, r.creation_time) DESC, r.id DESC LIMIT 1"
        ))?;
        let idle = [NativeStatus::Planned, NativeStatus::Skipped];
        let [planned, skipped] = idle.map(|status| statuses.row_id(status).unwrap_or_default());
        let mut rows = statement.query(params![
            suite_run.suite.0,
            suite_run.id,
            planned,
            skipped,
            suite_run.started
        ])?;
        match rows.next()? {
            Some(row) => self.suite_run_line(row.get(0)?, statuses),
            None => Ok(None),
        }
    }

    /// The failures, and whether the same runs failed before.
    fn failures(
        self,
        suite_run: i64,
        before: Option<i64>,
        failed: i64,
    ) -> Result<Vec<Failure>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "SELECT r.id, r.test, r.name, r.error_type, substr(r.error_message, 1, {TEXT_CHARACTERS_MAX}),
             CASE WHEN trim(COALESCE(r.error_message, '')) = ''
                 THEN substr(r.error_details, 1, {TEXT_CHARACTERS_MAX}) END,
             EXISTS (SELECT 1 FROM runs b INDEXED BY runs_by_test WHERE b.test = r.test
                 AND b.parent_suite = ?3 AND b.run_key IS r.run_key AND b.native_status = ?2)
             FROM runs r INDEXED BY runs_by_status WHERE r.parent_suite = ?1 AND r.native_status = ?2
             ORDER BY r.id LIMIT {FAILURES_MAX}"
        ))?;
        let failures = statement.query_map(params![suite_run, failed, before], |row| {
            let had_failed: bool = row.get(6)?;
            let earlier = had_failed.then_some(Shown::Failed);
            let text = |column: usize| row.get::<_, Option<String>>(column);
            Ok(Failure {
                run: ChangedRun {
                    run: row.get(0)?,
                    test: row.get(1)?,
                    name: row.get(2)?,
                    change: before.and_then(|_| change(earlier, Some(Shown::Failed))),
                },
                text: error_text(
                    text(3)?.as_deref(),
                    text(4)?.as_deref(),
                    text(5)?.as_deref(),
                ),
            })
        })?;
        Ok(failures.collect::<Result<_, _>>()?)
    }

    /// Runs of which an earlier result failed, and the current one did not. The first and the last run bound the earlier results
    /// to look at.
    fn flaky(self, suite_run: &SuiteRunLine, failed: i64) -> Result<Vec<ChangedRun>, ApiError> {
        let end = |which: &str, order: &str| {
            format!(
                "(SELECT {which}((SELECT l.id FROM runs l INDEXED BY runs_by_status WHERE l.parent_suite = ?1
                 AND l.native_status IS shown.status ORDER BY l.id {order} LIMIT 1)) FROM shown)"
            )
        };
        let (first, last) = (end("MIN", "ASC"), end("MAX", "DESC"));
        let mut statement = self.page_statement(&format!(
            "WITH shown (status) AS (SELECT value FROM json_each(?3))
             SELECT DISTINCT r.id, r.test, r.name FROM previous_runs p CROSS JOIN runs r ON r.id = p.run_id
             WHERE p.run_id >= {first} AND p.run_id <= {last}
             AND p.run_native_status = ?2 AND r.parent_suite = ?1 AND r.native_status IS NOT ?2
             ORDER BY r.id LIMIT {FAILURES_MAX}"
        ))?;
        let present: Vec<Option<i64>> = suite_run.counts.by_row_id().map(|(id, ..)| id).collect();
        let present = serde_json::to_string(&present).unwrap_or_default();
        let runs = statement.query_map(params![suite_run.id, failed, present], |row| {
            Ok(ChangedRun {
                run: row.get(0)?,
                test: row.get(1)?,
                name: row.get(2)?,
                change: change(None, Some(Shown::of(None, true))),
            })
        })?;
        Ok(runs.collect::<Result<_, _>>()?)
    }

    /// What became of the runs that failed before and do not fail now.
    fn failed_before(
        self,
        suite_run: i64,
        before: i64,
        failed: i64,
        statuses: &Statuses,
    ) -> Result<Vec<ChangedRun>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "SELECT found.id, found.test, found.name, r.id, r.native_status, EXISTS (SELECT 1 FROM previous_runs p
                 WHERE p.run_id = r.id AND p.run_native_status = ?2)
             FROM (SELECT b.id, b.test, b.name, b.run_key FROM runs b INDEXED BY runs_by_status
                 WHERE b.parent_suite = ?3 AND b.native_status = ?2 ORDER BY b.id LIMIT {FAILURES_MAX}) found
             LEFT JOIN runs r INDEXED BY runs_by_test
             ON r.test = found.test AND r.parent_suite = ?1 AND r.run_key IS found.run_key"
        ))?;
        let mut rows = statement.query([suite_run, failed, before])?;
        // The failed run, and what is worst of the same runs now.
        let mut all: BTreeMap<i64, (ChangedRun, Option<(Shown, i64)>)> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let earlier: i64 = row.get(0)?;
            let now: Option<i64> = row.get(3)?;
            let shown = Shown::of(statuses.of(row.get(4)?), row.get(5)?);
            let run = ChangedRun {
                run: earlier,
                test: row.get(1)?,
                name: row.get(2)?,
                change: None,
            };
            let (_, worst) = all.entry(earlier).or_insert((run, None));
            *worst = (*worst).max(now.map(|now| (shown, now)));
        }
        let changed = all.into_values().filter_map(|(run, now)| {
            let change = change(Some(Shown::Failed), now.map(|(shown, _)| shown))?;
            // The others are found from this suite run.
            matches!(change, Change::Fixed | Change::NoLongerRun).then_some(ChangedRun {
                run: now.map_or(run.run, |(_, now)| now),
                change: Some(change),
                ..run
            })
        });
        Ok(changed.collect())
    }
}
