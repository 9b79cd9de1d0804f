//! Copies of all data, by name.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::saved_data::SavedData;
use super::{Store, tasks};
use crate::catalog::Catalog;
use crate::error::{ApiError, own_code};

/// The maximum number of snapshots.
const SNAPSHOTS_MAX: usize = 16;
/// The maximum length of a name in characters.
const NAME_CHARS_MAX: usize = 64;
/// How many pages are copied while readers wait; those before are copied while they read.
const LAST_PAGES: i32 = 16;

impl Store {
    fn snapshots(&self) -> MutexGuard<'_, BTreeMap<String, SavedData>> {
        self.snapshots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves the data under a name. A snapshot is stored in a temporary file of SQLite, which is deleted with
    /// its connection, so that many large ones do not fill the memory.
    pub(crate) fn snapshot_now(&self, name: &str) -> Result<(), ApiError> {
        check(name)?;
        let mut snapshots = self.snapshots();
        if snapshots.len() >= SNAPSHOTS_MAX && !snapshots.contains_key(name) {
            let description =
                format!("there are already {SNAPSHOTS_MAX} snapshots; reuse one of their names");
            return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
        }
        let mut data = Connection::open("")?;
        let catalog = {
            let connection = self.connection();
            copy(&connection, &mut data)?;
            self.catalog()
        };
        tasks::restart(&data)?;
        let snapshot = SavedData { data, catalog };
        snapshots.insert(name.to_owned(), snapshot);
        Ok(())
    }

    /// Restores the data saved under a name; `forget` drops what is kept elsewhere about the data that it replaces.
    pub(crate) fn restore_now(&self, name: &str, forget: impl FnOnce()) -> Result<(), ApiError> {
        let snapshots = self.snapshots();
        let snapshot = snapshots
            .get(name)
            .ok_or_else(|| ApiError::entity_not_found("snapshot", name))?;
        self.replace(&snapshot.data, Arc::clone(&snapshot.catalog), forget)
    }

    /// Replaces all data, and the catalog that explains it, in one transaction. Readers of a file see the old
    /// data until it ends. `forget` is called before anyone can write.
    pub(super) fn replace(
        &self,
        data: &Connection,
        catalog: Arc<Catalog>,
        forget: impl FnOnce(),
    ) -> Result<(), ApiError> {
        let mut connection = self.connection();
        connection.flush_prepared_statement_cache();
        let backup = Backup::new(data, &mut connection)?;
        // What is not complete when it is dropped is rolled back. No step: how many pages there are.
        backup.step(0)?;
        let last = backup.progress().remaining.min(LAST_PAGES);
        let before = backup.progress().remaining - last;
        if before > 0 {
            expect(&backup, before, StepResult::More)?;
        }
        self.change_catalog(catalog, || expect(&backup, i32::MAX, StepResult::Done))?;
        forget();
        Ok(())
    }

    /// The names of all snapshots.
    pub(crate) fn snapshot_names(&self) -> Vec<String> {
        self.snapshots().keys().cloned().collect()
    }
}

fn expect(backup: &Backup<'_, '_>, pages: i32, expected: StepResult) -> Result<(), ApiError> {
    match backup.step(pages)? {
        result if result == expected => Ok(()),
        other => Err(ApiError::Internal(format!(
            "the data could not be replaced: {other:?}"
        ))),
    }
}

fn copy(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    // All pages in one step: there are no other writers.
    Backup::new(from, to)?.run_to_completion(i32::MAX, Duration::ZERO, None)
}

fn check(name: &str) -> Result<(), ApiError> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(is_fine) {
        return Ok(());
    }
    let description =
        format!("`name` is {name:?}; use 1 to {NAME_CHARS_MAX} letters, digits, `-`, `_` or `.`");
    Err(ApiError::bad_request(own_code::BAD_REQUEST, description))
}
