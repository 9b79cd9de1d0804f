//! What contradicts the data as they are: stale lock stamps, and names that are taken.

use octane_model::{Problem, code};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};
use serde_json::{Map, Value as Json};

use super::write::Writer;
use crate::catalog::EntityType;
use crate::error::{ApiError, own_code};

impl Writer<'_> {
    /// A stale lock stamp is a conflict; one that is not sent is none.
    pub(super) fn check_lock(
        self,
        kind: &EntityType,
        key: i64,
        fields: &Map<String, Json>,
    ) -> Result<(), ApiError> {
        let Some(said) = fields
            .get("client_lock_stamp")
            .filter(|said| !said.is_null())
        else {
            return Ok(());
        };
        let sql = format!("SELECT client_lock_stamp FROM {} WHERE id = ?", kind.table);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let current: i64 = statement.query_row([key], |row| row.get(0))?;
        if said.as_i64() == Some(current) {
            return Ok(());
        }
        let description = format!("the entity has changed: its `client_lock_stamp` is {current}");
        let problem = Problem::new(own_code::CONFLICT, description)
            .with("entity_type", kind.name)
            .with("entity_id", key.to_string());
        Err(ApiError::new(http::StatusCode::CONFLICT, problem))
    }

    /// What must be unique in the type, taken from the change and, for an update, else from the row.
    pub(super) fn check_unique(
        self,
        kind: &EntityType,
        key: Option<i64>,
        columns: &[(&str, Sql)],
    ) -> Result<(), ApiError> {
        let touched = |name: &&str| columns.iter().any(|(column, _)| column == name);
        if kind.unique.is_empty() || !kind.unique.iter().any(touched) {
            return Ok(());
        }
        let mut sql = format!("SELECT id FROM {} t WHERE id IS NOT ?", kind.table);
        let mut values = vec![key.map_or(Sql::Null, Sql::Integer)];
        if self.catalog.table_of(kind).has_subtype {
            sql.push_str(&format!(" AND subtype = '{}'", kind.name));
        }
        for name in kind.unique {
            match columns.iter().find(|(column, _)| column == name) {
                Some((_, value)) => {
                    sql.push_str(&format!(" AND \"{name}\" IS ? COLLATE NOCASE"));
                    values.push(value.clone());
                }
                None => {
                    sql.push_str(&format!(
                        " AND \"{name}\" IS (SELECT \"{name}\" FROM {} WHERE id = ?)",
                        kind.table
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
        let what = kind.unique.join(" and ");
        let description = format!("another `{}` has the same {what}: {taken}", kind.name);
        let problem = Problem::new(code::DUPLICATE, description)
            .with("entity_type", kind.name)
            .with("entity_id", taken.to_string());
        Err(ApiError::new(http::StatusCode::CONFLICT, problem))
    }
}
