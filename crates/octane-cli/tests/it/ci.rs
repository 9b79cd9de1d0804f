//! The CI run: what `octane ci env` finds, and what an upload makes of it.

use octane_sandbox::{OnUnknown, Settings};
use serde_json::{Value, json};

use crate::echoing::{Answer, Echoing};
use crate::program::{Done, Place};
use crate::server::{SECRET, Server};

const GITHUB: [(&str, &str); 6] = [
    ("GITHUB_SERVER_URL", "https://github.com"),
    ("GITHUB_REPOSITORY", "octo/shop"),
    ("GITHUB_WORKFLOW", "CI"),
    ("GITHUB_RUN_NUMBER", "7"),
    ("GITHUB_RUN_ID", "9912"),
    ("GITHUB_REF", "refs/heads/main"),
];

const JENKINS: [(&str, &str); 3] = [
    ("JENKINS_URL", "https://ci.example.com/"),
    ("JOB_NAME", "shop/main"),
    ("BUILD_NUMBER", "17"),
];

const UPLOAD: [&str; 6] = ["upload", "a.csv", "--suite", "S", "-y", "--force-new"];

fn server(settings: Settings) -> Server {
    let server = Server::with(settings);
    let rows = "name,status,report_url\nx,passed,\ny,passed,https://reports.example.com/y\n";
    server.place.file("a.csv", rows);
    server
}

fn upload(server: &Server, more: &[&str], variables: &[(&str, &str)]) -> Done {
    server.octane_with(&[&UPLOAD[..], more].concat(), SECRET, variables)
}

/// A field of the runs `x` and `y`.
fn of_runs(server: &Server, field: &str) -> Value {
    let path = format!("automated_runs?fields=name,{field}&order_by=name");
    let json = server.octane(&["api", "GET", &path], SECRET).json();
    let runs = json["data"].as_array().unwrap();
    runs.iter().map(|run| run[field].clone()).collect()
}

#[test]
fn what_is_known_of_a_run_is_printed_with_the_variables_that_it_comes_from() {
    let place = Place::new();
    let done = place.octane_with(&["ci", "env"], &GITHUB);
    assert_eq!((done.code, &*done.stderr), (0, ""), "{done:?}");
    for part in [
        "GitHub Actions",
        "octo/shop: CI #7 (9912)",
        "GITHUB_RUN_NUMBER",
        "main",
        "not set: GITHUB_SHA\n",
    ] {
        assert!(done.stdout.contains(part), "{done:?}");
    }
    let json = place
        .octane_with(&["ci", "env", "--format", "json"], &GITHUB)
        .json();
    assert_eq!(json["system"]["key"], "github");
    let expected = json!({
        "value": "https://github.com/octo/shop/actions/runs/9912",
        "variables": ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"],
    });
    assert_eq!(json["run_url"], expected);
    assert_eq!(json["commit"], Value::Null);
    assert_eq!(json["unset"], json!({ "commit": ["GITHUB_SHA"] }));
}

#[test]
fn outside_of_ci_nothing_is_found_and_that_is_no_error() {
    let place = Place::new();
    let done = place.octane(&["ci", "env"]);
    assert!(
        done.code == 0 && done.stdout.starts_with("no CI run found\n"),
        "{done:?}"
    );
    let json = place.octane(&["ci", "env", "--format", "json"]).json();
    assert_eq!(
        (&json["system"], &json["suite_run"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn jobs_and_attempts_share_a_suite_run_that_no_other_repository_has() {
    let server = server(Settings::default());
    let name = |repository: &str, attempt: &str| {
        let mut variables = GITHUB.to_vec();
        variables[1].1 = repository;
        variables.push(("GITHUB_RUN_ATTEMPT", attempt));
        let done = upload(&server, &["--dry-run", "--format", "json"], &variables);
        done.json()["suite_run"].as_str().unwrap().to_owned()
    };
    assert_eq!(name("octo/shop", "1"), "octo/shop: CI #7 (9912)");
    assert_eq!(name("octo/shop", "1"), name("octo/shop", "2"));
    assert_ne!(name("octo/shop", "1"), name("octo/blog", "1"));
}

#[test]
fn runs_without_a_link_get_that_of_the_ci_run() {
    let run = "https://github.com/octo/shop/actions/runs/9912";
    let own = "https://reports.example.com/y";
    for (more, variables, expected) in [
        (&[][..], &GITHUB[..], json!([run, own])),
        (
            &["--run-url", "https://ci.example.com/7"],
            &GITHUB,
            json!(["https://ci.example.com/7", own]),
        ),
        (
            &["--run-url", "https://ci.example.com/7"],
            &[],
            json!(["https://ci.example.com/7", own]),
        ),
        (&["--run-url", "off"], &GITHUB, json!([null, own])),
        (&[], &[], json!([null, own])),
    ] {
        let server = server(Settings::default());
        let done = upload(&server, more, variables);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(
            of_runs(&server, "external_report_url"),
            expected,
            "{more:?}"
        );
    }
}

#[test]
fn a_run_url_that_cannot_be_opened_or_that_has_a_password_is_an_error() {
    let server = server(Settings::default());
    upload(&server, &["--run-url", "ci.example.com"], &[]).fails(2, &["--run-url", "https://"]);
    let done = upload(
        &server,
        &["--run-url", "https://jane:pw-visible@ci.example.com"],
        &[],
    );
    done.fails(2, &["password"]);
    assert!(!format!("{done:?}").contains("pw-visible"), "{done:?}");
}

#[test]
fn a_build_context_is_part_of_the_payload_only_if_it_is_asked_for() {
    let server = server(Settings::default());
    let build_of = |more: &[&str], variables: &[(&str, &str)]| {
        let done = upload(&server, more, variables);
        assert_eq!(done.code, 0, "{done:?}");
        let path = "ci_builds?fields=ci_server{instance_id},job_id,build_id";
        let json = server.octane(&["api", "GET", path], SECRET).json();
        let builds = json["data"].as_array().unwrap();
        let of = |build: &Value| {
            json!([
                build["ci_server"]["instance_id"],
                build["job_id"],
                build["build_id"]
            ])
        };
        builds.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(build_of(&[], &JENKINS), [] as [Value; 0]);
    let given = build_of(&["--build-context", "jenkins-1,,"], &JENKINS);
    assert_eq!(given, [json!(["jenkins-1", "shop/job/main", "17"])]);
    let given = build_of(&["--build-context", "jenkins-1,other,18"], &[]);
    assert_eq!(given[1], json!(["jenkins-1", "other", "18"]));
}

#[test]
fn auto_sends_no_build_that_octane_does_not_list_and_says_why() {
    let strict = || {
        let mut settings = Settings::default();
        settings.results.unknown_ci_server = OnUnknown::Fail;
        server(settings)
    };
    let server = strict();
    let auto = ["--build-context", "auto"];
    for (variables, reason) in [
        (&[][..], "no CI run was found"),
        (
            &GITHUB,
            "Octane lists no CI server with the URL `https://github.com`",
        ),
        (
            &JENKINS,
            "Octane lists no CI server with the URL `https://ci.example.com/`",
        ),
    ] {
        let done = upload(&server, &auto, variables);
        assert_eq!(done.code, 0, "{done:?}");
        let note = format!("note: no build context: {reason}");
        assert_eq!(done.stderr.matches(&note).count(), 1, "{done:?}");
    }
    // The same build in a payload would have cost all results.
    let done = upload(&strict(), &["--build-context", "jenkins-1,,"], &JENKINS);
    assert_eq!(done.code, 6, "{done:?}");
}

#[test]
fn auto_sends_the_build_that_octane_lists() {
    let server = server(Settings::default());
    let ci = r#"{"data":[{"name":"CI","instance_id":"jenkins-1","url":"https://CI.example.com"}]}"#;
    let done = server.octane(&["api", "POST", "ci_servers", "--data", ci], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    // The sandbox lists builds without Octane's names for the fields.
    let listed = Answer {
        path: "/ci_builds",
        status: "200 OK",
        content_type: "application/json",
        body: r#"{"total_count":1,"data":[{"type":"ci_build","id":"9","build_ci_id":"17"}]}"#,
    };
    let gateway = Echoing::before(server.address(), Some(listed));
    let url = format!("http://{}/ui/?p=1001/1002", gateway.address);
    let variables = [&JENKINS[..], &[("OCTANE_URL", &*url)]].concat();
    let done = upload(&server, &["--build-context", "auto"], &variables);
    assert!(
        done.code == 0 && !done.stderr.contains("no build context"),
        "{done:?}"
    );
    let path = "ci_builds?fields=ci_server{instance_id},job_id,build_id";
    let json = server.octane(&["api", "GET", path], SECRET).json();
    let build = &json["data"][0];
    assert_eq!(build["ci_server"]["instance_id"], "jenkins-1", "{json}");
    assert_eq!(
        (&build["job_id"], &build["build_id"]),
        (&json!("shop/job/main"), &json!("17"))
    );
}

#[test]
fn a_build_context_that_is_incomplete_or_needs_a_server_says_what_to_do() {
    let server = server(Settings::default());
    let done = upload(&server, &["--build-context", "jenkins-1,,17"], &[]);
    done.fails(
        3,
        &[
            "no CI run was found that could give the job",
            "octane ci env",
        ],
    );
    upload(&server, &["--build-context", "jenkins-1"], &[]).fails(2, &["SERVER,JOB,BUILD"]);
    let convert = ["convert", "a.csv", "-o", "out.xml", "--build-context"];
    let done = server.octane(&[&convert[..], &["auto"]].concat(), SECRET);
    done.fails(2, &["`convert` works offline"]);
    let given = ["jenkins-1,j,17", "--run-url", "https://ci.example.com/7"];
    assert_eq!(
        server.octane(&[&convert[..], &given].concat(), SECRET).code,
        0
    );
    let payload = std::fs::read_to_string(server.place.path().join("out.xml")).unwrap();
    for part in [
        r#"<build server_id="jenkins-1" job_id="j" build_id="17"/>"#,
        r#"external_report_url="https://ci.example.com/7""#,
    ] {
        assert!(payload.contains(part), "{payload}");
    }
}
