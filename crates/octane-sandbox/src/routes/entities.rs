//! The collections of entities: one set of handlers for all types.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use octane_model::{Entity, EntityId, Page, Problem, Select};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::body;
use super::parameters::Parameters;
use crate::catalog::{Catalog, EntityType};
use crate::error::{ApiError, json_response, own_code};
use crate::server::Shared;
use crate::store::{Reader, Writer};

type PathPieces = Path<HashMap<String, String>>;
type Body = Result<Bytes, BytesRejection>;

/// What a request addresses: a collection and maybe an entity in it.
struct Address {
    collection: String,
    id: String,
}

impl Address {
    /// Fails where there is no such collection or where it does not take the verb.
    fn new(shared: &Shared, Path(mut path): PathPieces, method: &str) -> Result<Self, ApiError> {
        let mut piece = |name: &str| path.remove(name).unwrap_or_default();
        let address = Self {
            collection: piece("collection"),
            id: piece("id"),
        };
        if address.kind(&shared.catalog)?.allows(method) {
            Ok(address)
        } else {
            Err(ApiError::method_not_allowed(method))
        }
    }

    fn kind<'a>(&self, catalog: &'a Catalog) -> Result<&'a EntityType, ApiError> {
        let kind = catalog.collection(&self.collection);
        kind.ok_or_else(|| ApiError::unknown_address(&self.collection))
    }
}

fn key(reader: Reader<'_>, kind: &EntityType, id: &str) -> Result<i64, ApiError> {
    let key = reader.key(kind, id)?;
    key.ok_or_else(|| ApiError::entity_not_found(kind.name, id))
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    path: PathPieces,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let address = Address::new(&shared, path, "GET")?;
    let request = parameters.list(&shared.settings)?;
    let page = shared
        .store
        .read(move |reader| {
            let kind = address.kind(reader.catalog)?;
            reader.list(kind, &request)
        })
        .await?;
    Ok(json_response(StatusCode::OK, &page))
}

pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    path: PathPieces,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let address = Address::new(&shared, path, "GET")?;
    let select = parameters.select()?;
    let entity = shared
        .store
        .read(move |reader| {
            let kind = address.kind(reader.catalog)?;
            let key = key(reader, kind, &address.id)?;
            reader
                .get(kind, key, &select)?
                .ok_or_else(|| ApiError::entity_not_found(kind.name, &address.id))
        })
        .await?;
    Ok(json_response(StatusCode::OK, &entity))
}

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    path: PathPieces,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let address = Address::new(&shared, path, "POST")?;
    let items = body::data(&body::bytes(&shared, body)?)?;
    let select = parameters.select()?;
    bulk(
        &shared,
        address,
        items,
        select,
        StatusCode::CREATED,
        |writer, kind, fields| writer.create(kind, &fields),
    )
    .await
}

pub(super) async fn update_many(
    State(shared): State<Arc<Shared>>,
    path: PathPieces,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let address = Address::new(&shared, path, "PUT")?;
    if parameters.get("query").is_some() {
        let description =
            "this sandbox does not update by `query` yet; name each entity by its `id`";
        return Err(not_implemented(description));
    }
    let items = body::data(&body::bytes(&shared, body)?)?;
    let (select, mode) = (parameters.select()?, parameters.mode()?);
    bulk(
        &shared,
        address,
        items,
        select,
        StatusCode::OK,
        move |writer, kind, mut fields| {
            let id = fields
                .remove("id")
                .and_then(|id| EntityId::deserialize(id).ok());
            let id = id.ok_or_else(|| {
                ApiError::illegal_value(
                    kind.name,
                    "id",
                    "the field `id` says which entity is meant",
                )
            })?;
            let key = key(writer.reader(), kind, id.as_str())?;
            writer.update(kind, key, &fields, mode)?;
            Ok(key)
        },
    )
    .await
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    path: PathPieces,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let address = Address::new(&shared, path, "PUT")?;
    let mut fields = body::object(&body::bytes(&shared, body)?)?;
    let (select, mode) = (parameters.select()?, parameters.mode()?);
    let entity = shared
        .store
        .write(move |writer| {
            let kind = address.kind(writer.catalog)?;
            let key = key(writer.reader(), kind, &address.id)?;
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
    path: PathPieces,
) -> Result<Response, ApiError> {
    let address = Address::new(&shared, path, "DELETE")?;
    shared
        .store
        .write(move |writer| {
            let kind = address.kind(writer.catalog)?;
            let key = key(writer.reader(), kind, &address.id)?;
            writer.delete(kind, key)
        })
        .await?;
    Ok(StatusCode::OK.into_response())
}

pub(super) async fn delete_many(
    State(shared): State<Arc<Shared>>,
    path: PathPieces,
) -> Result<Response, ApiError> {
    Address::new(&shared, path, "DELETE")?;
    Err(not_implemented(
        "this sandbox does not delete by `query` yet",
    ))
}

fn not_implemented(description: &str) -> ApiError {
    let problem = Problem::new(own_code::WEB, description);
    ApiError::new(StatusCode::NOT_IMPLEMENTED, problem)
}

/// Writes entities one by one in one transaction. Each succeeds or fails on its own; where one failed the
/// answer is 409 with what is done and what is wrong.
async fn bulk(
    shared: &Shared,
    address: Address,
    items: Vec<Map<String, Value>>,
    select: Select,
    success: StatusCode,
    write: impl for<'a> Fn(Writer<'a>, &'a EntityType, Map<String, Value>) -> Result<i64, ApiError>
    + Send
    + 'static,
) -> Result<Response, ApiError> {
    let page = shared
        .store
        .write(move |writer| {
            let kind = address.kind(writer.catalog)?;
            let mut keys = Vec::with_capacity(items.len());
            let mut errors = Vec::new();
            for (index, fields) in items.into_iter().enumerate() {
                match writer.attempt(|| write(writer, kind, fields)) {
                    Ok(key) => keys.push(key),
                    Err(error @ ApiError::Internal(_)) => return Err(error),
                    Err(error) => {
                        let mut problem = error.into_problem();
                        problem.index = Some(index);
                        errors.push(problem);
                    }
                }
            }
            let data: Vec<Entity> = writer.reader().get_many(kind, &keys, &select)?;
            let count = u64::try_from(keys.len()).unwrap_or(u64::MAX);
            Ok(Page {
                errors,
                ..Page::new(data, count)
            })
        })
        .await?;
    let status = if page.errors.is_empty() {
        success
    } else {
        StatusCode::CONFLICT
    };
    Ok(json_response(status, &page))
}
