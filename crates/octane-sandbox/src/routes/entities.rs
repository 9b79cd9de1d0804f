//! The collections of entities: one set of handlers for all types.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use octane_model::EntityId;
use serde::Deserialize;

use super::address::Address;
use super::body::Body;
use super::parameters::Parameters;
use super::{attachments, body, negotiation};
use crate::auth::CurrentUser;
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;
use crate::store::GroupRequest;

pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    address: Address,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let catalog = state.catalog();
    let request = parameters.list(&state.settings, &catalog, address.entity_type(&catalog)?)?;
    let page = state
        .store
        .read(move |reader| reader.list(address.entity_type(reader.catalog)?, &request))
        .await?;
    Ok(negotiation::tagged(&headers, &page))
}

/// Counts the matching entities by the values of a field.
pub(super) async fn groups(
    State(state): State<Arc<AppState>>,
    address: Address,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let by = parameters
        .get("group_by")
        .map(str::trim)
        .unwrap_or_default();
    if by.is_empty() {
        let description = "`group_by` is required; it names the field to group by";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    }
    let request = GroupRequest {
        by: by.to_owned(),
        query: parameters.query()?,
        search: parameters.search()?,
        is_numeric: parameters.is_true("use_numeric_id")?,
        sums: parameters.sums()?,
    };
    let groups = state
        .store
        .read(move |reader| {
            let entity_type = address.entity_type(reader.catalog)?;
            reader.groups(entity_type, &request)
        })
        .await?;
    Ok(negotiation::tagged(&headers, &groups))
}

pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    address: Address,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if address.collection == "attachments" && negotiation::wants_bytes(&headers) {
        return attachments::download(&state, address).await;
    }
    let catalog = state.catalog();
    let select = parameters.select(&catalog, address.entity_type(&catalog)?)?;
    let entity = state
        .store
        .read(move |reader| {
            let (entity_type, row_id) = address.entity(reader)?;
            reader
                .get(entity_type, row_id, &select)?
                .ok_or_else(|| ApiError::entity_not_found(entity_type.name, &address.id))
        })
        .await?;
    Ok(negotiation::tagged(&headers, &entity))
}

pub(super) async fn update(
    State(state): State<Arc<AppState>>,
    address: Address,
    current_user: CurrentUser,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let catalog = state.catalog();
    let mut fields = body::object(&body::entity_bytes(&state, body)?)?;
    let select = parameters.select(&catalog, address.entity_type(&catalog)?)?;
    let mode = parameters.mode()?;
    let entity = state
        .store
        .write(move |writer| {
            let writer = writer.on_behalf_of(&current_user.account.name)?;
            let (entity_type, row_id) = address.entity(writer.reader())?;
            // The body may repeat the ID of the entity, and must not contain another.
            let said = fields.remove("id").unwrap_or_default();
            if let Ok(said) = EntityId::deserialize(&said)
                && said.as_str() != address.id
                && writer.reader().row_id(entity_type, said.as_str())? != Some(row_id)
            {
                let description = format!(
                    "the body has the ID `{}`, the URL has `{}`",
                    said.as_str(),
                    address.id
                );
                return Err(ApiError::illegal_value(entity_type.name, "id", description));
            }
            writer.update(entity_type, row_id, &fields, mode)?;
            writer
                .reader()
                .get(entity_type, row_id, &select)?
                .ok_or_else(|| ApiError::entity_not_found(entity_type.name, &address.id))
        })
        .await?;
    Ok(json_response(StatusCode::OK, &entity))
}

pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    address: Address,
) -> Result<Response, ApiError> {
    state
        .store
        .write(move |writer| {
            let (entity_type, row_id) = address.entity(writer.reader())?;
            writer.delete(entity_type, row_id)
        })
        .await?;
    Ok(StatusCode::OK.into_response())
}
