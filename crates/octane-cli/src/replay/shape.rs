//! The shape of a JSON value: which members it has, and of which types their values are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What is known of the values in one place. Those in an array are merged by the type of their entity.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// `null`, `boolean`, `number`, `string`, `object`, `array`.
    pub(super) types: BTreeSet<&'static str>,
    /// The types of entities and references: the values of `type`, where there is an `id` too.
    pub(super) entity_types: BTreeSet<String>,
    pub(super) members: BTreeMap<String, Shape>,
    /// By the type of the entity; empty for others.
    pub(super) items: BTreeMap<String, Shape>,
}

impl Shape {
    pub(super) fn of(value: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(value);
        shape
    }

    fn add(&mut self, value: &Value) {
        self.types.insert(match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(items) => {
                for item in items {
                    let entity_type = entity_type(item).unwrap_or_default();
                    self.items
                        .entry(entity_type.to_owned())
                        .or_default()
                        .add(item);
                }
                "array"
            }
            Value::Object(members) => {
                self.entity_types
                    .extend(entity_type(value).map(str::to_owned));
                for (name, member) in members {
                    self.members.entry(name.clone()).or_default().add(member);
                }
                "object"
            }
        });
    }

    /// The types other than `null`.
    pub(super) fn types_of_values(&self) -> impl Iterator<Item = &'static str> {
        self.types.iter().copied().filter(|name| *name != "null")
    }
}

/// The type of an entity or a reference.
pub(super) fn entity_type(value: &Value) -> Option<&str> {
    value.get("id")?;
    value.get("type")?.as_str()
}
