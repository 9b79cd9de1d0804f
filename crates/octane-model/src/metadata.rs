//! What the server says about its own types and fields.

use serde::{Deserialize, Serialize};

/// A field of an entity type, from `metadata/fields`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldMetadata {
    /// The field's name, as requests use it.
    pub name: String,
    /// The entity type that has it, for example `run_automated`.
    pub entity_name: String,
    /// The field's name, as people see it.
    #[serde(default)]
    pub label: String,
    /// `string`, `memo`, `integer`, `boolean`, `date_time`, `reference`, …
    #[serde(default)]
    pub field_type: String,
    /// For a reference: how many and of what types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_type_data: Option<FieldTypeData>,
    /// Whether it can be written.
    #[serde(default)]
    pub editable: bool,
    /// Whether an entity cannot be created without it.
    #[serde(default)]
    pub required: bool,
    /// Whether queries may use it.
    #[serde(default)]
    pub filterable: bool,
    /// Whether lists can be ordered by it.
    #[serde(default)]
    pub sortable: bool,
    /// Whether the workspace's administrator added it.
    #[serde(default)]
    pub is_user_defined: bool,
    /// The longest text that it takes, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
}

/// What a reference field points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldTypeData {
    /// Whether it holds any number of pointers.
    #[serde(default)]
    pub multiple: bool,
    /// The types that it points at.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// A type that a reference points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The entity type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The list, where the type is `list_node`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_name: Option<String>,
}

impl FieldMetadata {
    /// A field of this type that can be read, filtered and ordered by, and nothing more.
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
