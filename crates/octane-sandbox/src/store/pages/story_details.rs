//! Backlog items with the tests and runs that cover them.

use rusqlite::OptionalExtension;

use super::run_line::RunLine;
use super::status::Statuses;
use super::story::{Story, story};
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
    /// The latest runs that cover it, directly or through a linked test.
    pub(crate) runs: Vec<RunLine>,
}

const ABOVE_MAX: usize = 20;
const TESTS_MAX: i64 = 200;

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
        let tests = self
            .page_statement(
                "SELECT t.id, t.name FROM test_covered_content l JOIN tests t ON t.id = l.test
                 WHERE l.work_item = ? ORDER BY t.id LIMIT ?",
            )?
            .query_map([id, TESTS_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let ids: Vec<i64> = self
            .page_statement(
                "SELECT id FROM (SELECT run AS id FROM run_covered_content WHERE work_item = ?1
                 UNION SELECT r.id FROM test_covered_content l JOIN runs r ON r.test = l.test
                 WHERE l.work_item = ?1) found ORDER BY id DESC LIMIT ?2",
            )?
            .query_map([id, runs_max], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Some(StoryDetails {
            story,
            phase,
            above: self.above(id)?,
            tests,
            runs: self.run_lines(&ids, statuses)?,
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
