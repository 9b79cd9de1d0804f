//! Tables with a header line.

use std::io::{self, Read};
use std::sync::Arc;

use crate::read::commas::{Commas, SeeDuration};
use crate::read::encoding::{UnknownTextEncoding, in_utf_8, is_utf_16};
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::record::{Record, RecordReader};
use crate::read::text::DecodedText;
use crate::run::TestRun;
use crate::status::Status;
use crate::warning::WarningKind;

mod above;
mod chunk;
mod chunks;
mod header;
mod lines;
pub(crate) mod parts;
mod records;
mod row;
mod table;

use above::{RowAbove, above};
use chunk::Chunk;
use chunks::{Chunks, Unreadable};
use header::{find_header, names};
use lines::{LineFeeds, is_old_mac};
use records::RowRecords;
use row::Row;
use table::Table;

/// A word of Allure for a test of which it does not know how it ended: it has failed, as in its result files.
const UNKNOWN: &str = "unknown";

/// How much is read at a time.
const CHUNK_BYTES: usize = 128 * 1024;

/// Reads a table: one record per row, with warnings before the row that they are about.
pub(crate) struct Csv<R> {
    chunks: TableChunks<R>,
    records: RowRecords,
    is_over: bool,
}

type TableChunks<R> = Chunks<LineFeeds<CsvInput<R>>>;

/// Raw bytes, so that invalid ones affect a single row only; decoded text if the file is UTF-16.
enum CsvInput<R> {
    Raw(R),
    Decoded(Box<DecodedText<R>>),
}

impl<R> CsvInput<R> {
    /// Whether decoding has replaced invalid bytes so far.
    fn has_replaced(&self) -> bool {
        match self {
            Self::Raw(_) => false,
            Self::Decoded(text) => text.invalid().is_some(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            Self::Raw(_) => "UTF-8",
            Self::Decoded(text) => text.encoding(),
        }
    }
}

impl<R: Read> Read for CsvInput<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Raw(bytes) => bytes.read(into),
            Self::Decoded(text) => text.read(into),
        }
    }
}

impl<R: Read> Csv<R> {
    pub(crate) fn new(
        file: Arc<str>,
        input: R,
        head: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        Self::in_chunks(file, input, head, options, CHUNK_BYTES)
    }

    fn in_chunks(
        file: Arc<str>,
        input: R,
        head: &[u8],
        options: &ReadOptions,
        chunk_bytes: usize,
    ) -> Result<Self, ReadError> {
        let is_utf_16 = is_utf_16(head, options.encoding);
        let mut shown = in_utf_8(head, options.encoding).into_owned();
        let mut is_old_mac = is_old_mac(&shown);
        if is_old_mac {
            end_lines(&mut shown);
        }
        let input = if is_utf_16 || options.encoding.is_some() {
            let text = DecodedText::new(input, head, options.encoding).map_err(
                |UnknownTextEncoding { label }| {
                    ReadError::new(Arc::clone(&file), ReadErrorKind::UnknownEncoding { label })
                },
            )?;
            CsvInput::Decoded(Box::new(text))
        } else {
            CsvInput::Raw(input)
        };
        let mut position = find_header(&shown, options);
        if position.has_returns && !is_old_mac {
            is_old_mac = true;
            end_lines(&mut shown);
            position = find_header(&shown, options);
        }
        let input = LineFeeds::new(input, is_old_mac);
        let mut chunks = Chunks::new(input, position.delimiter, chunk_bytes);
        let mut chunk = Chunk::default();
        let mut row = Row::default();
        let mut rows_above = Vec::new();
        read_row(&mut chunks, &mut chunk, &mut row, &file)?;
        for _ in 0..position.rows_before {
            rows_above.push(RowAbove::new(&row, chunk.bytes(), options));
            read_row(&mut chunks, &mut chunk, &mut row, &file)?;
        }
        let line = row.line;
        if row.has_swallowed {
            return Err(ReadError::new(file, ReadErrorKind::UnclosedQuote).at(start_of(line)));
        }
        let header = names(&row, chunk.bytes());
        let mapping = options.columns.map_header(&header);
        let mut mapping =
            mapping.map_err(|kind| ReadError::new(Arc::clone(&file), kind).at(start_of(line)))?;
        let unused = std::mem::take(&mut mapping.unused);
        let mut options = options.clone();
        if is_of_allure(&header) && options.status_aliases.own(UNKNOWN).is_none() {
            options.status_aliases = options.status_aliases.with(UNKNOWN, Status::Failed);
        }
        let named = header.iter().rposition(|name| !name.is_empty());
        let table = Table {
            file,
            options,
            delimiter: position.delimiter,
            mapping,
            line,
            width: header.len(),
            named_width: named.map_or(0, |last| last + 1),
        };
        let mut before_rows = above(rows_above, &table, position.has_separator_line);
        for column in unused {
            let warning = table.warning(line, WarningKind::UnusedColumn { column });
            before_rows.push(Record::Warning(warning));
        }
        let mut records = RowRecords::new(Arc::new(table), Commas::default());
        records.begin(chunk);
        records.pending.extend(before_rows);
        Ok(Self {
            chunks,
            records,
            is_over: false,
        })
    }

    /// How durations with commas are understood.
    pub(crate) fn with_commas(mut self, commas: Commas) -> Self {
        self.records.set_commas(commas);
        self
    }

    /// Goes on with the next chunk; `false` if there is none.
    fn read_on(&mut self) -> Result<bool, ReadError> {
        let next = self.chunks.next();
        let next = next.map_err(|error| unreadable(&self.records.table().file, error))?;
        let Some(mut chunk) = next else {
            return Ok(false);
        };
        chunk.may_have_replacements = self.chunks.input().get_ref().has_replaced();
        let used = self.records.begin(chunk);
        self.chunks.recycle(used);
        Ok(true)
    }
}

/// Whether an input is a table, given its first bytes: a row of them is a header, and what is before it passes `may_be_above`.
pub(crate) fn is_table(
    head: &[u8],
    options: &ReadOptions,
    may_be_above: impl Fn(&[u8]) -> bool,
) -> bool {
    let head = in_utf_8(head, options.encoding);
    let above = find_header(&head, options).above;
    above.is_some_and(|end| may_be_above(&head[..end]))
}

/// Whether a table is the `suites.csv` of an HTML report of Allure.
fn is_of_allure(header: &[String]) -> bool {
    let has = |wanted: &str| header.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    ["Duration in ms", "Sub suite", "Test method"]
        .into_iter()
        .all(has)
}

/// Reads the next row of a table that has another one.
fn read_row<R: Read>(
    chunks: &mut TableChunks<R>,
    chunk: &mut Chunk,
    row: &mut Row,
    file: &Arc<str>,
) -> Result<(), ReadError> {
    let error = |kind| ReadError::new(Arc::clone(file), kind);
    loop {
        let (mut at, mut line) = (chunk.at, chunk.line);
        let is_row = row.read(chunk.bytes(), &mut at, &mut line, chunks.delimiter());
        (chunk.at, chunk.line) = (at, line);
        if is_row && row.is_unclosed {
            return Err(error(ReadErrorKind::UnclosedQuote).at(start_of(row.line)));
        }
        if is_row {
            return Ok(());
        }
        let next = chunks.next().map_err(|error| unreadable(file, error))?;
        *chunk = next.ok_or_else(|| error(ReadErrorKind::Empty("header line")))?;
        chunk.may_have_replacements = chunks.input().get_ref().has_replaced();
    }
}

/// Makes carriage returns line feeds.
fn end_lines(head: &mut [u8]) {
    let returns = head.iter_mut().filter(|byte| **byte == b'\r');
    returns.for_each(|byte| *byte = b'\n');
}

const fn start_of(line: u64) -> LineColumn {
    LineColumn { line, column: 0 }
}

fn unreadable(file: &Arc<str>, Unreadable { error, line }: Unreadable) -> ReadError {
    ReadError::io(Arc::clone(file), error).at(start_of(line))
}

impl<R: Read + Send> RecordReader for Csv<R> {
    fn recycle(&mut self, run: Box<TestRun>) {
        self.records.recycle(run);
    }
}

impl<R: Read> Iterator for Csv<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let next = self.records.next();
            if next.is_some() || self.is_over {
                return next;
            }
            match self.read_on() {
                Ok(true) => {}
                Ok(false) => {
                    self.is_over = true;
                    let RowRecords { seen, .. } = self.records;
                    let encoding = self.chunks.input().get_ref().encoding();
                    let warnings = self.records.table().last_warnings(seen, encoding);
                    let warnings: Vec<_> = warnings.map(Record::Warning).collect();
                    self.records.pending.extend(warnings);
                }
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Shows the durations of all rows, up to where the table is malformed.
pub(crate) fn see_durations<R: Read>(
    file: Arc<str>,
    input: R,
    head: &[u8],
    options: &ReadOptions,
    see: &mut SeeDuration<'_>,
) {
    let Ok(mut table) = Csv::new(file, input, head, options) else {
        return;
    };
    let columns = table.records.table().mapping.columns.iter();
    let durations = columns.filter(|column| column.field.is_duration());
    let indexes: Vec<usize> = durations.map(|column| column.index).collect();
    loop {
        while let Ok(is_row) = table.records.read_row() {
            if !is_row {
                break;
            }
            let cells = table.records.cells().enumerate();
            let cells = cells.filter(|(index, _)| indexes.contains(index));
            for cell in cells.filter_map(|(_, cell)| std::str::from_utf8(cell).ok()) {
                if see(cell).is_break() {
                    return;
                }
            }
        }
        if !table.read_on().unwrap_or(false) {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
