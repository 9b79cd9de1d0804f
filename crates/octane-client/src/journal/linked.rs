//! What several journals have linked: SQL counts, so that a run in which several have results counts once.

use std::sync::{Mutex, PoisonError};

use octane_model::EntityId;
use rusqlite::Connection;

use super::database::Journal;
use super::error::JournalError;

/// A run, or a test, that was to be linked.
#[derive(Debug, Clone)]
pub(crate) struct LinkedHolder {
    pub(crate) id: EntityId,
    /// Whether a link was added.
    pub(crate) is_changed: bool,
    pub(crate) has_failed: bool,
}

/// How many runs, or tests, several journals have linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LinkTotals {
    pub(crate) linked: usize,
    /// Of these, how many needed no change.
    pub(crate) unchanged: usize,
    pub(crate) failed: usize,
    /// How often one has failed, in all journals together.
    pub(crate) failures: usize,
}

/// The runs, or tests, that several journals have linked, in a temporary table on disk, so that memory use does not depend on how many
/// there are.
#[derive(Debug)]
pub(crate) struct LinkedHolders(Mutex<Connection>);

impl LinkedHolders {
    /// None so far; `journal` is the one that errors name.
    pub(crate) fn new(journal: &Journal) -> Result<Self, JournalError> {
        let opened = Connection::open("").and_then(|connection| {
            connection.execute_batch(
                "CREATE TABLE holders (collection TEXT, id TEXT, journal TEXT, is_changed INTEGER NOT NULL,
                     has_failed INTEGER NOT NULL, PRIMARY KEY (collection, id, journal)) WITHOUT ROWID",
            )?;
            Ok(Self(Mutex::new(connection)))
        });
        opened.map_err(|error| JournalError::of(journal.path(), error))
    }

    /// Notes what a journal has linked. If it does so once more, what has failed then counts, and whatever was changed.
    pub(crate) fn add(
        &self,
        journal: &Journal,
        collection: &str,
        holders: &[LinkedHolder],
    ) -> Result<(), JournalError> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let added = (|| {
            let transaction = connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO holders VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
                     SET is_changed = MAX(is_changed, excluded.is_changed), has_failed = excluded.has_failed",
                )?;
                let id = journal.id().to_string();
                for holder in holders {
                    let LinkedHolder {
                        id: holder,
                        is_changed,
                        has_failed,
                    } = holder;
                    insert.execute((collection, holder.as_str(), &id, is_changed, has_failed))?;
                }
            }
            transaction.commit()
        })();
        added.map_err(|error| JournalError::of(journal.path(), error))
    }

    /// The totals of all journals.
    pub(crate) fn totals(&self, journal: &Journal) -> Result<LinkTotals, JournalError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let totals = connection.query_row(
            "SELECT COALESCE(SUM(is_linked), 0), COALESCE(SUM(is_linked AND NOT is_changed), 0),
                 COALESCE(SUM(failures > 0), 0), COALESCE(SUM(failures), 0)
             FROM (SELECT MIN(has_failed) = 0 AS is_linked, MAX(is_changed) AS is_changed, SUM(has_failed) AS failures
                   FROM holders GROUP BY collection, id)",
            [],
            |row| {
                Ok(LinkTotals {
                    linked: row.get(0)?,
                    unchanged: row.get(1)?,
                    failed: row.get(2)?,
                    failures: row.get(3)?,
                })
            },
        );
        totals.map_err(|error| JournalError::of(journal.path(), error))
    }
}
