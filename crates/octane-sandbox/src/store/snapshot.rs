//! Copies of all data, under names.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::Store;
use crate::error::{ApiError, own_code};

/// How many snapshots are kept.
const SNAPSHOTS_MAX: usize = 16;
/// How many characters a name has.
const NAME_CHARS_MAX: usize = 64;

impl Store {
    fn snapshots(&self) -> MutexGuard<'_, BTreeMap<String, Connection>> {
        self.snapshots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the data under a name. A snapshot lies in a temporary file of SQLite's own, which goes with
    /// its connection, so that many large ones do not fill the memory.
    pub(crate) fn snapshot_now(&self, name: &str) -> Result<(), ApiError> {
        check(name)?;
        let mut snapshots = self.snapshots();
        if snapshots.len() >= SNAPSHOTS_MAX && !snapshots.contains_key(name) {
            let description =
                format!("there are {SNAPSHOTS_MAX} snapshots already; use one of their names");
            return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
        }
        let mut snapshot = Connection::open("")?;
        copy(&self.connection(), &mut snapshot)?;
        snapshots.insert(name.to_owned(), snapshot);
        Ok(())
    }

    /// Goes back to the data that were kept under a name.
    pub(crate) fn restore_now(&self, name: &str) -> Result<(), ApiError> {
        {
            let snapshots = self.snapshots();
            let snapshot = snapshots
                .get(name)
                .ok_or_else(|| ApiError::entity_not_found("snapshot", name))?;
            let mut connection = self.connection();
            connection.flush_prepared_statement_cache();
            copy(snapshot, &mut connection)?;
        }
        self.prepare()
    }

    /// The names of all snapshots.
    pub(crate) fn snapshot_names(&self) -> Vec<String> {
        self.snapshots().keys().cloned().collect()
    }
}

fn copy(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    // All pages in one step: nobody else writes meanwhile.
    Backup::new(from, to)?.run_to_completion(i32::MAX, Duration::ZERO, None)
}

fn check(name: &str) -> Result<(), ApiError> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(is_fine) {
        return Ok(());
    }
    let description =
        format!("`name` is {name:?}; write 1 to {NAME_CHARS_MAX} letters, digits, `-`, `_` or `.`");
    Err(ApiError::bad_request(own_code::BAD_REQUEST, description))
}
