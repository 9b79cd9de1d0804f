//! Compares the ingestion of a payload, from the request to the end of its task, with inserting the same rows
//! with bare SQLite: into tables with the same indexes and foreign keys, in one transaction, with prepared
//! statements. Rows that a payload changes are changed there as well, but only the columns that differ. The copy has the triggers that
//! keep totals, too. What bare SQLite is spared: parsing the payload, finding tests and runs, and checking each reference at once.
//!
//! `cargo bench -p octane-sandbox --bench ingestion`

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(dead_code, reason = "each benchmark uses its part of what they share")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;

use support::{Client, payload, spread, timed, usual_or_trial};

/// The rows of a table, and the statement that writes each of them.
struct Rows {
    sql: String,
    rows: Vec<Vec<Value>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (runs, rounds) = usual_or_trial((50_000, 5), (1000, 1));
    println!("{runs} runs in one payload, {rounds} rounds; median (least to greatest)\n");
    let mut new_tests = Comparison::default();
    let mut known_tests = Comparison::default();
    let mut known_runs = Comparison::default();
    for _ in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sandbox.sqlite");
        let suite = Client::open(&file).await.suite().await;
        let first = payload(&suite, "first", runs);
        new_tests.round(&file, first.clone()).await;
        let second = payload(&suite, "second", runs);
        known_tests.round(&file, second).await;
        // The same runs again, with different bytes.
        known_runs
            .round(&file, first.replace("duration=\"", "duration=\"1"))
            .await;
    }
    new_tests.print("new tests and runs");
    known_tests.print("new runs of known tests");
    known_runs.print("new results of known runs");
}

#[derive(Default)]
struct Comparison {
    ingested: Vec<Duration>,
    written: Vec<Duration>,
    row_count: usize,
}

impl Comparison {
    /// Ingests a payload into the database, and its rows into a copy of the database made before.
    async fn round(&mut self, file: &Path, payload: String) {
        wait_until_closed(file).await;
        let before = file.with_extension("before");
        std::fs::copy(file, &before).unwrap();
        let client = Client::open(file).await;
        let (time, ()) = timed(client.upload(payload)).await;
        self.ingested.push(time);
        // The last connection flushes the write-ahead log into the file when it is closed.
        drop(client);
        wait_until_closed(file).await;
        let tables = new_rows(file, &before);
        self.row_count = tables.iter().map(|table| table.rows.len()).sum();
        self.written.push(write(&before, &tables));
    }

    fn print(&mut self, what: &str) {
        let (rows, ingested) = (self.row_count, spread(&mut self.ingested));
        let written = spread(&mut self.written);
        let middle = self.ingested.len() / 2;
        let ratio = self.ingested[middle].as_secs_f64() / self.written[middle].as_secs_f64();
        println!("{what}: {rows} rows");
        println!("  ingestion    {ingested}");
        println!("  bare SQLite  {written}");
        println!("  factor       {ratio:8.2}\n");
    }
}

/// The worker releases the file shortly after the sandbox is dropped.
async fn wait_until_closed(file: &Path) {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    while Path::new(&log).exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The rows that `after` has and `before` does not, and those that differ.
fn new_rows(after: &Path, before: &Path) -> Vec<Rows> {
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
        let new = if *is_link == 1 {
            format!("SELECT * FROM main.{table} EXCEPT SELECT * FROM before.{table}")
        } else {
            rows.extend(changed_rows(&connection, table));
            format!(
                "SELECT * FROM main.{table} WHERE rowid NOT IN (SELECT rowid FROM before.{table})"
            )
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

fn write(file: &Path, tables: &[Rows]) -> Duration {
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
