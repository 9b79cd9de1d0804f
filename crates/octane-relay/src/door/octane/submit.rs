//! Receiving a payload: nothing is stored that Octane would refuse for its format, and nothing is answered before it is stored.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use octane_client::{RawPayload, UploadId};
use octane_model::{Task, TaskStatus, Workspace, error_code};
use octane_results::CheckError;
use sha2::{Digest, Sha256};

use super::access::{self, authenticate};
use super::gzip;
use super::problem::{BAD_REQUEST, INVALID_PAYLOAD, OctaneProblem, WEB_APPLICATION, json};
use super::task_number::TaskNumber;
use crate::audit::{Actor, AuditEntry, Event};
use crate::blocking::blocking;
use crate::chain::Chain;
use crate::door::body::{BodyProblem, receive};
use crate::door::caller::Caller;
use crate::door::receive::in_task;
use crate::door::shared::Door;
use crate::lane::Lane;
use crate::opened::{Opened, Unusable};
use crate::store::{NewUpload, Put};

/// More elements take much more memory than the payload itself.
const ELEMENTS_MAX: usize = 500_000;
/// When to come back, in seconds.
const BUSY_PAUSE: u32 = 1;
const QUOTA_PAUSE: u32 = 30;
/// How often a number may be that of another upload already.
const NUMBERS_MAX: usize = 8;

/// `POST …/test-results`
pub(super) async fn submit(
    State(door): State<Door>,
    Path((space, workspace)): Path<(String, String)>,
    Query(parameters): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OctaneProblem> {
    let place = (space, workspace);
    let number = in_task(recorded(door, place, parameters, headers, body)).await?;
    let task = Task::new(number.into(), TaskStatus::Queued);
    Ok(json(StatusCode::ACCEPTED, &task))
}

/// Stores the payload of a request, and writes into the audit log what became of it.
async fn recorded(
    door: Door,
    (space, workspace): (String, String),
    parameters: HashMap<String, String>,
    headers: HeaderMap,
    body: Body,
) -> Result<TaskNumber, OctaneProblem> {
    let mut entry = AuditEntry::default();
    let storing = async {
        let caller = authenticate(&door, &headers).await?;
        let Caller { project, actor, .. } = &caller;
        entry.actor = Some(actor.clone());
        entry.project = Some(project.clone());
        let workspace = access::workspace(&door, &caller, (&space, &workspace))?;
        let push = Push {
            door: &door,
            workspace,
            actor: caller.actor,
            project: caller.project,
            parameters,
            headers: &headers,
        };
        push.store(body, &mut entry).await
    };
    let stored = storing.await;
    let event = match &stored {
        Ok(_) => Event::Stored,
        Err(problem) => {
            problem.describe(&mut entry);
            Event::Refused
        }
    };
    door.settings.audit.record(event, &entry).await;
    if event == Event::Stored {
        (door.on_stored)();
    }
    stored
}

/// A payload that is pushed with a valid token.
struct Push<'a> {
    door: &'a Door,
    /// Where it goes.
    workspace: Workspace,
    actor: Actor,
    project: String,
    parameters: HashMap<String, String>,
    headers: &'a HeaderMap,
}

impl Push<'_> {
    /// Stores the payload. What is learned about it is in `entry`, however it ends.
    async fn store(&self, body: Body, entry: &mut AuditEntry) -> Result<TaskNumber, OctaneProblem> {
        let Self { door, headers, .. } = self;
        check_media_type(headers)?;
        let skip_errors = skip_errors(&self.parameters)?;
        let is_packed = gzip::is_packed(headers)?;
        let Some(_place) = door.place().await else {
            let description = "the relay receives other payloads now; try again";
            return Err(queue_full(description, BUSY_PAUSE));
        };
        let bytes_max = door.settings.journal_bytes_max;
        let received = receive(headers, body, bytes_max).await;
        let body = received.map_err(|problem| match problem {
            BodyProblem::TooLarge => gzip::too_large(bytes_max),
            BodyProblem::Incomplete => {
                OctaneProblem::bad_request(BAD_REQUEST, "the payload did not arrive completely")
            }
        })?;
        let payload = blocking(move || read(&body, is_packed, bytes_max)).await?;
        let lane = self.lane(&payload);
        entry.lane = Some(lane.clone());
        entry.results = Some(payload.results() as u64);
        for _ in 0..NUMBERS_MAX {
            let number = TaskNumber::new();
            let id = number.upload();
            let journal = self
                .journal(payload.clone(), skip_errors, id.clone())
                .await?;
            let digest = Sha256::digest(&journal);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            entry.upload = Some(id.clone());
            entry.digest = Some(digest.clone());
            let upload = NewUpload {
                id: id.clone(),
                digest,
                project: self.project.clone(),
                lane: lane.clone(),
                shard: None,
                results: payload.results() as u64,
                is_compared: false,
                journal,
            };
            let uploads_max = door.settings.uploads_max;
            match door.store.put(upload, uploads_max).await? {
                Put::Stored => {
                    tracing::info!(upload = %id, actor = ?self.actor, "stored");
                    return Ok(number);
                }
                // Another one has the number.
                Put::Known | Put::Conflict => {}
                Put::QuotaExceeded => {
                    let description = door.settings.quota_message(&self.project);
                    return Err(queue_full(&description, QUOTA_PAUSE));
                }
            }
        }
        let description = "the relay receives too many payloads at once; try again";
        Err(queue_full(description, BUSY_PAUSE))
    }

    /// The lane of a payload: the suite run that it names, or else that of its project.
    fn lane(&self, payload: &RawPayload) -> Lane {
        let (suite, suite_run) = match payload.suite() {
            Some(suite) => (
                suite.to_string(),
                payload.suite_run().unwrap_or_default().to_owned(),
            ),
            None => (String::new(), self.project.clone()),
        };
        Lane::new(
            self.door.settings.workspaces.lane_server(),
            self.workspace.space.get(),
            self.workspace.workspace.get(),
            suite,
            suite_run,
        )
    }

    /// The journal of a payload, as a relay stores it.
    async fn journal(
        &self,
        payload: RawPayload,
        skip_errors: bool,
        id: UploadId,
    ) -> Result<Vec<u8>, OctaneProblem> {
        let settings = &self.door.settings;
        let (folder, server) = (
            settings.folder.clone(),
            settings.workspaces.server().clone(),
        );
        let workspace = self.workspace;
        let written = blocking(move || -> Result<_, Unusable> {
            let opened = Opened::new(&folder, false)?;
            opened.packed(&opened.prepare(|spool| {
                let prepared = payload.prepare(&server, workspace, skip_errors, spool, id);
                prepared.map(|prepared| prepared.journal)
            })?)
        });
        written.await.map_err(|error| {
            tracing::warn!(error = %Chain(&error), "a journal could not be written");
            OctaneProblem::store_unavailable()
        })
    }
}

fn queue_full(description: &str, pause: u32) -> OctaneProblem {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    OctaneProblem::new(status, error_code::QUEUE_FULL, description).retry_after(pause)
}

fn check_media_type(headers: &HeaderMap) -> Result<(), OctaneProblem> {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/xml") {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let description = "`Content-Type` must be `application/xml`";
    Err(OctaneProblem::new(status, WEB_APPLICATION, description))
}

fn skip_errors(parameters: &HashMap<String, String>) -> Result<bool, OctaneProblem> {
    match parameters.get("skip-errors").map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => {
            let description = format!("`skip-errors` is `{other}`, not `true` or `false`");
            Err(OctaneProblem::bad_request(BAD_REQUEST, description))
        }
    }
}

/// Reads a payload as it came.
fn read(body: &Bytes, is_packed: bool, bytes_max: usize) -> Result<RawPayload, OctaneProblem> {
    let xml = if is_packed {
        gzip::unpack(body, bytes_max)?
    } else {
        body.to_vec()
    };
    // Counted without reading the document, so that what looks like one in a text may count, too.
    let is_start = |pair: &&[u8]| pair[0] == b'<' && !matches!(pair[1], b'/' | b'!' | b'?');
    let elements = xml.windows(2).filter(is_start).count();
    if elements > ELEMENTS_MAX {
        let description = format!(
            "the payload has {elements} elements; the limit is {ELEMENTS_MAX}; split it into smaller ones"
        );
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(OctaneProblem::new(status, INVALID_PAYLOAD, description));
    }
    RawPayload::new(xml).map_err(|error| {
        let description = format!("the payload is not valid: {}", problems(&error));
        OctaneProblem::bad_request(INVALID_PAYLOAD, description)
    })
}

/// The problems of a payload, without the name of a file, since there is none.
fn problems(error: &CheckError) -> String {
    let problems = error.problems().iter().map(|problem| {
        let (line, column, message) = (problem.line, problem.column, &problem.message);
        let colon = if problem.path.is_empty() { "" } else { ": " };
        format!(
            "line {line}, column {column}: {}{colon}{message}",
            problem.path
        )
    });
    problems.collect::<Vec<_>>().join("; ")
}
