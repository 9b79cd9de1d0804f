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

/// Reads the records of one input.
pub(crate) trait RecordReader: Iterator<Item = Result<Record, ReadError>> + Send {
    /// Uses the memory of a result for a later one.
    fn recycle(&mut self, _run: Box<TestRun>) {}
}

/// The records of one input, in order; ends with the input or after the first error.
#[must_use]
pub struct Records {
    records: Option<Box<dyn RecordReader>>,
}

impl Records {
    pub(crate) fn new(records: impl RecordReader + 'static) -> Self {
        Self {
            records: Some(Box::new(records)),
        }
    }

    /// Gives back a result that is no longer needed. Readers of large inputs use its memory for a later result, which makes
    /// them faster.
    pub fn recycle(&mut self, run: Box<TestRun>) {
        if let Some(records) = &mut self.records {
            records.recycle(run);
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
