//! What failed tests mean for the exit code: `--on-test-failure`, `--tolerate` and `--min-tests`.

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
        "--retries",
        "0",
    ];
    server.octane(&[&line[..], options].concat(), SECRET)
}

/// Uploads a suite run for each letter, the oldest first: `p` passed, `f` failed, `s` skipped.
fn history(server: &Server, test: &str, letters: &str) {
    for (number, letter) in letters.chars().enumerate() {
        let status = match letter {
            'p' => "passed",
            's' => "skipped",
            _ => "failed",
        };
        let done = upload(
            server,
            &format!("h {number}"),
            &format!("C,{test},{status}\n"),
            &["--compare", "off"],
        );
        assert_eq!(done.code, 0, "{done:?}");
    }
}

const FAIL: [&str; 2] = ["--on-test-failure", "fail"];
const ALL_CLASSES: [&str; 2] = ["--tolerate", "continuously-failing,oscillating,unstable"];

fn with(some: &[&'static str], others: &[&'static str]) -> Vec<&'static str> {
    [some, others].concat()
}

#[test]
fn failed_tests_are_ignored_unless_they_are_to_fail() {
    let server = Server::new();
    let rows = "C,a,failed\nC,b,passed\n";
    assert_eq!(upload(&server, "n 1", rows, &[]).code, 0);
    let done = upload(&server, "n 2", rows, &FAIL);
    assert_eq!(done.code, 9, "{done:?}");
    assert!(done.stdout.contains("exit 9: tests failed"), "{done:?}");
    let done = upload(&server, "n 3", rows, &with(&FAIL, &["--format", "json"]));
    let json = done.json();
    assert_eq!(
        (&json["exit_code"], &json["outcome"]),
        (&json!(9), &json!("success"))
    );
    assert_eq!(
        upload(&server, "n 4", "C,a,passed\nC,b,skipped\n", &FAIL).code,
        0
    );
    // A later attempt that passed does not hide it.
    assert_eq!(
        upload(&server, "n 5", "C,a,failed\nC,a,passed\n", &FAIL).code,
        9
    );
}

#[test]
fn failed_tests_count_even_if_a_failed_upload_is_only_a_warning() {
    let mut server = Server::new();
    server.fail_next(Fault::stuck_task());
    let warn = with(&FAIL, &["--on-upload-error", "warn", "--wait", "0s"]);
    let rows = "C,a,failed\n";
    let done = upload(&server, "n 1", rows, &warn);
    done.fails(9, &["exiting with 9 because tests failed"]);
    server.fail_next(Fault::stuck_task());
    let fail = with(&FAIL, &["--wait", "0s"]);
    assert_eq!(upload(&server, "n 2", rows, &fail).code, 8);
    server.go_away();
    let done = upload(&server, "n 3", rows, &warn);
    done.fails(9, &["exiting with 9 because tests failed"]);
    assert_eq!(upload(&server, "n 4", "C,a,passed\n", &warn).code, 0);
    assert_eq!(
        upload(&server, "n 5", rows, &["--on-upload-error", "warn"]).code,
        0
    );
}

#[test]
fn the_policy_holds_when_the_upload_is_resumed() {
    let mut server = Server::new();
    server.go_away();
    let done = upload(&server, "n 1", "C,a,failed\n", &FAIL);
    assert_eq!(done.code, 8, "{done:?}");
    server.come_back();
    server.octane(&["suite", "create", "S"], SECRET);
    let done = server.octane(&["resume", "--all"], SECRET);
    assert_eq!(done.code, 9, "{done:?}");
}

#[test]
fn a_dry_run_ends_as_the_upload_would() {
    let server = Server::new();
    let dry_run = with(&FAIL, &["--dry-run"]);
    assert_eq!(upload(&server, "n 1", "C,a,failed\n", &dry_run).code, 9);
    assert_eq!(upload(&server, "n 1", "C,a,passed\n", &dry_run).code, 0);
}

#[test]
fn a_test_that_fails_all_the_time_is_tolerated_and_stays_a_failure() {
    let server = Server::new();
    history(&server, "old", "ffffff");
    let tolerate = with(
        &FAIL,
        &["--tolerate", "continuously-failing", "--format", "json"],
    );
    let seventh = upload(&server, "n 7", "C,old,failed\n", &tolerate);
    assert_eq!(seventh.code, 9, "{seventh:?}");
    assert_eq!(
        seventh.json()["failed_tests"],
        json!([{ "test": "C.old", "runs": 7, "classes": [], "is_tolerated": false }])
    );
    let eighth = upload(&server, "n 8", "C,old,failed\n", &tolerate);
    assert_eq!(eighth.code, 0, "{eighth:?}");
    let json = eighth.json();
    let expected = json!([{ "test": "C.old", "runs": 8, "classes": ["continuously_failing"], "is_tolerated": true }]);
    assert_eq!(json["failed_tests"], expected);
    assert_eq!(json["counts"]["failed"], 1);

    let reports = [
        "--tolerate",
        "continuously-failing",
        "--report",
        "r.xml",
        "--report",
        "r.md",
    ];
    let done = upload(&server, "n 9", "C,old,failed\n", &with(&FAIL, &reports));
    assert_eq!(done.code, 0, "{done:?}");
    let line = "Failed    1 test · 1 tolerated\n          failed and tolerated: C.old (continuously failing)\n";
    assert!(done.stdout.contains(line), "{done:?}");
    let read = |name: &str| std::fs::read_to_string(server.place.path().join(name)).unwrap();
    assert!(read("r.xml").contains("failures=\"1\""));
    assert!(
        read("r.md").contains("| C\\.old | yes | continuously failing | yes |"),
        "{}",
        read("r.md")
    );

    // Another failure is not tolerated with it.
    let done = upload(&server, "n 10", "C,old,failed\nC,new,failed\n", &tolerate);
    assert_eq!(done.code, 9, "{done:?}");
    let tests = done.json()["failed_tests"].clone();
    assert_eq!(
        (&tests[0]["is_tolerated"], &tests[1]["is_tolerated"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn only_the_classes_that_are_named_are_tolerated() {
    let server = Server::new();
    history(&server, "flips", "ppfpfpfp");
    let classes = |done: &Done| done.json()["failed_tests"][0]["classes"].clone();
    let other = with(
        &FAIL,
        &["--tolerate", "continuously-failing", "--format", "json"],
    );
    let done = upload(&server, "n 1", "C,flips,failed\n", &other);
    assert_eq!((done.code, classes(&done)), (9, json!(["oscillating"])));
    let named = with(&FAIL, &["--tolerate", "oscillating", "--format", "json"]);
    assert_eq!(
        upload(
            &server,
            "n 1",
            "C,flips,failed\n",
            &with(&named, &["--force-new"])
        )
        .code,
        0
    );
    upload(&server, "x", "C,a,failed\n", &["--tolerate", "regression"]).fails(
        2,
        &["[possible values: continuously-failing, oscillating, unstable]"],
    );
}

#[test]
fn a_new_failure_of_a_test_with_lone_failures_is_tolerated_as_unstable() {
    let server = Server::new();
    history(&server, "shaky", "pfppfppfppfppfppppp");
    let tolerate = with(&FAIL, &["--tolerate", "unstable", "--format", "json"]);
    let done = upload(&server, "n 1", "C,shaky,failed\n", &tolerate);
    assert_eq!(done.code, 0, "{done:?}");
    let classes = done.json()["failed_tests"][0]["classes"].clone();
    assert_eq!(classes, json!(["regression", "unstable"]));
}

#[test]
fn the_history_of_another_suite_does_not_count() {
    let server = Server::new();
    history(&server, "old", "fffffffff");
    server
        .place
        .file("a.csv", "class,name,status\nC,old,failed\n");
    let line = [
        "upload",
        "a.csv",
        "--suite",
        "Other",
        "--suite-run",
        "n",
        "-y",
    ];
    let done = server.octane(&[&line[..], &FAIL, &ALL_CLASSES].concat(), SECRET);
    assert_eq!(done.code, 9, "{done:?}");
}

#[test]
fn a_history_that_is_not_known_tolerates_nothing() {
    let server = Server::new();
    let many: String = (0..1001).map(|n| format!("C,t{n},failed\n")).collect();
    let tolerate = with(&with(&FAIL, &ALL_CLASSES), &["--compare", "off"]);
    let done = upload(
        &server,
        "n 1",
        &many,
        &with(&tolerate, &["--format", "json"]),
    );
    assert_eq!(done.code, 9, "{done:?}");
    let json = done.json();
    assert_eq!(json["failed_tests"], Value::Null);
    assert_eq!(json["problems"][0]["code"], "unknown_history");
    let message = json["problems"][0]["message"].as_str().unwrap();
    let expected = "no failed test is tolerated, as their history is not known: 1001 tests failed";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn many_failed_tests_are_looked_up_with_few_requests() {
    let server = Server::new();
    let many: String = (0..100).map(|n| format!("C,t{n:03},failed\n")).collect();
    let lists = |suite_run: &str, options: &[&str]| {
        let count = || {
            let requests = server.requests();
            let lists = requests.iter().filter(|request| {
                request.method == "GET" && request.path.ends_with("/automated_runs")
            });
            lists.count()
        };
        let before = count();
        let done = upload(
            &server,
            suite_run,
            &many,
            &[&["--compare", "off"], options].concat(),
        );
        assert_eq!(done.code, 0, "{done:?}");
        count() - before
    };
    let without = lists("n 1", &[]);
    assert_eq!(lists("n 2", &["--tolerate", "oscillating"]), without + 1);
    assert_eq!(lists("n 3", &["--tolerate", "unstable"]), without + 5);
}

/// Runs a command that writes this table and ends with this code.
#[cfg(unix)]
fn exec(server: &Server, suite_run: &str, rows: &str, code: i32, options: &[&str]) -> Done {
    let script = format!("printf 'class,name,status\n{rows}' > out.csv; exit {code}");
    let line = [
        "exec",
        "out.csv",
        "--suite",
        "S",
        "--suite-run",
        suite_run,
        "-y",
    ];
    let command = ["--", "sh", "-c", &script];
    server.octane(&[&line[..], options, &command].concat(), SECRET)
}

#[cfg(unix)]
#[test]
fn a_command_that_failed_only_because_of_tolerated_tests_has_succeeded() {
    let server = known_failure();
    let tolerate = ["--tolerate", "continuously-failing"];
    let rows = "C,old,failed\nC,b,passed\n";
    let done = exec(&server, "n 1", rows, 1, &tolerate);
    done.fails(
        0,
        &["`sh` ended with 1, because of tests whose failures are tolerated"],
    );
    let json = exec(
        &server,
        "n 2",
        rows,
        1,
        &[&tolerate[..], &["--format", "json"]].concat(),
    )
    .json();
    assert_eq!(
        (&json["exit_code"], &json["command"]["exit_code"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(json["command"]["is_tolerated"], true);

    // Whatever else may be wrong is not tolerated.
    let done = exec(&server, "n 3", rows, 2, &tolerate);
    done.fails(
        2,
        &["not tolerated: only exit code 1 says that tests failed"],
    );
    let done = exec(
        &server,
        "n 4",
        rows,
        2,
        &[&tolerate[..], &["--test-failure-code", "2"]].concat(),
    );
    assert_eq!(done.code, 0, "{done:?}");
    let done = exec(&server, "n 5", "C,old,failed\n", 1, &tolerate);
    done.fails(
        1,
        &["not tolerated: 1 test of the suite run before did not run"],
    );
    let done = exec(&server, "n 6", "C,old,failed\nC,b,failed\n", 1, &tolerate);
    done.fails(1, &["not tolerated: not all failed tests are tolerated"]);
    let done = exec(&server, "n 7", "C,old,passed\nC,b,passed\n", 1, &tolerate);
    done.fails(1, &["not tolerated: no report contains a failed test"]);
    let done = exec(&server, "n 8", "C,old,failed\nC,b,passed\n", 1, &[]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(!done.stderr.contains("not tolerated"), "{done:?}");
}

#[cfg(unix)]
#[test]
fn after_a_command_that_succeeded_failed_tests_decide_as_after_an_upload() {
    let server = Server::new();
    let rows = "C,a,failed\n";
    assert_eq!(exec(&server, "n 1", rows, 0, &[]).code, 0);
    assert_eq!(exec(&server, "n 2", rows, 0, &FAIL).code, 9);
    assert_eq!(exec(&server, "n 3", rows, 1, &FAIL).code, 1);
}

#[test]
fn too_few_tests_are_an_error_before_anything_is_sent() {
    let server = Server::new();
    let rows = "C,a,passed\nC,b,failed\nC,c,skipped\n";
    let done = upload(&server, "n 1", rows, &["--min-tests", "3"]);
    done.fails(
        4,
        &["only 2 tests ran, and 3 or more are expected; nothing was sent"],
    );
    assert_eq!(server.runs(), (0, 0));
    assert_eq!(upload(&server, "n 1", rows, &["--min-tests", "2"]).code, 0);
    // Attempts are not tests.
    let again = "C,a,failed\nC,a,failed\nC,a,passed\n";
    upload(&server, "n 2", again, &["--min-tests", "2"]).fails(4, &["only 1 test ran"]);
    upload(&server, "n 3", "", &["--min-tests", "1", "--allow-empty"])
        .fails(4, &["only 0 tests ran"]);
    upload(&server, "n 4", rows, &["--min-tests", "many"]).fails(2, &["--min-tests"]);
}

#[cfg(unix)]
#[test]
fn a_command_without_reports_has_too_few_tests() {
    let server = Server::new();
    let line = ["exec", "out.csv", "--suite", "S", "-y", "--allow-missing"];
    let done = server.octane(&[&line[..], &["--", "true"]].concat(), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let done = server.octane(
        &[&line[..], &["--min-tests", "1", "--", "true"]].concat(),
        SECRET,
    );
    assert_eq!(done.code, 4, "{done:?}");
}

#[test]
fn nothing_is_looked_up_unless_something_is_tolerated() {
    let server = Server::new();
    let done = upload(&server, "n 1", "C,a,failed\n", &["--format", "json"]);
    assert_eq!(done.json()["failed_tests"], Value::Null);
    let done = upload(
        &server,
        "n 2",
        "C,a,passed\n",
        &[&ALL_CLASSES[..], &["--format", "json"]].concat(),
    );
    assert_eq!(done.json()["failed_tests"], Value::Null);
}

/// Runs the command eight times with a test that fails and another one, which makes the first a known failure.
#[cfg(unix)]
fn known_failure() -> Server {
    let server = Server::new();
    for number in 0..8 {
        let name = format!("h {number}");
        let done = exec(&server, &name, "C,old,failed\nC,b,passed\n", 1, &[]);
        assert_eq!(done.code, 1, "{done:?}");
    }
    server
}

#[cfg(unix)]
#[test]
fn a_known_failure_of_another_shard_does_not_excuse_a_command() {
    let server = known_failure();
    let shard = |shard, rows| {
        let options = ["--tolerate", "continuously-failing", "--shard", shard];
        exec(&server, "n 1", rows, 1, &options)
    };
    assert_eq!(shard("1/2", "C,old,failed\n").code, 1);
    // It has crashed without a failed test of its own.
    let last = shard("2/2", "C,b,passed\n");
    last.fails(
        1,
        &["not tolerated: this is one of several shards, and the failed tests may be those of another one"],
    );
    assert!(last.stdout.contains("1 tolerated"), "{last:?}");
}

#[cfg(unix)]
#[test]
fn a_command_that_gives_up_in_the_same_place_again_is_not_excused_by_its_last_crash() {
    let server = known_failure();
    let tolerate = ["--tolerate", "continuously-failing"];
    let crashed = |name: &str| exec(&server, name, "C,old,failed\n", 1, &tolerate);
    crashed("n 1").fails(
        1,
        &["not tolerated: 1 test of the suite run before did not run"],
    );
    crashed("n 2").fails(
        1,
        &["not tolerated: suite run `h 7` had more tests than this one"],
    );
    // After eight suite runs without it, the test is no longer expected.
    for number in 3..9 {
        assert_eq!(crashed(&format!("n {number}")).code, 1);
    }
    assert_eq!(crashed("n 9").code, 0);
}

#[cfg(unix)]
#[test]
fn a_report_that_cannot_be_written_is_no_failure_of_a_command_that_is_tolerated() {
    let server = known_failure();
    std::fs::create_dir(server.place.path().join("d")).unwrap();
    let script =
        "printf 'class,name,status\nC,old,failed\nC,b,passed\n' > out.csv; rmdir d; exit 1";
    let line = "exec out.csv --suite S -y --suite-run n --tolerate continuously-failing --report d/r.md -- sh -c";
    let mut line: Vec<&str> = line.split(' ').collect();
    line.push(script);
    let done = server.octane(&line, SECRET);
    done.fails(3, &["cannot write the report to `d/r.md`"]);
}
