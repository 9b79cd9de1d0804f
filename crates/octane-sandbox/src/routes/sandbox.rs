//! The sandbox's own addresses, and the version that it claims to be.

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
use crate::server::Shared;
use crate::settings::duration;
use crate::store::tasks;

type Answer = Result<Response, ApiError>;
type Body = Result<Bytes, BytesRejection>;

/// The version of Octane whose behaviour the sandbox follows as far as it is known.
pub(super) async fn version() -> Response {
    let body = json!({
        "version": "25.1.4",
        "display_version": "25.1",
        "build_number": "1",
        "build_revision": concat!("octane-sandbox-", env!("CARGO_PKG_VERSION")),
        "build_date": "2025-02-11 09:42",
    });
    json_response(StatusCode::OK, &body)
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Answer {
    let waiting = shared
        .store
        .read(|reader| tasks::waiting_count(reader.connection))
        .await?;
    Ok(ok(&json!({
        "status": "up",
        "version": env!("CARGO_PKG_VERSION"),
        "tasks_waiting": waiting,
        "space": shared.settings.space,
        "workspace": shared.settings.workspace,
    })))
}

/// Forgets all data, requests and added faults, and begins anew, with sample data if the settings say so.
/// Sessions stay.
pub(super) async fn reset(State(shared): State<Arc<Shared>>) -> Answer {
    shared.reset().await?;
    Ok(ok(&json!({ "status": "reset" })))
}

/// The settings as they are in effect; secrets are stars.
pub(super) async fn settings(State(shared): State<Arc<Shared>>) -> Response {
    ok(&shared.settings)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

pub(super) async fn snapshots(State(shared): State<Arc<Shared>>) -> Response {
    ok(&json!({ "snapshots": shared.store.snapshot_names() }))
}

pub(super) async fn snapshot(State(shared): State<Arc<Shared>>, body: Body) -> Answer {
    let Name { name } = read(&shared, body, "{\"name\":\"…\"}")?;
    shared.snapshot(name.clone()).await?;
    Ok(json_response(
        StatusCode::CREATED,
        &json!({ "snapshot": name }),
    ))
}

pub(super) async fn restore(State(shared): State<Arc<Shared>>, body: Body) -> Answer {
    let Name { name } = read(&shared, body, "{\"name\":\"…\"}")?;
    shared.restore(name.clone()).await?;
    Ok(ok(&json!({ "restored": name })))
}

pub(super) async fn clock(State(shared): State<Arc<Shared>>) -> Response {
    let clock = &shared.clock;
    ok(&json!({ "now": clock.now().to_string(), "is_paused": clock.is_paused() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(with = "duration")]
    advance: Duration,
}

pub(super) async fn advance(State(shared): State<Arc<Shared>>, body: Body) -> Answer {
    let Advance { advance } = read(&shared, body, "{\"advance\":\"10m\"}")?;
    shared.clock.advance(advance);
    Ok(clock(State(shared)).await)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Expire {
    #[serde(default)]
    expiry: Expiry,
}

/// Ends all sessions; which limit was reached stands in the body, if there is one.
pub(super) async fn expire_sessions(State(shared): State<Arc<Shared>>, body: Body) -> Answer {
    let Expire { expiry } = match body {
        Ok(body) if body.is_empty() => Expire::default(),
        body => read(&shared, body, "{\"expiry\":\"idle\"}")?,
    };
    let expired = shared.sessions.expire_all(expiry);
    Ok(ok(&json!({ "expired": expired })))
}

pub(super) async fn faults(State(shared): State<Arc<Shared>>) -> Response {
    let faults = &shared.faults;
    ok(&json!({ "seed": faults.seed(), "faults": faults.list() }))
}

pub(super) async fn add_fault(State(shared): State<Arc<Shared>>, body: Body) -> Answer {
    let fault: Fault = read(
        &shared,
        body,
        "{\"kind\":\"status\",\"status\":503,\"times\":2}",
    )?;
    let id = shared.faults.add(fault).ok_or_else(|| {
        let description = "too many faults wait; delete `/_sandbox/faults` first";
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })?;
    Ok(json_response(StatusCode::CREATED, &json!({ "id": id })))
}

pub(super) async fn clear_faults(State(shared): State<Arc<Shared>>) -> Response {
    shared.faults.clear();
    faults(State(shared)).await
}

pub(super) async fn remove_fault(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Answer {
    let is_removed = id.parse().is_ok_and(|id| shared.faults.remove(id));
    if !is_removed {
        return Err(ApiError::entity_not_found("fault", &id));
    }
    Ok(faults(State(shared)).await)
}

/// Which requests to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    method: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    faulted: Option<bool>,
    after: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn requests(
    State(shared): State<Arc<Shared>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
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
    let requests = shared.requests.list(&filter, count);
    Ok(ok(&json!({ "requests": requests })))
}

pub(super) async fn clear_requests(State(shared): State<Arc<Shared>>) -> Response {
    shared.requests.clear();
    ok(&json!({ "requests": [] }))
}

fn ok(body: &impl serde::Serialize) -> Response {
    json_response(StatusCode::OK, body)
}

fn read<T: DeserializeOwned>(shared: &Shared, body: Body, example: &str) -> Result<T, ApiError> {
    let body = body::bytes(shared, body)?;
    serde_json::from_slice(&body).map_err(|error| {
        let description = format!("the body must be like `{example}`: {error}");
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })
}
