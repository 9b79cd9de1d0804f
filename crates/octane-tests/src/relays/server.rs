//! A sandbox whose requests are logged, all of them and with what the payloads hold.

use std::io::Read;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use octane_sandbox::{Fault, FaultPlan, HttpServer, HttpServerLimits, Running, Sandbox, Settings};
use tower::ServiceExt;

use super::plan::Failure;

pub(super) const CLIENT_ID: &str = "relays";
pub(super) const CLIENT_SECRET: &str = "relays-in-a-test";

/// A request that the server has received.
pub(super) struct Received {
    pub(super) at: Instant,
    /// What is uploaded, if it is a payload.
    pub(super) payload: Option<Payload>,
}

/// A payload that the server has received.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Payload {
    /// Whose upload it belongs to: the agent, and the number of its upload.
    pub(super) agent: usize,
    pub(super) upload: usize,
    /// Its bytes, after decompression.
    pub(super) bytes: Vec<u8>,
    pub(super) is_accepted: bool,
}

/// A sandbox behind a log.
pub(super) struct Server {
    pub(super) http: HttpServer,
    /// The same without the log, for those who check.
    pub(super) direct: Running,
    log: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    pub(super) async fn start(has_faults: bool) -> Result<Self, Failure> {
        let mut settings = Settings::default()
            .api_key(CLIENT_ID, CLIENT_SECRET)
            .seed_data(false);
        if has_faults {
            settings = settings.faults(faults());
        }
        let sandbox = Sandbox::open(settings)?;
        let direct = sandbox.bind((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let log: Arc<Mutex<Vec<Received>>> = Arc::default();
        let limits = HttpServerLimits {
            body_bytes_max: 64 << 20,
            requests_max: 1000,
        };
        let (app, logged) = (sandbox.app(), Arc::clone(&log));
        let answer = move |request: Request<Bytes>| {
            let (app, log) = (app.clone(), Arc::clone(&logged));
            async move {
                let at = Instant::now();
                let payload = payload(&request);
                let answered = app.oneshot(request.map(axum::body::Body::from)).await;
                let Ok(response) = answered;
                let payload = payload.map(|payload| Payload {
                    is_accepted: response.status().is_success(),
                    ..payload
                });
                lock(&log).push(Received { at, payload });
                collected(response).await
            }
        };
        let http = HttpServer::bind((Ipv4Addr::LOCALHOST, 0).into(), limits, answer).await?;
        Ok(Self { http, direct, log })
    }

    /// The log.
    pub(super) fn log(&self) -> MutexGuard<'_, Vec<Received>> {
        lock(&self.log)
    }
}

fn lock(log: &Mutex<Vec<Received>>) -> MutexGuard<'_, Vec<Received>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a server does wrong now and then.
fn faults() -> FaultPlan {
    FaultPlan::seeded(15)
        .with(Fault::reset_before().rate(0.01))
        .with(Fault::reset_after().rate(0.01))
        .with(Fault::status(503).rate(0.005))
        .with(Fault::delay(Duration::from_millis(300)).rate(0.02))
        .with(Fault::truncated_body(20).rate(0.005))
}

async fn collected(response: axum::response::Response) -> Response<Bytes> {
    let (head, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(head, body.to_bytes()),
        Err(_) => {
            let mut broken = Response::new(Bytes::new());
            *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            broken
        }
    }
}

/// What is in a request, if it is a payload of [`agents`](super::agents).
fn payload(request: &Request<Bytes>) -> Option<Payload> {
    if request.method() != http::Method::POST || !request.uri().path().ends_with("/test-results") {
        return None;
    }
    let is_compressed = request
        .headers()
        .contains_key(http::header::CONTENT_ENCODING);
    let mut bytes = Vec::new();
    if is_compressed {
        GzDecoder::new(&request.body()[..])
            .read_to_end(&mut bytes)
            .ok()?;
    } else {
        bytes = request.body().to_vec();
    }
    let text = String::from_utf8_lossy(&bytes);
    let (_, rest) = text.split_once("agent-")?;
    let (agent, rest) = rest.split_once("-upload-")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    Some(Payload {
        agent: agent.parse().ok()?,
        upload: rest[..digits].parse().ok()?,
        is_accepted: false,
        bytes,
    })
}
