//! What happens to every request to the server that the sandbox plays: it is read, logged, and perhaps
//! struck by a fault.

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

use crate::error::{ApiError, own_code};
use crate::fault::{self, ConnectionReset, Struck};
use crate::server::Shared;

/// How long a body may pause before its request is given up. The help knows the status 408, but no time.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(60);

/// The whole body is read before anything else, so that also a request that is refused can be told so: a
/// server that answers amid a body resets the connection of clients that go on sending.
pub(super) async fn intake(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let received = read(body, shared.settings.limits.body_bytes_max).await;
    let time = shared.clock.now();
    let number = shared
        .requests
        .receive(time, &head, received.bytes, received.digest);
    let response = match (fault::throttled(&shared), received.body) {
        (Some(refusal), _) => refusal,
        (None, Ok(body)) => {
            let request = Request::from_parts(head, Body::from(body));
            fault::answer(&shared, request, next).await
        }
        (None, Err(error)) => error.into_response(),
    };
    let extensions = response.extensions();
    let was_sent = extensions.get::<ConnectionReset>().is_none();
    let status = was_sent.then(|| response.status());
    let fault = extensions.get::<Struck>().map(|struck| struck.0);
    let duration = shared.clock.since(time);
    shared.requests.answered(number, status, duration, fault);
    response
}

/// A body that was read.
struct Received {
    body: Result<Bytes, ApiError>,
    /// How many bytes came.
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
                let description = format!("no more of the body came for {pause_s} seconds");
                let problem = Problem::new(own_code::WEB, description);
                refused = Some(ApiError::new(StatusCode::REQUEST_TIMEOUT, problem));
                break;
            }
            Ok(Some(Err(error))) => {
                let description = format!("the body broke off: {error}");
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
