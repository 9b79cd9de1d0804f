//! The server's metadata of entity types and fields.

use serde::{Deserialize, Serialize};

/// A field of an entity type, from `metadata/fields`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldMetadata {
    /// The field's name, as used in requests.
    pub name: String,
    /// The entity type that the field belongs to, for example `run_automated`.
    pub entity_name: String,
    /// The field's label, as shown to users.
    #[serde(default)]
    pub label: String,
    /// `string`, `memo`, `integer`, `boolean`, `date_time`, `reference`, …
    #[serde(default)]
    pub field_type: String,
    /// For a reference: how many entities it may refer to, and of which types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_type_data: Option<FieldTypeData>,
    /// Whether the field can be written.
    #[serde(default)]
    pub editable: bool,
    /// Whether an entity cannot be created without the field.
    #[serde(default)]
    pub required: bool,
    /// Whether queries can filter by the field.
    #[serde(default)]
    pub filterable: bool,
    /// Whether lists can be sorted by the field.
    #[serde(default)]
    pub sortable: bool,
    /// Whether an administrator of the workspace added the field.
    #[serde(default)]
    pub is_user_defined: bool,
    /// The maximum length of a text, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
}

/// What a reference field refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldTypeData {
    /// Whether the field holds any number of references.
    #[serde(default)]
    pub multiple: bool,
    /// The types that it can refer to.
    #[serde(default)]
    pub targets: Vec<ReferenceTarget>,
}

/// A type that a reference field can refer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReferenceTarget {
    /// The entity type.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// The list, if the type is `list_node`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_name: Option<String>,
}

impl FieldMetadata {
    /// A read-only, optional field of this type that can be filtered and sorted by.
    pub fn new(
        entity_name: impl Into<String>,
        name: impl Into<String>,
        field_type: impl Into<String>,
    ) -> Self {
        let name = name.into();
        Self {
            label: name.clone(),
            name,
            entity_name: entity_name.into(),
            field_type: field_type.into(),
            field_type_data: None,
            editable: false,
            required: false,
            filterable: true,
            sortable: true,
            is_user_defined: false,
            max_length: None,
        }
    }
}

impl FieldTypeData {
    /// A reference to entities of the types `targets`; `multiple` if it holds any number of them.
    pub fn new(multiple: bool, targets: Vec<ReferenceTarget>) -> Self {
        Self { multiple, targets }
    }
}

impl ReferenceTarget {
    /// The entity type `entity_type`.
    pub fn new(entity_type: impl Into<String>) -> Self {
        Self {
            entity_type: entity_type.into(),
            logical_name: None,
        }
    }

    /// Sets the list, for the type `list_node`.
    #[must_use]
    pub fn logical_name(mut self, logical_name: impl Into<String>) -> Self {
        self.logical_name = Some(logical_name.into());
        self
    }
}
