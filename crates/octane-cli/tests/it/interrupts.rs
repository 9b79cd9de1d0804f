//! Signals during an upload, and other processes that work on the same upload.
#![cfg(unix)]

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
