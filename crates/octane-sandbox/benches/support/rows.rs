//! The rows that a payload made, and writing them with bare SQLite.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;

/// The rows of a table, and the statement that writes each of them.
pub(crate) struct Rows {
    sql: String,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    Any,
    /// Runs were only added, so millions of older ones need not be compared.
    RunsAppended,
}

/// The rows that `after` has and `before` does not, and those that differ.
pub(crate) fn new_rows(after: &Path, before: &Path, growth: Growth) -> Vec<Rows> {
    let connection = Connection::open(after).unwrap();
    let attach = format!("ATTACH '{}' AS before", before.display());
    connection.execute_batch(&attach).unwrap();
    let tables = "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM main.sqlite_master
                  WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                  -- Database triggers maintain it whenever runs are inserted.
                  AND name <> 'run_totals'";
    let mut rows = Vec::new();
    for table in read(&connection, tables).1 {
        let [Value::Text(table), Value::Integer(is_link)] = table.as_slice() else {
            unreachable!("`{tables}` gives a text and a number");
        };
        let is_appended = growth == Growth::RunsAppended;
        let new = match (table.as_str(), *is_link == 1) {
            ("run_taxonomies", true) if is_appended => {
                "SELECT * FROM main.run_taxonomies WHERE run > (SELECT MAX(id) FROM before.runs)"
                    .to_owned()
            }
            (_, true) => format!("SELECT * FROM main.{table} EXCEPT SELECT * FROM before.{table}"),
            (_, false) => {
                if !is_appended || table != "runs" {
                    rows.extend(changed_rows(&connection, table));
                }
                // IDs only grow.
                format!(
                    "SELECT * FROM main.{table} WHERE rowid > (SELECT COALESCE(MAX(rowid), 0) FROM before.{table})"
                )
            }
        };
        let (names, new) = read(&connection, &new);
        let marks = vec!["?"; names.len()].join(",");
        rows.push(Rows {
            sql: format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(",")),
            rows: new,
        });
    }
    rows
}

/// The columns of a table that differ in any row, with their new values and the ID.
fn changed_rows(connection: &Connection, table: &str) -> Option<Rows> {
    let (names, _) = read(connection, &format!("SELECT * FROM main.{table} LIMIT 0"));
    let differs = |name: &String| {
        let sql = format!(
            "SELECT 1 FROM main.{table} a JOIN before.{table} b ON a.rowid = b.rowid
             WHERE a.{name} IS NOT b.{name} LIMIT 1"
        );
        !read(connection, &sql).1.is_empty()
    };
    let changed: Vec<String> = names.into_iter().filter(differs).collect();
    if changed.is_empty() {
        return None;
    }
    let either = |sign: &str, between: &str| {
        let pairs: Vec<String> = changed.iter().map(|name| sign.replace('@', name)).collect();
        pairs.join(between)
    };
    let sql = format!(
        "SELECT {}, a.rowid FROM main.{table} a JOIN before.{table} b ON a.rowid = b.rowid WHERE {}",
        either("a.@", ","),
        either("a.@ IS NOT b.@", " OR "),
    );
    Some(Rows {
        sql: format!(
            "UPDATE {table} SET {} WHERE rowid = ?",
            either("@ = ?", ",")
        ),
        rows: read(connection, &sql).1,
    })
}

/// The names of the columns and all rows.
fn read(connection: &Connection, sql: &str) -> (Vec<String>, Vec<Vec<Value>>) {
    let mut statement = connection.prepare(sql).unwrap();
    let names: Vec<String> = statement
        .column_names()
        .map(|name| format!("\"{name}\""))
        .collect();
    let rows = statement
        .query_map([], |row| {
            (0..names.len()).map(|column| row.get(column)).collect()
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    (names, rows)
}

/// Writes rows with bare SQLite, in one transaction; returns how long that took.
pub(crate) fn write(file: &Path, tables: &[Rows]) -> Duration {
    let mut connection = Connection::open(file).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;",
        )
        .unwrap();
    let start = Instant::now();
    let transaction = connection.transaction().unwrap();
    transaction
        .execute_batch("PRAGMA defer_foreign_keys = ON")
        .unwrap();
    for Rows { sql, rows } in tables {
        let mut statement = transaction.prepare(sql).unwrap();
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row)).unwrap();
        }
    }
    transaction.commit().unwrap();
    start.elapsed()
}
