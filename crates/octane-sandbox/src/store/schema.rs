//! Tables and indexes, created from the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::run_totals;
use crate::catalog::{Catalog, Field, FieldType, Link, OnDelete, Table};
use crate::hex::hex;

/// The tables that do not contain entities.
const OWN_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS sandbox (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS user_defined_fields (
        entity TEXT, name TEXT, label TEXT, type TEXT, PRIMARY KEY (entity, name)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS tasks (
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
    );
    -- The bytes of those that wait; apart, so that looking at a task need not step over them.
    CREATE TABLE IF NOT EXISTS payloads (
        id INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
        bytes BLOB NOT NULL
    );
    -- What CI servers send that no entity shows.
    CREATE TABLE IF NOT EXISTS ci_facts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, received INTEGER NOT NULL,
        about TEXT NOT NULL, media_type TEXT NOT NULL, body BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS tasks_by_acceptance ON tasks (accepted);
    CREATE INDEX IF NOT EXISTS tasks_by_digest ON tasks (digest, skip_errors);
    CREATE INDEX IF NOT EXISTS tasks_waiting ON tasks (id) WHERE status IN ('queued', 'running');
";

/// The type of a column that databases of older versions lack.
const INTERRUPTIONS: &str = "INTEGER NOT NULL DEFAULT 0";

/// Creates everything in a new database.
pub(super) fn create_all(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<()> {
    connection.execute_batch(&all(catalog))
}

/// Creates what an older database lacks: tables, columns of newer catalogs and settings, indexes.
pub(super) fn create_missing(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<()> {
    connection.execute_batch(OWN_TABLES)?;
    add_columns(connection, "tasks", &[("interruptions", INTERRUPTIONS)])?;
    for table in catalog.tables() {
        let columns: Vec<_> = columns(catalog, table).into_iter().collect();
        let mut sql = String::new();
        if connection.table_exists(None, table.name)? {
            add_columns(connection, table.name, &columns)?;
        } else {
            add_table(&mut sql, table, &columns);
        }
        add_indexes(&mut sql, table);
        connection.execute_batch(&sql)?;
    }
    connection.execute_batch(&links(catalog))?;
    run_totals::create_missing(connection)
}

/// A digest of all tables and indexes: a database that was complete for the same one has nothing to be added.
pub(super) fn digest(catalog: &Catalog) -> String {
    hex(&Sha256::digest(all(catalog)))
}

/// The statements that create everything. SQLite performs them much faster together than it looks for what exists.
fn all(catalog: &Catalog) -> String {
    let mut sql = OWN_TABLES.to_owned();
    for table in catalog.tables() {
        let columns: Vec<_> = columns(catalog, table).into_iter().collect();
        add_table(&mut sql, table, &columns);
        add_indexes(&mut sql, table);
    }
    sql.push_str(&links(catalog));
    sql.push_str(&run_totals::all());
    sql
}

fn add_indexes(sql: &mut String, table: &Table) {
    for (index, on) in table.indexes {
        let name = table.name;
        push(
            sql,
            format_args!("CREATE INDEX IF NOT EXISTS {index} ON {name} ({on});"),
        );
    }
}

fn add_table(sql: &mut String, table: &Table, columns: &[(&str, String)]) {
    let (name, before) = (table.name, table.first_id - 1);
    push(
        sql,
        format_args!("CREATE TABLE {name} (id INTEGER PRIMARY KEY AUTOINCREMENT"),
    );
    for (column, definition) in columns {
        push(sql, format_args!(", \"{column}\" {definition}"));
    }
    // AUTOINCREMENT never reuses an ID, and its counter determines the first one.
    push(
        sql,
        format_args!("); INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {before});"),
    );
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
fn links(catalog: &Catalog) -> String {
    let mut tables = BTreeMap::new();
    for entity_type in catalog.types() {
        for field in &entity_type.fields {
            let FieldType::Many(link) = &field.field_type else {
                continue;
            };
            if link.is_derived() {
                continue;
            }
            if catalog
                .tables()
                .iter()
                .any(|table| table.name == link.table)
            {
                // The links are entities: only their uniqueness is missing.
                let Link {
                    table,
                    owner_column,
                    target_column,
                    ..
                } = link;
                let sql = format!(
                    "CREATE UNIQUE INDEX IF NOT EXISTS {table}_pairs ON {table} ({owner_column}, {target_column});"
                );
                tables.entry(link.table).or_insert(sql);
                continue;
            }
            tables.entry(link.table).or_insert_with(|| {
                let (table, owner_column, target_column) = (link.table, link.owner_column, link.target_column);
                let (mine, theirs) = (entity_type.table, catalog.known_type(link.target).table);
                format!(
                    "CREATE TABLE IF NOT EXISTS {table} (
                        {owner_column} INTEGER NOT NULL REFERENCES {mine} (id) ON DELETE CASCADE,
                        {target_column} INTEGER NOT NULL REFERENCES {theirs} (id) ON DELETE CASCADE,
                        PRIMARY KEY ({owner_column}, {target_column})
                    ) WITHOUT ROWID;
                    CREATE INDEX IF NOT EXISTS {table}_back ON {table} ({target_column}, {owner_column});"
                )
            });
        }
    }
    let mut sql: String = tables.into_values().collect();
    push(
        &mut sql,
        format_args!(
            "CREATE INDEX IF NOT EXISTS \"work_items_by_{0}\" ON work_items (\"{0}\" COLLATE NOCASE);",
            catalog.jira_field
        ),
    );
    sql
}
