//! Reading entities: lists, single ones, and what they point at.

use std::collections::HashMap;

use octane_model::{Entity, EntityId, Order, Page, Query, Select};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::Map;

use super::order::order_by;
use super::query::{Condition, condition};
use super::search::{self, Search};
use super::value;
use crate::catalog::{Catalog, EntityType, Field, Kind};
use crate::error::{ApiError, own_code};
use crate::settings::ListIds;

/// What a list shall hold.
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

/// A field to be read, with what is wanted of the entities it points at.
pub(super) struct Wanted<'a> {
    pub(super) field: &'a Field,
    pub(super) nested: Vec<Wanted<'a>>,
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
        let condition = self.matches(kind, request.query.as_ref(), request.search.as_ref())?;
        let from = format!("FROM {} t0 WHERE {}", kind.table, condition.sql);
        let (total, is_exceeded) = self.count(&condition, &from, request.offset)?;
        let mut values = condition.values;
        values.extend(
            [request.limit, request.offset]
                .map(|n| Sql::from(i64::try_from(n).unwrap_or(i64::MAX))),
        );
        // The inner select goes over all that match, by an index alone where there is one; the outer one
        // reads only the rows of the page.
        let tail = format!(
            "FROM {} t0 WHERE t0.id IN (SELECT t0.id {from} ORDER BY {order} LIMIT ? OFFSET ?)
             ORDER BY {order}",
            kind.table
        );
        let mut entities = self.read(kind, &wanted, (&condition.with, &tail), values)?;
        if let Some(search) = &request.search {
            self.add_snippets(kind, search, &mut entities)?;
        }
        let entities = entities.into_iter().map(|(_, entity)| entity).collect();
        Ok(Page {
            exceeds_total_count: is_exceeded,
            ..Page::new(entities, total)
        })
    }

    /// The entities of `kind` that fit a query and contain the words of a search.
    pub(super) fn matches(
        self,
        kind: &'a EntityType,
        query: Option<&Query>,
        search: Option<&Search>,
    ) -> Result<Condition, ApiError> {
        let mut condition = condition(self.catalog, kind, query)?;
        if let Some(search) = search {
            search.narrow(kind, &mut condition);
        }
        Ok(condition)
    }

    /// How many rows match, as far as the settings let them be counted, and whether there are more.
    fn count(
        self,
        condition: &Condition,
        from: &str,
        offset: u64,
    ) -> Result<(u64, bool), ApiError> {
        let with = &condition.with;
        let count = |sql: &str| -> Result<u64, ApiError> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let found: i64 =
                statement.query_row(params_from_iter(&condition.values), |row| row.get(0))?;
            Ok(u64::try_from(found).unwrap_or(0))
        };
        let Some(max) = self.catalog.settings.total_count_max else {
            return Ok((count(&format!("{with}SELECT COUNT(*) {from}"))?, false));
        };
        let bound = max.saturating_add(1);
        let found = count(&format!(
            "{with}SELECT COUNT(*) FROM (SELECT 1 {from} LIMIT {bound})"
        ))?;
        if found > max && offset >= max {
            let description = format!(
                "more than {max} entities match, and those from {offset} on are not counted"
            );
            return Err(ApiError::bad_request(own_code::TOO_MANY, description));
        }
        Ok((found.min(max), found > max))
    }

    /// The keys of all entities that fit a query, in the order of their ids.
    pub(crate) fn keys(self, kind: &'a EntityType, query: &Query) -> Result<Vec<i64>, ApiError> {
        let condition = condition(self.catalog, kind, Some(query))?;
        let sql = format!(
            "{}SELECT t0.id FROM {} t0 WHERE {} ORDER BY t0.id",
            condition.with, kind.table, condition.sql
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let keys = statement.query_map(params_from_iter(&condition.values), |row| row.get(0))?;
        Ok(keys.collect::<Result<_, _>>()?)
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

    /// The key of the user with this name.
    pub(crate) fn user_named(self, name: &str) -> Result<Option<i64>, ApiError> {
        let sql = "SELECT id FROM workspace_users WHERE name = ? COLLATE NOCASE ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
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
            // These are no fields; the one always comes, the other with a search.
            if name == "type" || name == search::RESULT {
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

    pub(super) fn read_ids(
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
                    Kind::Secret | Kind::Many(_) | Kind::Inverse { .. } => {}
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
}

pub(super) fn json_list(ids: &[i64]) -> Sql {
    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Sql::Text(format!("[{}]", numbers.join(",")))
}
