//! Opening the database.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::mark::{Contents, LAYOUT, contents, mark};
use super::schema_object::Object;
use super::steps::Steps;
use super::{create, private};
use crate::sandbox_error::SandboxError;
use crate::settings::Storage;

/// The size of a connection's statement cache.
const STATEMENTS: usize = 256;

/// A database that is open.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Keeps other sandboxes from using the same file.
    pub(super) lock: Option<File>,
    /// Whether it is new and has a page for each object.
    pub(super) is_reserved: bool,
}

/// Opens a database, which is to contain these objects.
pub(super) fn open(storage: &Storage, objects: &[Object]) -> Result<Opened, SandboxError> {
    match storage {
        Storage::Memory => {
            let failed = |source| database_error(Path::new(":memory:"), source);
            Ok(Opened {
                connection: in_memory().map_err(failed)?,
                lock: None,
                is_reserved: false,
            })
        }
        Storage::File(path) => {
            let failed = |source| database_error(path, source);
            let lock = lock(path)?;
            // SQLite gives the files next to it the same permissions.
            private::open(path).map_err(|source| SandboxError::File {
                path: path.clone(),
                source,
            })?;
            // Where this fails, the pages are reserved through the connection.
            let is_reserved = create::reserve_file(path, objects).unwrap_or(false);
            let connection = Connection::open(path).map_err(failed)?;
            // Before anything is written: a file of another program must not change.
            match contents(&connection).map_err(failed)? {
                Contents::Nothing => mark(&connection).map_err(failed)?,
                Contents::Own => {}
                Contents::Foreign(found) => {
                    return Err(SandboxError::Layout {
                        path: path.clone(),
                        found,
                        known: LAYOUT,
                    });
                }
            }
            prepare(&connection).map_err(failed)?;
            Ok(Opened {
                connection,
                lock: Some(lock),
                is_reserved,
            })
        }
    }
}

pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    mark(&connection)?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -65536;
         PRAGMA busy_timeout = 5000;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    synchronize(connection)
}

/// Waits for the disk from now on. In WAL mode, `NORMAL` loses nothing if the process is killed; only a power failure may lose the
/// last transactions, which is acceptable for a sandbox.
pub(super) fn synchronize(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = NORMAL")
}

fn database_error(path: &Path, source: rusqlite::Error) -> SandboxError {
    SandboxError::Database {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// Another, read-only connection to an open database.
pub(super) fn reader(path: &Path) -> rusqlite::Result<(Connection, Steps)> {
    let mut connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA query_only = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -16384;
         PRAGMA busy_timeout = 5000;",
    )?;
    let steps = Steps::of(&mut connection)?;
    Ok((connection, steps))
}

/// Two sandboxes on one file would ingest the same payload twice.
fn lock(path: &Path) -> Result<File, SandboxError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let failed = |source| SandboxError::File {
        path: lock_path.clone(),
        source,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        private::create_folder(folder).map_err(failed)?;
    }
    let file = private::open(&lock_path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SandboxError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
