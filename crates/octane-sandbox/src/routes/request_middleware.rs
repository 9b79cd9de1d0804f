//! Handles every request to the simulated server: reads it, logs it, and possibly triggers a fault.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use octane_model::Problem;
use sha2::{Digest, Sha256};

use super::fault_response::{self, TriggeredFault};
use crate::error::{ApiError, own_code};
use crate::fault::ConnectionReset;
use crate::hex::hex;
use crate::state::AppState;

/// How long a body may stall before the request is rejected. The help mentions the status 408, but no time.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(60);

/// The maximum body of a sender who is not signed in, in bytes; credentials are shorter.
const SIGN_IN_BYTES_MAX: usize = 65_536;

/// A body that was not kept, because its sender is not signed in.
#[derive(Debug, Clone, Copy)]
struct NotKept;

/// Refuses a request whose body was not kept.
pub(super) async fn require_body(request: Request, next: Next) -> Response {
    match has_body(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Fails for a request whose body was not kept.
pub(super) fn has_body(request: &Request) -> Result<(), ApiError> {
    if request.extensions().get::<NotKept>().is_none() {
        return Ok(());
    }
    let what = "the body of a request without sign-in";
    Err(ApiError::too_large(what, SIGN_IN_BYTES_MAX))
}

/// The whole body is read first, so that clients receive the response even if the request is rejected: a
/// server that responds in the middle of a body resets the connection of clients that keep sending. It is
/// kept in memory only for those who are signed in, or if it is small enough to be a sign-in.
pub(super) async fn handle(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let bytes_max = state.settings.limits.body_bytes_max;
    let kept_max = if state.sessions.is_signed_in(&head.headers) {
        bytes_max
    } else {
        bytes_max.min(SIGN_IN_BYTES_MAX)
    };
    let received = read(body, bytes_max, kept_max).await;
    let time = state.clock.now();
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let number = state
        .requests
        .receive(time, &head, received.bytes, received.digest);
    let response = match (fault_response::throttled(&state), received.body) {
        (Some(refusal), _) => refusal,
        (None, Ok(body)) => {
            let mut request = Request::from_parts(head, Body::from(body));
            if received.bytes > kept_max as u64 {
                request.extensions_mut().insert(NotKept);
            }
            fault_response::respond(&state, request, next).await
        }
        (None, Err(error)) => error.into_response(),
    };
    let extensions = response.extensions();
    let was_sent = extensions.get::<ConnectionReset>().is_none();
    let status = was_sent.then(|| response.status());
    let fault = extensions.get::<TriggeredFault>().map(|fault| fault.0);
    let duration = state.clock.since(time);
    tracing::debug!(
        number,
        %method,
        path,
        status = status.map(|status| status.as_u16()),
        duration_ms = duration.as_secs_f64() * 1e3,
        fault,
        "handled a request"
    );
    state
        .requests
        .record_response(number, status, duration, fault);
    response
}

/// A body that was read.
struct Received {
    body: Result<Bytes, ApiError>,
    /// How many bytes were received.
    bytes: u64,
    digest: Option<String>,
}

/// Reads a body of at most `bytes_max` bytes; of one with more than `kept_max`, nothing is kept.
async fn read(mut body: Body, bytes_max: usize, kept_max: usize) -> Received {
    let mut bytes = BytesMut::new();
    let mut length = 0;
    let mut digest = Sha256::new();
    let mut refused = None;
    loop {
        let data = match tokio::time::timeout(BODY_PAUSE_MAX, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Err(_) => {
                let pause_s = BODY_PAUSE_MAX.as_secs();
                let description =
                    format!("timed out after {pause_s} seconds waiting for more of the body");
                let problem = Problem::new(own_code::WEB, description);
                refused = Some(ApiError::new(StatusCode::REQUEST_TIMEOUT, problem));
                break;
            }
            Ok(Some(Err(error))) => {
                let description = format!("the body is incomplete: {error}");
                refused = Some(ApiError::bad_request(own_code::BAD_REQUEST, description));
                break;
            }
        };
        length += data.len();
        if length > bytes_max {
            refused = Some(ApiError::too_large("the body", bytes_max));
            break;
        }
        digest.update(&data);
        if length <= kept_max {
            bytes.extend_from_slice(&data);
        } else {
            bytes = BytesMut::new();
        }
    }
    let length = length as u64;
    let digest = (length > 0 && refused.is_none()).then(|| hex(&digest.finalize()));
    Received {
        body: refused.map_or_else(|| Ok(bytes.freeze()), Err),
        bytes: length,
        digest,
    }
}
