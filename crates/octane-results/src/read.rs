//! Reads inputs.

use std::sync::Arc;

use crate::format::Format;
use crate::sniff;
use crate::source::Source;

mod absent;
mod allure;
#[cfg(feature = "arrow")]
pub(crate) mod arrow;
#[cfg(feature = "arrow-cells")]
pub(crate) mod arrow_cells;
mod catch2;
pub(crate) mod cell;
pub(crate) mod class_name;
mod cleaned;
pub(crate) mod columns;
pub(crate) mod commas;
mod csv;
mod ctrf;
mod cucumber;
mod cucumber_messages;
mod dart;
mod distinct;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod field;
pub(crate) mod file_names;
mod file_state;
mod go_test;
mod googletest;
mod head;
mod jest;
mod jira_keys;
pub(crate) mod jira_map;
pub(crate) mod jira_sources;
mod json_durations;
pub(crate) mod json_reader;
mod json_table;
mod junit;
mod line_column;
mod mocha;
mod ndjson_table;
mod nunit;
mod objects;
mod octane;
pub(crate) mod options;
#[cfg(feature = "arrow")]
mod parquet;
mod parts;
mod playwright;
pub(crate) mod process;
pub(crate) mod processed_records;
mod pytest_json;
pub(crate) mod record;
mod report;
mod robot;
mod row;
mod rspec;
mod run_errors;
#[cfg(feature = "arrow")]
mod seekable;
mod spare;
pub(crate) mod spelling;
mod start_times;
pub(crate) mod status_aliases;
mod tags;
mod tap;
mod testng;
mod text;
mod trx;
pub(crate) mod typed_table;
mod xml;
mod xunit;

use cleaned::Cleaned;
use commas::Commas;
use csv::Csv;
use encoding::in_utf_8;
use error::{ReadError, ReadErrorKind};
use head::{Opened, first, open};
use junit::parts::can_be_cut;
use junit::parts::part::Setting;
use options::ReadOptions;
use process::Process;
use processed_records::ProcessedRecords;
use record::Records;
use report::file::Input;
use report::json::{JsonFormat, JsonReport};
use report::lines::{LineFormat, LineReport};
use report::xml::{XmlFormat, XmlReport};
use report::{ReportFile, ReportReader, ReportRecords};

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
    let opened = open(source).map_err(|error| ReadError::io(source.shared_name(), error))?;
    let format = format(source, &opened, options)?;
    read_as(format, source, opened, options)
}

/// Like [`read`], but passes each result to `process` on the thread that has read it. Up to `threads` of them read parts of a
/// large report or table at once; what is read, and its order, do not depend on it.
///
/// ```
/// use std::sync::Arc;
/// use octane_results::{Process, Processed, ReadOptions, Source, TestRun, read_processed};
///
/// /// The names of tests, a line each.
/// struct Names;
///
/// impl Process for Names {
///     type Output = String;
///
///     fn begin(&self) -> String {
///         String::new()
///     }
///
///     fn run(&self, run: &mut TestRun, names: &mut String) {
///         names.push_str(&run.identity.name);
///         names.push('\n');
///     }
/// }
///
/// let table = Source::bytes("in.csv", *b"name,status\na,passed\nb,failed\n");
/// let mut names = String::new();
/// for processed in read_processed(&table, &ReadOptions::default(), &Arc::new(Names), 4)? {
///     if let Processed::Runs(some) = processed? {
///         names.push_str(&some);
///     }
/// }
/// assert_eq!(names, "a\nb\n");
/// # Ok::<(), octane_results::ReadError>(())
/// ```
pub fn read_processed<P: Process>(
    source: &Source,
    options: &ReadOptions,
    process: &Arc<P>,
    threads: usize,
) -> Result<ProcessedRecords<P>, ReadError> {
    let opened = open(source).map_err(|error| ReadError::io(source.shared_name(), error))?;
    let format = format(source, &opened, options)?;
    let (head, _) = &opened;
    if format == Format::Junit && threads > 1 && can_be_cut(head, options) {
        let (head, input) = opened;
        let setting = Setting {
            file: source.shared_name(),
            options: options.clone(),
            commas: commas(source, format, options),
            process: Arc::clone(process),
        };
        return Ok(ProcessedRecords::of_report(setting, input, head, threads));
    }
    if format == Format::Csv {
        let table = table(source, opened, options)?;
        let process = Arc::clone(process);
        return Ok(ProcessedRecords::of_table(table, options, process, threads));
    }
    let records = read_as(format, source, opened, options)?;
    Ok(ProcessedRecords::of(records, Arc::clone(process)))
}

/// The format of a source, as `options` have it or else detected.
fn format(source: &Source, (head, _): &Opened, options: &ReadOptions) -> Result<Format, ReadError> {
    if let Some(format) = options.format {
        return Ok(format);
    }
    let format = sniff::sniff(head, source.extension()).map_err(|found| {
        let error = ReadError::new(source.shared_name(), ReadErrorKind::Format { found });
        with_kind(error, source, head, options)
    })?;
    // A cell may have lines of anything.
    let may_be_cells = matches!(format, Format::Tap | Format::GoTest | Format::Dart);
    let is_above = |above: &[u8]| sniff::sniff(above, None) == Ok(Format::Csv);
    if may_be_cells && csv::is_table(head, options, is_above) {
        return Ok(Format::Csv);
    }
    // In NDJSON, each line that is no JSON is an invalid row.
    if matches!(format, Format::Json | Format::Csv)
        && let Some(line) = sniff::line_of_json(head, source.extension())
    {
        let reason = format!(
            "something was printed before the report, which begins in line {line}; remove it"
        );
        let kind = ReadErrorKind::MalformedJson { reason };
        return Err(ReadError::new(source.shared_name(), kind));
    }
    Ok(format)
}

/// The same error, with what it says of a source that holds no results.
fn with_kind(error: ReadError, source: &Source, head: &[u8], options: &ReadOptions) -> ReadError {
    if is_other_kind(source, head, options) {
        error.of_other_kind()
    } else {
        error
    }
}

/// Whether a source that begins with `head` seems to hold something other than results.
fn is_other_kind(source: &Source, head: &[u8], options: &ReadOptions) -> bool {
    // What a document in JSON has may be far below its beginning, and so may the header of a table.
    let is_json = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
    let is_table = source.extension().and_then(Format::from_extension) == Some(Format::Csv);
    let head = if is_json || is_table {
        head
    } else {
        first(head)
    };
    if is_table && !options.columns.are_ascii() && has_unknown_encoding(head, options) {
        return false;
    }
    let (aliases, encoding) = (&options.status_aliases, options.encoding);
    sniff::is_other_kind(head, source.name(), aliases, encoding)
}

/// Whether a text is not in UTF-8, and nothing says what else it is: names in it cannot be compared with others.
fn has_unknown_encoding(head: &[u8], options: &ReadOptions) -> bool {
    let text = in_utf_8(head, options.encoding);
    // What is cut off at the end has no length.
    std::str::from_utf8(&text).is_err_and(|error| error.error_len().is_some())
}

/// A table whose header has been read.
fn table(
    source: &Source,
    (head, input): Opened,
    options: &ReadOptions,
) -> Result<Csv<Input>, ReadError> {
    match Csv::new(source.shared_name(), input, &head, options) {
        Ok(table) => Ok(table.with_commas(commas(source, Format::Csv, options))),
        Err(error) => Err(with_kind(error, source, &head, options)),
    }
}

/// The records of a source in this format.
fn read_as(
    format: Format,
    source: &Source,
    (head, input): Opened,
    options: &ReadOptions,
) -> Result<Records, ReadError> {
    let file = source.shared_name();
    let with_kind = |error| with_kind(error, source, &head, options);
    let commas = commas(source, format, options);
    if matches!(format, Format::Arrow | Format::Parquet) {
        return columnar(source, format, input, &head, options);
    }
    let records = match format {
        Format::Junit => junit::Junit::new(file, input, &head, options)
            .map(|report| Records::new(Cleaned::new(report.with_commas(commas), options))),
        Format::Csv => {
            let table = table(source, (head, input), options)?;
            return Ok(Records::new(Cleaned::new(table, options)));
        }
        other => {
            let mut file = ReportFile::new(file, options.clone(), commas);
            // What has the names of a report is one, even if it is cut off.
            file.is_table = matches!(other, Format::Json | Format::Ndjson);
            file.is_other_kind = file.is_table && is_other_kind(source, &head, options);
            file.has_json_results =
                file.is_table && sniff::has_json_results(&head, &options.status_aliases);
            report(other, file, input, &head)
        }
    };
    records.map_err(with_kind)
}

/// The records of a table that is no text.
#[cfg(feature = "arrow")]
fn columnar(
    source: &Source,
    format: Format,
    input: Input,
    head: &[u8],
    options: &ReadOptions,
) -> Result<Records, ReadError> {
    if format == Format::Parquet {
        parquet::records(source, input, head, options)
    } else {
        arrow::records(source, input, head, options)
    }
}

#[cfg(not(feature = "arrow"))]
fn columnar(
    source: &Source,
    format: Format,
    _input: Input,
    _head: &[u8],
    _options: &ReadOptions,
) -> Result<Records, ReadError> {
    let kind = ReadErrorKind::FeatureMissing { format };
    Err(ReadError::new(source.shared_name(), kind))
}

/// The records of a report in a format other than `JUnit`.
fn report(
    format: Format,
    file: ReportFile,
    input: Input,
    head: &[u8],
) -> Result<Records, ReadError> {
    match format {
        Format::Nunit => xml(nunit::Nunit::default(), file, input, head),
        Format::Xunit => xml(xunit::Xunit::default(), file, input, head),
        Format::Trx => xml(trx::Trx::default(), file, input, head),
        Format::Testng => xml(testng::Testng::default(), file, input, head),
        Format::Robot => xml(robot::Robot::default(), file, input, head),
        Format::Octane => xml(octane::OctanePayload, file, input, head),
        Format::Cucumber => json(cucumber::Cucumber::default(), file, input, head),
        Format::Playwright => json(playwright::Playwright::default(), file, input, head),
        Format::Mocha if sniff::is_mocha_event(head) => {
            lines(mocha::stream::MochaStream::default(), file, input, head)
        }
        Format::Mocha => json(mocha::Mocha::default(), file, input, head),
        Format::Jest => json(jest::Jest::default(), file, input, head),
        Format::PytestJson if is_in_first_line(head, pytest_json::log::TYPE) => {
            lines(pytest_json::log::PytestLog::default(), file, input, head)
        }
        Format::PytestJson => json(pytest_json::PytestJson::default(), file, input, head),
        Format::Allure if sniff::is_xml(head) => {
            xml(allure::suite::AllureSuite::default(), file, input, head)
        }
        Format::Allure => json(allure::Allure::default(), file, input, head),
        Format::Ctrf => json(ctrf::Ctrf::default(), file, input, head),
        Format::Googletest => json(googletest::Googletest::default(), file, input, head),
        Format::Rspec => json(rspec::Rspec::default(), file, input, head),
        Format::Catch2 => xml(catch2::Catch2::default(), file, input, head),
        Format::CucumberMessages => lines(
            cucumber_messages::CucumberMessages::default(),
            file,
            input,
            head,
        ),
        Format::GoTest => lines(go_test::GoTest::default(), file, input, head),
        Format::Dart => lines(dart::Dart::default(), file, input, head),
        Format::Tap => lines(tap::Tap::default(), file, input, head),
        Format::Ndjson => lines(ndjson_table::NdjsonTable::default(), file, input, head),
        Format::Junit | Format::Csv | Format::Json | Format::Arrow | Format::Parquet => {
            json(json_table::JsonTable::default(), file, input, head)
        }
    }
}

/// Whether a word is in the first line of an input.
fn is_in_first_line(head: &[u8], word: &str) -> bool {
    let line = head.trim_ascii_start().split(|byte| *byte == b'\n').next();
    line.is_some_and(|line| memchr::memmem::find(line, word.as_bytes()).is_some())
}

fn xml(
    format: impl XmlFormat + 'static,
    file: ReportFile,
    input: Input,
    head: &[u8],
) -> Result<Records, ReadError> {
    let reader = XmlReport::new(format, &file, input, head)?;
    Ok(records(reader, file))
}

fn json(
    format: impl JsonFormat + 'static,
    file: ReportFile,
    input: Input,
    head: &[u8],
) -> Result<Records, ReadError> {
    let reader = JsonReport::new(format, &file, input, head)?;
    Ok(records(reader, file))
}

fn lines(
    format: impl LineFormat + 'static,
    file: ReportFile,
    input: Input,
    head: &[u8],
) -> Result<Records, ReadError> {
    let reader = LineReport::new(format, &file, input, head)?;
    Ok(records(reader, file))
}

fn records(reader: impl ReportReader + 'static, file: ReportFile) -> Records {
    let options = file.options.clone();
    Records::new(Cleaned::new(ReportRecords::new(reader, file), &options))
}

/// How the commas in the durations of `source` are found out: by reading it again.
fn commas(source: &Source, format: Format, options: &ReadOptions) -> Commas {
    if !source.is_repeatable() {
        return Commas::default();
    }
    let (source, options) = (source.clone(), options.clone());
    Commas::new(move |see| {
        let Ok((head, input)) = open(&source) else {
            return;
        };
        let file = source.shared_name();
        match format {
            Format::Csv => csv::see_durations(file, input, &head, &options, see),
            Format::Junit
            | Format::Nunit
            | Format::Xunit
            | Format::Trx
            | Format::Testng
            | Format::Robot
            | Format::Octane => {
                let mut see = |text: &str| _ = see(text);
                junit::see_durations(file, input, &head, &options, &mut see);
            }
            Format::Json | Format::Ndjson => {
                json_durations::see_durations(input, &head, &options, see);
            }
            // Numbers, in which a comma cannot be.
            _ => {}
        }
    })
}

#[cfg(all(test, not(feature = "arrow")))]
mod tests {
    use super::*;

    #[test]
    fn a_format_that_the_build_lacks_is_named_with_the_build_that_has_it() {
        for bytes in [&b"PAR1"[..], b"ARROW1\0\0"] {
            let error = read(&Source::bytes("in", bytes), &ReadOptions::default()).unwrap_err();
            let text = error.to_string();
            assert!(
                text.ends_with(
                    "which this build cannot read; to build one that can, run \
                     `cargo install --path crates/octane-cli --features arrow`"
                ),
                "{text}"
            );
            assert!(!error.is_other_kind());
        }
    }
}
