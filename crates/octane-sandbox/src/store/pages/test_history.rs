//! A test and its results over time.

use rusqlite::{OptionalExtension, Row};

use super::shortened::shortened;
use super::status::{NativeStatus, Statuses};
use super::story::Story;
use super::window::Window;
use crate::error::ApiError;
use crate::store::read::Reader;

/// A test.
#[derive(Debug)]
pub(crate) struct TestDetails {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) is_suite: bool,
    /// Module, package and class, if any.
    pub(crate) place: Vec<String>,
    pub(crate) stories: Vec<Story>,
    /// The names of its problems, such as `Continuously failing`.
    pub(crate) problems: Vec<String>,
    /// Id and name of the suites that it belongs to.
    pub(crate) suites: Vec<(i64, String)>,
}

/// A current or a replaced result of a test.
#[derive(Debug)]
pub(crate) struct HistoryLine {
    pub(crate) run: i64,
    /// Whether a later result of the same run replaced it.
    pub(crate) is_replaced: bool,
    pub(crate) status: Option<NativeStatus>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    pub(crate) duration_ms: Option<i64>,
    /// Id and name.
    pub(crate) suite_run: Option<(i64, String)>,
    pub(crate) error_type: Option<String>,
    pub(crate) error_message: Option<String>,
}

const SUITES_MAX: i64 = 50;

impl Reader<'_> {
    pub(crate) fn test_details(self, id: i64) -> Result<Option<TestDetails>, ApiError> {
        let found = self
            .page_statement(
                "SELECT id, name, subtype = 'test_suite', component, package, class_name FROM tests
                 WHERE id = ?",
            )?
            .query_row([id], |row| {
                let place: [Option<String>; 3] = [row.get(3)?, row.get(4)?, row.get(5)?];
                Ok(TestDetails {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    is_suite: row.get(2)?,
                    place: place.into_iter().flatten().collect(),
                    stories: Vec::new(),
                    problems: Vec::new(),
                    suites: Vec::new(),
                })
            })
            .optional()?;
        let Some(test) = found else {
            return Ok(None);
        };
        let mut statement = self.page_statement(
            "SELECT s.id, s.name FROM suite_links l JOIN tests s ON s.id = l.test_suite
             WHERE l.test = ? ORDER BY s.id LIMIT ? + 0",
        )?;
        let suites = statement.query_map([id, SUITES_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Some(TestDetails {
            stories: self.stories_of_test(id)?,
            problems: self.problems_of_test(id)?,
            suites: suites.collect::<Result<_, _>>()?,
            ..test
        }))
    }

    /// The problems of any run of the test: they follow from all results of the test.
    fn problems_of_test(self, test: i64) -> Result<Vec<String>, ApiError> {
        let run: Option<i64> = self
            .page_statement("SELECT MAX(id) FROM runs WHERE test = ?")?
            .query_row([test], |row| row.get(0))?;
        let Some(run) = run else {
            return Ok(Vec::new());
        };
        Ok(self.problems(&[run])?.remove(&run).unwrap_or_default())
    }

    /// The results of a test, the latest first, and their number.
    pub(crate) fn test_history(
        self,
        test: i64,
        window: Window,
        statuses: &Statuses,
    ) -> Result<(Vec<HistoryLine>, i64), ApiError> {
        let count = self
            .page_statement(
                "SELECT (SELECT COUNT(*) FROM runs r WHERE r.test = ?1) + (SELECT COUNT(*) FROM runs r
                 JOIN previous_runs p ON p.run_id = r.id WHERE r.test = ?1)",
            )?
            .query_row([test], |row| row.get(0))?;
        let mut statement = self.page_statement(&format!(
            "WITH found AS (SELECT r.id AS run, 0 AS is_replaced, r.native_status AS status,
             COALESCE(r.started, r.arrived, r.creation_time) AS started, r.duration AS duration,
             r.parent_suite AS suite_run, r.error_type AS kind, r.error_message AS message, r.id AS place
             FROM runs r WHERE r.test = ?1
             UNION ALL SELECT r.id, 1, p.run_native_status, COALESCE(p.run_started, p.arrived),
             p.run_duration, r.parent_suite, p.error_type, p.error_message, p.id
             FROM runs r JOIN previous_runs p ON p.run_id = r.id WHERE r.test = ?1)
             SELECT run, is_replaced, found.status, found.started, found.duration, s.id, s.name, {}, {}
             FROM found LEFT JOIN runs s ON s.id = suite_run
             ORDER BY found.started DESC, is_replaced, place DESC LIMIT ?2 + 0 OFFSET ?3 + 0",
            shortened("kind"),
            shortened("message"),
        ))?;
        let lines = statement.query_map([test, window.limit, window.offset], |row| {
            history_line(row, statuses)
        })?;
        Ok((lines.collect::<Result<_, _>>()?, count))
    }
}

fn history_line(row: &Row<'_>, statuses: &Statuses) -> rusqlite::Result<HistoryLine> {
    let suite_run: (Option<i64>, Option<String>) = (row.get(5)?, row.get(6)?);
    Ok(HistoryLine {
        run: row.get(0)?,
        is_replaced: row.get(1)?,
        status: statuses.of(row.get(2)?),
        started: row.get(3)?,
        duration_ms: row.get(4)?,
        suite_run: suite_run.0.zip(suite_run.1),
        error_type: row.get(7)?,
        error_message: row.get(8)?,
    })
}
