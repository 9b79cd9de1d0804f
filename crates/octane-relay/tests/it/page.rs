//! The pages of a relay, as operators use them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use octane_client::{Status as TestStatus, UploadId};
use octane_relay::{Audit, DoorSettings, Hosts, State, Token, routes};
use octane_sandbox::{Fault, Settings};
use serde_json::Value;
use tower::ServiceExt;

use crate::agents::{World, results, workspace};

/// A relay and the token of an operator.
struct Case {
    world: World,
    settings: DoorSettings,
    token: Token,
    lines: Arc<Mutex<Vec<Value>>>,
}

struct Page {
    status: StatusCode,
    location: String,
    cookie: String,
    policy: String,
    html: String,
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
        let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
        let mut settings = DoorSettings::new(server, workspace, world.folder.path().join("door"));
        settings.hosts = Some(Hosts::new(&["relay.example".to_owned()]));
        settings.audit = Audit::new({
            let lines = Arc::clone(&lines);
            move |line| {
                let line = serde_json::from_str(line).unwrap();
                lines.lock().unwrap().push(line);
                Ok(())
            }
        });
        let token = Token::operator();
        world.store.add_token(&token).await.unwrap();
        Self {
            world,
            settings,
            token,
            lines,
        }
    }

    /// An upload of which Octane has rejected everything.
    async fn rejected(&self) -> UploadId {
        let refusal = Fault::status(400).code("testbox.invalid_payload");
        let refusal = refusal.method("POST").path("*/test-results").times(200);
        self.world.sandbox.sandbox().fail_next(refusal).unwrap();
        let runs = results(0..3, TestStatus::Passed);
        let id = self.world.hand_over("<i>4711</i>", &runs, None).await;
        let relay = self.world.relay("one");
        let ids = std::slice::from_ref(&id);
        let states = self.world.until_ended(&relay, ids).await;
        assert_eq!(states, [State::Incomplete]);
        self.world.sandbox.sandbox().clear_faults();
        id
    }

    fn routes(&self) -> Router {
        routes(self.world.store.clone(), self.settings.clone(), || {})
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let cookie = format!("octane_relay_operator={}", self.token.text.expose());
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:8485")
            .header(header::COOKIE, cookie)
    }

    async fn send(&self, request: http::request::Builder, body: String) -> Page {
        let request = request.body(Body::from(body)).unwrap();
        let response = self.routes().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = |name: header::HeaderName| {
            let value = parts.headers.get(name);
            value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Page {
            status: parts.status,
            location: text(header::LOCATION),
            cookie: text(header::SET_COOKIE),
            policy: text(header::CONTENT_SECURITY_POLICY),
            html: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Page {
        let request = self.request(Method::GET, path);
        self.send(request, String::new()).await
    }

    /// As a browser sends a form of a page of this relay.
    async fn post(&self, path: &str, body: String) -> Page {
        let request = self.request(Method::POST, path);
        let request = request.header(header::ORIGIN, "http://127.0.0.1:8485");
        self.send(request, body).await
    }

    fn events(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let events = lines.iter().map(|line| line["event"].as_str().unwrap());
        events.map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_why_an_upload_waits_tries_it_again_and_deletes_it() {
    let case = Case::new().await;
    let id = case.rejected().await;
    let queue = case.get("/").await;
    assert_eq!(queue.status, StatusCode::OK, "{}", queue.html);
    assert!(
        queue.policy.starts_with("default-src 'none'"),
        "{}",
        queue.policy
    );
    let own = format!("/uploads/{id}");
    for part in [
        &*format!("href=\"{own}\""),
        "3 rejected",
        "Nightly › &lt;i&gt;4711&lt;/i&gt;",
        "<dt>Waiting for a person</dt><dd>1</dd>",
    ] {
        assert!(queue.html.contains(part), "{part}\n{}", queue.html);
    }
    assert!(!queue.html.contains("<script"));
    let upload = case.get(&own).await;
    let problem = "<td><span class=\"tag\">rejected</span></td><th scope=\"row\">";
    for part in [
        "<dt>Rejected</dt><dd>3</dd>",
        problem,
        "testbox.invalid_payload",
    ] {
        assert!(upload.html.contains(part), "{part}\n{}", upload.html);
    }
    let retried = case.post(&format!("{own}/retry"), String::new()).await;
    assert_eq!(
        (retried.status, &retried.location),
        (StatusCode::SEE_OTHER, &own)
    );
    let again = case.post(&format!("{own}/retry"), String::new()).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let in_words = "is not delivered yet, and cannot be tried again";
    assert!(again.html.contains(in_words), "{}", again.html);
    let relay = case.world.relay("one");
    let states = case
        .world
        .until_ended(&relay, std::slice::from_ref(&id))
        .await;
    assert_eq!(states, [State::Delivered]);
    let delivered = case.get(&own).await;
    assert!(!delivered.html.contains("Try again"), "{}", delivered.html);
    let deleted = case.post(&format!("{own}/delete"), String::new()).await;
    assert_eq!(
        (deleted.status, &*deleted.location),
        (StatusCode::SEE_OTHER, "/")
    );
    assert_eq!(case.get(&own).await.status, StatusCode::NOT_FOUND);
    assert_eq!(case.get("/uploads/u-1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(case.events(), ["retried", "deleted"]);
    let lines = case.lines.lock().unwrap();
    assert_eq!(lines[1]["actor"]["id"], case.token.id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_names_workspaces_once_there_are_several() {
    let case = Case::new().await;
    case.rejected().await;
    let queue = case.get("/").await.html;
    assert!(!queue.contains("1001/1002"), "{queue}");
    let runs = results(0..1, TestStatus::Passed);
    let other = workspace(1003);
    case.world
        .hand_over_in(other, "<i>4711</i>", &runs, None)
        .await;
    let queue = case.get("/").await.html;
    for part in [
        "of shop, workspace 1001/1002</span>",
        "<th scope=\"col\">Workspace</th>",
        "&lt;/i&gt;</th><td>1001/1002</td><td>shop</td>",
        "&lt;/i&gt;</th><td>1001/1003</td><td>shop</td>",
    ] {
        assert!(queue.contains(part), "{part}\n{queue}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_get_in_and_a_revoked_token_is_worth_nothing() {
    let mut case = Case::new().await;
    let id = case
        .world
        .hand_over("1", &results(0..1, TestStatus::Passed), None)
        .await;
    let own = format!("/uploads/{id}");
    let operator = std::mem::replace(&mut case.token, Token::new("shop"));
    case.world.store.add_token(&case.token).await.unwrap();
    // The token of a project is none for the pages, nor is an unknown one.
    for _ in 0..2 {
        for (method, path, next) in [
            (Method::GET, "/".to_owned(), "/sign-in".to_owned()),
            (Method::GET, own.clone(), format!("/sign-in?upload={id}")),
            (
                Method::POST,
                format!("{own}/delete"),
                format!("/sign-in?upload={id}"),
            ),
        ] {
            let page = case.send(case.request(method, &path), String::new()).await;
            assert_eq!(
                (page.status, &page.location),
                (StatusCode::SEE_OTHER, &next)
            );
        }
        let body = format!("token={}", case.token.text.expose());
        let refused = case.post("/sign-in", body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.cookie.is_empty() && refused.html.contains("role=\"alert\""));
        case.token = Token::operator();
    }
    assert!(case.world.store.status(&id).await.unwrap().is_some());
    let form = case.get(&format!("/sign-in?upload={id}")).await.html;
    assert!(
        form.contains(&format!("name=\"upload\" value=\"{id}\"")),
        "{form}"
    );
    let form = case.get("/sign-in?upload=%22%3E%3Cb%3E").await.html;
    assert!(!form.contains("<b>&") && !form.contains("\"><b>"), "{form}");
    let body = format!("upload={id}&token=+{}+", operator.text.expose());
    let page = case.post("/sign-in", body).await;
    assert_eq!((page.status, &page.location), (StatusCode::SEE_OTHER, &own));
    let expected = format!(
        "octane_relay_operator={}; Path=/; HttpOnly; SameSite=Lax",
        operator.text.expose()
    );
    assert_eq!(page.cookie, expected);
    case.token = operator;
    assert_eq!(case.get(&own).await.status, StatusCode::OK);
    let left = case.post("/sign-out", String::new()).await;
    assert!(left.cookie.contains("Max-Age=0"), "{}", left.cookie);
    assert!(case.world.store.revoke_token(&case.token.id).await.unwrap());
    assert_eq!(case.get(&own).await.status, StatusCode::SEE_OTHER);
    let events = case.events();
    assert_eq!(events, ["refused", "refused", "signed_in"]);
    let lines = format!("{:?}", case.lines.lock().unwrap());
    assert!(!lines.contains(case.token.text.expose()), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_change_nothing_and_names_that_point_here_are_refused() {
    let case = Case::new().await;
    let id = case
        .world
        .hand_over("1", &results(0..1, TestStatus::Passed), None)
        .await;
    let path = format!("/uploads/{id}/delete");
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = case.request(Method::POST, &path).header(name, value);
        let page = case.send(request, String::new()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    for (host, expected) in [
        ("evil.example", StatusCode::FORBIDDEN),
        ("localhost:8485", StatusCode::OK),
        ("relay.example", StatusCode::OK),
    ] {
        let mut request = case.request(Method::GET, "/");
        request
            .headers_mut()
            .unwrap()
            .insert(header::HOST, host.parse().unwrap());
        let page = case.send(request, String::new()).await;
        assert_eq!(page.status, expected, "{host}");
    }
    assert!(case.world.store.status(&id).await.unwrap().is_some());
    // What agents and watchers use is not for browsers.
    let health = Request::get("/healthz").header(header::HOST, "evil.example");
    assert_eq!(
        case.send(health, String::new()).await.status,
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_an_operator_hands_nothing_over() {
    let case = Case::new().await;
    let bearer = format!("Bearer {}", case.token.text.expose());
    let request = Request::get("/v1/status").header(header::AUTHORIZATION, bearer);
    let refused = case.send(request, String::new()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.html.contains("no_project"), "{}", refused.html);
}
