//! Fields of entity types.

use std::borrow::Cow;

/// A field of an entity type: one row of the catalog.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: Cow<'static, str>,
    /// What the product shows, if it does not derive from the name.
    pub(super) label: Option<String>,
    pub(crate) field_type: FieldType,
    pub(crate) is_editable: bool,
    pub(crate) is_required: bool,
    /// What metadata says about filtering and sorting by it; the sandbox does both wherever it can.
    pub(crate) is_filterable: bool,
    pub(crate) is_sortable: bool,
    /// Whether it is returned when a request does not name fields.
    pub(crate) is_returned_by_default: bool,
    pub(crate) is_user_defined: bool,
    /// Whether it can be written only when the entity is created.
    pub(crate) is_immutable: bool,
    /// What a new entity gets if the request does not set the field.
    pub(crate) default_value: Option<DefaultValue>,
    /// The column, if it is not named like the field.
    pub(crate) column: Option<&'static str>,
    /// For a field that is computed and not stored: an SQL expression in which `@` stands for the row.
    pub(crate) computed: Option<Cow<'static, str>>,
    /// What a stored field shows where nothing is stored: an SQL expression as above.
    pub(crate) otherwise: Option<&'static str>,
}

/// What a new entity gets if the request does not set the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefaultValue {
    /// The list value, phase or metaphase with this logical name.
    Named(&'static str),
    /// The root of the tree.
    Root,
    /// The release marked as the default one.
    DefaultRelease,
    /// The user who sent the request.
    CurrentUser,
    /// A number, or 0 and 1 for false and true.
    Number(i64),
    /// Empty text.
    Empty,
}

/// What a field holds and where it is stored.
#[derive(Debug, Clone)]
pub(crate) enum FieldType {
    Id,
    /// The concrete type, stored in a column of the aggregate's table.
    Subtype,
    /// The workspace's ID, the same for all entities and not stored.
    Workspace,
    Text {
        max_length: usize,
    },
    Memo,
    /// Text that is accepted and discarded: neither stored nor returned.
    Secret,
    Integer,
    Float,
    Boolean,
    /// Stored as milliseconds since 1970-01-01 UTC.
    DateTime,
    /// A day without a time; stored as the milliseconds of midnight UTC.
    Date,
    /// Any JSON, stored as text.
    Object,
    /// One reference, stored in a column of the same name.
    One(ReferenceTarget),
    /// References, stored in a link table.
    Many(Link),
    /// The entities whose single reference `field` refers to this one; not stored separately.
    Inverse {
        target: &'static str,
        field: &'static str,
    },
}

/// The target of a single reference.
#[derive(Debug, Clone)]
pub(crate) struct ReferenceTarget {
    /// The type whose fields a cross filter may use: an aggregate or a concrete type.
    pub(crate) target: &'static str,
    /// The concrete types that are allowed; empty for all types of the target.
    pub(crate) concrete: &'static [&'static str],
    /// For a list value: the list's logical name.
    pub(crate) list: Option<&'static str>,
    pub(crate) on_delete: OnDelete,
}

/// What happens to an entity when the entity it refers to is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDelete {
    Forget,
    Cascade,
}

/// Stands for the condition of the IDs of owners, in the `SELECT` of links that are derived for certain owners only.
pub(super) const IS_OWNER: &str = "@is_owner";

/// A link table seen from one of its two sides.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Its name, or for links that derive from other tables a `SELECT` in parentheses; that may contain [`IS_OWNER`].
    pub(crate) table: &'static str,
    /// The column with the ID of the entity that has the field.
    pub(crate) owner_column: &'static str,
    /// The column with the ID of the entity it refers to.
    pub(crate) target_column: &'static str,
    pub(crate) target: &'static str,
    pub(crate) concrete: &'static [&'static str],
    pub(crate) list: Option<&'static str>,
}

impl Link {
    /// Whether the links are those of a `SELECT`; they cannot be written.
    pub(crate) fn is_derived(&self) -> bool {
        self.table.starts_with('(')
    }

    /// All links, as a table.
    pub(crate) fn all(&self) -> String {
        self.of("IS NOT NULL")
    }

    /// A table with the links of all owners whose IDs fulfil a condition, for example `= 7001`. It may contain others.
    pub(crate) fn of(&self, is_owner: &str) -> String {
        self.table.replace(IS_OWNER, is_owner)
    }
}

impl Field {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, field_type: FieldType) -> Self {
        let is_readable = !matches!(field_type, FieldType::Secret | FieldType::Memo);
        let has_order = !matches!(
            field_type,
            FieldType::Object
                | FieldType::Workspace
                | FieldType::Many(_)
                | FieldType::Inverse { .. }
        );
        Self {
            name: name.into(),
            label: None,
            field_type,
            is_editable: true,
            is_required: false,
            is_filterable: is_readable,
            is_sortable: is_readable && has_order,
            is_returned_by_default: false,
            is_user_defined: false,
            is_immutable: false,
            default_value: None,
            column: None,
            computed: None,
            otherwise: None,
        }
    }

    /// A field that is computed when it is read: `sql` is an expression in which `@` stands for the row.
    pub(super) fn computed(mut self, sql: impl Into<Cow<'static, str>>) -> Self {
        self.computed = Some(sql.into());
        self.read_only()
    }

    /// Shows the value of an SQL expression, in which `@` stands for the row, where nothing is stored.
    pub(super) fn otherwise(mut self, sql: &'static str) -> Self {
        self.otherwise = Some(sql);
        self
    }

    /// A field of the product that the sandbox never fills.
    pub(super) fn blank(self) -> Self {
        self.computed("NULL")
    }

    /// Stores the value in a column of another name, which another field may show too.
    pub(super) fn in_column(mut self, column: &'static str) -> Self {
        self.column = Some(column);
        self
    }

    pub(super) fn label(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    pub(super) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) fn optional(mut self) -> Self {
        self.is_required = false;
        self
    }

    pub(super) fn read_only(mut self) -> Self {
        self.is_editable = false;
        self
    }

    pub(super) fn editable(mut self) -> Self {
        self.is_editable = true;
        self
    }

    pub(super) fn unsortable(mut self) -> Self {
        self.is_sortable = false;
        self
    }

    pub(super) fn unfilterable(mut self) -> Self {
        self.is_filterable = false;
        self
    }

    /// Neither filterable nor sortable.
    pub(super) fn opaque(self) -> Self {
        self.unfilterable().unsortable()
    }

    /// Text that requests may write and that is never returned.
    pub(super) fn password(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, FieldType::Secret)
    }

    /// Set when the entity is created, and never changed.
    pub(super) fn immutable(mut self) -> Self {
        self.is_immutable = true;
        self
    }

    pub(super) fn returned_by_default(mut self) -> Self {
        self.is_returned_by_default = true;
        self
    }

    pub(super) fn user_defined(mut self) -> Self {
        self.is_user_defined = true;
        self
    }

    /// A new entity gets the list value, phase or metaphase with this logical name.
    pub(super) fn default_value(self, logical_name: &'static str) -> Self {
        self.default_named(DefaultValue::Named(logical_name))
    }

    pub(super) fn default_named(mut self, default_value: DefaultValue) -> Self {
        self.default_value = Some(default_value);
        self
    }

    /// Says which list a multi-reference to list values is about.
    pub(super) fn of_list(mut self, list: &'static str) -> Self {
        if let FieldType::Many(link) = &mut self.field_type {
            link.list = Some(list);
        }
        self
    }

    /// Restricts a multi-reference to targets of these types.
    pub(super) fn only(mut self, types: &'static [&'static str]) -> Self {
        if let FieldType::Many(link) = &mut self.field_type {
            link.concrete = types;
        }
        self
    }

    /// Deleting the target deletes the entity that has the field.
    pub(super) fn cascading(mut self) -> Self {
        if let FieldType::One(reference) = &mut self.field_type {
            reference.on_delete = OnDelete::Cascade;
        }
        self
    }

    /// What the product shows.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match &self.label {
            Some(label) => Cow::Borrowed(label),
            None => Cow::Owned(label_of(&self.name)),
        }
    }

    /// Whether the value is a column of the type's table.
    pub(crate) fn is_column(&self) -> bool {
        self.is_single() && self.computed.is_none()
    }

    /// Whether a row has one value, stored or computed.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(
            self.field_type,
            FieldType::Workspace
                | FieldType::Secret
                | FieldType::Many(_)
                | FieldType::Inverse { .. }
        )
    }

    /// The SQL expression for the value of the row `alias`, if a row has one.
    pub(crate) fn expression(&self, alias: &str) -> String {
        let stored = || format!("{alias}.\"{}\"", self.column());
        match (&self.computed, self.otherwise) {
            (Some(sql), _) => sql.replace('@', alias),
            (None, Some(sql)) => format!("COALESCE({}, {})", stored(), sql.replace('@', alias)),
            (None, None) => stored(),
        }
    }

    /// The column that stores the value, if any does.
    pub(crate) fn column(&self) -> &str {
        self.column.unwrap_or(&self.name)
    }

    /// The target type of a reference.
    pub(crate) fn target(&self) -> Option<&'static str> {
        match &self.field_type {
            FieldType::One(reference) => Some(reference.target),
            FieldType::Many(link) => Some(link.target),
            FieldType::Inverse { target, .. } => Some(target),
            _ => None,
        }
    }

    /// The type name in metadata.
    pub(crate) fn type_word(&self) -> &'static str {
        match self.field_type {
            FieldType::Id | FieldType::Subtype | FieldType::Secret | FieldType::Text { .. } => {
                "string"
            }
            FieldType::Memo => "memo",
            FieldType::Integer | FieldType::Workspace => "integer",
            FieldType::Float => "float",
            FieldType::Boolean => "boolean",
            FieldType::DateTime => "date_time",
            FieldType::Date => "date",
            FieldType::Object => "object",
            FieldType::One(_) | FieldType::Many(_) | FieldType::Inverse { .. } => "reference",
        }
    }
}

pub(super) fn text(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::Text { max_length: 255 })
}

pub(super) fn long_text(name: impl Into<Cow<'static, str>>, max_length: usize) -> Field {
    Field::new(name, FieldType::Text { max_length })
}

pub(super) fn memo(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::Memo)
}

pub(super) fn integer(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::Integer)
}

/// Whether an entity is in use: what is active has 0.
pub(super) fn activity_level() -> Field {
    integer("activity_level").otherwise("0")
}

/// The other name of `activity_level`.
pub(super) fn activation_status() -> Field {
    integer("user_activation_status")
        .in_column("activity_level")
        .otherwise("0")
}

pub(super) fn float(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::Float)
}

pub(super) fn object(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::Object)
}

pub(super) fn boolean(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::Boolean)
}

pub(super) fn date(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::Date)
}

pub(super) fn date_time(name: impl Into<Cow<'static, str>>) -> Field {
    Field::new(name, FieldType::DateTime)
}

pub(super) fn one(name: impl Into<Cow<'static, str>>, target: &'static str) -> Field {
    one_of(name, target, &[])
}

pub(super) fn one_of(
    name: impl Into<Cow<'static, str>>,
    target: &'static str,
    concrete: &'static [&'static str],
) -> Field {
    let reference = ReferenceTarget {
        target,
        concrete,
        list: None,
        on_delete: OnDelete::Forget,
    };
    Field::new(name, FieldType::One(reference))
}

pub(super) fn list_value(name: impl Into<Cow<'static, str>>, list: &'static str) -> Field {
    let reference = ReferenceTarget {
        target: "list_node",
        concrete: &[],
        list: Some(list),
        on_delete: OnDelete::Forget,
    };
    Field::new(name, FieldType::One(reference))
}

/// A multi-reference in the link table `table`, whose columns are `owner_column` and `target_column`.
pub(super) fn many(
    name: impl Into<Cow<'static, str>>,
    (table, owner_column, target_column): (&'static str, &'static str, &'static str),
    target: &'static str,
    concrete: &'static [&'static str],
) -> Field {
    let link = Link {
        table,
        owner_column,
        target_column,
        target,
        concrete,
        list: None,
    };
    Field::new(name, FieldType::Many(link))
}

pub(super) fn list_values(
    name: impl Into<Cow<'static, str>>,
    columns: (&'static str, &'static str, &'static str),
    list: &'static str,
) -> Field {
    let mut field = many(name, columns, "list_node", &[]);
    if let FieldType::Many(link) = &mut field.field_type {
        link.list = Some(list);
    }
    field
}

/// References that derive from others: `select` is a `SELECT` in parentheses with the columns `owner` and `target`.
pub(super) fn derived(
    name: impl Into<Cow<'static, str>>,
    select: &'static str,
    target: &'static str,
    concrete: &'static [&'static str],
) -> Field {
    many(name, (select, "owner", "target"), target, concrete).read_only()
}

pub(super) fn inverse(
    name: impl Into<Cow<'static, str>>,
    target: &'static str,
    field: &'static str,
) -> Field {
    Field::new(name, FieldType::Inverse { target, field }).read_only()
}

/// `parent_suite` → `Parent suite`.
fn label_of(name: &str) -> String {
    let words = name.trim_end_matches("_udf").replace('_', " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
