//! Whose links may be removed if no Jira key stands for them any more.

use octane_model::{EntityId, References};

use super::database::{Journal, set_document};
use super::error::JournalError;
use super::evidence::exact_match;
use super::feature_row::is_of;
use super::link::holder;
use super::row_table::{ensure_index_of_keys, ensure_rows};
use crate::link_field::LinkLevel;
use crate::run_kind::RunKind;

/// Set once all links have been removed that no Jira key stands for: a later resume of this upload leaves alone what others have
/// linked since.
pub(super) const REMOVED: &str = "removed_stale_links";

/// A run with results of this upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StaleCandidate {
    /// What holds its links: itself, or its test.
    pub(crate) holder: EntityId,
    pub(crate) run: EntityId,
    /// The Jira keys of all of its results.
    pub(crate) jira: Vec<String>,
    /// Whether these are certain to be the keys of what the run shows: all of its results are in, it shows one of them, and no other
    /// run could be meant.
    pub(crate) is_certain: bool,
    /// What the run was linked to before this upload linked it, where runs can be linked.
    pub(crate) links: Option<References>,
}

impl Journal {
    /// Whether [`set_stale_removed`](Self::set_stale_removed) was called.
    pub(crate) fn is_stale_removed(&self) -> Result<bool, JournalError> {
        Ok(self.get(REMOVED)?.unwrap_or_default())
    }

    /// Notes that nothing is left to remove, unless results may still come in. It is forgotten if results are sent again.
    pub(crate) fn set_stale_removed(&self) -> Result<(), JournalError> {
        self.write(REMOVED, |transaction| {
            ensure_rows(transaction)?;
            let is_open = transaction
                .prepare_cached(
                    "SELECT 1 FROM rows r LEFT JOIN row_states s ON s.number = r.number
                     WHERE COALESCE(s.state, 'open') NOT IN ('ingested', 'rejected')",
                )?
                .exists([])?;
            if is_open {
                return Ok(());
            }
            set_document(transaction, REMOVED, &true)
        })
    }

    /// Finds the runs of a kind that have results of this upload.
    pub(crate) fn collect_stale_candidates(
        &self,
        kind: RunKind,
        level: LinkLevel,
    ) -> Result<(), JournalError> {
        self.finish_server_runs()?;
        let holder = holder(level);
        let is_of_kind = is_of(kind, "r.number");
        let exact = exact_match("rows", "f");
        self.read(|connection| {
            ensure_rows(connection)?;
            ensure_index_of_keys(connection)?;
            connection.execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.stale_candidates;
                 CREATE TEMP TABLE stale_candidates (holder TEXT, run TEXT, jira TEXT NOT NULL, is_certain INTEGER NOT NULL,
                     PRIMARY KEY (holder, run)) WITHOUT ROWID;
                 INSERT INTO stale_candidates SELECT f.{holder}, f.run,
                     (SELECT json_group_array(DISTINCT k.value) FROM rows r, json_each(r.jira) k
                      WHERE r.key = f.key AND r.jira IS NOT NULL),
                     NOT EXISTS (SELECT 1 FROM rows r LEFT JOIN row_states s ON s.number = r.number
                                 WHERE r.key = f.key AND COALESCE(s.state, 'open') <> 'ingested')
                     AND (SELECT COUNT(*) FROM server_runs g WHERE g.key = f.key) = 1
                     AND EXISTS (SELECT 1 FROM rows WHERE rows.key = f.key AND {exact})
                 FROM server_runs f WHERE f.{holder} IS NOT NULL
                 AND EXISTS (SELECT 1 FROM rows r WHERE r.key = f.key AND {is_of_kind})"
            ))
        })
    }

    /// The [collected](Self::collect_stale_candidates) runs of the next `count` holders, those after `after`.
    pub(crate) fn stale_candidates(
        &self,
        after: Option<&EntityId>,
        count: usize,
    ) -> Result<Vec<StaleCandidate>, JournalError> {
        let after = after.map_or("", EntityId::as_str);
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT c.holder, c.run, c.jira, c.is_certain, f.links FROM temp.stale_candidates c
                     JOIN server_runs f ON f.run = c.run WHERE c.holder IN (
                         SELECT DISTINCT holder FROM temp.stale_candidates WHERE holder > ? ORDER BY holder LIMIT ?)
                     ORDER BY c.holder, c.run",
                )?
                .query_map((after, count), |row| {
                    let jira: String = row.get(2)?;
                    let links: Option<String> = row.get(4)?;
                    Ok(StaleCandidate {
                        holder: EntityId::from(row.get::<_, String>(0)?),
                        run: EntityId::from(row.get::<_, String>(1)?),
                        jira: serde_json::from_str(&jira).unwrap_or_default(),
                        is_certain: row.get(3)?,
                        links: links.and_then(|links| serde_json::from_str(&links).ok()),
                    })
                })?
                .collect()
        })
    }
}
