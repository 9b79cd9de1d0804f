//! Annotations for CI systems, and what must never be printed.

use octane_sandbox::Fault;

use crate::program::Done;
use crate::server::{SECRET, Server};

const UPLOAD: [&str; 7] = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];

fn server() -> Server {
    let server = Server::new();
    server.place.file(
        "a.csv",
        "name,status,jira\nx,passed,NONE-1\ny,failed,SHOP-101\n",
    );
    server
}

/// Runs in a step of GitHub Actions, whose log never shows the lines that mask secrets.
fn in_github(server: &Server, more: &[&str]) -> Done {
    with_masks_in_github(server, more).without_masks()
}

fn with_masks_in_github(server: &Server, more: &[&str]) -> Done {
    let path = |name: &str| server.place.path().join(name).display().to_string();
    let (output, summary) = (path("output"), path("summary"));
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_OUTPUT", output.as_str()),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
    ];
    server.octane_with(&[&UPLOAD[..], more].concat(), SECRET, &variables)
}

fn written(server: &Server, name: &str) -> String {
    std::fs::read_to_string(server.place.path().join(name)).unwrap()
}

#[test]
fn a_good_upload_gives_later_steps_its_numbers_and_annotates_nothing() {
    let server = server();
    let done = in_github(&server, &[]);
    assert!(done.code == 0 && !done.stderr.contains("::"), "{done:?}");
    let output = written(&server, "output");
    assert!(
        output.starts_with("outcome=success\ningested=2\nupload-id=u-"),
        "{output}"
    );
    assert!(output.contains("\nsuite-run-id="), "{output}");
    let summary = written(&server, "summary");
    assert!(summary.contains("| 2 | 2 | 0 | 0 | 0 |"), "{summary}");
}

#[test]
fn an_unfinished_upload_is_an_error_or_a_warning_depending_on_the_policy() {
    for (policy, code, level) in [("fail", 8, "error"), ("warn", 0, "warning")] {
        let server = server();
        server.fail_next(Fault::stuck_task());
        let more = [
            "--wait",
            "0s",
            "--on-upload-error",
            policy,
            "--format",
            "json",
        ];
        let done = in_github(&server, &more);
        assert_eq!(done.code, code, "{done:?}");
        assert_eq!(done.json()["exit_code"], code);
        let line = format!("::{level} title=Octane::server unreachable or timed out");
        assert!(done.stderr.contains(&line), "{done:?}");
        assert!(written(&server, "output").starts_with("outcome=unreachable\ningested=0\n"));
        assert!(written(&server, "summary").contains("| 2 | 0 | 0 | 0 | 2 |"));
    }
}

#[test]
fn an_upload_that_ends_without_a_report_is_annotated_too() {
    let mut server = server();
    server.go_away();
    let done = in_github(&server, &["--on-upload-error", "warn"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stderr
            .contains("::warning title=Octane::nothing was sent"),
        "{done:?}"
    );
    assert!(done.stderr.contains("hint:"), "{done:?}");
    let output = written(&server, "output");
    let expected = "outcome=unreachable\nupload-id=u-";
    assert!(output.starts_with(expected), "{output}");
    assert!(written(&server, "summary").contains("nothing was sent"));
    let done = in_github(&server, &[]);
    done.fails(8, &["::error title=Octane::nothing was sent"]);
    let done = in_github(&server, &["--annotate", "off"]);
    assert!(done.code == 8 && !done.stderr.contains("::"), "{done:?}");
}

#[test]
fn unknown_jira_keys_are_annotated_if_they_fail_the_upload() {
    let server = server();
    let done = in_github(&server, &["--on-unresolved", "fail"]);
    done.fails(
        10,
        &["::error title=Octane::ingested, but not everything was linked"],
    );
    assert!(written(&server, "output").starts_with("outcome=links_incomplete\n"));
    assert!(done.stderr.contains("NONE-1"), "{done:?}");
}

#[test]
fn an_upload_that_ends_without_a_report_replaces_an_earlier_report_file() {
    let mut server = server();
    server.place.file("report.json", r#"{"outcome":"success"}"#);
    server.go_away();
    let warn = ["--on-upload-error", "warn", "--report", "report.json"];
    let done = in_github(&server, &[&warn[..], &["--format", "json"]].concat());
    assert!(
        done.code == 0 && done.stderr.contains("exiting with 0"),
        "{done:?}"
    );
    let report: serde_json::Value = serde_json::from_str(&written(&server, "report.json")).unwrap();
    assert_eq!(report, done.json());
    assert_eq!(
        (&report["schema"], &report["exit_code"]),
        (&"octane.error/1".into(), &0.into())
    );
    assert!(
        report["upload_id"].as_str().unwrap().starts_with("u-"),
        "{report}"
    );
}

#[test]
fn an_invalid_command_line_is_annotated_too() {
    let server = server();
    let done = in_github(&server, &["--rate", "0"]);
    done.fails(
        2,
        &["::error title=Octane::invalid value '0' for '--rate <COUNT>'"],
    );
}

#[test]
fn ignored_jira_keys_are_not_mentioned_to_people() {
    let server = server();
    let ignore = ["--on-unresolved", "ignore"];
    let done = in_github(&server, &ignore);
    assert!(
        done.code == 0 && !done.stdout.contains("NONE-1"),
        "{done:?}"
    );
    let done = in_github(&server, &[&ignore[..], &["--format", "json"]].concat());
    assert_eq!(
        done.json()["links"]["unknown"],
        serde_json::json!(["NONE-1"])
    );
}

#[test]
fn a_report_file_that_cannot_be_written_does_not_hide_the_summary() {
    let server = server();
    let done = in_github(&server, &["--report", "no/such/folder/report.json"]);
    done.fails(3, &["no/such/folder/report.json"]);
    assert_eq!(done.stdout, "", "nothing was sent");
    if cfg!(target_os = "linux") {
        let done = in_github(&server, &["--report", "/dev/full"]);
        done.fails(3, &["/dev/full"]);
        assert!(done.stdout.contains("Ingested  2"), "{done:?}");
    }
    let done = in_github(&server, &["--report", "report.json"]);
    let report: serde_json::Value = serde_json::from_str(&written(&server, "report.json")).unwrap();
    assert_eq!(
        (done.code, &report["schema"]),
        (0, &"octane.upload/1".into())
    );
}

#[test]
fn the_secret_is_in_nothing_that_the_program_prints_or_stores() {
    let server = server();
    let failing = |fault: Fault| {
        server.fail_next(fault.times(2));
        in_github(&server, &["-vvv", "--force-new"])
    };
    let runs = [
        in_github(&server, &["-vvv"]),
        failing(Fault::status(403).path("*/test-results")),
        failing(Fault::status(401).path("*/test-results")),
        failing(Fault::html(502).path("/authentication/sign_in")),
        failing(Fault::reset_after().path("*/test-results")),
    ];
    for (index, done) in runs.iter().enumerate() {
        assert_eq!(done.code == 0, index == 0, "{done:?}");
        assert!(
            done.stderr.contains("test-results") || done.stderr.contains("sign_in"),
            "nothing was logged: {done:?}"
        );
        assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
    }
    for folder in [".", "spool"] {
        for file in std::fs::read_dir(server.place.path().join(folder)).unwrap() {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(SECRET), "{}", path.display());
        }
    }
}

#[test]
fn github_and_azure_are_asked_once_to_mask_the_secrets_in_use() {
    let server = server();
    let done = with_masks_in_github(&server, &["-vvv"]);
    assert_eq!(done.code, 0, "{done:?}");
    let mask = format!("::add-mask::{SECRET}\n");
    assert_eq!(done.stderr.matches(&mask).count(), 1, "{done:?}");
    assert_eq!(format!("{done:?}").matches(SECRET).count(), 1, "{done:?}");

    let list = ["suite", "list"];
    let done = server.octane_with(&list, SECRET, &[("TF_BUILD", "True")]);
    let mask = format!("##vso[task.setsecret]{SECRET}\n");
    assert_eq!(done.stderr.matches(&mask).count(), 1, "{done:?}");
    assert!(!done.stdout.contains(SECRET), "{done:?}");

    for elsewhere in [
        ("CI", "true"),
        ("TEAMCITY_VERSION", "2025.11"),
        ("JENKINS_URL", "x"),
    ] {
        let done = server.octane_with(&list, SECRET, &[elsewhere]);
        assert!(
            done.code == 0 && !format!("{done:?}").contains(SECRET),
            "{done:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_secret_is_not_written_to_a_file_that_standard_error_goes_to() {
    let server = server();
    let variables = server.variables(SECRET);
    let mut variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    variables.push(("GITHUB_ACTIONS", "true"));
    let done = server
        .place
        .shell("octane suite list 2> log.txt", &variables);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!written(&server, "log.txt").contains(SECRET));
    let done = server.place.shell("octane suite list 2>&1", &variables);
    assert!(
        done.stdout.contains(&format!("::add-mask::{SECRET}\n")),
        "{done:?}"
    );
}

#[test]
fn azure_shows_a_summary_of_the_upload() {
    let server = server();
    let folder = server.place.path().join("agent");
    std::fs::create_dir(&folder).unwrap();
    let azure = [
        ("TF_BUILD", "True"),
        ("AGENT_TEMPDIRECTORY", folder.to_str().unwrap()),
    ];
    let done = server.octane_with(&UPLOAD, SECRET, &azure);
    let command = done
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("##vso[task.uploadsummary]"));
    let summary = std::fs::read_to_string(command.unwrap()).unwrap();
    assert!(summary.contains("| 2 | 2 | 0 | 0 | 0 |"), "{summary}");
    let done = server.octane_with(&UPLOAD, SECRET, &[("TF_BUILD", "True")]);
    assert!(
        done.code == 0 && !done.stderr.contains("uploadsummary"),
        "{done:?}"
    );
}

#[test]
fn teamcity_gets_service_messages_where_it_reads_them() {
    let server = server();
    let fail = ["--on-unresolved", "fail"];
    let upload = |more: &[&str]| {
        let arguments = [&UPLOAD[..], &fail, more].concat();
        server.octane_with(&arguments, SECRET, &[("TEAMCITY_VERSION", "2025.11")])
    };
    let done = upload(&[]);
    assert_eq!(done.code, 10, "{done:?}");
    let problem =
        "##teamcity[buildProblem description='Octane: ingested, but not everything was linked";
    let message = "##teamcity[message text='Octane: Jira key NONE-1 matches no backlog item' status='WARNING']";
    for command in [problem, message] {
        assert!(done.stdout.contains(command), "{done:?}");
        assert!(!done.stderr.contains(command), "{done:?}");
    }
    let done = upload(&["--format", "json"]);
    assert_eq!(done.json()["exit_code"], 10);
    assert!(done.stderr.contains(problem), "{done:?}");
}

#[test]
fn several_uploads_give_later_steps_the_worst_outcome_and_what_all_have_ingested() {
    let mut server = server();
    server.go_away();
    for suite_run in ["n 1", "n 2"] {
        let done = server.octane(&[&UPLOAD[..], &["--suite-run", suite_run]].concat(), SECRET);
        assert_eq!(done.code, 8, "{done:?}");
    }
    server.come_back();
    server.octane(&["suite", "create", "S"], SECRET);
    server.fail_next(Fault::status(503).method("POST").path("*/test-results"));
    let output = server.place.path().join("output").display().to_string();
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", &*output)];
    let resume = ["resume", "--all", "--retries", "0"];
    let done = server.octane_with(&resume, SECRET, &variables);
    assert_eq!(done.code, 8, "{done:?}");
    let expected = "outcome=unreachable\ningested=2\n";
    assert_eq!(written(&server, "output"), expected);
}
