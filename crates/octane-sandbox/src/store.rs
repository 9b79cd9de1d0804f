//! The database. All SQL is in this module; a file and `:memory:` use the same code.
//!
//! One connection writes, behind a mutex, used from blocking threads: SQLite has one writer anyway. A payload
//! is ingested in one transaction, for which other writers wait. Readers of a file have connections of their
//! own and never wait; a database in memory belongs to its one connection.

mod bootstrap;
mod conflict;
mod content;
mod fields;
mod follow;
mod groups;
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
mod schema;
pub(crate) mod script;
mod search;
mod snapshot;
mod snippets;
mod sprints;
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
use crate::settings::{AccessSettings, Settings};

pub(crate) use read::{ListRequest, Reader};
use readers::Readers;
pub(crate) use search::Search;
pub(crate) use write::Mode;
pub(crate) use writer::Writer;

/// Writes the sample data of a new database.
pub(crate) type SampleData = fn(Writer<'_>) -> Result<(), ApiError>;

/// The database of a sandbox.
#[derive(Debug)]
pub(crate) struct Store {
    /// Closed before the other connection, which cleans up.
    readers: Option<Readers>,
    connection: Mutex<Connection>,
    /// Includes the fields that were added since the start; changes only while the connection is held.
    catalog: RwLock<Arc<Catalog>>,
    /// The catalog according to the settings.
    base: Arc<Catalog>,
    clock: Clock,
    /// Writes the sample data of a new database.
    sample_data: Option<SampleData>,
    access: AccessSettings,
    snapshots: Mutex<BTreeMap<String, Connection>>,
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
        let (connection, lock) = open::open(&settings.storage)?;
        let store = Self {
            connection: Mutex::new(connection),
            readers: Readers::open(&settings.storage)?,
            catalog: RwLock::new(Arc::clone(&catalog)),
            base: catalog,
            clock,
            sample_data,
            access: settings.access.clone(),
            snapshots: Mutex::default(),
            _lock: lock,
        };
        store.prepare().map_err(|error| SandboxError::Prepare {
            problem: error.into_problem().description,
        })?;
        Ok(store)
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

    fn set_catalog(&self, catalog: Arc<Catalog>) {
        let mut place = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        *place = catalog;
    }

    fn prepare(&self) -> Result<(), ApiError> {
        self.load_fields()?;
        tasks::requeue(&self.connection())?;
        let sql = "SELECT 1 FROM sandbox WHERE key = 'filled'";
        let is_filled = self.connection().prepare(sql)?.exists([])?;
        if !is_filled {
            self.fill()?;
        }
        // The settings may contain users that are new to the file.
        self.write_now(|writer| bootstrap::people(writer, &self.access))
    }

    fn fill(&self) -> Result<(), ApiError> {
        self.write_now(|writer| {
            bootstrap::fill(writer, &self.access)?;
            if let Some(write_sample_data) = self.sample_data {
                write_sample_data(writer)?;
            }
            let sql = "INSERT INTO sandbox (key, value) VALUES ('filled', '1')";
            writer.connection.execute(sql, [])?;
            Ok(())
        })
    }

    /// Deletes everything and restores the initial data.
    pub(crate) fn reset_now(&self) -> Result<(), ApiError> {
        {
            let connection = self.connection();
            connection.flush_prepared_statement_cache();
            // Dropping tables in any order would violate foreign keys.
            connection.execute_batch("PRAGMA foreign_keys = OFF")?;
            let dropped = drop_all(&connection);
            connection.execute_batch("PRAGMA foreign_keys = ON")?;
            dropped?;
        }
        self.prepare()
    }

    /// Reads in the current thread.
    pub(crate) fn read_now<T>(
        &self,
        work: impl FnOnce(Reader<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let read = |connection: &Connection| {
            let catalog = self.catalog();
            work(Reader {
                connection,
                catalog: &catalog,
            })
        };
        match &self.readers {
            Some(readers) => readers.read(read),
            None => read(&self.connection()),
        }
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
            now: self.clock.now().as_millisecond(),
        })?;
        transaction.commit()?;
        Ok(result)
    }

    /// Reads in a blocking thread.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(Reader<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let store = Arc::clone(self);
        blocking(move || store.read_now(work)).await
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

fn drop_all(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let tables: Vec<String> = connection
        .prepare(sql)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for table in tables {
        connection.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    Ok(())
}
