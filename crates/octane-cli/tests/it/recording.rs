//! `octane sandbox --record`: a proxy that writes down what clients and a server say to each other.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use octane_sandbox::{Settings, User};
use serde_json::Value;

use crate::json_schema::violations;
use crate::networks::Secure;
use crate::program::{Done, Place, Started};
use crate::server::{SECRET, Server};

/// A recorder that is running, which writes into the folder `recording` of a place.
pub(crate) struct Recording<'a> {
    place: &'a Place,
    recorder: Option<Started>,
    /// What it has printed.
    pub(crate) answer: Value,
}

impl<'a> Recording<'a> {
    /// Records what clients say to the server at a URL.
    pub(crate) fn of(url: &str, place: &'a Place, options: &[&str]) -> Self {
        let arguments = ["sandbox", "--record", url, "--record-into", "recording"];
        let arguments = [
            &arguments[..],
            &["--port", "0", "--format", "json"],
            options,
        ]
        .concat();
        let mut recorder = place.start(&arguments, &[]);
        let answer = recorder.answer();
        Self {
            place,
            recorder: Some(recorder),
            answer,
        }
    }

    /// The URL of its workspace.
    pub(crate) fn url(&self) -> &str {
        self.answer["url"].as_str().unwrap()
    }

    /// `127.0.0.1:41234`
    fn host(&self) -> &str {
        let address = self.url().strip_prefix("http://").unwrap();
        address.split('/').next().unwrap()
    }

    /// Runs `octane` as a client of the recorder, with the API key of the server.
    pub(crate) fn octane(&self, arguments: &[&str], secret: &str) -> Done {
        let variables = [("OCTANE_CLIENT_ID", "ci"), ("OCTANE_CLIENT_SECRET", secret)];
        self.octane_with(arguments, &variables)
    }

    fn octane_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let own = [("OCTANE_URL", self.url())];
        self.place
            .octane_with(arguments, &[&own[..], variables].concat())
    }

    /// Sends a request as it is, and returns the whole response.
    fn send(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.host()).unwrap();
        let host = self.host();
        let length = body.len();
        let request = format!(
            "{head}\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    /// Stops it.
    pub(crate) fn end(mut self) -> Done {
        let recorder = self.recorder.take().unwrap();
        recorder.signal("INT");
        let done = recorder.wait();
        assert_eq!(done.code, 0, "{done:?}");
        done
    }

    /// What it has written, in order.
    pub(crate) fn exchanges(place: &Place) -> Vec<Value> {
        let files = files(&place.path().join("recording"));
        let texts = files
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap());
        texts
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect()
    }
}

/// The recorder ends with a test that fails.
impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if let Some(recorder) = self.recorder.take() {
            recorder.kill();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// `POST /authentication/sign_in 200` for each exchange.
fn lines(exchanges: &[Value]) -> Vec<String> {
    let lines = exchanges.iter().map(|exchange| {
        let (request, status) = (&exchange["request"], &exchange["response"]["status"]);
        let path = request["path"].as_str().unwrap();
        let path = path.split('?').next().unwrap();
        let path = path.replace("/api/shared_spaces/1001/workspaces/1002", "");
        format!("{} {path} {status}", request["method"].as_str().unwrap())
    });
    lines.collect()
}

#[test]
fn an_upload_through_the_recorder_works_and_every_exchange_is_a_file() {
    let server = Server::new();
    let place = &server.place;
    place.file(
        "a.csv",
        "name,status,jira\nx,passed,SHOP-101\ny,failed,SHOP-102\n",
    );
    let recording = Recording::of(&server.url(), place, &[]);
    let upload = ["upload", "a.csv", "--suite", "S", "--module", "M", "-y"];
    let done = recording.octane(&upload, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("Ingested  2"), "{done:?}");
    let ended = recording.end();
    assert!(ended.stderr.contains("recorded "), "{ended:?}");
    let received = server.requests();
    assert_eq!(server.runs(), (2, 0));

    let exchanges = Recording::exchanges(place);
    let lines = lines(&exchanges);
    for expected in [
        "POST /authentication/sign_in 200",
        "POST /application_modules 201",
        "POST /test_suites 201",
        "POST /test-results 202",
        "POST /authentication/sign_out 200",
    ] {
        assert!(
            lines.iter().any(|line| line == expected),
            "{expected} in {lines:#?}"
        );
    }
    // The server has received the same, some of it at the same moment.
    let received = received.iter().map(|request| {
        let path = &request.path;
        let path = path.replace("/api/shared_spaces/1001/workspaces/1002", "");
        format!("{} {path} {}", request.method, request.status.unwrap())
    });
    let (mut received, mut recorded): (Vec<String>, _) = (received.collect(), lines.clone());
    received.sort();
    recorded.sort();
    assert_eq!(recorded, received);
    for (number, exchange) in (1..).zip(&exchanges) {
        assert_eq!(violations(exchange), [] as [&str; 0]);
        assert_eq!(exchange["number"], number);
    }
    let payload = &exchanges[lines
        .iter()
        .position(|line| line.contains("POST /test-results"))
        .unwrap()];
    let text = payload["request"]["body"]["text"].as_str().unwrap();
    assert!(
        text.starts_with('<') && text.contains("name=\"x\""),
        "{text}"
    );
    let headers = payload["request"]["headers"].to_string();
    assert!(headers.contains("content-encoding: gzip"), "{headers}");
    let folder = place.path().join("recording");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert!(files(&folder).iter().all(|file| mode(file) == 0o600));
}

/// Fails if one of the secrets is in a file of the recording, in any of the forms in which it was sent.
fn has_none_of(place: &Place, secrets: &[String]) {
    let files = files(&place.path().join("recording"));
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for secret in secrets {
            assert!(!secret.is_empty());
            assert!(
                !text.contains(secret),
                "`{secret}` in {}: {text}",
                file.display()
            );
        }
    }
}

/// The values of the session cookies that a server has set in this response.
fn session(response: &str) -> String {
    let (_, rest) = response.split_once("LWSSO_COOKIE_KEY=").unwrap();
    rest.split(';').next().unwrap().to_owned()
}

#[test]
fn the_folder_has_no_secret_however_clients_sign_in() {
    let mut settings = Settings::default();
    settings.access.users = vec![User::new("jane", "marked-password-äö")];
    settings.access.basic = true;
    settings.access.bearer = true;
    let server = Server::with_secret(settings, "marked-key");
    let recording = Recording::of(&server.url(), &server.place, &[]);
    let list = ["suite", "list"];
    // An API key, a user, a token that is exchanged, and a token that is one of the server's.
    assert_eq!(recording.octane(&list, "marked-key").code, 0);
    let user = [
        ("OCTANE_USERNAME", "jane"),
        ("OCTANE_PASSWORD", "marked-password-äö"),
    ];
    assert_eq!(recording.octane_with(&list, &user).code, 0);
    let exchanged = [
        ("OCTANE_CLIENT_ID", "ci"),
        ("OCTANE_CLIENT_SECRET", "marked-key"),
        ("OCTANE_ACCESS_TOKEN", "marked-subject-token"),
    ];
    let done = recording.octane_with(&list, &exchanged);
    assert_eq!(done.code, 0, "{done:?}");
    let sign_in = |secret: &str| {
        let body = format!("{{\"client_id\":\"ci\",\"client_secret\":\"{secret}\"}}");
        let head = "POST /authentication/sign_in HTTP/1.1\r\nContent-Type: application/json";
        recording.send(head, &body)
    };
    let token = session(&sign_in("marked-key"));
    assert!(sign_in("marked-wrong").starts_with("HTTP/1.1 401"));
    let own = [("OCTANE_ACCESS_TOKEN", &*token)];
    assert_eq!(recording.octane_with(&list, &own).code, 0);
    // In headers, URLs and bodies of any request, and where the server repeats them.
    let workspace = "/api/shared_spaces/1001/workspaces/1002";
    for headers in [
        "Authorization: Basic Y2k6bWFya2VkLWtleQ==".to_owned(),
        format!("Authorization: Bearer {token}"),
        format!(
            "Cookie: LWSSO_COOKIE_KEY={token}\r\nHPSSO-HEADER-CSRF: marked-csrf\r\nX-Api-Key: marked-header"
        ),
    ] {
        let path = format!("{workspace}/defects?limit=1&access_token=marked-parameter");
        let response = recording.send(&format!("GET {path} HTTP/1.1\r\n{headers}"), "");
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    }
    let head = format!(
        "POST {workspace}/defects HTTP/1.1\r\nContent-Type: application/json\r\nCookie: LWSSO_COOKIE_KEY={token}"
    );
    let body = "{\"data\":[{\"name\":\"it says marked-key, kept@octane.example\",\"password\":\"marked-member\"}]}";
    let refused = recording.send(&head, body);
    assert!(refused.starts_with("HTTP/1.1 4"), "{refused}");
    recording.end();

    let mut secrets: Vec<String> = [
        "marked-key",
        "marked-password",
        "marked-subject-token",
        "marked-wrong",
        "marked-csrf",
        "marked-header",
        "marked-parameter",
        "marked-member",
        // In base64, without what depends on the client ID before it.
        "bWFya2VkLWtleQ",
        "Y2k6bWFya2VkLWtleQ",
    ]
    .map(str::to_owned)
    .into();
    secrets.push(token);
    let sent: BTreeSet<String> = server
        .requests()
        .iter()
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    assert!(
        sent.contains("POST /osp/a/au/auth/oauth2/token"),
        "{sent:?}"
    );
    has_none_of(&server.place, &secrets);
    // What is no secret stays.
    let all: String = Recording::exchanges(&server.place)
        .iter()
        .map(Value::to_string)
        .collect();
    for kept in [
        "it says ***, kept@octane.example",
        "LWSSO_COOKIE_KEY=***",
        "\"user\":\"jane\"",
        "Basic ***",
    ] {
        assert!(all.contains(kept), "{kept} in {all}");
    }
}

#[test]
fn a_server_with_a_private_ca_is_recorded_with_the_usual_options() {
    let secure = Secure::new();
    let place = &secure.server.place;
    let recording = Recording::of(&secure.url(), place, &["--ca-cert", &secure.ca()]);
    let done = recording.octane(&["suite", "list"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    recording.end();
    assert!(lines(&Recording::exchanges(place)).contains(&"GET /test_suites 200".to_owned()));

    let untrusted = Place::new();
    let recording = Recording::of(&secure.url(), &untrusted, &[]);
    let done = recording.octane(&["suite", "list", "--retries", "0"], SECRET);
    done.fails(8, &["502"]);
    let ended = recording.end();
    let expected =
        "warning: not recorded: POST /authentication/sign_in: cannot reach https://localhost";
    assert!(ended.stderr.contains(expected), "{ended:?}");
    assert!(ended.stderr.contains("not trusted"), "{ended:?}");
}

#[test]
fn a_request_that_the_recorder_cannot_read_is_named_in_a_warning() {
    let server = Server::new();
    let recording = Recording::of(&server.url(), &server.place, &[]);
    let mut stream = TcpStream::connect(recording.host()).unwrap();
    let head = "POST /api/x?y=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 400"), "{response}");
    assert!(response.contains("recorder.failed"), "{response}");
    let ended = recording.end();
    let warning = "warning: not recorded: POST /api/x: the body is incomplete";
    assert!(ended.stderr.contains(warning), "{ended:?}");
}

#[test]
fn a_recorder_says_what_it_cannot_use() {
    let place = Place::new();
    place.file("used/a.json", "{}");
    let record = ["sandbox", "--record", "http://127.0.0.1:9"];
    for (options, code, parts) in [
        (
            &["--record-into", "used"][..],
            3,
            &["`used` is not empty", "--record-into FOLDER"][..],
        ),
        (
            &["--listen", "0.0.0.0"],
            2,
            &["the loopback interface only"],
        ),
        (
            &["--memory"],
            2,
            &["'--record' cannot be used with '--memory'"],
        ),
        (
            &["--set", "space=1"],
            2,
            &["'--record' cannot be used with '--set'"],
        ),
    ] {
        place
            .octane(&[&record[..], options].concat())
            .fails(code, parts);
    }
    place
        .octane(&["sandbox", "--record", "ftp://x", "--record-into", "new"])
        .fails(3, &["invalid Octane URL"]);
    place
        .octane(&["sandbox", "--record-into", "new"])
        .fails(2, &["--record <URL>"]);
    assert!(!place.path().join("new").exists());
}
