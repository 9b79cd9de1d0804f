//! How the last attempt ended, and whether the last merge still holds.
//!
//! A merged shard that is resumed links nothing, as the merge has linked it. That holds until something is sent again, or another number
//! of results is ingested: then it has to be merged again. This is stored with the merge, because how the last attempt ended is forgotten
//! as soon as the next one begins, and that one may be killed.

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::database::{Journal, set_document};
use super::error::JournalError;
use crate::outcome::Outcome;

/// The key of the last attempt.
const KEY: &str = "last_attempt";

/// The key of the time of the last merge.
const MERGED: &str = "merged";

/// The key of the number of results that were ingested then; null once that merge does not hold any more.
const MERGED_INGESTED: &str = "merged_ingested";

/// How the last attempt ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LastAttempt {
    pub(crate) outcome: Outcome,
    /// Whether nothing is left that another attempt could change.
    pub(crate) is_finished: bool,
    /// Whether nothing is left but what the merge of all shards does.
    #[serde(default)]
    pub(crate) is_awaiting_shards: bool,
}

impl Journal {
    /// How the last attempt ended; `None` before the first one has, and from the beginning of the next one.
    pub(super) fn last_attempt(&self) -> Result<Option<LastAttempt>, JournalError> {
        self.get(KEY)
    }

    /// Stores how an attempt ended. The last merge holds after it if as many results were `ingested` then.
    pub(crate) fn end_attempt(
        &self,
        last: LastAttempt,
        ingested: Option<usize>,
    ) -> Result<(), JournalError> {
        let is_still_merged = ingested.is_some() && ingested == self.merged_ingested()?;
        self.write(KEY, |transaction| {
            if !is_still_merged {
                unmerge(transaction)?;
            }
            set_document(transaction, KEY, &last)
        })
    }

    /// Something is left to do that a merge does, although the last attempt left nothing.
    pub(crate) fn unfinish(&self) -> Result<(), JournalError> {
        self.write("unfinish", |transaction| {
            unmerge(transaction)?;
            unfinish(transaction)
        })
    }

    /// All shards were merged. Of this one that holds if its last attempt left nothing.
    pub(crate) fn set_merged(&self, now: Timestamp) -> Result<(), JournalError> {
        let is_finished = self.last_attempt()?.is_some_and(|last| last.is_finished);
        let ingested = self.row_counts()?.ingested;
        self.write(MERGED, |transaction| {
            set_document(transaction, MERGED, &now)?;
            set_document(
                transaction,
                MERGED_INGESTED,
                &is_finished.then_some(ingested),
            )
        })
    }

    /// When it was last merged with the other shards.
    pub(super) fn merged(&self) -> Result<Option<Timestamp>, JournalError> {
        self.get(MERGED)
    }

    /// How many results were ingested when it was last merged, if that merge still holds.
    pub(crate) fn merged_ingested(&self) -> Result<Option<usize>, JournalError> {
        let ingested: Option<Option<usize>> = self.get(MERGED_INGESTED)?;
        Ok(ingested.flatten())
    }

    /// Notes how many results were ingested at the last merge if an earlier version, which did not note it, has merged a finished upload.
    pub(crate) fn note_earlier_merge(&self) -> Result<(), JournalError> {
        let noted: Option<Option<usize>> = self.get(MERGED_INGESTED)?;
        let is_finished = self.last_attempt()?.is_some_and(|last| last.is_finished);
        if noted.is_some() || !is_finished || self.merged()?.is_none() {
            return Ok(());
        }
        let ingested = self.row_counts()?.ingested;
        self.write(MERGED, |transaction| {
            set_document(transaction, MERGED_INGESTED, &Some(ingested))
        })
    }

    /// Whether it was merged, and has to be merged again. Of a journal that an earlier version has merged this is not known.
    pub(super) fn is_merge_outdated(&self) -> Result<bool, JournalError> {
        let ingested: Option<Option<usize>> = self.get(MERGED_INGESTED)?;
        Ok(ingested == Some(None))
    }
}

/// Forgets how the last attempt ended: until the next one has, something is left to do, also if the process dies.
pub(super) fn unfinish(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM upload WHERE key = ?", [KEY])?;
    Ok(())
}

/// The last merge, if there was one, does not hold any more.
pub(super) fn unmerge(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR REPLACE INTO upload (key, value) SELECT ?, 'null' FROM upload WHERE key = ?",
        [MERGED_INGESTED, MERGED],
    )?;
    Ok(())
}
