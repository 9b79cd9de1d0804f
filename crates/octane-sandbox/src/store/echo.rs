//! Fields that cannot be written, in bodies that carry them nevertheless.
//!
//! Vendor clients read an entity, change a field and send the whole back. What comes back unchanged is no
//! attempt to write it.

use octane_model::Select;
use serde_json::Value as Json;

use super::read::Reader;
use crate::catalog::{EntityType, Field};
use crate::error::ApiError;

/// Keys that say who an entity is, or that answers add to it.
pub(super) const ALWAYS_FINE: [&str; 5] = [
    "type",
    "id",
    "subtype",
    "workspace_id",
    "global_text_search_result",
];

/// The field that always fails, even unchanged: vendor tests want it so.
const NEVER_FINE: &str = "version_stamp";

/// Fails at the first field whose value in the body is not the one that the entity has.
pub(super) fn check(
    reader: Reader<'_>,
    kind: &EntityType,
    existing: Option<i64>,
    echoes: &[(&Field, &Json)],
) -> Result<(), ApiError> {
    let said = echoes.iter().filter(|(_, value)| !value.is_null());
    let said: Vec<_> = said.collect();
    if said.is_empty() {
        return Ok(());
    }
    let current = match existing {
        Some(key) => {
            let names = said.iter().map(|(field, _)| field.name.as_str());
            let kind = reader.catalog.known_type(kind.name);
            reader.get(kind, key, &Select::names(names))?
        }
        None => None,
    };
    for (field, value) in said {
        let stored = current
            .as_ref()
            .and_then(|entity| entity.fields.get(&field.name));
        let is_echo = stored.is_some_and(|stored| same(stored, value));
        if !is_echo || field.name == NEVER_FINE {
            return Err(ApiError::not_editable(kind.name, &field.name));
        }
    }
    Ok(())
}

/// Whether two values mean the same: of references only the ids matter.
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

/// Ids may be numbers in requests.
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
    fn references_are_the_same_when_their_ids_are() {
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
