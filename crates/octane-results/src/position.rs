//! Where something was read.

use std::fmt;
use std::sync::Arc;

/// A place in an input, printed as `file:line` or `file:line:column`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The input's name as the user gave it, shared by all positions in it.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: u64,
    /// The column, counted from 1 in characters, where it is known.
    pub column: Option<u64>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column } = self;
        write!(f, "{file}:{line}")?;
        column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}
