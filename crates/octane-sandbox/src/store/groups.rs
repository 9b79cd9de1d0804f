//! Counting entities by the values of a field.

use std::collections::HashMap;

use octane_model::{Query, Select};
use rusqlite::params_from_iter;
use rusqlite::types::{Value as Sql, ValueRef};
use serde_json::{Map, Value as Json, json};

use super::read::Reader;
use super::search::Search;
use super::value;
use crate::catalog::{EntityType, Field, FieldType, Link, saturating_sum};
use crate::error::{ApiError, own_code};

/// What to count.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupRequest {
    /// The field whose values are the groups.
    pub(crate) by: String,
    pub(crate) query: Option<Query>,
    pub(crate) search: Option<Search>,
    /// Whether the IDs of list values are numbers.
    pub(crate) is_numeric: bool,
    /// The fields to add up in each group.
    pub(crate) sums: Vec<String>,
}

/// A value, how many entities have it, and the sums of their fields.
type Group<T> = (T, i64, Vec<Json>);

impl<'a> Reader<'a> {
    /// The matching entities of `entity_type`, counted by their values of a field: the largest group first.
    pub(crate) fn groups(
        self,
        entity_type: &'a EntityType,
        request: &GroupRequest,
    ) -> Result<Json, ApiError> {
        let GroupRequest { by, sums, .. } = request;
        let field = entity_type
            .field(by)
            .ok_or_else(|| ApiError::unknown_field(entity_type.name, by))?;
        let condition =
            self.matches(entity_type, request.query.as_ref(), request.search.as_ref())?;
        let table = entity_type.table;
        let (value, from) = match &field.field_type {
            FieldType::Many(link) => (
                format!("l.{}", link.target_column),
                format!(
                    "{table} t0 LEFT JOIN {} l ON l.{} = t0.id",
                    links(link),
                    link.owner_column
                ),
            ),
            FieldType::Inverse { .. } | FieldType::Workspace | FieldType::Secret => {
                let description = format!("cannot group by the field `{by}`");
                return Err(ApiError::bad_request(own_code::QUERY, description));
            }
            _ => (
                value::shown(field, field.expression("t0")),
                format!("{table} t0"),
            ),
        };
        let columns: String = sums
            .iter()
            .map(|name| sum(entity_type, name))
            .collect::<Result<_, _>>()?;
        let sql = format!(
            "{}SELECT {value} AS v, COUNT(*){columns} FROM {from} WHERE {} GROUP BY v ORDER BY 2 DESC, 1",
            condition.with, condition.sql
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(&condition.values))?;
        let mut counted: Vec<Group<Sql>> = Vec::new();
        while let Some(row) = rows.next()? {
            let places = 2..2 + sums.len();
            let totals = places.map(|place| Ok(number(row.get_ref(place)?)));
            let totals = totals.collect::<Result<_, rusqlite::Error>>()?;
            counted.push((row.get(0)?, row.get(1)?, totals));
        }
        let groups = self.values(entity_type, field, counted, request.is_numeric)?;
        let count = groups.len();
        let groups: Vec<Json> = groups
            .into_iter()
            .map(|(value, count, totals)| {
                let mut group = json!({ "count": count, "value": value });
                if !sums.is_empty() {
                    let totals = sums.iter().cloned().zip(totals);
                    group["aggregatedData"] = totals.collect::<Map<_, _>>().into();
                }
                group
            })
            .collect();
        Ok(json!({ "groupsTotalCount": count, "groups": groups }))
    }

    /// Values as in responses; references with their names.
    fn values(
        self,
        entity_type: &EntityType,
        field: &Field,
        counted: Vec<Group<Sql>>,
        is_numeric: bool,
    ) -> Result<Vec<Group<Json>>, ApiError> {
        let is_id = matches!(field.field_type, FieldType::Id);
        let target = match field.target() {
            Some(target) => self.catalog.known_type(target),
            // Its ID is a name.
            None if is_id && self.catalog.table_of(entity_type).is_named && !is_numeric => {
                self.catalog.known_type(entity_type.name)
            }
            None => {
                let shown = |(sql, count, totals)| {
                    let value = value::to_json(&field.field_type, ValueRef::from(&sql));
                    (value, count, totals)
                };
                return Ok(counted.into_iter().map(shown).collect());
            }
        };
        let row_ids: Vec<i64> = counted
            .iter()
            .filter_map(|(sql, ..)| match sql {
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
                (*row_id, if is_id { value["id"].take() } else { value })
            })
            .collect();
        Ok(counted
            .into_iter()
            .map(|(sql, count, totals)| {
                let value = match sql {
                    Sql::Integer(row_id) => known.get(&row_id).cloned(),
                    _ => None,
                };
                (value.unwrap_or_default(), count, totals)
            })
            .collect())
    }
}

/// The pairs of a multi-reference, each once: two runs of a test may be about the same item.
fn links(link: &Link) -> String {
    let Link {
        owner_column: owner,
        target_column: target,
        ..
    } = link;
    let table = link.all();
    if link.is_derived() {
        format!("(SELECT DISTINCT {owner}, {target} FROM {table})")
    } else {
        table
    }
}

/// The column with the sum of a field of numbers; 0 where none has one.
fn sum(entity_type: &EntityType, name: &str) -> Result<String, ApiError> {
    let field = entity_type
        .field(name)
        .ok_or_else(|| ApiError::unknown_field(entity_type.name, name))?;
    match field.field_type {
        FieldType::Integer => {
            let sum = saturating_sum(&field.expression("t0"));
            Ok(format!(", COALESCE({sum}, 0)"))
        }
        FieldType::Float => Ok(format!(", COALESCE(SUM({}), 0)", field.expression("t0"))),
        _ => {
            let description = format!("cannot add up the field `{name}`, which has no numbers");
            Err(ApiError::bad_request(own_code::QUERY, description))
        }
    }
}

fn number(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        _ => Json::Null,
    }
}
