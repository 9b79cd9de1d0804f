//! Measures how long a process needs from its start to the first response of a sandbox, and of that the part after
//! the program has been loaded.
//!
//! `cargo bench -p octane-sandbox --bench start`

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(dead_code, reason = "each benchmark uses its part of what they share")]

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use octane_sandbox::{Sandbox, Settings, Storage};
use support::load::exchange;
use support::{spread, usual_or_trial};

/// Tells the program that it is the process which is measured, and its file.
const SERVE: &str = "SANDBOX_BENCH_SERVE";

fn main() {
    if let Some(file) = std::env::var_os(SERVE) {
        return serve(Path::new(&file));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |number: usize| folder.path().join(format!("{number}.sqlite"));
    let rounds = usual_or_trial(41, 1);
    println!("{rounds} rounds; median (least to greatest)\n");
    print("in memory", rounds, |_| PathBuf::new());
    print("a new file", rounds, file);
    print("the same file again", rounds, |_| file(0));
}

fn print(what: &str, rounds: usize, file: impl Fn(usize) -> PathBuf) {
    let (mut whole, mut opened) = (Vec::new(), Vec::new());
    for number in 0..rounds {
        let start = Instant::now();
        let (mut child, address, inside) = started(&file(number));
        exchange(
            address,
            "GET /_sandbox/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        );
        whole.push(start.elapsed());
        opened.push(inside);
        drop(child.stdin.take());
        child.wait().unwrap();
    }
    println!("{what:<22} first response {}", spread(&mut whole));
    println!("{:<22} of that opening {}", "", spread(&mut opened));
}

/// A process that listens, its address, and how long it took to open the sandbox.
fn started(file: &Path) -> (Child, SocketAddr, Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(SERVE, file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let (address, nanoseconds) = line.trim().split_once(' ').unwrap();
    let inside = Duration::from_nanos(nanoseconds.parse().unwrap());
    (child, address.parse().unwrap(), inside)
}

/// Serves until the standard input ends.
fn serve(file: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let storage = if file.as_os_str().is_empty() {
        Storage::Memory
    } else {
        Storage::File(file.to_owned())
    };
    let start = Instant::now();
    let running = runtime.block_on(Sandbox::start_with(Settings::default().storage(storage)));
    let running = running.unwrap();
    println!("{} {}", running.address(), start.elapsed().as_nanos());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    runtime.block_on(running.shutdown());
}
