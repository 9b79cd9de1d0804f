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
use crate::state::AppState;

/// How long a body may stall before the request is rejected. The help mentions the status 408, but no time.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(60);

/// The whole body is read first, so that clients receive the response even if the request is rejected: a
/// server that responds in the middle of a body resets the connection of clients that keep sending.
pub(super) async fn handle(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let received = read(body, state.settings.limits.body_bytes_max).await;
    let time = state.clock.now();
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let number = state
        .requests
        .receive(time, &head, received.bytes, received.digest);
    let response = match (fault_response::throttled(&state), received.body) {
        (Some(refusal), _) => refusal,
        (None, Ok(body)) => {
            let request = Request::from_parts(head, Body::from(body));
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

async fn read(mut body: Body, bytes_max: usize) -> Received {
    let mut bytes = BytesMut::new();
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
        if bytes.len() + data.len() > bytes_max {
            refused = Some(ApiError::too_large("the body", bytes_max));
            break;
        }
        digest.update(&data);
        bytes.extend_from_slice(&data);
    }
    let length = bytes.len() as u64;
    let digest = (length > 0 && refused.is_none()).then(|| {
        let digest = digest.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    });
    Received {
        body: refused.map_or_else(|| Ok(bytes.freeze()), Err),
        bytes: length,
        digest,
    }
}
