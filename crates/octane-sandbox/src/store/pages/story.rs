//! Backlog items.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row};

use super::window::id_list;
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

    /// The stories that runs cover: those they are linked to, or otherwise those of their tests. Each run comes with
    /// its test.
    pub(super) fn stories_of_runs(
        self,
        runs: &[(i64, Option<i64>)],
    ) -> Result<HashMap<i64, Vec<Story>>, ApiError> {
        let ids: Vec<i64> = runs.iter().map(|(run, _)| *run).collect();
        let mut found = self.linked("run_covered_content", "run", &ids)?;
        let others = runs.iter().filter(|(run, _)| !found.contains_key(run));
        let mut runs_of_test: HashMap<i64, Vec<i64>> = HashMap::new();
        for (run, test) in others {
            if let Some(test) = test {
                runs_of_test.entry(*test).or_default().push(*run);
            }
        }
        let tests: Vec<i64> = runs_of_test.keys().copied().collect();
        for (test, stories) in self.linked("test_covered_content", "test", &tests)? {
            for run in runs_of_test.get(&test).into_iter().flatten() {
                found.insert(*run, stories.clone());
            }
        }
        Ok(found)
    }

    /// The stories that a test covers.
    pub(super) fn stories_of_test(self, test: i64) -> Result<Vec<Story>, ApiError> {
        let mut found = self.linked("test_covered_content", "test", &[test])?;
        Ok(found.remove(&test).unwrap_or_default())
    }

    /// The backlog items that are linked to some runs or tests.
    fn linked(
        self,
        table: &str,
        own: &str,
        ids: &[i64],
    ) -> Result<HashMap<i64, Vec<Story>>, ApiError> {
        let columns = self.story_columns();
        let sql = format!(
            "WITH wanted (id) AS (SELECT value FROM json_each(?))
             SELECT {columns}, l.{own} FROM wanted o CROSS JOIN {table} l ON l.{own} = o.id
             JOIN work_items w ON w.id = l.work_item ORDER BY w.id"
        );
        let mut statement = self.page_statement(&sql)?;
        let mut rows = statement.query([id_list(ids)])?;
        let mut stories: HashMap<i64, Vec<Story>> = HashMap::new();
        while let Some(row) = rows.next()? {
            stories.entry(row.get(4)?).or_default().push(story(row)?);
        }
        Ok(stories)
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
