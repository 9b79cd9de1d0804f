//! What a process that is killed leaves behind, at each place where the files may be half written.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use octane_model::Select;

use super::{ListRequest, Store, create, schema};
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::seed;
use crate::settings::{Settings, Storage, UserDefinedField};

/// A page of a database, and a page in the log of what was written.
const PAGE: usize = 4096;
const FRAME: usize = 24 + PAGE;
const WAL_HEAD: usize = 32;
/// How many places of a file are tried; the last ones always are.
const PLACES: usize = 16;

/// The files of a database, as a process that is killed leaves them. The index in shared memory is made again.
#[derive(Clone, PartialEq, Eq)]
struct Files {
    database: Vec<u8>,
    wal: Vec<u8>,
}

impl Files {
    fn of(folder: &Path) -> Self {
        let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
        Self {
            database: read("octane.db"),
            wal: read("octane.db-wal"),
        }
    }

    fn write(&self, folder: &Path) {
        fs::write(folder.join("octane.db"), &self.database).unwrap();
        fs::write(folder.join("octane.db-wal"), &self.wal).unwrap();
    }
}

/// The first `length` bytes of what a file became, over what it was.
fn half(before: &[u8], after: &[u8], length: usize) -> Vec<u8> {
    let rest = before.get(length..).unwrap_or_default();
    [&after[..length.min(after.len())], rest].concat()
}

/// The places at which writing `length` bytes may end: between units and within them.
fn places(head: usize, unit: usize, length: usize) -> Vec<usize> {
    let units = length.saturating_sub(head) / unit;
    let step = (units / PLACES).max(1);
    let chosen = (0..=units).filter(|number| number % step == 0 || units - number < 4);
    let mut places: Vec<usize> = chosen
        .flat_map(|number| [head + number * unit, head + number * unit + unit / 2])
        .chain([0, head / 2])
        .filter(|place| *place < length)
        .collect();
    places.push(length);
    places
}

/// All that may be on disk while `before` becomes `after`: the log is written first, the database from it.
fn between(before: &Files, after: &Files) -> Vec<Files> {
    let logs = places(WAL_HEAD, FRAME, after.wal.len())
        .into_iter()
        .map(|place| Files {
            database: before.database.clone(),
            wal: half(&before.wal, &after.wal, place),
        });
    let databases = places(0, PAGE, after.database.len())
        .into_iter()
        .map(|place| Files {
            database: half(&before.database, &after.database, place),
            wal: after.wal.clone(),
        })
        .filter(|_| before.database != after.database);
    logs.chain(databases).collect()
}

fn settings(folder: &Path) -> Settings {
    Settings::default().storage(Storage::File(folder.join("octane.db")))
}

fn open(folder: &Path) -> Store {
    let settings = settings(folder);
    let catalog = Arc::new(Catalog::new(&settings).unwrap());
    Store::open(&settings, catalog, Clock::running(), Some(seed::fill)).unwrap()
}

fn insert_tag(store: &Store) {
    let sql = "INSERT INTO user_tags (name) VALUES ('x')";
    let insert = |writer: super::Writer<'_>| Ok(writer.connection.execute(sql, [])?);
    store.write_now(insert).unwrap();
}

/// How many tags there are, once it is certain that everything else is as it should be.
fn tags(store: &Store) -> i64 {
    let connection = store.connection();
    let number = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    let integrity: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok");
    let broken = connection
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .exists([]);
    assert!(!broken.unwrap());
    assert_eq!(
        number("SELECT COUNT(*) FROM sandbox WHERE key = 'filled'"),
        1
    );
    assert_eq!(
        number("SELECT COUNT(*) FROM work_items WHERE subtype = 'work_item_root'"),
        1
    );
    assert!(number("SELECT COUNT(*) FROM work_items WHERE subtype = 'story'") > 0);
    assert_eq!(
        number("SELECT MIN(id) FROM releases"),
        first_release(&connection)
    );
    number("SELECT COUNT(*) FROM user_tags")
}

/// The first ID of a table is set when it is created.
fn first_release(connection: &rusqlite::Connection) -> i64 {
    let sql = "SELECT id FROM releases WHERE is_default = 1";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Every state on disk while `work` is done is opened; it has one of the numbers of tags.
fn kill_during(
    work: impl FnOnce(&Store),
    prepare: impl FnOnce(&Store),
    tags_before: i64,
    tags_after: i64,
) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    prepare(&store);
    let before = Files::of(folder.path());
    work(&store);
    let after = Files::of(folder.path());
    drop(store);
    assert!(before != after);
    let mut seen = Vec::new();
    for files in between(&before, &after) {
        let place = tempfile::tempdir().unwrap();
        files.write(place.path());
        seen.push(tags(&open(place.path())));
    }
    let expected = [tags_before, tags_after];
    assert!(seen.iter().all(|tags| expected.contains(tags)), "{seen:?}");
    assert_eq!(
        (seen.first(), seen.last()),
        (Some(&tags_before), Some(&tags_after))
    );
}

#[test]
fn a_reset_that_is_killed_leaves_the_old_data_or_the_initial_ones() {
    kill_during(|store| store.reset_now(|| ()).unwrap(), insert_tag, 1, 0);
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_data_or_the_snapshot() {
    let prepare = |store: &Store| {
        insert_tag(store);
        insert_tag(store);
        store.snapshot_now("two").unwrap();
        insert_tag(store);
    };
    kill_during(
        |store| store.restore_now("two", || ()).unwrap(),
        prepare,
        3,
        2,
    );
}

#[test]
fn a_snapshot_writes_nothing_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let before = Files::of(folder.path());
    store.snapshot_now("x").unwrap();
    assert!(before == Files::of(folder.path()));
}

/// Every state on disk while a sandbox starts for the first time on these files can be started again.
fn kill_during_first_start(before: &Files) {
    let folder = tempfile::tempdir().unwrap();
    before.write(folder.path());
    let store = open(folder.path());
    let after = Files::of(folder.path());
    drop(store);
    for files in between(before, &after) {
        let place = tempfile::tempdir().unwrap();
        files.write(place.path());
        assert_eq!(tags(&open(place.path())), 0);
    }
}

/// A file in which pages are reserved, and nothing else.
fn reserved(settings: &Settings) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("octane.db");
    fs::write(&path, b"").unwrap();
    let objects = schema::all(&Catalog::new(settings).unwrap());
    assert!(create::reserve_file(&path, &objects).unwrap());
    // It is not empty any more.
    assert!(!create::reserve_file(&path, &objects).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    Files::of(folder.path())
}

#[test]
fn a_first_start_that_is_killed_can_be_repeated() {
    // The file is replaced at once by one with reserved pages, and the rest is written into the log.
    kill_during_first_start(&reserved(&Settings::default()));
}

#[test]
fn a_first_start_on_a_database_that_contains_nothing_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("octane.db")).unwrap();
    let mode = "PRAGMA journal_mode = WAL";
    connection
        .query_row(mode, [], |row| row.get::<_, String>(0))
        .unwrap();
    let before = Files::of(folder.path());
    assert_eq!((before.database.len(), before.wal.len()), (PAGE, 0));
    kill_during_first_start(&before);
}

#[test]
fn pages_that_a_killed_start_reserved_for_another_catalog_are_replaced() {
    let mut other = Settings::default();
    other.entities.user_defined_fields = vec![UserDefinedField::new("user_tag", "color_udf")];
    let folder = tempfile::tempdir().unwrap();
    let mut files = reserved(&other);
    // As if an index had been a table.
    let tree = &mut files.database[2 * PAGE];
    *tree = if *tree == 0x0d { 0x0a } else { 0x0d };
    files.write(folder.path());
    assert_eq!(tags(&open(folder.path())), 0);
}

#[test]
fn a_half_written_file_that_a_killed_start_left_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("octane.db.new");
    fs::write(&left, vec![1; 2_000_000]).unwrap();
    assert_eq!(tags(&open(folder.path())), 0);
    assert!(!left.exists());
}

/// How a connection waits for the disk.
fn synchronous(connection: &rusqlite::Connection) -> i64 {
    let pragma = "PRAGMA synchronous";
    connection.query_row(pragma, [], |row| row.get(0)).unwrap()
}

#[test]
fn only_while_a_new_file_is_filled_nothing_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let fill: super::SampleData = |writer| {
        assert_eq!(synchronous(writer.connection), 0);
        seed::fill(writer)
    };
    for _ in 0..2 {
        let catalog = Arc::new(Catalog::new(&settings).unwrap());
        let store = Store::open(&settings, catalog, Clock::running(), Some(fill)).unwrap();
        assert_eq!(synchronous(&store.connection()), 1);
    }
}

/// Reads all fields that the catalog has, also those that were added, while `store` is reset and restored.
fn read_at_the_same_time(store: &Store) {
    let field = || UserDefinedField::new("user_tag", "color_udf");
    store.add_field(field()).unwrap();
    store.snapshot_now("field").unwrap();
    let is_over = AtomicBool::new(false);
    let read = |reader: super::Reader<'_>| {
        let tag = reader.catalog.known_type("user_tag");
        let request = ListRequest {
            select: Select::names(tag.fields.iter().map(|field| &*field.name)),
            limit: 5,
            ..ListRequest::default()
        };
        reader.list(tag, &request)?;
        let root = reader.catalog.known_type("work_item_root");
        Ok((
            tag.field("color_udf").is_some(),
            reader.list(root, &ListRequest::default())?.total_count,
        ))
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = [0_u32; 2];
                    while !is_over.load(Ordering::Relaxed) {
                        let (has_field, roots) = store.read_now(read).unwrap();
                        assert_eq!(roots, Some(1));
                        seen[usize::from(has_field)] += 1;
                    }
                    seen
                })
            })
            .collect();
        for _ in 0..6 {
            store.reset_now(|| ()).unwrap();
            store.read_now(read).unwrap();
            store.restore_now("field", || ()).unwrap();
            store.read_now(read).unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap().iter().sum::<u32>() > 0);
        }
    });
}

#[test]
fn readers_of_a_file_see_complete_data_while_all_of_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    read_at_the_same_time(&open(folder.path()));
}

#[test]
fn readers_of_memory_see_complete_data_while_all_of_it_is_replaced() {
    let settings = Settings::default();
    let catalog = Arc::new(Catalog::new(&settings).unwrap());
    let store = Store::open(&settings, catalog, Clock::running(), Some(seed::fill)).unwrap();
    read_at_the_same_time(&store);
}
