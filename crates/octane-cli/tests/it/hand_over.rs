//! What an agent says of uploads that it hands over to a relay.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::program::{Done, upload_in};
use crate::relay::{Relay, agent, token};
use crate::server::Server;

/// A server, a relay that delivers to it, and a token of the relay.
struct Place {
    server: Server,
    relay: Relay,
    token: String,
}

impl Place {
    fn new() -> Self {
        let server = Server::new();
        let token = token(&server, None);
        let relay = Relay::start(&server, &["--rate", "1000", "--port", "0"], None);
        Self {
            server,
            relay,
            token,
        }
    }

    fn file(&self, name: &str, content: &str) {
        self.server.place.file(name, content);
    }

    fn run(&self, line: &str) -> Done {
        agent(&self.server, &self.relay.url, &self.token, line)
    }

    /// The same without a relay that could answer.
    fn run_without_relay(&self, line: &str) -> Done {
        agent(&self.server, "http://127.0.0.1:9", &self.token, line)
    }
}

const INVALID: &str = "name,status\nok1,passed\nbad1,whatever\nok2,failed\n";
const BROKEN: &str =
    "<testsuite name='s'><testcase classname='C' name='a'/><testcase classname='C' na";

#[test]
fn input_that_is_invalid_is_named_when_the_rest_is_handed_over() {
    let place = Place::new();
    place.file("t.csv", INVALID);
    let upload = "upload t.csv --suite S --suite-run r -y --skip-invalid";
    let human = place.run(upload);
    assert_eq!(human.code, 5, "{human:?}");
    for part in [
        "Handed over 2 results",
        "1 passed, 1 failed, 0 skipped, 1 invalid",
        "`whatever`",
        "exit 5: partial: 1 row or file is invalid and was not handed over",
    ] {
        assert!(human.stdout.contains(part), "{part}: {human:?}");
    }
    let json = place.run(&format!("{upload} --format json"));
    assert_eq!(json.code, 5, "{json:?}");
    let json = json.json();
    let handed = &json["uploads"][0];
    assert_eq!(handed["results"], 2);
    assert_eq!(handed["invalid"], 1);
    assert_eq!(handed["problems"][0]["code"], "invalid_row");
    assert_eq!(json["errors"][0]["exit_code"], 5);
    assert_eq!(json["errors"][0]["problems"][0]["line"], 3);
    let warned = place.run(&format!("{upload} --on-upload-error warn"));
    assert_eq!(warned.code, 0, "{warned:?}");
    assert!(warned.stdout.contains("exit 5: partial"), "{warned:?}");
    // A report that breaks off has results before that.
    place.file("TEST-b.xml", BROKEN);
    let broken = "upload TEST-b.xml --suite S --suite-run b -y --skip-invalid --format json";
    let broken = place.run(broken);
    assert_eq!(broken.code, 5, "{broken:?}");
    let handed = &broken.json()["uploads"][0];
    assert_eq!(
        (&handed["results"], &handed["invalid"]),
        (&1.into(), &1.into())
    );
    assert_eq!(handed["problems"][0]["code"], "unreadable");
    // The relay counts them in the same way.
    let status = [
        "relay",
        "status",
        "--relay-data",
        "relay",
        "--format",
        "json",
    ];
    let status = place.server.place.octane(&status).json();
    for waiting in status["waiting"].as_array().unwrap() {
        assert_ne!(waiting["results"], 3, "{status}");
    }
    assert_eq!(stored_results(&place), [2, 2, 2, 1]);
}

/// How many results each upload had that the relay has stored.
fn stored_results(place: &Place) -> Vec<u64> {
    let lines = crate::relay::audit_log(&place.server);
    let stored = lines.iter().filter(|line| line["event"] == "stored");
    stored.filter_map(|line| line["results"].as_u64()).collect()
}

#[test]
fn uploads_that_are_handed_over_later_are_judged_like_those_that_are_handed_over_at_once() {
    let place = Place::new();
    place.file("t.csv", INVALID);
    place.file("f.csv", "name,status\na,failed\n");
    for (file, more) in [
        ("t.csv", "--skip-invalid"),
        ("f.csv", "--on-test-failure fail"),
    ] {
        let line = format!("upload {file} --suite S --suite-run {file} -y --retries 0 {more}");
        let kept = place.run_without_relay(&line);
        assert_eq!(kept.code, 8, "{kept:?}");
    }
    let handed = place.run("resume --all --format json");
    assert_eq!(handed.code, 9, "{handed:?}");
    let json = handed.json();
    let codes = json["errors"].as_array().unwrap().iter();
    let mut codes: Vec<_> = codes
        .filter_map(|error| error["exit_code"].as_u64())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [5, 9], "{json}");
    place.file("t.csv", INVALID);
    let line =
        "upload t.csv --suite S --suite-run later -y --retries 0 --skip-invalid --format json";
    let kept = place.run_without_relay(line).json();
    let id = kept["upload_id"].as_str().unwrap();
    let handed = place.run(&format!("resume {id}"));
    assert_eq!(handed.code, 5, "{handed:?}");
}

#[test]
fn tests_that_failed_or_are_flaky_are_counted_when_they_are_handed_over() {
    let place = Place::new();
    place.file(
        "t.csv",
        "class,name,status\nC,a,passed\nC,b,failed\nC,b,passed\nC,c,failed\n",
    );
    let upload = "upload t.csv --suite S --suite-run r -y";
    let ignored = place.run(upload);
    assert_eq!(ignored.code, 0, "{ignored:?}");
    assert!(ignored.stdout.contains("2 passed, 2 failed"), "{ignored:?}");
    assert!(ignored.stdout.contains("1 flaky"), "{ignored:?}");
    let failed = place.run(&format!("{upload} --on-test-failure fail"));
    assert_eq!(failed.code, 9, "{failed:?}");
    let reason = "exit 9: tests failed (`--on-test-failure fail`): 2 results failed";
    assert!(failed.stdout.contains(reason), "{failed:?}");
    let json = place.run(&format!("{upload} --on-test-failure fail --format json"));
    let json = json.json();
    let handed = &json["uploads"][0];
    let count = |name: &str| handed[name].clone();
    assert_eq!(
        ["results", "failed", "flaky"].map(count),
        [4, 2, 1].map(Value::from)
    );
    assert_eq!(handed["problems"][0]["code"], "flaky");
    let error = &json["errors"][0];
    assert_eq!(error["exit_code"], 9);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("2 results failed")
    );
}

#[cfg(unix)]
#[test]
fn a_signal_while_an_agent_waits_is_not_taken_for_one_before_that() {
    use octane_sandbox::Settings;
    let hour = std::time::Duration::from_secs(3600);
    let server = Server::with(Settings::default().ingest_delay(hour));
    server.place.file("a.csv", "name,status\na,passed\n");
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--port", "0"], None);
    let url = server.url();
    let variables = [
        ("OCTANE_URL", &*url),
        ("OCTANE_VIA", &*relay.url),
        ("OCTANE_RELAY_TOKEN", &*token),
        ("OCTANE_SPOOL", "spool"),
    ];
    let line = "upload a.csv --suite S --suite-run r -y --wait 5m";
    let line: Vec<&str> = line.split(' ').collect();
    let waiting = server.place.start(&line, &variables);
    let is_stored = || {
        let lines = crate::relay::audit_log(&server);
        lines.iter().any(|line| line["event"] == "leased")
    };
    while !is_stored() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    waiting.signal("TERM");
    let done = waiting.wait();
    let reason = "interrupted while waiting for the relay to deliver the results";
    done.fails(143, &[reason, "the relay", "has upload u-"]);
}

#[test]
fn what_a_relay_refuses_is_not_offered_for_another_try_without_a_change() {
    let place = Place::new();
    place.file("a.csv", "name,status\na,passed\n");
    let url = place.server.url().replace("/1002", "/1003");
    let line = [
        "upload",
        "a.csv",
        "--suite",
        "S",
        "--suite-run",
        "r",
        "-y",
        "--url",
        &url,
    ];
    let variables = [
        ("OCTANE_VIA", &*place.relay.url),
        ("OCTANE_RELAY_TOKEN", &*place.token),
    ];
    let refused = place.server.place.octane_with(&line, &variables);
    refused.fails(
        6,
        &[
            "if the URL (`--url` or OCTANE_URL) is wrong",
            "`--also-workspace`",
        ],
    );
    let variables = [
        ("OCTANE_URL", &*place.server.url()),
        ("OCTANE_VIA", &*place.relay.url),
        ("OCTANE_RELAY_TOKEN", "a\nb"),
    ];
    let refused = place.server.place.octane_with(&line[..7], &variables);
    refused.fails(3, &["characters that a token cannot have", "on one line"]);
    let ftp = ["--via", "ftp://relay.example"];
    let refused = place
        .server
        .place
        .octane_with(&[&line[..7], &ftp].concat(), &variables);
    refused.fails(
        3,
        &["invalid URL of the relay `ftp://relay.example`", "`--via`"],
    );
}

#[test]
fn a_token_that_is_revoked_while_an_agent_waits_is_not_a_refused_upload() {
    let place = Place::new();
    place.file("a.csv", "name,status\na,passed\n");
    // The shard before has to be delivered, which takes a while, so that the agent asks again.
    let id = place.token.split('_').nth(1).unwrap();
    let server = &place.server;
    server.fail_next(
        octane_sandbox::Fault::delay(std::time::Duration::from_secs(30)).path("*/test-results"),
    );
    let url = server.url();
    let variables = [
        ("OCTANE_URL", &*url),
        ("OCTANE_VIA", &*place.relay.url),
        ("OCTANE_RELAY_TOKEN", &*place.token),
    ];
    let line = "upload a.csv --suite S --suite-run r -y --wait 5m";
    let line: Vec<&str> = line.split(' ').collect();
    let waiting = server.place.start(&line, &variables);
    while stored_results(&place).is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let revoke = ["relay", "token", "revoke", id, "--relay-data", "relay"];
    assert_eq!(server.place.octane(&revoke).code, 0);
    let done = waiting.wait();
    done.fails(7, &["does not answer how far upload u-", "has upload u-"]);
    assert!(!done.stderr.contains("refused"), "{done:?}");
}

#[test]
fn an_upload_that_is_handed_over_again_is_as_the_relay_says() {
    let place = Place::new();
    place.file("t.csv", "name,status\na,passed\n");
    // Its suite does not exist, and is not to be created.
    let upload = "upload t.csv --suite Missing --suite-run r --retries 0 --format json";
    let kept = place.run_without_relay(upload);
    assert_eq!(kept.code, 8, "{kept:?}");
    let (spool, copy) = ("spool", "copy");
    let own = |name: &str| place.server.place.path().join(name);
    let copied = |from: &str, to: &str| {
        std::fs::create_dir_all(own(to)).unwrap();
        for file in std::fs::read_dir(own(from)).unwrap() {
            let file = file.unwrap();
            if file.path().is_file() {
                std::fs::copy(file.path(), own(to).join(file.file_name())).unwrap();
            }
        }
    };
    copied(spool, copy);
    let waited = place.run("resume --all --format json");
    assert_eq!(waited.code, 0, "{waited:?}");
    let id = waited.json()["uploads"][0]["upload_id"].clone();
    let path = format!("/v1/uploads/{}", id.as_str().unwrap());
    while place.relay.get(&path, &place.token)["state"] != "incomplete" {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    for (format, wait) in [("human", ""), ("json", ""), ("human", " --wait 1m")] {
        copied(copy, spool);
        let line = format!("resume {} --format {format}{wait}", id.as_str().unwrap());
        let again = place.run(&line);
        assert_eq!(again.code, 6, "{again:?}");
        let text = format!("{}{}", again.stdout, again.stderr);
        assert!(text.contains("could not deliver"), "{again:?}");
        assert!(!text.contains("not in Octane yet"), "{again:?}");
    }
}

/// A relay that gives these answers to `PUT` and `GET`, each a status and the code of a refusal; without one, that the upload is stored.
fn relay_that_answers(put: (u16, &'static str), get: (u16, &'static str)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            request.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                request.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                let line = line.to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            std::io::copy(&mut request.take(length), &mut std::io::sink()).unwrap();
            let (status, code) = if first.starts_with("PUT") { put } else { get };
            let id = first
                .split(['/', ' ', '?'])
                .find(|part| part.starts_with("u-"));
            let body = if code.is_empty() {
                json!({ "schema": "octane.relay_upload/1", "upload_id": id, "state": "stored", "reason": null, "report": null })
            } else {
                json!({ "schema": "octane.relay_error/1", "code": code, "message": "it said why" })
            };
            let body = body.to_string();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} It\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

#[test]
fn results_are_to_be_deleted_only_if_the_relay_would_refuse_them_whatever_changes() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\na,passed\n");
    let upload = "upload a.csv --suite S --suite-run r -y --retries 0";
    for (status, code, exit, parts) in [
        (
            404,
            "unknown_path",
            8,
            &["not at this path", "check the URL (`--via`)"][..],
        ),
        (
            400,
            "incomplete",
            8,
            &["it said why", "to hand them over later"],
        ),
        (
            400,
            "digest_mismatch",
            8,
            &["it said why", "to hand them over later"],
        ),
        (
            422,
            "newer_format",
            6,
            &["it said why", "upgrade the relay"],
        ),
        (
            400,
            "a_code_of_later",
            6,
            &["it said why", "to hand them over later"],
        ),
        (
            422,
            "not_an_upload",
            6,
            &["the relay would refuse them again", "uploads delete"],
        ),
        (
            409,
            "conflict",
            6,
            &["the relay would refuse them again", "uploads delete"],
        ),
    ] {
        let url = relay_that_answers((status, code), (404, code));
        let done = agent(&server, &url, "octane-relay_x", upload);
        done.fails(exit, parts);
        let is_deleting = done.stderr.contains("uploads delete");
        assert_eq!(is_deleting, parts.contains(&"uploads delete"), "{done:?}");
    }
}

#[test]
fn an_upload_that_was_deleted_on_the_relay_while_an_agent_waits_is_uploaded_again() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\na,passed\n");
    let url = relay_that_answers((201, ""), (404, "unknown_upload"));
    let upload = "upload a.csv --suite S --suite-run r -y --retries 0 --wait 1m";
    let done = agent(&server, &url, "octane-relay_x", upload);
    done.fails(6, &["it was deleted there", "upload the results again"]);
    assert!(!done.stderr.contains("do not upload"), "{done:?}");
}

#[test]
fn an_upload_of_a_sandbox_is_not_handed_over_and_the_end_is_not_a_success() {
    let place = Place::new();
    place.file("j.csv", "name,status,jira\na,passed,NONE-1\n");
    let upload = "upload j.csv --sandbox --on-unresolved fail --spool spool";
    let upload: Vec<&str> = upload.split(' ').collect();
    let kept = place.server.place.octane(&upload);
    assert_eq!(kept.code, 10, "{kept:?}");
    let id = upload_in(&kept.stdout);
    let handed = place.run("resume --all --format json");
    assert_eq!(handed.code, 3, "{handed:?}");
    assert_eq!(handed.json()["errors"][0]["upload_id"], id);
    assert!(handed.stderr.contains("not handed over"), "{handed:?}");
}
