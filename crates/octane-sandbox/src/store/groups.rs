//! How many entities have which value of a field.

use std::collections::HashMap;

use octane_model::{Query, Select};
use rusqlite::params_from_iter;
use rusqlite::types::{Value as Sql, ValueRef};
use serde_json::{Value as Json, json};

use super::read::Reader;
use super::search::Search;
use super::value;
use crate::catalog::{EntityType, Field, Kind};
use crate::error::{ApiError, own_code};

/// A value, and how many entities have it.
type Group = (Json, i64);

impl<'a> Reader<'a> {
    /// The entities of `kind` that match, counted by their values of the field `by`: the greatest group
    /// first. `is_numeric` gives list values a number as their id.
    pub(crate) fn groups(
        self,
        kind: &'a EntityType,
        by: &str,
        query: Option<&Query>,
        search: Option<&Search>,
        is_numeric: bool,
    ) -> Result<Json, ApiError> {
        let field = kind
            .field(by)
            .ok_or_else(|| ApiError::unknown_field(kind.name, by))?;
        let condition = self.matches(kind, query, search)?;
        let table = kind.table;
        let (value, from) = match &field.kind {
            Kind::Many(link) => (
                format!("l.{}", link.other),
                format!(
                    "{table} t0 LEFT JOIN {} l ON l.{} = t0.id",
                    link.table, link.own
                ),
            ),
            Kind::Inverse { .. } | Kind::Workspace | Kind::Secret => {
                let description = format!("entities cannot be grouped by the field `{by}`");
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

    /// Values as answers show them; those of references with their names.
    fn values(
        self,
        field: &Field,
        counted: Vec<(Sql, i64)>,
        is_numeric: bool,
    ) -> Result<Vec<Group>, ApiError> {
        let Some(target) = field.target() else {
            let shown = |(sql, count)| (value::to_json(&field.kind, ValueRef::from(&sql)), count);
            return Ok(counted.into_iter().map(shown).collect());
        };
        let target = self.catalog.known_type(target);
        let keys: Vec<i64> = counted
            .iter()
            .filter_map(|(sql, _)| match sql {
                Sql::Integer(key) => Some(*key),
                _ => None,
            })
            .collect();
        let names = ["name", "logical_name"];
        let select = Select::names(
            names
                .into_iter()
                .filter(|name| target.field(name).is_some()),
        );
        let entities = self.get_many(target, &keys, &select)?;
        let known: HashMap<i64, Json> = keys
            .iter()
            .zip(entities)
            .map(|(key, entity)| {
                let mut value = serde_json::to_value(entity).unwrap_or_default();
                if is_numeric {
                    value["id"] = Json::String(key.to_string());
                }
                (*key, value)
            })
            .collect();
        Ok(counted
            .into_iter()
            .map(|(sql, count)| match sql {
                Sql::Integer(key) => (known.get(&key).cloned().unwrap_or_default(), count),
                _ => (Json::Null, count),
            })
            .collect())
    }
}
