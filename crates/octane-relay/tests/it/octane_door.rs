//! The door for programs that speak to Octane.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, future, stream};
use http::{HeaderMap, Method, Request, StatusCode, header};
use octane_client::{Client, Outcome, UploadId};
use octane_model::SuiteId;
use octane_relay::{
    Audit, DoorSettings, SessionKey, SqliteStore, State, Store, Token, TokenWorkspaces, routes,
    system_clock,
};
use octane_rest::{ApiKey, Secret};
use octane_sandbox::{Fault, Settings};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower::ServiceExt;

use crate::agents::{World, workspace};

/// A door to the store of a world, and a client with a token of the project `shop`.
struct Case {
    world: World,
    store: Arc<dyn Store>,
    settings: DoorSettings,
    token: Token,
    cookie: Option<String>,
}

/// What the door has answered.
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The status, and the code of Octane's error format.
    fn code(&self) -> (u16, String) {
        let json = self.json();
        assert_eq!(json["description"], json["description_translated"]);
        (self.status, json["error_code"].as_str().unwrap().to_owned())
    }
}

const XML: (&str, &str) = ("content-type", "application/xml");

/// Two results of a payload without a suite, with this in front of the runs.
fn payload(context: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<test_result>{context}<test_runs>\
         <test_run class=\"Card\" name=\"pays\" duration=\"84\" status=\"Passed\" started=\"1746000000000\"/>\
         <test_run class=\"Card\" name=\"refunds\" duration=\"3\" status=\"Failed\" started=\"1746000000001\">\
         <error type=\"E\" message=\"m\">at &lt;b></error></test_run></test_runs></test_result>\n"
    )
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
        let store = Arc::clone(&world.store);
        let mut case = Self {
            world,
            store,
            settings,
            token,
            cookie: None,
        };
        assert_eq!(case.sign_in().await.status, 200);
        case
    }

    fn routes(&self) -> Router {
        routes(Arc::clone(&self.store), self.settings.clone(), || {})
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.into()).unwrap()
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let request = self.request(method, path, headers, body);
        let response = self.routes().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Signs in as the vendor's clients do, and keeps the cookie.
    async fn sign_in(&mut self) -> Answer {
        let credentials = json!({ "client_id": self.token.id.as_str(), "client_secret": self.token.text.expose() });
        let answer = self.sign_in_with(&credentials).await;
        let cookie = answer.headers.get(header::SET_COOKIE);
        self.cookie = cookie.map(|cookie| {
            let pair = cookie.to_str().unwrap().split(';').next();
            pair.unwrap().to_owned()
        });
        answer
    }

    async fn sign_in_with(&self, credentials: &Value) -> Answer {
        let body = credentials.to_string();
        let json = [("content-type", "application/json")];
        let path = "/authentication/sign_in";
        self.send(Method::POST, path, &json, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    async fn push(&self, payload: impl Into<Body>) -> Answer {
        self.send(Method::POST, &test_results(""), &[XML], payload)
            .await
    }

    /// Pushes a payload, and returns the number of its task.
    async fn pushed(&self, payload: impl Into<Body>, parameters: &str) -> u64 {
        let path = test_results(parameters);
        let answer = self.send(Method::POST, &path, &[XML], payload).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let json = answer.json();
        assert_eq!(json["status"], "queued");
        json["id"].as_u64().unwrap()
    }

    /// The state of a task.
    async fn task(&self, id: u64) -> Value {
        let answer = self.get(&test_results(&format!("/{id}"))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["id"], id);
        answer.json()
    }

    /// Lets a relay work until everything has ended.
    async fn deliver(&self) -> Vec<State> {
        let relay = self.world.relay("one");
        self.world.until_ended(&relay, &self.uploads()).await
    }

    /// The uploads that are stored, the oldest first.
    fn uploads(&self) -> Vec<UploadId> {
        let file = self.world.folder.path().join("relay.db");
        let connection = rusqlite::Connection::open(file).unwrap();
        let mut query = connection
            .prepare("SELECT id FROM relay_uploads ORDER BY sequence")
            .unwrap();
        let ids = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let ids: Vec<UploadId> = ids.map(|id| id.unwrap().parse().unwrap()).collect();
        ids
    }

    fn octane(&self) -> Client {
        let sandbox = &self.world.sandbox;
        let key = ApiKey::new(sandbox.client_id(), sandbox.client_secret());
        Client::new(self.world.endpoint().credentials(key).build().unwrap())
    }

    async fn suite(&self) -> SuiteId {
        let suites = self.octane();
        suites
            .suites()
            .ensure("Nightly", None)
            .await
            .unwrap()
            .entity
            .id
    }
}

/// The path of test results in the workspace of the sandbox.
fn test_results(rest: &str) -> String {
    let Settings {
        space, workspace, ..
    } = Settings::default();
    format!("/api/shared_spaces/{space}/workspaces/{workspace}/test-results{rest}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_is_delivered_as_it_came_and_confirmed_by_its_suite_run() {
    let case = Case::new().await;
    let suite = case.suite().await;
    let payload = payload(&format!(
        "<suite_ref id=\"{suite}\" external_run_id=\"nightly 1\"/>"
    ));
    let id = case.pushed(payload.clone(), "?skip-errors=false").await;
    assert_eq!(case.task(id).await, json!({ "id": id, "status": "queued" }));
    assert_eq!(case.deliver().await, [State::Delivered]);
    let task = case.task(id).await;
    assert_eq!(task["status"], "success");
    assert_eq!(task.get("fromOlderPush"), None);
    // As the vendor's tools read it: `yyyy-MM-dd'T'HH:mm:ssZ`.
    let until = task["until"].as_str().unwrap();
    let format = "%Y-%m-%dT%H:%M:%S%z";
    assert!(jiff::Timestamp::strptime(format, until).is_ok(), "{until}");
    let upload = &case.uploads()[0];
    let report = case.world.report(upload).await;
    assert_eq!(report.outcome, Outcome::Success);
    assert_eq!((report.counts.ingested, report.counts.runs), (2, 2));
    let suite_run = report.target.suite_run.as_ref().unwrap();
    assert_eq!(suite_run.name, "nightly 1");
    assert!(suite_run.id.is_some());
    let sha256 = hexadecimal(&Sha256::digest(&payload));
    assert_eq!(report.batches[0].sha256, sha256);
    let status = case.store.status(upload).await.unwrap().unwrap();
    let lane = (status.lane.suite, status.lane.suite_run);
    assert_eq!(lane, (suite.to_string(), "nightly 1".to_owned()));
    assert_eq!((status.project.as_str(), status.results), ("shop", 2));
    let log = case.get(&test_results(&format!("/{id}/log"))).await;
    assert!(log.text.starts_with("status: success\n"), "{}", log.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suite_run_of_nearly_the_same_name_confirms_nothing() {
    let case = Case::new().await;
    let suite = case.suite().await;
    let payload = |name: &str, context: &str| {
        payload(&format!(
            "<suite_ref id=\"{suite}\" external_run_id=\"{name}\"/>{context}"
        ))
    };
    case.pushed(payload("nightly", ""), "").await;
    assert_eq!(case.deliver().await, [State::Delivered]);
    // Octane does not know the release, so that nothing arrives.
    let refused = case
        .pushed(payload("nightly ", "<release_ref id=\"999999\"/>"), "")
        .await;
    assert_eq!(case.deliver().await[1], State::Incomplete);
    assert_eq!(case.task(refused).await["status"], "failed");
    // What is in a suite run with such a name is a success.
    let stored = case.pushed(payload("&#10;weekly", ""), "").await;
    assert_eq!(case.deliver().await[2], State::Delivered);
    assert_eq!(case.task(stored).await["status"], "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_without_a_suite_is_confirmed_by_its_task_alone() {
    let case = Case::new().await;
    let feature = "<test_result><test_runs><gherkin_test_run name=\"f\" duration=\"1\" status=\"Passed\">\
         <feature name=\"f\" path=\"f.feature\" tag=\"@f\" started=\"1746000000000\"><file>Feature: f</file>\
         </feature></gherkin_test_run></test_runs></test_result>";
    let empty = "<test_result><test_runs/></test_result>";
    let mut ids = Vec::new();
    for payload in [payload(""), feature.to_owned(), empty.to_owned()] {
        ids.push(case.pushed(payload, "").await);
    }
    assert_eq!(case.deliver().await, [State::Delivered; 3]);
    for id in ids {
        assert_eq!(case.task(id).await["status"], "success");
    }
    let uploads = case.uploads();
    let status = case.store.status(&uploads[0]).await.unwrap().unwrap();
    let lane = (&*status.lane.suite, &*status.lane.suite_run);
    assert_eq!(lane, ("", "shop"));
    let report = case.world.report(&uploads[0]).await;
    assert_eq!((report.counts.ingested, report.counts.read), (2, 2));
    assert_eq!((report.target.suite, report.target.suite_run), (None, None));
    assert_eq!(case.world.payloads().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_that_is_not_committed() {
    let mut case = Case::new().await;
    let file = case.world.folder.path().join("relay.db");
    // How many commits there are before it dies; each is asked about before and after.
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let store = SqliteStore::open(&file, system_clock()).unwrap();
    let hook = Arc::clone(&left);
    case.store = Arc::new(store.fault_hook(move || {
        let lives = hook.load(Ordering::SeqCst) > 0;
        hook.fetch_sub(usize::from(lives), Ordering::SeqCst);
        lives
    }));
    // The token is looked up, and then it dies before the upload is committed, and after it.
    for (before, stored) in [(2, 0), (3, 1)] {
        left.store(before, Ordering::SeqCst);
        let refused = case.push(payload("")).await;
        assert_eq!(refused.status, 503, "{}", refused.text);
        assert_eq!(refused.headers[header::RETRY_AFTER], "5");
        assert_eq!(case.uploads().len(), stored);
    }
    left.store(usize::MAX, Ordering::SeqCst);
    case.pushed(payload(""), "").await;
    assert_eq!(case.uploads().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_and_its_session_survive_the_relay() {
    let mut case = Case::new().await;
    case.settings.session_key = SessionKey::of(&Secret::from("of the relays".to_owned()));
    case.sign_in().await;
    let id = case.pushed(payload(""), "").await;
    // Another process over the same store, with the same secret.
    let file = case.world.folder.path().join("relay.db");
    case.store = Arc::new(SqliteStore::open(&file, system_clock()).unwrap());
    case.settings.session_key = SessionKey::of(&Secret::from("of the relays".to_owned()));
    assert_eq!(case.task(id).await["status"], "queued");
    assert_eq!(case.deliver().await, [State::Delivered]);
    // One with another secret wants them to sign in again, and knows the task.
    case.settings.session_key = SessionKey::random();
    let unauthorized = case.get(&test_results(&format!("/{id}"))).await;
    let expected = (401, "platform.not_authorized".to_owned());
    assert_eq!(unauthorized.code(), expected);
    case.sign_in().await;
    assert_eq!(case.task(id).await["status"], "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_running_while_octane_is_away() {
    let case = Case::new().await;
    let id = case.pushed(payload(""), "").await;
    let sandbox = case.world.sandbox.sandbox();
    sandbox.clear_requests();
    sandbox.fail_next(Fault::status(503)).unwrap();
    let away = async {
        while sandbox.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(case.task(id).await["status"], "running");
        sandbox.clear_faults();
    };
    let (states, ()) = tokio::join!(case.deliver(), away);
    assert_eq!(states, [State::Delivered]);
    assert_eq!(case.task(id).await["status"], "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_octane_rejects_is_never_a_success() {
    let case = Case::new().await;
    let suite = case.suite().await;
    let unknown = "<release_ref id=\"999999\"/>";
    let in_suite = format!("<suite_ref id=\"{suite}\" external_run_id=\"1\"/>{unknown}");
    let no_suite = "<suite_ref id=\"999999\" external_run_id=\"1\"/>";
    let failed = case.pushed(payload(unknown), "").await;
    let failed_in_suite = case.pushed(payload(&in_suite), "").await;
    let failed_without = case.pushed(payload(no_suite), "").await;
    let warning = case
        .pushed(
            payload("<milestone_ref id=\"999999\"/>"),
            "?skip-errors=true",
        )
        .await;
    assert_eq!(case.deliver().await, [State::Incomplete; 4]);
    for (id, status) in [
        (failed, "failed"),
        (failed_in_suite, "failed"),
        (failed_without, "failed"),
        (warning, "warning"),
    ] {
        let task = case.task(id).await;
        assert_eq!(task["status"], status, "{task}");
        let details = task["errorDetails"].as_str().unwrap();
        assert!(details.contains("999999"), "{details}");
        let log = case.get(&test_results(&format!("/{id}/log"))).await.text;
        assert!(log.starts_with(&format!("status: {status}\n")), "{log}");
        assert!(log.contains("999999"), "{log}");
    }
    // Nothing was sent twice, and nothing with other bytes.
    assert_eq!(case.world.payloads().len(), 4);
    for upload in case.uploads() {
        assert!(case.store.retry(&upload).await.unwrap());
    }
    assert_eq!(case.deliver().await, [State::Incomplete; 4]);
    assert_eq!(case.world.payloads().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_octane_refuses_for_its_format_is_refused_at_the_door_or_failed() {
    let case = Case::new().await;
    let invalid = case.push("<test_result><nonsense/></test_result>").await;
    assert_eq!(invalid.code(), (400, "testbox.invalid_payload".to_owned()));
    let description = invalid.json()["description"].as_str().unwrap().to_owned();
    assert!(description.contains("line 1, column 14"), "{description}");
    assert!(case.uploads().is_empty());
    // Its server has the last word about the dialect of older tools.
    let evidence = "<test_result><release_name>R</release_name><test_runs/></test_result>";
    let id = case.pushed(evidence, "").await;
    assert_eq!(case.deliver().await, [State::Incomplete]);
    let task = case.task(id).await;
    assert_eq!(task["status"], "failed");
    let details = task["errorDetails"].as_str().unwrap();
    assert!(details.contains("release_name"), "{details}");
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_payloads_are_pushes_of_their_own_and_octane_says_that_it_knows_them() {
    let case = Case::new().await;
    let first = case.pushed(payload(""), "").await;
    let second = case.pushed(payload(""), "").await;
    assert_ne!(first, second);
    assert_eq!(case.deliver().await, [State::Delivered; 2]);
    assert_eq!(case.world.payloads().len(), 2);
    let (first, second) = (case.task(first).await, case.task(second).await);
    assert_eq!(
        (&first["status"], &second["status"]),
        (&json!("success"), &json!("success"))
    );
    assert_eq!(first.get("fromOlderPush"), None);
    assert_eq!(second["fromOlderPush"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_octane_ignored_and_does_not_show_is_no_success() {
    let case = Case::new().await;
    let suite = case.suite().await;
    let of = |status: &str| {
        format!(
            "<test_result><suite_ref id=\"{suite}\" external_run_id=\"1\"/><test_runs>\
             <test_run name=\"pays\" duration=\"84\" status=\"{status}\"/></test_runs></test_result>"
        )
    };
    for status in ["Passed", "Failed"] {
        case.pushed(of(status), "").await;
    }
    assert_eq!(case.deliver().await, [State::Delivered; 2]);
    let third = case.pushed(of("Passed"), "").await;
    let upload = case.uploads().remove(2);
    let relay = case.world.relay("another");
    let ended = async {
        loop {
            let status = case.store.status(&upload).await.unwrap().unwrap();
            if status.report.is_some() {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let stop = octane_client::CancellationToken::new();
    let (status, ()) = tokio::join!(
        async {
            let status = ended.await;
            stop.cancel();
            status
        },
        relay.run(&stop)
    );
    assert_eq!(status.state, State::Waiting);
    let report: octane_client::Report = serde_json::from_str(&status.report.unwrap()).unwrap();
    assert_eq!(
        (report.outcome, report.counts.pending),
        (Outcome::Partial, 1)
    );
    assert_eq!(case.task(third).await["status"], "running");
    assert_eq!(case.world.payloads().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_valid_token_opens_the_door_and_a_project_sees_its_own_tasks() {
    let mut case = Case::new().await;
    let id = case.pushed(payload(""), "").await;
    let unauthorized = (401, "platform.not_authorized".to_owned());
    let (token_id, token) = (
        case.token.id.to_string(),
        case.token.text.expose().to_owned(),
    );
    let other = Token::new("shop");
    for (id, secret) in [
        ("someone", &*token),
        (&*token_id, "guessed"),
        (&*token_id, other.text.expose()),
        (other.id.as_str(), other.text.expose()),
        ("", ""),
    ] {
        let credentials = json!({ "client_id": id, "client_secret": secret });
        let refused = case.sign_in_with(&credentials).await;
        assert_eq!(refused.code(), unauthorized);
        assert!(!refused.headers.contains_key(header::SET_COOKIE));
    }
    let garbage = case.sign_in_with(&json!({ "user": token_id })).await;
    assert_eq!(garbage.code(), (400, "platform.bad_request".to_owned()));
    // As a person, as the vendor's collection tool does.
    let credentials = json!({ "user": token_id, "password": token });
    assert_eq!(case.sign_in_with(&credentials).await.status, 200);
    let cookie = case.cookie.take();
    assert_eq!(case.push(payload("")).await.code(), unauthorized);
    let path = test_results(&format!("/{id}"));
    assert_eq!(case.get(&path).await.code(), unauthorized);
    let bearer = format!("Bearer {token}");
    let with_bearer = [("authorization", bearer.as_str())];
    let answer = case.send(Method::GET, &path, &with_bearer, Body::empty());
    assert_eq!(answer.await.status, 200);
    let wrong = [("authorization", "Bearer guessed")];
    let answer = case.send(Method::GET, &path, &wrong, Body::empty());
    assert_eq!(answer.await.code(), unauthorized);
    case.cookie = cookie;
    // Of another project, and unknown.
    let shop = std::mem::replace(&mut case.token, Token::new("depot"));
    case.store.add_token(&case.token).await.unwrap();
    case.sign_in().await;
    let not_found = (404, "testbox.not_found".to_owned());
    assert_eq!(case.get(&path).await.code(), not_found);
    assert_eq!(case.get(&test_results("/1")).await.code(), not_found);
    assert_eq!(case.get(&test_results("/x")).await.code(), not_found);
    case.token = shop;
    case.sign_in().await;
    assert_eq!(case.task(id).await["status"], "queued");
    assert!(case.store.revoke_token(&case.token.id).await.unwrap());
    assert_eq!(case.get(&path).await.code(), unauthorized);
    let signed_out = case
        .send(Method::POST, "/authentication/sign_out", &[], Body::empty())
        .await;
    assert_eq!(signed_out.status, 200);
    let cookie = signed_out.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("LWSSO_COOKIE_KEY=;"), "{cookie}");
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_bounded_packed_or_not() {
    let mut case = Case::new().await;
    case.settings.journal_bytes_max = 10_000;
    let too_large = (413, "testbox.invalid_payload".to_owned());
    let padded = |bytes: usize| payload("") + &" ".repeat(bytes);
    assert_eq!(case.push(padded(10_000)).await.code(), too_large);
    // Without a length in front, it is counted.
    let chunks = (0..20).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1000]));
    let stream = Body::from_stream(stream::iter(chunks));
    assert_eq!(case.push(stream).await.code(), too_large);
    let packed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = packed(&padded(5_000_000));
    assert!(bomb.len() < 10_000);
    let gzip = [XML, ("content-encoding", "gzip")];
    let path = test_results("");
    let refused = case.send(Method::POST, &path, &gzip, bomb).await;
    assert_eq!(refused.code(), too_large);
    let bad_request = (400, "platform.bad_request".to_owned());
    let refused = case.send(Method::POST, &path, &gzip, payload("")).await;
    assert_eq!(refused.code(), bad_request);
    assert!(case.uploads().is_empty());
    for encoding in ["gzip", "application/gzip"] {
        let headers = [XML, ("content-encoding", encoding)];
        let sent = case.send(Method::POST, &path, &headers, packed(&payload("")));
        assert_eq!(sent.await.status, 202, "{encoding}");
    }
    case.deliver().await;
    let report = case.world.report(&case.uploads()[0]).await;
    let sha256 = hexadecimal(&Sha256::digest(payload("")));
    assert_eq!(report.batches[0].sha256, sha256);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_with_too_many_open_uploads_is_asked_to_come_back() {
    let mut case = Case::new().await;
    case.settings.uploads_max = 1;
    case.pushed(payload(""), "").await;
    let full = case.push(payload("")).await;
    assert_eq!(full.code(), (503, "testbox.queue_full".to_owned()));
    assert_eq!(full.headers[header::RETRY_AFTER], "30");
    assert_eq!(case.uploads().len(), 1);
}

/// A push whose payload begins and does not go on. `begun` learns that it is being received; it ends without the rest once `end` does.
async fn held_push(
    case: &Case,
    routes: Router,
    begun: oneshot::Sender<()>,
    end: oneshot::Receiver<()>,
) -> u16 {
    let start = stream::once(async move {
        begun.send(()).unwrap();
        Ok("<test_result>")
    });
    let rest = stream::once(async move {
        let _ = end.await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let body = Body::from_stream(start.chain(rest));
    let push = case.request(Method::POST, &test_results(""), &[XML], body);
    routes.oneshot(push).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_push_waits_for_a_place_while_others_are_received_but_not_for_ever() {
    let case = Case::new().await;
    let routes = case.routes();
    let (mut begun, mut ends, mut held) = (Vec::new(), Vec::new(), FuturesUnordered::new());
    for _ in 0..4 {
        let (has_begun, is_begun) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        held.push(held_push(&case, routes.clone(), has_begun, ended));
        begun.push(is_begun);
        ends.push(end);
    }
    let all_have_begun = future::join_all(begun);
    tokio::select! {
        all = all_have_begun => assert!(all.iter().all(Result::is_ok)),
        status = held.select_next_some() => panic!("ended with {status}"),
    }
    let push = || {
        let push = case.request(Method::POST, &test_results(""), &[XML], payload(""));
        let routes = routes.clone();
        async { routes.oneshot(push).await.unwrap() }
    };
    // From here on time passes when nothing else is to be done.
    tokio::time::pause();
    let since = Instant::now();
    let busy = push().await;
    assert_eq!(
        (busy.status().as_u16(), since.elapsed().as_secs()),
        (503, 10)
    );
    assert_eq!(busy.headers()[header::RETRY_AFTER], "1");
    let mut waiting = Box::pin(push());
    tokio::select! {
        answer = &mut waiting => panic!("answered with {}", answer.status()),
        () = tokio::time::sleep(Duration::from_secs(5)) => {}
    }
    ends.pop().unwrap().send(()).unwrap();
    let (answer, ended) = tokio::join!(waiting, held.select_next_some());
    assert_eq!((answer.status().as_u16(), ended), (202, 400));
    assert_eq!(case.uploads().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_goes_to_the_workspace_of_its_path_and_its_task_is_known_there_alone() {
    let mut case = Case::new().await;
    case.settings.workspaces = case.settings.workspaces.and(workspace(1003));
    let path = |workspace: u32, rest: &str| {
        format!("/api/shared_spaces/1001/workspaces/{workspace}/test-results{rest}")
    };
    for own in [1003, 1002] {
        let payload = payload("<suite_ref id=\"7\" external_run_id=\"nightly 1\"/>");
        let sent = case
            .send(Method::POST, &path(own, ""), &[XML], payload)
            .await;
        assert_eq!(sent.status, 202, "{}", sent.text);
        let id = sent.json()["id"].as_u64().unwrap();
        for workspace in [1002, 1003] {
            let status = if workspace == own { 200 } else { 404 };
            for rest in [format!("/{id}"), format!("/{id}/log")] {
                let answer = case.get(&path(workspace, &rest)).await;
                assert_eq!(answer.status, status, "{workspace} {}", answer.text);
            }
        }
        let upload = case.uploads().pop().unwrap();
        let stored = case.store.status(&upload).await.unwrap().unwrap();
        assert_eq!(stored.lane.workspace, i64::from(own));
    }
    let refused = case.get(&path(1004, "/7")).await;
    assert_eq!(
        refused.code(),
        (404, "platform.entity_not_found".to_owned())
    );
    let description = refused.json()["description"].to_string();
    assert!(
        description.contains("1001/1002, 1001/1003"),
        "{description}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_workspace_pushes_nothing_to_another() {
    let mut case = Case::new().await;
    case.settings.workspaces = case.settings.workspaces.and(workspace(1003));
    let id = case.pushed(payload(""), "").await;
    let mut token = Token::new("shop");
    token.workspaces = TokenWorkspaces::of([workspace(1003)]);
    case.store.add_token(&token).await.unwrap();
    case.token = token;
    assert_eq!(case.sign_in().await.status, 200);
    let not_authorized = (403, "platform.not_authorized".to_owned());
    assert_eq!(case.push(payload("")).await.code(), not_authorized);
    for rest in [format!("/{id}"), format!("/{id}/log"), "/xsd".to_owned()] {
        assert_eq!(case.get(&test_results(&rest)).await.code(), not_authorized);
    }
    let own = "/api/shared_spaces/1001/workspaces/1003/test-results";
    let pushed = case.send(Method::POST, own, &[XML], payload("")).await;
    assert_eq!(pushed.status, 202, "{}", pushed.text);
    assert_eq!(case.uploads().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_is_answered_in_octanes_format() {
    let case = Case::new().await;
    let not_found = (404, "platform.entity_not_found".to_owned());
    let elsewhere = "/api/shared_spaces/1/workspaces/2/test-results";
    let sent = case.send(Method::POST, elsewhere, &[XML], payload(""));
    let refused = sent.await;
    assert_eq!(refused.code(), not_found);
    let description = refused.json()["description"].as_str().unwrap().to_owned();
    assert!(description.contains("shared space 1001"), "{description}");
    assert_eq!(case.get(&format!("{elsewhere}/7")).await.code(), not_found);
    let not_implemented = (501, "platform.web_application".to_owned());
    for (method, path) in [
        (
            Method::GET,
            "/api/shared_spaces/1001/workspaces/1002/defects",
        ),
        (
            Method::PUT,
            "/internal-api/shared_spaces/1001/analytics/ci/events",
        ),
        (Method::GET, "/admin/server/version"),
        (Method::GET, "/authentication/sign_in"),
        (Method::GET, "/authentication/grant_tool_token"),
        (Method::DELETE, &test_results("")),
        (Method::PUT, &test_results("/7")),
    ] {
        let answer = case.send(method, path, &[], Body::empty()).await;
        assert_eq!(answer.code(), not_implemented, "{path}");
        let description = answer.json()["description"].as_str().unwrap().to_owned();
        assert!(description.contains(path), "{description}");
    }
    let unsupported = (415, "platform.web_application".to_owned());
    let path = test_results("");
    for headers in [
        &[][..],
        &[("content-type", "application/json")],
        &[XML, ("content-encoding", "br")],
    ] {
        let sent = case.send(Method::POST, &path, headers, payload(""));
        assert_eq!(sent.await.code(), unsupported);
    }
    let path = test_results("?skip-errors=perhaps");
    let sent = case.send(Method::POST, &path, &[XML], payload(""));
    let bad_request = (400, "platform.bad_request".to_owned());
    assert_eq!(sent.await.code(), bad_request);
    assert!(case.uploads().is_empty());
    let xsd = case.get(&test_results("/xsd")).await;
    assert_eq!(xsd.status, StatusCode::OK.as_u16());
    assert!(xsd.text.contains("test_result"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_is_a_line_of_the_audit_log() {
    let mut case = Case::new().await;
    let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
    case.settings.audit = Audit::new({
        let lines = Arc::clone(&lines);
        move |line| {
            lines
                .lock()
                .unwrap()
                .push(serde_json::from_str(line).unwrap());
            Ok(())
        }
    });
    let (operator, cookie) = (Token::operator(), case.cookie.take());
    case.store.add_token(&operator).await.unwrap();
    let bearer = |token: &Token| format!("Bearer {}", token.text.expose());
    for (token, reason) in [
        (String::new(), "sign in first"),
        ("Bearer x".to_owned(), "a valid token is required"),
        (bearer(&operator), "the token of an operator"),
    ] {
        let mut headers = vec![XML];
        if !token.is_empty() {
            headers.push(("authorization", &token));
        }
        let path = test_results("");
        let answer = case.send(Method::POST, &path, &headers, payload("")).await;
        assert!(answer.text.contains(reason), "{}", answer.text);
    }
    let credentials = json!({ "client_id": case.token.id.as_str(), "client_secret": "x" });
    assert_eq!(case.sign_in_with(&credentials).await.status, 401);
    case.cookie = cookie;
    let elsewhere = test_results("").replace("1002", "1009");
    let answer = case
        .send(Method::POST, &elsewhere, &[XML], payload(""))
        .await;
    assert_eq!(answer.status, 404);
    let lines = lines.lock().unwrap();
    let refused = lines.iter().filter(|line| line["event"] == "refused");
    assert_eq!((lines.len(), refused.count()), (5, 5), "{lines:?}");
    assert_eq!(lines[4]["project"], "shop");
    assert!(
        lines
            .iter()
            .all(|line| line["code"].is_string() && line["reason"].is_string())
    );
}
