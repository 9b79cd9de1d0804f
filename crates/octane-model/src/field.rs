//! Values of fields that point at other entities.

use serde::{Deserialize, Deserializer, Serialize};

use crate::EntityId;

/// A pointer to one entity: `{"type":"release","id":"2007"}`.
///
/// The type may be the concrete one (`story`) or its aggregate (`work_item`); Octane writes either.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The entity's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The entity's id.
    pub id: EntityId,
    /// The entity's name, where the answer carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Reference {
    /// A pointer to the entity `id` of the type `kind`.
    pub fn new(kind: impl Into<String>, id: impl Into<EntityId>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
            name: None,
        }
    }
}

/// Pointers to any number of entities: `{"data":[…]}`; `null` is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct References {
    /// The pointers.
    pub data: Vec<Reference>,
}

impl References {
    /// Whether one of them has this id.
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
    fn no_references_come_as_null_and_as_an_empty_list() {
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
    fn a_reference_writes_only_what_it_knows() {
        let json = serde_json::to_string(&Reference::new("story", 3001)).unwrap();
        assert_eq!(json, r#"{"type":"story","id":"3001"}"#);
    }
}
