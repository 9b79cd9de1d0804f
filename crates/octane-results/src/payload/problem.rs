//! Problems of a payload, with their positions.

use std::fmt;

/// One violation of the rules of XML or of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckProblem {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
    /// The element, for example `test_result/test_runs/test_run[3]`; empty outside the root element.
    pub path: String,
    /// The problem, including the value.
    pub message: String,
}

/// `4:17: test_result/test_runs/test_run[1]: attribute …`
impl fmt::Display for CheckProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            path,
            message,
        } = self;
        write!(f, "{line}:{column}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)
    }
}

/// An invalid payload, with one to [`CheckError::PROBLEMS_MAX`] problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckError {
    problems: Vec<CheckProblem>,
}

impl CheckError {
    /// The number of problems after which the check stops.
    pub const PROBLEMS_MAX: usize = 20;

    pub(super) fn new(problems: Vec<CheckProblem>) -> Self {
        debug_assert!(!problems.is_empty(), "an error has at least one problem");
        Self { problems }
    }

    /// The problems, in the order in which they were found.
    pub fn problems(&self) -> &[CheckProblem] {
        &self.problems
    }
}

/// The first problem, and the number of further ones.
impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.problems.first() {
            write!(f, "{first}")?;
        }
        match self.problems.len() {
            0 | 1 => Ok(()),
            Self::PROBLEMS_MAX => write!(f, " (and at least {} more)", Self::PROBLEMS_MAX - 1),
            count => write!(f, " (and {} more)", count - 1),
        }
    }
}

impl std::error::Error for CheckError {}

/// Converts offsets to lines and columns; fastest for ascending offsets.
#[derive(Debug)]
pub(super) struct LineIndex<'x> {
    source: &'x str,
    at: usize,
    line: u64,
    line_begin: usize,
}

impl<'x> LineIndex<'x> {
    pub(super) fn new(source: &'x str) -> Self {
        Self {
            source,
            at: 0,
            line: 1,
            line_begin: 0,
        }
    }

    /// The line of the byte at `offset`.
    pub(super) fn line(&mut self, offset: usize) -> u64 {
        if offset < self.at {
            *self = Self::new(self.source);
        }
        let bytes = self.source.as_bytes();
        let end = offset.min(bytes.len());
        for (place, byte) in bytes[self.at..end].iter().enumerate() {
            if *byte == b'\n' {
                self.line += 1;
                self.line_begin = self.at + place + 1;
            }
        }
        self.at = end;
        self.line
    }

    /// Line and column of the byte at `offset`.
    pub(super) fn line_and_column(&mut self, offset: usize) -> (u64, u64) {
        let line = self.line(offset);
        let before = self.source.as_bytes()[self.line_begin..self.at]
            .iter()
            .filter(|byte| (**byte & 0xC0) != 0x80)
            .count();
        (line, before as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_in_lines_and_characters() {
        let mut lines = LineIndex::new("ab\nçd\n\nx");
        let mut at = |offset| lines.line_and_column(offset);
        assert_eq!(
            [at(0), at(5), at(7), at(1)],
            [(1, 1), (2, 2), (3, 1), (1, 2)]
        );
    }
}
