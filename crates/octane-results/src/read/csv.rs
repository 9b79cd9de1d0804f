//! Tables with a header line.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder, Terminator};
use memchr::memchr_iter;

use crate::Position;
use crate::invalid::{InvalidCell, InvalidRow};
use crate::read::Record;
use crate::read::columns::Layout;
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::options::ReadOptions;
use crate::read::row::{self, NotText};
use crate::read::text::{Place, Text, UnknownEncoding};
use crate::warning::{Warning, WarningKind};

mod lines;

use lines::Lines;

/// The rows of a table, one record a row, warnings before the row they are about.
pub(crate) struct Csv<R: Read> {
    file: Arc<str>,
    rows: csv::Reader<Lines<Input<R>>>,
    row: ByteRecord,
    layout: Layout,
    header_line: u64,
    width: usize,
    options: ReadOptions,
    pending: VecDeque<Record>,
    is_without_rows: bool,
}

/// Bytes as they are, so that bad ones spoil a row only, unless the file is UTF-16 and must be decoded.
enum Input<R> {
    Bytes(R),
    Text(Box<Text<R>>),
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(bytes) => bytes.read(into),
            Self::Text(text) => text.read(into),
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
        let is_utf_16 = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
        // The head of a UTF-16 file still shows its ASCII characters, which are all that matters here.
        let shown: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
        let input = if is_utf_16 {
            let text = Text::new(input, head).map_err(|UnknownEncoding(label)| {
                ReadError::new(Arc::clone(&file), ReadErrorKind::UnknownEncoding { label })
            })?;
            Input::Text(Box::new(text))
        } else {
            Input::Bytes(input)
        };
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter.unwrap_or_else(|| delimiter(&shown)))
            .terminator(Terminator::Any(b'\n'))
            .from_reader(Lines::new(input, is_old_mac(&shown)));

        let mut row = ByteRecord::new();
        let header_line = next_row(&mut rows, &mut row, &file)?.ok_or_else(|| {
            ReadError::new(Arc::clone(&file), ReadErrorKind::Empty("header line"))
        })?;
        let header: Vec<String> = row
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        let layout = options.columns.layout(&header).map_err(|kind| {
            ReadError::new(Arc::clone(&file), kind).at(Place {
                line: header_line,
                column: 0,
            })
        })?;
        let mut csv = Self {
            file,
            rows,
            row,
            layout,
            header_line,
            width: header.len(),
            options: options.clone(),
            pending: VecDeque::new(),
            is_without_rows: true,
        };
        for column in std::mem::take(&mut csv.layout.unused) {
            csv.warn(header_line, WarningKind::UnusedColumn { column });
        }
        Ok(csv)
    }

    fn warn(&mut self, line: u64, kind: WarningKind) {
        let position = self.row_position(line);
        self.pending
            .push_back(Record::Warning(Warning { position, kind }));
    }

    fn row_position(&self, line: u64) -> Position {
        Position {
            file: Arc::clone(&self.file),
            line,
            column: None,
        }
    }

    /// The record of the row that was just read and starts in `line`.
    fn record(&mut self, line: u64) -> Record {
        let position = self.row_position(line);
        if self.row.len() != self.width {
            let (cells, width) = (self.row.len(), self.width);
            let reason = format!("the row has {}, the header {width}", counted(cells));
            let cell = InvalidCell::new(None, "", reason);
            return Record::Invalid(InvalidRow {
                position,
                cells: vec![cell.hint("put cells that hold a separator or a quote into quotes")],
            });
        }
        let (row, pending) = (&self.row, &mut self.pending);
        let cell =
            |index| std::str::from_utf8(row.get(index).unwrap_or_default()).map_err(|_| NotText);
        let mut warn = |kind| {
            let position = position.clone();
            pending.push_back(Record::Warning(Warning { position, kind }));
        };
        match row::run(&self.layout, &self.options, cell, &mut warn) {
            Ok(mut run) => {
                run.position = Some(position);
                Record::Run(run)
            }
            Err(cells) => Record::Invalid(InvalidRow { position, cells }),
        }
    }
}

fn counted(cells: usize) -> String {
    if cells == 1 {
        "1 cell".to_owned()
    } else {
        format!("{cells} cells")
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
                self.pending.push_back(record);
                self.pending.pop_front().map(Ok)
            }
            Ok(None) if std::mem::take(&mut self.is_without_rows) => {
                self.warn(self.header_line, WarningKind::NoResults);
                self.pending.pop_front().map(Ok)
            }
            Ok(None) => None,
        }
    }
}

/// Reads the next row and gives the line in which it starts.
fn next_row<R: Read>(
    rows: &mut csv::Reader<Lines<R>>,
    row: &mut ByteRecord,
    file: &Arc<str>,
) -> Result<Option<u64>, ReadError> {
    let read = rows.read_byte_record(row);
    let line_after = rows.position().line();
    match read {
        Ok(true) => {
            // The parser skips empty lines before a row without telling. What it has consumed behind
            // them is the row: the line ends inside its cells, and the one behind it.
            let inside = memchr_iter(b'\n', row.as_slice()).count() as u64;
            let end = rows.position().byte();
            if rows.get_ref().is_end(end) {
                // Only an open quote makes the parser swallow the line end behind the end of the file.
                let line = line_after.saturating_sub(inside).max(1);
                let place = Place { line, column: 0 };
                return Err(
                    ReadError::new(Arc::clone(file), ReadErrorKind::UnclosedQuote).at(place),
                );
            }
            Ok(Some(line_after.saturating_sub(inside + 1).max(1)))
        }
        Ok(false) => Ok(None),
        Err(error) => {
            let place = Place {
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

/// The separator that is most frequent in the first line, outside of quotes; the comma if there is none.
fn delimiter(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    let text = head.trim_ascii_start();
    for byte in text
        .iter()
        .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
    {
        is_quoted ^= *byte == b'"';
        if let Some((_, count)) = (counts.iter_mut()).find(|(kind, _)| kind == byte && !is_quoted) {
            *count += 1;
        }
    }
    let [comma, others @ ..] = counts;
    let most = |best: (u8, u32), other: (u8, u32)| if other.1 > best.1 { other } else { best };
    others.into_iter().fold(comma, most).0
}

/// Whether lines end with a carriage return alone, as some spreadsheets still write them.
fn is_old_mac(head: &[u8]) -> bool {
    head.contains(&b'\r') && !head.contains(&b'\n')
}

#[cfg(test)]
mod tests;
