//! How many requests 100 jobs make that upload 1,000 results each into one suite run at the same time, against the least
//! that they could make.
//!
//! `cargo bench --package octane-tests --bench shards`

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use octane_client::{Client, Outcome, Target};
use octane_rest::{
    ApiKey, BoxFuture, Endpoint, EndpointSettings, Transport, TransportError, TransportErrorKind,
};
use octane_results::{Status, TestRun};
use octane_sandbox::{Sandbox, Settings};
use tower::ServiceExt;

const JOBS: usize = 100;
const RESULTS: usize = 1000;

/// To the sandbox without a socket, counting the requests of each kind.
#[derive(Clone)]
struct Counting {
    sandbox: Arc<Sandbox>,
    requests: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Transport for Counting {
    fn send(
        &self,
        mut request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let kind = kind(&request);
        let mut requests = self.requests.lock().expect("no thread panics here");
        *requests.entry(kind).or_default() += 1;
        drop(requests);
        Box::pin(async move {
            let path = request.uri().path_and_query().cloned();
            *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
            let response = self.sandbox.app().oneshot(request.map(Full::new)).await;
            let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
            let body = body.collect().await.map_err(|error| {
                TransportError::new(TransportErrorKind::ConnectionBroken, "connection lost")
                    .with_source(error)
            })?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        })
    }
}

/// `POST test-results`, `GET automated_runs` and so on.
fn kind(request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    let place = path.rsplit_once("/workspaces/1002/");
    let place = place.map_or(path, |(_, place)| place);
    let name = place.split('/').next().unwrap_or(place);
    let name = if name.is_empty() { place } else { name };
    format!("{} {name}", request.method())
}

/// The results of one job: tests of the same names in every job, as jobs differ in what they run them on.
fn results(job: usize) -> Vec<TestRun> {
    let result = |number| {
        TestRun::new(format!("test {number}"), Status::Passed)
            .package(format!("job{job}"))
            .class("CartTest")
    };
    (0..RESULTS).map(result).collect()
}

async fn upload(transport: Counting, job: usize) {
    let mut settings = EndpointSettings::default();
    settings.requests_per_second = Some(1000);
    let endpoint = Endpoint::builder("http://octane.invalid")
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("sandbox", "sandbox-secret"))
        .settings(settings)
        .transport(transport)
        .build()
        .expect("an address, a space and a workspace are all it takes");
    let client = Client::new(endpoint);
    let suite = client.suites().ensure("Nightly", None).await;
    let suite = suite.expect("the suite can be created").entity.id;
    let upload = client.upload(results(job), Target::new(suite, "nightly"));
    let report = upload.send().await.expect("the journal works");
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
}

#[tokio::main]
async fn main() {
    let sandbox = Sandbox::open(Settings::default()).expect("the sandbox opens");
    let transport = Counting {
        sandbox: Arc::new(sandbox),
        requests: Arc::default(),
    };
    let jobs: Vec<_> = (0..JOBS)
        .map(|job| tokio::spawn(upload(transport.clone(), job)))
        .collect();
    for job in jobs {
        job.await.expect("no upload panics");
    }
    let requests = transport.requests.lock().expect("no thread panics here");
    let count = |kind: &str| requests.get(kind).copied().unwrap_or(0);
    let payloads = count("POST test-results");
    let reads = count("GET suite_run") + count("GET automated_runs");
    let least = payloads + 2 * JOBS * RESULTS / 1000;
    println!("{JOBS} jobs with {RESULTS} results each, at the same time, into one suite run");
    println!(
        "  payloads {payloads}, reads of runs {reads}; least {least} (payloads + 2 reads for 1,000 results), ratio {:.3}",
        ratio(payloads + reads, least)
    );
    let all: usize = requests.values().sum();
    println!("  all {all}: {requests:?}");
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
fn ratio(sent: usize, least: usize) -> f64 {
    sent as f64 / least as f64
}
