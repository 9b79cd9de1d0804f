//! Signals during an upload, and other processes that work on the same upload.
#![cfg(unix)]

use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use octane_sandbox::{Fault, Settings};

use crate::program::{Started, named_pipe, upload_in};
use crate::server::{SECRET, Server};

const HOUR: Duration = Duration::from_secs(3600);
const UPLOAD: [&str; 8] = [
    "upload",
    "a.csv",
    "--suite",
    "S",
    "-y",
    "--batch-size",
    "1",
    "-v",
];

/// A server that ingests nothing until its clock is moved.
fn slow() -> Server {
    let server = Server::with(Settings::default().ingest_delay(HOUR));
    server
        .place
        .file("a.csv", "name,status\nx,passed\ny,failed\nz,passed\n");
    server
}

/// An upload that waits for its tasks, and its id.
fn waiting(server: &Server) -> (Started, String) {
    let mut upload = server.start(&UPLOAD);
    let id = upload_in(&upload.says("prepared as"));
    upload.says("waiting");
    (upload, id)
}

#[test]
fn an_interrupted_upload_says_how_to_continue_and_does() {
    for (signal, code, word) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let server = slow();
        let (upload, id) = waiting(&server);
        upload.signal(signal);
        let done = upload.wait();
        assert_eq!(done.code, code, "{done:?}");
        assert!(
            done.stdout.contains(&format!("exit {code}: {word}")),
            "{done:?}"
        );
        assert!(
            done.stdout.contains(&format!("octane resume {id}")),
            "{done:?}"
        );
        assert!(
            done.stdout
                .contains("Ingested  0 · rejected 0 · invalid 0 · pending 3"),
            "{done:?}"
        );
        let mut resumed = server.start(&["resume", &id, "-v"]);
        while let Some(line) = resumed.line() {
            if line.contains("waiting") {
                server.advance(HOUR);
            }
        }
        let resumed = resumed.wait();
        assert_eq!(resumed.code, 0, "{resumed:?}");
        assert_eq!(server.runs(), (3, 0));
    }
}

#[test]
fn a_signal_ends_the_wait_for_an_endless_input() {
    let server = slow();
    let pipe = server.place.path().join("pipe.csv");
    let Some(()) = named_pipe(&pipe) else { return };
    let upload = server.start(&["upload", "pipe.csv", "--suite", "S", "-y"]);
    // Opens as soon as the program reads, and stays open.
    let _writer = std::fs::File::options().write(true).open(&pipe).unwrap();
    upload.signal("TERM");
    let done = upload.wait();
    done.fails(143, &["nothing was sent or saved"]);
}

#[test]
fn a_second_signal_ends_at_once() {
    let server = slow();
    server.fail_next(Fault::delay(HOUR).path("*/test-results").times(3));
    let mut upload = server.start(&UPLOAD);
    let id = upload_in(&upload.says("prepared as"));
    server.holds("/test-results");
    upload.signal("INT");
    upload.says("stopping");
    upload.signal("TERM");
    let done = upload.wait();
    assert_eq!((done.code, &*done.stdout), (143, ""), "{done:?}");
    let status = server.octane(&["status", &id], SECRET).stdout;
    assert!(
        status.contains("(pending)") && status.contains("pending 3"),
        "{status}"
    );
}

#[test]
fn a_signal_while_the_suite_is_looked_up_saves_the_results() {
    let server = slow();
    server.fail_next(Fault::delay(HOUR).method("POST").path("*/test_suites"));
    let upload = server.start(&UPLOAD);
    server.holds("/test_suites");
    upload.signal("TERM");
    let done = upload.wait();
    done.fails(
        143,
        &[
            "nothing was sent yet; the results are saved as upload u-",
            "octane resume u-",
        ],
    );
}

#[test]
fn only_one_process_at_a_time_works_on_an_upload() {
    let server = slow();
    let (upload, id) = waiting(&server);
    let used = "another process";
    server
        .octane(&["resume", &id], SECRET)
        .fails(3, &[used, &id, "hint:"]);
    server
        .octane(&["uploads", "delete", &id, "--force"], SECRET)
        .fails(3, &[used]);
    server
        .octane(&["resume", "--all"], SECRET)
        .fails(3, &[used]);
    let status = server.octane(&["status"], SECRET).stdout;
    assert!(
        status.contains("(in progress)") && status.contains("pending 3"),
        "{status}"
    );
    upload.kill();
    let status = server.octane(&["status"], SECRET).stdout;
    assert!(status.contains("(pending)"), "{status}");
}

/// Starts `octane` with a standard input that stays open, and returns the other end with it.
fn with_open_input(server: &Server, arguments: &[&str]) -> (Started, ChildStdin) {
    let variables = server.variables(SECRET);
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .filter(|(name, _)| {
            *name != "OCTANE_CLIENT_SECRET" || !arguments.contains(&"--secret-stdin")
        })
        .map(|(name, value)| (*name, &**value))
        .collect();
    server.place.start_fed(arguments, &variables)
}

/// Waits until the program reads its standard input: there is no other way to see that.
#[cfg(target_os = "linux")]
fn reads_input(started: &Started) {
    let process = format!("/proc/{}", started.id());
    // The number of `read`, and the descriptor of standard input.
    let read = if cfg!(target_arch = "x86_64") {
        "0 0x0 "
    } else {
        "63 0x0 "
    };
    loop {
        let tasks = std::fs::read_dir(format!("{process}/task")).unwrap();
        let mut calls = tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("syscall")).ok());
        if calls.any(|call| call.starts_with(read)) {
            return;
        }
        let state = std::fs::read_to_string(format!("{process}/stat")).unwrap();
        assert!(!state.contains(") Z "), "it has ended");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_whatever_reads_standard_input() {
    let mut server = slow();
    server.go_away();
    let saved = ["upload", "a.csv", "--suite", "S", "--retries", "0"];
    server.octane(&saved, SECRET).fails(8, &[]);
    let commands: [&[&str]; 6] = [
        &["validate", "-"],
        &["convert", "-", "-o", "x.xml"],
        &["api", "POST", "test_suites", "--data", "@-"],
        &["suite", "list", "--secret-stdin"],
        &["upload", "a.csv", "--suite", "S", "--secret-stdin"],
        &["resume", "--all", "--secret-stdin"],
    ];
    for command in commands {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let (started, input) = with_open_input(&server, command);
            reads_input(&started);
            started.signal(signal);
            let done = started.wait();
            done.fails(code, &["error:"]);
            assert!(!done.stderr.contains("panicked"), "{command:?}: {done:?}");
            drop(input);
        }
    }
    let left: Vec<_> = std::fs::read_dir(server.place.path()).unwrap().collect();
    assert!(!left.iter().any(|file| {
        let name = file.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("x.xml")
    }));
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_question() {
    let Some(script) = octane_test_support::program("script", "bsdutils") else {
        return;
    };
    let server = slow();
    let line = format!("{} upload a.csv --suite New", env!("CARGO_BIN_EXE_octane"));
    let mut terminal = Command::new(script)
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(server.place.path())
        .env_clear()
        .env("HOME", server.place.path())
        .env("TERM", "xterm")
        .envs(server.variables(SECRET))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    let mut shown = terminal.stdout.take().unwrap();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("[y/N]") {
        let mut byte = [0];
        shown.read_exact(&mut byte).unwrap();
        text.extend(byte);
    }
    keyboard.write_all(b"\x03").unwrap();
    let mut rest = Vec::new();
    shown.read_to_end(&mut rest).unwrap();
    let rest = String::from_utf8_lossy(&rest);
    assert_eq!(terminal.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("octane resume u-"), "{rest}");
    // The question is not drawn over.
    let (before, _) = rest.split_once("stopping").unwrap();
    assert!(!before.contains("batches"), "{before}");
}

#[test]
fn an_interrupted_merge_reports_what_is_done() {
    for (signal, code, close) in [
        ("INT", 130, false),
        ("TERM", 143, false),
        ("INT", 130, true),
    ] {
        let server = slow();
        server.place.file("b.csv", "name,status\nu,passed\n");
        server.fail_next(Fault::status(503).path("*/test-results").times(2));
        for (file, shard) in [("a.csv", "1/2"), ("b.csv", "2/2")] {
            let upload = ["upload", file, "--suite", "S", "-y", "--suite-run", "R"];
            let more = ["--shard", shard, "--retries", "0"];
            let done = server.octane(&[&upload[..], &more].concat(), SECRET);
            assert_eq!(done.code, 8, "{done:?}");
        }
        server.fail_next(Fault::delay(HOUR).path("*/test-results").times(9));
        let merge: &[&str] = if close {
            &["suite-run", "close", "R"]
        } else {
            &["merge", "spool"]
        };
        let mut merge = server.start(merge);
        server.holds("/test-results");
        merge.signal(signal);
        merge.says("stopping");
        let done = merge.wait();
        assert_eq!(done.code, code, "{done:?}");
        assert!(done.stdout.contains(&format!("exit {code}")), "{done:?}");
        assert!(done.stdout.contains("pending 4"), "{done:?}");
    }
}
