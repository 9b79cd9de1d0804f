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
use std::time::Duration;

use support::rows::{Growth, new_rows, write};
use support::{Client, payload, spread, timed, usual_or_trial};

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
        let tables = new_rows(file, &before, Growth::Any);
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
