//! A store in a file, for one relay.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use octane_client::UploadId;
use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::interface::{
    ArrivedShard, End, Job, Lease, NewUpload, Overview, Put, Status, Store, StoreError,
};
use super::transaction::{Cell, Row, Transaction};
use super::{operations, set_back, sql};
use crate::lane::Lane;
use crate::pace::{Pace, Rate, Slots};
use crate::time::{Clock, Time};
use crate::token::{Token, TokenEntry, TokenId};
use crate::workspaces::Workspaces;

/// A store in a file. Processes of one machine may share it; a commit is on the disk before it counts.
#[derive(Clone)]
pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
    clock: Clock,
    /// The latest moment of the clock that is known.
    last: Arc<Mutex<Time>>,
    fault_hook: Option<FaultHook>,
    is_inline: bool,
}

/// Is called before and after each commit of a transaction that writes; `false` stands for a relay that dies there.
type FaultHook = Arc<dyn Fn() -> bool + Send + Sync>;

impl SqliteStore {
    /// Opens the store in a file, which is created if there is none, readable by its owner alone.
    pub fn open(file: &Path, clock: Clock) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options
            .open(file)
            .map_err(|error| StoreError::Database(error.into()))?;
        let mut connection = Connection::open(file)?;
        check_own(&connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch(
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )?;
        migrate(&mut connection)?;
        let last = set_back::last_known(&connection)?;
        Ok(Self {
            last: Arc::new(Mutex::new(last)),
            connection: Arc::new(Mutex::new(connection)),
            clock,
            fault_hook: None,
            is_inline: false,
        })
    }

    /// Calls `hook` before and after each commit; a simulation returns `false` to let the relay die there.
    #[doc(hidden)]
    #[must_use]
    pub fn fault_hook(mut self, hook: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.fault_hook = Some(Arc::new(hook));
        self
    }

    /// Works on the calling thread, so that a simulation does not depend on how threads are scheduled.
    #[doc(hidden)]
    #[must_use]
    pub fn inline(mut self) -> Self {
        self.is_inline = true;
        self
    }

    /// Does `work` in a transaction, on a thread on which blocking is allowed.
    fn transact<'s, T, W>(&'s self, work: W) -> BoxFuture<'s, Result<T, StoreError>>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(
                &'a mut SqliteTransaction<'c>,
            ) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let store = self.clone();
        Box::pin(async move {
            if store.is_inline {
                return store.transact_here(work);
            }
            match tokio::task::spawn_blocking(move || store.transact_here(work)).await {
                Ok(done) => done,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is shutting down.
                    Err(error) => Err(StoreError::Database(error.into())),
                },
            }
        })
    }

    /// Does `work` that only reads. It waits for its turn as any other, since there is one connection.
    fn observe<'s, T, W>(&'s self, work: W) -> BoxFuture<'s, Result<T, StoreError>>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(
                &'a mut SqliteTransaction<'c>,
            ) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.transact(work)
    }

    fn transact_here<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        W: for<'a, 'c> FnOnce(
            &'a mut SqliteTransaction<'c>,
        ) -> BoxFuture<'a, Result<T, StoreError>>,
    {
        // A panic leaves a transaction open, which is rolled back first.
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        self.follow_clock(&mut connection)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut transaction = SqliteTransaction {
            connection: &mut connection,
            clock: &self.clock,
        };
        // Nothing in it waits for anything.
        let done = work(&mut transaction).now_or_never();
        let done = done.unwrap_or_else(|| Err(StoreError::Corrupted("a wait".to_owned())));
        if done.is_err() || self.dies() {
            connection.execute_batch("ROLLBACK")?;
            return done.and(Err(died()));
        }
        connection.execute_batch("COMMIT")?;
        if self.dies() { Err(died()) } else { done }
    }

    /// Lets what lies ahead move with the clock if that was set back.
    fn follow_clock(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        set_back::follow(connection, *last, now)?;
        *last = now;
        Ok(())
    }

    fn dies(&self) -> bool {
        self.fault_hook.as_ref().is_some_and(|hook| !hook())
    }
}

/// The error of a relay that dies in a simulation.
fn died() -> StoreError {
    StoreError::Database("a simulated crash".into())
}

/// Fails if the tables in a file are not those of a store. Nothing is changed in it.
fn check_own(connection: &Connection) -> Result<(), StoreError> {
    let tables: i64 = connection.query_row(
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        [],
        |row| row.get(0),
    )?;
    let own: i64 = connection.query_row(
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'relay_lanes'",
        [],
        |row| row.get(0),
    )?;
    if tables > 0 && own == 0 {
        return Err(StoreError::Foreign);
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > sql::VERSION {
        return Err(StoreError::Newer {
            found,
            known: sql::VERSION,
        });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for migration in &sql::MIGRATIONS[done..] {
        let migration = migration
            .replace("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT")
            .replace("{bytes}", "BLOB");
        transaction.execute_batch(&migration)?;
    }
    // Setting it to what it is would write, too.
    if found < sql::VERSION {
        transaction.pragma_update(None, "user_version", sql::VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

/// A transaction that is begun and ended outside of it.
struct SqliteTransaction<'c> {
    connection: &'c mut Connection,
    clock: &'c Clock,
}

impl Transaction for SqliteTransaction<'_> {
    async fn now(&mut self) -> Result<Time, StoreError> {
        Ok((self.clock)())
    }

    async fn execute(&mut self, sql: &'static str, values: Vec<Cell>) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.execute(params_from_iter(values))? as u64)
    }

    async fn rows(&mut self, sql: &'static str, values: Vec<Cell>) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let rows = statement.query_map(params_from_iter(values), |row| {
            let cells = (0..columns).map(|column| {
                Ok(match row.get(column)? {
                    Value::Null => Cell::Null,
                    Value::Integer(number) => Cell::Number(number),
                    Value::Text(text) => Cell::Text(text),
                    Value::Blob(bytes) => Cell::Bytes(bytes),
                    Value::Real(number) => Cell::Text(number.to_string()),
                })
            });
            cells.collect::<rusqlite::Result<Vec<Cell>>>().map(Row::new)
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

implement_store!(SqliteStore);

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
