//! Tables of Arrow: files (also called Feather 2 or IPC files) and streams.
//!
//! Arrow and Parquet are read by programs that were built with the feature `arrow`; others say so. A file is recognised by its
//! first bytes, whatever it is called.
//!
//! The columns are those of CSV: their names, the words for a status and the words for a missing value are the same. Null and
//! NaN are absent. All widths of texts, whole numbers, decimals and floating-point numbers are read, dictionaries of them, and bytes
//! that are a text in UTF-8. A number as a name or an ID is its digits; `12.0` is `12`.
//!
//! - `duration` is a duration, a time of day, or an interval without months. A number needs a unit: a column `duration_s`
//!   or `duration_ms`, or `--column 'took=duration_s'`.
//! - `started` is a timestamp of any unit, a date, or a number since 1970 as in CSV. Without a time zone it is in that of
//!   `--time-zone`, by default UTC.
//! - `jira`, `tags`, `description`, `error_message` and `error_details` may be lists of texts.
//! - `status` has to be a word. Map others: `--status-map true=passed`.
//!
//! Structs, maps, unions, fixed-size bytes and extension types, such as the periods of pandas, are invalid, but only in a column that
//! means something. The columns `__index_level_0__` of pandas are ignored. Rows are counted from 1 in messages.
//!
//! Memory depends on the size of the record batches: a file that is one batch is in memory as a whole.

use ::arrow_schema::SchemaRef;

use super::error::{ReadError, ReadErrorKind};
use super::field::ResultField;
use super::options::ReadOptions;
use super::record::Records;
use super::report::file::Input;
use super::seekable::seekable;
use crate::source::Source;

pub(crate) mod ipc;
pub(crate) mod records;
pub(crate) mod table;

use records::{ArrowRecords, error, guarded};
use table::ArrowTable;

/// The first bytes of a file; a stream has others.
pub(crate) const MAGIC: &[u8] = b"ARROW1";

/// Opens `source`, whose first bytes are `head`.
pub(super) fn records(
    source: &Source,
    input: Input,
    head: &[u8],
    options: &ReadOptions,
) -> Result<Records, ReadError> {
    let failed = |kind| ReadError::new(source.shared_name(), kind);
    if !head.starts_with(MAGIC) {
        let stream = guarded(|| ipc::Stream::new(input)).map_err(failed)?;
        let stream = stream.map_err(|reason| failed(error(reason)))?;
        let table = table(source, stream.schema(), options)?;
        return Ok(Records::new(ArrowRecords::new(table, stream)));
    }
    let file = seekable(source, input, head).map_err(|error| failed(ReadErrorKind::Io(error)))?;
    let schema = guarded(|| ipc::schema(&file)).map_err(failed)?;
    let schema = schema.map_err(|reason| failed(error(reason)))?;
    let table = table(source, schema, options)?.projected();
    let batches = guarded(|| ipc::batches(file, table.projection())).map_err(failed)?;
    let batches = batches.map_err(|reason| failed(error(reason)))?;
    Ok(Records::new(ArrowRecords::new(table, batches)))
}

/// The table of a file, which is of another kind if it has no column that may be a status.
pub(super) fn table(
    source: &Source,
    schema: SchemaRef,
    options: &ReadOptions,
) -> Result<ArrowTable, ReadError> {
    ArrowTable::new(source.shared_name(), schema, options).map_err(|error| match error.kind() {
        ReadErrorKind::MissingColumns { header, .. }
        | ReadErrorKind::UnknownColumn { header, .. }
            if !may_have_status(header) =>
        {
            error.of_other_kind()
        }
        _ => error,
    })
}

fn may_have_status(header: &[String]) -> bool {
    let is_status = |name: &String| ResultField::from_header(name) == Some(ResultField::Status);
    header.iter().any(is_status) || ResultField::Status.probable_column(header).is_some()
}

#[cfg(test)]
mod tests;
