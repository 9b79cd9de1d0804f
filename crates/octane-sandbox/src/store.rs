//! The database. All SQL lives in here; a file and `:memory:` take the same path.
//!
//! There is one connection that writes, behind a mutex, used from blocking threads: SQLite has one writer
//! anyway. A payload is ingested in one transaction, for which other writers wait. Readers of a file have
//! connections of their own and wait for nobody; a database in memory belongs to its one connection.

mod bootstrap;
mod conflict;
mod content;
mod echo;
mod fields;
mod follow;
mod groups;
mod open;
mod order;
pub(crate) mod pages;
mod planning;
mod pointer;
mod query;
mod read;
mod readers;
pub(crate) mod results;
mod rules;
mod schema;
pub(crate) mod script;
mod search;
mod snapshot;
mod sprints;
pub(crate) mod tasks;
mod value;
mod write;

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::settings::{Access, Settings};
use crate::{SandboxError, seed};

pub(crate) use read::{ListRequest, Reader};
use readers::Readers;
pub(crate) use search::Search;
pub(crate) use write::{Mode, Writer};

#[derive(Debug)]
pub(crate) struct Store {
    /// Closed before the other connection, which tidies up.
    readers: Option<Readers>,
    connection: Mutex<Connection>,
    /// With the fields that were added since the start; changed only while the connection is held.
    catalog: RwLock<Arc<Catalog>>,
    /// As the settings want it.
    base: Arc<Catalog>,
    clock: Clock,
    is_seeded: bool,
    access: Access,
    snapshots: Mutex<BTreeMap<String, Connection>>,
    /// Given back after the connection is closed.
    _lock: Option<File>,
}

impl Store {
    /// Opens the database, and fills it where it is new.
    pub(crate) fn open(
        settings: &Settings,
        catalog: Arc<Catalog>,
        clock: Clock,
    ) -> Result<Self, SandboxError> {
        let (connection, lock) = open::open(&settings.storage)?;
        let store = Self {
            connection: Mutex::new(connection),
            readers: Readers::open(&settings.storage)?,
            catalog: RwLock::new(Arc::clone(&catalog)),
            base: catalog,
            clock,
            is_seeded: settings.seed_data,
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
        // A panic rolled its transaction back when it unwound, so the connection is in order.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The entity types as they are now.
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
        // Settings may have brought new people since the file was made.
        self.write_now(|writer| bootstrap::people(writer, &self.access))
    }

    fn fill(&self) -> Result<(), ApiError> {
        self.write_now(|writer| {
            bootstrap::fill(writer, &self.access)?;
            if self.is_seeded {
                seed::fill(writer)?;
            }
            let sql = "INSERT INTO sandbox (key, value) VALUES ('filled', '1')";
            writer.connection.execute(sql, [])?;
            Ok(())
        })
    }

    /// Forgets everything and begins anew.
    pub(crate) fn reset_now(&self) -> Result<(), ApiError> {
        {
            let connection = self.connection();
            connection.flush_prepared_statement_cache();
            // Dropping tables in any order would trip over foreign keys.
            connection.execute_batch("PRAGMA foreign_keys = OFF")?;
            let dropped = drop_all(&connection);
            connection.execute_batch("PRAGMA foreign_keys = ON")?;
            dropped?;
        }
        self.prepare()
    }

    /// Reads in the calling thread.
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

    /// Writes in the calling thread, in one transaction that an error rolls back.
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
            visitor: None,
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

/// Does `work` in a thread where it may block.
///
/// A runtime of one thread, as tests have, does it in place: with one thread, and not a thread more, the same
/// requests come to the same order of events each time.
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
