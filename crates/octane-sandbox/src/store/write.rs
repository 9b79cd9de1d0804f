//! Creating, updating and deleting entities.

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};
use serde_json::{Map, Value as Json, json};

use super::value::invalid;
use super::writer::Writer;
use super::{read_only_fields, rules, value};
use crate::catalog::{DefaultValue, EntityType, Field, FieldType, Link};
use crate::error::ApiError;

/// What happens to the existing targets of a multi-reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Replace,
    Append,
}

/// The changes in a request body: columns with their values, and references by link table.
#[derive(Default)]
struct Change<'a> {
    columns: Vec<(&'a str, Sql)>,
    links: Vec<(&'a Link, Vec<i64>)>,
    /// Entities of other types that are to refer to this one.
    referring: Vec<(&'a Field, Vec<i64>)>,
}

impl<'a> Writer<'a> {
    /// Creates an entity for a request; returns its row ID.
    pub(crate) fn create(
        self,
        entity_type: &'a EntityType,
        fields: &Map<String, Json>,
    ) -> Result<i64, ApiError> {
        let concrete = self.concrete(entity_type, fields)?;
        if !concrete.allows("POST") {
            return Err(ApiError::method_not_allowed("POST", concrete.methods));
        }
        let mut completed = fields.clone();
        rules::before_create(concrete, &mut completed);
        rules::place_roles(self, concrete, &mut completed)?;
        let mut change = self.change(concrete, None, &completed)?;
        for field in &concrete.fields {
            let is_given = change
                .columns
                .iter()
                .any(|(name, value)| *name == field.column() && *value != Sql::Null);
            let is_sent = completed
                .get(&*field.name)
                .is_some_and(|value| !value.is_null());
            if is_given || is_sent {
                continue;
            }
            let default_value = match field.default_value {
                Some(default_value) => self.default_value(field, default_value)?,
                None => None,
            };
            if let Some(value) = default_value {
                change.columns.retain(|(name, _)| *name != field.column());
                change.columns.push((field.column(), value));
            } else if field.is_required {
                let description = format!("the field `{}` is required", field.name);
                return Err(ApiError::illegal_value(
                    concrete.name,
                    &field.name,
                    description,
                ));
            }
        }
        let row_id = self.insert(concrete, change)?;
        rules::after_create(self, concrete, row_id)?;
        Ok(row_id)
    }

    /// The default value of a field that the request does not set.
    fn default_value(
        self,
        field: &Field,
        default_value: DefaultValue,
    ) -> Result<Option<Sql>, ApiError> {
        let target = field.target().map(|name| self.catalog.known_type(name));
        let first = |condition: &str| -> Result<Option<i64>, ApiError> {
            let Some(target) = target else {
                return Ok(None);
            };
            let sql = format!("SELECT MIN(id) FROM {} WHERE {condition}", target.table);
            let mut statement = self.connection.prepare_cached(&sql)?;
            Ok(statement.query_row([], |row| row.get(0))?)
        };
        let row_id = match (default_value, target) {
            (DefaultValue::Number(number), _) => return Ok(Some(Sql::Integer(number))),
            (DefaultValue::Empty, _) => return Ok(Some(Sql::Text(String::new()))),
            (DefaultValue::Named(name), Some(target)) => self.reader().row_id(target, name)?,
            (DefaultValue::Root, _) => first("parent IS NULL")?,
            (DefaultValue::DefaultRelease, _) => first("is_default = 1")?,
            (DefaultValue::CurrentUser, _) => self.current_user,
            (DefaultValue::Named(_), None) => None,
        };
        Ok(row_id.map(Sql::Integer))
    }

    /// Lets an entity whose parent a request removes become a child of the root, which has none.
    fn move_to_root(
        self,
        entity_type: &EntityType,
        row_id: i64,
        change: &mut Change<'_>,
    ) -> Result<(), ApiError> {
        for (column, value) in &mut change.columns {
            let mut fields = entity_type.fields.iter();
            let of_column = fields.find(|field| field.column() == *column);
            if let Some(field) = of_column
                && field.default_value == Some(DefaultValue::Root)
                && *value == Sql::Null
                && !rules::is_root(self, entity_type, row_id)?
                && let Some(root) = self.default_value(field, DefaultValue::Root)?
            {
                *value = root;
            }
        }
        Ok(())
    }

    /// Creates an entity without the rules for requests: initial entities, and those of ingestion.
    pub(crate) fn create_raw(
        self,
        entity_type: &'a EntityType,
        columns: Vec<(&'a str, Sql)>,
    ) -> Result<i64, ApiError> {
        let change = Change {
            columns,
            ..Change::default()
        };
        self.insert(entity_type, change)
    }

    fn insert(self, entity_type: &'a EntityType, change: Change<'_>) -> Result<i64, ApiError> {
        self.check_unique(entity_type, None, &change.columns)?;
        let mut columns = change.columns;
        let has_status = columns.iter().any(|(name, _)| *name == "native_status");
        let now = Sql::Integer(self.now);
        columns.push(("creation_time", now.clone()));
        columns.push(("last_modified", now));
        if self.catalog.table_of(entity_type).has_subtype {
            columns.push(("subtype", Sql::Text(entity_type.name.to_owned())));
        }
        let names: Vec<String> = columns
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            entity_type.table,
            names.join(","),
            vec!["?"; names.len()].join(",")
        );
        let values = columns.into_iter().map(|(_, value)| value);
        self.connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(values))?;
        let row_id = self.connection.last_insert_rowid();
        rules::name(self, entity_type, row_id)?;
        for (link, others) in change.links {
            self.link(link, row_id, &others)?;
        }
        for (field, others) in change.referring {
            self.refer(field, row_id, &others, Mode::Append)?;
        }
        rules::after_write(self, entity_type, row_id, has_status)?;
        Ok(row_id)
    }

    /// Updates an entity for a request.
    pub(crate) fn update(
        self,
        entity_type: &'a EntityType,
        row_id: i64,
        fields: &Map<String, Json>,
        mode: Mode,
    ) -> Result<(), ApiError> {
        let entity_type = self.concrete_of(entity_type, row_id)?;
        if !entity_type.allows("PUT") {
            return Err(ApiError::method_not_allowed("PUT", entity_type.methods));
        }
        if let Some(said) = fields.get("type").and_then(Json::as_str)
            && let Some(own) = self.mismatched(entity_type, row_id, said)?
        {
            let description = format!("the entity is a `{own}`, not a `{said}`");
            return Err(ApiError::illegal_value(
                entity_type.name,
                "type",
                description,
            ));
        }
        if self.catalog.settings.lock_stamp_checked {
            self.check_lock(entity_type, row_id, fields)?;
        }
        let mut placed = fields.clone();
        rules::place_roles(self, entity_type, &mut placed)?;
        let mut change = self.change(entity_type, Some(row_id), &placed)?;
        self.move_to_root(entity_type, row_id, &mut change)?;
        rules::remember_editor(self, entity_type, &mut change.columns);
        for field in &entity_type.fields {
            let is_erased = fields.get(&*field.name).is_some_and(Json::is_null);
            if field.is_required && is_erased {
                let description = format!("the field `{}` is required", field.name);
                return Err(ApiError::illegal_value(
                    entity_type.name,
                    &field.name,
                    description,
                ));
            }
        }
        rules::before_update(self, entity_type, row_id, &change.columns)?;
        self.check_unique(entity_type, Some(row_id), &change.columns)?;
        let has_status = change
            .columns
            .iter()
            .any(|(name, _)| *name == "native_status");
        let mut sql = format!(
            "UPDATE {} SET last_modified = ?, version_stamp = version_stamp + 1,
             client_lock_stamp = client_lock_stamp + 1",
            entity_type.table
        );
        let mut values = vec![Sql::Integer(self.now)];
        for (name, value) in change.columns {
            sql.push_str(&format!(", \"{name}\" = ?"));
            values.push(value);
        }
        sql.push_str(" WHERE id = ?");
        values.push(Sql::Integer(row_id));
        self.connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(values))?;
        for (link, others) in change.links {
            if mode == Mode::Replace {
                let sql = format!("DELETE FROM {} WHERE {} = ?", link.table, link.owner_column);
                self.connection.prepare_cached(&sql)?.execute([row_id])?;
            }
            self.link(link, row_id, &others)?;
        }
        for (field, others) in change.referring {
            self.refer(field, row_id, &others, mode)?;
        }
        rules::after_write(self, entity_type, row_id, has_status)?;
        self.refresh_stale_suite_runs()
    }

    /// Lets other entities refer to this one, and with [`Mode::Replace`] no others than these.
    fn refer(self, field: &Field, row_id: i64, others: &[i64], mode: Mode) -> Result<(), ApiError> {
        let FieldType::Inverse {
            target,
            field: back,
        } = &field.field_type
        else {
            return Ok(());
        };
        let target = self.catalog.known_type(target);
        let sql = format!("SELECT id FROM {} WHERE \"{back}\" = ?", target.table);
        let referring: Vec<i64> = self
            .connection
            .prepare_cached(&sql)?
            .query_map([row_id], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let is_fixed = target.field(back).is_some_and(|back| back.is_immutable);
        let set = |other: i64, value: Json| {
            if is_fixed {
                let sql = format!("UPDATE {} SET \"{back}\" = ?2 WHERE id = ?1", target.table);
                self.connection
                    .prepare_cached(&sql)?
                    .execute((other, (!value.is_null()).then_some(row_id)))?;
                return Ok(());
            }
            let fields = Map::from_iter([((*back).to_owned(), value)]);
            self.update(target, other, &fields, Mode::Replace)
        };
        for other in others.iter().filter(|other| !referring.contains(other)) {
            set(*other, json!({ "id": row_id.to_string() }))?;
        }
        if mode == Mode::Replace {
            for other in referring.iter().filter(|other| !others.contains(other)) {
                set(*other, Json::Null)?;
            }
        }
        Ok(())
    }

    /// Deletes an entity and what depends on it.
    pub(crate) fn delete(self, entity_type: &'a EntityType, row_id: i64) -> Result<(), ApiError> {
        let entity_type = self.concrete_of(entity_type, row_id)?;
        if !entity_type.allows("DELETE") {
            return Err(ApiError::method_not_allowed("DELETE", entity_type.methods));
        }
        rules::before_delete(self, entity_type, row_id)?;
        let sql = format!("DELETE FROM {} WHERE id = ?", entity_type.table);
        self.connection.prepare_cached(&sql)?.execute([row_id])?;
        self.refresh_stale_suite_runs()
    }

    /// Adds references; existing ones are not duplicated.
    pub(crate) fn link(self, link: &Link, row_id: i64, others: &[i64]) -> Result<(), ApiError> {
        let Link {
            table,
            owner_column,
            target_column,
            ..
        } = link;
        let sql = format!(
            "INSERT OR IGNORE INTO {table} ({owner_column}, {target_column}) VALUES (?, ?)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        for other in others {
            statement.execute([row_id, *other])?;
        }
        Ok(())
    }

    /// The concrete type of a new entity of an aggregate.
    fn concrete(
        self,
        entity_type: &'a EntityType,
        fields: &Map<String, Json>,
    ) -> Result<&'a EntityType, ApiError> {
        let said = fields.get("subtype").or_else(|| fields.get("type"));
        let name = match said.and_then(Json::as_str) {
            Some(name) if entity_type.subtypes.contains(&name) || name == entity_type.name => name,
            None if said.is_none() => entity_type.name,
            _ => {
                let description = format!(
                    "`subtype` must be one of: {}",
                    entity_type.subtypes.join(", ")
                );
                return Err(ApiError::illegal_value(
                    entity_type.name,
                    "subtype",
                    description,
                ));
            }
        };
        let concrete = self.catalog.known_type(name);
        if concrete.is_aggregate() {
            let description = "the field `subtype` is required";
            return Err(ApiError::illegal_value(
                entity_type.name,
                "subtype",
                description,
            ));
        }
        Ok(concrete)
    }

    /// The concrete type of an existing entity.
    pub(crate) fn concrete_of(
        self,
        entity_type: &'a EntityType,
        row_id: i64,
    ) -> Result<&'a EntityType, ApiError> {
        if !self.catalog.table_of(entity_type).has_subtype {
            return Ok(entity_type);
        }
        Ok(self.catalog.concrete(
            entity_type,
            self.subtype(entity_type.table, row_id)?.as_deref(),
        ))
    }

    pub(super) fn subtype(self, table: &str, row_id: i64) -> Result<Option<String>, ApiError> {
        let sql = format!("SELECT subtype FROM {table} WHERE id = ?");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([row_id], |row| row.get(0)).optional()?)
    }

    /// The row IDs of the targets of a multi-reference in a request body.
    fn references(
        self,
        entity_type: &EntityType,
        field: &Field,
        (concrete, list): (&[&'static str], Option<&str>),
        value: &Json,
    ) -> Result<Vec<i64>, ApiError> {
        let data = match value {
            Json::Null => &[] as &[_],
            value => value
                .get("data")
                .and_then(Json::as_array)
                .ok_or_else(|| invalid(entity_type, field, "must be `{\"data\":[…]}`"))?,
        };
        data.iter()
            .filter_map(|item| {
                self.resolve_reference(entity_type, field, concrete, list, item)
                    .transpose()
            })
            .collect()
    }

    /// Converts a request body to changes. `existing` is the entity to update, if any.
    fn change<'k>(
        self,
        entity_type: &'k EntityType,
        existing: Option<i64>,
        fields: &Map<String, Json>,
    ) -> Result<Change<'k>, ApiError> {
        let mut change = Change::default();
        let mut read_only = Vec::new();
        for (name, value) in fields {
            // A body may repeat the identity of the entity and members that responses add.
            if read_only_fields::ALWAYS_ALLOWED.contains(&name.as_str()) {
                continue;
            }
            let field = entity_type
                .field(name)
                .ok_or_else(|| ApiError::unknown_field(entity_type.name, name))?;
            // Of two names of one value, the own one counts.
            if field
                .column
                .is_some_and(|column| fields.contains_key(column))
            {
                continue;
            }
            let is_fixed = field.is_immutable && existing.is_some();
            if !field.is_editable || is_fixed {
                read_only.push((field, value));
                continue;
            }
            match &field.field_type {
                // Compared with the stored one, and incremented by the server.
                _ if name == "client_lock_stamp" => {}
                FieldType::Secret => {}
                FieldType::One(reference) => {
                    let row_id = self.resolve_reference(
                        entity_type,
                        field,
                        reference.concrete,
                        reference.list,
                        value,
                    )?;
                    let value = row_id.map_or(Sql::Null, Sql::Integer);
                    change.columns.push((field.column(), value));
                }
                FieldType::Many(link) => {
                    let others =
                        self.references(entity_type, field, (link.concrete, link.list), value)?;
                    change.links.push((link, others));
                }
                FieldType::Inverse { .. } => {
                    let others = self.references(entity_type, field, (&[], None), value)?;
                    change.referring.push((field, others));
                }
                _ => {
                    let sql = value::from_json(field, value)
                        .map_err(|violation| invalid(entity_type, field, &violation))?;
                    let is_blank = matches!(&sql, Sql::Text(text) if text.trim().is_empty());
                    if field.is_required && is_blank {
                        return Err(invalid(
                            entity_type,
                            field,
                            "is required and must not be empty",
                        ));
                    }
                    change.columns.push((field.column(), sql));
                }
            }
        }
        read_only_fields::check(self.reader(), entity_type, existing, &read_only)?;
        Ok(change)
    }
}
