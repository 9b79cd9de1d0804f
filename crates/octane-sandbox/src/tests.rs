//! The sandbox through its router, as a client sees it; only one test uses sockets.

mod access;
mod attachments;
mod bounds;
mod bulk;
mod contexts;
mod differential;
mod entities;
mod errors;
mod every_parameter;
mod faults;
mod foreign;
mod gherkin;
mod ingestion;
mod links;
mod lists;
mod many_runs;
mod media;
mod metadata;
mod own;
mod pages;
mod payloads;
mod planning;
mod queries;
mod resources;
mod server;
mod sessions;
mod sockets;
mod spaces;
mod submission;
mod unknown;
mod user_defined;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{Sandbox, Settings};

pub(super) const WORKSPACE: &str = "/api/shared_spaces/1001/workspaces/1002";

/// A response that was read completely.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The values of all cookies that are set, as a client sends them back.
    pub(super) fn cookies(&self) -> String {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter();
        let pairs = cookies.map(|value| value.to_str().unwrap().split(';').next().unwrap());
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The JSON of a successful response.
    #[track_caller]
    pub(super) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        self.json()
    }

    /// Status and code of an error.
    #[track_caller]
    pub(super) fn refusal(&self) -> (u16, String) {
        let code = self.json()["error_code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (self.status.as_u16(), code)
    }
}

/// A client that is signed in.
pub(super) struct Client {
    app: Router,
    cookies: String,
}

impl Client {
    pub(super) async fn new(settings: Settings) -> Self {
        Self::of(&Sandbox::open(settings).unwrap()).await
    }

    pub(super) async fn of(sandbox: &Sandbox) -> Self {
        let app = sandbox.app();
        let body = r#"{"client_id":"sandbox","client_secret":"sandbox-secret"}"#;
        let request = Request::post("/authentication/sign_in")
            .body(Body::from(body))
            .unwrap();
        let response = response(&app, request).await;
        assert_eq!(response.status, 200, "{}", response.text());
        Self {
            app,
            cookies: response.cookies(),
        }
    }

    /// An empty workspace: no sample data.
    pub(super) async fn empty() -> Self {
        Self::new(Settings::default().seed_data(false)).await
    }

    pub(super) async fn send(
        &self,
        request: http::request::Builder,
        body: impl Into<Body>,
    ) -> Response {
        let request = request.header(header::COOKIE, &self.cookies);
        response(&self.app, request.body(body.into()).unwrap()).await
    }

    pub(super) async fn get(&self, path: &str) -> Response {
        self.send(Request::get(address(path)), Body::empty()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Request::post(address(path)), body.to_string())
            .await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Response {
        self.send(Request::put(address(path)), body.to_string())
            .await
    }

    pub(super) async fn delete(&self, path: &str) -> Response {
        self.send(Request::delete(address(path)), Body::empty())
            .await
    }

    /// Creates an entity and returns its ID.
    #[track_caller]
    pub(super) fn create<'a>(
        &'a self,
        collection: &'a str,
        fields: Value,
    ) -> impl Future<Output = String> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let body = serde_json::json!({ "data": [fields] });
            let response = self.post(collection, &body).await;
            assert_eq!(response.status, 201, "{place}: {}", response.text());
            response.json()["data"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    }

    /// The entities of a list.
    pub(super) async fn list(&self, path: &str) -> Vec<Value> {
        self.get(path).await.ok()["data"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// One field of the matching entities of a list, by ID.
    pub(super) async fn names(&self, collection: &str, field: &str, query: &str) -> Vec<String> {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let path =
            format!("{collection}?fields={field}&order_by=id&limit=1000&query=%22{query}%22");
        let entities = self.list(&path).await;
        entities
            .iter()
            .map(|entity| match &entity[field] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect()
    }

    /// The IDs of all entities of a collection.
    pub(super) async fn ids(&self, collection: &str) -> Vec<String> {
        self.names(collection, "id", "id GT 0").await
    }

    /// The ID of the only entity of a collection.
    pub(super) async fn only_id(&self, collection: &str) -> String {
        let mut ids = self.ids(collection).await;
        assert_eq!(ids.len(), 1, "{collection}: {ids:?}");
        ids.remove(0)
    }

    /// Sends a payload and waits until it is ingested.
    pub(super) async fn upload(&self, xml: &str, parameters: &str) -> Value {
        let task = self.submit(xml, parameters).await.ok();
        self.wait_for_task(&task["id"]).await
    }

    pub(super) async fn submit(&self, xml: &str, parameters: &str) -> Response {
        let request = Request::post(format!("{WORKSPACE}/test-results{parameters}"));
        let request = request.header(header::CONTENT_TYPE, "application/xml");
        self.send(request, xml.to_owned()).await
    }

    /// The final status of a task.
    pub(super) async fn wait_for_task(&self, id: &Value) -> Value {
        for _ in 0..100_000 {
            let task = self.get(&format!("test-results/{id}")).await.ok();
            if !matches!(task["status"].as_str(), Some("queued" | "running")) {
                return task;
            }
            tokio::task::yield_now().await;
        }
        panic!("task {id} does not end");
    }
}

/// The URL of a resource in the workspace; `http` does not support raw quotes in a URI.
fn address(path: &str) -> String {
    format!("{WORKSPACE}/{}", path.replace('"', "%22"))
}

pub(super) async fn response(app: &Router, request: Request<Body>) -> Response {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Response {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}
