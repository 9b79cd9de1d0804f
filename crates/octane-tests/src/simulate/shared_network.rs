//! The network between the client and the server, as all process runs see it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use octane_sandbox::Sandbox;
use tokio::sync::RwLock;
use tower::ServiceExt;

use super::fault::RequestKind;
use super::link_update::{LinkUpdate, link_updates};
use super::payload;
use super::random::Random;
use super::results::POISON;
use super::trace::Trace;

/// Whether it matters in which order the server processes payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// No test is in two payloads.
    DoesNotMatter,
    /// Some are, and the server never processes the same bytes twice.
    Matters,
    /// Some are, and a payload that arrives twice may be processed again after a later one.
    IsFragile,
}

/// The way to the server, the same over all runs of the process.
#[derive(Debug)]
pub(super) struct SharedNetwork {
    pub(super) sandbox: Sandbox,
    router: Router,
    pub(super) trace: Trace,
    state: Mutex<NetworkState>,
    /// Held for writing while the server restarts, so that no request is answered that the restart would undo.
    restarting: RwLock<()>,
}

/// What has happened on the network so far.
#[derive(Debug)]
pub(super) struct NetworkState {
    pub(super) random: Random,
    /// The payloads whose tasks did not ingest them, or that were refused without a reason.
    pub(super) lost: Vec<Bytes>,
    /// The payloads that were sent. What the server may have accepted it does not refuse later.
    pub(super) sent: HashSet<Bytes>,
    /// The payloads that the server has accepted, in its order, decompressed.
    pub(super) accepted: Vec<Bytes>,
    /// What it has linked, in its order.
    pub(super) linked: Vec<LinkUpdate>,
    /// The values of session cookies.
    cookies: Vec<String>,
    pub(super) has_stuck_task: bool,
    pub(super) order: Order,
}

impl SharedNetwork {
    pub(super) fn new(sandbox: Sandbox, trace: Trace, seed: u64, order: Order) -> Arc<Self> {
        Arc::new(Self {
            router: sandbox.app(),
            sandbox,
            trace,
            restarting: RwLock::default(),
            state: Mutex::new(NetworkState {
                random: Random::new(seed),
                lost: Vec::new(),
                sent: HashSet::new(),
                accepted: Vec::new(),
                linked: Vec::new(),
                cookies: Vec::new(),
                has_stuck_task: false,
                order,
            }),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, NetworkState> {
        // Nothing panics while it holds the lock, so the state of a poisoned lock is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The payloads whose tasks did not ingest them.
    pub(super) fn lost_payloads(&self) -> Vec<Bytes> {
        self.state().lost.clone()
    }

    pub(super) fn cookies(&self) -> Vec<String> {
        self.state().cookies.clone()
    }

    /// Restarts the server if a task would not end otherwise, or if `always`.
    pub(super) async fn restart(&self, always: bool) {
        if !(always || self.state().has_stuck_task) {
            return;
        }
        let _restarting = self.restarting.write().await;
        self.trace.record("the server restarts");
        let taken = self.sandbox.snapshot("restart").await;
        taken.expect("the sandbox takes a snapshot");
        let restored = self.sandbox.restore("restart").await;
        restored.expect("the sandbox restores a snapshot");
        self.sandbox.expire_sessions(octane_sandbox::Expiry::Idle);
    }

    /// The server's response. It refuses payloads that contain poison.
    pub(super) async fn deliver(&self, request: Request<Bytes>) -> Response<Bytes> {
        let kind = RequestKind::of(request.method(), request.uri().path());
        if kind != RequestKind::Payload {
            let updates = link_updates(&request);
            let response = self.call(request).await;
            if response.status().is_success() {
                self.state().linked.extend(updates);
            }
            return response;
        }
        let xml = payload::decompressed(&request);
        if payload::contains(&xml, POISON) {
            let body = r#"{"error_code":"testbox.invalid_payload","description":"poison"}"#;
            return response(400, "application/json", body);
        }
        let response = self.call(request).await;
        if response.status().is_success() {
            self.state().accepted.push(xml);
        }
        response
    }

    /// The server's response, without any interference.
    pub(super) async fn call(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        let _running = self.restarting.read().await;
        // A router expects paths, as it gets them from a socket.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
        let response = self.router.clone().oneshot(request.map(Full::new)).await;
        let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        let body = body.expect("the sandbox itself truncates no response");
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = String::from_utf8_lossy(cookie.as_bytes());
            let value = text.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((_, value)) = value.filter(|(_, value)| value.len() > 8) {
                self.state().cookies.push(value.to_owned());
            }
        }
        Response::from_parts(parts, body)
    }
}

/// A response that does not come from the server.
pub(super) fn response(
    status: u16,
    media_type: &'static str,
    body: &'static str,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let media_type = header::HeaderValue::from_static(media_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}
