//! Writing many entities with one request.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use octane_model::{Entity, EntityId, Page, Query, Select};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::address::{Address, key};
use super::entities::Body;
use super::parameters::Parameters;
use super::{attachments, body};
use crate::auth::Visitor;
use crate::catalog::EntityType;
use crate::error::{ApiError, json_response, own_code, problem_body};
use crate::server::Shared;
use crate::settings::BulkPosition;
use crate::store::{Mode, Writer};

type Fields = Map<String, Value>;

/// What is done to one entity of a request.
#[derive(Debug, Clone)]
enum Step {
    Create(Fields),
    /// Changes the entity that the body names by its `id`.
    Update(Fields, Mode),
    /// Changes the entity that a query found.
    Change(i64, Fields, Mode),
    Delete(i64),
}

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    address: Address,
    visitor: Visitor,
    parameters: Parameters,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if address.collection == "attachments" {
        return attachments::create(&shared, address, visitor, &parameters, &headers, body).await;
    }
    let items = body::data_or_one(&body::bytes(&shared, body)?)?;
    let bulk = Bulk::new(&shared, address, visitor, &parameters, StatusCode::CREATED)?;
    bulk.run(&shared, move |_, _| {
        Ok(items.into_iter().map(Step::Create).collect())
    })
    .await
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    address: Address,
    visitor: Visitor,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let mut items = body::data(&body::bytes(&shared, body)?)?;
    let mode = parameters.mode()?;
    let bulk = Bulk::new(&shared, address, visitor, &parameters, StatusCode::OK)?;
    let Some(query) = parameters.query()? else {
        let steps = move |_: Writer<'_>, _: &EntityType| {
            let update = |fields| Step::Update(fields, mode);
            Ok(items.into_iter().map(update).collect())
        };
        return bulk.run(&shared, steps).await;
    };
    let (Some(mut fields), true) = (items.pop(), items.is_empty()) else {
        let description = "an update by `query` takes `{\"data\":[{…}]}` with exactly one entity";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    };
    if fields.remove("id").is_some_and(|id| !id.is_null()) {
        let description =
            "an update by `query` changes all that match; the entity must have no `id`";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    }
    bulk.run(&shared, move |writer, kind| {
        let keys = found(writer, kind, &query)?;
        let change = |key| Step::Change(key, fields.clone(), mode);
        Ok(keys.into_iter().map(change).collect())
    })
    .await
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    address: Address,
    visitor: Visitor,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let Some(query) = parameters.query()? else {
        let description = "`query` must say which entities to delete";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    };
    let bulk = Bulk::new(&shared, address, visitor, &parameters, StatusCode::OK)?;
    bulk.run(&shared, move |writer, kind| {
        let keys = found(writer, kind, &query)?;
        Ok(keys.into_iter().map(Step::Delete).collect())
    })
    .await
}

/// What a query finds, unless the entities are more than are counted.
fn found(writer: Writer<'_>, kind: &EntityType, query: &Query) -> Result<Vec<i64>, ApiError> {
    let kind = writer.catalog.known_type(kind.name);
    let keys = writer.reader().keys(kind, query)?;
    let max = writer.catalog.settings.total_count_max;
    if max.is_some_and(|max| keys.len() as u64 > max) {
        let description = format!("the query matches {} entities", keys.len());
        return Err(ApiError::bad_request(own_code::TOO_MANY, description));
    }
    Ok(keys)
}

/// A request that writes entities one by one in one transaction. Each succeeds or fails on its own, unless
/// the request wants all or nothing; where one failed the answer is 409 with what is done and what is wrong.
struct Bulk {
    address: Address,
    visitor: Visitor,
    select: Select,
    is_atomic: bool,
    success: StatusCode,
}

/// What became of one entity.
enum Done {
    Written(i64),
    Deleted(Option<Entity>),
}

/// What became of the entities.
#[derive(Default)]
struct Outcome {
    data: Vec<Entity>,
    errors: Vec<(usize, ApiError)>,
}

impl Bulk {
    fn new(
        shared: &Shared,
        address: Address,
        visitor: Visitor,
        parameters: &Parameters,
        success: StatusCode,
    ) -> Result<Self, ApiError> {
        let catalog = shared.catalog();
        Ok(Self {
            select: parameters.select(address.kind(&catalog)?)?,
            is_atomic: parameters.is_true("is_atomic_creation")?,
            address,
            visitor,
            success,
        })
    }

    /// Does the steps that `steps` gives.
    async fn run(
        self,
        shared: &Shared,
        steps: impl FnOnce(Writer<'_>, &EntityType) -> Result<Vec<Step>, ApiError> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let success = self.success;
        let position = shared.settings.entities.bulk_position;
        let outcome = shared
            .store
            .write(move |writer| {
                let writer = writer.on_behalf_of(&self.visitor.account.name)?;
                let kind = self.address.kind(writer.catalog)?;
                let steps = steps(writer, kind)?;
                self.all(writer, kind, steps)
            })
            .await?;
        Ok(answer(outcome, success, position))
    }

    fn all<'a>(
        &self,
        writer: Writer<'a>,
        kind: &'a EntityType,
        steps: Vec<Step>,
    ) -> Result<Outcome, ApiError> {
        writer.connection.execute_batch("SAVEPOINT bulk")?;
        let mut keys = Vec::with_capacity(steps.len());
        let mut outcome = Outcome::default();
        for (index, step) in steps.into_iter().enumerate() {
            let done = writer.attempt(|| match step {
                Step::Delete(key) => {
                    // Deleted entities cannot be read any more.
                    let entity = writer.reader().get(kind, key, &Select::names(["id"]))?;
                    if entity.is_some() {
                        writer.delete(kind, key)?;
                    }
                    Ok(Done::Deleted(entity))
                }
                step => perform(writer, kind, step).map(Done::Written),
            });
            match done {
                Ok(Done::Written(key)) => keys.push(key),
                // What was below a deleted entity may have gone with it.
                Ok(Done::Deleted(entity)) => outcome.data.extend(entity),
                Err(error @ ApiError::Internal(_)) => return Err(error),
                Err(error) => outcome.errors.push((index, error)),
            }
        }
        if self.is_atomic && !outcome.errors.is_empty() {
            writer.connection.execute_batch("ROLLBACK TO bulk")?;
            keys.clear();
            outcome.data.clear();
        }
        writer.connection.execute_batch("RELEASE bulk")?;
        if !keys.is_empty() {
            outcome.data = writer.reader().get_many(kind, &keys, &self.select)?;
        }
        Ok(outcome)
    }
}

/// Does one step; gives the key of what is there afterwards.
fn perform<'a>(writer: Writer<'a>, kind: &'a EntityType, step: Step) -> Result<i64, ApiError> {
    match step {
        Step::Create(fields) => writer.create(kind, &fields),
        Step::Update(mut fields, mode) => {
            let id = fields
                .remove("id")
                .and_then(|id| EntityId::deserialize(id).ok())
                .ok_or_else(|| {
                    let description = "the field `id` says which entity is meant";
                    ApiError::illegal_value(kind.name, "id", description)
                })?;
            let key = key(writer.reader(), kind, id.as_str())?;
            writer.update(kind, key, &fields, mode)?;
            Ok(key)
        }
        Step::Change(key, fields, mode) => {
            writer.update(kind, key, &fields, mode)?;
            Ok(key)
        }
        Step::Delete(key) => writer.delete(kind, key).map(|()| key),
    }
}

fn answer(outcome: Outcome, success: StatusCode, position: BulkPosition) -> Response {
    let Outcome { data, errors } = outcome;
    let errors: Vec<Value> = errors
        .into_iter()
        .map(|(index, error)| {
            let mut body = problem_body(error.into_problem());
            if position != BulkPosition::EntityIndex {
                body["index"] = index.into();
            }
            if position != BulkPosition::Index {
                body["entity_index"] = index.into();
            }
            body
        })
        .collect();
    let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
    let page = Page::new(data, count);
    if errors.is_empty() {
        return json_response(success, &page);
    }
    let body = json!({
        "total_count": page.total_count,
        "data": page.data,
        "exceeds_total_count": false,
        "errors": errors,
    });
    json_response(StatusCode::CONFLICT, &body)
}
