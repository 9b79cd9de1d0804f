//! Lists: which entries they have, how they count them, and that they are printed while they are read.

use std::time::Duration;

use octane_sandbox::Fault;
use serde_json::Value;

use crate::program::Done;
use crate::server::{SECRET, Server};

const TABLE: &str = "name,status\npays,passed\nrefunds,failed\nwaits,skipped\n";
const RUNS: [&str; 4] = ["run", "list", "--suite-run", "r"];

/// A server with an upload of three results.
fn server() -> Server {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    upload(&server, "a.csv");
    server
}

fn upload(server: &Server, file: &str) {
    let line = [
        "upload",
        file,
        "--suite",
        "S",
        "--suite-run",
        "r",
        "-y",
        "--rate",
        "1000",
    ];
    let done = server.octane(&line, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
}

fn octane(server: &Server, line: &[&str], more: &[&str]) -> Done {
    let done = server.octane(&[line, more].concat(), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    done
}

/// The member `field` of all entries in a JSON answer, whose number it states.
fn fields(done: &Done, list: &str, field: &str) -> Vec<String> {
    let json = done.json();
    let entries = json[list].as_array().unwrap();
    assert_eq!(json["count"], entries.len());
    let text = |entry: &Value| entry[field].as_str().unwrap().to_owned();
    entries.iter().map(text).collect()
}

#[test]
fn runs_are_listed_by_status_and_time_and_counted() {
    let server = server();
    let names = |more: &[&str]| {
        let more = [more, &["--format", "json"]].concat();
        fields(&octane(&server, &RUNS, &more), "runs", "name")
    };
    assert_eq!(names(&[]), ["pays", "refunds", "waits"]);
    assert_eq!(names(&["--status", "failed"]), ["refunds"]);
    assert_eq!(names(&["--status", "passed,skipped"]), ["pays", "waits"]);
    assert_eq!(names(&["--since", "1h"]), ["pays", "refunds", "waits"]);
    assert_eq!(names(&["--since", "2100-01-01"]), Vec::<String>::new());
    assert_eq!(
        names(&["--status", "failed", "--skip", "1"]),
        Vec::<String>::new()
    );

    let done = octane(&server, &RUNS, &["--status", "passed,failed"]);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", done.stdout);
    assert!(lines[0].contains("CREATED (UTC)"), "{}", lines[0]);
    assert!(lines[1].ends_with("pays"), "{}", lines[1]);
    assert_eq!(done.stderr, "2 runs\n");

    let done = octane(&server, &RUNS, &["--since", "2100-01-01"]);
    assert_eq!(done.stdout.lines().count(), 1, "{}", done.stdout);
    assert_eq!(done.stderr, "0 runs\n");
}

#[test]
fn suite_runs_suites_and_modules_are_listed_by_time_and_suite_runs_by_status() {
    let server = server();
    let names = |command: &str, list: &str, more: &[&str]| {
        let more = [more, &["--format", "json"]].concat();
        fields(&octane(&server, &[command, "list"], &more), list, "name")
    };
    let listed = |more: &[&str]| names("suite-run", "suite_runs", more).contains(&"r".to_owned());
    assert!(listed(&["--suite", "S", "--since", "1h"]));
    assert!(!listed(&["--suite", "S", "--since", "2100-01-01"]));
    let all = [
        "passed",
        "failed",
        "skipped",
        "requires_attention",
        "planned",
    ];
    let with: Vec<&str> = all
        .into_iter()
        .filter(|status| listed(&["--suite", "S", "--status", status]))
        .collect();
    assert_eq!(with.len(), 1, "{with:?}");
    assert_eq!(names("suite", "suites", &["--since", "1h"]), ["S"]);
    assert!(names("suite", "suites", &["--since", "2100-01-01"]).is_empty());
    assert!(names("module", "modules", &["--since", "2100-01-01"]).is_empty());
}

#[test]
fn each_entry_of_a_list_is_a_line_of_ndjson() {
    let server = server();
    for line in [
        &RUNS[..],
        &["suite-run", "list"],
        &["suite", "list"],
        &["module", "list"],
        &["uploads", "list"],
    ] {
        let lines = octane(&server, line, &["--format", "ndjson"]).stdout;
        let one = octane(&server, line, &["--format", "json"]).json();
        let count = one["count"].as_u64().unwrap();
        assert!(count > 0, "{line:?}");
        let entries: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let is_list = |member: &&Value| member.as_array().is_some_and(|list| !list.is_empty());
        let list = one.as_object().unwrap().values().find(is_list).unwrap();
        assert_eq!(Value::Array(entries), *list, "{line:?}");
    }
    let done = server.octane(
        &["suite", "list", "--no-such", "--format", "ndjson"],
        SECRET,
    );
    assert_eq!((done.code, done.stdout.lines().count()), (2, 1), "{done:?}");
    assert_eq!(done.json()["schema"], "octane.error/1");
}

#[test]
fn stored_uploads_are_listed_by_state_and_time() {
    let server = server();
    let ids = |more: &[&str]| {
        let more = [more, &["--format", "json"]].concat();
        fields(
            &octane(&server, &["uploads", "list"], &more),
            "uploads",
            "id",
        )
    };
    assert_eq!(ids(&[]).len(), 1);
    assert_eq!(ids(&["--status", "finished"]).len(), 1);
    assert_eq!(
        ids(&["--status", "pending,finished", "--since", "1h"]).len(),
        1
    );
    assert!(ids(&["--status", "pending"]).is_empty());
    assert!(ids(&["--since", "2100-01-01"]).is_empty());
    let done = octane(&server, &["uploads", "list"], &[]);
    assert_eq!(done.stderr, "1 upload\n");
}

#[test]
fn a_status_or_time_that_is_not_known_names_what_is_possible() {
    let server = Server::new();
    for (more, part) in [
        (["--status", "broken"], "possible values: passed, failed"),
        (["--since", "yesterday"], "`2h` or `7d`"),
    ] {
        let done = server.octane(&[&RUNS[..], &more].concat(), SECRET);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.stderr.contains(part), "{}", done.stderr);
    }
}

#[test]
fn the_rows_of_a_page_are_printed_before_the_next_page_arrives() {
    let server = Server::new();
    let rows: String = (0..1001)
        .map(|number| format!("test {number},passed\n"))
        .collect();
    server
        .place
        .file("many.csv", &format!("name,status\n{rows}"));
    upload(&server, "many.csv");
    for format in ["human", "ndjson"] {
        // The second page is refused, so whatever was printed was printed before it could arrive.
        server.fail_next(Fault::delay(Duration::ZERO).path("*/automated_runs"));
        server.fail_next(Fault::status(400).path("*/automated_runs"));
        let line = [&RUNS[..], &["--format", format, "--rate", "1000"]].concat();
        let done = server.octane(&line, SECRET);
        assert_ne!(done.code, 0);
        let printed = |line: &&str| line.contains("test ");
        let rows = done.stdout.lines().filter(printed).count();
        assert_eq!(rows, 1000, "{}", done.stderr);
    }
}
