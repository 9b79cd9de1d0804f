//! An Octane in memory for tests: it answers as a test says, and with a paused clock every moment is exact.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use octane_model::{Encoding, SuiteId};
use octane_rest::{ApiKey, BoxFuture, Endpoint, Transport, TransportError, TransportErrorKind};
use octane_results::{Status, TestRun};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::context::Context;
use crate::event::Event;
use crate::journal::{Journal, Spool};
use crate::plan::Manifest;
use crate::settings::UploadSettings;
use crate::target::{SuiteChoice, Target, TargetSpec};
use crate::upload_id::UploadId;

/// When the first of [`tests`] starts, in seconds.
pub(crate) const STARTED: i64 = 1_795_000_000;

/// How long every answer takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(20);

/// A request that the server received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// When, after the server was started.
    pub(crate) at: Duration,
    pub(crate) method: Method,
    /// The path below the workspace.
    pub(crate) path: String,
    /// As it was sent, with percent signs.
    pub(crate) query: String,
    /// How many requests were in flight, this one included.
    pub(crate) in_flight: usize,
}

/// What the server does with a request.
pub(crate) enum Answer {
    /// It lets everyone in and knows nothing.
    Default,
    Json(u16, Value),
    Text(u16, String),
    Broken(TransportErrorKind),
    /// It never answers.
    Silence,
}

/// The server; clones are the same one.
#[derive(Clone)]
pub(crate) struct FakeOctane(Arc<State>);

struct State {
    start: Instant,
    answer: Box<dyn Fn(&Received) -> Answer + Send + Sync>,
    received: Mutex<Vec<Received>>,
    in_flight: AtomicUsize,
}

impl FakeOctane {
    pub(crate) fn new(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        Self(Arc::new(State {
            start: Instant::now(),
            answer: Box::new(answer),
            received: Mutex::default(),
            in_flight: AtomicUsize::new(0),
        }))
    }

    /// What it received below this path, in order.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        let received = self.0.received.lock().unwrap();
        let below = received.iter().filter(|one| one.path.starts_with(path));
        below.cloned().collect()
    }

    /// The paths of all requests but sign-ins, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let all = self.received("").into_iter().map(|one| one.path);
        all.filter(|path| !path.ends_with("sign_in")).collect()
    }

    /// A client that makes this number of attempts.
    pub(crate) fn client(&self, attempts_max: u32) -> Client {
        let mut settings = octane_rest::EndpointSettings::default();
        settings.requests_per_second = Some(1000);
        settings.concurrency_max = 16;
        settings.attempts_max = attempts_max;
        settings.payload_encoding = Encoding::Plain;
        let endpoint = Endpoint::builder("http://octane.invalid")
            .settings(settings)
            .space(1001)
            .workspace(1002)
            .credentials(ApiKey::new("id", "secret"))
            .transport(self.clone())
            .build();
        Client::new(endpoint.unwrap())
    }

    /// An upload of `runs` in batches of this size, ready to be delivered to this server.
    pub(crate) fn upload(&self, runs: Vec<TestRun>, runs_max: usize) -> Uploading {
        let client = self.client(1);
        let mut settings = UploadSettings::default();
        settings.batch_limits.runs_max = runs_max;
        let spec = TargetSpec::new(SuiteChoice::Id(SuiteId::new(7045)), "nightly-1");
        let spool = Spool::off().inline();
        let prepared = client.prepare(runs, &spec, &settings, &spool, UploadId::new());
        let journal = prepared.unwrap().journal;
        let target = Target::new(SuiteId::new(7045), "nightly-1");
        journal.set_target(&target).unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let start = self.0.start;
        Uploading {
            client,
            manifest: journal.manifest().unwrap(),
            journal,
            target,
            settings,
            cancellation: CancellationToken::new(),
            events,
            on_event: Box::new(move |event| {
                seen.lock().unwrap().push((start.elapsed(), event.clone()));
            }),
        }
    }
}

impl Transport for FakeOctane {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let state = &self.0;
            let path = request.uri().path();
            let received = Received {
                at: state.start.elapsed(),
                method: request.method().clone(),
                path: path.rsplit("/workspaces/1002/").next().unwrap().to_owned(),
                query: request.uri().query().unwrap_or_default().to_owned(),
                in_flight: state.in_flight.fetch_add(1, Ordering::Relaxed) + 1,
            };
            state.received.lock().unwrap().push(received.clone());
            tokio::time::sleep(LATENCY).await;
            let answer = match (state.answer)(&received) {
                Answer::Silence => std::future::pending().await,
                answer => respond(&received, answer),
            };
            state.in_flight.fetch_sub(1, Ordering::Relaxed);
            answer
        })
    }
}

fn respond(received: &Received, answer: Answer) -> Result<http::Response<Bytes>, TransportError> {
    let (status, kind, body) = match answer {
        Answer::Broken(kind) => return Err(TransportError::new(kind, "it broke")),
        Answer::Default | Answer::Silence if received.path.ends_with("sign_in") => {
            (200, "application/json", String::new())
        }
        Answer::Default | Answer::Silence => (404, "application/json", problem().to_string()),
        Answer::Json(status, body) => (status, "application/json", body.to_string()),
        Answer::Text(status, body) => (status, "text/plain", body),
    };
    let mut response = http::Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
    if received.path.ends_with("sign_in") {
        let cookie = "LWSSO_COOKIE_KEY=c; Path=/";
        headers.insert(header::SET_COOKIE, cookie.parse().unwrap());
    }
    Ok(response)
}

/// What Octane says about an error, so that it is not taken for that of a proxy.
pub(crate) fn problem() -> Value {
    json!({ "error_code": "platform.fake", "description": "not here" })
}

/// A page of a list that holds `total` entities.
pub(crate) fn page(data: &[Value], total: usize) -> Answer {
    Answer::Json(200, json!({ "total_count": total, "data": data }))
}

/// The state of a task.
pub(crate) fn task(id: i64, status: &str) -> Answer {
    Answer::Json(200, json!({ "id": id, "status": status }))
}

/// Tests `t1`, `t2` and so on, one a second.
pub(crate) fn tests(count: i64) -> Vec<TestRun> {
    let started = |n: i64| jiff::Timestamp::from_second(STARTED + n).unwrap();
    let run = |n| TestRun::new(format!("t{n}"), Status::Passed).started(started(n));
    (1..=count).map(run).collect()
}

/// An upload and everything that its stages need.
pub(crate) struct Uploading {
    pub(crate) client: Client,
    pub(crate) manifest: Manifest,
    pub(crate) journal: Journal,
    pub(crate) target: Target,
    pub(crate) settings: UploadSettings,
    pub(crate) cancellation: CancellationToken,
    events: Arc<Mutex<Vec<(Duration, Event)>>>,
    on_event: Box<dyn Fn(&Event) + Send + Sync>,
}

impl Uploading {
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            client: &self.client,
            journal: &self.journal,
            manifest: &self.manifest,
            target: &self.target,
            settings: &self.settings,
            cancellation: &self.cancellation,
            common_links: None,
            on_event: &*self.on_event,
        }
    }

    /// What happened, and when.
    pub(crate) fn events(&self) -> Vec<(Duration, Event)> {
        self.events.lock().unwrap().clone()
    }

    /// The state of every batch, as the report says it.
    pub(crate) fn batches(&self) -> Vec<String> {
        let reports = self.journal.batch_reports().unwrap();
        reports.into_iter().map(|batch| batch.status).collect()
    }

    /// How many results are ingested, rejected and pending.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let rows = self.journal.row_counts().unwrap();
        (rows.ingested, rows.rejected, rows.pending())
    }
}
