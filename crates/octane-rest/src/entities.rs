//! One set of verbs for every collection.

use std::marker::PhantomData;

use bytes::Bytes;
use http::{Method, Request};
use octane_model::{
    Collection, Entity, EntityId, Order, Page, Query, ReferenceUpdate, Resource, Select,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{BulkOutcome, Endpoint, Error, Listing, Repeat};

/// A collection of entities: typed ones from [`Endpoint::entities`], any from
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

    /// Asks for these fields instead. Without any, the server answers few.
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// A list to be narrowed and asked for.
    pub fn list(&self) -> Listing<T> {
        let (endpoint, collection) = (self.endpoint.clone(), self.collection.clone());
        Listing::new(endpoint, collection, self.select.clone())
    }

    /// Changes one entity; fields that `change` does not name stay as they are, and the pointers of a
    /// reference field are replaced. Returns the few fields that the server answers.
    pub async fn update(&self, id: impl Into<EntityId>, change: &Entity) -> Result<Entity, Error> {
        let request = self
            .collection
            .update(&id.into(), change, ReferenceUpdate::Replace);
        let request = self.sendable(Method::PUT, request)?;
        self.endpoint.execute(request, Repeat::Always).await?.json()
    }

    /// Changes many entities, each of which names its id, in chunks of the setting
    /// `bulk_entities_max`.
    ///
    /// What the server refuses entity by entity is in the outcome. An error means that a whole chunk
    /// failed: those before it are written, those after it were not sent; doing all of it again is
    /// harmless.
    pub async fn update_many(
        &self,
        changes: &[Entity],
        references: ReferenceUpdate,
    ) -> Result<BulkOutcome, Error> {
        let mut outcome = BulkOutcome::default();
        for (start, chunk) in self.chunks(changes) {
            let request = self.collection.update_many(chunk, references);
            let request = self.sendable(Method::PUT, request)?;
            let answer = self.endpoint.send(request, Repeat::Always).await?;
            outcome.add(start, chunk.len(), answer)?;
        }
        Ok(outcome)
    }

    /// Creates many entities, in chunks of the setting `bulk_entities_max`.
    ///
    /// What the server refuses entity by entity is in the outcome. An error means that a whole chunk
    /// failed: those before it exist, those after it were not sent, and of the chunk itself it is
    /// known only if [`Error::is_unreachable`] is false.
    pub async fn create_many(&self, entities: &[Entity]) -> Result<BulkOutcome, Error> {
        let mut outcome = BulkOutcome::default();
        for (start, chunk) in self.chunks(entities) {
            let request = self.collection.create(chunk, &self.select);
            let request = self.sendable(Method::POST, request)?;
            let answer = self
                .endpoint
                .send(request, Repeat::IfNothingWasDone)
                .await?;
            outcome.add(start, chunk.len(), answer)?;
        }
        Ok(outcome)
    }

    /// Deletes one entity.
    pub async fn delete(&self, id: impl Into<EntityId>) -> Result<(), Error> {
        let request = self.collection.delete(&id.into());
        self.endpoint.execute(request, Repeat::Always).await?;
        Ok(())
    }

    /// Chunks with the position at which each begins.
    fn chunks<'a>(&self, entities: &'a [Entity]) -> impl Iterator<Item = (usize, &'a [Entity])> {
        let size = self.endpoint.settings().bulk_entities_max;
        let starts = (0..).step_by(size);
        starts.zip(entities.chunks(size))
    }

    fn sendable(
        &self,
        method: Method,
        request: serde_json::Result<Request<Bytes>>,
    ) -> Result<Request<Bytes>, Error> {
        request.map_err(|error| {
            let path = format!("{}/{}", self.endpoint.workspace().path(), self.name);
            self.endpoint.unsendable(method, &path, error.to_string())
        })
    }
}

impl<T: DeserializeOwned + Send + 'static> Entities<T> {
    /// The entity with this id; that there is none is an error
    /// ([`is_not_found`](Error::is_not_found)).
    pub async fn get(&self, id: impl Into<EntityId>) -> Result<T, Error> {
        let request = self.collection.get(&id.into(), &self.select);
        self.endpoint.execute(request, Repeat::Always).await?.json()
    }

    /// The entity for which `query` holds; of several, the one with the lowest id.
    pub async fn find(&self, query: Query) -> Result<Option<T>, Error> {
        let list = self.list().matching(query);
        list.order_by(Order::ascending("id")).first().await
    }

    /// Creates entities with one request, and returns them with the selected fields. Some of them
    /// refused is an error ([`is_conflict`](Error::is_conflict)); to keep the rest, see
    /// [`create_many`](Self::create_many).
    pub async fn create(&self, entities: &[Entity]) -> Result<Vec<T>, Error> {
        let request = self.collection.create(entities, &self.select);
        let request = self.sendable(Method::POST, request)?;
        let sending = self.endpoint.execute(request, Repeat::IfNothingWasDone);
        Ok(sending.await?.json::<Page<T>>()?.data)
    }

    /// Creates one entity.
    pub async fn create_one(&self, entity: &Entity) -> Result<T, Error> {
        let request = self
            .collection
            .create(std::slice::from_ref(entity), &self.select);
        let request = self.sendable(Method::POST, request)?;
        let sending = self.endpoint.execute(request, Repeat::IfNothingWasDone);
        let One { data: (entity,) } = sending.await?.json()?;
        Ok(entity)
    }
}

/// An envelope around exactly one entity.
#[derive(Deserialize)]
struct One<T> {
    data: (T,),
}
