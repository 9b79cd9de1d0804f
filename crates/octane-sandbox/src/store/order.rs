//! The order of a list, and its page.

use std::collections::HashSet;

use octane_model::Order;

use super::value::collation;
use crate::catalog::{Catalog, EntityType, FieldType};
use crate::error::{ApiError, own_code};
use crate::settings::OrderDefault;

/// The end of a statement that selects a page, with two parameters. With a limit that is just a parameter, SQLite compiles a statement
/// again each time it is used, because its plan could depend on the value.
pub(super) const PAGE: &str = "LIMIT ? + 0 OFFSET ? + 0";

/// The text of an `ORDER BY`; the ID comes last, so that pages never overlap.
pub(super) fn order_by(
    catalog: &Catalog,
    entity_type: &EntityType,
    order: &[Order],
) -> Result<String, ApiError> {
    let mut keys = Vec::new();
    let mut known = HashSet::new();
    for Order {
        field: name,
        is_descending,
    } in order
    {
        // A repeated field has no effect, and SQLite limits the number of terms.
        if !known.insert(name) {
            continue;
        }
        let field = entity_type
            .field(name)
            .ok_or_else(|| ApiError::unknown_field(entity_type.name, name))?;
        let direction = if *is_descending { " DESC" } else { "" };
        match &field.field_type {
            FieldType::Workspace | FieldType::Secret => {}
            FieldType::Many(_) | FieldType::Inverse { .. } => {
                let description = format!("cannot sort by the multi-reference `{name}`");
                return Err(ApiError::bad_request(own_code::QUERY, description));
            }
            FieldType::One(reference) => {
                let target = catalog.known_type(reference.target);
                let (by, collation) = match target.field("name") {
                    Some(name) => (name.expression("o"), collation(name)),
                    None => ("o.id".to_owned(), ""),
                };
                let (table, own) = (target.table, field.expression("t0"));
                keys.push(format!(
                    "(SELECT {by} FROM {table} o WHERE o.id = {own}){collation}{direction}"
                ));
            }
            // A number would stand for the column at this place; and it is the same for all.
            _ if field.expression("t0").parse::<i64>().is_ok() => {}
            _ => {
                let (value, collation) = (field.expression("t0"), collation(field));
                keys.push(format!("{value}{collation}{direction}"));
            }
        }
    }
    if order.is_empty() && catalog.settings.order_default == OrderDefault::Name {
        let name = entity_type.field("name").filter(|name| name.is_single());
        keys.extend(name.map(|name| format!("{}{}", name.expression("t0"), collation(name))));
    }
    keys.push("t0.id".to_owned());
    Ok(keys.join(", "))
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus};

    use super::PAGE;

    /// How often a statement was compiled again when it was used twice, as the cache of statements does it.
    fn compiled_again(end: &str) -> i32 {
        let connection = Connection::open_in_memory().unwrap();
        let create = "CREATE TABLE x (id INTEGER PRIMARY KEY)";
        connection.execute_batch(create).unwrap();
        let sql = format!("SELECT id FROM x ORDER BY id {end}");
        let mut statement = connection.prepare(&sql).unwrap();
        for limit in [10, 20] {
            assert!(!statement.exists([limit, 0]).unwrap());
            statement.clear_bindings();
        }
        statement.get_status(StatementStatus::RePrepare)
    }

    #[test]
    fn a_page_is_selected_without_compiling_its_statement_again() {
        assert_eq!(compiled_again(PAGE), 0);
        assert!(compiled_again("LIMIT ? OFFSET ?") > 0);
    }
}
