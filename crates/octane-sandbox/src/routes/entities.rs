//! The collections of entities: one set of handlers for all types.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};

use super::address::Address;
use super::parameters::Parameters;
use super::{attachments, body, negotiation};
use crate::auth::Visitor;
use crate::error::{ApiError, json_response, own_code};
use crate::server::Shared;

pub(super) type Body = Result<Bytes, BytesRejection>;

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    address: Address,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let catalog = shared.catalog();
    let request = parameters.list(&shared.settings, address.kind(&catalog)?)?;
    let page = shared
        .store
        .read(move |reader| reader.list(address.kind(reader.catalog)?, &request))
        .await?;
    Ok(negotiation::tagged(&headers, &page))
}

/// Counts the entities that match by the values of a field.
pub(super) async fn groups(
    State(shared): State<Arc<Shared>>,
    address: Address,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let by = parameters
        .get("group_by")
        .map(str::trim)
        .unwrap_or_default();
    if by.is_empty() {
        let description = "`group_by` says by the values of which field to count";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    }
    let by = by.to_owned();
    let (query, search) = (parameters.query()?, parameters.search()?);
    let is_numeric = parameters.is_true("use_numeric_id")?;
    let groups = shared
        .store
        .read(move |reader| {
            let kind = address.kind(reader.catalog)?;
            reader.groups(kind, &by, query.as_ref(), search.as_ref(), is_numeric)
        })
        .await?;
    Ok(negotiation::tagged(&headers, &groups))
}

pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    address: Address,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if address.collection == "attachments" && negotiation::wants_bytes(&headers) {
        return attachments::download(&shared, address).await;
    }
    let catalog = shared.catalog();
    let select = parameters.select(address.kind(&catalog)?)?;
    let entity = shared
        .store
        .read(move |reader| {
            let (kind, key) = address.entity(reader)?;
            reader
                .get(kind, key, &select)?
                .ok_or_else(|| ApiError::entity_not_found(kind.name, &address.id))
        })
        .await?;
    Ok(negotiation::tagged(&headers, &entity))
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    address: Address,
    visitor: Visitor,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let catalog = shared.catalog();
    let mut fields = body::object(&body::bytes(&shared, body)?)?;
    let select = parameters.select(address.kind(&catalog)?)?;
    let mode = parameters.mode()?;
    let entity = shared
        .store
        .write(move |writer| {
            let writer = writer.on_behalf_of(&visitor.account.name)?;
            let (kind, key) = address.entity(writer.reader())?;
            // The body may repeat which entity is meant.
            fields.remove("id");
            writer.update(kind, key, &fields, mode)?;
            writer
                .reader()
                .get(kind, key, &select)?
                .ok_or_else(|| ApiError::entity_not_found(kind.name, &address.id))
        })
        .await?;
    Ok(json_response(StatusCode::OK, &entity))
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    address: Address,
) -> Result<Response, ApiError> {
    shared
        .store
        .write(move |writer| {
            let (kind, key) = address.entity(writer.reader())?;
            writer.delete(kind, key)
        })
        .await?;
    Ok(StatusCode::OK.into_response())
}
