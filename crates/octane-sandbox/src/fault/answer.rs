//! What a struck request is answered.

use std::fmt;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use octane_model::{Problem, code};
use serde_json::Value;

use super::kind::Kind;
use super::{Subject, TaskFault, body};
use crate::auth;
use crate::error::{ApiError, own_code};
use crate::server::Shared;
use crate::settings::ThrottleStatus;

/// A mark on an answer that no client gets: its connection was reset instead.
///
/// A server that the sandbox runs really resets the connection. Where its router is called without a port,
/// whoever calls it finds this among the [extensions](http::Response::extensions) of the answer, and
/// shall turn the answer into an error of the connection. A body that a fault cuts needs no mark: reading
/// it ends in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionReset;

impl fmt::Display for ConnectionReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault reset the connection")
    }
}

impl std::error::Error for ConnectionReset {}

/// A mark on an answer: the fault that struck its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Struck(pub(crate) &'static str);

/// The refusal of a request that comes too soon.
pub(crate) fn throttled(shared: &Shared) -> Option<Response> {
    let wait = shared.faults.throttle.wait()?;
    let limits = &shared.settings.limits;
    let status = match limits.throttle_status {
        ThrottleStatus::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ThrottleStatus::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let description = "too many requests in a second; send them more slowly";
    let wait = limits.retry_after.then_some(wait);
    let mut response = refusal(status, own_code::THROTTLED, description, wait);
    response.extensions_mut().insert(Struck("throttled"));
    Some(response)
}

/// Answers a request as the fault wants it that strikes it, or by the rest of the server.
pub(crate) async fn answer(shared: &Shared, request: Request, next: Next) -> Response {
    let subject = Subject {
        method: request.method().as_str(),
        path: request.uri().path(),
        has_session: auth::token(request.headers()).is_some(),
    };
    let Some(kind) = shared.faults.strike(&subject) else {
        return next.run(request).await;
    };
    let mut response = struck(shared, &kind, request, next).await;
    response.extensions_mut().insert(Struck(kind.name()));
    response
}

async fn struck(shared: &Shared, kind: &Kind, request: Request, next: Next) -> Response {
    if let Some(fate) = kind.task(shared.clock.now()) {
        return with_fate(shared, fate, request, next).await;
    }
    match kind {
        Kind::Status {
            status,
            code,
            body,
            content_type,
            retry_after,
        } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let code = code.as_deref().unwrap_or_else(|| usual_code(status));
            let response = refusal(status, code, "a fault of the sandbox", *retry_after);
            match body {
                Some(body) => with_body(response, body, content_type.as_deref()),
                None => response,
            }
        }
        Kind::Html { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let page = format!(
                "<!doctype html>\n<html lang=\"en\"><head><title>{status}</title></head>\
                 <body><h1>{status}</h1><p>A page that is no JSON.</p></body></html>\n"
            );
            with_body(status.into_response(), &page, Some("text/html; charset=utf-8"))
        }
        Kind::QueueFull { retry_after } => {
            let description = "the queue of test results is full";
            unavailable(code::QUEUE_FULL, description, *retry_after)
        }
        Kind::RequestLimit { retry_after } => {
            let description = "the limit of requests for test results is reached";
            unavailable(code::REQUEST_LIMIT, description, *retry_after)
        }
        Kind::Delay { delay } => {
            let start = shared.clock.now();
            let response = next.run(request).await;
            let rest = delay.saturating_sub(shared.clock.since(start));
            shared.clock.sleep(rest).await;
            response
        }
        Kind::SlowBody { bytes_per_second } => {
            body::slow(next.run(request).await, &shared.clock, *bytes_per_second).await
        }
        Kind::TruncatedBody { bytes } => body::truncated(next.run(request).await, *bytes).await,
        Kind::ResetAfter {} => {
            next.run(request).await;
            reset()
        }
        Kind::SessionExpired { expiry } => {
            if let Some(token) = auth::token(request.headers()) {
                shared.sessions.expire(token, *expiry);
            }
            ApiError::SessionExpired(expiry.code()).into_response()
        }
        Kind::ResetBefore {}
        // Those of tasks are done already.
        | Kind::TaskSlow { .. }
        | Kind::TaskFailed {}
        | Kind::TaskError {}
        | Kind::TaskStuck {} => reset(),
    }
}

/// Lets a payload in, and writes down what shall become of its task.
async fn with_fate(shared: &Shared, fate: TaskFault, request: Request, next: Next) -> Response {
    let arriving = shared.faults.tasks.arriving();
    let (parts, bytes) = body::whole(next.run(request).await).await;
    if let Some(task) = task_id(&bytes) {
        arriving.became(task, fate);
    }
    Response::from_parts(parts.into_parts().0, bytes.into())
}

/// The id in the answer to a payload that was not seen before, which is a number or text.
fn task_id(body: &[u8]) -> Option<i64> {
    let task: Value = serde_json::from_slice(body).ok()?;
    let is_new = task.get("fromOlderPush").is_none();
    let id = task.get("id").filter(|_| is_new)?;
    id.as_i64().or_else(|| id.as_str()?.parse().ok())
}

fn reset() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(ConnectionReset);
    response
}

fn usual_code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => code::NOT_AUTHORIZED,
        StatusCode::TOO_MANY_REQUESTS => own_code::THROTTLED,
        status if status.is_server_error() => own_code::GENERAL,
        _ => own_code::WEB,
    }
}

fn unavailable(code: &str, description: &str, retry_after: Option<Duration>) -> Response {
    refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        code,
        description,
        retry_after,
    )
}

fn refusal(
    status: StatusCode,
    code: &str,
    description: &str,
    retry_after: Option<Duration>,
) -> Response {
    let problem = Problem::new(code, description);
    let mut response = ApiError::new(status, problem).into_response();
    if let Some(time) = retry_after {
        // The header has whole seconds; earlier would be too soon.
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        let value = HeaderValue::from(seconds);
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

fn with_body(response: Response, body: &str, content_type: Option<&str>) -> Response {
    let mut response = response.map(|_| body.to_owned().into());
    let content_type = content_type.unwrap_or("application/json");
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}
