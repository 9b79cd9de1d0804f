//! A new database with all tables, indexes and triggers.
//!
//! SQLite compiles each `CREATE` twice and searches its whole schema after it: some two hundred take three quarters of a start.
//! Here, their trees come from an image of empty pages, their statements are written into the schema as rows, and all of them are
//! compiled together when it is read.

use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, MAIN_DB};

use super::open;
use super::schema_object::{Kind, Object};

/// SQLite's default.
const PAGE_BYTES: usize = 4096;
/// Where the first page states the number of pages, as four bytes.
const PAGE_COUNT_AT: usize = 28;
/// The first page contains the schema.
const FIRST_ROOT: usize = 2;

/// Reserves the pages for all objects in a database that contains nothing. A process that is killed after it leaves a database
/// that contains nothing.
pub(super) fn reserve(connection: &mut Connection, objects: &[Object]) -> rusqlite::Result<()> {
    let mut blank = Connection::open_in_memory()?;
    open::mark(&blank)?;
    let mut image = blank.serialize(MAIN_DB)?.to_vec();
    image.resize(PAGE_BYTES, 0);
    let roots: Vec<u8> = [tree(Kind::Table)]
        .into_iter()
        .chain(objects.iter().map(|object| tree(object.kind)))
        .flatten()
        .collect();
    for kind in &roots {
        // An empty leaf: no free block, no cell, and the cells begin at the end.
        let [high, low] = u16::try_from(PAGE_BYTES).unwrap_or(0).to_be_bytes();
        let head = [*kind, 0, 0, 0, 0, high, low, 0];
        image.extend(head);
        image.resize(image.len() + PAGE_BYTES - head.len(), 0);
    }
    let count = u32::try_from(1 + roots.len()).unwrap_or(u32::MAX);
    image[PAGE_COUNT_AT..PAGE_COUNT_AT + 4].copy_from_slice(&count.to_be_bytes());
    blank.deserialize_read_exact(MAIN_DB, image.as_slice(), image.len(), false)?;
    Backup::new(&blank, connection)?.run_to_completion(i32::MAX, Duration::ZERO, None)
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
    use crate::store::{open, schema};

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
        let mut quick = open::in_memory().unwrap();
        reserve(&mut quick, &objects).unwrap();
        let transaction = quick.transaction().unwrap();
        create(&transaction, &objects).unwrap();
        transaction.commit().unwrap();
        let slow = open::in_memory().unwrap();
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
