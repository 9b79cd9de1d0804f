//! Parts of entities that have URLs of their own: `tests/{id}/script`, `attachments/{id}/{name}`,
//! `suite_run/{id}/run_auto`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::address::Address;
use super::body::Body;
use super::{attachments, body, negotiation};
use crate::auth::CurrentUser;
use crate::catalog::SCRIPTED;
use crate::error::{ApiError, json_response};
use crate::state::AppState;
use crate::store::script::Script;

pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if address.collection == "attachments" {
        // The content, whatever name the client uses.
        return attachments::download(&state, address).await;
    }
    address.must_have("script")?;
    let script = state
        .store
        .read(move |reader| {
            let (entity_type, row_id) = address.entity(reader)?;
            let script = reader
                .script(row_id)?
                .filter(|_| entity_type.table == "tests");
            script.ok_or_else(|| ApiError::unknown_address("script"))
        })
        .await?;
    Ok(negotiation::tagged(&headers, &script))
}

/// `{"script":"- Step 1\n","comment":"","revision_type":"Minor"}`
pub(super) async fn put(
    State(state): State<Arc<AppState>>,
    address: Address,
    current_user: CurrentUser,
    body: Body,
) -> Result<Response, ApiError> {
    address.must_have("script")?;
    let fields = body::object(&body::bytes(&state, body)?)?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(script) = text("script") else {
        let description = "the field `script` must contain the text of the script";
        return Err(ApiError::illegal_value(
            "test_version",
            "script",
            description,
        ));
    };
    let script = Script {
        text: script,
        comment: text("comment"),
        revision_type: text("revision_type"),
    };
    let script = state
        .store
        .write(move |writer| {
            let writer = writer.on_behalf_of(&current_user.account.name)?;
            let (entity_type, row_id) = address.entity(writer.reader())?;
            let entity_type = writer.concrete_of(entity_type, row_id)?;
            if !SCRIPTED.contains(&entity_type.name) {
                return Err(ApiError::unknown_address("script"));
            }
            writer.set_script(row_id, &script)?;
            writer.reader().script(row_id)
        })
        .await?;
    Ok(json_response(StatusCode::OK, &script))
}

/// Starts the automated runs of a planned suite run: they are now in progress.
pub(super) async fn post(
    State(state): State<Arc<AppState>>,
    address: Address,
) -> Result<Response, ApiError> {
    address.must_have("run_auto")?;
    state
        .store
        .write(move |writer| {
            let (entity_type, row_id) = address.entity(writer.reader())?;
            if entity_type.name != "run_suite" {
                return Err(ApiError::unknown_address("run_auto"));
            }
            writer.start_automated_runs(row_id)
        })
        .await?;
    // The vendor's CI SDK takes nothing else for success.
    Ok(StatusCode::CREATED.into_response())
}
