//! Tables in Parquet.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{
    DurationMillisecondBuilder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use thiserror::Error;

use super::csv;
use super::environment::environment;
use crate::read::field::ResultField;
use crate::run::TestRun;

/// How many rows become a batch.
const BATCH_ROWS: usize = 1024;

/// How many rows and bytes a row group has at most; it is in memory until it is complete.
const GROUP_ROWS: usize = 64 * 1024;
const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// Writes results as a table in Parquet, with the columns of [`ExportFormat::Csv`](crate::ExportFormat::Csv): `duration` as
/// a duration in milliseconds, `started` as a timestamp in microseconds UTC, `jira` as a list of texts, all others as texts. What a
/// result does not have is null.
///
/// Memory use is that of one row group, whatever the number of results.
///
/// ```
/// use octane_results::{ParquetExporter, ReadOptions, Record, Source, Status, TestRun, read};
///
/// let run = TestRun::new("adds_tax", Status::Passed).class("CartTest").jira(["SHOP-12"]);
/// let mut table = Vec::new();
/// let mut exporter = ParquetExporter::new()?;
/// exporter.write(&run, &mut table)?;
/// exporter.finish(&mut table)?;
/// let source = Source::bytes("out.parquet", table);
/// let records: Vec<Record> = read(&source, &ReadOptions::default())?.collect::<Result<_, _>>()?;
/// let [Record::Run(again)] = &records[..] else { panic!("{records:?}") };
/// assert_eq!((&again.identity, &again.jira), (&run.identity, &run.jira));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ParquetExporter {
    writer: ArrowWriter<Vec<u8>>,
    schema: SchemaRef,
    columns: Vec<(ResultField, Column)>,
    /// How many rows are in `columns`.
    rows: usize,
}

/// Why a table in Parquet cannot be written.
#[derive(Debug, Error)]
#[error("cannot write Parquet: {0}")]
pub struct ParquetExportError(#[source] ParquetError);

impl From<ArrowError> for ParquetExportError {
    fn from(error: ArrowError) -> Self {
        Self(error.into())
    }
}

impl From<ParquetError> for ParquetExportError {
    fn from(error: ParquetError) -> Self {
        Self(error)
    }
}

/// The cells of a column.
enum Column {
    Texts(StringBuilder),
    Duration(DurationMillisecondBuilder),
    Started(TimestampMicrosecondBuilder),
    Keys(ListBuilder<StringBuilder>),
}

impl ParquetExporter {
    /// An exporter that has written nothing.
    pub fn new() -> Result<Self, ParquetExportError> {
        let columns: Vec<(ResultField, Column)> =
            fields().map(|field| (field, Column::new(field))).collect();
        let schema = columns.iter().map(|(field, column)| {
            let is_required = ResultField::REQUIRED.contains(field);
            Field::new(field.as_str(), column.data_type(), !is_required)
        });
        let schema = Arc::new(Schema::new(schema.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_max_row_group_bytes(Some(GROUP_BYTES))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
        Ok(Self {
            writer,
            schema,
            columns,
            rows: 0,
        })
    }

    /// Writes a result, and appends to `out` what is ready of the file.
    pub fn write(&mut self, run: &TestRun, out: &mut Vec<u8>) -> Result<(), ParquetExportError> {
        for (field, column) in &mut self.columns {
            column.push(*field, run);
        }
        self.rows += 1;
        if self.rows == BATCH_ROWS {
            self.write_batch()?;
            out.append(self.writer.inner_mut());
        }
        Ok(())
    }

    /// Appends the rest of the file to `out`.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), ParquetExportError> {
        self.write_batch()?;
        out.append(&mut self.writer.into_inner()?);
        Ok(())
    }

    fn write_batch(&mut self) -> Result<(), ParquetExportError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let arrays = self.columns.iter_mut().map(|(_, column)| column.finish());
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect())?;
        Ok(self.writer.write(&batch)?)
    }
}

impl fmt::Debug for ParquetExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetExporter")
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

/// The columns of CSV, in their order.
fn fields() -> impl Iterator<Item = ResultField> {
    let header = std::str::from_utf8(csv::PREFIX).unwrap_or_default();
    header
        .trim_end()
        .split(',')
        .filter_map(ResultField::from_header)
}

impl Column {
    fn new(field: ResultField) -> Self {
        match field {
            ResultField::Duration => Self::Duration(DurationMillisecondBuilder::new()),
            ResultField::Started => {
                Self::Started(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            ResultField::Jira => Self::Keys(ListBuilder::new(StringBuilder::new())),
            _ => Self::Texts(StringBuilder::new()),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Texts(_) => DataType::Utf8,
            Self::Duration(_) => DataType::Duration(TimeUnit::Millisecond),
            Self::Started(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Keys(_) => DataType::new_list(DataType::Utf8, true),
        }
    }

    fn push(&mut self, field: ResultField, run: &TestRun) {
        match self {
            Self::Texts(texts) => {
                let text = text(field, run);
                let is_kept = !text.is_empty() || ResultField::REQUIRED.contains(&field);
                texts.append_option(is_kept.then_some(text));
            }
            Self::Duration(durations) => {
                let millis = i64::try_from(run.duration.as_millis());
                durations.append_value(millis.unwrap_or(i64::MAX));
            }
            Self::Started(times) => {
                times.append_option(run.started.map(jiff::Timestamp::as_microsecond));
            }
            Self::Keys(lists) => {
                for key in &run.jira {
                    lists.values().append_value(key);
                }
                lists.append(!run.jira.is_empty());
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Texts(texts) => Arc::new(texts.finish()),
            Self::Duration(durations) => Arc::new(durations.finish()),
            Self::Started(times) => Arc::new(times.finish()),
            Self::Keys(lists) => Arc::new(lists.finish()),
        }
    }
}

/// The text of a field; empty if there is none.
fn text(field: ResultField, run: &TestRun) -> Cow<'_, str> {
    let failure = run.failure.as_ref();
    let text = match field {
        ResultField::Module => Some(&*run.identity.module),
        ResultField::Package => Some(&*run.identity.package),
        ResultField::Class => Some(&*run.identity.class),
        ResultField::Name => Some(&*run.identity.name),
        ResultField::Status => return run.status.as_str().to_lowercase().into(),
        ResultField::RunName => run.run_name.as_deref(),
        ResultField::ErrorType => failure.and_then(|failure| failure.error_type.as_deref()),
        ResultField::ErrorMessage => failure.and_then(|failure| failure.message.as_deref()),
        ResultField::ErrorDetails => failure.map(|failure| &*failure.details),
        ResultField::Description => run.description.as_deref(),
        ResultField::ExternalTestId => run.external_test_id.as_deref(),
        ResultField::ExternalRunId => run.external_run_id.as_deref(),
        ResultField::ReportUrl => run.report_url.as_deref(),
        ResultField::Tags => return environment(run).into(),
        ResultField::Duration
        | ResultField::DurationSeconds
        | ResultField::Started
        | ResultField::Jira => None,
    };
    text.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::context::Tag;
    use crate::read::options::ReadOptions;
    use crate::read::read;
    use crate::read::record::Record;
    use crate::run::Failure;
    use crate::source::Source;
    use crate::status::Status;

    fn written(runs: impl Iterator<Item = TestRun>) -> (Vec<u8>, usize) {
        let mut exporter = ParquetExporter::new().unwrap();
        let mut table = Vec::new();
        for run in runs {
            exporter.write(&run, &mut table).unwrap();
        }
        let before_end = table.len();
        exporter.finish(&mut table).unwrap();
        (table, before_end)
    }

    fn again(table: Vec<u8>) -> Vec<TestRun> {
        let records = read(&Source::bytes("out", table), &ReadOptions::default()).unwrap();
        let runs = records.map(|record| match record.unwrap() {
            Record::Run(mut run) => {
                run.position = None;
                *run
            }
            other => panic!("{other:?}"),
        });
        runs.collect()
    }

    #[test]
    fn the_columns_are_those_of_csv() {
        let names: Vec<&str> = fields().map(ResultField::as_str).collect();
        assert_eq!(names.join(",") + "\n", str::from_utf8(csv::PREFIX).unwrap());
    }

    #[test]
    fn what_is_written_reads_as_what_it_was() {
        let mut failed = TestRun::new("adds, \"tax\" <1>", Status::Failed)
            .module("Shop")
            .package("shop.cart")
            .class("CartTest")
            .duration(Duration::from_millis(1250))
            .started("2026-11-28T05:00:00.5Z".parse().unwrap())
            .failure(
                Failure::new("1 != 2")
                    .error_type("AssertionError")
                    .details("  at a\n  at b"),
            )
            .jira(["SHOP-1", "SHOP-2"]);
        failed.run_name = Some("adds [firefox]".to_owned());
        failed.external_test_id = Some("7".to_owned());
        failed.external_run_id = Some("8".to_owned());
        failed.report_url = Some("https://ci.example.com/1".to_owned());
        failed.description = Some("sums up".to_owned());
        failed.context.environment = vec![Tag::new("OS", "Linux"), Tag::new("Browser", "Firefox")];
        let runs = vec![failed, TestRun::new("later", Status::Planned)];
        assert_eq!(again(written(runs.clone().into_iter()).0), runs);
    }

    #[test]
    fn many_results_are_written_as_they_come() {
        let run = |number: usize| TestRun::new(format!("t{number}"), Status::Passed);
        let count = 2 * GROUP_ROWS + 7;
        let (table, before_end) = written((0..count).map(run));
        assert!(
            before_end > table.len() / 2,
            "{before_end} of {}",
            table.len()
        );
        let again = again(table);
        assert_eq!(again.len(), count);
        assert_eq!(again[count - 1], run(count - 1));
    }

    #[test]
    fn no_results_are_a_table_too() {
        let (table, _) = written(std::iter::empty());
        let records = read(&Source::bytes("out", table), &ReadOptions::default()).unwrap();
        assert_eq!(records.count(), 1);
    }
}
