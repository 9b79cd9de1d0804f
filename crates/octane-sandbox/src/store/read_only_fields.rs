//! Read-only fields in request bodies.
//!
//! Vendor clients read an entity, change a field and send everything back. A value that comes back unchanged
//! is not an attempt to write it.

use octane_model::Select;
use serde_json::Value as Json;

use super::read::Reader;
use crate::catalog::{EntityType, Field};
use crate::error::ApiError;

/// Keys that identify an entity, or that responses add to it.
pub(super) const ALWAYS_ALLOWED: [&str; 5] = [
    "type",
    "id",
    "subtype",
    "workspace_id",
    "global_text_search_result",
];

/// The field that always fails, even if unchanged, because vendor tests expect it.
const NEVER_ALLOWED: &str = "version_stamp";

/// Fails at the first field whose value differs from that of the entity.
pub(super) fn check(
    reader: Reader<'_>,
    entity_type: &EntityType,
    existing: Option<i64>,
    read_only: &[(&Field, &Json)],
) -> Result<(), ApiError> {
    let said = read_only.iter().filter(|(_, value)| !value.is_null());
    let said: Vec<_> = said.collect();
    if said.is_empty() {
        return Ok(());
    }
    let current = match existing {
        Some(row_id) => {
            let names = said.iter().map(|(field, _)| &*field.name);
            let entity_type = reader.catalog.known_type(entity_type.name);
            reader.get(entity_type, row_id, &Select::names(names))?
        }
        None => None,
    };
    for (field, value) in said {
        let stored = current
            .as_ref()
            .and_then(|entity| entity.fields.get(&*field.name));
        let is_unchanged = stored.is_some_and(|stored| same(stored, value));
        if !is_unchanged || field.name == NEVER_ALLOWED {
            return Err(ApiError::not_editable(entity_type.name, &field.name));
        }
    }
    Ok(())
}

/// Whether two values mean the same: for references only the IDs matter.
fn same(stored: &Json, said: &Json) -> bool {
    match (stored, said) {
        (Json::Object(stored), Json::Object(said)) => {
            match (stored.get("data"), said.get("data")) {
                (Some(Json::Array(stored)), Some(Json::Array(said))) => {
                    let ids = |items: &[Json]| {
                        let mut ids: Vec<String> = items.iter().map(id).collect();
                        ids.sort_unstable();
                        ids
                    };
                    ids(stored) == ids(said)
                }
                _ if stored.contains_key("id") => {
                    id(&Json::Object(stored.clone())) == id(&Json::Object(said.clone()))
                }
                _ => stored == said,
            }
        }
        (stored, said) => stored == said,
    }
}

/// IDs may be numbers in requests.
fn id(reference: &Json) -> String {
    match &reference["id"] {
        Json::String(id) => id.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_with_equal_ids_are_equal() {
        let stored = json!({ "type": "test", "id": "5" });
        assert!(same(&stored, &json!({ "id": 5, "name": "x" })));
        assert!(!same(&stored, &json!({ "id": 6 })));
        let stored = json!({ "total_count": 2, "data": [{ "id": "1" }, { "id": "2" }] });
        assert!(same(
            &stored,
            &json!({ "data": [{ "id": 2 }, { "id": 1 }] })
        ));
        assert!(!same(&stored, &json!({ "data": [] })));
        assert!(same(&json!(3), &json!(3)));
    }
}
