//! Suites and their suite runs.

use std::cmp::Reverse;
use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row, params};

use super::counts::{Counts, Totals};
use super::status::{NativeStatus, Outcome, Statuses};
use super::window::{Window, id_list, somewhere};
use crate::error::ApiError;
use crate::store::read::Reader;

/// A suite in a list.
#[derive(Debug)]
pub(crate) struct SuiteLine {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// When one of its suite runs was created or received results: milliseconds since 1970-01-01 UTC.
    pub(crate) last_activity: Option<i64>,
    /// The one that started last, of those that are more than planned.
    pub(crate) latest_suite_run: Option<i64>,
}

/// A suite run with a summary of its runs.
///
/// Suite runs are compared and listed by their start, then by their ID: results of a day may arrive after those of the next.
#[derive(Debug)]
pub(crate) struct SuiteRunLine {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) status: Option<NativeStatus>,
    /// When its earliest run started, or else when it was created: milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Id and name.
    pub(crate) suite: (i64, String),
    pub(crate) counts: Counts,
    /// The sum of the durations of its runs.
    pub(crate) duration_ms: i64,
}

impl SuiteRunLine {
    /// What it is shown as: one that has no other problem is flaky if a run is.
    pub(crate) fn outcome(&self) -> Outcome {
        let has_problem = matches!(
            self.status,
            Some(NativeStatus::Failed | NativeStatus::Blocked | NativeStatus::NotCompleted)
        );
        if !has_problem && self.counts.showing(Outcome::Flaky) > 0 {
            return Outcome::Flaky;
        }
        Outcome::Status(self.status)
    }
}

const SUITE: &str = "SELECT t.id, t.name,
    (SELECT MAX(r.last_modified) FROM runs r INDEXED BY suite_runs_by_activity
        WHERE r.test = t.id AND r.subtype = 'run_suite'),
    (SELECT r.id FROM runs r INDEXED BY suite_runs_by_start WHERE r.test = t.id AND r.subtype = 'run_suite'
        AND r.native_status IS NOT (SELECT n.id FROM list_nodes n
            WHERE n.logical_name = 'list_node.run_native_status.planned' COLLATE NOCASE)
        ORDER BY COALESCE(r.started, r.creation_time) DESC, r.id DESC LIMIT 1)
    FROM tests t WHERE t.subtype = 'test_suite'";

const SUITE_RUN: &str =
    "SELECT r.id, r.name, r.native_status, COALESCE(r.started, r.creation_time),
    t.id, t.name FROM runs r JOIN tests t ON t.id = r.test WHERE r.subtype = 'run_suite' AND ";

const NEWEST_FIRST: &str = "ORDER BY COALESCE(r.started, r.creation_time) DESC, r.id DESC";

impl Reader<'_> {
    /// All suites whose names contain `search`, those with the latest activity first.
    pub(crate) fn suite_lines(self, search: &str) -> Result<Vec<SuiteLine>, ApiError> {
        let mut statement =
            self.page_statement(&format!("{SUITE} AND t.name LIKE ? ESCAPE '\\'"))?;
        let lines = statement.query_map([somewhere(search)], suite_line)?;
        let mut lines: Vec<SuiteLine> = lines.collect::<Result<_, _>>()?;
        lines.sort_by_key(|suite| Reverse((suite.last_activity, suite.id)));
        Ok(lines)
    }

    pub(crate) fn suite_line(self, suite: i64) -> Result<Option<SuiteLine>, ApiError> {
        let mut statement = self.page_statement(&format!("{SUITE} AND t.id = ?"))?;
        Ok(statement.query_row([suite], suite_line).optional()?)
    }

    /// How many suite runs a suite has.
    pub(crate) fn suite_run_count(self, suite: i64) -> Result<i64, ApiError> {
        let mut statement = self.page_statement(
            "SELECT COUNT(*) FROM runs r INDEXED BY suite_runs_by_activity
             WHERE r.test = ? AND r.subtype = 'run_suite'",
        )?;
        Ok(statement.query_row([suite], |row| row.get(0))?)
    }

    /// The newest suite runs of each of these suites with their totals, the newest first.
    pub(crate) fn latest_of_suites(
        self,
        suites: &[i64],
        limit: i64,
        statuses: &Statuses,
    ) -> Result<HashMap<i64, Vec<SuiteRunLine>>, ApiError> {
        let mut statement = self.page_statement(
            "WITH wanted (id) AS (SELECT value FROM json_each(?1))
             SELECT r.id, r.name, r.native_status, COALESCE(r.started, r.creation_time), t.id, t.name
             FROM wanted w CROSS JOIN tests t ON t.id = w.id CROSS JOIN runs r ON r.id IN (
                 SELECT s.id FROM runs s INDEXED BY suite_runs_by_start
                 WHERE s.test = w.id AND s.subtype = 'run_suite'
                 ORDER BY COALESCE(s.started, s.creation_time) DESC, s.id DESC LIMIT ?2 + 0)",
        )?;
        let rows = statement.query_map(params![id_list(suites), limit], |row| {
            suite_run(row, statuses)
        })?;
        let mut lines = self.with_totals(rows.collect::<Result<_, _>>()?, statuses)?;
        lines.sort_by_key(|line| Reverse((line.started, line.id)));
        let mut by_suite: HashMap<i64, Vec<SuiteRunLine>> = HashMap::new();
        for line in lines {
            by_suite.entry(line.suite.0).or_default().push(line);
        }
        Ok(by_suite)
    }

    /// The suite runs of a suite with their totals, the newest first.
    pub(crate) fn suite_run_lines(
        self,
        suite: i64,
        window: Window,
        statuses: &Statuses,
    ) -> Result<Vec<SuiteRunLine>, ApiError> {
        let lines = self.suite_runs_of(suite, window, statuses)?;
        self.with_totals(lines, statuses)
    }

    /// The suite runs of a suite without totals, the newest first.
    pub(super) fn suite_runs_of(
        self,
        suite: i64,
        window: Window,
        statuses: &Statuses,
    ) -> Result<Vec<SuiteRunLine>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "{SUITE_RUN} r.test = ? {NEWEST_FIRST} LIMIT ? + 0 OFFSET ? + 0"
        ))?;
        let rows = statement.query_map([suite, window.limit, window.offset], |row| {
            suite_run(row, statuses)
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest suite runs of all suites, without totals.
    pub(super) fn latest_suite_runs(
        self,
        limit: i64,
        statuses: &Statuses,
    ) -> Result<Vec<SuiteRunLine>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "{SUITE_RUN} r.test IN (SELECT s.id FROM tests s WHERE s.subtype = 'test_suite')
             {NEWEST_FIRST} LIMIT ? + 0"
        ))?;
        let rows = statement.query_map([limit], |row| suite_run(row, statuses))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(crate) fn suite_run_line(
        self,
        id: i64,
        statuses: &Statuses,
    ) -> Result<Option<SuiteRunLine>, ApiError> {
        let mut statement = self.page_statement(&format!("{SUITE_RUN} r.id = ?"))?;
        let found = statement.query_map([id], |row| suite_run(row, statuses))?;
        let found = self.with_totals(found.collect::<Result<_, _>>()?, statuses)?;
        Ok(found.into_iter().next())
    }

    /// The suite run with this ID, or the one that holds the run with this ID.
    pub(crate) fn suite_run_with(self, run: i64) -> Result<Option<i64>, ApiError> {
        let mut statement = self.page_statement(
            "SELECT CASE r.subtype WHEN 'run_suite' THEN r.id ELSE r.parent_suite END FROM runs r WHERE r.id = ?",
        )?;
        let found = statement.query_row([run], |row| row.get::<_, Option<i64>>(0));
        Ok(found.optional()?.flatten())
    }

    /// Adds the totals to suite runs.
    fn with_totals(
        self,
        mut lines: Vec<SuiteRunLine>,
        statuses: &Statuses,
    ) -> Result<Vec<SuiteRunLine>, ApiError> {
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let mut totals = self.totals(&ids, statuses)?;
        for line in &mut lines {
            let Totals {
                counts,
                duration_ms,
            } = totals.remove(&line.id).unwrap_or_default();
            line.counts = counts;
            line.duration_ms = duration_ms;
        }
        Ok(lines)
    }
}

fn suite_line(row: &Row<'_>) -> rusqlite::Result<SuiteLine> {
    Ok(SuiteLine {
        id: row.get(0)?,
        name: row.get(1)?,
        last_activity: row.get(2)?,
        latest_suite_run: row.get(3)?,
    })
}

fn suite_run(row: &Row<'_>, statuses: &Statuses) -> rusqlite::Result<SuiteRunLine> {
    Ok(SuiteRunLine {
        id: row.get(0)?,
        name: row.get(1)?,
        status: statuses.of(row.get(2)?),
        started: row.get(3)?,
        suite: (row.get(4)?, row.get(5)?),
        counts: Counts::default(),
        duration_ms: 0,
    })
}
