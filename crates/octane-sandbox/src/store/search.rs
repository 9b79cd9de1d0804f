//! Searching for words in the names and descriptions of entities.

use std::collections::HashMap;

use octane_model::Entity;
use rusqlite::types::Value as Sql;
use serde_json::{Map, Value as Json};

use super::query::Condition;
use super::read::{Reader, json_list};
use super::value;
use crate::catalog::{EntityType, Field};
use crate::error::ApiError;

/// The fields that are searched.
const FIELDS: [&str; 2] = ["name", "description"];
/// How much text stands before and after a hit in a snippet, in characters.
const AROUND_CHARS: usize = 60;
/// The field of the answer that shows where the words were found.
pub(super) const RESULT: &str = "global_text_search_result";

/// Words that must all be found, each anywhere, ignoring the case of ASCII letters.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    words: Vec<String>,
}

impl Search {
    /// Searches for the words of a text; none where it has none.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self { words })
    }

    fn fields(kind: &EntityType) -> impl Iterator<Item = &Field> {
        FIELDS
            .into_iter()
            .filter_map(|name| kind.field(name))
            .filter(|field| field.is_single())
    }

    /// Adds to a condition about `t0` that its entities contain all the words.
    pub(super) fn narrow(&self, kind: &EntityType, condition: &mut Condition) {
        for word in &self.words {
            let pieces = [String::new(), word.clone(), String::new()];
            condition.values.push(Sql::Text(value::like(&pieces)));
            let number = condition.values.len();
            let places: Vec<String> = Self::fields(kind)
                .map(|field| format!("{} LIKE ?{number} ESCAPE '\\'", field.expression("t0")))
                .collect();
            let places = if places.is_empty() {
                "0".to_owned()
            } else {
                places.join(" OR ")
            };
            condition.sql.push_str(&format!(" AND ({places})"));
        }
    }

    /// The surroundings of the first word that a text contains, with the words marked.
    fn snippet(&self, text: &str) -> Option<String> {
        let lower = text.to_ascii_lowercase();
        let at = self
            .words
            .iter()
            .filter_map(|word| lower.find(&word.to_ascii_lowercase()))
            .min()?;
        let start = text[..at].char_indices().rev().nth(AROUND_CHARS - 1);
        let start = start.map_or(0, |(start, _)| start);
        let end = text[at..].char_indices().nth(2 * AROUND_CHARS);
        let end = end.map_or(text.len(), |(length, _)| at + length);
        Some(self.marked(&text[start..end]))
    }

    fn marked(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        let mut marked = String::new();
        let mut at = 0;
        while at < text.len() {
            let hit = self
                .words
                .iter()
                .filter(|word| lower[at..].starts_with(&word.to_ascii_lowercase()))
                .map(String::len)
                .max();
            let length = hit.unwrap_or_else(|| text[at..].chars().next().map_or(1, char::len_utf8));
            let piece = &text[at..at + length];
            if hit.is_some() {
                marked.push_str(&format!("<em>{piece}</em>"));
            } else {
                marked.push_str(piece);
            }
            at += length;
        }
        marked
    }
}

impl<'a> Reader<'a> {
    /// Shows in each entity where the words of a search were found.
    pub(super) fn add_snippets(
        self,
        kind: &'a EntityType,
        search: &Search,
        entities: &mut [(i64, Entity)],
    ) -> Result<(), ApiError> {
        let fields: Vec<&Field> = Search::fields(kind).collect();
        let columns: String = fields
            .iter()
            .map(|field| format!(", {}", field.expression("t0")))
            .collect();
        let sql = format!(
            "SELECT t0.id{columns} FROM {} t0 WHERE t0.id IN (SELECT value FROM json_each(?))",
            kind.table
        );
        let ids: Vec<i64> = entities.iter().map(|(id, _)| *id).collect();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([json_list(&ids)])?;
        let mut results: HashMap<i64, Map<String, Json>> = HashMap::new();
        while let Some(row) = rows.next()? {
            let mut result = Map::new();
            for (column, field) in fields.iter().enumerate() {
                let text: Option<String> = row.get(column + 1)?;
                if let Some(snippet) = text.and_then(|text| search.snippet(&text)) {
                    result.insert(field.name.clone(), Json::String(snippet));
                }
            }
            results.insert(row.get(0)?, result);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_shows_the_words_in_their_surroundings() {
        let search = Search::new("LOGIN page").unwrap();
        let text = format!(
            "{} the login Page is ä slow {}",
            "x".repeat(200),
            "y".repeat(300)
        );
        let snippet = search.snippet(&text).unwrap();
        assert!(
            snippet.contains("the <em>login</em> <em>Page</em> is ä slow"),
            "{snippet}"
        );
        assert!(snippet.chars().count() < 220, "{snippet}");
        assert_eq!(search.snippet("nothing"), None);
        assert!(Search::new("  ").is_none());
    }
}
