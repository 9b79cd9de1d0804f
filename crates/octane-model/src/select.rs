//! The fields that a response should contain.

use std::fmt;
use std::str::FromStr;

/// The `fields` of a request: `name,parent{id,name}`.
///
/// `id` and `type` are always returned and need not be listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
#[non_exhaustive]
pub struct Select {
    /// The fields in order.
    pub fields: Vec<SelectedField>,
}

/// One field of a [`Select`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SelectedField {
    /// The field's name.
    pub name: String,
    /// For a reference: the fields of the entity it refers to; empty for the default fields.
    pub nested: Select,
}

/// An invalid list of fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("invalid `fields` at character {column}: {message}")]
pub struct SelectError {
    /// The position of the error in characters, from 1.
    pub column: usize,
    message: String,
}

/// The maximum nesting depth of `a{b{c}}` (ALM Octane help, "fields clause": up to 3 levels below the entity).
const DEPTH_MAX: usize = 3;

impl Select {
    /// These fields, without fields of the entities that they refer to.
    pub fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let field = |name: &str| SelectedField {
            name: name.to_owned(),
            nested: Self::default(),
        };
        Self {
            fields: names.into_iter().map(field).collect(),
        }
    }

    /// Adds a field.
    pub fn with(mut self, name: impl Into<String>) -> Self {
        self.fields.push(SelectedField {
            name: name.into(),
            nested: Self::default(),
        });
        self
    }

    /// Adds a reference with fields of the entity that it refers to.
    pub fn with_nested(mut self, name: impl Into<String>, nested: Select) -> Self {
        self.fields.push(SelectedField {
            name: name.into(),
            nested,
        });
        self
    }

    /// Whether no fields are listed, so that the server returns its default fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, SelectedField { name, nested }) in self.fields.iter().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
            if !nested.is_empty() {
                write!(f, "{{{nested}}}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Select {
    type Err = SelectError;

    fn from_str(text: &str) -> Result<Self, SelectError> {
        let mut parser = Parser { text, at: 0 };
        let select = parser.list(0)?;
        if parser.at < text.len() {
            return Err(parser.error("unmatched `}`"));
        }
        Ok(select)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> SelectError {
        SelectError {
            column: self.text[..self.at].chars().count() + 1,
            message: message.into(),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Select, SelectError> {
        let mut select = Select::default();
        loop {
            let name = self.name();
            if name.is_empty() {
                return Err(self.error("expected a field name"));
            }
            let mut nested = Select::default();
            if self.take('{') {
                if depth == DEPTH_MAX {
                    return Err(
                        self.error(format!("fields are nested deeper than {DEPTH_MAX} levels"))
                    );
                }
                nested = self.list(depth + 1)?;
                if !self.take('}') {
                    return Err(self.error("expected `}`"));
                }
            }
            select.fields.push(SelectedField { name, nested });
            if !self.take(',') {
                return Ok(select);
            }
        }
    }

    fn name(&mut self) -> String {
        self.skip_whitespace();
        let rest = &self.text[self.at..];
        let length = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip_whitespace();
        let found = self.text[self.at..].starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    fn skip_whitespace(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nested_fields_parse_as_they_print() {
        let text = "name,parent{id,name,phase{name}},release";
        let select: Select = text.parse().unwrap();
        assert_eq!(select.to_string(), text);
        let parent = Select::names(["id", "name"]).with_nested("phase", Select::names(["name"]));
        assert_eq!(
            select,
            Select::names(["name"])
                .with_nested("parent", parent)
                .with("release")
        );
    }

    #[test]
    fn syntax_errors_have_a_position() {
        let message = |text: &str| text.parse::<Select>().unwrap_err().to_string();
        assert_eq!(
            message("name,,id"),
            "invalid `fields` at character 6: expected a field name"
        );
        assert_eq!(
            message("a{b"),
            "invalid `fields` at character 4: expected `}`"
        );
        assert_eq!(
            message("a}b"),
            "invalid `fields` at character 2: unmatched `}`"
        );
        assert!(message("a{b{c{d{e}}}}").contains("deeper than 3"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-c{}, é]{0,30}") {
            let _ = text.parse::<Select>();
        }
    }
}
