//! The way from the client to the server, on which things go wrong.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use octane_sandbox::Sandbox;
use tower::ServiceExt;

use super::case::POISON;
use super::fault::Errand;
use super::payload;
use super::random::Random;
use super::story::Story;

/// Whether it matters in which order the server works on payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// No test is in two of them.
    DoesNotMatter,
    /// Some are, and the server works on bytes that it has had no second time.
    Matters,
    /// Some are, and the server may work on what arrives twice after what followed it.
    IsFragile,
}

/// What has been seen on the way to the server, over all lives of the process.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) sandbox: Sandbox,
    router: Router,
    pub(super) story: Story,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) random: Random,
    /// The payloads whose tasks did not ingest them, or that were refused for nothing.
    pub(super) lost: Vec<Bytes>,
    /// The payloads that have set out for the server. It does not refuse what it may have taken.
    pub(super) sent: HashSet<Bytes>,
    /// What sessions are proven with.
    cookies: Vec<String>,
    pub(super) has_stuck_task: bool,
    pub(super) order: Order,
}

impl Wire {
    pub(super) fn new(sandbox: Sandbox, story: Story, chance: u64, order: Order) -> Arc<Self> {
        Arc::new(Self {
            router: sandbox.app(),
            sandbox,
            story,
            seen: Mutex::new(Seen {
                random: Random::new(chance),
                lost: Vec::new(),
                sent: HashSet::new(),
                cookies: Vec::new(),
                has_stuck_task: false,
                order,
            }),
        })
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        // Nothing here panics halfway, so a poisoned lock still holds a sound state.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The payloads whose tasks did not ingest them.
    pub(super) fn lost_payloads(&self) -> Vec<Bytes> {
        self.seen().lost.clone()
    }

    pub(super) fn cookies(&self) -> Vec<String> {
        self.seen().cookies.clone()
    }

    /// Starts the server again where a task would not end otherwise, or `anyway`.
    pub(super) async fn restart(&self, anyway: bool) {
        if !(anyway || self.seen().has_stuck_task) {
            return;
        }
        self.story.tell("the server starts again");
        let kept = self.sandbox.snapshot("restart").await;
        kept.expect("a sandbox takes a snapshot");
        let restored = self.sandbox.restore("restart").await;
        restored.expect("a sandbox goes back to a snapshot");
        self.sandbox.expire_sessions(octane_sandbox::Expiry::Idle);
    }

    /// What the server says, which refuses payloads that hold poison.
    pub(super) async fn arrive(&self, request: Request<Bytes>) -> Response<Bytes> {
        let errand = Errand::of(request.method(), request.uri().path());
        if errand == Errand::Payload && payload::holds(&payload::unpacked(&request), POISON) {
            let body = r#"{"error_code":"testbox.invalid_payload","description":"poison"}"#;
            return answer(400, "application/json", body);
        }
        self.ask(request).await
    }

    /// What the server says, without any trouble.
    pub(super) async fn ask(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        // A router sees paths, as it would behind a socket.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
        let answer = self.router.clone().oneshot(request.map(Full::new)).await;
        let (parts, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        let body = body.expect("no fault of the sandbox's own cuts an answer");
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = String::from_utf8_lossy(cookie.as_bytes());
            let value = text.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((_, value)) = value.filter(|(_, value)| value.len() > 8) {
                self.seen().cookies.push(value.to_owned());
            }
        }
        Response::from_parts(parts, body)
    }
}

/// An answer that somebody on the way makes up.
pub(super) fn answer(status: u16, media_type: &'static str, body: &'static str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let media_type = header::HeaderValue::from_static(media_type);
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    answer
}
