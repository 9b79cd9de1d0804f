//! Records from batches.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::table::ArrowTable;
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::record::{Record, RecordReader};
use crate::run::TestRun;

/// How many rows of a batch are read at a time.
pub(crate) const SLICE_ROWS: usize = 1024;

type Label = Box<dyn Fn(u64) -> Option<String> + Send>;

/// The records of an [`ArrowTable`], from batches of any size, of which a slice at a time is read: a whole data frame may be one
/// batch.
///
/// Ends after the first error.
pub struct ArrowRecords<B> {
    table: ArrowTable,
    batches: B,
    /// What is left of the batch that is being read.
    batch: Option<RecordBatch>,
    label: Label,
    has_ended: bool,
}

impl<B: Iterator<Item = Result<RecordBatch, ArrowError>>> ArrowRecords<B> {
    /// The records of `batches`.
    pub fn new(table: ArrowTable, batches: B) -> Self {
        Self {
            table,
            batches,
            batch: None,
            label: Box::new(|_| None),
            has_ended: false,
        }
    }

    /// Names rows in messages: the row with a number from 1 by what `label` returns, if it returns something. It is only
    /// called for rows that are in messages.
    #[must_use]
    pub fn with_labels(mut self, label: impl Fn(u64) -> Option<String> + Send + 'static) -> Self {
        self.label = Box::new(label);
        self
    }

    /// Reads the next rows; `false` if there are none.
    fn advance(&mut self) -> Result<bool, ReadErrorKind> {
        let batch = match self.batch.take() {
            Some(batch) => batch,
            None => match guarded(|| self.batches.next())? {
                Some(batch) => batch.map_err(error)?,
                None => return Ok(false),
            },
        };
        let rows = batch.num_rows().min(SLICE_ROWS);
        if rows < batch.num_rows() {
            self.batch = Some(batch.slice(rows, batch.num_rows() - rows));
        }
        self.table.read_batch(&batch.slice(0, rows), &self.label)?;
        Ok(true)
    }
}

impl<B: Iterator<Item = Result<RecordBatch, ArrowError>> + Send> RecordReader for ArrowRecords<B> {
    fn recycle(&mut self, run: Box<TestRun>) {
        self.table.table().recycle(run);
    }
}

impl<B: Iterator<Item = Result<RecordBatch, ArrowError>>> Iterator for ArrowRecords<B> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.table.table().records().next() {
                return Some(Ok(record));
            }
            if self.has_ended {
                return None;
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => {
                    self.has_ended = true;
                    self.table.table().finish();
                }
                Err(kind) => {
                    self.has_ended = true;
                    return Some(Err(ReadError::new(self.table.table().name(), kind)));
                }
            }
        }
    }
}

impl<B> fmt::Debug for ArrowRecords<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrowRecords")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// Runs what reads bytes of a file in a library that panics at some damages of it.
pub(crate) fn guarded<T>(read: impl FnOnce() -> T) -> Result<T, ReadErrorKind> {
    // Whatever `read` has left half done is not used again.
    panic::catch_unwind(AssertUnwindSafe(read)).map_err(|_| ReadErrorKind::Batches {
        reason: "the file is damaged".to_owned(),
    })
}

pub(crate) fn error(error: ArrowError) -> ReadErrorKind {
    match error {
        ArrowError::IoError(_, error) => ReadErrorKind::Io(error),
        error => ReadErrorKind::Batches {
            reason: error.to_string(),
        },
    }
}
