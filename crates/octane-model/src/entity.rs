//! An entity of any type.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::EntityId;
use crate::reference::{Reference, References};

/// An entity of any type, for the types that have no struct of their own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Entity {
    /// The entity's type, for example `story`; empty if a request does not need it.
    #[serde(rename = "type", default, skip_serializing_if = "String::is_empty")]
    pub entity_type: String,
    /// The entity's id; absent from an entity that is to be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityId>,
    /// All other fields, by name.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Entity {
    /// An entity to be created, with neither id nor type.
    pub fn new() -> Self {
        Self::default()
    }

    /// An update of the entity `id`.
    pub fn with_id(id: impl Into<EntityId>) -> Self {
        Self {
            id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Sets a field to a JSON value.
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(field.into(), value.into());
        self
    }

    /// Sets a field to a reference.
    pub fn set_reference(self, field: impl Into<String>, reference: &Reference) -> Self {
        let value = serde_json::json!({ "type": reference.entity_type, "id": reference.id });
        self.set(field, value)
    }

    /// Sets a field to references.
    pub fn set_references<'a>(
        self,
        field: impl Into<String>,
        references: impl IntoIterator<Item = &'a Reference>,
    ) -> Self {
        let data: Vec<Value> = references
            .into_iter()
            .map(|reference| serde_json::json!({ "type": reference.entity_type, "id": reference.id }))
            .collect();
        self.set(field, serde_json::json!({ "data": data }))
    }

    /// The text in a field.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// The integer in a field.
    pub fn integer(&self, field: &str) -> Option<i64> {
        self.fields.get(field)?.as_i64()
    }

    /// The reference in a field.
    pub fn reference(&self, field: &str) -> Option<Reference> {
        Reference::deserialize(self.fields.get(field)?).ok()
    }

    /// The references in a field; none if the field is absent.
    pub fn references(&self, field: &str) -> References {
        self.fields
            .get(field)
            .and_then(|value| References::deserialize(value).ok())
            .unwrap_or_default()
    }

    /// Converts the entity to a typed one.
    pub fn into_typed<T: DeserializeOwned>(self) -> serde_json::Result<T> {
        serde_json::from_value(serde_json::to_value(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_to_be_created_serializes_without_type_and_id() {
        let entity = Entity::new()
            .set("name", "R 25.3")
            .set_reference("parent", &Reference::new("epic", 7));
        let json = serde_json::to_string(&entity).unwrap();
        assert_eq!(
            json,
            r#"{"name":"R 25.3","parent":{"id":"7","type":"epic"}}"#
        );
    }

    #[test]
    fn each_accessor_reads_fields_of_its_type() {
        let json = r#"{"type":"story","id":"3001","name":"Pay","n":4,"release":{"type":"release","id":"1"},
            "covered_content":{"data":[{"type":"story","id":"9"}],"total_count":1}}"#;
        let entity: Entity = serde_json::from_str(json).unwrap();
        assert_eq!(
            (entity.text("name"), entity.integer("n")),
            (Some("Pay"), Some(4))
        );
        assert_eq!(
            entity.reference("release"),
            Some(Reference::new("release", 1))
        );
        assert!(entity.references("covered_content").contains(&"9".into()));
        assert!(entity.references("nothing").data.is_empty());
    }
}
