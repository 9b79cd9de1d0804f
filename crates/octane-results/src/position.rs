//! Positions in inputs.

use std::fmt;
use std::sync::Arc;

/// A position in an input, printed as `file:line`, `file:line:column` or ``file: row `label` ``.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The name of the input as given by the user, shared by all positions in it.
    pub file: Arc<str>,
    /// The line, from 1; the row, from 1, of an input that has no lines.
    pub line: u64,
    /// The column in characters, from 1, if it is known.
    pub column: Option<u64>,
    /// What the row is called, for example by the index of a data frame; printed instead of the line.
    pub label: Option<Arc<str>>,
}

impl Position {
    /// The line `line` of the input `file`.
    pub fn new(file: impl Into<Arc<str>>, line: u64) -> Self {
        Self {
            file: file.into(),
            line,
            column: None,
            label: None,
        }
    }

    /// Sets the column, in characters from 1.
    #[must_use]
    pub fn column(mut self, column: Option<u64>) -> Self {
        self.column = column;
        self
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            label,
        } = self;
        if let Some(label) = label {
            return write!(f, "{file}: row `{label}`");
        }
        write!(f, "{file}:{line}")?;
        column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_prints_its_label_or_its_line() {
        let mut position = Position::new("frame", 7);
        assert_eq!(position.to_string(), "frame:7");
        assert_eq!(position.clone().column(Some(3)).to_string(), "frame:7:3");
        position.label = Some("nightly-7".into());
        assert_eq!(position.to_string(), "frame: row `nightly-7`");
    }
}
