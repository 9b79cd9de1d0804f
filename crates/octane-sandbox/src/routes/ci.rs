//! The private URLs through which CI plug-ins send results.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_results::{Build, Payload};
use serde_json::json;

use super::parameters::Parameters;
use super::sandbox::VERSION;
use super::test_results;
use crate::base64;
use crate::error::{ApiError, json_response, own_code};
use crate::settings::OnUnknown;
use crate::state::AppState;
use crate::store::results::has_ci_server;

/// Accepts a payload whose build is in the URL.
pub(super) async fn submit(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let skip_errors = parameters.is_true("skip-errors")?;
    let build_of = move |payload: &Payload| build(&parameters, payload).map(Some);
    test_results::take(state, &headers, body, skip_errors, build_of).await
}

/// The build in the URL. Servers before version 15.1.60 took it from the payload, so what the URL lacks is
/// looked up there.
fn build(parameters: &Parameters, payload: &Payload) -> Result<Build, ApiError> {
    let in_payload = payload.context.build.as_ref();
    let either = |name: &str, fallback: Option<&String>, value: Option<String>| {
        let missing = || {
            let description =
                format!("the parameter `{name}` is missing, and the payload has no `build`");
            ApiError::bad_request(own_code::BAD_REQUEST, description)
        };
        value
            .filter(|value| !value.is_empty())
            .or_else(|| fallback.cloned())
            .ok_or_else(missing)
    };
    let server = parameters.get("instance-id").map(str::to_owned);
    Ok(Build {
        server_id: either(
            "instance-id",
            in_payload.map(|build| &build.server_id),
            server,
        )?,
        job_id: either(
            "job-ci-id",
            in_payload.map(|build| &build.job_id),
            plain(parameters, "job-ci-id", parameters.get("job-ci-id"))?,
        )?,
        build_id: either(
            "build-ci-id",
            in_payload.map(|build| &build.build_id),
            // Newer plug-ins encode the job alone.
            parameters.get("build-ci-id").map(str::to_owned),
        )?,
        ..Build::default()
    })
}

/// A value that is base64 if a parameter says so.
pub(super) fn plain(
    parameters: &Parameters,
    name: &str,
    value: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let is_encoded =
        parameters.get("ci-job-encoding") == Some("base64") || parameters.is_true("isBase64")?;
    let Some(value) = value.filter(|_| is_encoded) else {
        return Ok(value.map(str::to_owned));
    };
    let decoded = base64::decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
    let invalid = || {
        let description = format!("`{name}` is `{value}`, which is not base64-encoded UTF-8 text");
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    };
    decoded.map(Some).ok_or_else(invalid)
}

/// What a plug-in asks for before it connects.
pub(super) async fn connectivity() -> Response {
    let body = json!({ "octaneVersion": VERSION, "supportedSdkVersion": "2.0" });
    json_response(StatusCode::OK, &body)
}

/// Whether the results of a job are wanted: those of a CI server that exists or would be created.
pub(super) async fn preflight(
    State(state): State<Arc<AppState>>,
    Path(path): Path<HashMap<String, String>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    plain(&parameters, "job", path.get("job").map(String::as_str))?;
    let server = path.get("server").cloned().unwrap_or_default();
    let is_known = state
        .store
        .read(move |reader| has_ci_server(reader, &server))
        .await?;
    let is_wanted = is_known || state.settings.results.unknown_ci_server == OnUnknown::Create;
    let headers = [(header::CONTENT_TYPE, "text/plain")];
    Ok((headers, is_wanted.to_string()).into_response())
}
