//! Opening the database.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::private;
use super::steps::Steps;
use crate::sandbox_error::SandboxError;
use crate::settings::Storage;

/// The size of a connection's statement cache.
const STATEMENTS: usize = 256;

/// SQLite's application ID, which marks a file as a sandbox's: `OcSb`.
const APPLICATION: i32 = 0x4f63_5362;

/// The layout version of the tables. It increases with every change that is incompatible with older files; a
/// new field in the catalog is compatible, because its column is added.
const LAYOUT: i32 = 1;

/// A connection, and the lock that keeps other sandboxes from using the same file.
pub(super) fn open(storage: &Storage) -> Result<(Connection, Option<File>), SandboxError> {
    match storage {
        Storage::Memory => {
            let failed = |source| database_error(Path::new(":memory:"), source);
            Ok((in_memory().map_err(failed)?, None))
        }
        Storage::File(path) => {
            let failed = |source| database_error(path, source);
            let lock = lock(path)?;
            // SQLite gives the files beside it the same permissions.
            private::open(path).map_err(|source| SandboxError::File {
                path: path.clone(),
                source,
            })?;
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
            Ok((connection, Some(lock)))
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
    // In WAL mode, `NORMAL` loses nothing if the process is killed; only a power failure may lose the last
    // transactions, which is acceptable for a sandbox.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -65536;
         PRAGMA busy_timeout = 5000;
         PRAGMA journal_size_limit = 67108864;",
    )
}

/// Marks an empty database as a sandbox's. There is nothing that could be lost, so this does not wait for the disk.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA synchronous = OFF;
         PRAGMA journal_mode = WAL;
         PRAGMA application_id = {APPLICATION};
         PRAGMA user_version = {LAYOUT};"
    ))
}

/// What a file contains.
enum Contents {
    Nothing,
    /// Data that this sandbox can use.
    Own,
    /// Data of another version, by its layout, or of another program, which has none: zero, like the first sandboxes.
    Foreign(i32),
}

fn contents(connection: &Connection) -> rusqlite::Result<Contents> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, layout) = (number("application_id")?, number("user_version")?);
    let is_empty = !connection
        .prepare("SELECT 1 FROM sqlite_master")?
        .exists([])?;
    Ok(match (application, layout) {
        _ if is_empty => Contents::Nothing,
        (APPLICATION, LAYOUT) => Contents::Own,
        (APPLICATION, layout) => Contents::Foreign(layout),
        _ => Contents::Foreign(0),
    })
}

fn database_error(path: &Path, source: rusqlite::Error) -> SandboxError {
    SandboxError::Database {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// Another, read-only connection to an open database.
pub(super) fn reader(path: &Path) -> Result<(Connection, Steps), SandboxError> {
    let prepared = Connection::open(path).and_then(|mut connection| {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(
            "PRAGMA query_only = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -16384;
             PRAGMA busy_timeout = 5000;",
        )?;
        let steps = Steps::of(&mut connection)?;
        Ok((connection, steps))
    });
    prepared.map_err(|source| database_error(path, source))
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
