//! The order of a list.

use std::collections::HashSet;

use octane_model::Order;

use super::query::collation;
use crate::catalog::{Catalog, EntityType, Kind};
use crate::error::{ApiError, own_code};
use crate::settings::OrderDefault;

/// The text of an `ORDER BY`; the id comes last, so that pages never overlap.
pub(super) fn order_by(
    catalog: &Catalog,
    kind: &EntityType,
    order: &[Order],
) -> Result<String, ApiError> {
    let mut keys = Vec::new();
    let mut known = HashSet::new();
    for Order {
        field: name,
        is_descending,
    } in order
    {
        // A field that comes again decides nothing, and SQLite bounds the number of keys.
        if !known.insert(name) {
            continue;
        }
        let field = kind
            .field(name)
            .ok_or_else(|| ApiError::unknown_field(kind.name, name))?;
        let direction = if *is_descending { " DESC" } else { "" };
        match &field.kind {
            Kind::Workspace | Kind::Secret => {}
            Kind::Many(_) | Kind::Inverse { .. } => {
                let description =
                    format!("lists cannot be ordered by the multi-reference `{name}`");
                return Err(ApiError::bad_request(own_code::QUERY, description));
            }
            Kind::One(pointer) => {
                let target = catalog.known_type(pointer.target);
                let (by, collation) = match target.field("name") {
                    Some(name) => (name.expression("o"), collation(name)),
                    None => ("o.id".to_owned(), ""),
                };
                let (table, own) = (target.table, field.expression("t0"));
                keys.push(format!(
                    "(SELECT {by} FROM {table} o WHERE o.id = {own}){collation}{direction}"
                ));
            }
            _ => {
                let (value, collation) = (field.expression("t0"), collation(field));
                keys.push(format!("{value}{collation}{direction}"));
            }
        }
    }
    if order.is_empty() && catalog.settings.order_default == OrderDefault::Name {
        let name = kind.field("name").filter(|name| name.is_single());
        keys.extend(name.map(|name| format!("{}{}", name.expression("t0"), collation(name))));
    }
    keys.push("t0.id".to_owned());
    Ok(keys.join(", "))
}
