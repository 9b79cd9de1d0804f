//! Test results: accepted here, ingested later.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use octane_model::{Problem, Task, code};
use octane_results::{Build, Payload};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::body;
use super::parameters::Parameters;
use crate::error::{ApiError, json_response, own_code};
use crate::payload;
use crate::server::Shared;
use crate::settings::{DuplicateStatus, Results};
use crate::store::tasks::{Acceptance, Submission};
use crate::store::{blocking, tasks};

/// Checks a payload and puts it into the queue. What is acknowledged is in the database.
pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let skip_errors = parameters.is_true("skip-errors")?;
    take(shared, &headers, body, skip_errors, |_| Ok(None)).await
}

/// The same for a sender that may name the build beside the payload, which `build_of` finds out.
pub(super) async fn take(
    shared: Arc<Shared>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    skip_errors: bool,
    build_of: impl FnOnce(&Payload) -> Result<Option<Build>, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    if media_type(headers) != "application/xml" {
        let description = "`Content-Type` must be `application/xml`";
        let problem = Problem::new(own_code::WEB, description);
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    let is_packed = is_packed(headers)?;
    let body = body::bytes(&shared, body)?;
    let worker = Arc::clone(&shared);
    let acceptance = blocking(move || {
        let settings = &worker.settings;
        let unpacked;
        let xml: &[u8] = if is_packed {
            unpacked = payload::inflate(&body, settings.limits.inflated_bytes_max)?;
            &unpacked
        } else {
            &body
        };
        let payload = payload::read(xml, settings.results.leniency())?;
        check_run_count(&settings.results, &payload)?;
        let build = build_of(&payload)?;
        let submission = Submission {
            digest: &digest(xml, build.as_ref()),
            skip_errors,
            build: build.as_ref(),
            payload: xml,
        };
        worker
            .store
            .write_now(|writer| tasks::accept(writer, &settings.results, &submission))
    })
    .await?;
    shared.worker.wake();
    Ok(acknowledged(&shared, acceptance))
}

/// What makes a payload the same: its bytes, and the build that is named beside it.
fn digest(xml: &[u8], build: Option<&Build>) -> Vec<u8> {
    let mut digest = Sha256::new_with_prefix(xml);
    if let Some(build) = build {
        for id in [&build.server_id, &build.job_id, &build.build_id] {
            // No XML has this byte, so it ends the payload.
            digest.update([0]);
            digest.update(id);
        }
    }
    digest.finalize().to_vec()
}

fn check_run_count(settings: &Results, payload: &Payload) -> Result<(), ApiError> {
    let runs_max = settings.payload_runs_max.unwrap_or(usize::MAX);
    let runs = payload::run_count(payload);
    if runs <= runs_max {
        return Ok(());
    }
    let description = format!(
        "the payload has {runs} runs and at most {runs_max} are taken; send it in smaller ones"
    );
    Err(ApiError::bad_request(
        own_code::INVALID_PAYLOAD,
        description,
    ))
}

fn acknowledged(shared: &Shared, acceptance: Acceptance) -> Response {
    let settings = &shared.settings.results;
    let (code, description, wait_s) = match acceptance {
        Acceptance::New(task) => {
            return json_response(StatusCode::ACCEPTED, &to_json(settings, &task));
        }
        Acceptance::Known(task) => {
            let status = match settings.duplicate_status {
                DuplicateStatus::Accepted => StatusCode::ACCEPTED,
                DuplicateStatus::Ok => StatusCode::OK,
            };
            return json_response(status, &to_json(settings, &task));
        }
        Acceptance::QueueFull { queue_max } => (
            code::QUEUE_FULL,
            format!("{queue_max} payloads wait already; send this one later"),
            1,
        ),
        Acceptance::TooMany { payloads_max, wait } => (
            code::REQUEST_LIMIT,
            format!("{payloads_max} payloads were taken within an hour; send this one later"),
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
        ),
    };
    let problem = Problem::new(code, description);
    let mut response = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, problem).into_response();
    if shared.settings.limits.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    }
    response
}

/// A task, with the id as the settings want it.
fn to_json(settings: &Results, task: &Task) -> Value {
    let mut json = serde_json::to_value(task).unwrap_or_default();
    if settings.task_id_as_text {
        json["id"] = task.id.to_string().into();
    }
    json
}

/// The help names the encoding `application/gzip`, vendor clients send `gzip`.
fn is_packed(headers: &HeaderMap) -> Result<bool, ApiError> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding
        .map_or("", |value| value.to_str().unwrap_or("?"))
        .trim();
    match encoding.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" | "application/gzip" => Ok(true),
        _ => {
            let description = format!("`Content-Encoding` is `{encoding}`, not `gzip`");
            let problem = Problem::new(own_code::WEB, description);
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem))
        }
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let before = value
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    before.trim().to_ascii_lowercase()
}

/// The schema that payloads are checked against.
pub(super) async fn xsd() -> Response {
    let schema = octane_results::test_results_xsd();
    ([(header::CONTENT_TYPE, "application/xml")], schema).into_response()
}

pub(super) async fn task(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let id = path.get("id").cloned().unwrap_or_default();
    let number = id.parse::<i64>().unwrap_or(-1);
    let task: Option<Task> = shared
        .store
        .read(move |reader| tasks::find(reader.connection, number))
        .await?;
    let task = task.ok_or_else(|| not_found(&id))?;
    let json = to_json(&shared.settings.results, &task);
    Ok(json_response(StatusCode::OK, &json))
}

/// The log at the public address, which the settings may take away.
pub(super) async fn public_log(
    shared: State<Arc<Shared>>,
    uri: Uri,
    path: Path<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    if shared.settings.results.task_log {
        log(shared, path).await
    } else {
        Err(ApiError::unknown_address(uri.path()))
    }
}

pub(super) async fn log(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let id = path.get("id").cloned().unwrap_or_default();
    let number = id.parse::<i64>().unwrap_or(-1);
    let log = shared
        .store
        .read(move |reader| tasks::log(reader.connection, number))
        .await?;
    let log = log.ok_or_else(|| not_found(&id))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], log).into_response())
}

fn not_found(id: &str) -> ApiError {
    let description = format!("no QueueItem has the id `{id}`");
    let problem = Problem::new(code::TASK_NOT_FOUND, description).with("id", id);
    ApiError::new(StatusCode::NOT_FOUND, problem)
}
