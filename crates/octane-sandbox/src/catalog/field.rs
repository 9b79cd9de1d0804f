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
    /// Whether it can only be written when the entity is created.
    pub(crate) is_final: bool,
    /// What a new entity gets where the request says nothing.
    pub(crate) initially: Option<Initial>,
    /// For a field that is computed and not stored: an SQL expression in which `@` is the row.
    pub(crate) computed: Option<String>,
}

/// What a new entity gets where the request says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Initial {
    /// The list value, phase or metaphase with this logical name.
    Named(&'static str),
    /// The root of the tree.
    Root,
    /// The release that is marked as the default one.
    DefaultRelease,
    /// Who sent the request.
    Visitor,
    /// A number, or 0 and 1 for false and true.
    Number(i64),
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
    /// Text that is taken and forgotten: neither stored nor shown.
    Secret,
    Integer,
    Float,
    Boolean,
    /// Stored as milliseconds since 1970-01-01 UTC.
    DateTime,
    /// A day without a time; stored as the milliseconds of its midnight in UTC.
    Date,
    /// Any JSON, stored as its text.
    Object,
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
            is_final: false,
            initially: None,
            computed: None,
        }
    }

    /// A field that is computed when it is read: `sql` is an expression in which `@` is the row.
    pub(super) fn computed(mut self, sql: impl Into<String>) -> Self {
        self.computed = Some(sql.into());
        self.read_only()
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

    /// Text that requests may write and no answer shows.
    pub(super) fn password(name: &str) -> Self {
        Self::new(name, Kind::Secret)
    }

    /// Set when the entity is created, and never changed.
    pub(super) fn settled(mut self) -> Self {
        self.is_final = true;
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

    /// A new entity gets the list value, phase or metaphase with this logical name.
    pub(super) fn initially(self, logical_name: &'static str) -> Self {
        self.initially_the(Initial::Named(logical_name))
    }

    pub(super) fn initially_the(mut self, initial: Initial) -> Self {
        self.initially = Some(initial);
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
        self.is_single() && self.computed.is_none()
    }

    /// Whether a row has one value, stored or computed.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Workspace | Kind::Secret | Kind::Many(_) | Kind::Inverse { .. }
        )
    }

    /// The value of the row `alias` in SQL, where a row has one.
    pub(crate) fn expression(&self, alias: &str) -> String {
        match &self.computed {
            Some(sql) => sql.replace('@', alias),
            None => format!("{alias}.\"{}\"", self.name),
        }
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
            Kind::Id | Kind::Subtype | Kind::Secret | Kind::Text { .. } => "string",
            Kind::Memo => "memo",
            Kind::Integer | Kind::Workspace => "integer",
            Kind::Float => "float",
            Kind::Boolean => "boolean",
            Kind::DateTime => "date_time",
            Kind::Date => "date",
            Kind::Object => "object",
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

pub(super) fn float(name: &str) -> Field {
    Field::new(name, Kind::Float)
}

pub(super) fn object(name: &str) -> Field {
    Field::new(name, Kind::Object)
}

pub(super) fn boolean(name: &str) -> Field {
    Field::new(name, Kind::Boolean)
}

pub(super) fn date(name: &str) -> Field {
    Field::new(name, Kind::Date)
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
