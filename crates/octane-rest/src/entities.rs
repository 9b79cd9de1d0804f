//! Generic operations on every collection.

use std::marker::PhantomData;

use bytes::Bytes;
use http::{Method, Request};
use octane_model::{
    Collection, Entity, EntityId, Order, Page, Query, ReferenceUpdate, Resource, Select,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::bulk::BulkOutcome;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::list::ListRequest;
use crate::retry::Idempotency;

/// A collection of entities: typed ones from [`Endpoint::entities`], dynamic ones from
/// [`Endpoint::collection`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Entities<T> {
    endpoint: Endpoint,
    name: Box<str>,
    collection: Collection,
    select: Select,
    entity: PhantomData<fn() -> T>,
}

impl Endpoint {
    /// The collection of a typed entity.
    pub fn entities<T: Resource>(&self) -> Entities<T> {
        Entities::new(self, T::COLLECTION, T::select())
    }

    /// A collection by its name in URLs, for example `stories`.
    pub fn collection(&self, name: &str) -> Entities<Entity> {
        Entities::new(self, name, Select::default())
    }
}

impl<T> Entities<T> {
    fn new(endpoint: &Endpoint, name: &str, select: Select) -> Self {
        Self {
            endpoint: endpoint.clone(),
            name: name.into(),
            collection: endpoint.workspace().collection(name),
            select,
            entity: PhantomData,
        }
    }

    /// Requests these fields instead. Without any, the server returns only a few.
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// A request for a list, to be refined and sent.
    pub fn list(&self) -> ListRequest<T> {
        let (endpoint, collection) = (self.endpoint.clone(), self.collection.clone());
        ListRequest::new(endpoint, collection, self.select.clone())
    }

    /// Updates one entity; fields missing from `change` stay as they are, and the references of a
    /// multi-reference field are replaced. Returns the few fields that the server returns.
    pub async fn update(&self, id: impl Into<EntityId>, change: &Entity) -> Result<Entity, Error> {
        let request = self
            .collection
            .update(&id.into(), change, ReferenceUpdate::Replace);
        let request = self.valid(Method::PUT, request)?;
        self.endpoint
            .execute(request, Idempotency::Idempotent)
            .await?
            .json()
    }

    /// Updates many entities, each of which has its ID, in chunks of the setting `bulk_entities_max`.
    ///
    /// Individually rejected entities are in the outcome. An error means that a whole chunk failed: the
    /// chunks before it are written, those after it were not sent; repeating the whole call is harmless.
    pub async fn update_many(
        &self,
        changes: &[Entity],
        references: ReferenceUpdate,
    ) -> Result<BulkOutcome, Error> {
        let mut outcome = BulkOutcome::default();
        for (start, chunk) in self.chunks(changes) {
            let request = self.collection.update_many(chunk, references);
            let request = self.valid(Method::PUT, request)?;
            let response = self.endpoint.send(request, Idempotency::Idempotent).await?;
            outcome.add(start, chunk.len(), response)?;
        }
        Ok(outcome)
    }

    /// Creates many entities, in chunks of the setting `bulk_entities_max`.
    ///
    /// Individually rejected entities are in the outcome. An error means that a whole chunk failed: the
    /// entities of the chunks before it exist, those after it were not sent, and those of the chunk itself
    /// may exist if [`Error::outcome_unknown`].
    pub async fn create_many(&self, entities: &[Entity]) -> Result<BulkOutcome, Error> {
        let mut outcome = BulkOutcome::default();
        for (start, chunk) in self.chunks(entities) {
            let request = self.collection.create(chunk, &self.select);
            let request = self.valid(Method::POST, request)?;
            let response = self
                .endpoint
                .send(request, Idempotency::NonIdempotent)
                .await?;
            outcome.add(start, chunk.len(), response)?;
        }
        Ok(outcome)
    }

    /// Deletes one entity. If the response to the first attempt was lost, it may have been that one which has deleted it.
    pub async fn delete(&self, id: impl Into<EntityId>) -> Result<(), Error> {
        let request = self.collection.delete(&id.into());
        let response = self.endpoint.send(request, Idempotency::Idempotent).await?;
        response.into_deleted().map(drop)
    }

    /// Chunks with the position at which each starts.
    fn chunks<'a>(&self, entities: &'a [Entity]) -> impl Iterator<Item = (usize, &'a [Entity])> {
        let size = self.endpoint.settings().bulk_entities_max;
        let starts = (0..).step_by(size);
        starts.zip(entities.chunks(size))
    }

    fn valid(
        &self,
        method: Method,
        request: serde_json::Result<Request<Bytes>>,
    ) -> Result<Request<Bytes>, Error> {
        request.map_err(|error| {
            let path = format!("{}/{}", self.endpoint.workspace().path(), self.name);
            self.endpoint
                .invalid_request(method, &path, error.to_string())
        })
    }
}

impl<T: DeserializeOwned + Send + 'static> Entities<T> {
    /// The entity with this ID; it is an error ([`is_not_found`](Error::is_not_found)) if there is none.
    pub async fn get(&self, id: impl Into<EntityId>) -> Result<T, Error> {
        let request = self.collection.get(&id.into(), &self.select);
        self.endpoint
            .execute(request, Idempotency::Idempotent)
            .await?
            .json()
    }

    /// The entity that matches `query`; of several, the one with the lowest ID.
    pub async fn find(&self, query: Query) -> Result<Option<T>, Error> {
        let list = self.list().matching(query);
        list.order_by(Order::ascending("id")).first().await
    }

    /// Creates entities with one request, and returns them with the selected fields. It is an error
    /// ([`is_conflict`](Error::is_conflict)) if some of them are rejected; to get the others, use
    /// [`create_many`](Self::create_many).
    pub async fn create(&self, entities: &[Entity]) -> Result<Vec<T>, Error> {
        let request = self.collection.create(entities, &self.select);
        let request = self.valid(Method::POST, request)?;
        let sending = self.endpoint.execute(request, Idempotency::NonIdempotent);
        Ok(sending.await?.json::<Page<T>>()?.data)
    }

    /// Creates one entity.
    pub async fn create_one(&self, entity: &Entity) -> Result<T, Error> {
        let request = self
            .collection
            .create(std::slice::from_ref(entity), &self.select);
        let request = self.valid(Method::POST, request)?;
        let sending = self.endpoint.execute(request, Idempotency::NonIdempotent);
        let One { data: (entity,) } = sending.await?.json()?;
        Ok(entity)
    }
}

/// An envelope around exactly one entity.
#[derive(Deserialize)]
struct One<T> {
    data: (T,),
}
