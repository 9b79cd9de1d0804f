//! Test results: accepted here, ingested later.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_model::{Problem, Task, code};
use sha2::{Digest, Sha256};

use super::body;
use super::parameters::Parameters;
use crate::error::{ApiError, json_response, own_code};
use crate::payload;
use crate::server::Shared;
use crate::store::{blocking, tasks};

/// Checks a payload and puts it into the queue. What is acknowledged is in the database.
pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    if media_type(&headers) != "application/xml" {
        let description = "`Content-Type` must be `application/xml`";
        let problem = Problem::new(own_code::WEB, description);
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    let is_packed = is_packed(&headers)?;
    let body = body::bytes(&shared, body)?;
    let skip_errors = parameters.is_true("skip-errors");
    let worker = Arc::clone(&shared);
    let task = blocking(move || {
        let settings = &worker.settings;
        let unpacked;
        let xml: &[u8] = if is_packed {
            unpacked = payload::inflate(&body, settings.limits.inflated_bytes_max)?;
            &unpacked
        } else {
            &body
        };
        payload::read(xml, worker.leniency())?;
        let digest = Sha256::digest(xml);
        worker
            .store
            .write_now(|writer| tasks::accept(writer, &digest, skip_errors, xml))
    })
    .await?;
    shared.worker.wake();
    Ok(json_response(StatusCode::ACCEPTED, &task))
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
    Ok(json_response(StatusCode::OK, &task))
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
