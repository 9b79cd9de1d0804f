//! Snippets of the text in which a search found its words.

use std::collections::HashMap;

use octane_model::Entity;
use serde_json::{Map, Value as Json};

use super::read::Reader;
use super::search::{RESULT, Search};
use super::value::json_list;
use crate::catalog::{EntityType, Field};
use crate::error::ApiError;

impl<'a> Reader<'a> {
    /// Shows in each entity where the words of a search were found.
    pub(super) fn add_snippets(
        self,
        entity_type: &'a EntityType,
        search: &Search,
        entities: &mut [(i64, Entity)],
    ) -> Result<(), ApiError> {
        let fields: Vec<&Field> = Search::fields(entity_type).collect();
        let columns: String = fields
            .iter()
            .map(|field| format!(", {}", field.expression("t0")))
            .collect();
        let sql = format!(
            "SELECT t0.id{columns} FROM {} t0 WHERE t0.id IN (SELECT value FROM json_each(?))",
            entity_type.table
        );
        let ids: Vec<i64> = entities.iter().map(|(id, _)| *id).collect();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([json_list(&ids)])?;
        let mut results: HashMap<i64, Map<String, Json>> = HashMap::new();
        while let Some(row) = rows.next()? {
            let row_id = row.get(0)?;
            let mut result = Map::new();
            for (column, field) in fields.iter().enumerate() {
                let text: Option<String> = row.get(column + 1)?;
                let Some(text) = text else {
                    continue;
                };
                if let Some(snippet) = search.snippet(&text) {
                    result.insert(field.name.to_string(), Json::String(snippet));
                } else if field.name == "name" && search.is_id(row_id) {
                    result.insert(field.name.to_string(), Json::String(text));
                }
            }
            results.insert(row_id, result);
        }
        for (id, entity) in entities {
            let result = results.remove(id).unwrap_or_default();
            entity
                .fields
                .insert(RESULT.to_owned(), Json::Object(result));
        }
        Ok(())
    }
}
