//! Invalid rows.

use std::fmt;

pub(crate) use octane_model::excerpt as shortened;

use crate::position::Position;

/// An invalid row, or an invalid test case of a report, with all of its problems.
///
/// Prints as ``nightly.csv:17: column `status`: `passd` is not a valid status; use passed, failed, skipped
/// or planned (did you mean `passed`?)``; problems of further cells follow after a semicolon.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidRow {
    /// The start of the row.
    pub position: Position,
    /// The problems; never empty.
    pub cells: Vec<InvalidCell>,
}

/// One problem of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidCell {
    /// The column, as in the header; `None` if the problem concerns the whole row.
    pub column: Option<String>,
    /// The value, truncated to 80 characters.
    pub value: String,
    /// The problem, including the value: `` `passd` is not a valid status ``.
    pub reason: String,
    /// How to correct it: `use passed, failed, skipped or planned`.
    pub hint: Option<String>,
    /// Whether the value is a word for a status that is not known, which
    /// [`StatusAliases::with`](crate::StatusAliases::with) can map.
    pub is_unknown_status: bool,
    /// Whether the value is a number of unknown units: [`Columns::with`](crate::Columns::with) says whether the column has
    /// milliseconds, [`ResultField::Duration`](crate::ResultField::Duration), or seconds,
    /// [`ResultField::DurationSeconds`](crate::ResultField::DurationSeconds).
    pub is_unit_missing: bool,
    /// Whether the value is a date-time without a time zone, where one is
    /// [required](crate::TypedTable::require_time_zone).
    pub is_time_zone_missing: bool,
}

/// What is wrong with a text in which bytes were replaced.
const INVALID_BYTES: &str = "contains bytes that are not valid in the encoding of the file";

impl InvalidCell {
    pub(crate) fn new(column: Option<&str>, value: &str, reason: impl fmt::Display) -> Self {
        let value = shortened(value);
        let reason = if value.is_empty() {
            reason.to_string()
        } else {
            format!("`{value}` {reason}")
        };
        Self {
            column: column.map(shortened),
            value,
            reason,
            hint: None,
            is_unknown_status: false,
            is_unit_missing: false,
            is_time_zone_missing: false,
        }
    }

    /// A text in which invalid bytes were replaced, but which has to be exact.
    pub(crate) fn invalid_bytes(column: Option<&str>, value: &str) -> Self {
        Self::new(column, value, INVALID_BYTES)
            .hint("save the file as UTF-8, declare its encoding, or set it")
    }

    /// Whether the text has bytes that are invalid in the encoding of the input, so that it may help to set another one.
    pub fn has_invalid_bytes(&self) -> bool {
        self.reason.ends_with(INVALID_BYTES)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for InvalidRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, cells } = self;
        write!(f, "{position}: ")?;
        for (at, cell) in cells.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{cell}")?;
        }
        Ok(())
    }
}

impl fmt::Display for InvalidCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            column,
            reason,
            hint,
            ..
        } = self;
        if let Some(column) = column {
            write!(f, "column `{column}`: ")?;
        }
        f.write_str(reason)?;
        hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl std::error::Error for InvalidRow {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_lists_all_its_invalid_cells() {
        let row = InvalidRow {
            position: Position::new("nightly.csv", 17),
            cells: vec![
                InvalidCell::new(Some("Status"), "passd", "is not a valid status")
                    .hint("use passed"),
                InvalidCell::new(Some("name"), "", "name is empty"),
            ],
        };
        assert_eq!(
            row.to_string(),
            "nightly.csv:17: column `Status`: `passd` is not a valid status; use passed; column `name`: name is empty"
        );
    }
}
