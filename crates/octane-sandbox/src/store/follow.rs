//! The targets of references in responses: one statement per field, whatever the number of rows.

use std::collections::{BTreeMap, HashMap};

use octane_model::Entity;
use serde_json::{Value as Json, json};

use super::read::{Reader, SelectedField};
use super::value::any_of;
use crate::catalog::{EntityType, FieldType};
use crate::error::ApiError;

impl<'a> Reader<'a> {
    /// Fills in the values of a reference field.
    pub(super) fn follow(
        self,
        wanted: &SelectedField<'a>,
        row_ids: Vec<Option<i64>>,
        entities: &mut [(i64, Entity)],
    ) -> Result<(), ApiError> {
        let name = &wanted.field.name;
        let Some(target) = wanted.field.target() else {
            return Ok(());
        };
        let target = self.catalog.known_type(target);
        if let FieldType::One(reference) = &wanted.field.field_type {
            let mut distinct: Vec<i64> = row_ids.iter().copied().flatten().collect();
            distinct.sort_unstable();
            distinct.dedup();
            let known = self.targets(target, reference.concrete, &wanted.nested, &distinct)?;
            for ((_, entity), row_id) in entities.iter_mut().zip(row_ids) {
                let value = row_id.and_then(|row_id| known.get(&row_id).cloned());
                entity
                    .fields
                    .insert(name.to_string(), value.unwrap_or(Json::Null));
            }
            return Ok(());
        }
        let ids: Vec<i64> = entities.iter().map(|(id, _)| *id).collect();
        let (is_one, value) = any_of(&ids);
        let (sql, concrete): (_, &[&'static str]) = match &wanted.field.field_type {
            FieldType::Many(link) => {
                let (table, owner_column, target_column) =
                    (link.of(is_one), link.owner_column, link.target_column);
                let sql = format!(
                    "SELECT {owner_column}, {target_column} FROM {table}
                     WHERE {owner_column} {is_one} ORDER BY {owner_column}, {target_column}"
                );
                (sql, link.concrete)
            }
            FieldType::Inverse { field, .. } => {
                let by_subtype =
                    if self.catalog.table_of(target).has_subtype && !target.is_aggregate() {
                        format!(" AND subtype = '{}'", target.name)
                    } else {
                        String::new()
                    };
                let sql = format!(
                    "SELECT \"{field}\", id FROM {} WHERE \"{field}\" {is_one}
                     {by_subtype} ORDER BY \"{field}\", id",
                    target.table
                );
                (sql, &[])
            }
            _ => return Ok(()),
        };
        let mut pairs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([value])?;
        while let Some(row) = rows.next()? {
            let targets = pairs.entry(row.get(0)?).or_default();
            let target = row.get(1)?;
            // Links that derive from several tables may repeat.
            if targets.last() != Some(&target) {
                targets.push(target);
            }
        }
        let mut distinct: Vec<i64> = pairs.values().flatten().copied().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let known = self.targets(target, concrete, &wanted.nested, &distinct)?;
        for (id, entity) in entities {
            let data: Vec<Json> = pairs
                .get(id)
                .into_iter()
                .flatten()
                .filter_map(|row_id| known.get(row_id).cloned())
                .collect();
            let count = data.len();
            let value = json!({ "total_count": count, "data": data, "exceeds_total_count": false });
            entity.fields.insert(name.to_string(), value);
        }
        Ok(())
    }

    /// References to the entities with these IDs, with the requested nested fields.
    fn targets(
        self,
        target: &'a EntityType,
        concrete: &[&'static str],
        nested: &[SelectedField<'a>],
        ids: &[i64],
    ) -> Result<HashMap<i64, Json>, ApiError> {
        let table = self.catalog.table_of(target);
        let only = match (concrete, table.has_subtype) {
            ([only], true) => Some(*only),
            (_, false) => Some(target.name),
            _ => None,
        };
        if let Some(only) = only.filter(|_| nested.is_empty() && !table.is_named) {
            // The foreign key guarantees that the row exists.
            let reference = |id: &i64| (*id, json!({ "type": only, "id": id.to_string() }));
            return Ok(ids.iter().map(reference).collect());
        }
        let entities = self.read_ids(target, nested, ids)?;
        entities
            .into_iter()
            .map(|(id, entity)| {
                let json = serde_json::to_value(entity);
                json.map(|json| (id, json))
                    .map_err(|error| ApiError::Internal(error.to_string()))
            })
            .collect()
    }
}
