//! Runs of the suite run that have not changed since before anything of the upload was sent.

use octane_model::EntityId;
use rusqlite::Connection;

use super::database::{Journal, set_document};
use super::error::JournalError;

/// The key of the time before which such a run was last changed.
const KEY: &str = "untouched_before";

/// The key that says that the upload goes to another place than at first: `true` until the state that its suite run has there is noted.
pub(super) const RELOCATED: &str = "relocated";

/// The keys, each with the number of a batch, that say that the batch was sent to the other place.
pub(super) const SENT_THERE: &str = "sent_there/";

/// The runs that were found to be such ones. In the connection, as each look finds them again.
const TABLE: &str =
    "CREATE TEMP TABLE IF NOT EXISTS untouched_runs (run TEXT PRIMARY KEY) WITHOUT ROWID";

/// Whether the run `run` (a row of `server_runs`) is not one of them.
pub(super) fn is_touched(run: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM temp.untouched_runs u WHERE u.run = {run}.run)")
}

/// Makes the table if there is none yet.
pub(super) fn ensure_untouched_runs(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLE)
}

/// Forgets which runs are untouched.
pub(super) fn clear_untouched_runs(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DROP TABLE IF EXISTS temp.untouched_runs")
}

impl Journal {
    /// Whether nothing of the upload was sent to where it goes.
    pub(crate) fn is_unsent(&self) -> Result<bool, JournalError> {
        if self.get(RELOCATED)? == Some(true) {
            return Ok(true);
        }
        self.read(|connection| {
            connection
                .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM batches WHERE state <> 'ready')")?
                .query_row([], |row| row.get(0))
        })
    }

    /// Stores before which time a run was last changed that is untouched, in milliseconds since 1970-01-01 UTC; `None` if that is not
    /// known.
    pub(crate) fn set_untouched_before(&self, time: Option<i64>) -> Result<(), JournalError> {
        let is_relocated = self.get(RELOCATED)? == Some(true);
        if time.is_none() && !is_relocated {
            return Ok(());
        }
        self.write("state before", |transaction| {
            if is_relocated {
                set_document(transaction, RELOCATED, &false)?;
            }
            match time {
                Some(time) => set_document(transaction, KEY, &time),
                None => Ok(()),
            }
        })
    }

    /// Octane has received bytes from this upload earlier than from this process, and not since the upload was moved to another place. If it
    /// was, that is the same server under another name, and the runs that were there are those of this upload.
    pub(crate) fn note_known_from_before(&self) -> Result<(), JournalError> {
        if self.get::<bool>(RELOCATED)?.is_none() {
            return Ok(());
        }
        self.write("state before", |transaction| {
            transaction.execute("DELETE FROM upload WHERE key IN (?, ?)", [RELOCATED, KEY])?;
            Ok(())
        })
    }

    /// That time, if there is something to look for: a result counts whatever its run shows if its batch succeeded.
    pub(crate) fn untouched_before(&self) -> Result<Option<i64>, JournalError> {
        let is_in_doubt = self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM batches WHERE state = 'ended' AND ended_as NOT IN ('success', 'refused'))",
                )?
                .query_row([], |row| row.get(0))
        })?;
        if is_in_doubt { self.get(KEY) } else { Ok(None) }
    }

    /// Stores which runs are untouched.
    pub(crate) fn add_untouched_runs(&self, runs: &[EntityId]) -> Result<(), JournalError> {
        self.write("server runs", |transaction| {
            ensure_untouched_runs(transaction)?;
            let mut insert = transaction
                .prepare_cached("INSERT OR IGNORE INTO temp.untouched_runs (run) VALUES (?)")?;
            for run in runs {
                insert.execute([run.as_str()])?;
            }
            Ok(())
        })
    }
}
