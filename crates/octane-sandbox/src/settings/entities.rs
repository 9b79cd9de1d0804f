//! How entities look and what may be asked of them.

use serde::{Deserialize, Serialize};

/// How entities look and what may be asked of them; the table `[entities]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Entities {
    /// How many entities a list without `limit` holds; 200 by default. The product's own value is not
    /// published.
    pub limit_default: u64,
    /// The greatest `limit`; 20000 by default, as the product's `MAX_PAGE_SIZE`.
    pub limit_max: u64,
    /// The order of a list without `order_by`: `id` by default, as up to version 16.0; later versions order
    /// most collections by `name`.
    pub order_default: OrderDefault,
    /// More matches than this are not counted: `total_count` stops there and `exceeds_total_count` is true.
    /// No bound by default.
    pub total_count_max: Option<u64>,
    /// Whether an answer to a request without `fields` has the `name` too; false by default. The help does
    /// not list it, samples show it.
    pub name_by_default: bool,
    /// What stands as the id of list values and phases: their logical name by default, as in newer servers,
    /// or a number.
    pub list_ids: ListIds,
    /// Which key of an error in a bulk answer says where in the body its entity stands; both by default.
    pub bulk_position: BulkPosition,
    /// Whether a stale `client_lock_stamp` is refused with 409; true by default. Leaving it out is always
    /// fine.
    pub lock_stamp_checked: bool,
    /// Whether metadata can be asked with `||`; false by default, as the help says. The vendor's Java SDK
    /// does so where it asks for several types at once.
    pub metadata_with_or: bool,
    /// Whether automated runs have an editable field `covered_content`; true by default. Servers differ:
    /// where it is false, metadata does not list the field and writing it fails, so only tests can be
    /// linked to stories.
    pub run_backlog_field: bool,
    /// Whether `native_status` of an automated run can be written; false by default. Metadata of version 16
    /// say no, a third-party client does it.
    pub run_status_editable: bool,
    /// Whether errors about addresses, verbs and media types come as `{"message":"…"}` with the usual error
    /// as its text, as some do that the product's servlet layer answers; false by default.
    pub servlet_messages: bool,
    /// The name of the user-defined text field of stories, features and defects that holds their Jira key;
    /// `jira_key_udf` by default. Lower-case letters, digits and `_`. An existing file gets the new field
    /// and keeps the old one unseen.
    pub jira_field: String,
    /// Further user-defined fields; none by default.
    pub user_defined_fields: Vec<UserDefinedField>,
}

/// The order of a list without `order_by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OrderDefault {
    /// By id.
    #[default]
    Id,
    /// By name, where there is one, and then by id.
    Name,
}

/// What stands as the id of list values and phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ListIds {
    /// The logical name, such as `list_node.severity.high`; a number where there is none.
    #[default]
    LogicalName,
    /// Always a number. A request may still use either.
    Opaque,
}

/// Which key of an error in a bulk answer says where in the body its entity stands.
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

/// A field that a workspace has defined by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct UserDefinedField {
    /// The entity type that has it, for example `defect`.
    pub entity: String,
    /// Its name; it ends in `_udf`.
    pub name: String,
    /// Its label; made from the name by default.
    #[serde(default)]
    pub label: Option<String>,
    /// What it holds; text by default.
    #[serde(default, rename = "type")]
    pub kind: UserDefinedType,
}

impl UserDefinedField {
    /// A text field of the entity type `entity`.
    pub fn new(entity: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            entity: entity.into(),
            name: name.into(),
            label: None,
            kind: UserDefinedType::default(),
        }
    }

    /// Sets what it holds.
    pub fn kind(mut self, kind: UserDefinedType) -> Self {
        self.kind = kind;
        self
    }
}

/// What a user-defined field holds.
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
    /// The word for it in settings and metadata.
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

    /// The type with this word; text for any other.
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

impl Default for Entities {
    fn default() -> Self {
        Self {
            limit_default: 200,
            limit_max: 20_000,
            order_default: OrderDefault::default(),
            total_count_max: None,
            name_by_default: false,
            list_ids: ListIds::default(),
            bulk_position: BulkPosition::default(),
            lock_stamp_checked: true,
            metadata_with_or: false,
            run_backlog_field: true,
            run_status_editable: false,
            servlet_messages: false,
            jira_field: "jira_key_udf".to_owned(),
            user_defined_fields: Vec::new(),
        }
    }
}

impl Entities {
    /// What is wrong with them.
    pub(super) fn mistake(&self) -> Option<String> {
        let fields = self.user_defined_fields.iter().map(|field| &field.name);
        for name in [&self.jira_field].into_iter().chain(fields) {
            if let Some(mistake) = field_name_mistake(name) {
                return Some(mistake);
            }
        }
        if self.limit_default == 0 || self.limit_default > self.limit_max {
            return Some(format!(
                "`limit-default` is {}, which does not lie between 1 and `limit-max` = {}",
                self.limit_default, self.limit_max
            ));
        }
        None
    }
}

/// What is wrong with the name of a field, which becomes part of SQL statements.
pub(crate) fn field_name_mistake(name: &str) -> Option<String> {
    let is_name = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let rule = "a field's name has at most 64 lower-case letters, digits and `_`";
    (!is_name).then(|| format!("a field cannot be named `{name}`: {rule}"))
}
