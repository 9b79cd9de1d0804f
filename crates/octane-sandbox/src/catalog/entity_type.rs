//! Entity types and the tables they live in.

use super::field::{DefaultValue, Field, FieldType, date_time, integer, one, text};

/// Where the collections of a type are: under a workspace, its shared space, or the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Workspace,
    SharedSpace,
    Site,
}

/// An entity type: one row of the catalog.
#[derive(Debug, Clone)]
pub(crate) struct EntityType {
    /// The name in entities and metadata, for example `run_automated`.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) scope: Scope,
    /// The names in URLs; metadata shows the first.
    pub(crate) collections: &'static [&'static str],
    pub(crate) table: &'static str,
    /// The aggregate that it belongs to.
    pub(crate) subtype_of: Option<&'static str>,
    /// For an aggregate: its concrete types, filled in by the catalog.
    pub(crate) subtypes: Vec<&'static str>,
    /// The methods that its collections support.
    pub(crate) methods: &'static [&'static str],
    /// The methods in metadata: fewer where the product's own clients use more than it lists.
    pub(crate) listed_methods: &'static [&'static str],
    pub(crate) fields: Vec<Field>,
    /// Fields whose combined values must be unique.
    pub(crate) unique: &'static [&'static str],
}

/// A table with the entities of one type, or of all types of an aggregate, which share one ID space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The ID of the first row. Tables start at different numbers, so that a mixed-up ID is noticed.
    pub(crate) first_id: i64,
    /// Whether rows have a `subtype` column.
    pub(crate) has_subtype: bool,
    /// Whether `logical_name`, if present, is used as the ID.
    pub(crate) is_named: bool,
    /// Whether rows form a tree through `parent` and store their `path`.
    pub(crate) is_tree: bool,
    /// For a tree: the logical name of its root.
    pub(crate) root: Option<&'static str>,
    /// Columns that no field exposes: name and type.
    pub(crate) hidden: &'static [(&'static str, &'static str)],
    /// Indexes: name and definition.
    pub(crate) indexes: &'static [(&'static str, &'static str)],
}

pub(super) const ALL_METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE"];
pub(super) const NO_DELETE: &[&str] = &["GET", "POST", "PUT"];
pub(super) const NO_POST: &[&str] = &["GET", "PUT", "DELETE"];
pub(super) const GET_ONLY: &[&str] = &["GET"];
pub(super) const GET_AND_PUT: &[&str] = &["GET", "PUT"];

impl Table {
    pub(super) const fn new(name: &'static str, first_id: i64) -> Self {
        Self {
            name,
            first_id,
            has_subtype: false,
            is_named: false,
            is_tree: false,
            root: None,
            hidden: &[],
            indexes: &[],
        }
    }
}

impl EntityType {
    /// A workspace type with the fields that all types have, and all methods.
    pub(super) fn new(
        name: &'static str,
        label: &'static str,
        collections: &'static [&'static str],
        table: &Table,
    ) -> Self {
        let mut fields = vec![
            Field::new("id", FieldType::Id)
                .read_only()
                .returned_by_default(),
            Field::new("workspace_id", FieldType::Workspace)
                .read_only()
                .returned_by_default(),
            logical_name(table),
            date_time("creation_time").read_only(),
            date_time("last_modified").read_only(),
            integer("version_stamp").read_only(),
            integer("client_lock_stamp").opaque(),
            one("author", "workspace_user").default_named(DefaultValue::CurrentUser),
        ];
        if table.has_subtype {
            let subtype = Field::new("subtype", FieldType::Subtype);
            fields.push(subtype.read_only().returned_by_default());
        }
        Self {
            name,
            label,
            scope: Scope::Workspace,
            collections,
            table: table.name,
            subtype_of: None,
            subtypes: Vec::new(),
            methods: ALL_METHODS,
            listed_methods: ALL_METHODS,
            fields,
            unique: &[],
        }
    }

    /// Moves the type to another scope.
    pub(super) fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        if scope != Scope::Workspace {
            self.fields.retain(|field| field.name != "workspace_id");
        }
        self
    }

    pub(super) fn subtype_of(mut self, aggregate: &'static str) -> Self {
        self.subtype_of = Some(aggregate);
        self
    }

    pub(super) fn methods(mut self, methods: &'static [&'static str]) -> Self {
        self.methods = methods;
        self.listed_methods = methods;
        self
    }

    /// The methods in metadata, where they are not those that work.
    pub(super) fn listed(mut self, methods: &'static [&'static str]) -> Self {
        self.listed_methods = methods;
        self
    }

    pub(super) fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Changes a field that the type shares with others.
    pub(super) fn with(mut self, name: &str, change: impl FnOnce(Field) -> Field) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            let before = std::mem::replace(field, Field::new("", FieldType::Id));
            *field = change(before);
        }
        self
    }

    pub(super) fn unique(mut self, fields: &'static [&'static str]) -> Self {
        self.unique = fields;
        self
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn is_aggregate(&self) -> bool {
        !self.subtypes.is_empty()
    }

    pub(crate) fn allows(&self, method: &str) -> bool {
        self.methods.contains(&method)
    }
}

/// Every entity has a logical name. Those of list values, phases and roots are part of the model; the others are
/// derived from the ID, which makes them unique. Nothing more is known about the product's.
fn logical_name(table: &Table) -> Field {
    let field = text("logical_name").read_only().returned_by_default();
    let of_id = format!("'{}.' || @.id", table.name);
    match table.root {
        _ if table.is_named => field,
        Some(root) => field.computed(format!(
            "CASE WHEN @.parent IS NULL THEN '{root}' ELSE {of_id} END"
        )),
        None => field.computed(of_id),
    }
}
