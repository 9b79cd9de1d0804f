//! Backlog items with the tests and runs that cover them.

use rusqlite::OptionalExtension;

use super::run_line::RunLine;
use super::status::Statuses;
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
    /// Id and name of the first tests that are linked to it.
    pub(crate) tests: Vec<(i64, String)>,
    /// How many tests are linked to it.
    pub(crate) tests_total: usize,
    /// What the latest results of the tests that cover it show.
    pub(crate) results: Results,
    /// When the oldest and the newest of these results were: milliseconds since 1970-01-01 UTC.
    pub(crate) period: Option<(i64, i64)>,
    /// The latest runs that cover it, directly or through a linked test.
    pub(crate) runs: Vec<RunLine>,
}

const ABOVE_MAX: usize = 20;
const TESTS_MAX: usize = 200;

impl Reader<'_> {
    /// A backlog item with the latest runs that cover it.
    pub(crate) fn story_details(
        self,
        id: i64,
        runs_max: usize,
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
        let mut tests: Vec<(i64, String)> = self
            .page_statement(
                "SELECT t.id, t.name FROM test_covered_content l JOIN tests t ON t.id = l.test
                 WHERE l.work_item = ? ORDER BY t.id",
            )?
            .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let covering = self.covering(id, runs_max, statuses)?;
        let (results, period) = covering.results(tests.iter().map(|(test, _)| *test));
        let tests_total = tests.len();
        tests.truncate(TESTS_MAX);
        Ok(Some(StoryDetails {
            story,
            phase,
            above: self.above(id)?,
            tests,
            tests_total,
            results,
            period,
            runs: self.run_lines(&covering.newest(), statuses)?,
        }))
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
