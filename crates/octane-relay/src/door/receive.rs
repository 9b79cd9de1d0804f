//! Receiving an upload: nothing is stored that cannot be delivered from here, and nothing is answered before it is stored.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use octane_client::{UploadId, UploadSummary};
use octane_model::Address;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::answer::{Refusal, json, status};
use super::shared::{Door, upload_id};
use crate::blocking::blocking;
use crate::chain::Chain;
use crate::lane::Lane;
use crate::opened::Opened;
use crate::store::{NewUpload, Put};

/// How long the journal may take to arrive.
const RECEIVE_TIME_MAX: Duration = Duration::from_secs(120);
/// When to come back, in seconds.
const BUSY_PAUSE: u32 = 1;
const QUOTA_PAUSE: u32 = 30;

/// `PUT /v1/uploads/ID`
pub(super) async fn receive(
    State(door): State<Door>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let token = door.authenticate(&headers).await?;
    let id = upload_id(&id)?;
    let expected = expected_digest(&headers)?;
    let Ok(_receiving) = door.receiving.try_acquire() else {
        let message = "the relay receives other uploads now";
        return Err(
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).retry_after(BUSY_PAUSE),
        );
    };
    let journal = read(&door, &headers, body).await?;
    let digest = Sha256::digest(&journal);
    if digest[..] != expected[..] {
        let message = "the journal does not match its `Content-Digest`";
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "digest_mismatch",
            message,
        ));
    }
    let (journal, summary) = check(&door, journal).await?;
    let lane = lane(&door, &id, &summary)?;
    let upload = NewUpload {
        id: id.clone(),
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        project: token.project,
        lane,
        shard: summary.shard,
        results: summary.counts.read as u64,
        journal: journal.into(),
    };
    let code = match door.store.put(upload, door.settings.uploads_max).await? {
        Put::Stored => {
            tracing::info!(upload = %id, token = %token.id, "stored");
            (door.on_stored)();
            StatusCode::CREATED
        }
        Put::Known => StatusCode::OK,
        Put::Conflict => {
            let message = format!("another upload {id} is stored, with other bytes");
            return Err(Refusal::new(StatusCode::CONFLICT, "conflict", message));
        }
        Put::QuotaExceeded => {
            let uploads_max = door.settings.uploads_max;
            let message = format!("the project has {uploads_max} uploads that are not delivered");
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "quota", message);
            return Err(refusal.retry_after(QUOTA_PAUSE));
        }
    };
    let stored = door.store.status(&id).await?;
    let body = stored.map(|stored| status(&stored)).unwrap_or_default();
    Ok(json(code, &body))
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
    let too_large = || {
        let message = format!("the journal is larger than {bytes_max} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    };
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    match timeout(RECEIVE_TIME_MAX, to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(too_large()),
        Ok(Err(_)) | Err(_) => {
            let message = "the journal did not arrive completely";
            Err(Refusal::new(StatusCode::BAD_REQUEST, "incomplete", message))
        }
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Checks that it is a journal that this version can deliver.
async fn check(door: &Door, journal: Bytes) -> Result<(Bytes, UploadSummary), Refusal> {
    let folder = door.settings.folder.clone();
    let checked = blocking(move || {
        let opened = Opened::new(&folder)?;
        opened.add(&journal).map(|summary| (journal, summary))
    });
    checked.await.map_err(|error| {
        if error.is_retryable() {
            tracing::warn!(error = %Chain(&error), "a journal could not be checked");
            let message = "the relay cannot check the journal now";
            let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
            return refusal.retry_after(BUSY_PAUSE);
        }
        let message = format!("it is not the journal of an upload: {}", error.of_content());
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "not_an_upload", message)
    })
}

/// The lane of an upload that this relay can deliver.
fn lane(door: &Door, id: &UploadId, summary: &UploadSummary) -> Result<Lane, Refusal> {
    let refused = |code, message| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    if summary.id != *id {
        let message = format!("the journal is that of upload {}", summary.id);
        return Err(refused("other_upload", message));
    }
    let lane = Lane::of(summary).map_err(|error| refused("no_server", error.to_string()))?;
    let (server, workspace) = (&door.settings.server, door.settings.workspace);
    let is_same_server = lane
        .server
        .parse::<Address>()
        .is_ok_and(|address| address.is_same_server(server));
    let place = (workspace.space.get(), workspace.workspace.get());
    if !is_same_server || (lane.space, lane.workspace) != place {
        let (space, workspace) = place;
        let message = format!(
            "the upload belongs to {}, and this relay delivers to {server} {space}/{workspace}",
            summary.server
        );
        return Err(refused("other_workspace", message));
    }
    Ok(lane)
}
