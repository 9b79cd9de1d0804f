//! Errors in the text of a query.

use std::fmt;
use std::ops::Range;

use crate::clean::is_unsafe;
/// All syntax errors of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    text: String,
    errors: Vec<SyntaxError>,
    /// The number of further errors.
    more: usize,
}

/// One syntax error of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyntaxError {
    /// The bytes of the text that are wrong; empty at the end of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to correct it.
    pub suggestion: Option<String>,
}

impl QueryError {
    /// The maximum number of errors that are reported; further ones are only counted, so that a short hostile
    /// query cannot cause a long response.
    pub const SYNTAX_ERRORS_MAX: usize = 20;

    pub(super) fn new(text: &str, mut errors: Vec<SyntaxError>) -> Self {
        let more = errors.len().saturating_sub(Self::SYNTAX_ERRORS_MAX);
        errors.truncate(Self::SYNTAX_ERRORS_MAX);
        Self {
            text: text.to_owned(),
            errors,
            more,
        }
    }

    /// The text of the query.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The errors in the order of the text; at least one, at most [`QueryError::SYNTAX_ERRORS_MAX`].
    pub fn syntax_errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// The text with a line of carets below each error, for users.
    pub fn to_diagram(&self) -> String {
        // A single line keeps the carets below the right characters.
        let row: String = self
            .text
            .chars()
            .map(|c| if is_unsafe(c) { ' ' } else { c })
            .collect();
        let carets = self.errors.iter().map(|error| {
            let SyntaxError {
                span,
                message,
                suggestion,
            } = error;
            let before = self.text[..span.start].chars().count();
            let width = self.text[span.clone()].chars().count().max(1);
            let hint = suggestion
                .as_ref()
                .map(|hint| format!("; {hint}"))
                .unwrap_or_default();
            format!("  {:before$}{:^<width$} {message}{hint}\n", "", "")
        });
        std::iter::once(format!("  {row}\n"))
            .chain(carets)
            .collect()
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(SyntaxError {
            span,
            message,
            suggestion,
        }) = self.errors.first()
        else {
            return Ok(());
        };
        let column = self.text[..span.start].chars().count() + 1;
        write!(f, "invalid query at character {column}: {message}")?;
        if let Some(suggestion) = suggestion {
            write!(f, "; {suggestion}")?;
        }
        match self.errors.len() - 1 + self.more {
            0 => Ok(()),
            count => write!(f, " (and {count} more)"),
        }
    }
}

impl std::error::Error for QueryError {}
