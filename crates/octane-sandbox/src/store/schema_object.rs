//! A table, an index or a trigger.

/// A table, an index or a trigger.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// The table that it belongs to.
    pub(super) table: String,
    /// Its definition, from its name on.
    definition: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    TableWithoutRowid,
    Index,
    UniqueIndex,
    Trigger,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Table | Self::TableWithoutRowid => "TABLE",
            Self::Index => "INDEX",
            Self::UniqueIndex => "UNIQUE INDEX",
            Self::Trigger => "TRIGGER",
        }
    }
}

impl Object {
    pub(super) fn table(name: &str, definition: &str) -> Self {
        let kind = if definition.ends_with("WITHOUT ROWID") {
            Kind::TableWithoutRowid
        } else {
            Kind::Table
        };
        Self::new(kind, name, name, format!("{name} {definition}"))
    }

    /// What SQLite adds for tables with AUTOINCREMENT.
    pub(super) fn sequences() -> Self {
        let name = "sqlite_sequence";
        Self::new(Kind::Table, name, name, format!("{name}(name,seq)"))
    }

    /// `on` are the columns in parentheses, and what may follow.
    pub(super) fn index(name: &str, table: &str, on: &str) -> Self {
        let definition = format!("{name} ON {table} {on}");
        Self::new(Kind::Index, name, table, definition)
    }

    pub(super) fn unique_index(name: &str, table: &str, on: &str) -> Self {
        Self {
            kind: Kind::UniqueIndex,
            ..Self::index(name, table, on)
        }
    }

    pub(super) fn trigger(name: &str, table: &str, definition: &str) -> Self {
        let definition = format!("{name} {definition}");
        Self::new(Kind::Trigger, name, table, definition)
    }

    fn new(kind: Kind, name: &str, table: &str, definition: String) -> Self {
        Self {
            kind,
            name: name.trim_matches('"').to_owned(),
            table: table.to_owned(),
            definition,
        }
    }

    /// The statement that creates it, in the form that SQLite stores.
    pub(super) fn sql(&self) -> String {
        format!("CREATE {} {}", self.kind.words(), self.definition)
    }

    /// The statements that create it in the place of an older one. A table loses its rows.
    pub(super) fn replacing(&self) -> String {
        let words = match self.kind {
            Kind::UniqueIndex => Kind::Index.words(),
            kind => kind.words(),
        };
        format!("DROP {words} IF EXISTS {};\n{};\n", self.name, self.sql())
    }

    /// The statement that creates it if it does not exist.
    pub(super) fn unless_exists(&self) -> String {
        let (words, definition) = (self.kind.words(), &self.definition);
        format!("CREATE {words} IF NOT EXISTS {definition};\n")
    }
}
