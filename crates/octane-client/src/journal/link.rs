//! Which runs, or tests, shall carry which stories.

use octane_model::{EntityId, References};

use super::{Journal, JournalError};
use crate::links::LinkLevel;

/// A run, or a test, that holds results which carry Jira keys.
#[derive(Debug)]
pub(crate) struct Linkable {
    pub(crate) owner: EntityId,
    pub(crate) jira: Vec<String>,
    /// The stories that it carries, where that is known.
    pub(crate) links: Option<References>,
}

impl Journal {
    /// Whether any row carries a Jira key.
    pub(crate) fn has_jira_keys(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM rows WHERE jira IS NOT NULL")?
                .exists([])
        })
    }

    /// The different Jira keys of the rows that are in.
    pub(crate) fn jira_keys(&self) -> Result<Vec<String>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT DISTINCT k.value FROM rows r, json_each(r.jira) k
                     WHERE r.jira IS NOT NULL AND r.fate = 'ingested' ORDER BY 1",
                )?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    /// Finds out which runs, or tests, hold rows that are in and carry Jira keys. There may be several for one
    /// row: Octane keeps a run for each release, milestone, program and environment. Where the time at which
    /// the test started tells them apart, it does.
    pub(crate) fn gather_linkable(&self, level: LinkLevel) -> Result<(), JournalError> {
        let owner = owner(level);
        self.read(|connection| {
            connection.execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.linkable;
                 CREATE TEMP TABLE linkable (owner TEXT PRIMARY KEY, jira TEXT NOT NULL) WITHOUT ROWID;
                 INSERT INTO linkable SELECT owner, json_group_array(key) FROM (
                     SELECT DISTINCT f.{owner} AS owner, k.value AS key
                     FROM rows r JOIN found f ON f.key = r.key, json_each(r.jira) k
                     WHERE r.jira IS NOT NULL AND r.fate = 'ingested' AND f.{owner} IS NOT NULL
                     AND (r.started IS NULL OR f.started = r.started OR NOT EXISTS (
                         SELECT 1 FROM found g WHERE g.key = r.key AND g.started = r.started))
                     ORDER BY 1, 2
                 ) GROUP BY owner"
            ))
        })
    }

    /// How many rows that are in and carry Jira keys nothing was found for that could carry a story.
    pub(crate) fn unlinkable(&self, level: LinkLevel) -> Result<usize, JournalError> {
        let owner = owner(level);
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT COUNT(*) FROM rows r WHERE r.jira IS NOT NULL AND r.fate = 'ingested' AND NOT EXISTS (
                         SELECT 1 FROM found f WHERE f.key = r.key AND f.{owner} IS NOT NULL)"
                ))?
                .query_row([], |row| row.get(0))
        })
    }

    /// Up to `count` of what was [gathered](Self::gather_linkable), behind `after`.
    pub(crate) fn linkable(
        &self,
        after: Option<&EntityId>,
        count: usize,
    ) -> Result<Vec<Linkable>, JournalError> {
        let after = after.map_or("", EntityId::as_str);
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT owner, jira, links FROM temp.linkable LEFT JOIN found ON run = owner
                     WHERE owner > ? ORDER BY owner LIMIT ?",
                )?
                .query_map((after, count), |row| {
                    let jira: String = row.get(1)?;
                    let links: Option<String> = row.get(2)?;
                    Ok(Linkable {
                        owner: EntityId::from(row.get::<_, String>(0)?),
                        jira: serde_json::from_str(&jira).unwrap_or_default(),
                        links: links.and_then(|links| serde_json::from_str(&links).ok()),
                    })
                })?
                .collect()
        })
    }
}

/// The column of `found` that says what carries the links.
fn owner(level: LinkLevel) -> &'static str {
    match level {
        LinkLevel::Runs => "run",
        LinkLevel::Tests => "test",
    }
}
