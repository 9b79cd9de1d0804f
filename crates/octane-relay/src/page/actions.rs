//! What the buttons do.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use octane_client::UploadId;

use super::access::Operator;
use super::frame::{Page, problem};
use super::upload::{found, unknown};
use crate::audit::{AuditEntry, Event};
use crate::door::Door;
use crate::state::State as UploadState;
use crate::store::Status;

/// `POST /uploads/ID/retry`
pub(super) async fn retry(
    operator: Operator,
    State(door): State<Door>,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let upload = found(&door, &id).await?;
    let id = upload.id.clone();
    if !door.store.retry(&id).await.map_err(problem)? {
        // It may have gone on since.
        let now = found(&door, id.as_str()).await?.state;
        let hint = match now {
            UploadState::AwaitingShards => {
                "; `octane relay close` on the relay's machine completes the suite run without the missing shards"
            }
            _ => "",
        };
        let message = format!(
            "upload {id} is {}, and cannot be tried again{hint}",
            now.in_words()
        );
        return Ok(Page::problem("Not tried again", &message).with_status(StatusCode::CONFLICT));
    }
    record(&door, operator.entry(), Event::Retried, upload).await;
    (door.on_stored)();
    Ok(back(&id))
}

/// `POST /uploads/ID/delete`
pub(super) async fn delete(
    operator: Operator,
    State(door): State<Door>,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let upload = found(&door, &id).await?;
    let id = upload.id.clone();
    if !door.store.delete(&id).await.map_err(problem)? {
        if door.store.status(&id).await.map_err(problem)?.is_none() {
            return Ok(unknown());
        }
        let message = format!("a relay is working on upload {id}; try again later");
        return Ok(Page::problem("Not deleted", &message).with_status(StatusCode::CONFLICT));
    }
    record(&door, operator.entry(), Event::Deleted, upload).await;
    Ok(Redirect::to("/").into_response())
}

fn back(id: &UploadId) -> Response {
    Redirect::to(&format!("/uploads/{id}")).into_response()
}

async fn record(door: &Door, mut entry: AuditEntry, event: Event, upload: Status) {
    entry.upload_before(upload);
    door.settings.audit.record(event, &entry).await;
}
