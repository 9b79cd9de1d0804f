//! Tables and indexes, created from the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rusqlite::Connection;

use super::run_totals;
use crate::catalog::{Catalog, Field, FieldType, Link, OnDelete, Table};

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

/// Creates what is missing: tables, columns of newer catalogs and settings, indexes.
pub(super) fn create(connection: &Connection, catalog: &Catalog) -> rusqlite::Result<()> {
    connection.execute_batch(OWN_TABLES)?;
    add_columns(connection, "tasks", &[("interruptions", INTERRUPTIONS)])?;
    for table in catalog.tables() {
        create_table(connection, catalog, table)?;
    }
    for sql in links(catalog) {
        connection.execute_batch(&sql)?;
    }
    let jira_index = format!(
        "CREATE INDEX IF NOT EXISTS \"work_items_by_{0}\" ON work_items (\"{0}\" COLLATE NOCASE)",
        catalog.jira_field
    );
    connection.execute_batch(&jira_index)?;
    run_totals::create(connection)
}

fn create_table(connection: &Connection, catalog: &Catalog, table: &Table) -> rusqlite::Result<()> {
    let name = table.name;
    let columns = columns(catalog, table);
    let columns: Vec<_> = columns.into_iter().collect();
    if connection.table_exists(None, name)? {
        add_columns(connection, name, &columns)?;
    } else {
        let mut sql = format!("CREATE TABLE {name} (id INTEGER PRIMARY KEY AUTOINCREMENT");
        for (column, definition) in columns {
            sql.push_str(&format!(", \"{column}\" {definition}"));
        }
        sql.push(')');
        connection.execute_batch(&sql)?;
        // AUTOINCREMENT never reuses an ID, and its counter determines the first one.
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
            (name, table.first_id - 1),
        )?;
    }
    for (index, on) in table.indexes {
        connection.execute_batch(&format!(
            "CREATE INDEX IF NOT EXISTS {index} ON {name} ({on})"
        ))?;
    }
    Ok(())
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

/// Each link table once, although both of its sides refer to it, with an index for either direction.
fn links(catalog: &Catalog) -> Vec<String> {
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
                let mut sql = String::new();
                let (table, owner_column, target_column) = (link.table, link.owner_column, link.target_column);
                let (mine, theirs) = (entity_type.table, catalog.known_type(link.target).table);
                write!(
                    sql,
                    "CREATE TABLE IF NOT EXISTS {table} (
                        {owner_column} INTEGER NOT NULL REFERENCES {mine} (id) ON DELETE CASCADE,
                        {target_column} INTEGER NOT NULL REFERENCES {theirs} (id) ON DELETE CASCADE,
                        PRIMARY KEY ({owner_column}, {target_column})
                    ) WITHOUT ROWID;
                    CREATE INDEX IF NOT EXISTS {table}_back ON {table} ({target_column}, {owner_column});"
                )
                .expect("writing to a string does not fail");
                sql
            });
        }
    }
    tables.into_values().collect()
}
