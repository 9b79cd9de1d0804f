//! Entities with names, which are compared exactly.

use octane_model::{
    ApplicationModule, AutomatedRun, Entity, EntityId, Order, Query, ReleaseEntity, Resource,
    Select, SuiteRun, TestSuite, WorkItem,
};
use serde::Deserialize;

use crate::ambiguous_name::{AmbiguousName, OnAmbiguous};
use crate::client::Client;
use crate::error::ClientError;
use crate::likeness::{Similar, errors_between};
use crate::name::{NAME_CHARS_MAX, trim_name};

/// How many similar names are reported.
const SIMILAR_MAX: usize = 3;

/// An entity with a name, and what messages call its type.
pub(crate) trait NamedEntity: Resource + Clone + Send + 'static {
    /// What messages call the type, for example "test suite".
    const LABEL: &'static str;
    /// The collection in which one is created.
    const CREATED_IN: &'static str = Self::COLLECTION;

    fn id(&self) -> i64;
    fn name(&self) -> &str;
}

macro_rules! named_entities {
    ($($entity:ty = $label:literal $(, created in $collection:literal)?;)+) => {$(
        impl NamedEntity for $entity {
            const LABEL: &'static str = $label;
            $(const CREATED_IN: &'static str = $collection;)?

            fn id(&self) -> i64 {
                self.id.get()
            }

            fn name(&self) -> &str {
                &self.name
            }
        }
    )+};
}

named_entities! {
    ApplicationModule = "application module";
    AutomatedRun = "automated run";
    ReleaseEntity = "release";
    // As the vendor's CI SDK creates them.
    SuiteRun = "suite run", created in "runs";
    TestSuite = "test suite";
    WorkItem = "backlog item";
}

/// The entity with this id; an error that names its type if it does not exist.
pub(crate) async fn get<E: NamedEntity>(
    client: &Client,
    id: impl Into<EntityId>,
) -> Result<E, ClientError> {
    let id = id.into();
    match client.endpoint.entities::<E>().get(id.clone()).await {
        Err(error) if error.is_not_found() && !error.is_retryable() => {
            Err(ClientError::UnknownId { kind: E::LABEL, id })
        }
        found => Ok(found?),
    }
}

/// The entities for which all of `filters` hold, by id.
pub(crate) async fn list<E: NamedEntity>(
    client: &Client,
    filters: impl IntoIterator<Item = Query>,
) -> Result<Vec<E>, ClientError> {
    let mut list = client.endpoint.entities::<E>().list();
    if let Some(query) = Query::all(filters) {
        list = list.matching(query);
    }
    Ok(list.all().await?)
}

/// The entities of exactly this name within `scope`, by id. The server may compare without regard to case.
pub(crate) async fn list_named<E: NamedEntity>(
    client: &Client,
    name: &str,
    scope: Option<Query>,
) -> Result<Vec<E>, ClientError> {
    let name = trim_name(name);
    let filters = std::iter::once(Query::field("name").is(name)).chain(scope);
    let mut found: Vec<E> = list(client, filters).await?;
    found.retain(|entity| entity.name() == name);
    found.sort_by_key(E::id);
    Ok(found)
}

/// Entities within `scope` whose names look like `name`, the most similar first. Compares the newest ones, one page of
/// them, so that it costs one request however large the workspace is.
pub(crate) async fn similar<E: NamedEntity>(
    client: &Client,
    name: &str,
    scope: Option<Query>,
) -> Result<Vec<Similar>, ClientError> {
    let name = trim_name(name);
    let page_size = client.endpoint.settings().page_size;
    let mut list = client.endpoint.collection(E::COLLECTION).list();
    list = list.select(Select::names(["name"]));
    list = list
        .order_by(Order::descending("id"))
        .limit(page_size.into());
    if let Some(scope) = scope {
        list = list.matching(scope);
    }
    let entities: Vec<Entity> = list.all().await?;
    let mut alike: Vec<(usize, Similar)> = entities
        .into_iter()
        .filter_map(|entity| {
            let other = entity.text("name")?.to_owned();
            let errors = errors_between(name, &other)?;
            let id = entity.id?;
            Some((errors, Similar { id, name: other }))
        })
        .collect();
    alike.sort_by_key(|(errors, _)| *errors);
    alike.truncate(SIMILAR_MAX);
    Ok(alike.into_iter().map(|(_, similar)| similar).collect())
}

/// The only entity of exactly this name within `scope`; an error that lists them if there are several.
pub(crate) async fn find_only<E: NamedEntity>(
    client: &Client,
    name: &str,
    scope: Option<Query>,
) -> Result<Option<E>, ClientError> {
    let found: Vec<E> = list_named(client, name, scope).await?;
    only(name, found)
}

/// The entity of exactly this name within `scope`. If there are several, the settings decide.
pub(crate) async fn find<E: NamedEntity>(
    client: &Client,
    name: &str,
    scope: Option<Query>,
) -> Result<Option<E>, ClientError> {
    let found = list_named(client, name, scope).await?;
    client.oldest(name, found, |ambiguous| {
        (client.on_ambiguous_name)(&ambiguous);
    })
}

/// The only one of those that have a name; an error that lists them if there are several.
pub(crate) fn only<E: NamedEntity>(name: &str, found: Vec<E>) -> Result<Option<E>, ClientError> {
    match AmbiguousName::of(name, &found) {
        Some(ambiguous) => Err(ambiguous.into()),
        None => Ok(found.into_iter().next()),
    }
}

/// A new entity of this name, to be completed and created.
pub(crate) fn draft<E: NamedEntity>(name: &str) -> Result<Entity, ClientError> {
    check_name(E::LABEL, name)?;
    Ok(Entity::new().set("name", trim_name(name)))
}

/// Creates an entity.
pub(crate) async fn create<E: NamedEntity>(
    client: &Client,
    draft: &Entity,
) -> Result<E, ClientError> {
    let collection = client.endpoint.entities::<Created<E>>();
    let Created(entity) = collection.create_one(draft).await?;
    Ok(entity)
}

/// An entity in the collection in which it is created.
#[derive(Deserialize)]
#[serde(transparent)]
struct Created<E>(E);

impl<E: NamedEntity> Resource for Created<E> {
    const TYPE: &'static str = E::TYPE;
    const COLLECTION: &'static str = E::CREATED_IN;

    fn select() -> Select {
        E::select()
    }
}

/// Rejects a name that the server would reject, before anything is sent.
pub(crate) fn check_name(kind: &'static str, name: &str) -> Result<(), ClientError> {
    match trim_name(name).chars().count() {
        0 => Err(ClientError::EmptyName { kind }),
        1..=NAME_CHARS_MAX => Ok(()),
        length => Err(ClientError::NameTooLong {
            kind,
            length,
            length_max: NAME_CHARS_MAX,
        }),
    }
}

impl AmbiguousName {
    /// The name of these entities, which are ordered by ID, if there are several.
    pub(crate) fn of<E: NamedEntity>(name: &str, found: &[E]) -> Option<Self> {
        (found.len() > 1).then(|| Self {
            kind: E::LABEL,
            name: name.to_owned(),
            ids: found.iter().map(|entity| entity.id().into()).collect(),
        })
    }
}

impl Client {
    /// The oldest of these entities, which are ordered by ID; an error if there are several and the settings say so.
    pub(crate) fn oldest<E: NamedEntity>(
        &self,
        name: &str,
        found: Vec<E>,
        on_several: impl FnOnce(AmbiguousName),
    ) -> Result<Option<E>, ClientError> {
        if let Some(ambiguous) = AmbiguousName::of(name, &found) {
            match self.settings.on_ambiguous {
                OnAmbiguous::First => on_several(ambiguous),
                OnAmbiguous::Fail => return Err(ambiguous.into()),
            }
        }
        Ok(found.into_iter().next())
    }
}
