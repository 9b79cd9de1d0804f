//! Creating, changing and deleting entities.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde_json::{Map, Value as Json};

use super::read::Reader;
use super::{echo, rules, value};
use crate::catalog::{Catalog, EntityType, Field, Initial, Kind, Link};
use crate::error::ApiError;

/// What happens to the pointers that a multi-reference already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Replace,
    Append,
}

/// A transaction in which entities are written.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) catalog: &'a Catalog,
    /// The user who sent the request; none where nobody did.
    pub(crate) visitor: Option<i64>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) now: i64,
}

/// A body taken apart: columns with their values, and pointers by link table.
#[derive(Default)]
struct Change<'a> {
    columns: Vec<(&'a str, Sql)>,
    links: Vec<(&'a Link, Vec<i64>)>,
}

impl<'a> Writer<'a> {
    pub(crate) fn reader(self) -> Reader<'a> {
        Reader {
            connection: self.connection,
            catalog: self.catalog,
        }
    }

    /// The same on behalf of the user with this name.
    pub(crate) fn on_behalf_of(self, name: &str) -> Result<Self, ApiError> {
        let visitor = self.reader().user_named(name)?;
        Ok(Self { visitor, ..self })
    }

    /// Does `work` completely or not at all, whatever happens to the rest of the transaction.
    pub(crate) fn attempt<T>(
        self,
        work: impl FnOnce() -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.connection.execute_batch("SAVEPOINT attempt")?;
        let result = work();
        self.connection.execute_batch(if result.is_ok() {
            "RELEASE attempt"
        } else {
            "ROLLBACK TO attempt; RELEASE attempt"
        })?;
        result
    }

    /// Creates an entity as a request asks for it; gives its key.
    pub(crate) fn create(
        self,
        kind: &'a EntityType,
        fields: &Map<String, Json>,
    ) -> Result<i64, ApiError> {
        let concrete = self.concrete(kind, fields)?;
        if !concrete.allows("POST") {
            return Err(ApiError::method_not_allowed("POST", concrete.methods));
        }
        let mut completed = fields.clone();
        rules::before_create(concrete, &mut completed);
        let mut change = self.change(concrete, None, &completed)?;
        for field in &concrete.fields {
            let is_given = completed
                .get(&field.name)
                .is_some_and(|value| !value.is_null());
            if is_given {
                continue;
            }
            let initial = match field.initially {
                Some(initial) => self.initial(field, initial)?,
                None => None,
            };
            if let Some(value) = initial {
                change.columns.retain(|(name, _)| *name != field.name);
                change.columns.push((&field.name, value));
            } else if field.is_required {
                let description = format!("the field `{}` is required", field.name);
                return Err(ApiError::illegal_value(
                    concrete.name,
                    &field.name,
                    description,
                ));
            }
        }
        let key = self.insert(concrete, change)?;
        rules::after_create(self, concrete, key)?;
        Ok(key)
    }

    /// What a new entity gets in a field about which the request says nothing.
    fn initial(self, field: &Field, initial: Initial) -> Result<Option<Sql>, ApiError> {
        let target = field.target().map(|name| self.catalog.known_type(name));
        let first = |condition: &str| -> Result<Option<i64>, ApiError> {
            let Some(target) = target else {
                return Ok(None);
            };
            let sql = format!("SELECT MIN(id) FROM {} WHERE {condition}", target.table);
            let mut statement = self.connection.prepare_cached(&sql)?;
            Ok(statement.query_row([], |row| row.get(0))?)
        };
        let key = match (initial, target) {
            (Initial::Number(number), _) => return Ok(Some(Sql::Integer(number))),
            (Initial::Named(name), Some(target)) => self.reader().key(target, name)?,
            (Initial::Root, _) => first("parent IS NULL")?,
            (Initial::DefaultRelease, _) => first("is_default = 1")?,
            (Initial::Visitor, _) => self.visitor,
            (Initial::Named(_), None) => None,
        };
        Ok(key.map(Sql::Integer))
    }

    /// Creates an entity past the rules for requests: what workspaces have from the start, and what
    /// ingestion makes.
    pub(crate) fn create_raw(
        self,
        kind: &'a EntityType,
        columns: Vec<(&'a str, Sql)>,
    ) -> Result<i64, ApiError> {
        let links = Vec::new();
        self.insert(kind, Change { columns, links })
    }

    fn insert(self, kind: &'a EntityType, change: Change<'_>) -> Result<i64, ApiError> {
        self.check_unique(kind, None, &change.columns)?;
        let mut columns = change.columns;
        let has_status = columns.iter().any(|(name, _)| *name == "native_status");
        let now = Sql::Integer(self.now);
        columns.push(("creation_time", now.clone()));
        columns.push(("last_modified", now));
        if self.catalog.table_of(kind).has_subtype {
            columns.push(("subtype", Sql::Text(kind.name.to_owned())));
        }
        let names: Vec<String> = columns
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            kind.table,
            names.join(","),
            vec!["?"; names.len()].join(",")
        );
        let values = columns.into_iter().map(|(_, value)| value);
        self.connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(values))?;
        let key = self.connection.last_insert_rowid();
        for (link, others) in change.links {
            self.link(link, key, &others)?;
        }
        rules::after_write(self, kind, key, has_status)?;
        Ok(key)
    }

    /// Changes an entity as a request asks for it.
    pub(crate) fn update(
        self,
        kind: &'a EntityType,
        key: i64,
        fields: &Map<String, Json>,
        mode: Mode,
    ) -> Result<(), ApiError> {
        let kind = self.concrete_of(kind, key)?;
        if !kind.allows("PUT") {
            return Err(ApiError::method_not_allowed("PUT", kind.methods));
        }
        if self.catalog.settings.lock_stamp_checked {
            self.check_lock(kind, key, fields)?;
        }
        let change = self.change(kind, Some(key), fields)?;
        for field in &kind.fields {
            let is_erased = fields.get(&field.name).is_some_and(Json::is_null);
            if field.is_required && is_erased {
                let description = format!("the field `{}` is required", field.name);
                return Err(ApiError::illegal_value(kind.name, &field.name, description));
            }
        }
        rules::before_update(self, kind, key, &change.columns)?;
        self.check_unique(kind, Some(key), &change.columns)?;
        let has_status = change
            .columns
            .iter()
            .any(|(name, _)| *name == "native_status");
        let mut sql = format!(
            "UPDATE {} SET last_modified = ?, version_stamp = version_stamp + 1,
             client_lock_stamp = client_lock_stamp + 1",
            kind.table
        );
        let mut values = vec![Sql::Integer(self.now)];
        for (name, value) in change.columns {
            sql.push_str(&format!(", \"{name}\" = ?"));
            values.push(value);
        }
        sql.push_str(" WHERE id = ?");
        values.push(Sql::Integer(key));
        self.connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(values))?;
        for (link, others) in change.links {
            if mode == Mode::Replace {
                let sql = format!("DELETE FROM {} WHERE {} = ?", link.table, link.own);
                self.connection.prepare_cached(&sql)?.execute([key])?;
            }
            self.link(link, key, &others)?;
        }
        rules::after_write(self, kind, key, has_status)
    }

    /// Deletes an entity and what cannot be without it.
    pub(crate) fn delete(self, kind: &'a EntityType, key: i64) -> Result<(), ApiError> {
        let kind = self.concrete_of(kind, key)?;
        if !kind.allows("DELETE") {
            return Err(ApiError::method_not_allowed("DELETE", kind.methods));
        }
        rules::before_delete(self, kind, key)?;
        let sql = format!("DELETE FROM {} WHERE id = ?", kind.table);
        self.connection.prepare_cached(&sql)?.execute([key])?;
        Ok(())
    }

    /// Adds pointers; those that are there stay once.
    pub(crate) fn link(self, link: &Link, key: i64, others: &[i64]) -> Result<(), ApiError> {
        let Link {
            table, own, other, ..
        } = link;
        let sql = format!("INSERT OR IGNORE INTO {table} ({own}, {other}) VALUES (?, ?)");
        let mut statement = self.connection.prepare_cached(&sql)?;
        for other in others {
            statement.execute([key, *other])?;
        }
        Ok(())
    }

    /// The type that a new entity of an aggregate shall have.
    fn concrete(
        self,
        kind: &'a EntityType,
        fields: &Map<String, Json>,
    ) -> Result<&'a EntityType, ApiError> {
        let said = fields.get("subtype").or_else(|| fields.get("type"));
        let name = match said.and_then(Json::as_str) {
            Some(name) if kind.subtypes.contains(&name) || name == kind.name => name,
            None if said.is_none() => kind.name,
            _ => {
                let description = format!("`subtype` must be one of: {}", kind.subtypes.join(", "));
                return Err(ApiError::illegal_value(kind.name, "subtype", description));
            }
        };
        let concrete = self.catalog.known_type(name);
        if concrete.is_aggregate() {
            let description = "the field `subtype` is required";
            return Err(ApiError::illegal_value(kind.name, "subtype", description));
        }
        Ok(concrete)
    }

    /// The type that an existing entity has.
    pub(crate) fn concrete_of(
        self,
        kind: &'a EntityType,
        key: i64,
    ) -> Result<&'a EntityType, ApiError> {
        if !self.catalog.table_of(kind).has_subtype {
            return Ok(kind);
        }
        Ok(self
            .catalog
            .concrete(kind, self.subtype(kind.table, key)?.as_deref()))
    }

    pub(super) fn subtype(self, table: &str, key: i64) -> Result<Option<String>, ApiError> {
        let sql = format!("SELECT subtype FROM {table} WHERE id = ?");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Takes a body apart. `existing` is the entity that it changes, if it changes one.
    fn change<'k>(
        self,
        kind: &'k EntityType,
        existing: Option<i64>,
        fields: &Map<String, Json>,
    ) -> Result<Change<'k>, ApiError> {
        let mut change = Change::default();
        let mut echoes = Vec::new();
        for (name, value) in fields {
            // Who an entity is may be repeated in a body, and so may what answers add to it.
            if echo::ALWAYS_FINE.contains(&name.as_str()) {
                continue;
            }
            let field = kind
                .field(name)
                .ok_or_else(|| ApiError::unknown_field(kind.name, name))?;
            let is_settled = field.is_final && existing.is_some();
            if !field.is_editable || is_settled {
                echoes.push((field, value));
                continue;
            }
            match &field.kind {
                // Compared with the stored one, and counted by the server.
                _ if name == "client_lock_stamp" => {}
                Kind::Secret => {}
                Kind::One(pointer) => {
                    let key = self.pointer(kind, field, pointer.concrete, pointer.list, value)?;
                    let value = key.map_or(Sql::Null, Sql::Integer);
                    change.columns.push((&field.name, value));
                }
                Kind::Many(link) => {
                    let data = match value {
                        Json::Null => &[] as &[_],
                        value => value
                            .get("data")
                            .and_then(Json::as_array)
                            .ok_or_else(|| wrong(kind, field, "takes `{\"data\":[…]}`"))?,
                    };
                    let others = data
                        .iter()
                        .filter_map(|item| {
                            self.pointer(kind, field, link.concrete, link.list, item)
                                .transpose()
                        })
                        .collect::<Result<_, _>>()?;
                    change.links.push((link, others));
                }
                _ => {
                    let sql = value::from_json(field, value)
                        .map_err(|misfit| wrong(kind, field, &misfit))?;
                    let is_blank = matches!(&sql, Sql::Text(text) if text.trim().is_empty());
                    if field.is_required && is_blank {
                        return Err(wrong(kind, field, "is required and must not be blank"));
                    }
                    change.columns.push((&field.name, sql));
                }
            }
        }
        echo::check(self.reader(), kind, existing, &echoes)?;
        Ok(change)
    }
}

pub(super) fn wrong(kind: &EntityType, field: &Field, misfit: &str) -> ApiError {
    let description = format!("the field `{}` {misfit}", field.name);
    ApiError::illegal_value(kind.name, &field.name, description)
}
