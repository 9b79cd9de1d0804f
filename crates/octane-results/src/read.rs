//! From inputs to results.

use std::io::{Cursor, Read};
use std::iter::FusedIterator;

use crate::{Format, InvalidRow, Source, TestRun, Warning, sniff};

pub(crate) mod columns;
mod csv;
pub(crate) mod error;
mod junit;
mod keys;
pub(crate) mod options;
mod row;
mod text;
pub(crate) mod words;
mod xml;

use error::{ReadError, ReadErrorKind};
use options::ReadOptions;

/// How many bytes are looked at to tell what an input is.
const HEAD_BYTES: u64 = 8 * 1024;

/// What reading an input brings to light, piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all records are runs; a box around each would cost more than it saves"
)]
pub enum Record {
    /// A result.
    Run(TestRun),
    /// A row that cannot be used; reading goes on.
    Invalid(InvalidRow),
    /// Something odd; reading goes on.
    Warning(Warning),
}

/// The records of one input in their order; ends with the input or after the first error.
pub struct Records {
    records: Option<Box<dyn Iterator<Item = Result<Record, ReadError>> + Send>>,
}

impl Records {
    fn new(records: impl Iterator<Item = Result<Record, ReadError>> + Send + 'static) -> Self {
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
            // Dropped at once, so that the file is closed while the caller goes on with the next one.
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

/// Opens `source`, finds out what it is and reads it as far as the header.
///
/// The records are read one at a time, as they are asked for: memory does not grow with the input.
///
/// ```
/// use octane_results::{ReadOptions, Record, Source, Status, read};
///
/// let table = Source::bytes("nightly.csv", *b"name,status,jira\nadds tax,passed,SHOP-12\n");
/// let records: Vec<Record> = read(&table, &ReadOptions::default())?.collect::<Result<_, _>>()?;
/// let [Record::Run(run)] = &records[..] else { panic!("{records:?}") };
/// assert_eq!(run.status, Status::Passed);
/// assert_eq!(run.jira, ["SHOP-12"]);
/// # Ok::<(), octane_results::ReadError>(())
/// ```
pub fn read(source: &Source, options: &ReadOptions) -> Result<Records, ReadError> {
    let file = source.shared_name();
    let io_error = |error| ReadError::io(source.shared_name(), error);
    let mut input = source.open().map_err(io_error)?;
    let mut head = Vec::new();
    (input.by_ref().take(HEAD_BYTES))
        .read_to_end(&mut head)
        .map_err(io_error)?;

    let format = match options.format {
        Some(format) => format,
        None => sniff::sniff(&head, source.extension()).map_err(|found| {
            ReadError::new(source.shared_name(), ReadErrorKind::Format { found })
        })?,
    };
    let input = Cursor::new(head.clone()).chain(input);
    match format {
        Format::Junit => junit::Junit::new(file, input, &head, options).map(Records::new),
        Format::Csv => csv::Csv::new(file, input, &head, options).map(Records::new),
    }
}
