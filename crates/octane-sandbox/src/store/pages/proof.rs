//! Backlog items and the runs that prove them.

use rusqlite::{OptionalExtension, Row};

use super::{RunLine, Statuses};
use crate::error::ApiError;
use crate::store::Reader;

/// A backlog item that tests can prove.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) jira_key: Option<String>,
    /// The entity type, such as `story`.
    pub(crate) kind: String,
}

/// A backlog item with what surrounds it.
#[derive(Debug)]
pub(crate) struct StoryDetails {
    pub(crate) story: Story,
    pub(crate) phase: Option<String>,
    /// Id, type and name of the items above it, the nearest first.
    pub(crate) above: Vec<Story>,
    /// Id and name of the tests that are linked to it.
    pub(crate) tests: Vec<(i64, String)>,
    /// The latest runs that prove it, directly or through a linked test.
    pub(crate) runs: Vec<RunLine>,
}

const ABOVE_MAX: usize = 20;
const TESTS_MAX: i64 = 200;

pub(super) fn story(row: &Row<'_>) -> rusqlite::Result<Story> {
    Ok(Story {
        id: row.get(0)?,
        name: row.get(1)?,
        jira_key: row.get(2)?,
        kind: row.get(3)?,
    })
}

impl Reader<'_> {
    /// The columns of a [`Story`] of the table alias `w`.
    pub(super) fn story_columns(self) -> String {
        let key = &self.catalog.jira_field;
        format!("w.id, w.name, w.\"{key}\", w.subtype")
    }

    /// What a run proves: what it is linked to, or else what its test is linked to.
    pub(super) fn stories_of_run(
        self,
        run: i64,
        test: Option<i64>,
    ) -> Result<Vec<Story>, ApiError> {
        let own = self.linked("run_covered_content", "run", run)?;
        match test {
            Some(test) if own.is_empty() => self.linked("test_covered_content", "test", test),
            _ => Ok(own),
        }
    }

    /// What a test proves.
    pub(super) fn stories_of_test(self, test: i64) -> Result<Vec<Story>, ApiError> {
        self.linked("test_covered_content", "test", test)
    }

    fn linked(self, table: &str, own: &str, id: i64) -> Result<Vec<Story>, ApiError> {
        let columns = self.story_columns();
        let sql = format!(
            "SELECT {columns} FROM {table} l JOIN work_items w ON w.id = l.work_item
             WHERE l.{own} = ? ORDER BY w.id"
        );
        let mut statement = self.page_statement(&sql)?;
        let stories = statement.query_map([id], story)?;
        Ok(stories.collect::<Result<_, _>>()?)
    }

    pub(crate) fn story_named(self, id: i64) -> Result<Option<Story>, ApiError> {
        let sql = format!(
            "SELECT {} FROM work_items w WHERE w.id = ?",
            self.story_columns()
        );
        let mut statement = self.page_statement(&sql)?;
        Ok(statement.query_row([id], story).optional()?)
    }

    /// A backlog item with the latest runs that prove it.
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
