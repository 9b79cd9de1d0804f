//! Values that the server derives when entities are written.

use rusqlite::OptionalExtension;
use rusqlite::types::Value as Sql;
use serde_json::{Map, Value as Json, json};

use super::writer::Writer;
use super::{planning, script, sprints};
use crate::catalog::{EntityType, ROLE_NAMES, SCRIPTED};
use crate::error::ApiError;

/// Notes who changed an entity, where a field shows that and the request does not.
pub(super) fn remember_editor(
    writer: Writer<'_>,
    entity_type: &EntityType,
    columns: &mut Vec<(&str, Sql)>,
) {
    for name in ["modified_by", "last_modified_by"] {
        let is_given = columns.iter().any(|(column, _)| *column == name);
        if let (Some(_), Some(user), false) =
            (entity_type.field(name), writer.current_user, is_given)
        {
            columns.push((name, Sql::Integer(user)));
        }
    }
}

/// Fills in what a request leaves to the server.
pub(super) fn before_create(entity_type: &EntityType, fields: &mut Map<String, Json>) {
    let text = |fields: &Map<String, Json>, name: &str| {
        let text = fields.get(name).and_then(Json::as_str);
        text.filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    };
    if entity_type.name == "pipeline" {
        // Older clients name the root job only.
        if let (None, Some(name)) = (
            text(fields, "root_job_ci_id"),
            text(fields, "root_job_name"),
        ) {
            fields.insert("root_job_ci_id".to_owned(), name.into());
        }
        fields.remove("root_job_name");
    }
    if matches!(entity_type.name, "sharedspace_user" | "workspace_user") {
        if let (None, Some(email)) = (text(fields, "name"), text(fields, "email")) {
            fields.insert("name".to_owned(), email.into());
        }
        // In a workspace the name is read-only; it follows when the user is created.
        if entity_type.name == "sharedspace_user" && text(fields, "full_name").is_none() {
            let names = ["first_name", "last_name"].map(|name| text(fields, name));
            let full: Vec<String> = names.into_iter().flatten().collect();
            fields.insert("full_name".to_owned(), full.join(" ").into());
        }
    }
}

/// Completes a new row.
pub(super) fn after_create(
    writer: Writer<'_>,
    entity_type: &EntityType,
    row_id: i64,
) -> Result<(), ApiError> {
    match entity_type.name {
        "run_suite" => planning::plan(writer, row_id),
        "run_manual" => script::copy_steps(writer, row_id),
        "release" => sprints::cut(writer, row_id),
        "team" => execute(
            writer,
            "INSERT INTO team_members (team, member, creation_time, last_modified)
             SELECT id, team_lead, creation_time, creation_time FROM teams
             WHERE id = ? AND team_lead IS NOT NULL",
            row_id,
        ),
        "sharedspace_user" | "workspace_user" => execute(
            writer,
            "UPDATE workspace_users SET full_name = trim(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''))
             WHERE id = ? AND COALESCE(full_name, '') = ''",
            row_id,
        )
        .and_then(|()| execute(
            writer,
            "INSERT INTO user_workspace_roles (user, workspace_role)
             SELECT ?1, w.id FROM workspace_roles w JOIN roles r ON r.id = w.role
             WHERE r.logical_name = 'role.team.member'
             AND NOT EXISTS (SELECT 1 FROM user_workspace_roles WHERE user = ?1) ORDER BY w.id LIMIT 1",
            row_id,
        ))
        .and_then(|()| match entity_type.name {
            "workspace_user" => join_workspace(writer, row_id),
            _ => Ok(()),
        }),
        "test_runner" | "uft_test_runner" => execute(
            writer,
            "UPDATE ci_jobs SET executor = ?1 WHERE id = (SELECT ci_job FROM executors WHERE id = ?1)",
            row_id,
        ),
        "workspace" => add_workspace_roles(writer, row_id),
        "ci_server" => execute(
            writer,
            "UPDATE ci_servers SET instance_id = COALESCE(instance_id, lower(hex(randomblob(16)))),
             server_type = COALESCE(server_type, 'unknown') WHERE id = ?",
            row_id,
        ),
        name if SCRIPTED.contains(&name) => script::first_version(writer, row_id),
        _ => Ok(()),
    }
}

/// Makes a user a member of the workspace.
pub(super) fn join_workspace(writer: Writer<'_>, user: i64) -> Result<(), ApiError> {
    writer
        .connection
        .prepare_cached("INSERT OR IGNORE INTO workspace_members (workspace, user) VALUES (?, ?)")?
        .execute([writer.catalog.workspace, user])?;
    Ok(())
}

/// Clients of a workspace name the `roles` of a user; they are roles in that workspace.
pub(super) fn place_roles(
    writer: Writer<'_>,
    entity_type: &EntityType,
    fields: &mut Map<String, Json>,
) -> Result<(), ApiError> {
    if entity_type.name != "workspace_user" {
        return Ok(());
    }
    let Some(roles) = fields.remove("roles") else {
        return Ok(());
    };
    let mut placed = Vec::new();
    for role in roles["data"].as_array().into_iter().flatten() {
        let id = match &role["id"] {
            Json::String(id) => id.clone(),
            other => other.to_string(),
        };
        let row_id = writer
            .reader()
            .row_id(writer.catalog.known_type("role"), &id)?
            .ok_or_else(|| ApiError::entity_not_found("user_role", &id))?;
        let sql =
            "SELECT MIN(id) FROM workspace_roles WHERE role = ?1 AND COALESCE(workspace, ?2) = ?2";
        let place = writer.number(sql, [row_id, writer.catalog.workspace])?;
        placed.extend(
            place.map(|place| json!({ "type": "workspace_role", "id": place.to_string() })),
        );
    }
    fields.insert("workspace_roles".to_owned(), json!({ "data": placed }));
    Ok(())
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

fn execute(writer: Writer<'_>, sql: &str, row_id: i64) -> Result<(), ApiError> {
    writer.connection.prepare_cached(sql)?.execute([row_id])?;
    Ok(())
}

/// Completes a new or changed row; `has_status` says whether its native status was written.
pub(super) fn after_write(
    writer: Writer<'_>,
    entity_type: &EntityType,
    row_id: i64,
    has_status: bool,
) -> Result<(), ApiError> {
    if writer.catalog.table_of(entity_type).is_tree {
        set_path(writer, entity_type.table, row_id)?;
    }
    if entity_type.name == "pipeline" {
        super::ci::complete_pipeline(writer, row_id)?;
    }
    if has_status && entity_type.subtype_of == Some("run") {
        planning::complete(writer, row_id)?;
    }
    Ok(())
}

/// Gives a list value or phase that is not part of the model a logical name. It has no dot, and is not its ID.
pub(super) fn name(
    writer: Writer<'_>,
    entity_type: &EntityType,
    row_id: i64,
) -> Result<(), ApiError> {
    if !writer.catalog.table_of(entity_type).is_named {
        return Ok(());
    }
    let sql = format!(
        "UPDATE {} SET logical_name = 'custom_' || id WHERE id = ? AND logical_name IS NULL",
        entity_type.table
    );
    execute(writer, &sql, row_id)
}

/// Rejects a change that would create a cycle in a tree or remove its root.
pub(super) fn before_update(
    writer: Writer<'_>,
    entity_type: &EntityType,
    row_id: i64,
    columns: &[(&str, Sql)],
) -> Result<(), ApiError> {
    let parent = columns.iter().find(|(name, _)| *name == "parent");
    let (true, Some((_, Sql::Integer(parent)))) =
        (writer.catalog.table_of(entity_type).is_tree, parent)
    else {
        return Ok(());
    };
    let description = if is_root(writer, entity_type, row_id)? {
        "the root has no parent"
    } else if path(writer, entity_type.table, *parent)?.starts_with(&path(
        writer,
        entity_type.table,
        row_id,
    )?) {
        "an entity cannot be its own ancestor"
    } else {
        return Ok(());
    };
    Err(ApiError::illegal_value(
        entity_type.name,
        "parent",
        description,
    ))
}

/// The root cannot be deleted, and the children of a deleted backlog item move to the root.
pub(super) fn before_delete(
    writer: Writer<'_>,
    entity_type: &EntityType,
    row_id: i64,
) -> Result<(), ApiError> {
    if !writer.catalog.table_of(entity_type).is_tree {
        return Ok(());
    }
    if is_root(writer, entity_type, row_id)? {
        return Err(ApiError::illegal_value(
            entity_type.name,
            "id",
            "the root cannot be deleted",
        ));
    }
    if entity_type.table == "work_items" {
        let mut statement = writer
            .connection
            .prepare_cached("SELECT id FROM work_items WHERE parent = ?")?;
        let children: Vec<i64> = statement
            .query_map([row_id], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for child in children {
            writer
                .connection
                .prepare_cached(
                    "UPDATE work_items SET parent = (SELECT MIN(id) FROM work_items
                     WHERE subtype = 'work_item_root') WHERE id = ?",
                )?
                .execute([child])?;
            set_path(writer, entity_type.table, child)?;
        }
    }
    Ok(())
}

/// Whether this is the root of its tree: the first entity without a parent.
pub(super) fn is_root(
    writer: Writer<'_>,
    entity_type: &EntityType,
    row_id: i64,
) -> Result<bool, ApiError> {
    let sql = format!(
        "SELECT MIN(id) IS ? FROM {} WHERE parent IS NULL",
        entity_type.table
    );
    let mut statement = writer.connection.prepare_cached(&sql)?;
    Ok(statement.query_row([row_id], |row| row.get(0))?)
}

fn path(writer: Writer<'_>, table: &str, row_id: i64) -> Result<String, ApiError> {
    let sql = format!("SELECT path FROM {table} WHERE id = ?");
    let mut statement = writer.connection.prepare_cached(&sql)?;
    let path: Option<Option<String>> =
        statement.query_row([row_id], |row| row.get(0)).optional()?;
    Ok(path.flatten().unwrap_or_default())
}

/// Twelve digits per level, so that the path of an entity starts with the paths of its ancestors. Descendants
/// move along.
fn set_path(writer: Writer<'_>, table: &str, row_id: i64) -> Result<(), ApiError> {
    let sql = format!(
        "SELECT COALESCE(t.path, ''), COALESCE((SELECT p.path FROM {table} p WHERE p.id = t.parent), '')
         FROM {table} t WHERE t.id = ?"
    );
    let (old, above): (String, String) = writer
        .connection
        .prepare_cached(&sql)?
        .query_row([row_id], |row| row.try_into())?;
    let new = format!("{above}{row_id:012X}");
    if new == old {
        return Ok(());
    }
    let set = format!("UPDATE {table} SET path = ?2 WHERE id = ?1");
    writer
        .connection
        .prepare_cached(&set)?
        .execute((row_id, &new))?;
    if !old.is_empty() {
        let below = format!(
            "UPDATE {table} SET path = ?1 || substr(path, ?2) WHERE path LIKE ?3 AND id <> ?4"
        );
        let rest = i64::try_from(old.len()).unwrap_or(i64::MAX) + 1;
        writer.connection.prepare_cached(&below)?.execute((
            &new,
            rest,
            format!("{old}%"),
            row_id,
        ))?;
    }
    Ok(())
}
