//! Receiving an upload: nothing is stored that cannot be delivered from here, and nothing is answered before it is stored.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use octane_client::UploadId;
use serde::Deserialize;

use super::answer::{Refusal, json, status};
use super::body::{self, BodyProblem};
use super::shared::{Door, upload_id};
use crate::admission::{Admitted, NotAdmitted};
use crate::audit::{AuditEntry, Event};
use crate::chain::Chain;
use crate::store::Put;

/// When to come back, in seconds.
const BUSY_PAUSE: u32 = 1;
const QUOTA_PAUSE: u32 = 30;

/// What an agent asks for when it hands an upload over.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Whether the report should say what has changed since the suite run before, which takes further requests to Octane.
    #[serde(default)]
    compare: bool,
}

/// `PUT /v1/uploads/ID`
pub(super) async fn receive(
    State(door): State<Door>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let stored = in_task({
        let door = door.clone();
        async move { recorded(&door, &id, wanted, &headers, body).await }
    });
    let (id, code) = stored.await?;
    let stored = door.store.status(&id).await?;
    let body = stored.map(|stored| status(&stored)).unwrap_or_default();
    Ok(json(code, &body))
}

/// Does `work` to its end, also if the client does not wait for the answer: what is stored is in the audit log.
pub(super) async fn in_task<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and nothing waits for this any more.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Stores the upload of a request, and writes into the audit log what became of it.
async fn recorded(
    door: &Door,
    id: &str,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(UploadId, StatusCode), Refusal> {
    let mut entry = AuditEntry::default();
    let stored = store(door, id, wanted, headers, body, &mut entry).await;
    let event = match &stored {
        Ok((_, StatusCode::CREATED)) => Event::Stored,
        Ok(_) => Event::AlreadyStored,
        Err(refusal) => {
            entry.code = Some(refusal.code());
            entry.reason = Some(refusal.message().to_owned());
            Event::Refused
        }
    };
    door.settings.audit.record(event, &entry).await;
    if event == Event::Stored {
        (door.on_stored)();
    }
    stored
}

/// Stores the upload of a request. What is learned about it is in `entry`, however it ends.
async fn store(
    door: &Door,
    id: &str,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: &HeaderMap,
    body: Body,
    entry: &mut AuditEntry,
) -> Result<(UploadId, StatusCode), Refusal> {
    let caller = door.authenticate(headers).await?;
    let actor = caller.actor.clone();
    entry.actor = Some(actor.clone());
    entry.project = Some(caller.project.clone());
    let id = upload_id(id)?;
    entry.upload = Some(id.clone());
    let Query(wanted) = wanted.map_err(|error| {
        let message = format!("{}; `compare=true` is known", error.body_text());
        Refusal::new(StatusCode::BAD_REQUEST, "invalid_query", message)
    })?;
    let expected = expected_digest(headers)?;
    let Some(_place) = door.place().await else {
        let message = "the relay receives other uploads now";
        return Err(
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).retry_after(BUSY_PAUSE),
        );
    };
    let journal = read(door, headers, body).await?;
    let admitted = Admitted::check(&door.settings, journal, Some((&id, expected))).await?;
    admitted.describe(entry);
    if !caller.may_reach(admitted.lane()) {
        let message = caller.not_allowed();
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "workspace_not_allowed",
            message,
        ));
    }
    let project = caller.project.clone();
    let upload = admitted.upload(caller.project, wanted.compare);
    let code = match door.store.put(upload, door.settings.uploads_max).await? {
        Put::Stored => {
            tracing::info!(upload = %id, ?actor, "stored");
            StatusCode::CREATED
        }
        Put::Known => StatusCode::OK,
        Put::Conflict => {
            let message = Put::conflict_message(&id);
            return Err(Refusal::new(StatusCode::CONFLICT, "conflict", message));
        }
        Put::QuotaExceeded => {
            let message = door.settings.quota_message(&project);
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "quota", message);
            return Err(refusal.retry_after(QUOTA_PAUSE));
        }
    };
    Ok((id, code))
}

/// The digest that the journal should have, as RFC 9530 writes it.
fn expected_digest(headers: &HeaderMap) -> Result<Vec<u8>, Refusal> {
    let value = headers
        .get("content-digest")
        .and_then(|value| value.to_str().ok());
    let digests = value.unwrap_or_default().split(',').map(str::trim);
    let mut encoded = digests.filter_map(|digest| {
        let encoded = digest.strip_prefix("sha-256=:")?.strip_suffix(':')?;
        STANDARD.decode(encoded).ok()
    });
    encoded.next().ok_or_else(|| {
        let message =
            "`Content-Digest: sha-256=:…:` is required, with the SHA-256 of the journal in Base64";
        Refusal::new(StatusCode::BAD_REQUEST, "no_digest", message)
    })
}

async fn read(door: &Door, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let bytes_max = door.settings.journal_bytes_max;
    let received = body::receive(headers, body, bytes_max).await;
    received.map_err(|problem| match problem {
        BodyProblem::TooLarge => {
            let message = format!(
                "the upload is larger than the {} that the relay accepts (`--upload-max`)",
                mebibytes(bytes_max)
            );
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
        }
        BodyProblem::Incomplete => {
            let message = "the journal did not arrive completely";
            Refusal::new(StatusCode::BAD_REQUEST, "incomplete", message)
        }
    })
}

/// A size as the option has it.
fn mebibytes(bytes: usize) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} bytes"),
        size => format!("{size} MiB"),
    }
}

impl From<NotAdmitted> for Refusal {
    fn from(error: NotAdmitted) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match error {
            NotAdmitted::Unavailable(error) => {
                tracing::warn!(error = %Chain(&error), "a journal could not be checked");
                let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
                refusal.retry_after(BUSY_PAUSE)
            }
            NotAdmitted::OtherDigest => Self::new(StatusCode::BAD_REQUEST, code, message),
            _ => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message),
        }
    }
}
