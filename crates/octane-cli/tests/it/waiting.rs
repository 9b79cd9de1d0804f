//! `octane wait`, and tasks of the server.

use std::time::Duration;

use octane_sandbox::{Fault, Settings};
use serde_json::{Value, json};

use crate::program::{Done, upload_in};
use crate::server::{SECRET, Server};

const UPLOAD: &str = "upload a.csv --suite S --suite-run r -y --format json";

fn server(settings: Settings) -> Server {
    let server = Server::with(settings);
    server.place.file("a.csv", "name,status\npays,passed\n");
    server
}

fn octane(server: &Server, line: &str) -> Done {
    server.octane(&line.split(' ').collect::<Vec<_>>(), SECRET)
}

fn task_of(done: &Done) -> String {
    done.json()["batches"][0]["task"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_task_of_the_server_is_shown_and_waited_for() {
    let server = server(Settings::default());
    let uploaded = octane(&server, UPLOAD);
    let task = task_of(&uploaded);
    for command in ["status", "wait"] {
        let done = octane(&server, &format!("{command} {task} --format json"));
        assert_eq!(done.code, 0, "{done:?}");
        let json = done.json();
        assert_eq!(
            (
                &json["schema"],
                &json["id"],
                &json["status"],
                &json["is_ended"]
            ),
            (
                &json!("octane.task/1"),
                &json!(task),
                &json!("success"),
                &json!(true)
            )
        );
    }
    let text = octane(&server, &format!("status {task}"));
    assert!(
        text.stdout
            .starts_with(&format!("Task      {task} (success)\n")),
        "{text:?}"
    );
    octane(&server, "status 424242").fails(6, &["424242"]);
}

#[test]
fn a_task_that_does_not_end_in_time_is_not_a_success() {
    let settings = Settings::default().ingest_delay(Duration::from_secs(3600));
    let server = server(settings);
    let sent = octane(&server, &format!("{UPLOAD} --no-wait"));
    assert_eq!(sent.code, 8, "{sent:?}");
    let task = task_of(&sent);
    let done = octane(&server, &format!("wait {task} --wait 0 --format json"));
    assert_eq!(
        (done.code, &done.json()["is_ended"]),
        (8, &json!(false)),
        "{done:?}"
    );
    let shown = octane(&server, &format!("status {task} --format json"));
    assert_eq!(
        (shown.code, &shown.json()["status"]),
        (0, &done.json()["status"])
    );
}

#[test]
fn a_task_whose_results_were_rejected_is_partial_and_its_log_is_shown() {
    let server = server(Settings::default());
    server.place.file("b.csv", "name,status\npays,passed\n");
    // With a key that may not read releases, whether there is one is not checked before.
    server.fail_next(Fault::status(403).path("*/releases"));
    let line = "upload b.csv --suite S --suite-run r -y --release 424242 --format json";
    let sent = octane(&server, line);
    let task = task_of(&sent);
    let done = octane(&server, &format!("wait {task} --format json"));
    assert_eq!(done.code, 5, "{done:?}");
    assert_ne!(done.json()["log"], json!([]), "{done:?}");
}

#[test]
fn the_rejected_and_invalid_results_of_an_upload_are_all_listed_with_reason_and_place() {
    let server = server(Settings::default());
    let rows: String = (0..30)
        .map(|number| format!("t{number},passed\n"))
        .collect();
    server
        .place
        .file("b.csv", &format!("name,status\n{rows}odd,perhaps\n"));
    server.fail_next(Fault::failed_task());
    let line = "upload b.csv --suite S --suite-run r -y --skip-invalid";
    let sent = octane(&server, line);
    // Nothing was ingested.
    assert_eq!(sent.code, 6, "{sent:?}");
    let list = sent.stdout.lines().find(|line| line.contains("--rejected"));
    let list = list.and_then(|line| line.split('`').nth(1)).unwrap();
    let list = list.strip_prefix("octane ").unwrap();

    let done = octane(&server, list);
    assert_eq!(done.code, 0, "{done:?}");
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines.len(), 31, "{done:?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("b.csv:32") && line.contains("`perhaps`"))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("t29: ") && line.ends_with("b.csv:31"))
    );
    let says = "31 of 31 results: 30 rejected, 1 invalid; 0 still pending";
    assert!(done.stderr.contains(says), "{done:?}");
    let lines = octane(&server, &format!("{list} --format ndjson")).stdout;
    assert_eq!(lines.lines().count(), 31, "{lines}");
    let show = list.replace("status", "uploads show");
    let json = octane(&server, &format!("{show} --format json")).json();
    assert_eq!(json["problems"].as_array().unwrap().len(), 31, "{json}");

    // An upload of which everything was accepted has none.
    let sent = octane(&server, UPLOAD);
    assert_eq!(sent.code, 0, "{sent:?}");
    let done = octane(&server, "status --rejected");
    assert_eq!((done.code, &*done.stdout), (0, ""), "{done:?}");
    let task = task_of(&sent);
    octane(&server, &format!("status {task} --rejected")).fails(2, &["`--rejected`", "task"]);
}

#[test]
fn an_upload_is_waited_for_until_no_process_works_on_it() {
    let server = server(Settings::default());
    let done = octane(&server, UPLOAD);
    let id = upload_in(&done.stdout);
    let waited = octane(&server, &format!("wait {id} --format json"));
    assert_eq!(
        (waited.code, &waited.json()["upload"]["state"]),
        (0, &json!("finished"))
    );
    server.fail_next(Fault::status(503).method("POST").path("*/test-results"));
    let line = "upload a.csv --suite S --suite-run other -y --retries 0 --format json";
    let id = upload_in(&octane(&server, line).stdout);
    let waited = octane(&server, &format!("wait {id}"));
    assert_eq!(waited.code, 8, "{waited:?}");
    assert!(waited.stdout.contains("(pending)"), "{waited:?}");
    octane(&server, "wait u-00000000000000").fails(2, &["u-00000000000000"]);
    octane(&server, "wait something").fails(2, &["something"]);
}

#[test]
fn the_version_is_json_if_that_is_asked_for() {
    let server = server(Settings::default());
    let done = octane(&server, "version --json");
    assert_eq!(done.json()["name"], Value::from("octane"));
    assert_eq!(done.json(), octane(&server, "version --format json").json());
}

#[test]
fn strict_is_short_for_failing_on_keys_that_are_not_resolved() {
    let server = server(Settings::default());
    server
        .place
        .file("k.csv", "name,status,jira\npays,passed,NONE-1\n");
    let upload = "upload k.csv --suite S --suite-run k -y";
    assert_eq!(octane(&server, upload).code, 0);
    assert_eq!(octane(&server, &format!("{upload} --strict")).code, 10);
    octane(&server, &format!("{upload} --strict --on-unresolved warn")).fails(2, &["--strict"]);
    // The module, by the name that payloads have for it.
    let done = octane(
        &server,
        &format!("{upload} --product-area Shop/Cart --dry-run"),
    );
    assert!(done.stdout.contains("Shop"), "{done:?}");
}
