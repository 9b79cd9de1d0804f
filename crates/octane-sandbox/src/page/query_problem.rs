//! Query errors, shown below the text with carets.

use std::ops::Range;

use octane_model::{Problem, QueryError};

use crate::catalog::Catalog;
use octane_web::{Text, message};

/// The maximum edit distance of a suggested name.
const DISTANCE_MAX: usize = 3;

/// Why a query has no results.
#[derive(Debug)]
pub(super) struct QueryProblem {
    title: &'static str,
    text: String,
    annotations: Vec<Annotation>,
}

#[derive(Debug)]
struct Annotation {
    /// The byte range in the text, if known.
    span: Option<Range<usize>>,
    message: String,
    suggestion: Option<String>,
}

impl QueryProblem {
    /// The text is not a valid query.
    pub(super) fn invalid(error: &QueryError) -> Self {
        let annotations = error.syntax_errors().iter().map(|annotation| Annotation {
            span: Some(annotation.span.clone()),
            message: annotation.message.clone(),
            suggestion: annotation.suggestion.clone(),
        });
        Self {
            title: "The query is not valid",
            text: error.text().to_owned(),
            annotations: annotations.collect(),
        }
    }

    /// The query is not valid for the collection. If the problem names a field, it is marked in the text.
    pub(super) fn refused(text: &str, problem: Problem, catalog: &Catalog) -> Self {
        let property = |name: &str| {
            problem
                .properties
                .get(name)
                .and_then(|value| value.as_str())
        };
        let field = property("field_name");
        let known = property("entity_type").and_then(|name| catalog.find_type(name));
        let suggestion = match (field, known) {
            (Some(field), Some(entity_type)) if entity_type.field(field).is_none() => {
                let names = entity_type.fields.iter().map(|field| &*field.name);
                nearest(field, names).map(|name| format!("did you mean `{name}`?"))
            }
            _ => None,
        };
        Self {
            title: "The query is not valid for this collection",
            annotations: vec![Annotation {
                span: field.and_then(|field| word_in(text, field)),
                suggestion,
                message: problem.description,
            }],
            text: text.to_owned(),
        }
    }

    /// The problem is not in the query.
    pub(super) fn plain(message: &str) -> Self {
        Self {
            title: "This request is not valid",
            text: String::new(),
            annotations: vec![Annotation {
                span: None,
                message: message.to_owned(),
                suggestion: None,
            }],
        }
    }

    pub(super) fn html(&self) -> String {
        let items: String = self
            .annotations
            .iter()
            .map(|annotation| self.item(annotation))
            .collect();
        format!(
            "<section class=\"problem\" role=\"alert\" id=\"problem\"><h2>{}</h2>{}<ul>{items}</ul></section>",
            self.title,
            self.diagram()
        )
    }

    fn item(&self, annotation: &Annotation) -> String {
        let place = annotation.span.as_ref().map_or(String::new(), |span| {
            let column = self.text[..span.start].chars().count() + 1;
            format!("<b>Character {column}:</b> ")
        });
        let suggestion = annotation
            .suggestion
            .as_ref()
            .map_or(String::new(), |hint| {
                format!(" <span class=\"suggestion\">{}</span>", message(hint))
            });
        format!(
            "<li>{place}{}{suggestion}</li>",
            message(&annotation.message)
        )
    }

    /// The text on one line, followed by a line of carets for each error. Screen readers get the list
    /// instead.
    fn diagram(&self) -> String {
        let spans: Vec<&Range<usize>> = self
            .annotations
            .iter()
            .filter_map(|m| m.span.as_ref())
            .collect();
        if spans.is_empty() {
            return String::new();
        }
        let rows: String = spans
            .iter()
            .map(|span| {
                let before = self.text[..span.start].chars().count();
                let width = self.text[(*span).clone()].chars().count().max(1);
                format!("{:before$}<b class=\"caret\">{:^<width$}</b>\n", "", "")
            })
            .collect();
        // Control characters would break the line and misplace the carets.
        let row: String = self
            .text
            .chars()
            .map(|c| if octane_model::is_unsafe(c) { ' ' } else { c })
            .collect();
        format!(
            "<pre class=\"diagram\" aria-hidden=\"true\">{}\n{}</pre>",
            Text(&row),
            rows.trim_end()
        )
    }
}

/// The position of `word` in the text as a whole word.
fn word_in(text: &str, word: &str) -> Option<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = text
        .match_indices(word)
        .map(|(start, _)| start..start + word.len());
    places.find(|place| {
        let before = text[..place.start].chars().next_back();
        let after = text[place.end..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn nearest<'a>(unknown: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (distance(unknown, name), name))
        .filter(|(distance, name)| *distance <= DISTANCE_MAX.min(name.len() / 2))
        .min()
        .map(|(_, name)| name)
}

/// The edit distance: the number of insertions, deletions and replacements.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (position, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = position + 1;
        for (column, to) in right.chars().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use octane_model::Query;

    use super::*;

    #[test]
    fn the_caret_is_below_the_error() {
        let error = "name EQUALS ^<b>^".parse::<Query>().unwrap_err();
        let html = QueryProblem::invalid(&error).html();
        assert!(
            html.contains("name EQUALS ^&lt;b&gt;^\n     <b class=\"caret\">^^^^^^</b>"),
            "{html}"
        );
        assert!(html.contains("<b>Character 6:</b>"), "{html}");
    }

    #[test]
    fn a_misspelt_field_is_found_as_a_whole_word_and_the_nearest_name_suggested() {
        assert_eq!(word_in("named EQ 1; name EQ 2", "name"), Some(12..16));
        assert_eq!(word_in("names EQ 1", "name"), None);
        let names = ["duration", "name", "id"];
        assert_eq!(nearest("durration", names.into_iter()), Some("duration"));
        assert_eq!(nearest("xy", names.into_iter()), None);
    }
}
