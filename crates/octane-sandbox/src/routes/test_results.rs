//! Test results: accepted here, ingested later.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use octane_model::{Problem, Task, error_code};
use octane_results::{Build, Payload};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::body;
use super::encoding::is_packed;
use super::negotiation::media_type;
use super::parameters::Parameters;
use crate::error::{ApiError, json_response, own_code};
use crate::payload;
use crate::settings::{DuplicateStatus, ResultSettings};
use crate::state::AppState;
use crate::store::tasks::{Acceptance, Submission};
use crate::store::{blocking, tasks};

/// Validates a payload and puts it into the queue. An acknowledged payload is in the database.
pub(super) async fn submit(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let skip_errors = parameters.is_true("skip-errors")?;
    take(state, &headers, body, skip_errors, |_| Ok(None)).await
}

/// The same for a sender that may name the build separately; `build_of` determines it.
pub(super) async fn take(
    state: Arc<AppState>,
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
    let body = body::bytes(&state, body)?;
    let worker = Arc::clone(&state);
    let unpacking = Arc::clone(&state.unpacking).acquire_owned().await;
    let acceptance = blocking(move || {
        // Until the end, even if the client goes away.
        let _unpacking = unpacking;
        let settings = &worker.settings;
        let unpacked;
        let xml: &[u8] = if is_packed {
            unpacked = payload::inflate(&body, settings.limits.inflated_bytes_max)?;
            &unpacked
        } else {
            &body
        };
        payload::check_size(xml, settings.limits.payload_elements_max)?;
        let payload = payload::read(xml, settings.results.payload_schema())?;
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
    state.worker.wake();
    Ok(acknowledged(&state, acceptance))
}

/// The identity of a payload: its bytes, and the build that is named separately.
fn digest(xml: &[u8], build: Option<&Build>) -> Vec<u8> {
    let mut digest = Sha256::new_with_prefix(xml);
    if let Some(build) = build {
        for id in [&build.server_id, &build.job_id, &build.build_id] {
            // XML never contains this byte, so it marks the end of the payload.
            digest.update([0]);
            digest.update(id);
        }
    }
    digest.finalize().to_vec()
}

fn check_run_count(settings: &ResultSettings, payload: &Payload) -> Result<(), ApiError> {
    let runs_max = settings.payload_runs_max.unwrap_or(usize::MAX);
    let runs = payload::run_count(payload);
    if runs <= runs_max {
        return Ok(());
    }
    let description = format!(
        "the payload has {runs} runs; the limit is {runs_max}; split it into smaller payloads"
    );
    Err(ApiError::bad_request(
        own_code::INVALID_PAYLOAD,
        description,
    ))
}

fn acknowledged(state: &AppState, acceptance: Acceptance) -> Response {
    let settings = &state.settings.results;
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
            error_code::QUEUE_FULL,
            format!("the queue is full ({queue_max} payloads); try again later"),
            1,
        ),
        Acceptance::TooMany { payloads_max, wait } => (
            error_code::REQUEST_LIMIT,
            format!("the limit of {payloads_max} payloads per hour is reached; try again later"),
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
        ),
    };
    let problem = Problem::new(code, description);
    let mut response = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, problem).into_response();
    if state.settings.limits.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    }
    response
}

/// A task, with the ID in the format of the settings.
fn to_json(settings: &ResultSettings, task: &Task) -> Value {
    let mut json = serde_json::to_value(task).unwrap_or_default();
    if settings.task_id_as_text {
        json["id"] = task.id.to_string().into();
    }
    json
}

/// The schema that payloads are validated against.
pub(super) async fn xsd() -> Response {
    let schema = octane_results::test_results_xsd();
    ([(header::CONTENT_TYPE, "application/xml")], schema).into_response()
}

pub(super) async fn task(
    State(state): State<Arc<AppState>>,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let id = path.get("id").cloned().unwrap_or_default();
    let number = id.parse::<i64>().unwrap_or(-1);
    let task: Option<Task> = state
        .store
        .read(move |reader| tasks::find(reader.connection, number))
        .await?;
    let task = task.ok_or_else(|| not_found(&id))?;
    let json = to_json(&state.settings.results, &task);
    Ok(json_response(StatusCode::OK, &json))
}

/// The log at the public URL, which the settings may disable.
pub(super) async fn public_log(
    state: State<Arc<AppState>>,
    uri: Uri,
    path: Path<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    if state.settings.results.task_log {
        log(state, path).await
    } else {
        Err(ApiError::unknown_address(uri.path()))
    }
}

pub(super) async fn log(
    State(state): State<Arc<AppState>>,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let id = path.get("id").cloned().unwrap_or_default();
    let number = id.parse::<i64>().unwrap_or(-1);
    let log = state
        .store
        .read(move |reader| tasks::log(reader.connection, number))
        .await?;
    let log = log.ok_or_else(|| not_found(&id))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], log).into_response())
}

fn not_found(id: &str) -> ApiError {
    let description = format!("there is no QueueItem with the ID `{id}`");
    let problem = Problem::new(error_code::TASK_NOT_FOUND, description).with("id", id);
    ApiError::new(StatusCode::NOT_FOUND, problem)
}
