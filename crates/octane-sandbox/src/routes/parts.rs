//! Parts of entities that have addresses of their own: `tests/{id}/script`, `attachments/{id}/{name}`,
//! `suite_run/{id}/run_auto`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::address::Address;
use super::entities::Body;
use super::{attachments, body, negotiation};
use crate::auth::Visitor;
use crate::catalog::SCRIPTED;
use crate::error::{ApiError, json_response};
use crate::server::Shared;
use crate::store::script::Script;

pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if address.collection == "attachments" {
        // The bytes, whatever name the client gives them.
        return attachments::download(&shared, address).await;
    }
    address.must_have("script")?;
    let script = shared
        .store
        .read(move |reader| {
            let (kind, key) = address.entity(reader)?;
            let script = reader.script(key)?.filter(|_| kind.table == "tests");
            script.ok_or_else(|| ApiError::unknown_address("script"))
        })
        .await?;
    Ok(negotiation::tagged(&headers, &script))
}

/// `{"script":"- Step 1\n","comment":"","revision_type":"Minor"}`
pub(super) async fn put(
    State(shared): State<Arc<Shared>>,
    address: Address,
    visitor: Visitor,
    body: Body,
) -> Result<Response, ApiError> {
    address.must_have("script")?;
    let fields = body::object(&body::bytes(&shared, body)?)?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(script) = text("script") else {
        let description = "the field `script` takes the text of the script";
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
    let script = shared
        .store
        .write(move |writer| {
            let writer = writer.on_behalf_of(&visitor.account.name)?;
            let (kind, key) = address.entity(writer.reader())?;
            let kind = writer.concrete_of(kind, key)?;
            if !SCRIPTED.contains(&kind.name) {
                return Err(ApiError::unknown_address("script"));
            }
            writer.set_script(key, &script)?;
            writer.reader().script(key)
        })
        .await?;
    Ok(json_response(StatusCode::OK, &script))
}

/// Starts the automated runs of a planned suite run: they are in progress from now on.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    address: Address,
) -> Result<Response, ApiError> {
    address.must_have("run_auto")?;
    shared
        .store
        .write(move |writer| {
            let (kind, key) = address.entity(writer.reader())?;
            if kind.name != "run_suite" {
                return Err(ApiError::unknown_address("run_auto"));
            }
            writer.start_automated_runs(key)
        })
        .await?;
    Ok(StatusCode::OK.into_response())
}
