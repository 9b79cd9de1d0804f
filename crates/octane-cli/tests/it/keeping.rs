//! Results that cannot be delivered now are saved, shown, and delivered later.

use std::time::Duration;

use octane_sandbox::{Fault, Settings};
use serde_json::{Value, json};

use crate::program::{named_pipe, upload_in};
use crate::server::{SECRET, Server};

const UPLOAD: [&str; 8] = [
    "upload",
    "a.csv",
    "--suite",
    "S",
    "-y",
    "--retries",
    "0",
    "-v",
];
const TABLE: &str = "name,status\nx,passed\ny,failed\n";

/// A server, and an upload that was saved because the server was away.
fn saved() -> (Server, String) {
    let mut server = Server::new();
    server.place.file("a.csv", TABLE);
    server.go_away();
    let done = server.octane(&UPLOAD, SECRET);
    done.fails(
        8,
        &[
            "nothing was sent yet; the results are saved as upload u-",
            "octane resume u-",
        ],
    );
    (server, upload_in(&done.stderr))
}

fn json_of(server: &Server, arguments: &[&str]) -> Value {
    let done = server.octane(&[arguments, &["--format", "json"]].concat(), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    done.json()
}

/// The only suite run of the server.
fn suite_run(server: &Server) -> String {
    let json = json_of(server, &["suite-run", "list"]);
    let suite_runs = json["suite_runs"].as_array().unwrap();
    assert_eq!(suite_runs.len(), 1, "{json}");
    suite_runs[0]["name"].as_str().unwrap().to_owned()
}

#[test]
fn a_suite_run_named_after_the_moment_of_the_upload_keeps_its_name_when_it_is_resumed() {
    let (mut server, id) = saved();
    let planned = json_of(&server, &["status", &id]);
    let planned = planned["upload"]["suite_run"].as_str().unwrap().to_owned();
    assert!(
        planned.starts_with("a 20") && planned.ends_with('Z'),
        "{planned}"
    );
    server.come_back();
    let done = server.octane(&["resume", &id], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(suite_run(&server), planned);
}

#[test]
fn results_for_a_server_that_was_away_are_delivered_when_it_is_back() {
    let (mut server, id) = saved();
    let status = server.octane(&["status"], SECRET);
    assert!(
        status
            .stdout
            .contains("2 read · ingested 0 · rejected 0 · invalid 0 · pending 2")
    );
    assert!(
        status.stdout.contains(&format!("octane resume {id}")),
        "{status:?}"
    );
    server
        .octane(&["resume", "--all", "--retries", "0"], SECRET)
        .fails(8, &["hint:"]);

    server.come_back();
    let done = server.octane(&["resume", "--all", "--format", "json"], SECRET);
    let report = &done.json()["uploads"][0];
    assert_eq!(
        (done.code, &report["outcome"]),
        (0, &"success".into()),
        "{done:?}"
    );
    assert_eq!(
        (&report["upload_id"], &report["counts"]["ingested"]),
        (&json!(id), &json!(2))
    );
    assert_eq!(server.runs(), (2, 0));
    let status = server.octane(&["status", &id], SECRET);
    assert!(
        status.stdout.contains("(finished)") && !status.stdout.contains("to continue"),
        "{status:?}"
    );
    let again = server.octane(&["resume", "--all"], SECRET);
    assert!(
        again.code == 0 && again.stderr.contains("nothing to resume"),
        "{again:?}"
    );
}

#[test]
fn an_upload_that_fails_does_not_stop_the_others() {
    let mut server = Server::new();
    server.place.file("a.csv", TABLE);
    server.go_away();
    let nowhere = ["upload", "a.csv", "--suite", "Nowhere", "--retries", "0"];
    server
        .octane(&nowhere, SECRET)
        .fails(8, &["octane resume u-"]);
    server
        .octane(&UPLOAD, SECRET)
        .fails(8, &["octane resume u-"]);
    server.come_back();
    let done = server.octane(&["resume", "--all"], SECRET);
    done.fails(
        6,
        &[
            "test suite `Nowhere` does not exist",
            "could not resume upload u-",
            "octane resume u-",
        ],
    );
    assert!(done.stdout.contains("Ingested  2"), "{done:?}");
    assert_eq!(server.runs(), (2, 0));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_only_once() {
    let server = Server::new();
    let pipe = server.place.path().join("pipe.csv");
    let Some(()) = named_pipe(&pipe) else { return };
    let upload = server.start(&["upload", "pipe.csv", "--suite", "S", "-y"]);
    std::fs::write(&pipe, TABLE).unwrap();
    assert_eq!(upload.wait().code, 0);
    assert_eq!(server.runs(), (2, 0));
}

#[test]
fn resuming_is_not_suggested_for_what_was_not_saved() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    server.fail_next(Fault::stuck_task());
    let more = ["--wait", "0s", "--spool", "off"];
    let done = server.octane(&[&UPLOAD[..], &more].concat(), SECRET);
    assert_eq!(done.code, 8, "{done:?}");
    assert!(
        done.stdout.contains("nothing was saved (`--spool off`)"),
        "{done:?}"
    );
    assert!(!done.stdout.contains("octane resume"), "{done:?}");
}

#[test]
fn with_wrong_credentials_the_results_are_saved_until_they_are_right() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let wrong = "wrong-and-still-secret";
    let done = server.octane(&UPLOAD, wrong);
    done.fails(7, &["OCTANE_CLIENT_SECRET", "octane resume u-"]);
    let id = upload_in(&done.stderr);
    server
        .octane(&["resume", &id, "-v"], wrong)
        .fails(7, &["OCTANE_CLIENT_SECRET"]);
    assert_eq!(server.octane(&["resume", &id], SECRET).code, 0);
    assert_eq!(server.runs(), (2, 0));
}

#[test]
fn a_task_that_does_not_end_is_not_a_success_and_can_be_resumed() {
    let hour = Duration::from_secs(3600);
    let server = Server::with(Settings::default().ingest_delay(hour));
    server.place.file("a.csv", TABLE);
    let done = server.octane(&[&UPLOAD[..], &["--wait", "0s"]].concat(), SECRET);
    assert_eq!(done.code, 8, "{done:?}");
    assert!(
        done.stdout
            .contains("Ingested  0 · rejected 0 · invalid 0 · pending 2"),
        "{done:?}"
    );
    assert!(
        done.stdout.contains("Octane had not finished yet"),
        "{done:?}"
    );
    let id = upload_in(&done.stdout);
    server.advance(2 * hour);
    // The longest wait that can be written does not overflow.
    let wait = format!("{}s", i64::MAX);
    let done = server.octane(&["resume", &id, "--wait", &wait], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(server.runs(), (2, 0));
}

#[test]
fn lists_and_states_have_their_documented_shape() {
    let (server, id) = saved();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let list = json_of(&server, &["uploads", "list"]);
    assert_eq!(keys(&list), ["count", "problems", "schema", "uploads"]);
    let list = &list["uploads"];
    let upload = [
        "bytes",
        "counts",
        "created_at",
        "id",
        "is_finished",
        "is_in_use",
        "merged_at",
        "outcome",
        "sandbox",
        "server",
        "shard",
        "state",
        "suite",
        "suite_run",
    ];
    assert_eq!(keys(&list[0]), upload);
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["id"]),
        (1, &json!(id))
    );
    let status = json_of(&server, &["status"]);
    assert_eq!(status, json_of(&server, &["uploads", "show", &id]));
    assert_eq!(keys(&status), ["problems", "schema", "upload"]);
    assert_eq!(
        (&status["schema"], &status["upload"]),
        (&json!("octane.status/1"), &list[0])
    );
    assert_eq!(
        json_of(&server, &["uploads", "prune"]),
        json!({ "schema": "octane.deleted_uploads/1", "is_dry_run": false, "upload_ids": [] })
    );
    let table = server.octane(&["uploads", "list"], SECRET).stdout;
    assert!(table.contains(&id) && table.contains("pending"), "{table}");
}

#[test]
fn an_unfinished_upload_is_deleted_only_by_force() {
    let (server, id) = saved();
    let delete = ["uploads", "delete", &id];
    server
        .octane(&delete, SECRET)
        .fails(2, &["2 results would be lost", "--force"]);
    let forced = json_of(&server, &[&delete[..], &["--force"]].concat());
    assert_eq!(
        forced,
        json!({ "schema": "octane.deleted_uploads/1", "is_dry_run": false, "upload_ids": [id] })
    );
    assert_eq!(json_of(&server, &["uploads", "list"])["uploads"], json!([]));
    server
        .octane(&delete, SECRET)
        .fails(2, &["no upload", "octane uploads list"]);
    server
        .octane(&["status"], SECRET)
        .fails(2, &["no uploads on this machine"]);
}

#[test]
fn an_upload_of_a_newer_version_is_reported_and_not_touched() {
    let (mut server, id) = saved();
    server.come_back();
    let path = server.place.path().join("spool").join(format!("{id}.db"));
    let mut bytes = std::fs::read(&path).unwrap();
    // Where an SQLite database stores the number that the program reads as the format.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let newer = "by a newer version (format 99";
    server
        .octane(&["resume", &id], SECRET)
        .fails(3, &[newer, "hint:"]);
    server
        .octane(&["resume", "--all"], SECRET)
        .fails(3, &[newer]);
    server
        .octane(&["uploads", "list"], SECRET)
        .fails(0, &[newer]);
    server
        .octane(&["uploads", "delete", &id], SECRET)
        .fails(3, &[newer]);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(
        server
            .octane(&["uploads", "delete", &id, "--force"], SECRET)
            .code,
        0
    );
    assert!(!path.exists());
}

#[test]
fn a_corrupted_upload_is_reported_and_does_not_stop_the_others() {
    let (mut server, corrupted) = saved();
    let done = server.octane(&UPLOAD, SECRET);
    let intact = upload_in(&done.stderr);
    server.come_back();
    let path = format!("spool/{corrupted}.db");
    server.place.file(&path, &"not a database\n".repeat(99));
    let done = server.octane(&["resume", "--all"], SECRET);
    done.fails(3, &[&corrupted, "run the upload again"]);
    assert_eq!(server.runs(), (2, 0));
    let status = server.octane(&["status"], SECRET);
    assert!(
        status.stdout.contains(&intact) && status.stdout.contains("(finished)"),
        "{status:?}"
    );
}

#[test]
fn a_directory_that_cannot_be_used_is_reported_before_anything_is_sent() {
    let server = Server::new();
    server.place.file("a.csv", TABLE).file("file", "");
    let done = server.octane(&[&UPLOAD[..], &["--spool", "file/below"]].concat(), SECRET);
    done.fails(3, &["file/below", "--spool"]);
    assert_eq!(server.runs(), (0, 0));
}

#[test]
fn without_a_spool_nothing_is_saved_and_resuming_is_not_suggested() {
    let mut server = Server::new();
    server.place.file("a.csv", TABLE);
    let off = [&UPLOAD[..], &["--spool", "off", "--format", "json"]].concat();
    let done = server.octane(&off, SECRET);
    assert_eq!(
        (done.code, &done.json()["journal"]),
        (0, &Value::Null),
        "{done:?}"
    );
    server.go_away();
    let done = server.octane(&off, SECRET);
    assert!(
        done.code == 8 && !done.stderr.contains("resume"),
        "{done:?}"
    );
    assert!(!server.place.path().join("spool").exists());
}

#[test]
fn identical_results_are_recognised_and_force_new_uploads_them_again() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let upload = |more: &[&str]| {
        let arguments = [&UPLOAD[..], &["--suite-run", "r", "--format", "json"], more].concat();
        let report = server.octane(&arguments, SECRET).json();
        assert_eq!(report["outcome"], "success");
        report["counts"]["duplicate"].as_u64().unwrap()
    };
    assert_eq!((upload(&[]), server.runs()), (0, (2, 0)));
    assert_eq!((upload(&[]), server.runs()), (2, (2, 0)));
    assert_eq!((upload(&["--force-new"]), server.runs()), (0, (2, 2)));
}

#[test]
fn a_lost_response_does_not_make_a_payload_a_duplicate() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    server.fail_next(Fault::reset_after().path("*/test-results").times(1));
    let arguments = ["upload", "a.csv", "--suite", "S", "-y", "--format", "json"];
    let report = server.octane(&arguments, SECRET).json();
    assert_eq!(
        (&report["outcome"], &report["counts"]["duplicate"]),
        (&json!("success"), &json!(0))
    );
    assert_eq!(server.runs(), (2, 0));
}

#[test]
fn an_upload_for_another_server_is_refused() {
    let (server, id) = saved();
    let other = Server::new();
    let spool = server.place.path().join("spool").display().to_string();
    let done = other.octane(&["resume", &id, "--spool", &spool], SECRET);
    done.fails(3, &[&id, "http://127.0.0.1:", "--url", "hint:"]);
}
