//! Reading entities: lists, single entities, and the targets of references.

use std::collections::HashMap;

use octane_model::{Entity, EntityId, Order, Page, Query, Select};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::{Map, Value as Json};

use super::order::{PAGE, order_by};
use super::query::{Condition, condition};
use super::search::{self, Search};
use super::value;
use crate::catalog::{Catalog, EntityType, Field, FieldType};
use crate::error::{ApiError, own_code};
use crate::settings::ListIds;

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListRequest {
    pub(crate) select: Select,
    pub(crate) query: Option<Query>,
    pub(crate) search: Option<Search>,
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

/// A field to read, with the requested fields of its targets.
pub(super) struct SelectedField<'a> {
    pub(super) field: &'a Field,
    pub(super) nested: Vec<SelectedField<'a>>,
}

impl<'a> Reader<'a> {
    /// A page of the entities of `entity_type`.
    pub(crate) fn list(
        self,
        entity_type: &'a EntityType,
        request: &ListRequest,
    ) -> Result<Page<Entity>, ApiError> {
        let wanted = self.wanted(entity_type, &request.select)?;
        let order = order_by(self.catalog, entity_type, &request.order)?;
        let condition =
            self.matches(entity_type, request.query.as_ref(), request.search.as_ref())?;
        let from = format!("FROM {} t0 WHERE {}", entity_type.table, condition.sql);
        let known = match &request.search {
            None => self.run_total(entity_type, request.query.as_ref(), &condition)?,
            Some(_) => None,
        };
        let (total, is_exceeded) = self.count(&condition, &from, request.offset, known)?;
        let mut values = condition.values;
        values.extend(
            [request.limit, request.offset]
                .map(|n| Sql::from(i64::try_from(n).unwrap_or(i64::MAX))),
        );
        // The inner select scans all matches, through an index alone if possible; the outer one reads only
        // the rows of the page.
        let tail = format!(
            "FROM {} t0 WHERE t0.id IN (SELECT t0.id {from} ORDER BY {order} {PAGE})
             ORDER BY {order}",
            entity_type.table
        );
        let mut entities = self.read(entity_type, &wanted, (&condition.with, &tail), values)?;
        if let Some(search) = &request.search {
            self.add_snippets(entity_type, search, &mut entities)?;
        }
        let entities = entities.into_iter().map(|(_, entity)| entity).collect();
        Ok(Page {
            exceeds_total_count: is_exceeded,
            ..Page::new(entities, total)
        })
    }

    /// The entities of `entity_type` that match a query and contain the words of a search.
    pub(super) fn matches(
        self,
        entity_type: &'a EntityType,
        query: Option<&Query>,
        search: Option<&Search>,
    ) -> Result<Condition, ApiError> {
        let mut condition = condition(self.catalog, entity_type, query)?;
        if let Some(search) = search {
            search.narrow(entity_type, &mut condition);
        }
        Ok(condition)
    }

    /// How many rows match, up to the limit in the settings, and whether there are more; `known` if that need not be
    /// counted.
    fn count(
        self,
        condition: &Condition,
        from: &str,
        offset: u64,
        known: Option<u64>,
    ) -> Result<(u64, bool), ApiError> {
        let with = &condition.with;
        let count = |sql: &str| -> Result<u64, ApiError> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let found: i64 =
                statement.query_row(params_from_iter(&condition.values), |row| row.get(0))?;
            Ok(u64::try_from(found).unwrap_or(0))
        };
        let Some(max) = self.catalog.settings.total_count_max else {
            let counted = || count(&format!("{with}SELECT COUNT(*) {from}"));
            return Ok((known.map_or_else(counted, Ok)?, false));
        };
        let bound = max.saturating_add(1);
        let counted = || {
            count(&format!(
                "{with}SELECT COUNT(*) FROM (SELECT 1 {from} LIMIT {bound})"
            ))
        };
        let found = known.map_or_else(counted, Ok)?;
        if found > max && offset >= max {
            let description = format!(
                "more than {max} entities match, and the offset {offset} is beyond what is counted"
            );
            return Err(ApiError::bad_request(own_code::TOO_MANY, description));
        }
        Ok((found.min(max), found > max))
    }

    /// The row IDs of all entities that match a query, in ascending order.
    pub(crate) fn row_ids(
        self,
        entity_type: &'a EntityType,
        query: &Query,
    ) -> Result<Vec<i64>, ApiError> {
        let condition = condition(self.catalog, entity_type, Some(query))?;
        let sql = format!(
            "{}SELECT t0.id FROM {} t0 WHERE {} ORDER BY t0.id",
            condition.with, entity_type.table, condition.sql
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let row_ids = statement.query_map(params_from_iter(&condition.values), |row| row.get(0))?;
        Ok(row_ids.collect::<Result<_, _>>()?)
    }

    /// SQLite's query plan for a list.
    #[cfg(test)]
    pub(crate) fn explain(
        self,
        entity_type: &'a EntityType,
        query: &Query,
    ) -> Result<String, ApiError> {
        let condition = condition(self.catalog, entity_type, Some(query))?;
        let sql = format!(
            "EXPLAIN QUERY PLAN {}SELECT * FROM {} t0 WHERE {} ORDER BY t0.id LIMIT 100",
            condition.with, entity_type.table, condition.sql
        );
        let mut statement = self.connection.prepare(&sql)?;
        let lines = statement.query_map(params_from_iter(&condition.values), |row| row.get(3))?;
        Ok(lines.collect::<Result<Vec<String>, _>>()?.join("\n"))
    }

    /// One entity.
    pub(crate) fn get(
        self,
        entity_type: &'a EntityType,
        id: i64,
        select: &Select,
    ) -> Result<Option<Entity>, ApiError> {
        Ok(self.get_many(entity_type, &[id], select)?.pop())
    }

    /// The entities with these IDs, in this order and as often as they are named; unknown IDs are skipped.
    pub(crate) fn get_many(
        self,
        entity_type: &'a EntityType,
        ids: &[i64],
        select: &Select,
    ) -> Result<Vec<Entity>, ApiError> {
        let wanted = self.wanted(entity_type, select)?;
        let mut found: HashMap<i64, Entity> = self
            .read_ids(entity_type, &wanted, ids)?
            .into_iter()
            .collect();
        // Few requests name an entity twice.
        let is_each_once = ids.len() == found.len();
        let entity = |id| {
            if is_each_once {
                found.remove(id)
            } else {
                found.get(id).cloned()
            }
        };
        Ok(ids.iter().filter_map(entity).collect())
    }

    /// The row ID of the entity that a request refers to by `id`; list values and phases may also be referred
    /// to by logical name.
    pub(crate) fn row_id(
        self,
        entity_type: &EntityType,
        id: &str,
    ) -> Result<Option<i64>, ApiError> {
        let table = self.catalog.table_of(entity_type);
        let number: Option<i64> = id.trim().parse().ok();
        let by_subtype = if table.has_subtype && !entity_type.is_aggregate() {
            format!(" AND subtype = '{}'", entity_type.name)
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

    /// The row ID of the user with this name.
    pub(crate) fn user_named(self, name: &str) -> Result<Option<i64>, ApiError> {
        let sql = "SELECT id FROM workspace_users WHERE name = ? COLLATE NOCASE ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    fn wanted(
        self,
        entity_type: &'a EntityType,
        select: &Select,
    ) -> Result<Vec<SelectedField<'a>>, ApiError> {
        if select.is_empty() {
            let fields = entity_type
                .fields
                .iter()
                .filter(|field| field.is_returned_by_default);
            return Ok(fields
                .map(|field| SelectedField {
                    field,
                    nested: Vec::new(),
                })
                .collect());
        }
        let mut wanted: Vec<SelectedField<'a>> = Vec::new();
        for selected in &select.fields {
            let name = &selected.name;
            // These are not fields; one is always returned, the other with a search.
            if name == "type" || name == search::RESULT {
                continue;
            }
            let field = entity_type
                .field(name)
                .ok_or_else(|| ApiError::unknown_field(entity_type.name, name))?;
            let nested = match (field.target(), selected.nested.is_empty()) {
                (_, true) => Vec::new(),
                (Some(target), false) => {
                    self.wanted(self.catalog.known_type(target), &selected.nested)?
                }
                (None, false) => {
                    let description =
                        format!("the field `{name}` is not a reference, so `{{…}}` is not allowed");
                    return Err(ApiError::bad_request(own_code::QUERY, description));
                }
            };
            if wanted.iter().all(|other| other.field.name != *name) {
                wanted.push(SelectedField { field, nested });
            }
        }
        Ok(wanted)
    }

    pub(super) fn read_ids(
        self,
        entity_type: &'a EntityType,
        wanted: &[SelectedField<'a>],
        ids: &[i64],
    ) -> Result<Vec<(i64, Entity)>, ApiError> {
        let (is_one, value) = value::any_of(ids);
        let tail = format!("FROM {} t0 WHERE t0.id {is_one}", entity_type.table);
        self.read(entity_type, wanted, ("", &tail), vec![value])
    }

    /// Reads rows, then the targets of their references: one statement per field, whatever the number of
    /// rows.
    fn read(
        self,
        entity_type: &'a EntityType,
        wanted: &[SelectedField<'a>],
        (with, tail): (&str, &str),
        values: Vec<Sql>,
    ) -> Result<Vec<(i64, Entity)>, ApiError> {
        let table = self.catalog.table_of(entity_type);
        let subtype = if table.has_subtype {
            "t0.subtype"
        } else {
            "NULL"
        };
        let is_named = table.is_named && self.catalog.settings.list_ids == ListIds::LogicalName;
        let name = if is_named { "t0.logical_name" } else { "NULL" };
        let mut sql = format!("{with}SELECT t0.id, {subtype}, {name}");
        for wanted in wanted.iter().filter(|wanted| wanted.field.is_single()) {
            sql.push_str(&format!(", {}", wanted.field.expression("t0")));
        }
        sql.push(' ');
        sql.push_str(tail);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut entities = Vec::new();
        let mut reference_ids: Vec<Vec<Option<i64>>> = wanted.iter().map(|_| Vec::new()).collect();
        while let Some(row) = rows.next()? {
            let mut entity = self.head(entity_type, row)?;
            let mut column = 3;
            for (wanted, row_ids) in wanted.iter().zip(&mut reference_ids) {
                let Field {
                    name, field_type, ..
                } = wanted.field;
                match field_type {
                    FieldType::Workspace => {
                        entity
                            .1
                            .fields
                            .insert(name.to_string(), self.catalog.workspace.into());
                    }
                    FieldType::Secret => {
                        entity.1.fields.insert(name.to_string(), Json::Null);
                    }
                    FieldType::Many(_) | FieldType::Inverse { .. } => {}
                    FieldType::Id => column += 1,
                    FieldType::One(_) => {
                        row_ids.push(row.get(column)?);
                        column += 1;
                    }
                    field_type => {
                        let json = value::to_json(field_type, row.get_ref(column)?);
                        entity.1.fields.insert(name.to_string(), json);
                        column += 1;
                    }
                }
            }
            entities.push(entity);
        }
        for (wanted, row_ids) in wanted.iter().zip(reference_ids) {
            self.follow(wanted, row_ids, &mut entities)?;
        }
        Ok(entities)
    }

    fn head(self, entity_type: &'a EntityType, row: &Row<'_>) -> Result<(i64, Entity), ApiError> {
        let row_id: i64 = row.get(0)?;
        let subtype = match row.get_ref(1)? {
            ValueRef::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        };
        // Those of list values that are not part of the model have no dot; these keep their number.
        let public: Option<String> = row.get(2)?;
        let public = public.filter(|name| name.contains('.'));
        let entity = Entity {
            entity_type: self.catalog.concrete(entity_type, subtype).name.to_owned(),
            id: Some(public.map_or_else(|| EntityId::from(row_id), EntityId::from)),
            fields: Map::new(),
        };
        Ok((row_id, entity))
    }
}
