//! A new database with all tables, indexes and triggers.
//!
//! SQLite compiles each `CREATE` twice and searches its whole schema after it: some two hundred take three quarters of a start.
//! Here, their trees come from an image of empty pages, their statements are written into the schema as rows, and all of them are
//! compiled together when it is read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, MAIN_DB};

use super::mark::mark;
use super::private;
use super::schema_object::{Kind, Object};

/// SQLite's default.
const PAGE_BYTES: usize = 4096;
/// Where the first page states how it is written and read: as two bytes, which are 2 for a write-ahead log.
const FORMATS_AT: usize = 18;
const WRITE_AHEAD_LOG: [u8; 2] = [2, 2];
/// Where the first page states the number of pages, as four bytes.
const PAGE_COUNT_AT: usize = 28;
/// The first page contains the schema.
const FIRST_ROOT: usize = 2;
/// How much of a file is written at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Reserves the pages for all objects in a database that contains nothing. A process that is killed after it leaves a database
/// that contains nothing.
pub(super) fn reserve(connection: &mut Connection, objects: &[Object]) -> rusqlite::Result<()> {
    let mut blank = Connection::open_in_memory()?;
    let image = Image::of(&mut blank, objects)?;
    let length = image.len();
    blank.deserialize_read_exact(MAIN_DB, image, length, false)?;
    // Each page is read once, so keeping all of them would only take memory, and time to get it.
    blank.execute_batch("PRAGMA cache_size = 1")?;
    Backup::new(&blank, connection)?.run_to_completion(i32::MAX, Duration::ZERO, None)
}

/// Makes a file that is empty a database in which the pages for all objects are reserved; false if it is not empty. There is
/// no moment at which it is half written.
pub(super) fn reserve_file(path: &Path, objects: &[Object]) -> io::Result<bool> {
    let with_ending = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    // A log may hold what the file does not yet.
    if fs::metadata(path)?.len() > 0 || fs::exists(with_ending("-wal"))? || path.is_symlink() {
        return Ok(false);
    }
    let new = with_ending(".new");
    let file = private::open(&new)?;
    let replaced = write(file, objects).and_then(|()| fs::rename(&new, path));
    if replaced.is_err() {
        // It will not be needed.
        let _ = fs::remove_file(&new);
    }
    replaced.map(|()| true)
}

fn write(file: File, objects: &[Object]) -> io::Result<()> {
    let mut blank = Connection::open_in_memory().map_err(io::Error::other)?;
    let mut image = Image::of(&mut blank, objects).map_err(io::Error::other)?;
    image.page[FORMATS_AT..FORMATS_AT + WRITE_AHEAD_LOG.len()].copy_from_slice(&WRITE_AHEAD_LOG);
    // One that a killed process left may be longer.
    file.set_len(0)?;
    let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
    io::copy(&mut image, &mut file)?;
    file.flush()
}

/// The bytes of a database that contains nothing but an empty tree for each object.
struct Image {
    /// The first byte of the trees.
    trees: std::vec::IntoIter<u8>,
    page: [u8; PAGE_BYTES],
    /// How much of the page has been read.
    read: usize,
}

impl Image {
    /// `blank` becomes a database of the sandbox.
    fn of(blank: &mut Connection, objects: &[Object]) -> rusqlite::Result<Self> {
        mark(blank)?;
        let mut page = [0; PAGE_BYTES];
        let first = blank.serialize(MAIN_DB)?;
        let length = first.len().min(PAGE_BYTES);
        page[..length].copy_from_slice(&first[..length]);
        let trees: Vec<u8> = [tree(Kind::Table)]
            .into_iter()
            .chain(objects.iter().map(|object| tree(object.kind)))
            .flatten()
            .collect();
        let count = u32::try_from(1 + trees.len()).unwrap_or(u32::MAX);
        page[PAGE_COUNT_AT..PAGE_COUNT_AT + 4].copy_from_slice(&count.to_be_bytes());
        Ok(Self {
            trees: trees.into_iter(),
            page,
            read: 0,
        })
    }

    /// The length of what is left, in bytes.
    fn len(&self) -> usize {
        PAGE_BYTES - self.read + PAGE_BYTES * self.trees.len()
    }
}

impl Read for Image {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == PAGE_BYTES {
            let Some(kind) = self.trees.next() else {
                return Ok(0);
            };
            // An empty leaf: no free block, no cell, and the cells begin at the end.
            let [high, low] = u16::try_from(PAGE_BYTES).unwrap_or(0).to_be_bytes();
            let head = [kind, 0, 0, 0, 0, high, low, 0];
            self.page = [0; PAGE_BYTES];
            self.page[..head.len()].copy_from_slice(&head);
            self.read = 0;
        }
        let count = (&self.page[self.read..]).read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

/// Creates all objects in a database with the pages for them, in the transaction of the connection.
pub(super) fn create(connection: &Connection, objects: &[Object]) -> rusqlite::Result<()> {
    let sequences = Object::sequences();
    connection.execute_batch("PRAGMA writable_schema = ON")?;
    let mut insert = connection.prepare("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)")?;
    let mut root = FIRST_ROOT;
    for object in [&sequences].into_iter().chain(objects) {
        let (kind, own_root) = match object.kind {
            Kind::Table | Kind::TableWithoutRowid => ("table", root),
            Kind::Index | Kind::UniqueIndex => ("index", root),
            Kind::Trigger => ("trigger", 0),
        };
        insert.execute((kind, &object.name, &object.table, own_root, object.sql()))?;
        root += usize::from(own_root > 0);
    }
    connection.execute_batch("PRAGMA writable_schema = RESET")
}

/// How the page of an empty tree begins; `None` for what has none.
fn tree(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Table => Some(0x0d),
        Kind::TableWithoutRowid | Kind::Index | Kind::UniqueIndex => Some(0x0a),
        Kind::Trigger => None,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{create, reserve};
    use crate::catalog::Catalog;
    use crate::settings::Settings;
    use crate::store::mark::mark;
    use crate::store::schema;

    /// Everything in a schema, with the statement.
    fn schema_of(connection: &Connection) -> Vec<(String, String, String, String)> {
        let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.try_into()).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_new_database_is_what_the_statements_create_one_by_one() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let objects = schema::all(&catalog);
        let blank = || {
            let connection = Connection::open_in_memory().unwrap();
            mark(&connection).unwrap();
            connection
        };
        let mut quick = blank();
        reserve(&mut quick, &objects).unwrap();
        let transaction = quick.transaction().unwrap();
        create(&transaction, &objects).unwrap();
        transaction.commit().unwrap();
        let slow = blank();
        for object in &objects {
            slow.execute_batch(&object.sql()).unwrap();
        }
        assert_eq!(schema_of(&quick), schema_of(&slow));
        let problems: String = quick
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(problems, "ok");
    }
}
