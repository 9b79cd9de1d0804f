//! The door of a relay: HTTP for agents, and for those who watch it.
//!
//! | request | answer |
//! | --- | --- |
//! | `PUT /v1/uploads/ID` with a journal and its `Content-Digest` | 201 once it is stored, 200 if it was stored before, with how far it is |
//! | `GET /v1/uploads/ID` | how far the upload is, with its report at the end |
//! | `GET /v1/status` | the project of the token, the version of the relay and its workspaces, and how many uploads of the project are in which lane and state |
//! | `GET /healthz` | 200 if uploads can be stored, else 503 |
//! | `GET /metrics` | numbers of all projects, in the text format of Prometheus |
//! | `GET /` | the [pages](crate::page) for operators |
//!
//! Programs that speak to Octane have [routes of Octane's](octane).
//!
//! The first three want `Authorization: Bearer TOKEN`: a token of the relay, or, if it accepts those of an issuer, of a CI system. A token sees the uploads of its project alone. Errors have a code and a message.

mod answer;
mod body;
mod caller;
mod health;
mod metrics;
mod octane;
mod receive;
mod session_key;
mod shared;
mod unread;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::middleware::map_request;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use http::{HeaderMap, StatusCode, header};

use self::answer::{Refusal, json, lanes, status};
use self::shared::upload_id;
use crate::page;
use crate::store::Store;

pub use self::session_key::SessionKey;
pub use self::shared::DoorSettings;
pub(crate) use self::shared::{Door, secure_attribute};

/// The routes of a door to a store. `on_stored` is called whenever an upload was stored.
pub fn routes(
    store: Arc<dyn Store>,
    settings: DoorSettings,
    on_stored: impl Fn() + Send + Sync + 'static,
) -> Router {
    let door = Door::new(store, settings, on_stored);
    Router::new()
        .merge(page::routes(&door))
        .route("/v1/uploads/{id}", put(receive::receive).get(upload))
        .route("/v1/status", get(project))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .merge(octane::routes())
        .fallback(async || {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "unknown_path",
                "there is nothing here",
            )
        })
        // What is received is bounded by the settings instead.
        .layer(DefaultBodyLimit::disable())
        .layer(map_request(unread::receive_rest))
        .with_state(door)
}

async fn upload(
    State(door): State<Door>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let caller = door.authenticate(&headers).await?;
    let id = upload_id(&id)?;
    let found = door.store.status(&id).await?;
    match found.filter(|found| caller.may_see(found)) {
        Some(found) => Ok(json(StatusCode::OK, &status(&found))),
        None => {
            let message = format!("no upload {id} of this project is stored");
            Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "unknown_upload",
                message,
            ))
        }
    }
}

async fn project(State(door): State<Door>, headers: HeaderMap) -> Result<Response, Refusal> {
    let caller = door.authenticate(&headers).await?;
    let overview = door.store.overview().await?;
    let workspaces = &door.settings.workspaces;
    let own = (&*caller.project, &caller.workspaces);
    Ok(json(StatusCode::OK, &lanes(&overview, own, workspaces)))
}

async fn health(State(door): State<Door>) -> Result<&'static str, Refusal> {
    door.check_health().await?;
    Ok("ok\n")
}

async fn metrics(State(door): State<Door>) -> Response {
    let is_up = door.check_health().await.is_ok();
    let overview = door.store.overview().await;
    let text = metrics::text(is_up, overview.as_ref().ok());
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response()
}
