//! What an upload says of the suite run before.

use octane_sandbox::Fault;
use serde_json::{Value, json};

use crate::program::Done;
use crate::server::{SECRET, Server};

fn upload(server: &Server, suite_run: &str, rows: &str, options: &[&str]) -> Done {
    server
        .place
        .file("a.csv", &format!("class,name,status\n{rows}"));
    let line = [
        "upload",
        "a.csv",
        "--suite",
        "S",
        "--suite-run",
        suite_run,
        "-y",
    ];
    server.octane(&[&line[..], options].concat(), SECRET)
}

fn since(server: &Server, suite_run: &str, rows: &str) -> Value {
    let done = upload(server, suite_run, rows, &["--format", "json"]);
    assert_eq!(done.code, 0, "{done:?}");
    done.json()["comparison"].clone()
}

const BEFORE: &str = "C,fails,passed\nC,mended,failed\nC,broken,failed\nC,gone,passed\nC,stays,passed\nC,adds[0x5257a0],passed\n";
const NOW: &str = "C,fails,failed\nC,mended,passed\nC,broken,failed\nC,added,passed\nC,stays,passed\nC,adds[0x7711c8],passed\n";

#[test]
fn the_changes_since_the_suite_run_before_are_told() {
    let server = Server::new();
    assert_eq!(since(&server, "n 1", BEFORE), Value::Null);
    let since = since(&server, "n 2", NOW);
    assert_eq!(since["suite_run"]["name"], "n 1");
    assert_eq!(since["newly_failed"], json!(["C.fails"]));
    assert_eq!(since["fixed"], json!(["C.mended"]));
    assert_eq!(since["still_failing"], 1);
    assert_eq!(since["new"], json!(["C.added"]));
    assert_eq!(since["vanished"], json!(["C.gone"]));
    let renamed = json!([{ "before": "C.adds[0x5257a0]", "now": "C.adds[0x7711c8]" }]);
    assert_eq!(since["renamed"], renamed);

    let done = upload(&server, "n 3", BEFORE, &[]);
    let expected =
        "1 newly failed · 1 still failing · 1 fixed · 1 new · 1 vanished · 1 probably renamed\n";
    assert!(done.stdout.contains("Since     n 2 ("), "{done:?}");
    for part in [expected, "newly failed: C.mended\n", "vanished: C.added\n"] {
        assert!(done.stdout.contains(part), "{part}: {done:?}");
    }
}

#[test]
fn a_failure_that_a_later_attempt_hides_is_flaky_and_not_fixed() {
    let server = Server::new();
    assert_eq!(
        since(&server, "n 1", "C,a,failed\nC,b,failed\n"),
        Value::Null
    );
    // Both attempts in one upload.
    let attempts = "<testsuite name='C'><testcase classname='C' name='a'><failure/></testcase>\
        <testcase classname='C' name='a'/><testcase classname='C' name='b'/></testsuite>";
    server.place.file("a.xml", attempts);
    let line = "upload a.xml --suite S --suite-run #2 --format json";
    let done = server.octane(&line.split(' ').collect::<Vec<_>>(), SECRET);
    let one = &done.json()["comparison"];
    assert_eq!(
        (&one["flaky"], &one["fixed"]),
        (&json!(["C.a"]), &json!(["C.b"])),
        "{done:?}"
    );
    // Each attempt in an upload of its own, as in a job that is run again.
    assert_eq!(
        since(&server, "n 3", "C,a,failed\nC,b,failed\n")["newly_failed"],
        json!(["C.a", "C.b"])
    );
    assert_eq!(
        since(&server, "n 4", "C,a,failed\nC,b,passed\n")["still_failing"],
        1
    );
    let again = since(&server, "n 4", "C,a,passed\nC,b,passed\n");
    assert_eq!(
        (&again["flaky"], &again["fixed"]),
        (&json!(["C.a"]), &json!(["C.b"]))
    );
}

#[test]
fn what_vanished_is_not_told_of_a_part_of_a_suite_run() {
    let server = Server::new();
    assert_eq!(
        since(&server, "n 1", "C,a,passed\nC,b,passed\nC,c,passed\n"),
        Value::Null
    );
    assert_eq!(
        since(&server, "n 2", "C,a,passed\n")["vanished"],
        json!(["C.b", "C.c"])
    );
    let other_shard = since(&server, "n 2", "C,b,failed\n");
    assert_eq!(other_shard["vanished"], Value::Null);
    assert_eq!(other_shard["newly_failed"], json!(["C.b"]));
}

#[test]
fn an_upload_that_is_resumed_is_compared_as_well() {
    let server = Server::new();
    assert_eq!(
        since(&server, "n 1", "C,a,passed\nC,b,failed\n"),
        Value::Null
    );
    let interrupted = |suite_run: &str, rows: &str| {
        server.fail_next(Fault::status(503).method("POST").path("*/test-results"));
        let done = upload(
            &server,
            suite_run,
            rows,
            &["--retries", "0", "--format", "json"],
        );
        assert_eq!(done.code, 8, "{done:?}");
        done.json()["upload_id"].as_str().unwrap().to_owned()
    };
    let id = interrupted("n 2", "C,a,failed\nC,b,passed\n");
    let done = server.octane(&["resume", &id, "--format", "json"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let since = done.json()["comparison"].clone();
    assert_eq!(
        (&since["newly_failed"], &since["fixed"]),
        (&json!(["C.a"]), &json!(["C.b"]))
    );
    interrupted("n 3", "C,a,failed\nC,b,failed\n");
    let done = server.octane(&["resume", "--all", "--format", "json"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let since = done.json()["uploads"][0]["comparison"].clone();
    assert_eq!(
        (&since["newly_failed"], &since["still_failing"]),
        (&json!(["C.b"]), &json!(1))
    );
    let id = interrupted("n 4", "C,a,failed\n");
    let line = ["resume", &id, "--compare", "off", "--format", "json"];
    let done = server.octane(&line, SECRET);
    assert_eq!(
        (done.code, &done.json()["comparison"]),
        (0, &Value::Null),
        "{done:?}"
    );
}

#[test]
fn a_comparison_that_is_not_possible_has_no_effect_on_the_exit_code() {
    let server = Server::new();
    upload(&server, "n 1", "C,a,passed\n", &[]);
    server.fail_next(Fault::status(403).method("GET").path("*/suite_run"));
    let done = upload(&server, "n 2", "C,a,failed\n", &["--format", "json"]);
    assert_eq!(done.code, 0, "{done:?}");
    let json = done.json();
    assert_eq!(json["comparison"], Value::Null);
    assert_eq!(json["problems"][0]["code"], "uncompared");
    let message = json["problems"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("not compared with the suite run before: "),
        "{message}"
    );
}

#[test]
fn without_a_comparison_no_request_is_made_for_it() {
    let server = Server::new();
    upload(&server, "n 1", "C,a,passed\n", &[]);
    // How often the task has to be looked at depends on the machine.
    let count = || {
        let requests = server.requests();
        let others = requests
            .iter()
            .filter(|request| !request.path.contains("/test-results/"));
        others.count()
    };
    let requests = |options: &[&str], suite_run: &str| {
        let before = count();
        let done = upload(&server, suite_run, "C,a,failed\n", options);
        assert_eq!(done.code, 0, "{done:?}");
        count() - before
    };
    let without = requests(&["--compare", "off"], "n 2");
    // The suite runs before, how many runs of tests and features each of both has, and a page of runs.
    assert_eq!(requests(&[], "n 3"), without + 6);
}

#[test]
fn the_summary_of_a_job_names_what_newly_failed() {
    let server = Server::new();
    upload(&server, "n 1", "C,a,passed\n", &[]);
    let summary = server.place.path().join("summary.md").display().to_string();
    let mut variables = server.variables(SECRET);
    variables.push(("GITHUB_ACTIONS", "true".to_owned()));
    variables.push(("GITHUB_STEP_SUMMARY", summary.clone()));
    let variables: Vec<(&str, &str)> = (variables.iter())
        .map(|(name, value)| (*name, &**value))
        .collect();
    server
        .place
        .file("a.csv", "class,name,status\nC,a,failed\nC,<img>,failed\n");
    let line = [
        "upload",
        "a.csv",
        "--suite",
        "S",
        "--suite-run",
        "n 2",
        "-y",
    ];
    assert_eq!(server.place.octane_with(&line, &variables).code, 0);
    let text = std::fs::read_to_string(summary).unwrap();
    assert!(text.contains("Since n 1: 2 newly failed · 1 new"), "{text}");
    assert!(
        text.contains("- C\\.a\n") && text.contains("- C\\.&lt;img&gt;\n"),
        "{text}"
    );
}

#[test]
fn a_feature_that_did_not_run_has_vanished_even_if_no_other_feature_ran() {
    let server = Server::new();
    let cucumber = r#"[{"uri":"cart.feature","name":"Cart","keyword":"Feature","elements":[{"type":"scenario",
        "keyword":"Scenario","id":"cart;adds","name":"adds","line":3,"start_timestamp":"2026-11-28T05:00:03.000Z",
        "steps":[{"keyword":"When ","name":"I add","result":{"status":"passed","duration":2000000}}]}]}]"#;
    server.place.file("c.json", cucumber);
    let features = ["c.json", "--gherkin", "features", "--format", "json"];
    let done = upload(&server, "n 1", "C,a,passed\n", &features);
    assert_eq!(done.code, 0, "{done:?}");
    let second = since(&server, "n 2", "C,a,passed\n");
    assert_eq!(second["vanished"], json!(["Cart"]));
    // Nor is one unseen that another upload has brought into this suite run.
    server.place.file("d.json", cucumber);
    let line = "upload d.json --suite S --suite-run n_3 -y --gherkin features";
    let done = server.octane(&line.split(' ').collect::<Vec<_>>(), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let third = since(&server, "n_3", "C,a,passed\n");
    assert_eq!(third["vanished"], Value::Null);
}

#[test]
fn a_suite_run_without_results_is_passed_over() {
    let server = Server::new();
    assert_eq!(
        since(&server, "n 1", "C,a,failed\nC,b,failed\n"),
        Value::Null
    );
    let plan = ["suite-run", "create", "plan", "--suite", "S"];
    let done = server.octane(&plan, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    upload(&server, "n 2", "C,a,skipped\n", &[]);
    let since = since(&server, "n 3", "C,a,failed\nC,b,passed\n");
    assert_eq!(since["suite_run"]["name"], "n 1");
    assert_eq!(
        (&since["still_failing"], &since["fixed"]),
        (&json!(1), &json!(["C.b"]))
    );
}

#[test]
fn no_test_is_called_fixed_if_its_earlier_attempts_may_not_be_read() {
    let server = Server::new();
    since(&server, "n 1", "C,a,failed\n");
    let previous = |status| Fault::status(status).method("GET").path("*/previous_runs");
    server.fail_next(previous(403));
    let hidden = since(&server, "n 2", "C,a,passed\n");
    assert_eq!(
        (&hidden["fixed"], &hidden["vanished"]),
        (&json!([]), &json!([]))
    );
    since(&server, "n 3", "C,a,failed\n");
    server.fail_next(previous(404));
    let unknown = since(&server, "n 4", "C,a,passed\n");
    assert_eq!(unknown["fixed"], json!(["C.a"]));
}
