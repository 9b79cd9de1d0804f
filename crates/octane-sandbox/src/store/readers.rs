//! Read-only connections.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use rusqlite::Connection;

use super::open;
use super::steps::Steps;
use crate::error::ApiError;
use crate::settings::Storage;

/// How many connections there are. Further readers wait for each other; requests are short.
const CONNECTIONS: usize = 4;

/// Read-only connections. In WAL mode they see what is committed, whatever is being written, so a payload of
/// a million runs blocks no reader.
///
/// They are opened when they are needed first: each reads the whole schema then.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    connections: [OnceLock<Opened>; CONNECTIONS],
    next: AtomicUsize,
}

#[derive(Debug)]
struct Opened {
    connection: Mutex<Connection>,
    steps: Steps,
}

impl Opened {
    fn open(path: &Path) -> rusqlite::Result<Self> {
        let (connection, steps) = open::reader(path)?;
        Ok(Self {
            connection: Mutex::new(connection),
            steps,
        })
    }

    fn try_lock(&self) -> Option<(MutexGuard<'_, Connection>, &Steps)> {
        Some((try_lock(&self.connection)?, &self.steps))
    }
}

impl Readers {
    /// None for a database in memory, which belongs to its one connection.
    pub(super) fn of(storage: &Storage) -> Option<Self> {
        let Storage::File(path) = storage else {
            return None;
        };
        Some(Self {
            path: path.clone(),
            connections: Default::default(),
            next: AtomicUsize::new(0),
        })
    }

    /// Whether none was needed yet.
    pub(super) fn are_closed(&self) -> bool {
        self.connections.iter().all(|place| place.get().is_none())
    }

    /// An idle connection.
    pub(super) fn idle(&self) -> Option<(MutexGuard<'_, Connection>, &Steps)> {
        let mut places = self.connections.iter();
        places.find_map(|place| self.at(place).ok()?.try_lock())
    }

    /// The connection at this place, which is opened if it is not open.
    fn at<'a>(&'a self, place: &'a OnceLock<Opened>) -> rusqlite::Result<&'a Opened> {
        match place.get() {
            Some(opened) => Ok(opened),
            None => {
                let opened = Opened::open(&self.path)?;
                // Another thread may have been quicker.
                Ok(place.get_or_init(|| opened))
            }
        }
    }

    /// An idle connection, or otherwise the next one in turn.
    pub(super) fn any(&self) -> rusqlite::Result<MutexGuard<'_, Connection>> {
        if let Some((connection, _)) = self.idle() {
            return Ok(connection);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        // Where no more can be opened, such as without file descriptors, the others are waited for.
        let opened = self.at(&self.connections[turn]).or_else(|error| {
            let mut others = self.connections.iter().filter_map(OnceLock::get);
            others.next().ok_or(error)
        })?;
        let locked = opened.connection.lock();
        Ok(locked.unwrap_or_else(PoisonError::into_inner))
    }
}

/// The connection, unless it is in use.
pub(super) fn try_lock(connection: &Mutex<Connection>) -> Option<MutexGuard<'_, Connection>> {
    match connection.try_lock() {
        Ok(connection) => Some(connection),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A transaction that only reads. It ends when it is dropped, even by a panic.
pub(super) struct Snapshot<'a>(&'a Connection);

/// From now on the connection sees one snapshot of the database, however many statements read it.
pub(super) fn begin(connection: &Connection) -> Result<Snapshot<'_>, ApiError> {
    if !connection.is_autocommit() {
        // The end of the one before has failed.
        end(connection)?;
    }
    connection.prepare_cached("BEGIN")?.execute([])?;
    let snapshot = Snapshot(connection);
    // A transaction begins with what it reads first.
    snapshot
        .prepare_cached("SELECT 1 FROM sandbox LIMIT 1")?
        .exists([])?;
    Ok(snapshot)
}

impl Deref for Snapshot<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // If this fails, it is tried again before the next one begins.
        let _ = end(self.0);
    }
}

fn end(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("ROLLBACK")?
        .execute([])
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use crate::catalog::Catalog;
    use crate::clock::Clock;
    use crate::settings::{Settings, Storage};
    use crate::store::Store;
    use crate::store::read::Reader;
    use crate::store::writer::Writer;

    /// A store on a file.
    fn store() -> (Store, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let file = Storage::File(folder.path().join("sandbox.sqlite"));
        let settings = Settings::default().storage(file).seed_data(false);
        let catalog = Arc::new(Catalog::new(&settings).unwrap());
        let store = Store::open(&settings, catalog, Clock::running(), None).unwrap();
        (store, folder)
    }

    const INSERT: &str = "INSERT INTO user_tags (name) VALUES ('x')";

    fn count(store: &Store) -> i64 {
        let sql = "SELECT COUNT(*) FROM user_tags";
        let read =
            |reader: Reader<'_>| Ok(reader.connection.query_row(sql, [], |row| row.get(0))?);
        store.read_now(read).unwrap()
    }

    #[test]
    fn readers_of_a_file_do_not_wait_for_a_writer_and_see_committed_data() {
        let (store, _folder) = store();
        let work = |writer: Writer<'_>| {
            writer.connection.execute(INSERT, [])?;
            Ok(count(&store))
        };
        let seen = store.write_now(work).unwrap();
        assert_eq!((seen, count(&store)), (0, 1));
    }

    /// SQLite counts the steps of a statement over all of its executions, and asks after every thousandth whether to go on: it asks at
    /// the end of some transactions, too.
    #[test]
    fn reads_that_took_too_long_leave_no_transaction_behind() {
        const LONG: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT COUNT(*) FROM n";
        let (store, _folder) = store();
        let mut interrupted = 0;
        for _ in 0..1200 {
            let long = |reader: Reader<'_>| {
                let count: i64 = reader.connection.query_row(LONG, [], |row| row.get(0))?;
                Ok(count)
            };
            match store.read_briefly(long) {
                Some(result) => assert_eq!(result.unwrap(), 20_000),
                None => interrupted += 1,
            }
        }
        assert!(interrupted > 600, "{interrupted}");
        assert_eq!(count(&store), 0);
    }

    #[test]
    fn a_transaction_that_was_left_open_is_ended_before_the_next_one() {
        let (store, _folder) = store();
        let (connection, _) = store.readers.as_ref().unwrap().idle().unwrap();
        connection.execute_batch("BEGIN").unwrap();
        drop(connection);
        assert_eq!(count(&store), 0);
    }

    #[test]
    fn readers_cannot_write() {
        let (store, _folder) = store();
        let written = store.read_now(|reader| Ok(reader.connection.execute(INSERT, [])?));
        assert!(written.is_err());
    }

    #[test]
    fn readers_see_data_that_were_restored_or_reset() {
        let (store, _folder) = store();
        store.snapshot_now("empty").unwrap();
        let insert = |writer: Writer<'_>| Ok(writer.connection.execute(INSERT, [])?);
        store.write_now(insert).unwrap();
        assert_eq!(count(&store), 1);
        store.restore_now("empty", || ()).unwrap();
        assert_eq!(count(&store), 0);
        store.write_now(insert).unwrap();
        store.reset_now(|| ()).unwrap();
        assert_eq!(count(&store), 0);
    }
}
