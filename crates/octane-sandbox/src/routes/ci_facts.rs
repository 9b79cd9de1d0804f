//! What CI servers send that the sandbox keeps as it came, and shows at `/_sandbox/facts`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use super::body::{self, Body};
use super::ci_builds::named_build;
use super::parameters::Parameters;
use crate::ci_report::PullRequest;
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;
use crate::store::blocking;
use crate::store::ci::RawFact;

/// How parameters name a build.
const BUILD: [&str; 3] = ["instance-id", "job-ci-id", "build-ci-id"];

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

/// Takes pull requests, which become entities with their repositories, branches and commits.
pub(super) async fn pull_requests(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let fact = fact(&state, "pull-requests", &headers, &parameters, body)?;
    let requests: Vec<PullRequest> = serde_json::from_slice(&fact.body).map_err(|error| {
        let description = format!("the body is not a list of pull requests: {error}");
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })?;
    state
        .store
        .write(move |writer| {
            writer.keep_fact(&fact)?;
            requests
                .iter()
                .try_for_each(|request| writer.report_pull_request(request))
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

pub(super) async fn branches(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let fact = fact(&state, "branches", &headers, &parameters, body)?;
    state
        .store
        .write(move |writer| writer.keep_fact(&fact))
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

/// Takes the vulnerabilities that a security tool found in a build.
pub(super) async fn vulnerabilities(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    named_build(&parameters, BUILD)?;
    let fact = fact(&state, "vulnerabilities", &headers, &parameters, body)?;
    let id = state
        .store
        .write(move |writer| writer.keep_fact(&fact))
        .await?;
    let body = json!({ "id": id, "status": "queued" });
    Ok(json_response(StatusCode::ACCEPTED, &body))
}

/// Whether the vulnerabilities of a job are wanted: since when, if a pipeline has the job, and nothing otherwise.
pub(super) async fn vulnerabilities_preflight(
    State(state): State<Arc<AppState>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let (server, build) = named_build(&parameters, BUILD)?;
    let job = build.job_ci_id;
    let since = state
        .store
        .read(move |reader| reader.job_in_pipelines_since(&server, job.as_deref()))
        .await?;
    let headers = [(header::CONTENT_TYPE, "text/plain")];
    Ok((headers, since.unwrap_or_default()).into_response())
}

/// The IDs of the open issues that a tool has reported of a job, without those that it reported as closed since.
pub(super) async fn remote_issue_ids(
    State(state): State<Arc<AppState>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let (server, build) = named_build(&parameters, BUILD)?;
    let job = build.job_ci_id.unwrap_or_default();
    let state_wanted = parameters.get("state").unwrap_or("open").to_owned();
    let tag = parameters.get("remote-tag").map(str::to_owned);
    let store = Arc::clone(&state.store);
    // Reports may be large.
    let ids = blocking(move || {
        let reports = store.read_now(|reader| reader.vulnerabilities_of(&server, &job))?;
        Ok(issue_ids(&reports, &state_wanted, tag.as_deref()))
    })
    .await?;
    Ok(json_response(StatusCode::OK, &ids))
}

/// The IDs of issues in reports, the oldest first; the latest report of an issue says whether it is closed.
///
/// | asked for | |
/// | --- | --- |
/// | `open` | every state but closed |
/// | `closed` | closed |
fn issue_ids(reports: &[Value], state: &str, tag: Option<&str>) -> Vec<String> {
    // The position of the latest report of each issue, and whether it is closed.
    let mut known: HashMap<&str, (usize, bool)> = HashMap::new();
    let issues = reports
        .iter()
        .flat_map(|report| report["data"].as_array().into_iter().flatten());
    for (position, issue) in issues.enumerate() {
        let Some(id) = issue["remote_id"].as_str() else {
            continue;
        };
        if tag.is_some_and(|tag| issue["remote_tag"].as_str().is_some_and(|own| own != tag)) {
            continue;
        }
        let of_issue = issue["state"]["id"].as_str().unwrap_or_default();
        let is_closed = of_issue.ends_with(".closed");
        known.insert(id, (position, is_closed));
    }
    let wants_closed = state.eq_ignore_ascii_case("closed");
    let mut wanted: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|(_, (_, is_closed))| *is_closed == wants_closed)
        .map(|(id, (position, _))| (position, id))
        .collect();
    wanted.sort_unstable();
    wanted.into_iter().map(|(_, id)| id.to_owned()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_report_says_whether_an_issue_is_open() {
        let issue = |id: &str, state: &str, tag: &str| {
            json!({ "remote_id": id, "remote_tag": tag,
                "state": { "type": "list_node", "id": format!("list_node.issue_state_node.{state}") } })
        };
        let reports = [
            json!({ "data": [issue("1", "new", "a"), issue("2", "new", "a"), issue("3", "existing", "b")] }),
            json!({ "data": [issue("2", "closed", "a"), { "remote_id": null }] }),
            json!("not a report"),
        ];
        for (state, tag, ids) in [
            ("open", None, vec!["1", "3"]),
            ("open", Some("a"), vec!["1"]),
            ("closed", Some("a"), vec!["2"]),
            ("open", Some("c"), vec![]),
        ] {
            assert_eq!(issue_ids(&reports, state, tag), ids, "{state} {tag:?}");
        }
    }
}
