//! Makes records of rows.

use std::collections::VecDeque;
use std::sync::Arc;

use super::chunk::Chunk;
use super::row::Row;
use super::table::{Seen, Table};
use crate::invalid::{InvalidCell, InvalidRow};
use crate::position::Position;
use crate::read::commas::Commas;
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::file_state::FileState;
use crate::read::line_column::LineColumn;
use crate::read::record::Record;
use crate::read::row::parse_row_into;
use crate::read::spare::Spare;
use crate::run::TestRun;
use crate::warning::{Warning, WarningKind};
use octane_model::plural::plural;

/// The records of one chunk of a table after the other, with warnings before the row that they are about.
pub(super) struct RowRecords {
    table: Arc<Table>,
    /// The name of the table, not shared with other threads: all positions count how often it is used.
    file: Arc<str>,
    pub(super) chunk: Chunk,
    row: Row,
    pub(super) pending: VecDeque<Record>,
    state: FileState,
    spare: Spare,
    pub(super) seen: Seen,
}

impl RowRecords {
    pub(super) fn new(table: Arc<Table>, commas: Commas) -> Self {
        Self {
            file: Arc::from(&*table.file),
            table,
            chunk: Chunk::default(),
            row: Row::default(),
            pending: VecDeque::new(),
            state: FileState::new(commas),
            spare: Spare::default(),
            seen: Seen::default(),
        }
    }

    pub(super) const fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// How durations with commas are understood.
    pub(super) const fn commas(&self) -> &Commas {
        &self.state.commas
    }

    pub(super) fn set_commas(&mut self, commas: Commas) {
        self.state.commas = commas;
    }

    /// Goes on with a chunk, and returns the one before.
    pub(super) fn begin(&mut self, mut chunk: Chunk) -> Chunk {
        chunk.validate();
        std::mem::replace(&mut self.chunk, chunk)
    }

    /// Uses the memory of a result for a later one.
    pub(super) fn recycle(&mut self, run: Box<TestRun>) {
        self.spare.give(run);
    }

    /// Reads the next row of the chunk; `false` if there is none.
    pub(super) fn read_row(&mut self) -> Result<bool, ReadError> {
        let chunk = &mut self.chunk;
        let (mut at, mut line) = (chunk.at, chunk.line);
        let delimiter = self.table.delimiter;
        let is_row = (self.row).read(chunk.bytes(), &mut at, &mut line, delimiter);
        (chunk.at, chunk.line) = (at, line);
        if is_row && self.row.is_unclosed {
            let place = LineColumn {
                line: self.row.line,
                column: 0,
            };
            let error = ReadError::new(Arc::clone(&self.file), ReadErrorKind::UnclosedQuote);
            return Err(error.at(place));
        }
        Ok(is_row)
    }

    /// The cells of the last row read.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.row.cells(self.chunk.bytes())
    }

    /// Whether the last row read has a cell for each column. Separators at the end of each line, of the header or of
    /// the rows, mean nothing.
    fn has_fitting_width(&self) -> bool {
        let is_blank = |cell: &[u8]| cell.trim_ascii().is_empty();
        let Table {
            width, named_width, ..
        } = *self.table;
        let cells = self.row.len();
        cells >= named_width && (cells <= width || self.cells().skip(width).all(is_blank))
    }

    /// What is wrong with a row that contains NUL characters and is invalid, or ends in them: those at the end of a file are what is
    /// left of one that was not written to its end, such as when its machine lost power.
    fn damage(&self) -> Option<InvalidCell> {
        let is_damaged = self.cells().any(|cell| cell.contains(&0));
        is_damaged.then(|| {
            let cell =
                InvalidCell::new(None, "", "row contains NUL characters: the file is damaged");
            cell.hint("write the file again; the rows before this one are complete")
        })
    }

    /// What is wrong with the last row read, whose cells are not those of its columns.
    fn malformation(&self) -> InvalidCell {
        if self.row.has_swallowed {
            return swallowed();
        }
        let (cells, width) = (self.row.len(), self.table.width);
        let reason = format!("row has {}, header has {width}", plural(cells, "cell"));
        InvalidCell::new(None, "", reason).hint(if cells > width {
            "enclose cells that contain a separator or a quote in quotes"
        } else {
            "add the missing cells, which may be empty"
        })
    }

    /// Whether all cells of the last row read are empty, as in rows below the table that spreadsheets export too.
    fn is_blank(&self) -> bool {
        self.cells().all(|cell| cell.trim_ascii().is_empty())
    }

    /// The record of the last row read; none if all of its cells are empty.
    fn record(&mut self) -> Option<Record> {
        let line = self.row.line;
        let is_cut = self.row.ends_with(0, self.chunk.bytes());
        if self.row.has_swallowed || is_cut || !self.has_fitting_width() {
            if self.is_blank() {
                return None;
            }
            let cell = self.damage().unwrap_or_else(|| self.malformation());
            return Some(Record::Invalid(InvalidRow {
                position: Position::new(Arc::clone(&self.file), line),
                cells: vec![cell],
            }));
        }
        let Self {
            table,
            file,
            chunk,
            row,
            pending,
            state,
            spare,
            seen,
            ..
        } = self;
        let position = || Position::new(Arc::clone(file), line);
        let cell = |index| row.cell(chunk, index);
        let mut warn = |kind| {
            if let WarningKind::InvalidBytes { bytes, .. } = kind {
                seen.replace(line, bytes);
                return;
            }
            let position = position();
            pending.push_back(Record::Warning(Warning { position, kind }));
        };
        let mut run = spare.take();
        let Table {
            mapping, options, ..
        } = &**table;
        match parse_row_into(&mut run, mapping, options, state, cell, &mut warn) {
            Ok(()) => {
                match &mut run.position {
                    // That of an earlier row: counting how often the name is used takes longer than that.
                    Some(earlier) if Arc::ptr_eq(&earlier.file, file) => {
                        earlier.line = line;
                        earlier.column = None;
                        earlier.label = None;
                    }
                    other => *other = Some(position()),
                }
                Some(Record::Run(run))
            }
            Err(cells) => {
                spare.give(run);
                let position = position();
                let cells = self.damage().map_or(cells, |cell| vec![cell]);
                let is_blank = self.is_blank();
                (!is_blank).then_some(Record::Invalid(InvalidRow { position, cells }))
            }
        }
    }
}

/// What is wrong with a row that a quote has swallowed others into.
pub(super) fn swallowed() -> InvalidCell {
    let reason = "a quoted cell spans several lines and has text after its closing quote";
    InvalidCell::new(None, "", reason).hint(
        "write each quote inside a cell twice; otherwise the rows below become part of the cell",
    )
}

impl Iterator for RowRecords {
    type Item = Result<Record, ReadError>;

    /// The next record of the chunk.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.pending.pop_front() {
            return Some(Ok(record));
        }
        let record = loop {
            match self.read_row() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
            if let Some(record) = self.record() {
                break record;
            }
        };
        self.seen.has_rows = true;
        let Some(first) = self.pending.pop_front() else {
            return Some(Ok(record));
        };
        self.pending.push_back(record);
        Some(Ok(first))
    }
}
