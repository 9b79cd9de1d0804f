//! The journal of one upload: what was planned, and how far it is.
//!
//! Everything that will be sent is in here before the first byte leaves, so that a crash, a kill or a
//! server that is away loses nothing: whoever opens the journal again goes on with the same bytes.
//!
//! | state of a batch | what is known | what comes next |
//! |---|---|---|
//! | `planned` | not sent | send it |
//! | `sending` | it may have arrived | send the same bytes again; Octane recognises them |
//! | `sent` | a task works on it | ask the task |
//! | `settled` | the task has ended | compare its rows with what Octane shows |
//! | `refused` | the server said no | nothing; a later resume tries again |
//! | `split` | refused, and its halves took its place | nothing |
//!
//! A commit survives the death of the process. The plan is also forced to the disk; later steps may be
//! lost with the power, which costs no more than sending the same bytes once more.

mod batch;
mod error;
mod fate;
mod found;
mod id;
mod link;
mod lock;
mod payload;
mod reopen;
mod retention;
mod row;
mod schema;
mod spool;
mod summary;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use batch::{State, StoredBatch};
pub use error::JournalError;
pub(crate) use fate::{Evidence, first_lines};
pub(crate) use found::{FormerResult, FoundRun};
pub use id::{UnknownUploadId, UploadId};
pub(crate) use link::Linkable;
pub use retention::Retention;
pub use spool::Spool;
pub(crate) use summary::Ending;
pub use summary::UploadSummary;

use crate::plan::Header;
use crate::report::ReportedProblem;
use crate::{Destination, Target};
use spool::WriteHook;

/// Where in a commit a simulated process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of it will be there.
    BeforeCommit,
    /// All of it will be there, and nobody heard of it.
    AfterCommit,
}

/// The journal of one upload. Nobody else can work on the upload while this lives.
pub struct Journal {
    connection: Mutex<Connection>,
    path: PathBuf,
    id: UploadId,
    hook: Option<WriteHook>,
    /// Given back after the connection is closed.
    lock: Option<File>,
}

impl Journal {
    fn create(
        connection: Connection,
        path: PathBuf,
        lock: Option<File>,
        id: UploadId,
        hook: Option<WriteHook>,
    ) -> Result<Self, JournalError> {
        let journal = Self {
            connection: Mutex::new(connection),
            path,
            id,
            hook,
            lock,
        };
        journal.prepare()?;
        journal.write("create", |transaction| {
            transaction.execute_batch(schema::TABLES)?;
            transaction.pragma_update(None, "user_version", schema::VERSION)
        })?;
        Ok(journal)
    }

    fn open(
        connection: Connection,
        path: PathBuf,
        lock: Option<File>,
        id: UploadId,
        hook: Option<WriteHook>,
    ) -> Result<Self, JournalError> {
        let journal = Self {
            connection: Mutex::new(connection),
            path,
            id,
            hook,
            lock,
        };
        journal.prepare()?;
        let found: i64 = journal
            .read(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))?;
        match found {
            schema::VERSION => Ok(journal),
            // It died before its first commit: nothing was planned.
            0 => Err(JournalError::Unplanned {
                id: journal.id.clone(),
            }),
            _ => Err(JournalError::Newer {
                path: journal.path.clone(),
                found,
                known: schema::VERSION,
            }),
        }
    }

    fn prepare(&self) -> Result<(), JournalError> {
        let connection = self.connection();
        connection.set_prepared_statement_cache_capacity(64);
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = NORMAL;
                 PRAGMA temp_store = FILE;
                 PRAGMA busy_timeout = 5000;",
            )
            .map_err(|error| self.failed(error))
    }

    /// What the upload is called.
    pub fn id(&self) -> &UploadId {
        &self.id
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, unless it ends with the process.
    pub fn kept_path(&self) -> Option<&Path> {
        self.lock.is_some().then_some(&*self.path)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic rolled its transaction back when it unwound, so the connection is in order.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: rusqlite::Error) -> JournalError {
        JournalError::of(&self.path, error)
    }

    fn damaged(&self, problem: impl Into<String>) -> JournalError {
        JournalError::Damaged {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        work(&self.connection()).map_err(|error| self.failed(error))
    }

    /// One step of the upload, written as a whole or not at all.
    fn write<T>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let mut connection = self.connection();
        let done = (|| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            if self.dies(step, Moment::BeforeCommit) {
                return Ok(None);
            }
            transaction.commit()?;
            Ok(Some(done).filter(|_| !self.dies(step, Moment::AfterCommit)))
        })();
        done.map_err(|error| self.failed(error))?
            .ok_or(JournalError::CutOff { step })
    }

    fn dies(&self, step: &'static str, moment: Moment) -> bool {
        self.hook.as_ref().is_some_and(|hook| !hook(step, moment))
    }

    /// Lets `work` write, and forces all that is written to the disk.
    fn write_through<T>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let synchronous =
            |level| self.read(|connection| connection.pragma_update(None, "synchronous", level));
        synchronous("FULL")?;
        let done = self.write(step, work)?;
        synchronous("NORMAL")?;
        Ok(done)
    }

    /// Keeps a document under a key.
    pub(crate) fn put(
        &self,
        key: &'static str,
        value: &impl Serialize,
    ) -> Result<(), JournalError> {
        let text = serde_json::to_string(value).map_err(|error| self.damaged(error.to_string()))?;
        self.write(key, |transaction| {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO upload (key, value) VALUES (?, ?)")?
                .execute((key, text))?;
            Ok(())
        })
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
            .map_err(|error| self.damaged(format!("`{key}`: {error}")))
    }

    /// Keeps what stands before and behind the runs of every payload.
    pub(crate) fn put_frame(&self, (head, tail): (&[u8], &[u8])) -> Result<(), JournalError> {
        self.write("frame", |transaction| {
            let mut insert = transaction
                .prepare_cached("INSERT INTO upload (key, value) VALUES (?, CAST(? AS TEXT))")?;
            insert.execute(("head", head))?;
            insert.execute(("tail", tail))?;
            Ok(())
        })
    }

    /// Where exactly the results go, once that is known.
    pub fn target(&self) -> Result<Option<Target>, JournalError> {
        self.get("target")
    }

    /// Where the results shall go.
    pub fn destination(&self) -> Result<Destination, JournalError> {
        Ok(self.header()?.destination)
    }

    /// What was planned.
    pub(crate) fn header(&self) -> Result<Header, JournalError> {
        self.get("plan")?.ok_or_else(|| JournalError::Unplanned {
            id: self.id.clone(),
        })
    }

    /// Forgets the upload, for example because nothing of it was sent. Trouble with that changes nothing:
    /// what stays behind is pruned some day.
    pub fn discard(self) {
        let Self {
            connection, path, ..
        } = self;
        drop(connection);
        let _ = spool::remove_files(&path);
    }

    /// Forgets what an earlier pass through `stage` found and notes what this one did.
    pub(crate) fn note_problems<'p>(
        &self,
        stage: &'static str,
        problems: impl IntoIterator<Item = &'p ReportedProblem>,
    ) -> Result<(), JournalError> {
        self.write("problems", |transaction| {
            transaction.execute("DELETE FROM problems WHERE stage = ?", [stage])?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO problems (stage, code, test, file, line, position, message)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            for problem in problems {
                let position = problem.position.as_ref();
                insert.execute((
                    stage,
                    &*problem.code,
                    &problem.test,
                    position.map(|position| &*position.file),
                    position.map(|position| position.line),
                    position.and_then(|position| position.column),
                    &problem.message,
                ))?;
            }
            Ok(())
        })
    }

    /// All problems, in the order of the stages.
    pub(crate) fn problems(&self) -> Result<Vec<ReportedProblem>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT code, test, file, line, position, message FROM problems ORDER BY
                     CASE stage WHEN 'plan' THEN 0 WHEN 'delivery' THEN 1 WHEN 'account' THEN 2 ELSE 3 END, rowid",
                )?
                .query_map([], |row| {
                    let mut problem = ReportedProblem::new(
                        row.get::<_, String>(0)?,
                        row.get::<_, String>(5)?,
                    );
                    problem.test = row.get(1)?;
                    problem.position = row::position(row, 2)?;
                    Ok(problem)
                })?
                .collect()
        })
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("id", &self.id)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
