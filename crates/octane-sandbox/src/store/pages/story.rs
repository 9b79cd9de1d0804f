//! Backlog items.

use rusqlite::{OptionalExtension, Row};

use crate::error::ApiError;
use crate::store::read::Reader;

/// A backlog item that tests can cover.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) jira_key: Option<String>,
    /// The entity type, such as `story`.
    pub(crate) entity_type: String,
}

pub(super) fn story(row: &Row<'_>) -> rusqlite::Result<Story> {
    Ok(Story {
        id: row.get(0)?,
        name: row.get(1)?,
        jira_key: row.get(2)?,
        entity_type: row.get(3)?,
    })
}

impl Reader<'_> {
    /// The columns of a [`Story`] with the table alias `w`.
    pub(super) fn story_columns(self) -> String {
        let key = &self.catalog.jira_field;
        format!("w.id, w.name, w.\"{key}\", w.subtype")
    }

    /// The stories that a run covers: those it is linked to, or otherwise those of its test.
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

    /// The stories that a test covers.
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
}
