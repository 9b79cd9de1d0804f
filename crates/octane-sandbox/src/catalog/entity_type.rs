//! Entity types and the tables they live in.

use super::field::{Field, Initial, Kind, date_time, integer, one, text};

/// Where the collections of a type are: below a workspace, below its shared space, or below the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Workspace,
    SharedSpace,
    Site,
}

/// A type of entities: one row of the catalog.
#[derive(Debug, Clone)]
pub(crate) struct EntityType {
    /// The name in entities and metadata, for example `run_automated`.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) scope: Scope,
    /// The names in URLs; the first is the one that metadata tells.
    pub(crate) collections: &'static [&'static str],
    pub(crate) table: &'static str,
    /// The aggregate that it belongs to.
    pub(crate) subtype_of: Option<&'static str>,
    /// For an aggregate: its concrete types; filled by the catalog.
    pub(crate) subtypes: Vec<&'static str>,
    /// The verbs that its collections take.
    pub(crate) methods: &'static [&'static str],
    pub(crate) fields: Vec<Field>,
    /// Fields that no two entities may share the values of, all taken together.
    pub(crate) unique: &'static [&'static str],
}

/// A table with entities of one type, or of all types of an aggregate, which share one id space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The id of the first row. Tables begin at different numbers, so that a mixed-up id is noticed.
    pub(crate) first_id: i64,
    /// Whether rows have a `subtype` column.
    pub(crate) has_subtype: bool,
    /// Whether `logical_name`, where there is one, takes the place of the id.
    pub(crate) is_named: bool,
    /// Whether rows form a tree over `parent` and keep their `path`.
    pub(crate) is_tree: bool,
    /// Columns that no field shows: name and type.
    pub(crate) hidden: &'static [(&'static str, &'static str)],
    /// Indexes: name and what they hold.
    pub(crate) indexes: &'static [(&'static str, &'static str)],
}

pub(super) const ALL_METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE"];
pub(super) const NO_DELETE: &[&str] = &["GET", "POST", "PUT"];
pub(super) const NO_POST: &[&str] = &["GET", "PUT", "DELETE"];
pub(super) const GET_ONLY: &[&str] = &["GET"];

impl Table {
    pub(super) const fn new(name: &'static str, first_id: i64) -> Self {
        Self {
            name,
            first_id,
            has_subtype: false,
            is_named: false,
            is_tree: false,
            hidden: &[],
            indexes: &[],
        }
    }
}

impl EntityType {
    /// A type of a workspace with the fields that all types have, and all verbs.
    pub(super) fn new(
        name: &'static str,
        label: &'static str,
        collections: &'static [&'static str],
        table: &Table,
    ) -> Self {
        let mut fields = vec![
            Field::new("id", Kind::Id).read_only().returned_by_default(),
            Field::new("workspace_id", Kind::Workspace)
                .read_only()
                .returned_by_default(),
            logical_name(table),
            date_time("creation_time").read_only(),
            date_time("last_modified").read_only(),
            integer("version_stamp").read_only(),
            integer("client_lock_stamp"),
            one("author", "workspace_user").initially_the(Initial::Visitor),
        ];
        if table.has_subtype {
            let subtype = Field::new("subtype", Kind::Subtype);
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
            fields,
            unique: &[],
        }
    }

    /// Moves the type out of the workspace.
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
        self
    }

    pub(super) fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
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

/// Every entity has a logical name; that of a list value or phase is part of the model, others follow from
/// the id, which makes them as unique as the product's, of which no more is known.
fn logical_name(table: &Table) -> Field {
    let field = text("logical_name").read_only().returned_by_default();
    if table.is_named {
        field
    } else {
        field.computed(format!("'{}.' || @.id", table.name))
    }
}
