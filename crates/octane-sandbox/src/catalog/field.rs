//! Fields of entity types.

/// A field of an entity type: one row of the catalog.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) is_editable: bool,
    pub(crate) is_required: bool,
    /// Whether it comes back when a request names no fields.
    pub(crate) is_default: bool,
    pub(crate) is_user_defined: bool,
    /// What a new entity gets where the request says nothing: the logical name of a list value or phase.
    pub(crate) initially: Option<&'static str>,
}

/// What a field holds and where it is stored.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Id,
    /// The concrete type, stored in a column of the table of an aggregate.
    Subtype,
    /// The workspace's id, the same for all and not stored.
    Workspace,
    Text {
        max_length: usize,
    },
    Memo,
    Integer,
    Boolean,
    /// Stored as milliseconds since 1970-01-01 UTC.
    DateTime,
    /// One pointer, stored in a column of the same name.
    One(Pointer),
    /// Pointers, stored in a link table.
    Many(Link),
    /// The entities whose single reference `field` points here; not stored a second time.
    Inverse {
        target: &'static str,
        field: &'static str,
    },
}

/// Where a single reference may point.
#[derive(Debug, Clone)]
pub(crate) struct Pointer {
    /// The type whose fields a cross filter may use: an aggregate or a concrete type.
    pub(crate) target: &'static str,
    /// The concrete types that are allowed; empty for any of the target's.
    pub(crate) concrete: &'static [&'static str],
    /// For a list value: the list's logical name.
    pub(crate) list: Option<&'static str>,
    pub(crate) on_delete: OnDelete,
}

/// What happens to an entity when the one that it points at is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDelete {
    Forget,
    Cascade,
}

/// A link table seen from one of its two sides.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) table: &'static str,
    /// The column with the id of the entity that has the field.
    pub(crate) own: &'static str,
    /// The column with the id of the entity that it points at.
    pub(crate) other: &'static str,
    pub(crate) target: &'static str,
    pub(crate) concrete: &'static [&'static str],
    pub(crate) list: Option<&'static str>,
}

impl Field {
    pub(super) fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            label: label_of(name),
            kind,
            is_editable: true,
            is_required: false,
            is_default: false,
            is_user_defined: false,
            initially: None,
        }
    }

    pub(super) fn label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    pub(super) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) fn read_only(mut self) -> Self {
        self.is_editable = false;
        self
    }

    pub(super) fn returned_by_default(mut self) -> Self {
        self.is_default = true;
        self
    }

    pub(super) fn user_defined(mut self) -> Self {
        self.is_user_defined = true;
        self
    }

    pub(super) fn initially(mut self, logical_name: &'static str) -> Self {
        self.initially = Some(logical_name);
        self
    }

    /// Deleting what this points at deletes the entity that has the field.
    pub(super) fn cascading(mut self) -> Self {
        if let Kind::One(pointer) = &mut self.kind {
            pointer.on_delete = OnDelete::Cascade;
        }
        self
    }

    /// Whether the value is a column of the type's table.
    pub(crate) fn is_column(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Workspace | Kind::Many(_) | Kind::Inverse { .. }
        )
    }

    /// The type that a reference of any kind points at.
    pub(crate) fn target(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::One(pointer) => Some(pointer.target),
            Kind::Many(link) => Some(link.target),
            Kind::Inverse { target, .. } => Some(target),
            _ => None,
        }
    }

    /// The word that metadata uses.
    pub(crate) fn type_word(&self) -> &'static str {
        match self.kind {
            Kind::Id | Kind::Subtype | Kind::Text { .. } => "string",
            Kind::Memo => "memo",
            Kind::Integer | Kind::Workspace => "integer",
            Kind::Boolean => "boolean",
            Kind::DateTime => "date_time",
            Kind::One(_) | Kind::Many(_) | Kind::Inverse { .. } => "reference",
        }
    }
}

pub(super) fn text(name: &str) -> Field {
    Field::new(name, Kind::Text { max_length: 255 })
}

pub(super) fn long_text(name: &str, max_length: usize) -> Field {
    Field::new(name, Kind::Text { max_length })
}

pub(super) fn memo(name: &str) -> Field {
    Field::new(name, Kind::Memo)
}

pub(super) fn integer(name: &str) -> Field {
    Field::new(name, Kind::Integer)
}

pub(super) fn boolean(name: &str) -> Field {
    Field::new(name, Kind::Boolean)
}

pub(super) fn date_time(name: &str) -> Field {
    Field::new(name, Kind::DateTime)
}

pub(super) fn one(name: &str, target: &'static str) -> Field {
    one_of(name, target, &[])
}

pub(super) fn one_of(name: &str, target: &'static str, concrete: &'static [&'static str]) -> Field {
    let pointer = Pointer {
        target,
        concrete,
        list: None,
        on_delete: OnDelete::Forget,
    };
    Field::new(name, Kind::One(pointer))
}

pub(super) fn list_value(name: &str, list: &'static str) -> Field {
    let pointer = Pointer {
        target: "list_node",
        concrete: &[],
        list: Some(list),
        on_delete: OnDelete::Forget,
    };
    Field::new(name, Kind::One(pointer))
}

/// A multi-reference in the link table `table`, whose columns are `own` and `other`.
pub(super) fn many(
    name: &str,
    (table, own, other): (&'static str, &'static str, &'static str),
    target: &'static str,
    concrete: &'static [&'static str],
) -> Field {
    let link = Link {
        table,
        own,
        other,
        target,
        concrete,
        list: None,
    };
    Field::new(name, Kind::Many(link))
}

pub(super) fn list_values(
    name: &str,
    columns: (&'static str, &'static str, &'static str),
    list: &'static str,
) -> Field {
    let mut field = many(name, columns, "list_node", &[]);
    if let Kind::Many(link) = &mut field.kind {
        link.list = Some(list);
    }
    field
}

pub(super) fn inverse(name: &str, target: &'static str, field: &'static str) -> Field {
    Field::new(name, Kind::Inverse { target, field }).read_only()
}

/// `parent_suite` → `Parent suite`.
fn label_of(name: &str) -> String {
    let words = name.trim_end_matches("_udf").replace('_', " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
