//! Reading entities: lists, single ones, and what they point at.

use std::collections::{BTreeMap, HashMap};

use octane_model::{Entity, EntityId, Order, Page, Query, Select};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::{Map, Value as Json, json};

use super::query::{collation, condition};
use super::value;
use crate::catalog::{Catalog, EntityType, Field, Kind};
use crate::error::{ApiError, own_code};

/// What a list shall hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListRequest {
    pub(crate) select: Select,
    pub(crate) query: Option<Query>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
}

/// The database and the catalog that explains it.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) catalog: &'a Catalog,
}

/// A field to be read, with what is wanted of the entities it points at.
struct Wanted<'a> {
    field: &'a Field,
    nested: Vec<Wanted<'a>>,
}

impl<'a> Reader<'a> {
    /// A page of the entities of `kind`.
    pub(crate) fn list(
        self,
        kind: &'a EntityType,
        request: &ListRequest,
    ) -> Result<Page<Entity>, ApiError> {
        let wanted = self.wanted(kind, &request.select)?;
        let order = order_by(self.catalog, kind, &request.order)?;
        let condition = condition(self.catalog, kind, request.query.as_ref())?;
        let from = format!("FROM {} t0 WHERE {}", kind.table, condition.sql);
        let total: i64 = self
            .connection
            .prepare_cached(&format!("{}SELECT COUNT(*) {from}", condition.with))?
            .query_row(params_from_iter(&condition.values), |row| row.get(0))?;
        let mut values = condition.values;
        values.extend(
            [request.limit, request.offset]
                .map(|n| Sql::from(i64::try_from(n).unwrap_or(i64::MAX))),
        );
        let tail = format!("{from} ORDER BY {order} LIMIT ? OFFSET ?");
        let entities = self.read(kind, &wanted, (&condition.with, &tail), values)?;
        let entities = entities.into_iter().map(|(_, entity)| entity).collect();
        Ok(Page::new(entities, u64::try_from(total).unwrap_or(0)))
    }

    /// How SQLite would find the entities of a list.
    #[cfg(test)]
    pub(crate) fn explain(self, kind: &'a EntityType, query: &Query) -> Result<String, ApiError> {
        let condition = condition(self.catalog, kind, Some(query))?;
        let sql = format!(
            "EXPLAIN QUERY PLAN {}SELECT * FROM {} t0 WHERE {} ORDER BY t0.id LIMIT 100",
            condition.with, kind.table, condition.sql
        );
        let mut statement = self.connection.prepare(&sql)?;
        let lines = statement.query_map(params_from_iter(&condition.values), |row| row.get(3))?;
        Ok(lines.collect::<Result<Vec<String>, _>>()?.join("\n"))
    }

    /// One entity.
    pub(crate) fn get(
        self,
        kind: &'a EntityType,
        id: i64,
        select: &Select,
    ) -> Result<Option<Entity>, ApiError> {
        Ok(self.get_many(kind, &[id], select)?.pop())
    }

    /// The entities with these ids, in their order; the ids that nothing has are left out.
    pub(crate) fn get_many(
        self,
        kind: &'a EntityType,
        ids: &[i64],
        select: &Select,
    ) -> Result<Vec<Entity>, ApiError> {
        let wanted = self.wanted(kind, select)?;
        let mut found: HashMap<i64, Entity> =
            self.read_ids(kind, &wanted, ids)?.into_iter().collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// The key of the row that a request means by `id`; list values and phases go by logical name, too.
    pub(crate) fn key(self, kind: &EntityType, id: &str) -> Result<Option<i64>, ApiError> {
        let table = self.catalog.table_of(kind);
        let number: Option<i64> = id.trim().parse().ok();
        let by_subtype = if table.has_subtype && !kind.is_aggregate() {
            format!(" AND subtype = '{}'", kind.name)
        } else {
            String::new()
        };
        if let Some(number) = number {
            let sql = format!("SELECT id FROM {} WHERE id = ?{by_subtype}", table.name);
            let mut statement = self.connection.prepare_cached(&sql)?;
            return Ok(statement.query_row([number], |row| row.get(0)).optional()?);
        }
        if table.is_named {
            let sql = format!(
                "SELECT id FROM {} WHERE logical_name = ? COLLATE NOCASE",
                table.name
            );
            let mut statement = self.connection.prepare_cached(&sql)?;
            return Ok(statement.query_row([id], |row| row.get(0)).optional()?);
        }
        Ok(None)
    }

    fn wanted(self, kind: &'a EntityType, select: &Select) -> Result<Vec<Wanted<'a>>, ApiError> {
        if select.is_empty() {
            let fields = kind.fields.iter().filter(|field| field.is_default);
            return Ok(fields
                .map(|field| Wanted {
                    field,
                    nested: Vec::new(),
                })
                .collect());
        }
        let mut wanted: Vec<Wanted<'a>> = Vec::new();
        for selected in &select.fields {
            let name = &selected.name;
            // `type` is no field, but it always comes.
            if name == "type" {
                continue;
            }
            let field = kind
                .field(name)
                .ok_or_else(|| ApiError::unknown_field(kind.name, name))?;
            let nested = match (field.target(), selected.nested.is_empty()) {
                (_, true) => Vec::new(),
                (Some(target), false) => {
                    self.wanted(self.catalog.known_type(target), &selected.nested)?
                }
                (None, false) => {
                    let description =
                        format!("the field `{name}` points at nothing: `{{…}}` has no meaning");
                    return Err(ApiError::bad_request(own_code::QUERY, description));
                }
            };
            if wanted.iter().all(|other| other.field.name != *name) {
                wanted.push(Wanted { field, nested });
            }
        }
        Ok(wanted)
    }

    fn read_ids(
        self,
        kind: &'a EntityType,
        wanted: &[Wanted<'a>],
        ids: &[i64],
    ) -> Result<Vec<(i64, Entity)>, ApiError> {
        let tail = format!(
            "FROM {} t0 WHERE t0.id IN (SELECT value FROM json_each(?))",
            kind.table
        );
        self.read(kind, wanted, ("", &tail), vec![json_list(ids)])
    }

    /// Reads rows, then what they point at: one statement a field, whatever the number of rows.
    fn read(
        self,
        kind: &'a EntityType,
        wanted: &[Wanted<'a>],
        (with, tail): (&str, &str),
        values: Vec<Sql>,
    ) -> Result<Vec<(i64, Entity)>, ApiError> {
        let table = self.catalog.table_of(kind);
        let subtype = if table.has_subtype {
            "t0.subtype"
        } else {
            "NULL"
        };
        let name = if table.is_named {
            "t0.logical_name"
        } else {
            "NULL"
        };
        let mut sql = format!("{with}SELECT t0.id, {subtype}, {name}");
        for wanted in wanted.iter().filter(|wanted| wanted.field.is_column()) {
            sql.push_str(&format!(", t0.\"{}\"", wanted.field.name));
        }
        sql.push(' ');
        sql.push_str(tail);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut entities = Vec::new();
        let mut pointers: Vec<Vec<Option<i64>>> = wanted.iter().map(|_| Vec::new()).collect();
        while let Some(row) = rows.next()? {
            let mut entity = self.head(kind, row)?;
            let mut column = 3;
            for (wanted, keys) in wanted.iter().zip(&mut pointers) {
                let Field { name, kind, .. } = wanted.field;
                match kind {
                    Kind::Workspace => {
                        entity
                            .1
                            .fields
                            .insert(name.clone(), self.catalog.workspace.into());
                    }
                    Kind::Many(_) | Kind::Inverse { .. } => {}
                    Kind::Id => column += 1,
                    Kind::One(_) => {
                        keys.push(row.get(column)?);
                        column += 1;
                    }
                    kind => {
                        let json = value::to_json(kind, row.get_ref(column)?);
                        entity.1.fields.insert(name.clone(), json);
                        column += 1;
                    }
                }
            }
            entities.push(entity);
        }
        for (wanted, keys) in wanted.iter().zip(pointers) {
            self.follow(wanted, keys, &mut entities)?;
        }
        Ok(entities)
    }

    fn head(self, kind: &'a EntityType, row: &Row<'_>) -> Result<(i64, Entity), ApiError> {
        let key: i64 = row.get(0)?;
        let subtype = match row.get_ref(1)? {
            ValueRef::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        };
        let public: Option<String> = row.get(2)?;
        let entity = Entity {
            kind: self.catalog.concrete(kind, subtype).name.to_owned(),
            id: Some(public.map_or_else(|| EntityId::from(key), EntityId::from)),
            fields: Map::new(),
        };
        Ok((key, entity))
    }

    /// Fills in what a reference field points at.
    fn follow(
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

fn json_list(ids: &[i64]) -> Sql {
    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Sql::Text(format!("[{}]", numbers.join(",")))
}

/// The text of an `ORDER BY`; the id comes last, so that pages never overlap.
fn order_by(catalog: &Catalog, kind: &EntityType, order: &[Order]) -> Result<String, ApiError> {
    let mut keys = Vec::with_capacity(order.len() + 1);
    for Order {
        field: name,
        is_descending,
    } in order
    {
        let field = kind
            .field(name)
            .ok_or_else(|| ApiError::unknown_field(kind.name, name))?;
        let direction = if *is_descending { " DESC" } else { "" };
        match &field.kind {
            Kind::Workspace => {}
            Kind::Many(_) | Kind::Inverse { .. } => {
                let description =
                    format!("lists cannot be ordered by the multi-reference `{name}`");
                return Err(ApiError::bad_request(own_code::QUERY, description));
            }
            Kind::One(pointer) => {
                let target = catalog.known_type(pointer.target);
                let by = if target.field("name").is_some() {
                    "name COLLATE NOCASE"
                } else {
                    "id"
                };
                keys.push(format!(
                    "(SELECT o.{} FROM {} o WHERE o.id = t0.\"{name}\"){}{direction}",
                    by.split(' ').next().unwrap_or("id"),
                    target.table,
                    by.strip_prefix("name").unwrap_or_default(),
                ));
            }
            _ => keys.push(format!("t0.\"{name}\"{}{direction}", collation(field))),
        }
    }
    keys.push("t0.id".to_owned());
    Ok(keys.join(", "))
}
