//! Which runs, or tests, are to be linked to which stories.

use octane_model::{EntityId, References};

use super::database::Journal;
use super::error::JournalError;
use super::feature_row::is_of;
use super::own_run::{IS_OWN, ensure_runs_of_others};
use super::row_table::ensure_rows;
use crate::link_field::LinkLevel;
use crate::run_kind::RunKind;

/// A run, or a test, whose results carry Jira keys.
#[derive(Debug)]
pub(crate) struct LinkCandidate {
    pub(crate) holder: EntityId,
    pub(crate) jira: Vec<String>,
    /// The stories it is linked to, where that is known.
    pub(crate) links: Option<References>,
}

impl Journal {
    /// Whether any row carries a Jira key.
    pub(crate) fn has_jira_keys(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM facts WHERE has_jira")?
                .exists([])
        })
    }

    /// The different Jira keys of the rows that are in.
    pub(crate) fn jira_keys(&self) -> Result<Vec<String>, JournalError> {
        self.read(|connection| {
            ensure_rows(connection)?;
            connection
                .prepare_cached(
                    "SELECT DISTINCT k.value FROM rows r JOIN row_states s ON s.number = r.number, json_each(r.jira) k
                     WHERE r.jira IS NOT NULL AND s.state = 'ingested' ORDER BY 1",
                )?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    /// The different Jira keys of all rows, in or not.
    pub(crate) fn all_jira_keys(&self) -> Result<Vec<String>, JournalError> {
        if !self.has_jira_keys()? {
            return Ok(Vec::new());
        }
        self.read(|connection| {
            ensure_rows(connection)?;
            connection
                .prepare_cached(
                    "SELECT DISTINCT k.value FROM rows r, json_each(r.jira) k WHERE r.jira IS NOT NULL",
                )?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    /// Finds out which runs of a kind, or their tests, hold rows that are in and carry Jira keys. Of several runs of one test, those
    /// [of this upload](super::own_run).
    pub(crate) fn collect_links(
        &self,
        kind: RunKind,
        level: LinkLevel,
    ) -> Result<(), JournalError> {
        let holder = holder(level);
        let is_of_kind = is_of(kind, "rows.number");
        self.read(|connection| {
            ensure_runs_of_others(connection)?;
            connection.execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.link_candidates;
                 CREATE TEMP TABLE link_candidates (holder TEXT PRIMARY KEY, jira TEXT NOT NULL) WITHOUT ROWID;
                 INSERT INTO link_candidates SELECT holder, json_group_array(key) FROM (
                     SELECT DISTINCT f.{holder} AS holder, k.value AS key
                     FROM rows JOIN row_states s ON s.number = rows.number
                     JOIN server_runs f ON f.key = rows.key AND {IS_OWN}, json_each(rows.jira) k
                     WHERE rows.jira IS NOT NULL AND s.state = 'ingested' AND f.{holder} IS NOT NULL AND {is_of_kind}
                     ORDER BY 1, 2
                 ) GROUP BY holder"
            ))
        })
    }

    /// How many rows of a kind are in and carry Jira keys, but have no run (or test) on the server that could be linked.
    pub(crate) fn count_unlinkable(
        &self,
        kind: RunKind,
        level: LinkLevel,
    ) -> Result<usize, JournalError> {
        let holder = holder(level);
        let is_of_kind = is_of(kind, "r.number");
        self.read(|connection| {
            ensure_rows(connection)?;
            connection
                .prepare_cached(&format!(
                    "SELECT COUNT(*) FROM rows r JOIN row_states s ON s.number = r.number
                     WHERE r.jira IS NOT NULL AND s.state = 'ingested' AND {is_of_kind} AND NOT EXISTS (
                         SELECT 1 FROM server_runs f WHERE f.key = r.key AND f.{holder} IS NOT NULL)"
                ))?
                .query_row([], |row| row.get(0))
        })
    }

    /// How many candidates were [collected](Self::collect_links).
    pub(crate) fn count_link_candidates(&self) -> Result<usize, JournalError> {
        self.read(|connection| {
            connection.query_row("SELECT COUNT(*) FROM temp.link_candidates", [], |row| {
                row.get(0)
            })
        })
    }

    /// Up to `count` of the [collected](Self::collect_links) candidates, those after `after`.
    pub(crate) fn link_candidates(
        &self,
        after: Option<&EntityId>,
        count: usize,
    ) -> Result<Vec<LinkCandidate>, JournalError> {
        let after = after.map_or("", EntityId::as_str);
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT holder, jira, links FROM temp.link_candidates LEFT JOIN server_runs ON run = holder
                     WHERE holder > ? ORDER BY holder LIMIT ?",
                )?
                .query_map((after, count), |row| {
                    let jira: String = row.get(1)?;
                    let links: Option<String> = row.get(2)?;
                    Ok(LinkCandidate {
                        holder: EntityId::from(row.get::<_, String>(0)?),
                        jira: serde_json::from_str(&jira).unwrap_or_default(),
                        links: links.and_then(|links| serde_json::from_str(&links).ok()),
                    })
                })?
                .collect()
        })
    }
}

/// The column of `server_runs` that names what is linked.
pub(super) fn holder(level: LinkLevel) -> &'static str {
    match level {
        LinkLevel::Runs => "run",
        LinkLevel::Tests => "test",
    }
}
