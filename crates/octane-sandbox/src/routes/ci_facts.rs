//! What CI servers send that the sandbox keeps as it came, and shows at `/_sandbox/facts`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use super::body::{self, Body};
use super::ci_builds::named_build;
use super::parameters::Parameters;
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;
use crate::store::ci::RawFact;

/// So many facts are shown unless `limit` says otherwise.
const LIMIT_DEFAULT: u32 = 100;

/// Takes the code coverage of a build.
pub(super) async fn coverage(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let names = ["ci-server-identity", "ci-job-id", "ci-build-id"];
    let (server, build) = named_build(&parameters, names)?;
    let fact = fact(&state, "coverage", &headers, &parameters, body)?;
    let unknown = state.settings.results.unknown_ci_server;
    state
        .store
        .write(move |writer| {
            let server = writer.reporting_server(&server, unknown)?;
            writer.report_build(server, &build)?;
            writer.keep_fact(&fact)
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

pub(super) async fn pull_requests(
    state: State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    keep(state, "pull-requests", headers, parameters, body).await
}

pub(super) async fn branches(
    state: State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    keep(state, "branches", headers, parameters, body).await
}

pub(super) async fn vulnerabilities(
    state: State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    keep(state, "vulnerabilities", headers, parameters, body).await
}

async fn keep(
    State(state): State<Arc<AppState>>,
    kind: &'static str,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let fact = fact(&state, kind, &headers, &parameters, body)?;
    state
        .store
        .write(move |writer| writer.keep_fact(&fact))
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

fn fact(
    state: &AppState,
    kind: &'static str,
    headers: &HeaderMap,
    parameters: &Parameters,
    body: Body,
) -> Result<RawFact, ApiError> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let about: Map<String, Value> = parameters
        .all()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Ok(RawFact {
        kind,
        about: about.into(),
        media_type: media_type.unwrap_or_default().to_owned(),
        body: body::bytes(state, body)?.to_vec(),
    })
}

/// The kept facts, the newest first.
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let kind = parameters.get("kind").map(str::to_owned);
    let limit = match parameters.get("limit") {
        None => LIMIT_DEFAULT,
        Some(text) => text.parse().map_err(|_| {
            let description = format!("`limit` is `{text}`, not a whole number");
            ApiError::bad_request(own_code::BAD_REQUEST, description)
        })?,
    };
    let facts = state
        .store
        .read(move |reader| reader.facts(kind.as_deref(), limit))
        .await?;
    Ok(json_response(StatusCode::OK, &json!({ "facts": facts })))
}
