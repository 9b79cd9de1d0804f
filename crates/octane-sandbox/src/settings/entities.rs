//! How entities are presented and queried.

use serde::{Deserialize, Serialize};

/// How entities are presented and queried; the table `[entities]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct EntitySettings {
    /// The page size of a list without `limit`; 200 by default. The product's own value is not published.
    pub limit_default: u64,
    /// The maximum `limit`; 20000 by default, like the product's `MAX_PAGE_SIZE`.
    pub limit_max: u64,
    /// The order of a list without `order_by`: `id` by default, as up to version 16.0; later versions sort
    /// most collections by `name`.
    pub order_default: OrderDefault,
    /// Matches beyond this number are not counted: `total_count` stops there and `exceeds_total_count` is
    /// true. No limit by default.
    pub total_count_max: Option<u64>,
    /// What a response to a request without `fields` contains; `small` by default, as in newer versions.
    pub default_fields: DefaultFields,
    /// The ID of list values and phases: their logical name by default, as in newer servers, or a number.
    pub list_ids: ListIds,
    /// The member of a bulk error that identifies its entity by its position in the body; both by default.
    pub bulk_position: BulkPosition,
    /// Whether a stale `client_lock_stamp` is rejected with 409; true by default. It may always be omitted.
    pub lock_stamp_checked: bool,
    /// Whether metadata queries may contain `||`; false by default, as the help says. The vendor's Java SDK
    /// uses it to query several types at once.
    pub metadata_with_or: bool,
    /// Whether a second application module with the same parent and name is rejected; true by default. A test of the
    /// vendor's Java SDK creates one and expects success.
    pub module_names_unique: bool,
    /// Whether automated runs have an editable field `covered_content`; true by default. Servers differ: if
    /// false, metadata does not list the field and writing it fails, so only tests can be linked to stories.
    pub run_backlog_field: bool,
    /// Whether `native_status` of an automated run is writable; false by default. Metadata of version 16 says
    /// no, but a third-party client writes it.
    pub run_status_editable: bool,
    /// Whether errors about URLs, methods and media types are returned as `{"message":"…"}` with the usual
    /// error as text, as the product's servlet layer sometimes does; false by default.
    pub servlet_messages: bool,
    /// The name of the user-defined text field of stories, features and defects that holds their Jira key;
    /// `jira_key_udf` by default. Lower-case letters, digits and `_`. If it changes, an existing file gets
    /// the new field and keeps the old one hidden.
    pub jira_field: String,
    /// Further user-defined fields; none by default.
    pub user_defined_fields: Vec<UserDefinedField>,
}

/// The order of a list without `order_by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OrderDefault {
    /// By ID.
    #[default]
    Id,
    /// By name, if there is one, and then by ID.
    Name,
}

/// The ID of list values and phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ListIds {
    /// The logical name, such as `list_node.severity.high`, or a number if there is none.
    #[default]
    LogicalName,
    /// Always a number. Requests may still use either.
    Opaque,
}

/// The member of a bulk error that identifies its entity by its position in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BulkPosition {
    /// `index`.
    Index,
    /// `entity_index`.
    EntityIndex,
    /// Both keys.
    #[default]
    Both,
}

/// A user-defined field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
#[must_use = "a field has no effect until it is part of the settings"]
pub struct UserDefinedField {
    /// The entity type of the field, for example `defect`.
    pub entity: String,
    /// Its name; it ends in `_udf`.
    pub name: String,
    /// Its label; derived from the name by default.
    #[serde(default)]
    pub label: Option<String>,
    /// Its type; text by default.
    #[serde(default, rename = "type")]
    pub field_type: UserDefinedType,
}

impl UserDefinedField {
    /// A text field of the entity type `entity`.
    pub fn new(entity: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            entity: entity.into(),
            name: name.into(),
            label: None,
            field_type: UserDefinedType::default(),
        }
    }

    /// Sets its type.
    pub fn field_type(mut self, field_type: UserDefinedType) -> Self {
        self.field_type = field_type;
        self
    }
}

/// The type of a user-defined field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserDefinedType {
    /// Text of at most 255 characters.
    #[default]
    String,
    /// Text of any length.
    Memo,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A point in time.
    DateTime,
    /// A day.
    Date,
}

impl UserDefinedType {
    /// The name of the type in settings and metadata.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Memo => "memo",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::DateTime => "date_time",
            Self::Date => "date",
        }
    }

    /// The type with this name; text for any other.
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "memo" => Self::Memo,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "boolean" => Self::Boolean,
            "date_time" => Self::DateTime,
            "date" => Self::Date,
            _ => Self::String,
        }
    }
}

/// What a response to a request without `fields` contains. Comments always have their text, author and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DefaultFields {
    /// The few that the help lists.
    #[default]
    Small,
    /// The `name` too, as in samples.
    Named,
    /// All fields, as before version 12.60.60.
    All,
}

impl Default for EntitySettings {
    fn default() -> Self {
        Self {
            limit_default: 200,
            limit_max: 20_000,
            order_default: OrderDefault::default(),
            total_count_max: None,
            default_fields: DefaultFields::default(),
            list_ids: ListIds::default(),
            bulk_position: BulkPosition::default(),
            lock_stamp_checked: true,
            metadata_with_or: false,
            module_names_unique: true,
            run_backlog_field: true,
            run_status_editable: false,
            servlet_messages: false,
            jira_field: "jira_key_udf".to_owned(),
            user_defined_fields: Vec::new(),
        }
    }
}

impl EntitySettings {
    /// The first problem of the settings.
    pub(super) fn problem(&self) -> Option<String> {
        let fields = self.user_defined_fields.iter().map(|field| &field.name);
        for name in [&self.jira_field].into_iter().chain(fields) {
            if let Some(problem) = field_name_problem(name) {
                return Some(problem);
            }
        }
        if self.limit_default == 0 || self.limit_default > self.limit_max {
            let (default, max) = (self.limit_default, self.limit_max);
            return Some(format!(
                "`limit-default` must be between 1 and `limit-max` ({max}), got {default}"
            ));
        }
        None
    }
}

/// The first problem of a field name, which becomes part of SQL statements.
pub(crate) fn field_name_problem(name: &str) -> Option<String> {
    let is_name = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let rule = "use at most 64 lower-case letters, digits and `_`";
    (!is_name).then(|| format!("invalid field name `{name}`: {rule}"))
}
