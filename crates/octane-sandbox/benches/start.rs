//! Measures how long a process needs from its start to the first response of a sandbox, and of that the part after
//! the program has been loaded.
//!
//! `cargo bench -p octane-sandbox --bench start`

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(dead_code, reason = "each benchmark uses its part of what they share")]

mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use support::load::exchange;
use support::{server, spread, usual_or_trial};

fn main() {
    if let Some(file) = server::served_file() {
        let start = Instant::now();
        return server::serve(file, |running| {
            format!("{} {}", running.address(), start.elapsed().as_nanos())
        });
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
        let (mut child, line) = server::started(&file(number));
        let (address, nanoseconds) = line.split_once(' ').unwrap();
        let inside = Duration::from_nanos(nanoseconds.parse().unwrap());
        exchange(
            address.parse().unwrap(),
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
