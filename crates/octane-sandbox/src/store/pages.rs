//! What the web pages show.

use rusqlite::{OptionalExtension, Row};

use super::read::Reader;
use crate::error::ApiError;

/// A suite or a suite run in a list.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Short, such as `passed`; empty for a suite.
    pub(crate) status: String,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// How many runs a suite run has, and how many suite runs a suite has.
    pub(crate) count: i64,
}

/// A run with what it proves.
#[derive(Debug)]
pub(crate) struct RunLine {
    pub(crate) id: i64,
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) error: Option<String>,
    /// Id, name and Jira key of the backlog items that the run itself is linked to, or else its test.
    pub(crate) stories: Vec<(i64, String, Option<String>)>,
}

/// The last piece of a status' logical name.
const SHORT_STATUS: &str = "COALESCE((SELECT replace(replace(logical_name,
    'list_node.run_native_status.', ''), '_', ' ') FROM list_nodes n WHERE n.id = r.native_status), '')";

fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line {
        id: row.get(0)?,
        name: row.get(1)?,
        status: row.get(2)?,
        started: row.get(3)?,
        count: row.get(4)?,
    })
}

impl Reader<'_> {
    /// All suites.
    pub(crate) fn suite_lines(self) -> Result<Vec<Line>, ApiError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT t.id, t.name, '', NULL,
             (SELECT COUNT(*) FROM runs r WHERE r.test = t.id AND r.subtype = 'run_suite')
             FROM tests t WHERE t.subtype = 'test_suite' ORDER BY t.id DESC",
        )?;
        Ok(statement.query_map([], line)?.collect::<Result<_, _>>()?)
    }

    /// The latest suite runs of a suite.
    pub(crate) fn suite_run_lines(self, suite: i64, limit: i64) -> Result<Vec<Line>, ApiError> {
        let sql = format!(
            "SELECT r.id, r.name, {SHORT_STATUS}, r.started,
             (SELECT COUNT(*) FROM runs c WHERE c.parent_suite = r.id)
             FROM runs r WHERE r.test = ? AND r.subtype = 'run_suite' ORDER BY r.id DESC LIMIT ?"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement
            .query_map([suite, limit], line)?
            .collect::<Result<_, _>>()?)
    }

    /// The name of a suite.
    pub(crate) fn suite_name(self, suite: i64) -> Result<Option<String>, ApiError> {
        let sql = "SELECT name FROM tests WHERE id = ? AND subtype = 'test_suite'";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([suite], |row| row.get(0)).optional()?)
    }

    /// A suite run with the id and name of its suite.
    pub(crate) fn suite_run_line(
        self,
        suite_run: i64,
    ) -> Result<Option<(Line, i64, String)>, ApiError> {
        let sql = format!(
            "SELECT r.id, r.name, {SHORT_STATUS}, r.started,
             (SELECT COUNT(*) FROM runs c WHERE c.parent_suite = r.id), t.id, t.name
             FROM runs r JOIN tests t ON t.id = r.test WHERE r.id = ? AND r.subtype = 'run_suite'"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row([suite_run], |row| {
            Ok((line(row)?, row.get(5)?, row.get(6)?))
        });
        Ok(found.optional()?)
    }

    /// How many runs of a suite run ended how.
    pub(crate) fn status_counts(self, suite_run: i64) -> Result<Vec<(String, i64)>, ApiError> {
        let sql = format!(
            "SELECT {SHORT_STATUS}, COUNT(*) FROM runs r WHERE r.parent_suite = ?
             GROUP BY r.native_status ORDER BY 2 DESC"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let counts = statement.query_map([suite_run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    /// A page of the runs of a suite run in the order of their ids.
    pub(crate) fn run_lines(
        self,
        suite_run: i64,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<RunLine>, ApiError> {
        let sql = format!(
            "SELECT r.id, rtrim(COALESCE(r.component || ' / ', '') || COALESCE(r.package || '.', '')
             || COALESCE(r.class_name, ''), './ '), r.name, {SHORT_STATUS}, r.duration,
             COALESCE(r.error_message, r.error_type, substr(r.error_details, 1, 300)), r.test
             FROM runs r WHERE r.parent_suite = ? ORDER BY r.id LIMIT ? OFFSET ?"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([suite_run, limit, offset], |row| {
            let run = RunLine {
                id: row.get(0)?,
                place: row.get(1)?,
                name: row.get(2)?,
                status: row.get(3)?,
                duration_ms: row.get(4)?,
                error: row.get(5)?,
                stories: Vec::new(),
            };
            Ok((run, row.get::<_, Option<i64>>(6)?))
        })?;
        let rows: Vec<(RunLine, Option<i64>)> = rows.collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(mut run, test)| {
                run.stories = self.proven("run_covered_content", "run", run.id)?;
                if let (true, Some(test)) = (run.stories.is_empty(), test) {
                    run.stories = self.proven("test_covered_content", "test", test)?;
                }
                Ok(run)
            })
            .collect()
    }

    fn proven(
        self,
        table: &str,
        own: &str,
        id: i64,
    ) -> Result<Vec<(i64, String, Option<String>)>, ApiError> {
        let sql = format!(
            "SELECT w.id, w.name, w.\"{}\" FROM {table} l JOIN work_items w ON w.id = l.work_item
             WHERE l.{own} = ? ORDER BY w.id",
            self.catalog.jira_field
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let stories =
            statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(stories.collect::<Result<_, _>>()?)
    }
}
