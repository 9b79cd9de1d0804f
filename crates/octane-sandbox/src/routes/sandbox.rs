//! The sandbox's own URLs, and the version that it claims to be.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::body;
use crate::error::{ApiError, json_response, own_code};
use crate::fault::{Expiry, Fault};
use crate::requests::Filter;
use crate::settings::duration;
use crate::state::AppState;
use crate::store::tasks;

type Answer = Result<Response, ApiError>;
type Body = Result<Bytes, BytesRejection>;

/// The version of Octane whose behaviour the sandbox follows, as far as it is known.
pub(super) const VERSION: &str = "25.1.4";

/// The version, in the words of the product.
pub(super) async fn version() -> Response {
    let body = json!({
        "version": VERSION,
        // Some clients cannot read two parts.
        "display_version": format!("{VERSION}.1"),
        "build_number": "1",
        "build_revision": concat!("octane-sandbox-", env!("CARGO_PKG_VERSION")),
        "build_date": "2025-02-11 09:42",
    });
    json_response(StatusCode::OK, &body)
}

pub(super) async fn health(State(state): State<Arc<AppState>>) -> Answer {
    let waiting = state
        .store
        .read(|reader| tasks::waiting_count(reader.connection))
        .await?;
    Ok(ok(&json!({
        "status": "up",
        "version": env!("CARGO_PKG_VERSION"),
        "tasks_waiting": waiting,
        "space": state.settings.space,
        "workspace": state.settings.workspace,
    })))
}

/// Restores the initial data, with sample data if the settings say so, and drops recorded requests and added
/// faults. Sessions stay.
pub(super) async fn reset(State(state): State<Arc<AppState>>) -> Answer {
    state.reset().await?;
    Ok(ok(&json!({ "status": "reset" })))
}

/// The effective settings; secrets are masked.
pub(super) async fn settings(State(state): State<Arc<AppState>>) -> Response {
    ok(&state.settings)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

pub(super) async fn snapshots(State(state): State<Arc<AppState>>) -> Response {
    ok(&json!({ "snapshots": state.store.snapshot_names() }))
}

pub(super) async fn snapshot(State(state): State<Arc<AppState>>, body: Body) -> Answer {
    let Name { name } = read(body, "{\"name\":\"…\"}")?;
    state.snapshot(name.clone()).await?;
    Ok(json_response(
        StatusCode::CREATED,
        &json!({ "snapshot": name }),
    ))
}

pub(super) async fn restore(State(state): State<Arc<AppState>>, body: Body) -> Answer {
    let Name { name } = read(body, "{\"name\":\"…\"}")?;
    state.restore(name.clone()).await?;
    Ok(ok(&json!({ "restored": name })))
}

pub(super) async fn clock(State(state): State<Arc<AppState>>) -> Response {
    let clock = &state.clock;
    ok(&json!({ "now": clock.now().to_string(), "is_paused": clock.is_paused() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(with = "duration")]
    advance: Duration,
}

pub(super) async fn advance(State(state): State<Arc<AppState>>, body: Body) -> Answer {
    let Advance { advance } = read(body, "{\"advance\":\"10m\"}")?;
    state.clock.advance(advance);
    Ok(clock(State(state)).await)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Expire {
    #[serde(default)]
    expiry: Expiry,
}

/// Ends all sessions; the body may say which lifetime expired.
pub(super) async fn expire_sessions(State(state): State<Arc<AppState>>, body: Body) -> Answer {
    let Expire { expiry } = match body {
        Ok(body) if body.is_empty() => Expire::default(),
        body => read(body, "{\"expiry\":\"idle\"}")?,
    };
    let expired = state.sessions.expire_all(expiry);
    Ok(ok(&json!({ "expired": expired })))
}

pub(super) async fn faults(State(state): State<Arc<AppState>>) -> Response {
    let faults = &state.faults;
    ok(&json!({ "seed": faults.seed(), "faults": faults.list() }))
}

pub(super) async fn add_fault(State(state): State<Arc<AppState>>, body: Body) -> Answer {
    let fault: Fault = read(body, "{\"kind\":\"status\",\"status\":503,\"times\":2}")?;
    let id = state.faults.add(fault).ok_or_else(|| {
        let description = "too many pending faults; send `DELETE /_sandbox/faults` first";
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })?;
    Ok(json_response(StatusCode::CREATED, &json!({ "id": id })))
}

pub(super) async fn clear_faults(State(state): State<Arc<AppState>>) -> Response {
    state.faults.clear();
    faults(State(state)).await
}

pub(super) async fn remove_fault(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Answer {
    let is_removed = id.parse().is_ok_and(|id| state.faults.remove(id));
    if !is_removed {
        return Err(ApiError::entity_not_found("fault", &id));
    }
    Ok(faults(State(state)).await)
}

/// Which requests to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogQuery {
    method: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    faulted: Option<bool>,
    after: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn requests(
    State(state): State<Arc<AppState>>,
    wanted: Result<Query<LogQuery>, QueryRejection>,
) -> Answer {
    let Query(wanted) = wanted
        .map_err(|rejection| ApiError::bad_request(own_code::BAD_REQUEST, rejection.body_text()))?;
    let filter = Filter {
        method: wanted.method,
        path: wanted.path,
        status: wanted.status,
        is_faulted: wanted.faulted,
        after: wanted.after,
    };
    let count = wanted.limit.unwrap_or(usize::MAX);
    let requests = state.requests.list(&filter, count);
    Ok(ok(&json!({ "requests": requests })))
}

pub(super) async fn clear_requests(State(state): State<Arc<AppState>>) -> Response {
    state.requests.clear();
    ok(&json!({ "requests": [] }))
}

fn ok(body: &impl serde::Serialize) -> Response {
    json_response(StatusCode::OK, body)
}

fn read<T: DeserializeOwned>(body: Body, example: &str) -> Result<T, ApiError> {
    let body = body::open_bytes(body)?;
    serde_json::from_slice(&body).map_err(|error| {
        let description = format!("the body must look like `{example}`: {error}");
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })
}
