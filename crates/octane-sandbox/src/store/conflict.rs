//! Conflicts with existing data: stale lock stamps, and duplicate names.

use octane_model::{Problem, error_code};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};
use serde_json::{Map, Value as Json};

use super::writer::Writer;
use crate::catalog::EntityType;
use crate::error::{ApiError, own_code};

impl Writer<'_> {
    /// A stale lock stamp is a conflict; it may be omitted.
    pub(super) fn check_lock(
        self,
        entity_type: &EntityType,
        row_id: i64,
        fields: &Map<String, Json>,
    ) -> Result<(), ApiError> {
        let Some(said) = fields
            .get("client_lock_stamp")
            .filter(|said| !said.is_null())
        else {
            return Ok(());
        };
        let sql = format!(
            "SELECT client_lock_stamp FROM {} WHERE id = ?",
            entity_type.table
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let current: i64 = statement.query_row([row_id], |row| row.get(0))?;
        if said.as_i64() == Some(current) {
            return Ok(());
        }
        let description = format!("the entity has changed: its `client_lock_stamp` is {current}");
        let problem = Problem::new(own_code::CONFLICT, description)
            .with("entity_type", entity_type.name)
            .with("entity_id", row_id.to_string());
        Err(ApiError::new(http::StatusCode::CONFLICT, problem))
    }

    /// Values that must be unique in the type, taken from the change and, for an update, otherwise from the
    /// row.
    pub(super) fn check_unique(
        self,
        entity_type: &EntityType,
        row_id: Option<i64>,
        columns: &[(&str, Sql)],
    ) -> Result<(), ApiError> {
        let touched = |name: &&str| columns.iter().any(|(column, _)| column == name);
        if entity_type.unique.is_empty() || !entity_type.unique.iter().any(touched) {
            return Ok(());
        }
        let mut sql = format!("SELECT id FROM {} t WHERE id IS NOT ?", entity_type.table);
        let mut values = vec![row_id.map_or(Sql::Null, Sql::Integer)];
        if self.catalog.table_of(entity_type).has_subtype {
            sql.push_str(&format!(" AND subtype = '{}'", entity_type.name));
        }
        for name in entity_type.unique {
            match columns.iter().find(|(column, _)| column == name) {
                Some((_, value)) => {
                    sql.push_str(&format!(" AND \"{name}\" IS ? COLLATE NOCASE"));
                    values.push(value.clone());
                }
                None => {
                    sql.push_str(&format!(
                        " AND \"{name}\" IS (SELECT \"{name}\" FROM {} WHERE id = ?)",
                        entity_type.table
                    ));
                    values.push(values[0].clone());
                }
            }
        }
        let mut statement = self.connection.prepare_cached(&sql)?;
        let taken: Option<i64> = statement
            .query_row(params_from_iter(values), |row| row.get(0))
            .optional()?;
        let Some(taken) = taken else {
            return Ok(());
        };
        let what = entity_type.unique.join(" and ");
        let description = format!(
            "another `{}` has the same {what}: {taken}",
            entity_type.name
        );
        let problem = Problem::new(error_code::DUPLICATE, description)
            .with("entity_type", entity_type.name)
            .with("entity_id", taken.to_string());
        Err(ApiError::new(http::StatusCode::CONFLICT, problem))
    }
}
