//! Tables with a header line.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder, Terminator};
use memchr::memchr_iter;

use crate::invalid::{InvalidCell, InvalidRow};
use crate::position::Position;
use crate::read::cell::Cell;
use crate::read::columns::ColumnMapping;
use crate::read::commas::Commas;
use crate::read::encoding::{UnknownTextEncoding, is_utf_16};
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::file_state::FileState;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::record::{Record, RecordReader};
use crate::read::row::parse_row_into;
use crate::read::spare::Spare;
use crate::read::text::{DecodedText, InvalidBytes};
use crate::run::TestRun;
use crate::warning::{Warning, WarningKind};
use octane_model::plural::plural;

mod header;
mod lines;

use header::{find_header, names};
use lines::{NormalizedLines, is_old_mac};

/// Reads a table: one record per row, with warnings before the row that they are about.
pub(crate) struct Csv<R: Read> {
    file: Arc<str>,
    rows: csv::Reader<NormalizedLines<CsvInput<R>>>,
    row: ByteRecord,
    mapping: ColumnMapping,
    header_line: u64,
    width: usize,
    /// The number of columns up to the last one that has a name.
    named_width: usize,
    options: ReadOptions,
    pending: VecDeque<Record>,
    is_without_rows: bool,
    /// The line of the first invalid bytes that were replaced, and how many there are.
    replaced: Option<(u64, u64)>,
    state: FileState,
    spare: Spare,
}

/// Raw bytes, so that invalid ones affect a single row only; decoded text if the file is UTF-16.
enum CsvInput<R> {
    Raw(R),
    Decoded(Box<DecodedText<R>>),
}

impl<R> CsvInput<R> {
    /// The invalid bytes that decoding has replaced so far.
    fn invalid_bytes(&self) -> Option<InvalidBytes> {
        match self {
            Self::Raw(_) => None,
            Self::Decoded(text) => text.invalid(),
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
        let has_mark = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
        let is_utf_16 = is_utf_16(head, options.encoding);
        // Without byte order mark and zero bytes, the head of a UTF-16 file shows its ASCII characters, which suffice
        // here.
        let text = if has_mark { &head[2..] } else { head };
        let shown: Vec<u8> = text.iter().copied().filter(|byte| *byte != 0).collect();
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
        let position = find_header(&shown, options);
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(position.delimiter)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(NormalizedLines::new(input, is_old_mac(&shown)));

        let mut row = ByteRecord::new();
        let mut header_line = 0;
        let mut first_line = None;
        for _ in 0..=position.rows_before {
            header_line = next_row(&mut rows, &mut row, &file)?.ok_or_else(|| {
                ReadError::new(Arc::clone(&file), ReadErrorKind::Empty("header line"))
            })?;
            first_line = first_line.or(Some(header_line));
        }
        let header = names(&row);
        let mapping = options.columns.map_header(&header).map_err(|kind| {
            ReadError::new(Arc::clone(&file), kind).at(LineColumn {
                line: header_line,
                column: 0,
            })
        })?;
        let mut csv = Self {
            file,
            rows,
            row,
            mapping,
            header_line,
            width: header.len(),
            named_width: header
                .iter()
                .rposition(|name| !name.is_empty())
                .map_or(0, |last| last + 1),
            options: options.clone(),
            pending: VecDeque::new(),
            is_without_rows: true,
            replaced: None,
            state: FileState::default(),
            spare: Spare::default(),
        };
        let skipped = position.rows_before - usize::from(position.has_separator_line);
        if skipped > 0 {
            let header = header_line;
            csv.warn(
                first_line.unwrap_or(header),
                WarningKind::LinesBeforeHeader { header },
            );
        }
        for column in std::mem::take(&mut csv.mapping.unused) {
            csv.warn(header_line, WarningKind::UnusedColumn { column });
        }
        Ok(csv)
    }

    /// How durations with commas are understood.
    pub(crate) fn with_commas(mut self, commas: Commas) -> Self {
        self.state.commas = commas;
        self
    }

    fn warn(&mut self, line: u64, kind: WarningKind) {
        let position = self.row_position(line);
        self.pending
            .push_back(Record::Warning(Warning { position, kind }));
    }

    fn row_position(&self, line: u64) -> Position {
        Position::new(Arc::clone(&self.file), line)
    }

    /// Whether the last row read has a cell for each column. Separators at the end of each line, of the header or of
    /// the rows, mean nothing.
    fn has_fitting_width(&self) -> bool {
        let is_blank = |cell: &[u8]| cell.trim_ascii().is_empty();
        self.row.len() >= self.named_width && self.row.iter().skip(self.width).all(is_blank)
    }

    /// The record of the last row read, which starts at `line`.
    fn record(&mut self, line: u64) -> Record {
        let position = self.row_position(line);
        if !self.has_fitting_width() {
            let (cells, width) = (self.row.len(), self.width);
            let reason = format!("row has {}, header has {width}", plural(cells, "cell"));
            let cell = InvalidCell::new(None, "", reason);
            return Record::Invalid(InvalidRow {
                position,
                cells: vec![
                    cell.hint("enclose cells that contain a separator or a quote in quotes"),
                ],
            });
        }
        let may_have_replacements = self.rows.get_ref().get_ref().invalid_bytes().is_some();
        let (row, pending, replaced) = (&self.row, &mut self.pending, &mut self.replaced);
        let state = &mut self.state;
        let cell =
            |index| Cell::from_bytes(row.get(index).unwrap_or_default(), may_have_replacements);
        let mut warn = |kind| {
            if let WarningKind::InvalidBytes { bytes, .. } = kind {
                replaced.get_or_insert((line, 0)).1 += bytes;
                return;
            }
            let position = position.clone();
            pending.push_back(Record::Warning(Warning { position, kind }));
        };
        let mut run = self.spare.take();
        let (mapping, options) = (&self.mapping, &self.options);
        match parse_row_into(&mut run, mapping, options, state, cell, &mut warn) {
            Ok(()) => {
                run.position = Some(position);
                Record::Run(run)
            }
            Err(cells) => {
                self.spare.give(run);
                Record::Invalid(InvalidRow { position, cells })
            }
        }
    }
}

impl<R: Read + Send> RecordReader for Csv<R> {
    fn recycle(&mut self, run: Box<TestRun>) {
        self.spare.give(run);
    }
}

impl<R: Read> Iterator for Csv<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.pending.pop_front() {
            return Some(Ok(record));
        }
        match next_row(&mut self.rows, &mut self.row, &self.file) {
            Err(error) => Some(Err(error)),
            Ok(Some(line)) => {
                self.is_without_rows = false;
                let record = self.record(line);
                let Some(first) = self.pending.pop_front() else {
                    return Some(Ok(record));
                };
                self.pending.push_back(record);
                Some(Ok(first))
            }
            Ok(None) => {
                if std::mem::take(&mut self.is_without_rows) {
                    self.warn(self.header_line, WarningKind::NoResults);
                }
                if let Some((line, bytes)) = self.replaced.take() {
                    let encoding = self.rows.get_ref().get_ref().encoding();
                    self.warn(line, WarningKind::InvalidBytes { bytes, encoding });
                }
                self.pending.pop_front().map(Ok)
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
    see: &mut dyn FnMut(&str),
) {
    let Ok(mut table) = Csv::new(file, input, head, options) else {
        return;
    };
    let columns = table.mapping.columns.iter();
    let durations = columns.filter(|column| column.field.is_duration());
    let indexes: Vec<usize> = durations.map(|column| column.index).collect();
    while let Ok(Some(_)) = next_row(&mut table.rows, &mut table.row, &table.file) {
        let cells = indexes.iter().filter_map(|index| table.row.get(*index));
        for cell in cells.filter_map(|cell| std::str::from_utf8(cell).ok()) {
            see(cell);
        }
    }
}

/// Reads the next row and returns the line at which it starts.
fn next_row<R: Read>(
    rows: &mut csv::Reader<NormalizedLines<R>>,
    row: &mut ByteRecord,
    file: &Arc<str>,
) -> Result<Option<u64>, ReadError> {
    let read = rows.read_byte_record(row);
    let line_after = rows.position().line();
    match read {
        Ok(true) => {
            // The parser silently skips empty lines before a row. The row itself consists of the line ends
            // inside its cells and the one after it.
            let inside = memchr_iter(b'\n', row.as_slice()).count() as u64;
            let end = rows.position().byte();
            if rows.get_ref().is_end(end) {
                // Only an unterminated quote makes the parser consume the line end added at the end of the file.
                let line = line_after.saturating_sub(inside).max(1);
                let place = LineColumn { line, column: 0 };
                return Err(
                    ReadError::new(Arc::clone(file), ReadErrorKind::UnclosedQuote).at(place),
                );
            }
            Ok(Some(line_after.saturating_sub(inside + 1).max(1)))
        }
        Ok(false) => Ok(None),
        Err(error) => {
            let place = LineColumn {
                line: line_after,
                column: 0,
            };
            let error = match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                other => io::Error::other(format!("{other:?}")),
            };
            Err(ReadError::io(Arc::clone(file), error).at(place))
        }
    }
}

#[cfg(test)]
mod tests;
