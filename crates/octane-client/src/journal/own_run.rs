//! Which runs are those of this upload, where the tests of their keys have several.
//!
//! A run is an own one if it shows a result of this upload or held it before. If that is not known of any run with its key, each of them
//! may be it.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::database::Journal;
use super::error::JournalError;
use super::evidence::{exact_match, held_before};
use super::row_table::ensure_index_of_keys;
use crate::run_key::RunKey;

/// Whether the run `f` (a row of `server_runs`), whose key is that of a row, is an own one; after [`ensure_runs_of_others`].
pub(super) const IS_OWN: &str = "f.run NOT IN temp.runs_of_others";

/// The runs that have the keys of rows and are not own ones. In the connection, as each look finds them again.
const TABLE: &str = "CREATE TEMP TABLE runs_of_others (run TEXT PRIMARY KEY) WITHOUT ROWID";

/// The own runs `f` of ingested results, which are counted; after [`ensure_runs_of_others`].
pub(super) fn counted() -> String {
    format!(
        "server_runs f WHERE EXISTS (SELECT 1 FROM rows CROSS JOIN row_states s ON s.number = rows.number
             WHERE rows.key = f.key AND s.state = 'ingested') AND {IS_OWN}"
    )
}

/// Finds them all at once, unless they are known: for each run alone, time would grow with the square of the number of results.
pub(super) fn ensure_runs_of_others(connection: &Connection) -> rusqlite::Result<()> {
    let is_made = connection
        .prepare_cached(
            "SELECT 1 FROM temp.sqlite_schema WHERE type = 'table' AND name = 'runs_of_others'",
        )?
        .exists([])?;
    if is_made {
        return Ok(());
    }
    ensure_index_of_keys(connection)?;
    connection.execute_batch(TABLE)?;
    let (now, before) = (exact_match("rows", "f"), held_before("rows", "f"));
    let found = connection.execute_batch(&format!(
        "INSERT INTO temp.runs_of_others
         WITH several AS MATERIALIZED (
             SELECT f.run, f.key, EXISTS (SELECT 1 FROM rows WHERE rows.key = f.key AND ({now} OR {before})) AS is_own
             FROM server_runs f WHERE f.key IN (SELECT key FROM server_runs GROUP BY key HAVING COUNT(*) > 1))
         SELECT run FROM several WHERE NOT is_own AND key IN (SELECT key FROM several WHERE is_own)"
    ));
    if found.is_err() {
        // An empty table would say that all runs are own ones.
        clear_runs_of_others(connection)?;
    }
    found
}

/// Forgets them: what the runs show has changed.
pub(super) fn clear_runs_of_others(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DROP TABLE IF EXISTS temp.runs_of_others")
}

impl Journal {
    /// The own runs with a key.
    pub(crate) fn own_runs(&self, key: &RunKey) -> Result<BTreeSet<String>, JournalError> {
        self.read(|connection| {
            ensure_runs_of_others(connection)?;
            connection
                .prepare_cached(&format!(
                    "SELECT f.run FROM server_runs f WHERE f.key = ?1 AND {IS_OWN}
                     AND EXISTS (SELECT 1 FROM rows WHERE rows.key = ?1)"
                ))?
                .query_map([key], |row| row.get(0))?
                .collect()
        })
    }
}
