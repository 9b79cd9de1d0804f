//! What is wrong with the text of a query.

use std::fmt;
use std::ops::Range;

/// Everything that is wrong with the text of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    text: String,
    mistakes: Vec<Mistake>,
    /// How many mistakes there are beyond those.
    more: usize,
}

/// One thing that is wrong with the text of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// Which bytes of the text are meant; empty at the end of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl QueryError {
    /// So many mistakes are told; of more than that only the number, lest a hostile query of a few bytes
    /// gets an answer of many.
    pub const MISTAKES_MAX: usize = 20;

    pub(super) fn new(text: &str, mut mistakes: Vec<Mistake>) -> Self {
        let more = mistakes.len().saturating_sub(Self::MISTAKES_MAX);
        mistakes.truncate(Self::MISTAKES_MAX);
        Self {
            text: text.to_owned(),
            mistakes,
            more,
        }
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The mistakes in the order of the text; at least one, at most [`QueryError::MISTAKES_MAX`].
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The text with a line of carets below each mistake, for people.
    pub fn to_diagram(&self) -> String {
        // One row of text keeps the carets below the right characters.
        let row: String = self
            .text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let carets = self.mistakes.iter().map(|mistake| {
            let Mistake {
                span,
                message,
                suggestion,
            } = mistake;
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
        let Some(Mistake {
            span,
            message,
            suggestion,
        }) = self.mistakes.first()
        else {
            return Ok(());
        };
        let column = self.text[..span.start].chars().count() + 1;
        write!(f, "query is wrong at character {column}: {message}")?;
        if let Some(suggestion) = suggestion {
            write!(f, "; {suggestion}")?;
        }
        match self.mistakes.len() - 1 + self.more {
            0 => Ok(()),
            count => write!(f, " (and {count} more)"),
        }
    }
}

impl std::error::Error for QueryError {}
