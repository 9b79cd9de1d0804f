//! The database. All SQL is in this module; a file and `:memory:` use the same code.
//!
//! One connection writes, behind a mutex, used from blocking threads: SQLite has one writer anyway. A payload
//! is ingested in one transaction, for which other writers wait. Readers of a file have connections of their
//! own and never wait, apart from brief ones before the first of those is open; a database in memory belongs to its one connection. Whatever replaces all data is one
//! transaction too, so a process that is killed leaves either the old data or the new.
//!
//! Limits are written `LIMIT ? + 0`, for the reason that `order` names.

mod arrivals;
mod bootstrap;
pub(crate) mod ci;
mod conflict;
mod content;
mod create;
mod deleted_results;
mod fields;
mod follow;
mod groups;
mod id_range;
mod initial;
#[cfg(test)]
mod kills;
mod mark;
mod open;
mod order;
pub(crate) mod pages;
mod planning;
mod private;
mod query;
mod read;
mod read_only_fields;
mod readers;
mod reference;
pub(crate) mod results;
mod rules;
mod run_count;
mod run_totals;
mod saved_data;
mod saved_fields;
mod schema;
mod schema_object;
pub(crate) mod script;
mod search;
mod snapshot;
mod snippets;
mod sprints;
mod stale_suite_runs;
mod steps;
pub(crate) mod tasks;
mod value;
mod write;
mod writer;

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::sandbox_error::SandboxError;
use crate::settings::Settings;

pub(crate) use groups::GroupRequest;
use initial::Initial;
pub(crate) use initial::SampleData;
use open::Opened;
pub(crate) use read::{ListRequest, Reader};
use readers::Readers;
use saved_data::SavedData;
pub(crate) use search::Search;
use steps::Steps;
pub(crate) use write::Mode;
pub(crate) use writer::Writer;

/// The database of a sandbox.
#[derive(Debug)]
pub(crate) struct Store {
    /// Closed before the other connection, which cleans up.
    readers: Option<Readers>,
    connection: Mutex<Connection>,
    /// Of this connection.
    steps: Steps,
    /// Includes the fields that were added since the start; changes only while the connection is held, and
    /// together with the data: a read holds it when it begins.
    catalog: RwLock<Arc<Catalog>>,
    initial: Initial,
    snapshots: Mutex<BTreeMap<String, SavedData>>,
    /// Released after the connection is closed.
    _lock: Option<File>,
}

impl Store {
    /// Opens the database, and fills it if it is new.
    pub(crate) fn open(
        settings: &Settings,
        catalog: Arc<Catalog>,
        clock: Clock,
        sample_data: Option<SampleData>,
    ) -> Result<Self, SandboxError> {
        let objects = schema::all(&catalog);
        let Opened {
            mut connection,
            lock,
            is_reserved,
        } = open::open(&settings.storage, &objects)?;
        let initial = Initial {
            base: catalog,
            sample_data,
            access: settings.access.clone(),
            clock,
        };
        let completed = initial.complete(&mut connection, &objects, is_reserved);
        let catalog = completed.map_err(|error| SandboxError::Prepare {
            problem: error.into_problem().description,
        })?;
        let steps = Steps::of(&mut connection).map_err(|error| SandboxError::Prepare {
            problem: error.to_string(),
        })?;
        Ok(Self {
            connection: Mutex::new(connection),
            steps,
            readers: Readers::of(&settings.storage),
            catalog: RwLock::new(catalog),
            initial,
            snapshots: Mutex::default(),
            _lock: lock,
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic rolled its transaction back when it unwound, so the connection is consistent.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The current entity types.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        let catalog = self.catalog.read();
        Arc::clone(&catalog.unwrap_or_else(PoisonError::into_inner))
    }

    /// Deletes everything and restores the initial data; `forget` drops what is kept elsewhere about the data that is deleted.
    pub(crate) fn reset_now(&self, forget: impl FnOnce()) -> Result<(), ApiError> {
        let mut fresh = open::in_memory()?;
        let objects = schema::all(&self.initial.base);
        let catalog = self.initial.complete(&mut fresh, &objects, false)?;
        self.replace(&fresh, catalog, forget)
    }

    /// Reads in the current thread.
    pub(crate) fn read_now<T>(
        &self,
        work: impl FnOnce(Reader<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let Some(readers) = &self.readers else {
            let connection = self.connection();
            return work(Reader {
                connection: &connection,
                catalog: &self.catalog(),
            });
        };
        self.read_snapshot(&*readers.any()?, work)
    }

    /// Writes in the current thread, in one transaction that an error rolls back.
    pub(crate) fn write_now<T>(
        &self,
        work: impl FnOnce(Writer<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut connection = self.connection();
        let catalog = self.catalog();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(Writer {
            connection: &transaction,
            catalog: &catalog,
            current_user: None,
            now: self.initial.clock.now().as_millisecond(),
        })?;
        transaction.commit()?;
        Ok(result)
    }

    /// Reads at once if that is brief and no lock has to be waited for, and otherwise in a blocking thread, from the beginning.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Fn(Reader<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        if let Some(result) = self.read_briefly(&work) {
            return result;
        }
        let store = Arc::clone(self);
        blocking(move || store.read_now(work)).await
    }

    /// Reads in the current thread; `None` if it had to wait or would take long. Handing a read to another thread takes
    /// longer than most of them.
    fn read_briefly<T>(
        &self,
        work: impl Fn(Reader<'_>) -> Result<T, ApiError>,
    ) -> Option<Result<T, ApiError>> {
        // Until a reader was needed, the connection that writes is enough for what is brief.
        let is_enough = self.readers.as_ref().is_none_or(Readers::are_closed);
        if is_enough && let Some(connection) = readers::try_lock(&self.connection) {
            let reader = Reader {
                connection: &connection,
                catalog: &self.catalog(),
            };
            return self.steps.briefly(|| work(reader));
        }
        let (connection, steps) = self.readers.as_ref()?.idle()?;
        // Who changes the catalog commits first.
        drop(self.catalog.try_read().ok()?);
        // The transaction begins and ends without a limit: one whose end was interrupted would stay open.
        let (snapshot, catalog) = match self.begin_read(&connection) {
            Ok(begun) => begun,
            Err(error) => return Some(Err(error)),
        };
        let reader = Reader {
            connection: &snapshot,
            catalog: &catalog,
        };
        steps.briefly(|| work(reader))
    }

    /// Reads what is committed now with a connection of the readers.
    fn read_snapshot<T>(
        &self,
        connection: &Connection,
        work: impl FnOnce(Reader<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let (snapshot, catalog) = self.begin_read(connection)?;
        work(Reader {
            connection: &snapshot,
            catalog: &catalog,
        })
    }

    /// What is committed now, with the entity types that belong to it.
    fn begin_read<'a>(
        &self,
        connection: &'a Connection,
    ) -> Result<(readers::Snapshot<'a>, Arc<Catalog>), ApiError> {
        let catalog = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        Ok((readers::begin(connection)?, Arc::clone(&catalog)))
    }

    /// Writes in a blocking thread.
    pub(crate) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(Writer<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let store = Arc::clone(self);
        blocking(move || store.write_now(work)).await
    }
}

/// Performs `work` in a thread that may block.
///
/// A single-threaded runtime, as in tests, performs it in place: without further threads, the same requests
/// produce the same order of events each time.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return work();
    }
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(ApiError::Internal(error.to_string())))
}
