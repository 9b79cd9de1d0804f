//! Opening the database.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::SandboxError;
use crate::settings::Storage;

/// How many statements a connection keeps prepared.
const STATEMENTS: usize = 256;

/// A connection, and the lock that keeps other sandboxes from the same file.
pub(super) fn open(storage: &Storage) -> Result<(Connection, Option<File>), SandboxError> {
    let (connection, lock) = match storage {
        Storage::Memory => (Connection::open_in_memory(), None),
        Storage::File(path) => {
            let lock = lock(path)?;
            (Connection::open(path), Some(lock))
        }
    };
    let prepared = connection.and_then(|connection| {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // In WAL mode `NORMAL` loses nothing when the process is killed; only a power cut may take the
        // last transactions, which a sandbox can bear.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -65536;
             PRAGMA busy_timeout = 5000;
             PRAGMA journal_size_limit = 67108864;",
        )?;
        Ok(connection)
    });
    match prepared {
        Ok(connection) => Ok((connection, lock)),
        Err(source) => Err(SandboxError::Database {
            path: match storage {
                Storage::Memory => PathBuf::from(":memory:"),
                Storage::File(path) => path.clone(),
            },
            source: Box::new(source),
        }),
    }
}

/// A further connection to a database that is open, only for reading.
pub(super) fn reader(path: &Path) -> Result<Connection, SandboxError> {
    let prepared = Connection::open(path).and_then(|connection| {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(
            "PRAGMA query_only = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -16384;
             PRAGMA busy_timeout = 5000;",
        )?;
        Ok(connection)
    });
    prepared.map_err(|source| SandboxError::Database {
        path: path.to_owned(),
        source: Box::new(source),
    })
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
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SandboxError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
