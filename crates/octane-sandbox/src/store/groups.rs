//! Counting entities by the values of a field.

use std::collections::HashMap;

use octane_model::{Query, Select};
use rusqlite::params_from_iter;
use rusqlite::types::{Value as Sql, ValueRef};
use serde_json::{Value as Json, json};

use super::read::Reader;
use super::search::Search;
use super::value;
use crate::catalog::{EntityType, Field, FieldType};
use crate::error::{ApiError, own_code};

/// A value, and how many entities have it.
type Group = (Json, i64);

impl<'a> Reader<'a> {
    /// The matching entities of `entity_type`, counted by their values of the field `by`: the largest group
    /// first. `is_numeric` selects numbers as the IDs of list values.
    pub(crate) fn groups(
        self,
        entity_type: &'a EntityType,
        by: &str,
        query: Option<&Query>,
        search: Option<&Search>,
        is_numeric: bool,
    ) -> Result<Json, ApiError> {
        let field = entity_type
            .field(by)
            .ok_or_else(|| ApiError::unknown_field(entity_type.name, by))?;
        let condition = self.matches(entity_type, query, search)?;
        let table = entity_type.table;
        let (value, from) = match &field.field_type {
            FieldType::Many(link) => (
                format!("l.{}", link.target_column),
                format!(
                    "{table} t0 LEFT JOIN {} l ON l.{} = t0.id",
                    link.table, link.owner_column
                ),
            ),
            FieldType::Inverse { .. } | FieldType::Workspace | FieldType::Secret => {
                let description = format!("cannot group by the field `{by}`");
                return Err(ApiError::bad_request(own_code::QUERY, description));
            }
            _ => (field.expression("t0"), format!("{table} t0")),
        };
        let sql = format!(
            "{}SELECT {value} AS v, COUNT(*) FROM {from} WHERE {} GROUP BY v ORDER BY 2 DESC, 1",
            condition.with, condition.sql
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(&condition.values))?;
        let mut counted: Vec<(Sql, i64)> = Vec::new();
        while let Some(row) = rows.next()? {
            counted.push((row.get(0)?, row.get(1)?));
        }
        let groups = self.values(field, counted, is_numeric)?;
        let count = groups.len();
        let groups: Vec<Json> = groups
            .into_iter()
            .map(|(value, count)| json!({ "count": count, "value": value }))
            .collect();
        Ok(json!({ "groupsTotalCount": count, "groups": groups }))
    }

    /// Values as in responses; references with their names.
    fn values(
        self,
        field: &Field,
        counted: Vec<(Sql, i64)>,
        is_numeric: bool,
    ) -> Result<Vec<Group>, ApiError> {
        let Some(target) = field.target() else {
            let shown = |(sql, count)| {
                (
                    value::to_json(&field.field_type, ValueRef::from(&sql)),
                    count,
                )
            };
            return Ok(counted.into_iter().map(shown).collect());
        };
        let target = self.catalog.known_type(target);
        let row_ids: Vec<i64> = counted
            .iter()
            .filter_map(|(sql, _)| match sql {
                Sql::Integer(row_id) => Some(*row_id),
                _ => None,
            })
            .collect();
        let names = ["name", "logical_name"];
        let select = Select::names(
            names
                .into_iter()
                .filter(|name| target.field(name).is_some()),
        );
        let entities = self.get_many(target, &row_ids, &select)?;
        let known: HashMap<i64, Json> = row_ids
            .iter()
            .zip(entities)
            .map(|(row_id, entity)| {
                let mut value = serde_json::to_value(entity).unwrap_or_default();
                if is_numeric {
                    value["id"] = Json::String(row_id.to_string());
                }
                (*row_id, value)
            })
            .collect();
        Ok(counted
            .into_iter()
            .map(|(sql, count)| match sql {
                Sql::Integer(row_id) => (known.get(&row_id).cloned().unwrap_or_default(), count),
                _ => (Json::Null, count),
            })
            .collect())
    }
}
