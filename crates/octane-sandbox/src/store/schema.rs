//! Tables and indexes, created from the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::schema_object::Object;
use super::{arrivals, deleted_results, run_totals, stale_suite_runs};
use crate::catalog::{Catalog, EntityType, Field, FieldType, Link, OnDelete, Table};
use crate::hex::hex;

/// The tables that do not contain entities: name and definition.
const OWN_TABLES: &[(&str, &str)] = &[
    (
        "sandbox",
        "(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    ),
    (
        "user_defined_fields",
        "(entity TEXT, name TEXT, label TEXT, type TEXT, PRIMARY KEY (entity, name)) WITHOUT ROWID",
    ),
    (
        "tasks",
        "(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        status TEXT NOT NULL,
        skip_errors INTEGER NOT NULL,
        digest BLOB NOT NULL,
        until TEXT NOT NULL,
        -- When it was accepted, in milliseconds since 1970-01-01 UTC.
        accepted INTEGER NOT NULL,
        -- How often the sandbox ended while it processed the payload.
        interruptions INTEGER NOT NULL DEFAULT 0,
        -- The build that was named beside the payload: `[server, job, build]`.
        build TEXT,
        error_details TEXT,
        log TEXT NOT NULL DEFAULT ''
        )",
    ),
    // The bytes of those that wait; apart, so that looking at a task need not step over them.
    (
        "payloads",
        "(id INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE, bytes BLOB NOT NULL)",
    ),
    // What CI servers send that no entity shows.
    (
        "ci_facts",
        "(
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, received INTEGER NOT NULL,
        about TEXT NOT NULL, media_type TEXT NOT NULL, body BLOB NOT NULL
        )",
    ),
];

/// Their indexes: name, table, and what follows its name.
const OWN_INDEXES: &[(&str, &str, &str)] = &[
    ("tasks_by_acceptance", "tasks", "(accepted)"),
    ("tasks_by_digest", "tasks", "(digest, skip_errors)"),
    (
        "tasks_waiting",
        "tasks",
        "(id) WHERE status IN ('queued', 'running')",
    ),
];

/// The type of a column that databases of older versions lack.
const INTERRUPTIONS: &str = "INTEGER NOT NULL DEFAULT 0";

/// Creates what an older database lacks: tables, columns of newer catalogs and settings, indexes.
pub(super) fn create_missing(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<()> {
    let sql: String = own().iter().map(Object::unless_exists).collect();
    connection.execute_batch(&sql)?;
    add_columns(connection, "tasks", &[("interruptions", INTERRUPTIONS)])?;
    let lacks_arrivals = arrivals::are_missing(connection)?;
    for table in catalog.tables() {
        let columns: Vec<_> = columns(catalog, table).into_iter().collect();
        if connection.table_exists(None, table.name)? {
            add_columns(connection, table.name, &columns)?;
        } else {
            connection.execute_batch(&entity_table(table, &columns).unless_exists())?;
            begin_ids_of(connection, table)?;
        }
        indexes(table).try_for_each(|index| complete_index(connection, &index))?;
    }
    let sql: String = links(catalog).iter().map(Object::unless_exists).collect();
    connection.execute_batch(&sql)?;
    if lacks_arrivals {
        arrivals::find(connection)?;
    }
    run_totals::create_missing(connection)?;
    deleted_results::create_missing(connection)?;
    stale_suite_runs::create_missing(connection)
}

/// Creates an index, also in the place of another one with its name that an older version created.
fn complete_index(connection: &Connection, index: &Object) -> rusqlite::Result<()> {
    let mut found = connection.prepare_cached("SELECT 1 FROM sqlite_schema WHERE sql = ?")?;
    if found.exists([index.sql()])? {
        return Ok(());
    }
    connection.execute_batch(&index.replacing())
}

/// A digest of all tables and indexes: a database that was complete for the same one has nothing to be added.
pub(super) fn digest(objects: &[Object]) -> String {
    let mut digest = Sha256::new();
    for object in objects {
        digest.update(object.sql());
    }
    hex(&digest.finalize())
}

/// Everything of a new database, in an order in which it can be created.
pub(super) fn all(catalog: &Catalog) -> Vec<Object> {
    let mut objects = own();
    for table in catalog.tables() {
        let columns: Vec<_> = columns(catalog, table).into_iter().collect();
        objects.push(entity_table(table, &columns));
        objects.extend(indexes(table));
    }
    objects.extend(links(catalog));
    objects.push(run_totals::table());
    objects.extend(run_totals::triggers());
    objects.push(deleted_results::trigger());
    objects.extend(stale_suite_runs::objects());
    objects
}

/// Lets the IDs of all tables begin where they do.
pub(super) fn begin_ids(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<()> {
    catalog
        .tables()
        .iter()
        .try_for_each(|table| begin_ids_of(connection, table))
}

fn own() -> Vec<Object> {
    let tables = OWN_TABLES.iter();
    let tables = tables.map(|(name, definition)| Object::table(name, definition));
    let indexes = OWN_INDEXES.iter();
    let indexes = indexes.map(|(name, table, on)| Object::index(name, table, on));
    tables.chain(indexes).collect()
}

fn indexes(table: &Table) -> impl Iterator<Item = Object> {
    let name = table.name;
    let indexes = table.indexes.iter();
    indexes.map(move |(index, on)| Object::index(index, name, &format!("({on})")))
}

fn entity_table(table: &Table, columns: &[(&str, String)]) -> Object {
    let mut definition = "(id INTEGER PRIMARY KEY AUTOINCREMENT".to_owned();
    for (column, of) in columns {
        push(&mut definition, format_args!(", \"{column}\" {of}"));
    }
    definition.push(')');
    Object::table(table.name, &definition)
}

/// AUTOINCREMENT never reuses an ID, and its counter determines the first one.
fn begin_ids_of(connection: &Connection, table: &Table) -> rusqlite::Result<()> {
    let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)";
    let mut insert = connection.prepare_cached(sql)?;
    insert.execute((table.name, table.first_id - 1)).map(|_| ())
}

fn push(sql: &mut String, text: fmt::Arguments<'_>) {
    sql.write_fmt(text)
        .expect("writing to a string does not fail");
}

/// Adds the columns that a table does not have yet.
fn add_columns(
    connection: &Connection,
    table: &str,
    columns: &[(&str, impl AsRef<str>)],
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let existing: BTreeSet<String> = statement
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for (column, definition) in columns {
        if !existing.contains(*column) {
            connection.execute_batch(&format!(
                "ALTER TABLE {table} ADD COLUMN \"{column}\" {}",
                definition.as_ref()
            ))?;
        }
    }
    Ok(())
}

fn columns<'a>(catalog: &'a Catalog, table: &'a Table) -> BTreeMap<&'a str, String> {
    let mut columns = BTreeMap::new();
    for entity_type in catalog
        .types()
        .iter()
        .filter(|entity_type| entity_type.table == table.name)
    {
        let stored = entity_type.fields.iter().filter(|field| field.is_column());
        for field in stored.filter(|field| !matches!(field.field_type, FieldType::Id)) {
            columns
                .entry(field.column())
                .or_insert_with(|| definition(catalog, field));
        }
    }
    for (name, entity_type) in table.hidden {
        columns.insert(name, (*entity_type).to_owned());
    }
    columns
}

fn definition(catalog: &Catalog, field: &Field) -> String {
    match &field.field_type {
        FieldType::Integer
            if field.name == "version_stamp" || field.name == "client_lock_stamp" =>
        {
            "INTEGER NOT NULL DEFAULT 1".to_owned()
        }
        FieldType::Integer | FieldType::Boolean | FieldType::DateTime | FieldType::Date => {
            "INTEGER".to_owned()
        }
        FieldType::Float => "REAL".to_owned(),
        FieldType::One(reference) => {
            let target = catalog.known_type(reference.target).table;
            let action = match reference.on_delete {
                OnDelete::Forget => "SET NULL",
                OnDelete::Cascade => "CASCADE",
            };
            format!("INTEGER REFERENCES {target} (id) ON DELETE {action}")
        }
        _ => "TEXT".to_owned(),
    }
}

/// Each link table once, although both of its sides refer to it, with an index for either direction; and the index of the
/// Jira keys, whose field is in the settings.
fn links(catalog: &Catalog) -> Vec<Object> {
    let mut tables = BTreeMap::new();
    for entity_type in catalog.types() {
        for field in &entity_type.fields {
            let FieldType::Many(link) = &field.field_type else {
                continue;
            };
            if link.is_derived() {
                continue;
            }
            let objects = || link_objects(catalog, entity_type, link);
            tables.entry(link.table).or_insert_with(objects);
        }
    }
    let mut objects: Vec<Object> = tables.into_values().flatten().collect();
    let jira_field = &catalog.jira_field;
    objects.push(Object::index(
        &format!("\"work_items_by_{jira_field}\""),
        "work_items",
        &format!("(\"{jira_field}\" COLLATE NOCASE)"),
    ));
    objects
}

fn link_objects(catalog: &Catalog, entity_type: &EntityType, link: &Link) -> Vec<Object> {
    let Link {
        table,
        owner_column: owner,
        target_column: target,
        ..
    } = link;
    let mut tables = catalog.tables().iter();
    if tables.any(|entity_table| entity_table.name == *table) {
        // The links are entities: only their uniqueness is missing.
        let (pairs, on) = (format!("{table}_pairs"), format!("({owner}, {target})"));
        return vec![Object::unique_index(&pairs, table, &on)];
    }
    let (mine, theirs) = (entity_type.table, catalog.known_type(link.target).table);
    let definition = format!(
        "(
        {owner} INTEGER NOT NULL REFERENCES {mine} (id) ON DELETE CASCADE,
        {target} INTEGER NOT NULL REFERENCES {theirs} (id) ON DELETE CASCADE,
        PRIMARY KEY ({owner}, {target})
        ) WITHOUT ROWID"
    );
    let back = format!("{table}_back");
    vec![
        Object::table(table, &definition),
        Object::index(&back, table, &format!("({target}, {owner})")),
    ]
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{all, complete_index, create_missing};
    use crate::catalog::Catalog;
    use crate::settings::Settings;
    use crate::store::schema_object::Object;

    fn definition(connection: &Connection, index: &str) -> String {
        let sql = "SELECT sql FROM sqlite_schema WHERE name = ?";
        connection
            .query_row(sql, [index], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn an_index_that_an_older_version_defined_otherwise_is_replaced() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        create_missing(&connection, &catalog).unwrap();
        for older in [
            "DROP INDEX runs_by_test; CREATE INDEX runs_by_test ON runs (test, parent_suite)",
            "DROP INDEX runs_by_test",
        ] {
            connection.execute_batch(older).unwrap();
            create_missing(&connection, &catalog).unwrap();
            let objects = all(&catalog);
            let index = objects.iter().find(|object| object.name == "runs_by_test");
            assert_eq!(
                definition(&connection, "runs_by_test"),
                index.unwrap().sql()
            );
        }
    }

    #[test]
    fn an_index_that_is_as_it_should_be_is_not_created_again() {
        let connection = Connection::open_in_memory().unwrap();
        let place = "SELECT rootpage FROM sqlite_schema WHERE name = 'i'";
        let place = || connection.query_row::<i64, _, _>(place, [], |row| row.get(0));
        let sql =
            "CREATE TABLE t (a, b); CREATE INDEX IF NOT EXISTS i ON t (a, b); CREATE TABLE u (a);";
        connection.execute_batch(sql).unwrap();
        let before = place().unwrap();
        complete_index(&connection, &Object::index("i", "t", "(a, b)")).unwrap();
        assert_eq!(place().unwrap(), before);
        complete_index(&connection, &Object::index("i", "t", "(a)")).unwrap();
        assert_eq!(definition(&connection, "i"), "CREATE INDEX i ON t (a)");
    }
}
