//! No secret is in anything that the program prints, reports or stores, whatever a server repeats.

use std::path::Path;

use octane_sandbox::Settings;

use crate::echoing::{Answer, Echoing};
use crate::program::Done;
use crate::server::Server;

/// With characters that JSON, HTML and URLs write differently.
const SPECIAL: &str = "s3cret\"&<b>/+ü-that-must-not-show";

const JSON: &str =
    r#"{"error_code":"echo.{}","description":"I have seen {}","properties":{"seen":"{}"}}"#;
const NESTED: &str = r#"{"message":"cannot read {}"}"#;

/// Fails if a secret is in an output or a file.
fn assert_silent(done: &Done, folder: &Path, secrets: &[String]) {
    let shown = format!("{}\n{}", done.stdout, done.stderr);
    for secret in secrets {
        assert!(!shown.contains(secret.as_str()), "`{secret}` in {shown}");
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_silent(done, &path, secrets);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for secret in secrets {
                assert!(
                    !text.contains(secret.as_str()),
                    "`{secret}` in {}",
                    path.display()
                );
            }
        }
    }
}

/// Runs a command against a sandbox behind a gateway that repeats what it has seen.
fn play(answer: Answer, arguments: &[&str], more: &[(&str, &str)]) -> Done {
    let server = Server::with_secret(Settings::default(), SPECIAL);
    let gateway = Echoing::before(server.address(), Some(answer));
    let rows = "name,status,error_details,jira\nx,failed,no,SHOP-101\ny,passed,,SHOP-102\n";
    server.place.file("a.csv", rows);
    let url = format!("http://{}/ui/?p=1001/1002", gateway.address);
    let path = |name: &str| server.place.path().join(name).display().to_string();
    let (output, summary) = (path("output"), path("summary"));
    let own = [
        ("OCTANE_URL", url.as_str()),
        ("OCTANE_CLIENT_ID", "ci"),
        ("OCTANE_CLIENT_SECRET", SPECIAL),
        ("GITHUB_OUTPUT", &output),
        ("GITHUB_STEP_SUMMARY", &summary),
    ];
    let done = server
        .place
        .octane_with(arguments, &[&own[..], more].concat())
        .without_masks();
    let mut secrets = gateway.cookies();
    assert!(!secrets.is_empty() || answer_is_sign_in(&done), "{done:?}");
    let json = serde_json::Value::from(SPECIAL).to_string();
    secrets.extend([
        SPECIAL.to_owned(),
        json.trim_matches('"').to_owned(),
        "that-must-not-show".to_owned(),
    ]);
    assert_silent(&done, server.place.path(), &secrets);
    done
}

fn answer_is_sign_in(done: &Done) -> bool {
    done.code == 7 || done.code == 8
}

#[test]
fn an_upload_repeats_no_secret_whatever_the_server_answers_where() {
    let upload = [
        "upload",
        "a.csv",
        "--suite",
        "S",
        "-y",
        "--retries",
        "0",
        "-vvv",
        "--report",
        "report.json",
    ];
    let actions = [("GITHUB_ACTIONS", "true")];
    let mut seen = 0;
    for (path, status) in [
        ("/authentication/sign_in", "401 Unauthorized"),
        ("/authentication/sign_in", "500 Internal Server Error"),
        ("/test_suites", "400 Bad Request"),
        (
            "POST /api/shared_spaces/1001/workspaces/1002/test-results",
            "400 Bad Request",
        ),
        ("/test-results/", "500 Internal Server Error"),
        ("/automated_runs", "403 Forbidden"),
        ("/automated_runs", "200 OK"),
        ("/work_items", "409 Conflict"),
    ] {
        for (content_type, body) in [
            ("application/json", JSON),
            ("application/json", NESTED),
            ("text/html", "<html>{}</html>"),
            ("text/{}", "{}"),
        ] {
            let answer = Answer {
                path,
                status,
                content_type: if content_type == "text/{}" {
                    "text/plain"
                } else {
                    content_type
                },
                body,
            };
            let done = play(answer, &upload, &actions);
            assert_ne!(done.code, 0, "{path} {done:?}");
            seen += usize::from(done.stderr.contains("***") || done.stdout.contains("***"));
        }
    }
    assert!(seen > 15, "the quotations were shown only {seen} times");
}

#[test]
fn the_body_of_a_raw_call_repeats_no_secret() {
    for format in ["application/json", "text/plain", "application/xml"] {
        let body = match format {
            "application/json" => r#"{"seen":["{}"],"count":1}"#,
            _ => "<seen>{}</seen>",
        };
        let answer = Answer {
            path: "/anything",
            status: "200 OK",
            content_type: format,
            body,
        };
        let done = play(answer, &["api", "GET", "anything"], &[]);
        assert!(done.code == 0 && done.stdout.contains("***"), "{done:?}");
        if format == "application/json" {
            assert_eq!(done.json()["count"], 1);
        }
    }
}

#[test]
fn the_password_of_a_url_is_not_repeated_in_any_form() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    for url in [
        "https://jane:PW-visible@127.0.0.1:9/ui/?p=1001/1002&token=PW-visible",
        "jane:PW-visible@127.0.0.1:9/ui/?p=1001/1002",
        "http://jane:PW-visible/x#y@127.0.0.1:9/ui/?p=1001/1002",
        "ftp://127.0.0.1:9/?access_token=PW-visible",
    ] {
        for arguments in [
            &["upload", "a.csv", "--suite", "S", "-vv", "--url", url][..],
            &["suite", "list", "--format", "json", "--url", url],
            &["upload", "a.csv", "--url", url, "--no-such-option"],
        ] {
            let done = server.octane(arguments, "a-secret");
            assert_ne!(done.code, 0, "{done:?}");
            assert_silent(&done, server.place.path(), &["PW-visible".to_owned()]);
        }
    }
    let proxy = "http://jane:PW-visible@127.0.0.1:9";
    let other = ("OCTANE_URL", "http://octane.test/ui/?p=1001/1002");
    let done = server.octane_with(
        &["suite", "list", "--retries", "0", "-vvv"],
        "a-secret",
        &[("HTTP_PROXY", proxy), other],
    );
    done.fails(8, &["`http://***@127.0.0.1:9` (HTTP_PROXY)", "NO_PROXY"]);
    assert_silent(&done, server.place.path(), &["PW-visible".to_owned()]);
}

#[test]
fn a_secret_on_an_invalid_command_line_is_not_repeated() {
    let server = Server::new();
    for line in [
        &[
            "suite",
            "list",
            "--client-secret",
            "typed-secret",
            "typed-secret",
        ][..],
        &[
            "suite",
            "list",
            "--client-secret=typed-secret",
            "--rate=typed-secret",
        ],
    ] {
        let done = server.octane(line, "");
        assert_eq!(done.code, 2, "{done:?}");
        assert!(!format!("{done:?}").contains("typed-secret"), "{done:?}");
    }
}

#[test]
fn http_to_another_machine_warns_once_before_anything_is_sent() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let other = [("OCTANE_URL", "http://octane.invalid/ui/?p=1001/1002")];
    let done = server.octane_with(
        &["upload", "a.csv", "--suite", "S", "--retries", "0"],
        "a-secret",
        &other,
    );
    assert_eq!(done.code, 8, "{done:?}");
    let warning = "warning: http://octane.invalid is not encrypted";
    assert!(done.stderr.starts_with(warning), "{done:?}");
    assert_eq!(
        done.stderr.matches("is not encrypted").count(),
        1,
        "{done:?}"
    );
    let done = server.octane(
        &["upload", "a.csv", "--suite", "S", "-y"],
        crate::server::SECRET,
    );
    assert!(
        done.code == 0 && !done.stderr.contains("encrypted"),
        "{done:?}"
    );
}
