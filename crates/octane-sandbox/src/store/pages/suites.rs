//! Suites and their suite runs.

use rusqlite::{OptionalExtension, Row, params};

use super::counts::Counts;
use super::status::{NativeStatus, Statuses};
use super::window::{Window, somewhere};
use crate::error::ApiError;
use crate::store::read::Reader;

/// A suite in a list.
#[derive(Debug)]
pub(crate) struct SuiteLine {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) suite_runs: i64,
}

/// A suite run with a summary of its runs.
#[derive(Debug)]
pub(crate) struct SuiteRunLine {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) status: Option<NativeStatus>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Id and name.
    pub(crate) suite: (i64, String),
    pub(crate) counts: Counts,
}

const SUITE_RUN: &str =
    "SELECT r.id, r.name, r.native_status, COALESCE(r.started, r.creation_time),
    t.id, t.name FROM runs r JOIN tests t ON t.id = r.test WHERE r.subtype = 'run_suite' AND ";

impl Reader<'_> {
    /// The suites whose names contain `search`, the newest first, and their number.
    pub(crate) fn suite_lines(
        self,
        search: &str,
        window: Window,
    ) -> Result<(Vec<SuiteLine>, i64), ApiError> {
        const FROM: &str =
            "FROM tests t WHERE t.subtype = 'test_suite' AND t.name LIKE ?1 ESCAPE '\\'";
        let pattern = somewhere(search);
        let total = self
            .page_statement(&format!("SELECT COUNT(*) {FROM}"))?
            .query_row([&pattern], |row| row.get(0))?;
        let mut statement = self.page_statement(&format!(
            "SELECT t.id, t.name, (SELECT COUNT(*) FROM runs r WHERE r.test = t.id)
             {FROM} ORDER BY t.id DESC LIMIT ?2 OFFSET ?3"
        ))?;
        let values = params![pattern, window.limit, window.offset];
        let lines = statement.query_map(values, suite_line)?;
        Ok((lines.collect::<Result<_, _>>()?, total))
    }

    pub(crate) fn suite_line(self, suite: i64) -> Result<Option<SuiteLine>, ApiError> {
        let mut statement = self.page_statement(
            "SELECT t.id, t.name, (SELECT COUNT(*) FROM runs r WHERE r.test = t.id)
             FROM tests t WHERE t.id = ? AND t.subtype = 'test_suite'",
        )?;
        Ok(statement.query_row([suite], suite_line).optional()?)
    }

    /// The suite runs of a suite with their counts, the newest first.
    pub(crate) fn suite_run_lines(
        self,
        suite: i64,
        window: Window,
        statuses: &Statuses,
    ) -> Result<Vec<SuiteRunLine>, ApiError> {
        let lines = self.suite_runs_of(suite, window, statuses)?;
        let counted = lines.into_iter().map(|line| self.counted(line, statuses));
        counted.collect()
    }

    /// The suite runs of a suite without counts, the newest first.
    pub(super) fn suite_runs_of(
        self,
        suite: i64,
        window: Window,
        statuses: &Statuses,
    ) -> Result<Vec<SuiteRunLine>, ApiError> {
        // Suite runs have no parent; this condition lets one index return them in order.
        let mut statement = self.page_statement(&format!(
            "{SUITE_RUN} r.test = ? AND r.parent_suite IS NULL ORDER BY r.id DESC LIMIT ? OFFSET ?"
        ))?;
        let rows = statement.query_map([suite, window.limit, window.offset], |row| {
            suite_run(row, statuses)
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest suite runs of all suites, without counts.
    pub(super) fn latest_suite_runs(
        self,
        limit: i64,
        statuses: &Statuses,
    ) -> Result<Vec<SuiteRunLine>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "{SUITE_RUN} r.test IN (SELECT s.id FROM tests s WHERE s.subtype = 'test_suite')
             AND r.parent_suite IS NULL ORDER BY r.id DESC LIMIT ?"
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
        let found = statement.query_row([id], |row| suite_run(row, statuses));
        let line = found.optional()?;
        line.map(|line| self.counted(line, statuses)).transpose()
    }

    /// The suite run with this ID, or the one that holds the run with this ID.
    pub(crate) fn suite_run_with(self, run: i64) -> Result<Option<i64>, ApiError> {
        let mut statement = self.page_statement(
            "SELECT CASE r.subtype WHEN 'run_suite' THEN r.id ELSE r.parent_suite END FROM runs r WHERE r.id = ?",
        )?;
        let found = statement.query_row([run], |row| row.get::<_, Option<i64>>(0));
        Ok(found.optional()?.flatten())
    }

    fn counted(self, line: SuiteRunLine, statuses: &Statuses) -> Result<SuiteRunLine, ApiError> {
        let counts = self.counts(line.id, statuses)?;
        Ok(SuiteRunLine { counts, ..line })
    }
}

fn suite_line(row: &Row<'_>) -> rusqlite::Result<SuiteLine> {
    Ok(SuiteLine {
        id: row.get(0)?,
        name: row.get(1)?,
        suite_runs: row.get(2)?,
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
    })
}
