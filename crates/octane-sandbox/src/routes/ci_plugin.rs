//! What CI plug-ins ask for, and what they say of themselves.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use octane_model::Select;
use serde_json::{Map, Value, json};

use super::body::{self, Body};
use super::ci::plain;
use super::parameters::Parameters;
use crate::ci_report::{BuildReport, ServerInfo};
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;
use crate::store::ci::mentioned;
use crate::store::{Mode, Reader, Writer};

type PathParts = Path<HashMap<String, String>>;

fn piece(path: &PathParts, name: &str) -> String {
    path.get(name).cloned().unwrap_or_default()
}

/// The tasks for a CI server: there are none. What the plug-in says of itself is noted, and the response is held back, so
/// that a plug-in that asks again at once does not ask all the time.
pub(super) async fn tasks(
    State(state): State<Arc<AppState>>,
    path: PathParts,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let text = |name: &str| {
        let value = parameters.get(name).filter(|value| !value.is_empty());
        value.map(str::to_owned)
    };
    let info = ServerInfo {
        instance_id: Some(piece(&path, "server")),
        server_type: text("self-type"),
        url: text("self-url"),
        version: text("plugin-version"),
    };
    let more = [
        text("sdk-version"),
        text("api-version"),
        text("client-id"),
        text("ci-server-user").or(text("client-server-user")),
    ];
    let server = piece(&path, "server");
    let unknown = state.settings.results.unknown_ci_server;
    state
        .store
        .write(move |writer| {
            let server = writer.reporting_server(&server, unknown)?;
            writer.describe_server(server, &info)?;
            let [sdk, api, client, user] = more;
            writer
                .connection
                .prepare_cached(
                    "UPDATE ci_servers SET sdk_version = COALESCE(?2, sdk_version),
                     api_version = COALESCE(CAST(?3 AS INTEGER), api_version),
                     client_id = COALESCE(?4, client_id), ci_server_user = COALESCE(?5, ci_server_user)
                     WHERE id = ?1",
                )?
                .execute((server, sdk, api, client, user))?;
            Ok(())
        })
        .await?;
    tokio::time::sleep(state.settings.results.ci_task_wait).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes the result of a task.
pub(super) async fn task_result() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The workspaces that want the logs and the coverage of a job.
pub(super) async fn workspaces_of_job(
    State(state): State<Arc<AppState>>,
    path: PathParts,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let server = piece(&path, "server");
    let job = piece(&path, "job");
    let job = plain(&parameters, "job", Some(&job))?.unwrap_or_default();
    let is_known = state
        .store
        .read(move |reader| {
            let sql = "SELECT 1 FROM ci_jobs j JOIN ci_servers s ON s.id = j.ci_server
                       WHERE s.instance_id = ? AND j.ci_id = ?";
            Ok(reader
                .connection
                .prepare_cached(sql)?
                .exists((&server, &job))?)
        })
        .await?;
    if !is_known {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let workspaces = [state.settings.workspace.to_string()];
    Ok(json_response(StatusCode::OK, &workspaces))
}

/// Keeps the log of a build.
pub(super) async fn log(
    State(state): State<Arc<AppState>>,
    path: PathParts,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let text = String::from_utf8_lossy(&body::bytes(&state, body)?).into_owned();
    let server = piece(&path, "server");
    let job = plain(&parameters, "job", Some(&piece(&path, "job")))?;
    let report = BuildReport {
        job_ci_id: job,
        build_ci_id: Some(piece(&path, "build")),
        ..BuildReport::default()
    };
    let unknown = state.settings.results.unknown_ci_server;
    state
        .store
        .write(move |writer| {
            let server = writer.reporting_server(&server, unknown)?;
            let build = writer.report_build(server, &report)?;
            writer.set_build_log(build, &text)
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

/// The pipelines that begin with a job.
pub(super) async fn configuration(
    State(state): State<Arc<AppState>>,
    path: PathParts,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let (server, job) = server_and_job(&path, &parameters)?;
    let workspace = state.settings.workspace.get();
    let contexts = state
        .store
        .read(move |reader| contexts(reader, &server, &job, workspace))
        .await?;
    Ok(json_response(StatusCode::OK, &json!({ "data": contexts })))
}

/// Creates the pipeline that a plug-in describes.
pub(super) async fn create_configuration(
    State(state): State<Arc<AppState>>,
    path: PathParts,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let (server, job) = server_and_job(&path, &parameters)?;
    let context = body::object(&body::bytes(&state, body)?)?;
    let workspace = state.settings.workspace.get();
    let unknown = state.settings.results.unknown_ci_server;
    let contexts = state
        .store
        .write(move |writer| {
            let row_id = writer.reporting_server(&server, unknown)?;
            let mut jobs = Vec::new();
            jobs_in(
                &context.get("structure").cloned().unwrap_or_default(),
                &mut jobs,
            );
            let mut fields = context_fields(&context);
            fields.insert("ci_server".to_owned(), json!({ "id": row_id.to_string() }));
            fields.insert("root_job_ci_id".to_owned(), job.clone().into());
            fields.insert("jobs".to_owned(), jobs.into());
            if !fields.contains_key("name") {
                fields.insert("name".to_owned(), job.clone().into());
            }
            writer.create(writer.catalog.known_type("pipeline"), &fields)?;
            contexts(writer.reader(), &server, &job, workspace)
        })
        .await?;
    Ok(json_response(
        StatusCode::CREATED,
        &json!({ "data": contexts }),
    ))
}

/// Updates pipelines as a plug-in describes them.
pub(super) async fn update_configuration(
    State(state): State<Arc<AppState>>,
    path: PathParts,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let (server, job) = server_and_job(&path, &parameters)?;
    let sent = body::data_or_one(&body::entity_bytes(&state, body)?)?;
    let workspace = state.settings.workspace.get();
    let contexts = state
        .store
        .write(move |writer| {
            for context in &sent {
                let id = context.get("contextEntityId").and_then(Value::as_i64);
                let pipeline = writer.existing("pipelines", &[], id.unwrap_or_default())?;
                let pipeline = pipeline.ok_or_else(|| {
                    ApiError::entity_not_found("pipeline", &id.unwrap_or_default().to_string())
                })?;
                change(writer, pipeline, &context_fields(context))?;
            }
            contexts(writer.reader(), &server, &job, workspace)
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({ "data": contexts })))
}

fn server_and_job(path: &PathParts, parameters: &Parameters) -> Result<(String, String), ApiError> {
    let job = plain(parameters, "job", Some(&piece(path, "job")))?;
    Ok((piece(path, "server"), job.unwrap_or_default()))
}

fn change(writer: Writer<'_>, pipeline: i64, fields: &Map<String, Value>) -> Result<(), ApiError> {
    let entity_type = writer.catalog.known_type("pipeline");
    writer.update(entity_type, pipeline, fields, Mode::Replace)
}

/// The fields of a pipeline that a plug-in sets.
fn context_fields(context: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = Map::new();
    let name = context.get("contextEntityName").or(context.get("name"));
    if let Some(name) = name.filter(|name| name.is_string()) {
        fields.insert("name".to_owned(), name.clone());
    }
    for (member, field) in [
        ("releaseId", "current_release"),
        ("milestoneId", "current_milestone"),
    ] {
        if let Some(id) = context.get(member).and_then(Value::as_i64) {
            fields.insert(field.to_owned(), json!({ "id": id.to_string() }));
        }
    }
    fields
}

/// The jobs in the structure of a pipeline, at any depth.
fn jobs_in(structure: &Value, jobs: &mut Vec<Value>) {
    match structure {
        Value::Object(node) => {
            if let Some(job) = node.get("jobCiId") {
                jobs.push(json!({ "jobCiId": job, "name": node.get("name") }));
            }
            node.values().for_each(|value| jobs_in(value, jobs));
        }
        Value::Array(items) => items.iter().for_each(|item| jobs_in(item, jobs)),
        _ => {}
    }
}

fn contexts(
    reader: Reader<'_>,
    server: &str,
    job: &str,
    workspace: i64,
) -> Result<Vec<Value>, ApiError> {
    let sql = "SELECT p.id, p.name, p.current_release, p.current_milestone, p.root_job = j.id FROM ci_jobs j
               JOIN ci_servers s ON s.id = j.ci_server JOIN pipeline_nodes n ON n.ci_job = j.id
               JOIN pipelines p ON p.id = n.pipeline
               WHERE s.instance_id = ? AND j.ci_id = ? ORDER BY p.id";
    let mut statement = reader.connection.prepare_cached(sql)?;
    let rows = statement.query_map((server, job), |row| {
        Ok(json!({
            "contextEntityType": "pipeline",
            "contextEntityId": row.get::<_, i64>(0)?,
            "contextEntityName": row.get::<_, String>(1)?,
            "workspaceId": workspace,
            "releaseId": row.get::<_, Option<i64>>(2)?,
            "milestoneId": row.get::<_, Option<i64>>(3)?,
            "pipelineRoot": row.get::<_, Option<bool>>(4)?.unwrap_or_default(),
            "ignoreTests": false,
            "taxonomies": [],
            "listFields": {},
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Accepts the request to remove the tests of a job from a pipeline, and removes nothing: tests belong to no pipeline here.
pub(super) async fn remove_tests(
    State(state): State<Arc<AppState>>,
    path: PathParts,
) -> Result<Response, ApiError> {
    let pipeline = piece(&path, "pipeline");
    let number = pipeline.parse().unwrap_or(-1);
    state
        .store
        .write(move |writer| {
            let found = writer.existing("pipelines", &[], number)?;
            found
                .map(|_| ())
                .ok_or_else(|| ApiError::entity_not_found("pipeline", &pipeline))
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

/// Updates a pipeline as the integration with GitHub Actions does.
pub(super) async fn update_pipeline(
    State(state): State<Arc<AppState>>,
    body: Body,
) -> Result<Response, ApiError> {
    let sent = body::object(&body::bytes(&state, body)?)?;
    let id = id_in(&Value::Object(sent.clone()))?;
    let mut fields = context_fields(&sent);
    if let Some(server) = sent.get("ciServer").filter(|server| !server.is_null()) {
        fields.insert(
            "ci_server".to_owned(),
            json!({ "id": id_in(server)?.to_string() }),
        );
    }
    let pipeline = state
        .store
        .write(move |writer| {
            let pipeline = writer.existing("pipelines", &[], id)?;
            let pipeline =
                pipeline.ok_or_else(|| ApiError::entity_not_found("pipeline", &id.to_string()))?;
            change(writer, pipeline, &fields)?;
            let entity_type = writer.catalog.known_type("pipeline");
            let names = Select::names(["name", "ci_server"]);
            writer.reader().get(entity_type, pipeline, &names)
        })
        .await?;
    Ok(json_response(StatusCode::OK, &pipeline))
}

/// Updates jobs as the integration with GitHub Actions does.
pub(super) async fn update_jobs(
    State(state): State<Arc<AppState>>,
    body: Body,
) -> Result<Response, ApiError> {
    let sent: Vec<Value> =
        serde_json::from_slice(&body::bytes(&state, body)?).map_err(|error| {
            let description = format!("the body is not a list of jobs: {error}");
            ApiError::bad_request(own_code::BAD_REQUEST, description)
        })?;
    state
        .store
        .write(move |writer| {
            let entity_type = writer.catalog.known_type("ci_job");
            for job in &sent {
                let id = id_in(&json!({ "id": job["jobId"] }))?;
                let row_id = writer.existing("ci_jobs", &[], id)?;
                let row_id =
                    row_id.ok_or_else(|| ApiError::entity_not_found("ci_job", &id.to_string()))?;
                let mut fields = Map::new();
                for (member, field) in [("name", "name"), ("jobCiId", "ci_id")] {
                    if job[member].is_string() {
                        fields.insert(field.to_owned(), job[member].clone());
                    }
                }
                if !job["ciServer"].is_null() {
                    let server = id_in(&job["ciServer"])?.to_string();
                    fields.insert("ci_server".to_owned(), json!({ "id": server }));
                }
                writer.update(entity_type, row_id, &fields, Mode::Replace)?;
            }
            Ok(())
        })
        .await?;
    Ok(json_response(StatusCode::OK, &json!({})))
}

fn id_in(value: &Value) -> Result<i64, ApiError> {
    let id = match &value["id"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_i64(),
    };
    id.ok_or_else(|| {
        let description = "an `id` is missing; it identifies the entity";
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })
}

/// The features of the integration with GitHub Actions that are tried out: none.
pub(super) async fn feature_toggles() -> Response {
    json_response(StatusCode::OK, &json!({}))
}

/// The backlog items that the comment of a commit mentions, as IDs by type.
pub(super) async fn validate_commit(
    State(state): State<Arc<AppState>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let found = mentioned(parameters.get("comment").unwrap_or_default());
    let existing = state
        .store
        .read(move |reader| {
            let sql = "SELECT 1 FROM work_items WHERE id = ? AND subtype = ?";
            let mut statement = reader.connection.prepare_cached(sql)?;
            let mut existing = Vec::new();
            for (entity_type, id) in &found {
                if statement.exists((id, entity_type))? {
                    existing.push((*entity_type, *id));
                }
            }
            Ok(existing)
        })
        .await?;
    let of = |name: &str| -> Vec<i64> {
        let own = existing
            .iter()
            .filter(|(entity_type, _)| *entity_type == name);
        own.map(|(_, id)| *id).collect()
    };
    let answer = json!({
        "story": of("story"),
        "quality_story": of("quality_story"),
        "defect": of("defect"),
        "feature": of("feature"),
    });
    Ok(json_response(StatusCode::OK, &answer))
}

/// Whether the tests of a suite can be started automatically.
pub(super) async fn validate_suite(
    State(state): State<Arc<AppState>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let id = parameters
        .get("test_suite_id")
        .unwrap_or_default()
        .to_owned();
    let number = id.parse().unwrap_or(-1);
    let (tests, without_runner) = state
        .store
        .read(move |reader| {
            let sql = "SELECT 1 FROM tests WHERE id = ? AND subtype = 'test_suite'";
            if !reader.connection.prepare_cached(sql)?.exists([number])? {
                return Err(ApiError::entity_not_found("test_suite", &id));
            }
            let sql = "SELECT COUNT(*), COUNT(*) FILTER (WHERE COALESCE(l.executor, t.executor) IS NULL)
                       FROM suite_links l JOIN tests t ON t.id = l.test
                       WHERE l.test_suite = ? AND l.include_in_next_run IS NOT 0 AND t.subtype <> 'test_manual'";
            let mut statement = reader.connection.prepare_cached(sql)?;
            let counts: (i64, i64) =
                statement.query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(counts)
        })
        .await?;
    let answer = json!({ "tests": tests, "tests_without_runner": without_runner });
    Ok(json_response(StatusCode::OK, &answer))
}
