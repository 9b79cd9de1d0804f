//! Responses to requests that trigger a fault.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use octane_model::{Problem, error_code};
use serde_json::Value;

use super::fault_body;
use crate::auth;
use crate::error::{ApiError, own_code};
use crate::fault::{ConnectionReset, FaultKind, Subject, TaskFault};
use crate::settings::ThrottleStatus;
use crate::state::AppState;

/// A mark on a response: the name of the fault that its request triggered.
#[derive(Debug, Clone, Copy)]
pub(super) struct TriggeredFault(pub(super) &'static str);

/// The response to a request that exceeds the rate limit.
pub(super) fn throttled(state: &AppState) -> Option<Response> {
    let wait = state.faults.throttled_for()?;
    let limits = &state.settings.limits;
    let status = match limits.throttle_status {
        ThrottleStatus::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ThrottleStatus::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let description = "too many requests per second; slow down";
    let wait = limits.retry_after.then_some(wait);
    let mut response = rejection(status, own_code::THROTTLED, description, wait);
    response
        .extensions_mut()
        .insert(TriggeredFault("throttled"));
    Some(response)
}

/// Responds according to the fault that the request triggers, or else as usual.
pub(super) async fn respond(state: &AppState, request: Request, next: Next) -> Response {
    let subject = Subject {
        method: request.method().as_str(),
        path: request.uri().path(),
        has_session: auth::token(request.headers()).is_some(),
    };
    let Some(kind) = state.faults.trigger(&subject) else {
        return next.run(request).await;
    };
    let name = kind.name();
    tracing::info!(
        fault = name,
        method = subject.method,
        path = subject.path,
        "triggered a fault"
    );
    let mut response = apply(state, &kind, request, next).await;
    response.extensions_mut().insert(TriggeredFault(name));
    response
}

async fn apply(state: &AppState, kind: &FaultKind, request: Request, next: Next) -> Response {
    if let Some(fault) = kind.task(state.clock.now()) {
        return with_task_fault(state, fault, request, next).await;
    }
    match kind {
        FaultKind::Status {
            status,
            code,
            body,
            content_type,
            retry_after,
        } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let code = code.as_deref().unwrap_or_else(|| usual_code(status));
            let response = rejection(status, code, "a fault of the sandbox", *retry_after);
            match body {
                Some(body) => with_body(response, body, content_type.as_deref()),
                None => response,
            }
        }
        FaultKind::Html { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let page = format!(
                "<!doctype html>\n<html lang=\"en\"><head><title>{status}</title></head>\
                 <body><h1>{status}</h1><p>This page is not JSON.</p></body></html>\n"
            );
            with_body(status.into_response(), &page, Some("text/html; charset=utf-8"))
        }
        FaultKind::QueueFull { retry_after } => {
            let description = "the queue of test results is full";
            unavailable(error_code::QUEUE_FULL, description, *retry_after)
        }
        FaultKind::RequestLimit { retry_after } => {
            let description = "the request limit for test results is reached";
            unavailable(error_code::REQUEST_LIMIT, description, *retry_after)
        }
        FaultKind::Delay { delay } => {
            let start = state.clock.now();
            let response = next.run(request).await;
            let rest = delay.saturating_sub(state.clock.since(start));
            state.clock.sleep(rest).await;
            response
        }
        FaultKind::SlowBody { bytes_per_second } => {
            fault_body::slow(next.run(request).await, &state.clock, *bytes_per_second).await
        }
        FaultKind::TruncatedBody { bytes } => fault_body::truncated(next.run(request).await, *bytes).await,
        FaultKind::ResetAfter {} => {
            next.run(request).await;
            reset()
        }
        FaultKind::SessionExpired { expiry } => {
            if let Some(token) = auth::token(request.headers()) {
                state.sessions.expire(token, *expiry);
            }
            ApiError::SessionExpired(expiry.code()).into_response()
        }
        FaultKind::ResetBefore {}
        // Faults of tasks were handled above.
        | FaultKind::TaskSlow { .. }
        | FaultKind::TaskFailed {}
        | FaultKind::TaskError {}
        | FaultKind::TaskStuck {} => reset(),
    }
}

/// Accepts a payload, and records what will happen to its task.
async fn with_task_fault(
    state: &AppState,
    fault: TaskFault,
    request: Request,
    next: Next,
) -> Response {
    let incoming = state.faults.expect_payload();
    let (parts, bytes) = fault_body::whole(next.run(request).await).await;
    if let Some(task) = task_id(&bytes) {
        incoming.assign(task, fault);
    }
    Response::from_parts(parts.into_parts().0, bytes.into())
}

/// The task ID in the response to a new payload; a number or text.
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
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => error_code::NOT_AUTHORIZED,
        StatusCode::TOO_MANY_REQUESTS => own_code::THROTTLED,
        status if status.is_server_error() => own_code::GENERAL,
        _ => own_code::WEB,
    }
}

fn unavailable(code: &str, description: &str, retry_after: Option<Duration>) -> Response {
    rejection(
        StatusCode::SERVICE_UNAVAILABLE,
        code,
        description,
        retry_after,
    )
}

fn rejection(
    status: StatusCode,
    code: &str,
    description: &str,
    retry_after: Option<Duration>,
) -> Response {
    let problem = Problem::new(code, description);
    let mut response = ApiError::new(status, problem).into_response();
    if let Some(time) = retry_after {
        // The header holds whole seconds; rounding down would be too early.
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
