//! What the commands about entities have in common: how entities are shown, as tables and as JSON.

use octane_client::Ensured;
use octane_model::{Reference, Resource};
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text, table};

/// A type of entity that commands show.
pub(super) trait Shown: Resource {
    /// The schema of one of them.
    const ONE: &'static str;
    /// The schema of several, and the member that holds them.
    const MANY: (&'static str, &'static str);
    /// Whether commands create them; JSON says then what was created.
    const IS_CREATED: bool = false;
    /// The columns of tables between ID and NAME.
    const COLUMNS: &'static [&'static str];

    /// What one of them is called.
    fn noun() -> String {
        let (_, several) = Self::MANY;
        several.trim_end_matches('s').replace('_', " ")
    }

    /// The type in Octane's API.
    fn entity_type(&self) -> &str {
        Self::TYPE
    }

    /// What messages call the type.
    fn label() -> String {
        Self::TYPE.replace('_', " ")
    }

    fn id(&self) -> String;
    fn name(&self) -> &str;
    /// The cells of [`COLUMNS`](Self::COLUMNS).
    fn cells(&self) -> Vec<String>;
    /// What JSON says beyond type, id and name.
    fn details(&self) -> Value;
}

/// What a command about entities found or created.
pub(super) enum Answer<E> {
    One(E),
    Created(E),
    Ensured(Ensured<E>),
}

impl<E: Shown> Answer<E> {
    /// Writes the answer.
    pub(super) fn show(&self, output: Output) -> Result<Exit> {
        let (entities, json) = match self {
            Self::One(entity) => (std::slice::from_ref(entity), one(entity, &[])),
            Self::Created(entity) => {
                let entity = std::slice::from_ref(entity);
                (entity, one(&entity[0], entity))
            }
            Self::Ensured(Ensured {
                entity, created, ..
            }) => {
                for entity in created {
                    let (label, name, id) = (E::label(), entity.name(), entity.id());
                    output.say(&format!("created {label} {name} ({id})"));
                }
                (std::slice::from_ref(entity), one(entity, created))
            }
        };
        output.answer(|| rows(entities), &json)?;
        Ok(Exit::Success)
    }
}

/// One entity, and those that the command created.
fn one<E: Shown>(entity: &E, created: &[E]) -> Value {
    let mut json = value(entity);
    json["schema"] = E::ONE.into();
    if E::IS_CREATED {
        json["created"] = created.iter().map(value).collect();
    }
    json
}

pub(super) fn value<E: Shown>(entity: &E) -> Value {
    let mut json = entity.details();
    json["type"] = entity.entity_type().into();
    json["id"] = entity.id().into();
    json["name"] = entity.name().into();
    json
}

fn rows<E: Shown>(entities: &[E]) -> Text {
    let header = [&["ID"], E::COLUMNS, &["NAME"]].concat();
    table(&header, entities.iter().map(id_row))
}

/// The cells of a row, from ID to name.
pub(super) fn id_row<E: Shown>(entity: &E) -> Vec<String> {
    let mut row = vec![entity.id()];
    row.extend(entity.cells());
    row.push(entity.name().to_owned());
    row
}

/// `passed` for the list value `list_node.run_status.passed`.
pub(super) fn status(status: Option<&Reference>) -> Option<&str> {
    status.and_then(|status| status.id.as_str().rsplit('.').next())
}

/// A text for JSON, where an empty one is absent.
pub(super) fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The id that a reference field holds.
pub(super) fn id_of(reference: Option<&Reference>) -> Option<&str> {
    reference.map(|reference| reference.id.as_str())
}
