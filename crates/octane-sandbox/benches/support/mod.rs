//! What the benchmarks share: a client without sockets, payloads, and statistics.

pub(crate) mod load;
pub(crate) mod rows;
pub(crate) mod server;

use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use octane_sandbox::{Sandbox, Settings, Storage};
use serde_json::Value;
use tower::ServiceExt;

const WORKSPACE: &str = "/api/shared_spaces/1001/workspaces/1002";

/// A client that is signed in to its own sandbox.
pub(crate) struct Client {
    app: Router,
    cookies: String,
}

impl Client {
    /// Opens a sandbox on a file.
    pub(crate) async fn open(file: &Path) -> Self {
        let settings = Settings::default().storage(Storage::File(file.to_owned()));
        Self::of(Sandbox::open(settings).unwrap().app()).await
    }

    /// Signs in to a sandbox.
    pub(crate) async fn of(app: Router) -> Self {
        let body = r#"{"client_id":"sandbox","client_secret":"sandbox-secret"}"#;
        let request = Request::post("/authentication/sign_in")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let pairs: Vec<&str> = cookies
            .filter_map(|cookie| cookie.to_str().unwrap().split(';').next())
            .collect();
        let cookies = pairs.join("; ");
        Self { app, cookies }
    }

    async fn send(&self, request: http::request::Builder, body: Body) -> (StatusCode, Vec<u8>) {
        let request = request.header(header::COOKIE, &self.cookies);
        let response = self.app.clone().oneshot(request.body(body).unwrap());
        let (parts, body) = response.await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, bytes.to_vec())
    }

    /// Sends a request to the workspace and parses the JSON of a successful response.
    pub(crate) async fn json(
        &self,
        request: http::request::Builder,
        path: &str,
        body: Body,
    ) -> Value {
        let request = request.uri(format!("{WORKSPACE}/{path}"));
        let (status, bytes) = self.send(request, body).await;
        let text = String::from_utf8_lossy(&bytes);
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_slice(&bytes).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let path = path
            .replace('"', "%22")
            .replace(' ', "%20")
            .replace('^', "%5E");
        let path = path.replace('{', "%7B").replace('}', "%7D");
        self.json(Request::get("/"), &path, Body::empty()).await
    }

    /// Fetches a web page.
    pub(crate) async fn page(&self, path: &str) -> usize {
        let (status, bytes) = self.send(Request::get(path), Body::empty()).await;
        let text = String::from_utf8_lossy(&bytes);
        assert!(status.is_success(), "{path}: {status} {text}");
        bytes.len()
    }

    /// Creates a test suite.
    pub(crate) async fn suite(&self) -> String {
        let body = r#"{"data":[{"name":"Benchmark"}]}"#;
        let response = self
            .json(Request::post("/"), "test_suites", Body::from(body))
            .await;
        response["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Uploads a payload and waits until it is ingested.
    pub(crate) async fn upload(&self, payload: String) {
        let request = Request::post("/").header(header::CONTENT_TYPE, "application/xml");
        let task = self
            .json(request, "test-results", Body::from(payload))
            .await;
        let path = format!("test-results/{}", task["id"]);
        loop {
            let task = self.get(&path).await;
            match task["status"].as_str().unwrap() {
                "queued" | "running" => tokio::time::sleep(Duration::from_millis(1)).await,
                status => {
                    assert_eq!(status, "success", "{task}");
                    return;
                }
            }
        }
    }
}

/// A payload of a suite run with the results of `count` tests, one in ten failed.
pub(crate) fn payload(suite: &str, suite_run: &str, count: usize) -> String {
    use std::fmt::Write;
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<test_result><suite_ref id=\"{suite}\" \
         external_run_id=\"{suite_run}\"/><release name=\"_default_\"/><product_areas>\
         <product_area_ref id=\"1001\"/></product_areas><test_fields><test_field type=\"Framework\" \
         value=\"JUnit\"/></test_fields><environment><taxonomy type=\"OS\" value=\"Linux\"/></environment>\
         <test_runs>\n"
    );
    for number in 0..count {
        let (class, started) = (number / 20, 1_746_000_000_000 + number * 7);
        let is_failed = number % 10 == 3;
        let status = if is_failed { "Failed" } else { "Passed" };
        let _ = write!(
            xml,
            "<test_run module=\"shop\" package=\"com.example.shop.cart\" class=\"CartTest{class}\" \
             name=\"the cart adds article {number} and its tax\" status=\"{status}\" \
             duration=\"{}\" started=\"{started}\"",
            number % 977,
        );
        if is_failed {
            let _ = write!(
                xml,
                "><error type=\"AssertionError\" message=\"expected {number} but was 0\">\
                 at com.example.shop.cart.CartTest{class}.adds(CartTest.java:{number})\n\
                 at com.example.shop.Runner.run(Runner.java:12)</error></test_run>\n"
            );
        } else {
            xml.push_str("/>\n");
        }
    }
    xml.push_str("</test_runs></test_result>");
    xml
}

/// The median, minimum and maximum of some times.
pub(crate) fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1000.0;
    let (first, last) = (
        milliseconds(&times[0]),
        milliseconds(&times[times.len() - 1]),
    );
    let median = milliseconds(&times[times.len() / 2]);
    format!("{median:8.1} ms ({first:.1} to {last:.1})")
}

/// The duration of some work.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let start = Instant::now();
    let result = work.await;
    (start.elapsed(), result)
}

/// Whether `cargo test --benches` runs the benchmark: once and with little data, only to see that it works. `cargo bench` says so.
pub(crate) fn is_trial() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}

/// The first number, or the second one in a trial.
pub(crate) fn usual_or_trial<T>(usual: T, trial: T) -> T {
    if is_trial() { trial } else { usual }
}

/// The number after `name` on the command line.
pub(crate) fn argument<T: FromStr>(name: &str) -> Option<T> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)?.parse().ok()
}
