//! Lists of entities, printed while their pages are read.

use std::pin::pin;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use octane_client::Client;
use octane_model::plural::plural;
use octane_model::{Entity, EntityId, Query, Resource, Select};
use octane_rest::{Entities, ListRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::entity::{Shown, id_row, value};
use crate::args::{Format, SinceArgs};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, PagedTable, Text, write_json_part, write_part};

/// How many rows are printed at once at most: those that have arrived.
const ROWS_MAX: usize = 1000;

/// An entity with the time at which it was created.
#[derive(Debug, Deserialize)]
struct Listed<E> {
    #[serde(flatten)]
    entity: E,
    #[serde(default)]
    creation_time: Option<String>,
}

impl<E: Resource> Resource for Listed<E> {
    const TYPE: &'static str = E::TYPE;
    const COLLECTION: &'static str = E::COLLECTION;

    fn select() -> Select {
        E::select().with("creation_time")
    }
}

impl<E: Shown> Listed<E> {
    fn row(&self) -> Vec<String> {
        let mut row = id_row(&self.entity);
        let created = self.creation_time.as_deref().map(short_time);
        row.insert(1, created.unwrap_or_default());
        row
    }

    fn value(&self) -> Value {
        let mut json = value(&self.entity);
        json["created_at"] = self.creation_time.as_deref().into();
        json
    }
}

/// `2026-11-28 08:00` of a time as Octane writes it.
fn short_time(text: &str) -> String {
    let time = text.parse::<Timestamp>();
    time.map_or_else(
        |_| text.to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// Which entities are listed.
#[derive(Debug, Default)]
pub(super) struct Filter {
    queries: Vec<Query>,
    skip: u64,
}

impl Filter {
    pub(super) fn matching(mut self, query: Option<Query>) -> Self {
        self.queries.extend(query);
        self
    }

    pub(super) fn since(self, since: SinceArgs) -> Self {
        let created = |time: Timestamp| {
            // At that time or later.
            !Query::field("creation_time")
                .is_less_than(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        self.matching(since.at(Timestamp::now()).map(created))
    }

    /// Those whose `field` is one of these values of a list, or all.
    pub(super) fn status(self, field: &str, list: &str, statuses: &[String]) -> Self {
        let is = |status: &String| {
            Query::field(field).refers_to_id(EntityId::from(format!("{list}.{status}")))
        };
        self.matching(statuses.iter().map(is).reduce(|one, other| one | other))
    }

    pub(super) fn skip(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    /// Prints the entities, ordered by ID.
    pub(super) async fn show<E: Shown + Send + 'static>(
        self,
        client: &Client,
        output: Output,
    ) -> Result<Exit> {
        let list = client.endpoint().entities::<Listed<E>>().list();
        print(self.skipping(list).stream(), output).await
    }

    /// The list with all conditions.
    fn applied<T>(&self, list: ListRequest<T>) -> ListRequest<T> {
        let queries = self.queries.iter().cloned();
        queries.fold(list, ListRequest::matching)
    }

    /// The same without the entities that are skipped.
    fn skipping<T>(&self, list: ListRequest<T>) -> ListRequest<T> {
        self.applied(list).skip(self.skip)
    }

    /// Prints what `shown` makes of the entities of a collection, of which it needs the fields `select`, ordered by ID.
    pub(super) async fn show_as<E: Shown>(
        self,
        collection: Entities<Entity>,
        select: Select,
        shown: impl Fn(Entity) -> Option<E>,
        output: Output,
    ) -> Result<Exit> {
        let list = collection.list().select(select.with("creation_time"));
        let entities = self.skipping(list).stream();
        let entities = entities.try_filter_map(|entity| {
            let creation_time = entity.text("creation_time").map(str::to_owned);
            let listed = shown(entity).map(|entity| Listed {
                entity,
                creation_time,
            });
            std::future::ready(Ok(listed))
        });
        print(entities, output).await
    }

    /// Prints runs of two collections, ordered by ID. Servers without features lack the second one.
    pub(super) async fn show_both<E: Shown + Send + 'static>(
        self,
        client: &Client,
        second: (Entities<Entity>, Select),
        output: Output,
    ) -> Result<Exit> {
        let (collection, select) = second;
        let others = collection.list().select(select.with("creation_time"));
        let others = self.applied(others);
        let is_empty = match others.clone().count().await {
            Ok(count) => count == Some(0),
            Err(error) if error.is_not_found() && !error.is_retryable() => true,
            Err(error) => return Err(error.into()),
        };
        if is_empty {
            return self.show::<E>(client, output).await;
        }
        let list = client.endpoint().entities::<Listed<E>>().list();
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        let others = others
            .stream()
            // What has not the fields of a run is not one.
            .try_filter_map(|entity| std::future::ready(Ok(entity.into_typed().ok())));
        let both = by_id(self.applied(list).stream(), others.boxed());
        print(both.skip(skip), output).await
    }
}

/// Two lists that are ordered by ID as one.
fn by_id<E: Shown + Send + 'static>(
    one: BoxStream<'static, Entry<E>>,
    other: BoxStream<'static, Entry<E>>,
) -> BoxStream<'static, Entry<E>> {
    let id = |entry: &Entry<E>| match entry {
        Ok(listed) => listed.entity.id().parse().unwrap_or(i64::MAX),
        // An error ends the list.
        Err(_) => i64::MIN,
    };
    let both = (Box::pin(one.peekable()), Box::pin(other.peekable()));
    let merged = stream::unfold(both, move |(mut one, mut other)| async move {
        let first = one.as_mut().peek().await.map(id);
        let second = other.as_mut().peek().await.map(id);
        let is_first = match (first, second) {
            (Some(first), Some(second)) => first <= second,
            (first, _) => first.is_some(),
        };
        let next = if is_first {
            one.next().await
        } else {
            other.next().await
        };
        Some((next?, (one, other)))
    });
    merged.boxed()
}

/// An entry of a list, or why it could not be read.
type Entry<E> = std::result::Result<Listed<E>, octane_rest::Error>;

/// Prints entities while they are read.
async fn print<E: Shown>(entities: impl Stream<Item = Entry<E>>, output: Output) -> Result<Exit> {
    let mut entities = pin!(entities);
    let mut count = 0;
    match output.format {
        Format::Human => {
            let header = [&["ID", "CREATED (UTC)"], E::COLUMNS, &["NAME"]].concat();
            let mut table = PagedTable::new(&header);
            let mut pages = entities.ready_chunks(ROWS_MAX);
            while let Some(page) = pages.next().await {
                let mut error = None;
                let mut rows = Vec::new();
                for entity in page {
                    match entity {
                        Ok(entity) => rows.push(entity.row()),
                        Err(failed) => error = Some(failed),
                    }
                }
                count += rows.len();
                if !write_part(table.page(rows))? {
                    return Ok(Exit::Success);
                }
                if let Some(error) = error {
                    return Err(error.into());
                }
            }
            if count == 0 {
                write_part(table.page(Vec::<Vec<String>>::new()))?;
            }
            output.say(&plural(count, &E::noun()));
        }
        Format::Json => {
            let entities: Vec<Value> = entities
                .map_ok(|entity| entity.value())
                .try_collect()
                .await?;
            let (schema, member) = E::MANY;
            let json = json!({ "schema": schema, "count": entities.len(), member: entities });
            output.answer(Text::default, &json)?;
        }
        Format::Ndjson => {
            while let Some(entity) = entities.try_next().await? {
                if !write_json_part(&entity.value())? {
                    return Ok(Exit::Success);
                }
            }
        }
    }
    Ok(Exit::Success)
}
