//! Field values that refer to other entities.

use serde::{Deserialize, Deserializer, Serialize};

use crate::id::EntityId;

/// A reference to one entity: `{"type":"release","id":"2007"}`.
///
/// The type may be concrete (`story`) or an aggregate (`work_item`); Octane writes either.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reference {
    /// The entity's type.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// The entity's id.
    pub id: EntityId,
    /// The entity's name, if the response contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Reference {
    /// A reference to the entity `id` of the type `entity_type`.
    pub fn new(entity_type: impl Into<String>, id: impl Into<EntityId>) -> Self {
        Self {
            entity_type: entity_type.into(),
            id: id.into(),
            name: None,
        }
    }
}

/// References to any number of entities: `{"data":[…]}`; `null` means none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct References {
    /// The references.
    pub data: Vec<Reference>,
}

impl References {
    /// Whether one of them refers to this id.
    pub fn contains(&self, id: &EntityId) -> bool {
        self.data.iter().any(|reference| reference.id == *id)
    }
}

impl FromIterator<Reference> for References {
    fn from_iter<I: IntoIterator<Item = Reference>>(references: I) -> Self {
        Self {
            data: references.into_iter().collect(),
        }
    }
}

impl<'de> Deserialize<'de> for References {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            data: Vec<Reference>,
        }
        let wire = Option::<Wire>::deserialize(deserializer)?;
        Ok(Self {
            data: wire.map(|wire| wire.data).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_an_empty_list_both_mean_no_references() {
        assert_eq!(
            serde_json::from_str::<References>("null").unwrap(),
            References::default()
        );
        assert_eq!(
            serde_json::from_str::<References>(r#"{"data":[]}"#).unwrap(),
            References::default()
        );
    }

    #[test]
    fn a_reference_without_a_name_serializes_without_one() {
        let json = serde_json::to_string(&Reference::new("story", 3001)).unwrap();
        assert_eq!(json, r#"{"type":"story","id":"3001"}"#);
    }
}
