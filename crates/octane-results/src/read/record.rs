//! The records of an input.

use std::iter::FusedIterator;

use crate::invalid::InvalidRow;
use crate::read::error::ReadError;
use crate::run::TestRun;
use crate::warning::Warning;

/// One item of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A result.
    Run(Box<TestRun>),
    /// An invalid row; reading continues.
    Invalid(InvalidRow),
    /// A warning; reading continues.
    Warning(Warning),
}

/// The records of one input, in order; ends with the input or after the first error.
#[must_use]
pub struct Records {
    records: Option<Box<dyn Iterator<Item = Result<Record, ReadError>> + Send>>,
}

impl Records {
    pub(crate) fn new(
        records: impl Iterator<Item = Result<Record, ReadError>> + Send + 'static,
    ) -> Self {
        Self {
            records: Some(Box::new(records)),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.records.as_mut()?.next();
        if !matches!(next, Some(Ok(_))) {
            // Dropped immediately, so that the file is closed before the caller continues with the next one.
            self.records = None;
        }
        next
    }
}

impl FusedIterator for Records {}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let has_ended = self.records.is_none();
        f.debug_struct("Records")
            .field("has_ended", &has_ended)
            .finish_non_exhaustive()
    }
}
