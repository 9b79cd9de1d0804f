//! An entity of any type.

use std::fmt;

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::id::EntityId;
use crate::reference::{Reference, References};

/// An entity of any type, for the types that have no struct of their own.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Entity {
    /// The entity's type, for example `story`; empty if a request does not need it.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub entity_type: String,
    /// The entity's id; absent from an entity that is to be created.
    #[serde(skip_serializing_if = "Option::is_none")]
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
        let Self {
            entity_type,
            id,
            mut fields,
        } = self;
        if !entity_type.is_empty() {
            fields.insert("type".to_owned(), entity_type.into());
        }
        if let Some(id) = id {
            fields.insert("id".to_owned(), id.as_str().into());
        }
        serde_json::from_value(Value::Object(fields))
    }
}

/// A derived implementation would keep each value twice before it knows whose it is, and servers send thousands of entities.
impl<'de> Deserialize<'de> for Entity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntityVisitor)
    }
}

struct EntityVisitor;

impl<'de> Visitor<'de> for EntityVisitor {
    type Value = Entity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entity: a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Entity, A::Error> {
        let (mut entity_type, mut id) = (None, None);
        let mut fields = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let is_repeated = match &*name {
                "type" => entity_type.replace(members.next_value()?).is_some(),
                "id" => id.replace(members.next_value()?).is_some(),
                _ => {
                    fields.insert(name, members.next_value()?);
                    continue;
                }
            };
            if is_repeated {
                return Err(de::Error::custom(format_args!("duplicate field `{name}`")));
            }
        }
        Ok(Entity {
            entity_type: entity_type.unwrap_or_default(),
            id: id.unwrap_or_default(),
            fields,
        })
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
    fn an_entity_is_read_from_any_order_of_its_fields_and_becomes_a_typed_one() {
        let json = r#"{"name":"Pay","id":3001,"none":null,"type":"story"}"#;
        let entity: Entity = serde_json::from_str(json).unwrap();
        assert_eq!(
            (&*entity.entity_type, entity.id.clone()),
            ("story", Some("3001".into()))
        );
        assert_eq!(entity.fields.len(), 2);
        let typed: Value = entity.clone().into_typed().unwrap();
        assert_eq!(typed, serde_json::to_value(&entity).unwrap());
        let reread: Entity = serde_json::from_value(typed).unwrap();
        assert_eq!(reread, entity);
    }

    #[test]
    fn an_entity_may_have_neither_type_nor_id_but_not_two_of_them() {
        let entity: Entity = serde_json::from_str(r#"{"id":null,"name":"Pay"}"#).unwrap();
        assert_eq!(entity, Entity::new().set("name", "Pay"));
        for (json, problem) in [
            (r#"{"id":1,"id":2}"#, "duplicate field `id`"),
            (
                r#"{"type":"story","type":"epic"}"#,
                "duplicate field `type`",
            ),
            (
                r#"{"type":7}"#,
                "invalid type: integer `7`, expected a string",
            ),
            ("[]", "expected an entity: a JSON object"),
        ] {
            let error = serde_json::from_str::<Entity>(json).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
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
