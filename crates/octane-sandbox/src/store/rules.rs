//! What the server derives by itself when entities are written.

use rusqlite::OptionalExtension;
use rusqlite::types::Value as Sql;

use super::write::Writer;
use crate::catalog::EntityType;
use crate::error::ApiError;

/// Completes a row that was created or changed.
pub(super) fn after_write(writer: Writer<'_>, kind: &EntityType, key: i64) -> Result<(), ApiError> {
    if writer.catalog.table_of(kind).is_tree {
        set_path(writer, kind.table, key)?;
    }
    if kind.name == "run_suite" {
        writer
            .connection
            .prepare_cached(
                "UPDATE runs SET status = (
                     SELECT s.id FROM list_nodes n, list_nodes s WHERE n.id = runs.native_status
                     AND s.logical_name = 'list_node.run_status.' || CASE n.logical_name
                         WHEN 'list_node.run_native_status.blocked' THEN 'requires_attention'
                         WHEN 'list_node.run_native_status.not_completed' THEN 'requires_attention'
                         ELSE substr(n.logical_name, length('list_node.run_native_status.') + 1) END),
                 test_name = (SELECT name FROM tests WHERE tests.id = runs.test)
                 WHERE id = ?",
            )?
            .execute([key])?;
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
