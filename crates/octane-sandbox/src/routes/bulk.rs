//! Writing many entities in one request.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use octane_model::{Entity, EntityId, Page, Query, Select};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::address::{Address, row_id};
use super::body::Body;
use super::parameters::Parameters;
use super::{attachments, body};
use crate::auth::CurrentUser;
use crate::catalog::{EntityType, Scope};
use crate::error::{ApiError, json_response, own_code, problem_body};
use crate::settings::BulkPosition;
use crate::state::AppState;
use crate::store::{Mode, Writer};

type Fields = Map<String, Value>;

/// What is done to one entity of a request.
#[derive(Debug, Clone)]
enum Step {
    Create(Fields),
    /// Updates the entity that the body identifies by its `id`.
    Update(Fields, Mode),
    /// Updates an entity found by a query.
    Change(i64, Fields, Mode),
    Delete(i64),
}

pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    address: Address,
    current_user: CurrentUser,
    parameters: Parameters,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if address.collection == "attachments" {
        return attachments::create(&state, address, current_user, &parameters, &headers, body)
            .await;
    }
    let items = body::data_or_one(&body::entity_bytes(&state, body)?)?;
    let bulk = Bulk::new(
        &state,
        address,
        current_user,
        &parameters,
        StatusCode::CREATED,
    )?;
    bulk.run(&state, move |_, _| {
        Ok(items.into_iter().map(Step::Create).collect())
    })
    .await
}

pub(super) async fn update(
    State(state): State<Arc<AppState>>,
    address: Address,
    current_user: CurrentUser,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let mut items = body::data(&body::entity_bytes(&state, body)?)?;
    let mode = parameters.mode()?;
    let bulk = Bulk::new(&state, address, current_user, &parameters, StatusCode::OK)?;
    let Some(query) = parameters.query()? else {
        let steps = move |_: Writer<'_>, _: &EntityType| {
            let update = |fields| Step::Update(fields, mode);
            Ok(items.into_iter().map(update).collect())
        };
        return bulk.run(&state, steps).await;
    };
    let (Some(mut fields), true) = (items.pop(), items.is_empty()) else {
        let description =
            "an update by `query` requires `{\"data\":[{…}]}` with exactly one entity";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    };
    if fields.remove("id").is_some_and(|id| !id.is_null()) {
        let description = "an update by `query` changes all matching entities, so the body must not contain an `id`";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    }
    bulk.run(&state, move |writer, entity_type| {
        let row_ids = found(writer, entity_type, &query)?;
        let change = |row_id| Step::Change(row_id, fields.clone(), mode);
        Ok(row_ids.into_iter().map(change).collect())
    })
    .await
}

/// Updates backlog items under a URL that does not name their collection.
pub(super) async fn update_items(
    state: State<Arc<AppState>>,
    current_user: CurrentUser,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let items = Address {
        scope: Scope::Workspace,
        collection: "work_items".to_owned(),
        id: String::new(),
        part: String::new(),
    };
    update(state, items, current_user, parameters, body).await
}

pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    address: Address,
    current_user: CurrentUser,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let Some(query) = parameters.query()? else {
        let description = "`query` is required; it selects the entities to delete";
        return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
    };
    let bulk = Bulk::new(&state, address, current_user, &parameters, StatusCode::OK)?;
    bulk.run(&state, move |writer, entity_type| {
        let row_ids = found(writer, entity_type, &query)?;
        Ok(row_ids.into_iter().map(Step::Delete).collect())
    })
    .await
}

/// The results of a query, unless there are more than are counted.
fn found(
    writer: Writer<'_>,
    entity_type: &EntityType,
    query: &Query,
) -> Result<Vec<i64>, ApiError> {
    let entity_type = writer.catalog.known_type(entity_type.name);
    let row_ids = writer.reader().row_ids(entity_type, query)?;
    let max = writer.catalog.settings.total_count_max;
    if max.is_some_and(|max| row_ids.len() as u64 > max) {
        let description = format!("the query matches {} entities", row_ids.len());
        return Err(ApiError::bad_request(own_code::TOO_MANY, description));
    }
    Ok(row_ids)
}

/// Writes entities one by one in one transaction. Each succeeds or fails on its own, unless the request is
/// atomic; if one fails, the response is 409 with the successes and the errors.
struct Bulk {
    address: Address,
    current_user: CurrentUser,
    select: Select,
    is_atomic: bool,
    success: StatusCode,
}

/// The outcome for one entity.
enum Done {
    Written(i64),
    Deleted(Option<Entity>),
}

/// The outcome for all entities.
#[derive(Default)]
struct Outcome {
    data: Vec<Entity>,
    errors: Vec<(usize, ApiError)>,
}

impl Bulk {
    fn new(
        state: &AppState,
        address: Address,
        current_user: CurrentUser,
        parameters: &Parameters,
        success: StatusCode,
    ) -> Result<Self, ApiError> {
        let catalog = state.catalog();
        Ok(Self {
            select: parameters.select(&catalog, address.entity_type(&catalog)?)?,
            is_atomic: parameters.is_true("is_atomic_creation")?,
            address,
            current_user,
            success,
        })
    }

    /// Performs the steps from `steps`.
    async fn run(
        self,
        state: &AppState,
        steps: impl FnOnce(Writer<'_>, &EntityType) -> Result<Vec<Step>, ApiError> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let success = self.success;
        let position = state.settings.entities.bulk_position;
        let outcome = state
            .store
            .write(move |writer| {
                let writer = writer.on_behalf_of(&self.current_user.account.name)?;
                let entity_type = self.address.entity_type(writer.catalog)?;
                let steps = steps(writer, entity_type)?;
                self.all(writer, entity_type, steps)
            })
            .await?;
        Ok(respond(outcome, success, position))
    }

    fn all<'a>(
        &self,
        writer: Writer<'a>,
        entity_type: &'a EntityType,
        steps: Vec<Step>,
    ) -> Result<Outcome, ApiError> {
        writer.connection.execute_batch("SAVEPOINT bulk")?;
        let mut row_ids = Vec::with_capacity(steps.len());
        let mut outcome = Outcome::default();
        for (index, step) in steps.into_iter().enumerate() {
            let done = writer.attempt(|| perform(writer, entity_type, step));
            match done {
                Ok(Done::Written(row_id)) => row_ids.push(row_id),
                // It may have been deleted together with its parent.
                Ok(Done::Deleted(entity)) => outcome.data.extend(entity),
                Err(error @ ApiError::Internal(_)) => return Err(error),
                Err(error) => outcome.errors.push((index, error)),
            }
        }
        if self.is_atomic && !outcome.errors.is_empty() {
            writer.connection.execute_batch("ROLLBACK TO bulk")?;
            row_ids.clear();
            outcome.data.clear();
        }
        writer.connection.execute_batch("RELEASE bulk")?;
        if !row_ids.is_empty() {
            outcome.data = writer
                .reader()
                .get_many(entity_type, &row_ids, &self.select)?;
        }
        Ok(outcome)
    }
}

/// Performs one step.
fn perform<'a>(
    writer: Writer<'a>,
    entity_type: &'a EntityType,
    step: Step,
) -> Result<Done, ApiError> {
    let row_id = match step {
        Step::Create(fields) => writer.create(entity_type, &fields)?,
        Step::Update(mut fields, mode) => {
            let id = fields
                .remove("id")
                .and_then(|id| EntityId::deserialize(id).ok())
                .ok_or_else(|| {
                    let description = "the field `id` is required; it identifies the entity";
                    ApiError::illegal_value(entity_type.name, "id", description)
                })?;
            let row_id = row_id(writer.reader(), entity_type, id.as_str())?;
            writer.update(entity_type, row_id, &fields, mode)?;
            row_id
        }
        Step::Change(row_id, fields, mode) => {
            writer.update(entity_type, row_id, &fields, mode)?;
            row_id
        }
        Step::Delete(row_id) => {
            // Deleted entities can no longer be read.
            let id = Select::names(["id"]);
            let entity = writer.reader().get(entity_type, row_id, &id)?;
            if entity.is_some() {
                writer.delete(entity_type, row_id)?;
            }
            return Ok(Done::Deleted(entity));
        }
    };
    Ok(Done::Written(row_id))
}

fn respond(outcome: Outcome, success: StatusCode, position: BulkPosition) -> Response {
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
