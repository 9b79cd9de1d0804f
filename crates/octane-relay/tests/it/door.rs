//! The door: what agents and watchers get.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, stream};
use http::{Method, Request, StatusCode, header};
use octane_client::{CancellationToken, Status as TestStatus};
use octane_relay::{
    Audit, DoorSettings, Server, State, Token, TokenWorkspaces, Workspaces, routes,
};
use octane_sandbox::Settings;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::agents::{World, results, workspace};
use crate::shards::changed;

/// A door to the store of a world, and a token of the project `shop`.
struct Case {
    world: World,
    settings: DoorSettings,
    token: Token,
}

/// What the door has answered.
struct Answer {
    status: StatusCode,
    retry_after: Option<String>,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn code(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), code)
    }
}

impl Case {
    async fn new() -> Self {
        let world = World::new(1000).await;
        let sandbox = Settings::default();
        let workspace = octane_model::Workspace {
            space: sandbox.space,
            workspace: sandbox.workspace,
        };
        let server = world.sandbox.url().parse().unwrap();
        let settings = DoorSettings::new(server, workspace, world.folder.path().join("door"));
        let token = Token::new("shop");
        world.store.add_token(&token).await.unwrap();
        Self {
            world,
            settings,
            token,
        }
    }

    fn routes(&self) -> Router {
        routes(self.world.store.clone(), self.settings.clone(), || {})
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.routes().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let retry_after = parts.headers.get(header::RETRY_AFTER);
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let bearer = format!("Bearer {}", self.token.text.expose());
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, bearer)
    }

    async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn put(&self, id: &str, journal: &[u8]) -> Answer {
        let digest = STANDARD.encode(Sha256::digest(journal));
        let request = self
            .request(Method::PUT, &format!("/v1/uploads/{id}"))
            .header("content-digest", format!("sha-256=:{digest}:"));
        let body = Body::from(journal.to_vec());
        self.send(request.body(body).unwrap()).await
    }

    fn plan(&self, suite_run: &str) -> (Vec<u8>, String) {
        let runs = results(0..3, TestStatus::Passed);
        let (journal, summary) = self.world.plan(suite_run, &runs, None);
        (journal, summary.id.to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_handed_over_once_and_reported_on_at_the_end() {
    let case = Case::new().await;
    let (journal, id) = case.plan("4711");
    let stored = case.put(&id, &journal).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.text);
    let json = stored.json();
    assert_eq!(
        (&json["state"], &json["report"]),
        (&"stored".into(), &Value::Null)
    );
    assert_eq!(
        (&json["lane"]["suite"], &json["lane"]["suite_run"]),
        (&"Nightly".into(), &"4711".into())
    );
    assert_eq!(case.put(&id, &journal).await.status, StatusCode::OK);
    let path = format!("/v1/uploads/{id}");
    assert_eq!(case.get(&path).await.json(), json);
    let lanes = case.get("/v1/status").await.json();
    assert_eq!(lanes["lanes"][0]["uploads"], 1);
    let relay = case.world.relay("one");
    let ids = [id.parse().unwrap()];
    assert_eq!(
        case.world.until_ended(&relay, &ids).await,
        [State::Delivered]
    );
    let json = case.get(&path).await.json();
    assert_eq!(json["state"], "delivered");
    assert_eq!(json["report"]["schema"], "octane.upload/1");
    assert_eq!(json["report"]["counts"]["ingested"], 3);
    assert_eq!(json["report"]["exit_code"], 0);
    assert_eq!(json["report"]["comparison"], Value::Null);
    assert_eq!(case.put(&id, &journal).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_token_is_needed_and_a_project_sees_its_own_uploads() {
    let mut case = Case::new().await;
    let (journal, id) = case.plan("4711");
    let path = format!("/v1/uploads/{id}");
    assert_eq!(case.put(&id, &journal).await.status, StatusCode::CREATED);
    let shop = std::mem::replace(&mut case.token, Token::new("shop"));
    let unauthorized = (401, "unauthorized".to_owned());
    assert_eq!(case.put(&id, &journal).await.code(), unauthorized);
    assert_eq!(case.get(&path).await.code(), unauthorized);
    assert_eq!(case.get("/v1/status").await.code(), unauthorized);
    let request = Request::get(&path).body(Body::empty()).unwrap();
    assert_eq!(case.send(request).await.code(), unauthorized);
    case.token = Token::new("depot");
    case.world.store.add_token(&case.token).await.unwrap();
    assert_eq!(
        case.get(&path).await.code(),
        (404, "unknown_upload".to_owned())
    );
    assert_eq!(
        case.get("/v1/status").await.json()["lanes"],
        serde_json::json!([])
    );
    assert_eq!(
        case.put(&id, &journal).await.code(),
        (409, "conflict".to_owned())
    );
    case.token = shop;
    assert!(case.world.store.revoke_token(&case.token.id).await.unwrap());
    assert_eq!(case.get(&path).await.code(), unauthorized);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_delivered_is_refused_and_not_stored() {
    let mut case = Case::new().await;
    let (journal, id) = case.plan("4711");
    let (other_journal, other) = case.plan("4711");
    let path = format!("/v1/uploads/{id}");
    let plain = || case.request(Method::PUT, &path);
    let without = plain().body(Body::from(journal.clone())).unwrap();
    assert_eq!(
        case.send(without).await.code(),
        (400, "no_digest".to_owned())
    );
    let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(b"other")));
    let wrong = plain().header("content-digest", digest);
    let wrong = wrong.body(Body::from(journal.clone())).unwrap();
    assert_eq!(
        case.send(wrong).await.code(),
        (400, "digest_mismatch".to_owned())
    );
    let refused = |code: &str| (422, code.to_owned());
    assert_eq!(
        case.put(&id, &other_journal).await.code(),
        refused("other_upload")
    );
    assert_eq!(
        case.put(&id, b"octane").await.code(),
        refused("not_an_upload")
    );
    let mut damaged = journal.clone();
    damaged[500] ^= 1;
    let answer = case.put(&id, &damaged).await;
    assert_eq!(answer.code(), refused("not_an_upload"));
    // Where the relay has its files is not shown.
    let folder = case.world.folder.path().display().to_string();
    assert!(!answer.text.contains(&folder), "{}", answer.text);
    assert_eq!(
        case.put("u-1", &journal).await.code(),
        (400, "invalid_id".to_owned())
    );
    let own = case.settings.workspaces.clone();
    let first = Workspaces::new(own.server().clone(), workspace(1003));
    case.settings.workspaces = (1004..1010).map(workspace).fold(first, Workspaces::and);
    let answer = case.put(&id, &journal).await;
    assert_eq!(answer.code(), refused("other_workspace"));
    let expected = "1001/1003, 1001/1004, 1001/1005, 1001/1006, 1001/1007 and 2 more";
    assert!(answer.text.contains(expected), "{}", answer.text);
    case.settings.workspaces = own;
    case.settings.journal_bytes_max = journal.len() - 1;
    assert_eq!(
        case.put(&id, &journal).await.code(),
        (413, "too_large".to_owned())
    );
    let chunks = stream::iter([Ok::<_, std::io::Error>(journal.clone())]);
    let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&journal)));
    let unknown_length = case
        .request(Method::PUT, &path)
        .header("content-digest", digest);
    let unknown_length = unknown_length.body(Body::from_stream(chunks)).unwrap();
    assert_eq!(
        case.send(unknown_length).await.code(),
        (413, "too_large".to_owned())
    );
    case.settings.journal_bytes_max = journal.len();
    assert_eq!(case.get(&path).await.status, StatusCode::NOT_FOUND);
    case.settings.uploads_max = 1;
    assert_eq!(case.put(&id, &journal).await.status, StatusCode::CREATED);
    let answer = case.put(&other, &other_journal).await;
    assert_eq!(answer.code(), (429, "quota".to_owned()));
    assert_eq!(answer.retry_after.as_deref(), Some("30"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_for_any_workspace_of_the_relay_is_stored_in_a_lane_of_that_workspace() {
    let mut case = Case::new().await;
    let runs = results(0..3, TestStatus::Passed);
    let (journal, summary) = case.world.plan_in(workspace(1003), "4711", &runs, None);
    let other = summary.id.to_string();
    let refused = case.put(&other, &journal).await;
    assert_eq!(refused.code(), (422, "other_workspace".to_owned()));
    case.settings.workspaces = case.settings.workspaces.and(workspace(1003));
    let (first, id) = case.plan("4711");
    for (id, journal, workspace) in [(&other, &journal, "1003"), (&id, &first, "1002")] {
        let stored = case.put(id, journal).await;
        assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.text);
        let json = case.get(&format!("/v1/uploads/{id}")).await.json();
        assert_eq!(json["lane"]["workspace"], workspace);
    }
    let about = case.get("/v1/status").await.json();
    assert_eq!(
        (&about["space"], &about["workspace"]),
        (&"1001".into(), &"1002".into())
    );
    let all =
        [1002, 1003].map(|number| json!({ "space": "1001", "workspace": number.to_string() }));
    assert_eq!(about["workspaces"], json!(all));
    let lanes = about["lanes"].as_array().unwrap();
    let lanes: Vec<_> = lanes
        .iter()
        .map(|lane| lane["lane"]["workspace"].as_str().unwrap())
        .collect();
    assert_eq!(lanes, ["1003", "1002"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_workspace_hands_over_and_sees_nothing_of_another() {
    let mut case = Case::new().await;
    case.settings.workspaces = case.settings.workspaces.and(workspace(1003));
    let (journal, id) = case.plan("4711");
    let runs = results(0..3, TestStatus::Passed);
    let (other_journal, other) = case.world.plan_in(workspace(1003), "4711", &runs, None);
    let other = other.id.to_string();
    assert_eq!(case.put(&id, &journal).await.status, StatusCode::CREATED);
    let mut token = Token::new("shop");
    token.workspaces = TokenWorkspaces::of([workspace(1003)]);
    case.world.store.add_token(&token).await.unwrap();
    case.token = token;
    let refused = case.put(&id, &journal).await;
    assert_eq!(refused.code(), (403, "workspace_not_allowed".to_owned()));
    assert!(
        refused.text.contains("but for 1001/1003"),
        "{}",
        refused.text
    );
    let unseen = case.get(&format!("/v1/uploads/{id}")).await;
    assert_eq!(unseen.code(), (404, "unknown_upload".to_owned()));
    let stored = case.put(&other, &other_journal).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.text);
    let seen = case.get(&format!("/v1/uploads/{other}")).await;
    assert_eq!(seen.status, StatusCode::OK);
    let about = case.get("/v1/status").await.json();
    let own = json!({ "space": "1001", "workspace": "1003" });
    assert_eq!(
        (&about["workspaces"], &about["workspace"]),
        (&json!([own]), &json!("1003"))
    );
    let lanes = about["lanes"].as_array().unwrap();
    assert_eq!(
        (lanes.len(), &lanes[0]["lane"]["workspace"]),
        (1, &json!("1003"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_write_the_url_of_the_server_in_its_own_way() {
    let mut case = Case::new().await;
    let (journal, id) = case.plan("4711");
    // The names of the own machine are one.
    let port = case.world.sandbox.address().port();
    let other = format!("http://localhost:{port}").parse().unwrap();
    case.settings.workspaces = Workspaces::new(other, workspace(1002));
    let stored = case.put(&id, &journal).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.text);
    // The relay finds it under the name that it knows.
    let leased = case
        .world
        .store
        .lease(&case.settings.workspaces, "one", Duration::from_secs(60));
    let lane = leased.await.unwrap().unwrap().lane;
    assert_eq!(lane.server, format!("http://localhost:{port}/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_decision_about_an_upload_is_a_line_of_the_audit_log() {
    let mut case = Case::new().await;
    let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
    case.settings.audit = Audit::new({
        let lines = Arc::clone(&lines);
        move |line| {
            let line = serde_json::from_str(line).unwrap();
            lines.lock().unwrap().push(line);
            Ok(())
        }
    });
    let (journal, id) = case.plan("4711");
    for _ in 0..2 {
        case.put(&id, &journal).await;
    }
    case.put(&id, b"octane").await;
    case.settings.uploads_max = 1;
    let (journal, other) = case.plan("4712");
    case.put(&other, &journal).await;
    case.token = Token::new("shop");
    case.put(&other, &journal).await;
    let lines = lines.lock().unwrap();
    let said: Vec<_> = lines
        .iter()
        .map(|line| (line["event"].as_str().unwrap(), line["code"].as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("stored", None),
            ("already_stored", None),
            ("refused", Some("not_an_upload")),
            ("refused", Some("quota")),
            ("refused", Some("unauthorized")),
        ]
    );
    assert_eq!(lines[0]["upload_id"], id);
    assert_eq!(lines[0]["lane"]["suite_run"], "4711");
    assert_eq!(
        (&lines[0]["project"], &lines[0]["results"]),
        (&"shop".into(), &3.into())
    );
    assert_eq!(lines[3]["upload_id"], other);
    assert_eq!(
        (&lines[4]["actor"], &lines[4]["upload_id"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_need_no_token_and_a_stopping_server_finishes_what_it_has_begun() {
    let case = Case::new().await;
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, stop) = (server.address(), CancellationToken::new());
    let serving = server.serve(case.routes(), &stop);
    let watching = async {
        let mut answers = Vec::new();
        for path in ["/healthz", "/metrics", "/nothing"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            if path == "/nothing" {
                stop.cancel();
            }
            let mut answer = String::new();
            let read = stream.read_to_string(&mut answer).await;
            // A server that has stopped resets a connection that it had not begun to serve.
            assert!(read.is_ok() || path == "/nothing", "{path}: {read:?}");
            answers.push(answer);
        }
        answers
    };
    let ((), answers) = tokio::join!(serving, watching);
    assert!(answers[0].starts_with("HTTP/1.1 200") && answers[0].ends_with("ok\n"));
    assert!(
        answers[1].contains("octane_relay_store_up 1\n"),
        "{}",
        answers[1]
    );
    assert!(
        answers[2].is_empty() || answers[2].starts_with("HTTP/1.1 404"),
        "{}",
        answers[2]
    );
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_one_has_ended() {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: relay\r\n\r\n";
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let server = server.connections_max(1);
    let (address, stop) = (server.address(), CancellationToken::new());
    let routes = Router::new().route("/", get(async || "hello"));
    let clients = async {
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 12];
        first.read_exact(&mut answer).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        // While there is one connection no other one is accepted, however long that takes.
        let waiting = timeout(Duration::from_millis(100), second.read_exact(&mut answer));
        assert!(waiting.await.is_err());
        drop(first);
        second.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        stop.cancel();
    };
    tokio::join!(server.serve(routes, &stop), clients);
}

#[tokio::test]
async fn a_journal_that_does_not_arrive_is_given_up() {
    let case = Case::new().await;
    let (journal, id) = case.plan("4711");
    let start = stream::iter([Ok::<_, std::io::Error>(journal[..100].to_vec())]);
    let request = case
        .request(Method::PUT, &format!("/v1/uploads/{id}"))
        .header(
            "content-digest",
            format!("sha-256=:{}:", STANDARD.encode([0; 32])),
        );
    let request = request.body(Body::from_stream(start.chain(stream::pending())));
    // From here on time passes when nothing else is to be done.
    tokio::time::pause();
    let since = tokio::time::Instant::now();
    let answer = case.send(request.unwrap()).await;
    assert_eq!(answer.code(), (400, "incomplete".to_owned()));
    assert!(since.elapsed() >= Duration::from_secs(120));
}

#[tokio::test]
async fn a_relay_that_cannot_check_journals_is_not_healthy() {
    let mut case = Case::new().await;
    assert_eq!(case.get("/healthz").await.status, StatusCode::OK);
    // There is no directory below a file.
    case.settings.folder = case.world.folder.path().join("relay.db/door");
    let answer = case.get("/healthz").await;
    assert_eq!(answer.code(), (503, "store_unavailable".to_owned()));
    let metrics = case.get("/metrics").await.text;
    assert!(metrics.contains("octane_relay_store_up 0\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_arrives_also_if_the_body_is_not_read() {
    let mut case = Case::new().await;
    case.settings.journal_bytes_max = 1000;
    let bearer = format!("Bearer {}", case.token.text.expose());
    for (authorization, status) in [("Bearer x", 401), (&*bearer, 413)] {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, stop) = (server.address(), CancellationToken::new());
        let sending = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let body = vec![b'x'; 32 << 20];
            let head = format!(
                "PUT /v1/uploads/u-01jd8x2m5k3q7r HTTP/1.1\r\nhost: relay\r\nauthorization: {authorization}\r\ncontent-digest: \
                 sha-256=:AAAA:\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            stop.cancel();
            answer
        };
        let (answer, ()) = tokio::join!(sending, server.serve(case.routes(), &stop));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_damaged_journal_with_a_right_checksum_is_refused() {
    let case = Case::new().await;
    let (journal, id) = case.plan("4711");
    for sql in [
        // Its tables are newer than it says, and cannot be migrated.
        "PRAGMA user_version = 1",
        "DROP TABLE batches",
        "UPDATE bodies SET length = 1 << 40; UPDATE batches SET checksum = NULL",
    ] {
        let answer = case.put(&id, &changed(&journal, sql)).await;
        let refused = (422, "not_an_upload".to_owned());
        assert_eq!(answer.code(), refused, "{sql}: {}", answer.text);
        let folder = case.world.folder.path().display().to_string();
        assert!(!answer.text.contains(&folder), "{}", answer.text);
    }
}
