//! What the server derives by itself when entities are written.

use rusqlite::OptionalExtension;
use rusqlite::types::Value as Sql;
use serde_json::{Map, Value as Json};

use super::write::Writer;
use super::{planning, script, sprints};
use crate::catalog::{EntityType, ROLE_NAMES, SCRIPTED};
use crate::error::ApiError;

/// Fills in what a request leaves to the server.
pub(super) fn before_create(kind: &EntityType, fields: &mut Map<String, Json>) {
    let text = |fields: &Map<String, Json>, name: &str| {
        let text = fields.get(name).and_then(Json::as_str);
        text.filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    };
    if kind.name == "sharedspace_user" {
        if let (None, Some(email)) = (text(fields, "name"), text(fields, "email")) {
            fields.insert("name".to_owned(), email.into());
        }
        if text(fields, "full_name").is_none() {
            let names = ["first_name", "last_name"].map(|name| text(fields, name));
            let full: Vec<String> = names.into_iter().flatten().collect();
            fields.insert("full_name".to_owned(), full.join(" ").into());
        }
    }
}

/// Completes a row that was created.
pub(super) fn after_create(
    writer: Writer<'_>,
    kind: &EntityType,
    key: i64,
) -> Result<(), ApiError> {
    match kind.name {
        "run_suite" => planning::plan(writer, key),
        "release" => sprints::cut(writer, key),
        "team" => execute(
            writer,
            "INSERT INTO team_members (team, member, creation_time, last_modified)
             SELECT id, team_lead, creation_time, creation_time FROM teams
             WHERE id = ? AND team_lead IS NOT NULL",
            key,
        ),
        "sharedspace_user" => execute(
            writer,
            "INSERT INTO user_workspace_roles (user, workspace_role)
             SELECT ?1, MIN(w.id) FROM workspace_roles w JOIN roles r ON r.id = w.role
             WHERE r.logical_name = 'role.team.member'
             AND NOT EXISTS (SELECT 1 FROM user_workspace_roles WHERE user = ?1)",
            key,
        ),
        "workspace" => add_workspace_roles(writer, key),
        name if SCRIPTED.contains(&name) => script::first_version(writer, key),
        _ => Ok(()),
    }
}

/// Gives a workspace the roles that every workspace has.
pub(super) fn add_workspace_roles(writer: Writer<'_>, workspace: i64) -> Result<(), ApiError> {
    for (logical_name, _, is_of_workspace) in ROLE_NAMES {
        if *is_of_workspace {
            let mut statement = writer.connection.prepare_cached(
                "INSERT INTO workspace_roles (role, workspace, creation_time, last_modified)
                 SELECT id, ?2, ?3, ?3 FROM roles WHERE logical_name = ?1",
            )?;
            statement.execute((logical_name, workspace, writer.now))?;
        }
    }
    Ok(())
}

fn execute(writer: Writer<'_>, sql: &str, key: i64) -> Result<(), ApiError> {
    writer.connection.prepare_cached(sql)?.execute([key])?;
    Ok(())
}

/// Completes a row that was created or changed; `has_status` tells whether its native status was written.
pub(super) fn after_write(
    writer: Writer<'_>,
    kind: &EntityType,
    key: i64,
    has_status: bool,
) -> Result<(), ApiError> {
    if writer.catalog.table_of(kind).is_tree {
        set_path(writer, kind.table, key)?;
    }
    if has_status && kind.subtype_of == Some("run") {
        planning::complete(writer, key)?;
    }
    Ok(())
}

/// Refuses a change that would make a tree bite its tail or lose its root.
pub(super) fn before_update(
    writer: Writer<'_>,
    kind: &EntityType,
    key: i64,
    columns: &[(&str, Sql)],
) -> Result<(), ApiError> {
    let parent = columns.iter().find(|(name, _)| *name == "parent");
    let (true, Some((_, Sql::Integer(parent)))) = (writer.catalog.table_of(kind).is_tree, parent)
    else {
        return Ok(());
    };
    let description = if is_root(writer, kind, key)? {
        "the root has no parent"
    } else if path(writer, kind.table, *parent)?.starts_with(&path(writer, kind.table, key)?) {
        "an entity cannot stand below itself"
    } else {
        return Ok(());
    };
    Err(ApiError::illegal_value(kind.name, "parent", description))
}

/// The root stays, and what a deleted backlog item leaves behind moves to the root.
pub(super) fn before_delete(
    writer: Writer<'_>,
    kind: &EntityType,
    key: i64,
) -> Result<(), ApiError> {
    if !writer.catalog.table_of(kind).is_tree {
        return Ok(());
    }
    if is_root(writer, kind, key)? {
        return Err(ApiError::illegal_value(
            kind.name,
            "id",
            "the root cannot be deleted",
        ));
    }
    if kind.table == "work_items" {
        let mut statement = writer
            .connection
            .prepare_cached("SELECT id FROM work_items WHERE parent = ?")?;
        let children: Vec<i64> = statement
            .query_map([key], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for child in children {
            writer
                .connection
                .prepare_cached(
                    "UPDATE work_items SET parent = (SELECT MIN(id) FROM work_items
                     WHERE subtype = 'work_item_root') WHERE id = ?",
                )?
                .execute([child])?;
            set_path(writer, kind.table, child)?;
        }
    }
    Ok(())
}

fn is_root(writer: Writer<'_>, kind: &EntityType, key: i64) -> Result<bool, ApiError> {
    let sql = format!("SELECT parent IS NULL FROM {} WHERE id = ?", kind.table);
    let mut statement = writer.connection.prepare_cached(&sql)?;
    Ok(statement.query_row([key], |row| row.get(0))?)
}

fn path(writer: Writer<'_>, table: &str, key: i64) -> Result<String, ApiError> {
    let sql = format!("SELECT path FROM {table} WHERE id = ?");
    let mut statement = writer.connection.prepare_cached(&sql)?;
    let path: Option<Option<String>> = statement.query_row([key], |row| row.get(0)).optional()?;
    Ok(path.flatten().unwrap_or_default())
}

/// Twelve digits a level, so that the path of an entity begins with those of all above it. What stands
/// below moves along.
fn set_path(writer: Writer<'_>, table: &str, key: i64) -> Result<(), ApiError> {
    let old = path(writer, table, key)?;
    let sql = format!("SELECT parent FROM {table} WHERE id = ?");
    let parent: Option<i64> = writer
        .connection
        .prepare_cached(&sql)?
        .query_row([key], |row| row.get(0))?;
    let above = match parent {
        Some(parent) => path(writer, table, parent)?,
        None => String::new(),
    };
    let new = format!("{above}{key:012X}");
    if new == old {
        return Ok(());
    }
    let set = format!("UPDATE {table} SET path = ?2 WHERE id = ?1");
    writer
        .connection
        .prepare_cached(&set)?
        .execute((key, &new))?;
    if !old.is_empty() {
        let below = format!(
            "UPDATE {table} SET path = ?1 || substr(path, ?2) WHERE path LIKE ?3 AND id <> ?4"
        );
        let rest = i64::try_from(old.len()).unwrap_or(i64::MAX) + 1;
        writer
            .connection
            .prepare_cached(&below)?
            .execute((&new, rest, format!("{old}%"), key))?;
    }
    Ok(())
}
