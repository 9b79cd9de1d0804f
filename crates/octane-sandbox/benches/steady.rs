//! Ingests a suite run again and again for a long time, as nights of a test suite would follow each other, and compares each
//! ingestion with inserting the same rows with bare SQLite into a file that grows as much. The sandbox is a process of its own,
//! so that its memory is known.
//!
//! `cargo bench -p octane-sandbox --bench steady [-- --minutes 60 --pause 8 --runs 50000]`

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(dead_code, reason = "each benchmark uses its part of what they share")]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use support::load::{exchange, get, sign_in};
use support::rows::{Growth, new_rows, write};
use support::{argument, payload, server, spread, usual_or_trial};

const WORKSPACE: &str = "/api/shared_spaces/1001/workspaces/1002";
/// How often a line is printed.
const LINES_EVERY: Duration = Duration::from_secs(300);

fn main() {
    if let Some(file) = server::served_file() {
        return server::serve(file, |running| running.address().to_string());
    }
    let minutes: u64 = argument("--minutes").unwrap_or(usual_or_trial(60, 0));
    let pause = argument("--pause").unwrap_or(usual_or_trial(8, 0));
    let runs = argument("--runs").unwrap_or(usual_or_trial(50_000, 1000));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.sqlite");
    let bare = folder.path().join("bare.sqlite");
    let mut server = Server::start(&file);
    server.ingest(payload(&server.suite, "first", runs));
    server.stop();
    std::fs::copy(&file, &bare).unwrap();
    server = Server::start(&file);

    println!("a suite run of {runs} known tests, then {pause} s of pause, for {minutes} minutes\n");
    println!(
        "{:>8} {:>11} {:>32} {:>32} {:>7} {:>9} {:>9}",
        "minutes", "runs", "ingestion", "bare SQLite", "factor", "memory", "file"
    );
    let (start, mut line) = (Instant::now(), Instant::now());
    let (mut ingested, mut written, mut count) = (Vec::new(), Vec::new(), 1);
    loop {
        ingested.push(server.ingest(payload(&server.suite, &format!("night {count}"), runs)));
        written.push(write(&bare, &new_rows(&file, &bare, Growth::RunsAppended)));
        count += 1;
        let is_last = start.elapsed() >= Duration::from_secs(60 * minutes);
        if is_last || line.elapsed() >= LINES_EVERY {
            let (own, other) = (spread(&mut ingested), spread(&mut written));
            let factor = ingested[ingested.len() / 2].as_secs_f64()
                / written[written.len() / 2].as_secs_f64();
            println!(
                "{:>8.1} {:>11} {own:>32} {other:>32} {factor:>7.2} {:>6} MB {:>6} MB",
                start.elapsed().as_secs_f64() / 60.0,
                count * runs,
                server.memory_kilobytes() / 1024,
                std::fs::metadata(&file).unwrap().len() >> 20,
            );
            (ingested, written) = (Vec::new(), Vec::new());
            line = Instant::now();
        }
        if is_last {
            break;
        }
        std::thread::sleep(Duration::from_secs(pause));
    }
    server.stop();
}

/// A sandbox in a process of its own.
struct Server {
    process: Child,
    address: SocketAddr,
    cookies: String,
    suite: String,
}

impl Server {
    fn start(file: &Path) -> Self {
        let (process, address) = server::started(file);
        let address = address.parse().unwrap();
        let cookies = sign_in(address);
        let mut server = Self {
            process,
            address,
            cookies,
            suite: String::new(),
        };
        server.suite = server.suite();
        server
    }

    /// The suite, which is created at the first start.
    fn suite(&self) -> String {
        let list = get(
            &format!("{WORKSPACE}/test_suites?fields=id&query=%22name%20EQ%20%5EBenchmark%5E%22"),
            &self.cookies,
        );
        let id = |text: &str| {
            Some(
                text.split("\"id\":\"")
                    .nth(1)?
                    .split('"')
                    .next()?
                    .to_owned(),
            )
        };
        id(&exchange(self.address, &list)).unwrap_or_else(|| {
            let body = r#"{"data":[{"name":"Benchmark"}]}"#;
            id(&self.post("test_suites", "application/json", body)).unwrap()
        })
    }

    fn post(&self, path: &str, media_type: &str, body: &str) -> String {
        let request = format!(
            "POST {WORKSPACE}/{path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nCookie: {}\r\n\
             Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookies,
            body.len()
        );
        exchange(self.address, &request)
    }

    /// Uploads a payload; returns how long it took until it was ingested.
    fn ingest(&self, payload: String) -> Duration {
        let start = Instant::now();
        let response = self.post("test-results", "application/xml", &payload);
        drop(payload);
        let (_, after) = response.split_once("\"id\":").expect(&response);
        let task: u64 = after.split([',', '}']).next().unwrap().parse().unwrap();
        let status = get(&format!("{WORKSPACE}/test-results/{task}"), &self.cookies);
        loop {
            let response = exchange(self.address, &status);
            if response.contains("\"success\"") {
                return start.elapsed();
            }
            let is_waiting = response.contains("\"queued\"") || response.contains("\"running\"");
            assert!(is_waiting, "{response}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How much memory the process has now; zero where the system does not say.
    fn memory_kilobytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.unwrap_or_default()
    }

    fn stop(mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}
