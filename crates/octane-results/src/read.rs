//! Reads inputs.

use std::io::{Cursor, Read};

use crate::sniff::{self, Format};
use crate::source::Source;

mod cleaned;
pub(crate) mod columns;
pub(crate) mod commas;
mod csv;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod field;
pub(crate) mod file_names;
mod jira_keys;
pub(crate) mod jira_sources;
mod junit;
mod line_column;
pub(crate) mod options;
pub(crate) mod record;
mod row;
mod spelling;
pub(crate) mod status_aliases;
mod text;
mod xml;

use cleaned::Cleaned;
use commas::Commas;
use error::{ReadError, ReadErrorKind};
use options::ReadOptions;
use record::Records;

/// The number of bytes from which the format of an input is detected.
const HEAD_BYTES: u64 = 8 * 1024;

/// Opens `source`, detects its format and reads its header.
///
/// The records are read lazily, one at a time: memory use does not depend on the size of the input.
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

    let with_kind = |error: ReadError| {
        if sniff::is_other_kind(&head, source.name(), &options.status_aliases) {
            error.of_other_kind()
        } else {
            error
        }
    };
    let format = match options.format {
        Some(format) => format,
        None => sniff::sniff(&head, source.extension()).map_err(|found| {
            with_kind(ReadError::new(
                source.shared_name(),
                ReadErrorKind::Format { found },
            ))
        })?,
    };
    let input = Cursor::new(head.clone()).chain(input);
    match format {
        Format::Junit => junit::Junit::new(file, input, &head, options)
            .map(|report| report.with_commas(commas(source, format, options)))
            .map(|report| Records::new(Cleaned::new(report, &options.scrub)))
            .map_err(with_kind),
        Format::Csv => csv::Csv::new(file, input, &head, options)
            .map(|table| table.with_commas(commas(source, format, options)))
            .map(|table| Records::new(Cleaned::new(table, &options.scrub)))
            .map_err(with_kind),
    }
}

/// How the commas in the durations of `source` are found out: by reading it again.
fn commas(source: &Source, format: Format, options: &ReadOptions) -> Commas {
    if !source.is_repeatable() {
        return Commas::default();
    }
    let (source, options) = (source.clone(), options.clone());
    Commas::new(move |see| {
        let Ok(mut input) = source.open() else { return };
        let mut head = Vec::new();
        if (input.by_ref().take(HEAD_BYTES))
            .read_to_end(&mut head)
            .is_err()
        {
            return;
        }
        let input = Cursor::new(head.clone()).chain(input);
        let file = source.shared_name();
        match format {
            Format::Junit => junit::see_durations(file, input, &head, &options, see),
            Format::Csv => csv::see_durations(file, input, &head, &options, see),
        }
    })
}
