//! Builds, events and commits that CI servers report.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use octane_model::Page;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::body::{self, Body};
use super::ci::plain;
use super::parameters::Parameters;
use crate::ci_report::{BuildReport, EventList, Meaning, ScmData};
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;

/// Reports builds without a plug-in: one, or several in `data`.
pub(super) async fn report(
    State(state): State<Arc<AppState>>,
    method: Method,
    body: Body,
) -> Result<Response, ApiError> {
    let sent: Value = read(&body::bytes(&state, body)?)?;
    let (items, is_list) = match sent.get("data") {
        Some(Value::Array(items)) => (items.clone(), true),
        _ => (vec![sent], false),
    };
    let reports: Vec<BuildReport> = items
        .iter()
        .map(|item| parse(item.clone()))
        .collect::<Result<_, _>>()?;
    let unknown = state.settings.results.unknown_ci_server;
    let builds = state
        .store
        .write(move |writer| {
            let mut builds = Vec::new();
            for report in &reports {
                let server = report.server_ci_id.as_deref().ok_or_else(|| {
                    let description = "the build needs `serverCiId`";
                    ApiError::bad_request(own_code::BAD_REQUEST, description)
                })?;
                let server = writer.reporting_server(server, unknown)?;
                builds.push(writer.report_build(server, report)?);
            }
            Ok(builds)
        })
        .await?;
    let status = if method == Method::POST {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let answer = items.into_iter().zip(builds).map(|(mut item, build)| {
        item["type"] = "ci_build".into();
        item["id"] = build.to_string().into();
        item
    });
    let mut answer: Vec<Value> = answer.collect();
    if is_list || method == Method::POST {
        let count = answer.len() as u64;
        return Ok(json_response(status, &Page::new(answer, count)));
    }
    Ok(json_response(status, &answer.pop().unwrap_or_default()))
}

/// Takes the events of a CI server.
pub(super) async fn events(
    State(state): State<Arc<AppState>>,
    body: Body,
) -> Result<Response, ApiError> {
    let list: EventList = read(&body::bytes(&state, body)?)?;
    let instance_id = list.server.instance_id.clone().ok_or_else(|| {
        let description = "`server` needs an `instanceId`";
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })?;
    let unknown = state.settings.results.unknown_ci_server;
    state
        .store
        .write(move |writer| {
            let server = writer.reporting_server(&instance_id, unknown)?;
            writer.describe_server(server, &list.server)?;
            for event in list.events {
                match event.meaning() {
                    Meaning::Build(build) => {
                        writer.report_build(server, &build)?;
                    }
                    Meaning::Renamed { from, to } => writer.rename_job(server, &from, &to)?,
                    Meaning::Nothing => {}
                }
            }
            Ok(())
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

/// Takes the commits of a build that the URL names.
pub(super) async fn commits(
    State(state): State<Arc<AppState>>,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let sent: Value = read(&body::bytes(&state, body)?)?;
    let all: Vec<ScmData> = match sent {
        Value::Array(items) => items.into_iter().map(parse).collect::<Result<_, _>>()?,
        one => vec![parse(one)?],
    };
    let (server, build) = named_build(&parameters, ["instance-id", "job-ci-id", "build-ci-id"])?;
    let unknown = state.settings.results.unknown_ci_server;
    state
        .store
        .write(move |writer| {
            let server = writer.reporting_server(&server, unknown)?;
            let build = writer.report_build(server, &build)?;
            all.iter()
                .try_for_each(|data| writer.add_commits(build, data))
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

/// The server and the build that parameters name.
pub(super) fn named_build(
    parameters: &Parameters,
    [server, job, build]: [&str; 3],
) -> Result<(String, BuildReport), ApiError> {
    let needed = |name: &str, value: Option<String>| {
        value.filter(|value| !value.is_empty()).ok_or_else(|| {
            let description = format!("the parameter `{name}` is missing");
            ApiError::bad_request(own_code::BAD_REQUEST, description)
        })
    };
    let own = |name: &str| parameters.get(name).map(str::to_owned);
    let report = BuildReport {
        job_ci_id: Some(needed(job, plain(parameters, job, parameters.get(job))?)?),
        build_ci_id: Some(needed(build, own(build))?),
        ..BuildReport::default()
    };
    Ok((needed(server, own(server))?, report))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| not_understood(&error))
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    serde_json::from_value(value).map_err(|error| not_understood(&error))
}

fn not_understood(error: &serde_json::Error) -> ApiError {
    let description = format!("the body is not a report of a CI server: {error}");
    ApiError::bad_request(own_code::BAD_REQUEST, description)
}
