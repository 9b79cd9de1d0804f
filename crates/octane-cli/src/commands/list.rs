//! Lists of entities, printed while their pages are read.

use std::pin::pin;

use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use octane_client::Client;
use octane_model::plural::plural;
use octane_model::{EntityId, Query, Resource, Select};
use octane_rest::ListRequest;
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
        let list = client
            .endpoint()
            .entities::<Listed<E>>()
            .list()
            .skip(self.skip);
        let list = self.queries.into_iter().fold(list, ListRequest::matching);
        let mut entities = pin!(list.stream());
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
}
