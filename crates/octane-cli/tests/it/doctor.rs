//! `octane doctor`

use octane_sandbox::Settings;
use octane_test_support::certificates::Validity;
use octane_test_support::forward_proxy::ForwardProxy;

use crate::networks::Secure;
use crate::program::Done;
use crate::server::{SECRET, Server};

pub(crate) const DOCTOR: [&str; 3] = ["doctor", "--format", "json"];

/// Status and message of a check.
pub(crate) fn check(done: &Done, name: &str) -> (String, String) {
    let json = done.json();
    let checks = json["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["check"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}: {json}"));
    let text = |member: &str| found[member].as_str().unwrap_or_default().to_owned();
    let hint = text("hint");
    let message = if hint.is_empty() {
        text("message")
    } else {
        format!("{}; {hint}", text("message"))
    };
    (text("status"), message)
}

/// The checks with this status.
pub(crate) fn with(done: &Done, status: &str) -> Vec<String> {
    let json = done.json();
    let checks = json["checks"].as_array().unwrap().iter();
    let found = checks.filter(|check| check["status"] == status);
    found
        .map(|check| check["check"].as_str().unwrap().to_owned())
        .collect()
}

/// Exactly this check failed, with this exit code, and says this.
pub(crate) fn fails(done: &Done, code: i32, name: &str, parts: &[&str]) {
    assert_eq!(done.code, code, "{done:?}");
    assert_eq!(done.json()["exit_code"], code);
    assert_eq!(with(done, "failed"), [name], "{done:?}");
    let (_, message) = check(done, name);
    for part in parts {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn if_all_is_well_each_check_says_what_it_found_and_nothing_is_written() {
    let secure = Secure::new();
    let ca = secure.ca();
    let variables = [("OCTANE_CA_CERT", &*ca), ("OCTANE_RATE", "12")];
    let done = secure.octane(&DOCTOR, &variables);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["outcome"], "ok", "{done:?}");
    // The sandbox's API key has no roles that it could list.
    assert_eq!(with(&done, "not_checked"), ["roles"], "{done:?}");
    assert_eq!(with(&done, "ok").len(), 14, "{done:?}");
    for (name, part) in [
        ("url", "(space 1001, workspace 1002)"),
        ("proxy", "none"),
        ("tls", "issued by `Example Root CA`"),
        ("credentials", "API key `ci`, from OCTANE_CLIENT_SECRET"),
        ("sign_in", "works"),
        ("workspace", "1002, `"),
        ("jira_field", "`jira_key_udf`"),
        ("links", "`covered_content`"),
        ("limits", "12 requests per second, 4 at once, pages of 1000"),
        ("state", "nothing to resume"),
    ] {
        let (_, message) = check(&done, name);
        assert!(message.contains(part), "{name}: {message}");
    }
    let requests = secure.server.requests();
    let written = requests.iter().filter(|request| {
        request.method != "GET" && !request.path.starts_with("/authentication/sign_")
    });
    assert_eq!(written.count(), 0, "{requests:?}");
    assert!(!secure.server.place.path().join("spool").exists());
    let text = secure.octane(&["doctor"], &variables);
    assert_eq!(text.stdout.lines().count(), 15, "{}", text.stdout);
    assert!(
        text.stdout.contains("ok       Sign-in         works\n"),
        "{}",
        text.stdout
    );
    assert!(!format!("{done:?}{text:?}").contains(SECRET));
}

#[test]
fn what_needs_a_check_that_failed_is_said_not_to_be_checked() {
    let server = Server::new();
    let done = server.octane(&DOCTOR, "wrong");
    fails(
        &done,
        7,
        "sign_in",
        &["credentials rejected (401)", "OCTANE_CLIENT_SECRET"],
    );
    assert_eq!(
        with(&done, "not_checked"),
        ["workspace", "roles", "jira_field", "links", "limits"]
    );
    let (_, message) = check(&done, "links");
    assert_eq!(message, "not checked: Sign-in comes first");
    assert_eq!(check(&done, "state").0, "ok");
    // The first of two failures decides.
    let file = server.place.path().join("file");
    std::fs::write(&file, "").unwrap();
    let spool = file.join("spool").display().to_string();
    let done = server.octane(&[&DOCTOR[..], &["--spool", &spool]].concat(), "wrong");
    assert_eq!(done.code, 7, "{done:?}");
    assert_eq!(with(&done, "failed"), ["sign_in", "state"]);
}

#[test]
fn a_workspace_that_does_not_exist_is_named_with_those_that_do() {
    let server = Server::new();
    let done = server.octane(&[&DOCTOR[..], &["--workspace", "4711"]].concat(), SECRET);
    let parts = ["no workspace 4711", "it has 1002 (`", "set `--workspace`"];
    fails(&done, 6, "workspace", &parts);
    let done = server.octane(&[&DOCTOR[..], &["--space", "7"]].concat(), SECRET);
    fails(&done, 6, "workspace", &[]);
}

#[test]
fn missing_and_ambiguous_jira_fields_are_warnings_and_a_wrong_one_is_not() {
    let settings = Settings::default().jira_field("tracker_key_udf");
    let server = Server::with(settings);
    let done = server.octane(&DOCTOR, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(with(&done, "warning"), ["jira_field"], "{done:?}");
    assert_eq!(done.json()["outcome"], "warning");
    let named = ["--jira-field", "tracker_key_udf"];
    let done = server.octane(&[&DOCTOR[..], &named].concat(), SECRET);
    assert!(with(&done, "warning").is_empty(), "{done:?}");
    let done = server.octane(&[&DOCTOR[..], &["--jira-field", "x"]].concat(), SECRET);
    fails(&done, 6, "jira_field", &["`x`", "metadata/fields"]);
    let path = "metadata/fields?query=\"entity_name EQ ^story^\"";
    let fields = server.octane(&["api", "GET", path], SECRET);
    assert!(fields.stdout.contains("tracker_key_udf"), "{fields:?}");
}

#[test]
fn a_clock_that_differs_from_the_server_s_is_a_warning() {
    let server = Server::new();
    let proxy = ForwardProxy::at_date("Thu, 01 Jan 2004 00:00:00 GMT");
    let url = format!("http://{}", proxy.host());
    let done = server.octane_with(&DOCTOR, SECRET, &[("OCTANE_PROXY", &url)]);
    assert_eq!(done.code, 0, "{done:?}");
    let (status, message) = check(&done, "clock");
    assert_eq!(status, "warning", "{message}");
    assert!(message.contains(" days ahead of the server's"), "{message}");
    let (_, rule) = check(&done, "proxy");
    assert_eq!(rule, format!("`{url}` (`--proxy`)"));
}

#[test]
fn certificates_are_judged_by_the_days_that_are_left() {
    for (validity, expected) in [
        (Validity::Days(90), None),
        (Validity::Days(5), Some(" days, on ")),
    ] {
        let secure = Secure::with(None, |root| root.issue(&["localhost"], validity));
        let done = secure.octane(&DOCTOR, &[("OCTANE_CA_CERT", &*secure.ca())]);
        assert_eq!(done.code, 0, "{done:?}");
        let (status, message) = check(&done, "tls");
        match expected {
            None => assert_eq!(status, "ok", "{message}"),
            Some(part) => {
                assert_eq!(status, "warning", "{message}");
                assert!(
                    message.contains("expires in ") && message.contains(part),
                    "{message}"
                );
            }
        }
    }
    let expired = Secure::with(None, |root| root.issue(&["localhost"], Validity::Past));
    let done = expired.octane(&DOCTOR, &[("OCTANE_CA_CERT", &*expired.ca())]);
    fails(&done, 8, "tls", &["expired on 2001-01-01"]);
    assert_eq!(check(&done, "connection").0, "ok");
    assert_eq!(check(&done, "clock").0, "not_checked");
    let done = expired.octane(&[&DOCTOR[..], &["--insecure"]].concat(), &[]);
    assert_eq!(with(&done, "warning"), ["tls"], "{done:?}");
    let untrusted = Secure::new();
    let done = untrusted.octane(&DOCTOR, &[]);
    fails(
        &done,
        8,
        "tls",
        &["`Example Root CA`", "add `--ca-cert FILE`"],
    );
}

#[test]
fn each_step_on_the_way_to_the_server_can_fail() {
    let mut server = Server::new();
    let address = server.address();
    for (variables, code, name, part) in [
        (&[("OCTANE_URL", "")][..], 3, "url", "no server given"),
        (
            &[("OCTANE_URL", "https://octane.invalid")],
            3,
            "url",
            "no shared space given",
        ),
        (
            &[("OCTANE_URL", "http://octane.invalid/ui/?p=1/2")],
            8,
            "dns",
            "could not resolve `octane.invalid`",
        ),
        (
            &[("OCTANE_PROXY", "socks5://x")],
            3,
            "proxy",
            "scheme `socks5`",
        ),
        (
            &[("OCTANE_PROXY", "http://127.0.0.1:1")],
            8,
            "connection",
            "could not connect to the proxy",
        ),
        (
            &[("OCTANE_CA_CERT", "nowhere.pem")],
            3,
            "tls",
            "`nowhere.pem`",
        ),
        (
            &[("OCTANE_CLIENT_SECRET", ""), ("OCTANE_CLIENT_ID", "")],
            3,
            "credentials",
            "none found",
        ),
    ] {
        let loopback = name == "tls";
        let secure = format!("https://{address}/ui/?p=1001/1002");
        let mut variables = variables.to_vec();
        if loopback {
            variables.push(("OCTANE_URL", &secure));
        }
        let done = server.octane_with(&DOCTOR, SECRET, &variables);
        assert_eq!(done.code, code, "{done:?}");
        let (status, message) = check(&done, name);
        assert_eq!(status, "failed", "{done:?}");
        assert!(message.contains(part), "{message}");
        assert_eq!(
            done.json()["checks"].as_array().unwrap().len(),
            15,
            "{done:?}"
        );
    }
    let done = server.octane(&DOCTOR, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    server.go_away();
    let done = server.octane(&DOCTOR, SECRET);
    fails(
        &done,
        8,
        "connection",
        &["connection refused", "check the URL"],
    );
}

#[test]
fn uploads_that_wait_are_counted_with_the_command_that_resumes_them() {
    let mut server = Server::new();
    server.place.file("a.csv", "name,status\na,passed\n");
    server.go_away();
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    assert_eq!(server.octane(&upload, SECRET).code, 8);
    server.come_back();
    let done = server.octane(&DOCTOR, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let (status, message) = check(&done, "state");
    assert_eq!(status, "warning", "{message}");
    assert!(
        message.contains("1 upload in `") && message.contains("octane resume --all"),
        "{message}"
    );
}

#[test]
fn the_built_in_sandbox_can_be_examined_too() {
    let server = Server::new();
    let done = server.place.octane(&[&DOCTOR[..], &["--sandbox"]].concat());
    assert_eq!(done.code, 0, "{done:?}");
    assert!(with(&done, "failed").is_empty(), "{done:?}");
}
