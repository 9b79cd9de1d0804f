//! Tables in Parquet.
//!
//! They are read like those of [`arrow`](super::arrow), into whose types theirs are converted: what is said there about columns, types
//! and messages is true here. Compression with Snappy, Zstandard, LZ4 and gzip is supported; Brotli and encryption are not.
//!
//! Times that Spark writes as `INT96` have no time zone: they are in that of `--time-zone`, by default UTC, which is how Spark
//! means them. Memory does not depend on the number of rows, but on the size of pages.

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::errors::ParquetError;

use super::arrow::records::{ArrowRecords, SLICE_ROWS, guarded};
use super::arrow::table;
use super::error::{ReadError, ReadErrorKind};
use super::options::ReadOptions;
use super::record::Records;
use super::report::file::Input;
use super::seekable::seekable;
use crate::source::Source;

/// Opens `source`, whose first bytes are `head`.
pub(super) fn records(
    source: &Source,
    input: Input,
    head: &[u8],
    options: &ReadOptions,
) -> Result<Records, ReadError> {
    let failed = |kind| ReadError::new(source.shared_name(), kind);
    let malformed = |reason: ParquetError| {
        failed(ReadErrorKind::Batches {
            reason: reason.to_string(),
        })
    };
    let file = seekable(source, input, head).map_err(|error| failed(ReadErrorKind::Io(error)))?;
    let reader = guarded(|| ParquetRecordBatchReaderBuilder::try_new(file)).map_err(failed)?;
    let reader = reader.map_err(malformed)?;
    let table = table(source, reader.schema().clone(), options)?.projected();
    let columns = table.projection().iter().copied();
    let columns = ProjectionMask::roots(reader.parquet_schema(), columns);
    let reader = reader.with_projection(columns).with_batch_size(SLICE_ROWS);
    let batches = guarded(|| reader.build()).map_err(failed)?;
    let batches = batches.map_err(malformed)?;
    Ok(Records::new(ArrowRecords::new(table, batches)))
}

#[cfg(test)]
mod tests;
