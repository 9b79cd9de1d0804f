//! The database of one journal: opening it, and reading and writing it in steps.

use std::fs::File;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::error::JournalError;
use super::{files, migrate, schema};
use crate::plan::Manifest;
use crate::target::{Target, TargetSpec};
use crate::upload_id::UploadId;

/// As many journals of a process are worked on at the same time as there are processors: more would not be faster, but each thread keeps
/// memory of its own.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new(processors.max(2))
});

/// Where in a commit a simulated process may die.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitPoint {
    /// Nothing of it will be there.
    Before,
    /// All of it will be there, and the process does not know.
    After,
}

/// Called before and after each commit; `false` stands for a process that dies there.
pub(super) type FaultHook = Arc<dyn Fn(&'static str, CommitPoint) -> bool + Send + Sync>;

/// How journals do their work.
#[derive(Clone, Default)]
pub(super) struct Seams {
    /// For simulations.
    pub(super) fault_hook: Option<FaultHook>,
    /// Waits for no disk.
    pub(super) is_unsynced: bool,
    /// Runs everything on the calling thread, so that nothing depends on how threads are scheduled.
    pub(super) is_inline: bool,
}

impl Seams {
    /// For a journal that is only looked at.
    pub(super) fn for_looking(&self) -> Self {
        Self {
            is_unsynced: self.is_unsynced,
            ..Self::default()
        }
    }
}

/// The journal of one upload. No other process can work on the upload while this or a clone of it lives.
#[derive(Clone)]
pub struct Journal(Arc<Shared>);

struct Shared {
    connection: Mutex<Connection>,
    path: PathBuf,
    id: UploadId,
    seams: Seams,
    /// Whether this upload may have been delivered before, by this process or another one.
    may_have_run: AtomicBool,
    /// Released after the connection is closed.
    lock: Option<File>,
}

/// A file that is opened as a journal.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) id: UploadId,
    /// Absent for a journal that is only looked at, or that ends with the process.
    pub(super) lock: Option<File>,
    pub(super) seams: Seams,
}

impl Journal {
    /// A journal in an empty database, to be [planned into](Self::begin_plan). Nothing of it needs to survive before
    /// that has ended.
    pub(super) fn create(opened: Opened) -> Result<Self, JournalError> {
        let journal = Self::new(opened, false);
        journal.read(|connection| {
            set_up(connection)?;
            connection.execute_batch(
                "PRAGMA page_size = 8192; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;",
            )
        })?;
        journal.write("create", |transaction| {
            transaction.execute_batch(schema::TABLES)
        })?;
        Ok(journal)
    }

    /// Ends the transaction in which everything was planned, after `work`, and puts the journal where it is found. All of it is
    /// on the disk then.
    pub(super) fn end_plan(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), JournalError> {
        let step = "planned";
        self.read(work)?;
        if self.dies(step, CommitPoint::Before) {
            return Err(JournalError::SimulatedCrash { step });
        }
        self.read(|connection| connection.execute_batch("COMMIT"))?;
        if self.0.lock.is_some() {
            let mut connection = self.connection();
            // A connection knows its file by name, so it is closed first.
            let closed = Connection::open_in_memory().map_err(|error| self.failed(error))?;
            let planned = std::mem::replace(&mut *connection, closed);
            planned.close().map_err(|(_, error)| self.failed(error))?;
            let is_unsynced = self.0.seams.is_unsynced;
            files::publish(self.path(), is_unsynced)?;
            *connection = existing_database(self.path())?;
            open_for_delivery(&connection, is_unsynced).map_err(|error| self.failed(error))?;
        }
        if self.dies(step, CommitPoint::After) {
            return Err(JournalError::SimulatedCrash { step });
        }
        Ok(())
    }

    /// The journal in a database that has one. One of an older format is migrated, if this process may write it.
    pub(super) fn open(opened: Opened) -> Result<Self, JournalError> {
        let journal = Self::new(opened, true);
        let is_unsynced = journal.0.seams.is_unsynced;
        journal.read(|connection| open_for_delivery(connection, is_unsynced))?;
        let found: i64 = journal
            .read(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))?;
        let path = journal.path().to_owned();
        match found {
            schema::VERSION => {}
            // A file has its name once everything is planned, and then has a format.
            0 => return Err(journal.corrupted("it is empty or not a journal")),
            newer if newer > schema::VERSION => {
                return Err(JournalError::Newer {
                    path,
                    found,
                    supported: schema::VERSION,
                });
            }
            older if older < migrate::OLDEST => {
                return Err(JournalError::Older {
                    path,
                    found,
                    supported: migrate::OLDEST,
                });
            }
            older => journal.write("migrate", |transaction| {
                migrate::migrate(transaction, older)
            })?,
        }
        Ok(journal)
    }

    fn new(opened: Opened, may_have_run: bool) -> Self {
        let Opened {
            connection,
            path,
            id,
            lock,
            seams,
        } = opened;
        Self(Arc::new(Shared {
            connection: Mutex::new(connection),
            path,
            id,
            seams,
            may_have_run: AtomicBool::new(may_have_run),
            lock,
        }))
    }

    /// The upload's ID.
    pub fn id(&self) -> &UploadId {
        &self.0.id
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// The file, unless it ends with the process.
    pub fn saved_path(&self) -> Option<&Path> {
        self.0.lock.is_some().then_some(&*self.0.path)
    }

    /// Whether the upload may have been delivered before; from now on it may.
    pub(crate) fn begin_run(&self) -> bool {
        self.0.may_have_run.swap(true, Ordering::Relaxed)
    }

    /// Whether nothing waits for the disk.
    pub(super) fn is_unsynced(&self) -> bool {
        self.0.seams.is_unsynced
    }

    /// Whether everything happens on the calling thread.
    pub(crate) fn is_inline(&self) -> bool {
        self.0.seams.is_inline
    }

    /// Does `work` on a thread on which blocking is allowed: SQLite and hashing keep no async thread busy.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        if self.0.seams.is_inline {
            return work(self);
        }
        let _turn = TURNS.acquire().await;
        let journal = self.clone();
        match tokio::task::spawn_blocking(move || work(&journal)).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(error) => Err(JournalError::Database {
                    path: self.path().to_owned(),
                    source: error.into(),
                }),
            },
        }
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic rolled its transaction back when it unwound, so the connection is in order.
        self.0
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: rusqlite::Error) -> JournalError {
        JournalError::of(self.path(), error)
    }

    pub(super) fn corrupted(&self, problem: impl Into<String>) -> JournalError {
        JournalError::Corrupted {
            path: self.path().to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        work(&self.connection()).map_err(|error| self.failed(error))
    }

    /// One step of the upload, written completely or not at all.
    pub(super) fn write<T>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let mut connection = self.connection();
        let done = (|| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            if self.dies(step, CommitPoint::Before) {
                return Ok(None);
            }
            transaction.commit()?;
            Ok(Some(done).filter(|_| !self.dies(step, CommitPoint::After)))
        })();
        done.map_err(|error| self.failed(error))?
            .ok_or(JournalError::SimulatedCrash { step })
    }

    fn dies(&self, step: &'static str, point: CommitPoint) -> bool {
        let hook = self.0.seams.fault_hook.as_ref();
        hook.is_some_and(|hook| !hook(step, point))
    }

    /// Stores a document under a key.
    #[cfg(test)]
    pub(crate) fn set(
        &self,
        key: &'static str,
        value: &impl Serialize,
    ) -> Result<(), JournalError> {
        self.write(key, |transaction| set_document(transaction, key, value))
    }

    /// The document under a key.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, JournalError> {
        let text: Option<String> = self.read(|connection| {
            connection
                .prepare_cached("SELECT value FROM upload WHERE key = ?")?
                .query_row([key], |row| row.get(0))
                .optional()
        })?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| self.corrupted(format!("`{key}`: {error}")))
    }

    /// Where exactly the results go, once that is known.
    pub fn target(&self) -> Result<Option<Target>, JournalError> {
        self.get("target")
    }

    /// Where the results should go.
    pub fn target_spec(&self) -> Result<TargetSpec, JournalError> {
        Ok(self.manifest()?.target_spec)
    }

    /// The URL of the workspace that it goes to, as in the browser; `None` for a sandbox.
    pub fn url(&self) -> Result<Option<String>, JournalError> {
        Ok(self.manifest()?.server.url_of_workspace())
    }

    /// What was planned.
    pub(crate) fn manifest(&self) -> Result<Manifest, JournalError> {
        self.get("manifest")?
            .ok_or_else(|| self.corrupted("it has no `manifest`"))
    }

    /// Deletes the upload, for example because nothing of it was sent. A failure changes nothing: the files that
    /// remain are pruned later.
    pub fn discard(self) {
        self.close_and_remove();
    }

    /// Closes the file and removes it, also while clones of this live.
    pub(super) fn close_and_remove(&self) {
        let mut connection = self.connection();
        if let Ok(closed) = Connection::open_in_memory() {
            *connection = closed;
        }
        let _ = files::remove(self.path());
    }
}

/// Opens an existing file: a journal that is deleted at this moment is not created again.
pub(super) fn existing_database(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| JournalError::of(path, error))
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA temp_store = FILE; PRAGMA busy_timeout = 5000;")
}

/// Commits survive the death of the process, and others may read at any time. Unsynced, they need not survive a power failure.
fn open_for_delivery(connection: &Connection, is_unsynced: bool) -> rusqlite::Result<()> {
    set_up(connection)?;
    connection.execute_batch(if is_unsynced {
        "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL;"
    } else {
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
    })
}

/// Stores a document under a key.
pub(super) fn set_document(
    transaction: &Transaction<'_>,
    key: &str,
    value: &impl Serialize,
) -> rusqlite::Result<()> {
    let text = serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO upload (key, value) VALUES (?, ?)")?
        .execute((key, text))?;
    Ok(())
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("id", self.id())
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
