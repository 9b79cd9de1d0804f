//! `octane exec`: tests are run, and what they write is uploaded.

use crate::program::{Done, Started};
use crate::server::{SECRET, Server};

const PASSED: &str = "<testsuite><testcase classname='C' name='a'/></testsuite>";
const FAILED: &str = "<testsuite><testcase classname='C' name='a'/><testcase classname='C' name='b'><failure/></testcase></testsuite>";

/// A script that writes these reports and ends with this code.
fn tests(server: &Server, reports: &[(&str, &str)], code: i32) -> String {
    let mut script = String::from("#!/bin/sh\n");
    for (name, content) in reports {
        if let Some((folder, _)) = name.rsplit_once('/') {
            script.push_str(&format!("mkdir -p {folder}\n"));
        }
        script.push_str(&format!("echo \"{content}\" > {name}\n"));
    }
    script.push_str(&format!("exit {code}\n"));
    executable(server, &script)
}

fn executable(server: &Server, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;

    server.place.file("run-tests", script);
    let path = server.place.path().join("run-tests");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    "./run-tests".to_owned()
}

fn line<'a>(options: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
    let upload = ["exec", "--suite", "S", "--suite-run", "r", "-y"];
    [&upload[..], options, &["--"], command].concat()
}

fn exec(server: &Server, options: &[&str], command: &[&str]) -> Done {
    server.octane(&line(options, command), SECRET)
}

#[test]
fn results_of_failed_tests_are_uploaded_and_the_code_of_the_tests_is_kept() {
    let server = Server::new();
    let tests = tests(&server, &[("out/a.xml", FAILED)], 3);
    let done = exec(&server, &["out/*.xml", "--report", "r.json"], &[&tests]);
    done.fails(3, &["exiting with 3, the code of `./run-tests`"]);
    assert!(done.stdout.contains("1 passed, 1 failed"), "{done:?}");
    assert_eq!(server.runs(), (2, 0));
    let report = std::fs::read_to_string(server.place.path().join("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["exit_code"], 3);
    assert_eq!(report["outcome"], "success");
    assert_eq!(report["command"]["program"], "./run-tests");
    assert_eq!(report["command"]["exit_code"], 3);
}

#[test]
fn after_tests_that_passed_the_code_is_that_of_the_upload() {
    let mut server = Server::new();
    let tests = tests(&server, &[("out/a.xml", PASSED)], 0);
    assert_eq!(exec(&server, &["out/*.xml"], &[&tests]).code, 0);
    server.go_away();
    let away = ["out/*.xml", "--retries", "0"];
    exec(&server, &away, &[&tests]).fails(8, &["octane resume u-"]);
    let warned = [&away[..], &["--on-upload-error", "warn"]].concat();
    assert_eq!(exec(&server, &warned, &[&tests]).code, 0);
}

#[test]
fn a_failed_upload_does_not_replace_the_code_of_failed_tests() {
    let mut server = Server::new();
    let tests = tests(&server, &[("out/a.xml", FAILED)], 1);
    server.go_away();
    let away = ["out/*.xml", "--retries", "0"];
    let done = exec(&server, &away, &[&tests]);
    done.fails(1, &["octane resume u-", "exiting with 1, the code of"]);
    let json = exec(
        &server,
        &[&away[..], &["--format", "json"]].concat(),
        &[&tests],
    )
    .json();
    assert_eq!(
        (&json["code"], &json["exit_code"]),
        (&"unreachable".into(), &1.into())
    );
}

#[test]
fn reports_of_an_earlier_run_are_never_uploaded() {
    let server = Server::new();
    server.place.file("out/old.xml", FAILED);
    let tests = tests(&server, &[("out/a.xml", PASSED)], 0);
    let done = exec(&server, &["out/*.xml"], &[&tests]);
    assert_eq!(done.code, 0, "{done:?}");
    done.fails(0, &["ignored: out/old.xml: the command did not write it"]);
    assert_eq!(server.runs(), (1, 0));

    // Nothing is written at all.
    let done = exec(&server, &["out/*.xml"], &["true"]);
    done.fails(
        4,
        &[
            "`true` wrote no report as `out/*.xml`",
            "`out/a.xml`, `out/old.xml`",
        ],
    );
    // They are copied, with their times.
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400);
    for name in ["a.xml", "old.xml"] {
        let path = server.place.path().join("out").join(name);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(yesterday).unwrap();
    }
    let done = exec(&server, &["new/*.xml"], &["cp", "-rp", "out", "new"]);
    done.fails(
        4,
        &["older reports are not uploaded: `new/a.xml`, `new/old.xml`"],
    );
    assert_eq!(server.runs(), (1, 0));
}

#[test]
fn a_report_that_is_written_again_with_the_same_content_counts() {
    let server = Server::new();
    server.place.file("out/a.xml", &format!("{PASSED}\n"));
    let tests = tests(&server, &[("out/a.xml", PASSED)], 0);
    assert_eq!(exec(&server, &["out/a.xml"], &[&tests]).code, 0);
    assert_eq!(server.runs(), (1, 0));
}

#[test]
fn the_usual_places_are_searched_without_files() {
    let server = Server::new();
    let reports = [
        ("web/target/surefire-reports/TEST-a.xml", PASSED),
        (
            "app/build/test-results/test/TEST-b.xml",
            "<testsuite><testcase name='x'/></testsuite>",
        ),
        ("node_modules/lib/junit.xml", FAILED),
        ("reports/coverage.xml", "<coverage/>"),
    ];
    let tests = tests(&server, &reports, 0);
    let done = exec(&server, &[], &[&tests]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("2 results in 2 files"), "{done:?}");
    exec(&server, &[], &["true"]).fails(4, &["wrote no report in the usual places"]);
}

#[test]
fn the_paths_of_the_settings_are_searched() {
    let server = Server::new();
    server
        .place
        .file("octane.toml", "[upload]\npaths = ['here/*.xml']\n");
    let reports = [("here/a.xml", PASSED), ("reports/b.xml", FAILED)];
    let tests = tests(&server, &reports, 0);
    assert_eq!(exec(&server, &[], &[&tests]).code, 0);
    assert_eq!(server.runs(), (1, 0));
}

#[test]
fn a_pattern_without_a_report_is_no_success() {
    let server = Server::new();
    let tests = tests(&server, &[("unit/a.xml", PASSED)], 0);
    let patterns = ["unit/*.xml", "integration/*.xml"];
    let done = exec(&server, &patterns, &[&tests]);
    done.fails(
        4,
        &["wrote no report for `integration/*.xml`", "--allow-missing"],
    );
    assert_eq!(server.runs(), (1, 0), "the others are uploaded");
    let allowed = [&patterns[..], &["--allow-missing"]].concat();
    assert_eq!(exec(&server, &allowed, &[&tests]).code, 0);
}

#[test]
fn a_missing_report_is_named_whichever_pattern_it_belongs_to() {
    let server = Server::new();
    let tests = tests(&server, &[("b.xml", PASSED)], 0);
    let done = exec(
        &server,
        &["a.xml", "b.xml", "--report", "r.json"],
        &[&tests],
    );
    done.fails(4, &["wrote no report for `a.xml`"]);
    let report = std::fs::read_to_string(server.place.path().join("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["command"]["missing"], serde_json::json!(["a.xml"]));
}

#[test]
fn a_report_that_several_patterns_match_or_that_is_excluded_is_not_missing() {
    let server = Server::new();
    let tests = tests(&server, &[("r/unit.xml", PASSED), ("r/b.xml", PASSED)], 0);
    for patterns in [
        &["r/*.xml", "r/unit.xml"][..],
        &["r/unit.xml", "r/*.xml", "r"],
        &["r/unit.xml", "r/b.xml", "--exclude", "r/b.xml"],
    ] {
        let done = exec(&server, patterns, &[&tests]);
        assert_eq!(done.code, 0, "{patterns:?}: {done:?}");
    }
    // A report of an earlier run counts for none of its patterns.
    exec(
        &server,
        &["r/*.xml", "r/unit.xml", "c.xml"],
        &["cp", "r/b.xml", "c.xml"],
    )
    .fails(4, &["wrote no report for `r/*.xml`, `r/unit.xml`"]);
}

#[test]
fn a_command_that_may_write_no_report_has_an_answer_and_the_files_of_reports() {
    let server = Server::new();
    server.place.file("unit/old.xml", PASSED);
    let read = |name: &str| std::fs::read_to_string(server.place.path().join(name)).unwrap();
    let files = [
        "--report", "r.json", "--report", "r.xml", "--report", "r.md",
    ];
    for option in ["--allow-missing", "--allow-empty"] {
        let options = [&["unit/*.xml", option], &files[..]].concat();
        let done = exec(&server, &options, &["true"]);
        done.fails(
            0,
            &[
                "`true` wrote no report; nothing is uploaded; older reports",
                "old.xml",
            ],
        );
        assert!(read("r.xml").contains("><skipped/>"), "{}", read("r.xml"));
        assert!(!read("r.xml").contains("<error"), "{}", read("r.xml"));
        assert!(read("r.md").contains("wrote no report"), "{}", read("r.md"));
        let json = exec(
            &server,
            &[&options[..], &["--format", "json"]].concat(),
            &["true"],
        );
        assert_eq!(json.json()["exit_code"], 0, "{json:?}");
        assert_eq!(json.json()["code"], "no_input", "{json:?}");
        assert!(
            read("r.json").contains("\"exit_code\": 0"),
            "{}",
            read("r.json")
        );
        let done = exec(&server, &options, &["false"]);
        done.fails(1, &["exiting with 1, the code of `false`"]);
        assert!(
            read("r.json").contains("\"exit_code\": 1"),
            "{}",
            read("r.json")
        );
        assert!(read("r.xml").contains("<error"), "{}", read("r.xml"));
    }
}

#[test]
fn ci_systems_and_reports_learn_why_the_program_failed_although_the_upload_succeeded() {
    let server = Server::new();
    let path = |name: &str| server.place.path().join(name).display().to_string();
    let summary = path("summary.md");
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
    ];
    for (code, patterns, reason) in [
        (
            0,
            &["unit/*.xml", "integration/*.xml"][..],
            "wrote no report for `integration/*.xml`",
        ),
        (
            3,
            &["unit/*.xml"],
            "exiting with 3, the code of `./run-tests`",
        ),
    ] {
        let tests = tests(&server, &[("unit/a.xml", PASSED)], code);
        let options = [patterns, &["--report", "r.md"]].concat();
        let done = server.octane_with(&line(&options, &[&tests]), SECRET, &variables);
        let of = |line: &&str| line.starts_with("::error title=Octane::") && line.contains(reason);
        assert_eq!(done.stderr.lines().filter(of).count(), 1, "{done:?}");
        let read = |name: &str| std::fs::read_to_string(server.place.path().join(name)).unwrap();
        let shown = read("summary.md").replace(['\\', '`'], "");
        assert!(shown.contains(&reason.replace('`', "")), "{shown}");
        let names = read("r.md").contains("wrote no report for");
        let said = format!("The program ended with exit code {}", done.code);
        assert!(read("r.md").contains(&said), "{}", read("r.md"));
        assert_eq!(names, code == 0, "{}", read("r.md"));
    }
}

#[test]
fn a_command_that_cannot_be_run_has_the_code_of_a_shell() {
    let server = Server::new();
    exec(
        &server,
        &["--report", "r.json", "--report", "r.md"],
        &["no-such-command"],
    )
    .fails(127, &[]);
    let read = |name: &str| std::fs::read_to_string(server.place.path().join(name)).unwrap();
    assert!(
        read("r.json").contains("\"exit_code\": 127"),
        "{}",
        read("r.json")
    );
    assert!(
        read("r.md").contains("command not found"),
        "{}",
        read("r.md")
    );
    server.place.file("data.txt", "");
    exec(&server, &[], &["no-such-command"]).fails(127, &["command not found: `no-such-command`"]);
    exec(&server, &[], &["ls -l"]).fails(127, &["-- sh -c"]);
    exec(&server, &[], &["./data.txt"]).fails(126, &["cannot run `./data.txt`: Permission denied"]);
    let script = executable(&server, "#!/no/such/interpreter\n");
    exec(&server, &[], &[&script]).fails(127, &["the interpreter in its first line"]);
    let json = exec(&server, &["--format", "json"], &["no-such-command"]).json();
    assert_eq!(
        (&json["code"], &json["exit_code"]),
        (&"command_failed".into(), &127.into())
    );
}

#[test]
fn nothing_is_run_if_the_upload_cannot_succeed() {
    let server = Server::new();
    let tests = tests(&server, &[("ran.xml", PASSED)], 0);
    let line = ["exec", "ran.xml", "--", &*tests];
    server
        .octane(&line, SECRET)
        .fails(3, &["no test suite given"]);
    server
        .place
        .octane(&["exec", "ran.xml", "--suite", "S", "--", &tests])
        .fails(3, &["no server"]);
    exec(&server, &["[.xml"], &[&tests]).fails(4, &["invalid glob"]);
    exec(&server, &["-"], &[&tests]).fails(2, &["standard input belongs to the command"]);
    exec(&server, &["--secret-stdin"], &[&tests]).fails(2, &["--secret-file"]);
    exec(&server, &["ran.xml", "--column", "x"], &[&tests]).fails(2, &["expected COLUMN=FIELD"]);
    assert!(!server.place.path().join("ran.xml").exists());
}

#[test]
fn the_command_has_the_environment_without_the_secrets() {
    let server = Server::new();
    let script = "#!/bin/sh\n[ -z \"$OCTANE_CLIENT_SECRET\" ] && [ -n \"$OCTANE_URL\" ] || exit 9\n\
                  read line; echo \"<testsuite><testcase name='$line'/></testsuite>\" > a.xml\n";
    let script = executable(&server, script);
    let variables = server.variables(SECRET);
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let line = line(&["a.xml"], &[&script]);
    let done = server.place.octane_fed(&line, &variables, "from input\n");
    assert_eq!(done.code, 0, "{done:?}");
    let runs = server.octane(&["run", "list", "--suite-run", "r"], SECRET);
    assert!(runs.stdout.contains("from input"), "{runs:?}");
}

#[test]
fn in_json_standard_output_is_one_document() {
    let server = Server::new();
    let script = executable(
        &server,
        &format!("#!/bin/sh\necho chatter\necho \"{PASSED}\" > a.xml\n"),
    );
    let done = exec(&server, &["a.xml", "--format", "json"], &[&script]);
    assert_eq!(done.json()["command"]["exit_code"], 0);
    assert!(done.stderr.contains("chatter"), "{done:?}");
    let done = exec(&server, &["a.xml"], &[&script]);
    assert!(done.stdout.starts_with("chatter\n"), "{done:?}");
}

/// Tests that count how often they are interrupted, and wait until they were.
fn patient(server: &Server) -> Started {
    let script = "#!/bin/sh\ntrap 'echo INT >> signals; exit 7' INT\ntrap 'echo TERM >> signals; exit 8' TERM\n\
                  trap 'echo QUIT >> signals; exit 9' QUIT\n\
                  echo ready >&2\nwhile :; do sleep 0.01; done\n";
    let script = executable(server, script);
    let mut running = server.start(&line(&["a.xml"], &[&script]));
    running.says("ready");
    running
}

#[test]
fn a_signal_reaches_the_command_once_and_nothing_is_uploaded() {
    for (signal, code) in [("INT", 7), ("TERM", 8), ("QUIT", 9)] {
        let server = Server::new();
        let running = patient(&server);
        running.signal(signal);
        let done = running.wait();
        done.fails(code, &["was interrupted; nothing is uploaded"]);
        assert!(!done.stderr.contains("requests in flight"), "{done:?}");
        let signals = std::fs::read_to_string(server.place.path().join("signals")).unwrap();
        assert_eq!(signals, format!("{signal}\n"));
        assert_eq!(server.requests().len(), 0);
    }
}

#[test]
fn after_the_command_the_signal_to_quit_ends_the_upload_at_once() {
    let server = Server::new();
    let tests = tests(&server, &[("a.xml", PASSED)], 0);
    let hour = std::time::Duration::from_secs(3600);
    server.fail_next(octane_sandbox::Fault::delay(hour).path("*/test-results"));
    let running = server.start(&line(&["a.xml"], &[&tests]));
    server.holds("/test-results");
    running.signal("QUIT");
    assert_eq!(running.wait().code, 143);
}

#[test]
fn tests_that_were_interrupted_before_they_wrote_a_report_are_not_green() {
    let server = Server::new();
    let script = executable(
        &server,
        "#!/bin/sh\ntrap 'exit 0' TERM\necho ready >&2\nwhile :; do sleep 0.01; done\n",
    );
    let mut running = server.start(&line(&["a.xml", "--allow-missing"], &[&script]));
    running.says("ready");
    running.signal("TERM");
    let done = running.wait();
    done.fails(130, &["was interrupted; nothing is uploaded"]);
}

#[test]
fn a_command_that_a_signal_ends_has_the_code_of_a_shell_and_its_results_are_uploaded() {
    let server = Server::new();
    let script = format!("#!/bin/sh\necho \"{PASSED}\" > a.xml\nkill -9 $$\n");
    let script = executable(&server, &script);
    exec(&server, &["a.xml"], &[&script]).fails(137, &["exiting with 137"]);
    assert_eq!(server.runs(), (1, 0));
}
