//! An SQL condition under construction.

use rusqlite::types::Value as Sql;

use crate::catalog::{Catalog, EntityType};

pub(super) struct SqlBuilder<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) sql: String,
    /// Common table expressions, inner ones first.
    pub(super) filters: Vec<String>,
    pub(super) values: Vec<Sql>,
    aliases: usize,
}

impl<'a> SqlBuilder<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            sql: "1".to_owned(),
            filters: Vec::new(),
            values: Vec::new(),
            aliases: 1,
        }
    }

    pub(super) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    pub(super) fn bind(&mut self, value: Sql) {
        self.values.push(value);
        let number = self.values.len();
        self.push(&format!("?{number}"));
    }

    pub(super) fn alias(&mut self) -> String {
        let alias = format!("t{}", self.aliases);
        self.aliases += 1;
        alias
    }

    /// ` AND` the condition that separates the rows of `entity_type` from others in its table; empty if there
    /// are no others.
    pub(super) fn subtype_condition(&self, entity_type: &EntityType, prefix: &str) -> String {
        if self.catalog.table_of(entity_type).has_subtype && !entity_type.is_aggregate() {
            // Without the hint SQLite considers equality selective, and prefers the index of this column.
            format!(
                " AND likelihood({prefix}subtype = '{}', 0.5)",
                entity_type.name
            )
        } else {
            String::new()
        }
    }

    /// ` = ?` or ` IN (?, …)`.
    pub(super) fn list(&mut self, values: Vec<Sql>) {
        if values.len() == 1 {
            self.push(" = ");
            values.into_iter().for_each(|value| self.bind(value));
            return;
        }
        self.push(" IN (");
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                self.push(",");
            }
            self.bind(value);
        }
        self.push(")");
    }
}
