//! Searching for words in the names and descriptions of entities, and in comments.

use rusqlite::types::Value as Sql;

use super::query::Condition;
use super::value;
use crate::catalog::{EntityType, Field};

/// The searchable fields.
const FIELDS: [&str; 3] = ["name", "description", "text"];
/// The length of the text before and after a hit in a snippet, in characters.
const AROUND_CHARS: usize = 60;
/// The response field that shows where the words were found.
pub(super) const RESULT: &str = "global_text_search_result";

/// Words that must all be found, in any position, ignoring the case of ASCII letters. A number alone finds the entity
/// with that ID, too.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    words: Vec<String>,
    id: Option<i64>,
}

impl Search {
    /// A search for the words of a text; `None` if there are none.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let id = match words.as_slice() {
            [word] => word.parse().ok(),
            _ => None,
        };
        (!words.is_empty()).then_some(Self { words, id })
    }

    pub(super) fn fields(entity_type: &EntityType) -> impl Iterator<Item = &Field> {
        FIELDS
            .into_iter()
            .filter_map(|name| entity_type.field(name))
            .filter(|field| field.is_single())
    }

    /// Adds the condition that the entities `t0` contain all the words. Entities without text contain none.
    pub(super) fn narrow(&self, entity_type: &EntityType, condition: &mut Condition) {
        let fields: Vec<&Field> = Self::fields(entity_type).collect();
        if fields.is_empty() {
            // SQLite refuses values that no expression uses.
            condition.sql.push_str(" AND 0");
            return;
        }
        condition.sql.push_str(" AND (");
        // List values and the like have names as IDs.
        let has_numbers = entity_type
            .field("logical_name")
            .is_some_and(|field| !field.is_column());
        if let Some(id) = self.id.filter(|_| has_numbers) {
            condition.values.push(Sql::Integer(id));
            let number = condition.values.len();
            condition.sql.push_str(&format!("t0.id = ?{number} OR "));
        }
        condition.sql.push('1');
        for word in &self.words {
            let pieces = [String::new(), word.clone(), String::new()];
            condition.values.push(Sql::Text(value::like(&pieces)));
            let number = condition.values.len();
            let places: Vec<String> = fields
                .iter()
                .map(|field| format!("{} LIKE ?{number} ESCAPE '\\'", field.expression("t0")))
                .collect();
            condition
                .sql
                .push_str(&format!(" AND ({})", places.join(" OR ")));
        }
        condition.sql.push(')');
    }

    /// Whether this entity is one that its ID finds.
    pub(super) fn is_id(&self, row_id: i64) -> bool {
        self.id == Some(row_id)
    }

    /// The text around the first hit, with the words marked.
    pub(super) fn snippet(&self, text: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_shows_the_words_in_context() {
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
