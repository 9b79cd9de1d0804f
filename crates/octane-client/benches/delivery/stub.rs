//! A server that takes everything at once and answers late: what it says is made up as it is asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use octane_rest::{BoxFuture, Transport, TransportError};
use serde_json::{Value, json};

/// Counts requests, and holds as many runs as it was created for.
#[derive(Clone)]
pub(crate) struct Stub(Arc<State>);

struct State {
    latency: Duration,
    runs: u64,
    tasks: AtomicU64,
    requests: AtomicUsize,
    kinds: Mutex<BTreeMap<String, usize>>,
}

impl Stub {
    pub(crate) fn new(runs: u64, latency: Duration) -> Self {
        Self(Arc::new(State {
            latency,
            runs,
            tasks: AtomicU64::new(0),
            requests: AtomicUsize::new(0),
            kinds: Mutex::default(),
        }))
    }

    /// How many requests came, sign-ins included.
    pub(crate) fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// How many of each kind.
    pub(crate) fn kinds(&self) -> BTreeMap<String, usize> {
        self.0.kinds.lock().expect("no thread panics here").clone()
    }
}

impl Transport for Stub {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tokio::time::sleep(self.0.latency).await;
            Ok(self.0.answer(&request))
        })
    }
}

impl State {
    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        let place = path.rsplit("/workspaces/1002/").next().unwrap_or(path);
        let name = place.split('/').next().unwrap_or(place);
        let kind = format!("{} {name}", request.method());
        *self
            .kinds
            .lock()
            .expect("no thread panics here")
            .entry(kind)
            .or_default() += 1;
        let (status, body) = match (request.method(), place) {
            (_, "/authentication/sign_in") => return signed_in(),
            (&Method::POST, "test-results") => {
                let id = self.tasks.fetch_add(1, Ordering::Relaxed) + 1;
                (
                    StatusCode::ACCEPTED,
                    json!({ "id": id, "status": "queued" }),
                )
            }
            (&Method::GET, task) if task.starts_with("test-results/") => {
                let id: u64 = task[13..].parse().unwrap_or(0);
                (StatusCode::OK, json!({ "id": id, "status": "success" }))
            }
            (&Method::GET, "suite_run") => (
                StatusCode::OK,
                page(
                    vec![json!({ "type": "run_suite", "id": "7", "name": "bench" })],
                    1,
                ),
            ),
            (&Method::GET, "automated_runs") => (
                StatusCode::OK,
                self.runs(request.uri().query().unwrap_or_default()),
            ),
            (&Method::GET, "metadata/fields") => (
                StatusCode::OK,
                fields(request.uri().query().unwrap_or_default()),
            ),
            (&Method::GET, "work_items") => (StatusCode::OK, page(stories(), 50)),
            (&Method::PUT, "automated_runs") => {
                let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
                let changed = body["data"].as_array().cloned().unwrap_or_default();
                let count = changed.len();
                (StatusCode::OK, page(changed, count))
            }
            _ => (
                StatusCode::NOT_FOUND,
                json!({ "error_code": "platform.web_application", "description": place }),
            ),
        };
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into())
            .expect("a status and a type make an answer")
    }

    fn runs(&self, query: &str) -> Value {
        let number = |name: &str| {
            let found = query.split('&').find_map(|pair| pair.strip_prefix(name));
            found.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
        };
        let (offset, limit) = (number("offset="), number("limit="));
        let runs = offset..self.runs.min(offset + limit);
        let runs = runs.map(|run| {
            json!({
                "type": "run_automated", "id": (100_000 + run).to_string(), "name": name(run), "test_name": name(run),
                "package": "shop.cart", "class_name": "CartTest", "component": null, "started": null,
                "test": { "type": "test_automated", "id": (5_000_000 + run).to_string() },
                "native_status": { "type": "list_node", "id": "list_node.run_native_status.passed" },
                "covered_content": { "data": [], "total_count": 0 },
            })
        });
        page(
            runs.collect::<Vec<_>>(),
            usize::try_from(self.runs).unwrap_or(0),
        )
    }
}

/// The name of a test.
pub(crate) fn name(run: u64) -> String {
    format!("adds the item {run} to the cart and sees it there")
}

fn page(data: impl Into<Value>, total: usize) -> Value {
    json!({ "total_count": total, "data": data.into(), "exceeds_total_count": false })
}

fn stories() -> Vec<Value> {
    let story = |number: u64| {
        json!({
            "type": "story", "id": (3000 + number).to_string(), "subtype": "story", "name": format!("Story {number}"),
            "jira_key_udf": format!("SHOP-{number}"),
        })
    };
    (1..=50).map(story).collect()
}

fn fields(query: &str) -> Value {
    let field = |entity: &str, name: &str, kind: &str, is_own: bool| {
        json!({
            "type": "field_metadata", "name": name, "entity_name": entity, "label": name, "field_type": kind,
            "editable": true, "required": false, "is_user_defined": is_own,
        })
    };
    let field = if query.contains("run_automated") {
        field("run_automated", "covered_content", "reference", false)
    } else {
        field("story", "jira_key_udf", "string", true)
    };
    page(vec![field], 1)
}

fn signed_in() -> Response<Bytes> {
    Response::builder()
        .header(header::SET_COOKIE, "LWSSO_COOKIE_KEY=t; Path=/")
        .body(Bytes::new())
        .expect("a header makes an answer")
}
