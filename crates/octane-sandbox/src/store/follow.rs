//! What entities point at, as answers show it: one statement a field, whatever the number of rows.

use std::collections::{BTreeMap, HashMap};

use octane_model::Entity;
use serde_json::{Value as Json, json};

use super::read::{Reader, Wanted, json_list};
use crate::catalog::{EntityType, Kind};
use crate::error::ApiError;

impl<'a> Reader<'a> {
    /// Fills in what a reference field points at.
    pub(super) fn follow(
        self,
        wanted: &Wanted<'a>,
        keys: Vec<Option<i64>>,
        entities: &mut [(i64, Entity)],
    ) -> Result<(), ApiError> {
        let name = &wanted.field.name;
        let Some(target) = wanted.field.target() else {
            return Ok(());
        };
        let target = self.catalog.known_type(target);
        if let Kind::One(pointer) = &wanted.field.kind {
            let mut distinct: Vec<i64> = keys.iter().copied().flatten().collect();
            distinct.sort_unstable();
            distinct.dedup();
            let known = self.targets(target, pointer.concrete, &wanted.nested, &distinct)?;
            for ((_, entity), key) in entities.iter_mut().zip(keys) {
                let value = key.and_then(|key| known.get(&key).cloned());
                entity
                    .fields
                    .insert(name.clone(), value.unwrap_or(Json::Null));
            }
            return Ok(());
        }
        let ids: Vec<i64> = entities.iter().map(|(id, _)| *id).collect();
        let (sql, concrete): (_, &[&'static str]) = match &wanted.field.kind {
            Kind::Many(link) => {
                let (table, own, other) = (link.table, link.own, link.other);
                let sql = format!(
                    "SELECT {own}, {other} FROM {table}
                     WHERE {own} IN (SELECT value FROM json_each(?)) ORDER BY {own}, {other}"
                );
                (sql, link.concrete)
            }
            Kind::Inverse { field, .. } => {
                let by_subtype =
                    if self.catalog.table_of(target).has_subtype && !target.is_aggregate() {
                        format!(" AND subtype = '{}'", target.name)
                    } else {
                        String::new()
                    };
                let sql = format!(
                    "SELECT \"{field}\", id FROM {} WHERE \"{field}\" IN (SELECT value FROM json_each(?))
                     {by_subtype} ORDER BY \"{field}\", id",
                    target.table
                );
                (sql, &[])
            }
            _ => return Ok(()),
        };
        let mut pairs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([json_list(&ids)])?;
        while let Some(row) = rows.next()? {
            pairs.entry(row.get(0)?).or_default().push(row.get(1)?);
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
                .filter_map(|key| known.get(key).cloned())
                .collect();
            let count = data.len();
            let value = json!({ "total_count": count, "data": data, "exceeds_total_count": false });
            entity.fields.insert(name.clone(), value);
        }
        Ok(())
    }

    /// Pointers to the entities with these ids, with the nested fields that are wanted.
    fn targets(
        self,
        target: &'a EntityType,
        concrete: &[&'static str],
        nested: &[Wanted<'a>],
        ids: &[i64],
    ) -> Result<HashMap<i64, Json>, ApiError> {
        let table = self.catalog.table_of(target);
        let only = match (concrete, table.has_subtype) {
            ([only], true) => Some(*only),
            (_, false) => Some(target.name),
            _ => None,
        };
        if let Some(only) = only.filter(|_| nested.is_empty() && !table.is_named) {
            // A foreign key says that the row is there.
            let pointer = |id: &i64| (*id, json!({ "type": only, "id": id.to_string() }));
            return Ok(ids.iter().map(pointer).collect());
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
