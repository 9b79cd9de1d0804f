//! Tables, which can be read several times: columns of Arrow, and columns of Python objects.

use std::borrow::Cow;
use std::ops::Range;

use octane_results::{
    ArrowCells, Cell, InvalidCell, ReadOptions, Record, TestRun, TypedTable, arrow_cells,
};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList};

use crate::cell::cell;
use crate::error::Failure;
use crate::frame::Frame;
use crate::gate;

/// How many rows are fetched from Python at once, so that memory does not grow with the table.
const FETCHED_MAX: usize = 1024;

/// How many rows are exported at once, where the columns are converted to Arrow for it.
const EXPORTED_MAX: usize = 32 * 1024;

/// How many rows are read at once: many more results would not fit into the processor's cache.
const READ_MAX: usize = 128;

/// A table. Each column that means something is in Arrow, or its cells are fetched from Python a few rows at a time.
pub(crate) struct Table {
    /// How messages call it.
    pub(crate) name: String,
    pub(crate) header: Vec<String>,
    /// How many rows it has, if that is known before they are read.
    pub(crate) rows: Option<usize>,
    pub(crate) exported: Exported,
    /// `fetch(start, stop, indexes)`: the values of these columns in these rows, a list for each column.
    pub(crate) fetch: Py<PyAny>,
    /// `label(row)`: what a row is called in messages.
    pub(crate) label: Option<Py<PyAny>>,
    pub(crate) is_time_zone_given: bool,
    pub(crate) is_duration_unit_given: bool,
}

/// The columns in Arrow.
pub(crate) enum Exported {
    None,
    /// All rows.
    Whole(Py<Frame>),
    /// `export(start, stop)`: these rows, in those columns that can be in Arrow; `None` without any.
    InParts(Py<PyAny>),
    /// `frames()`: an iterator over frames with all rows, which are computed again each time, and never in memory as a whole.
    Computed(Py<PyAny>),
}

impl Table {
    /// The table without its rows: what its columns mean.
    fn typed(&self, options: &ReadOptions) -> Result<TypedTable, Failure> {
        let typed = TypedTable::new(&*self.name, &self.header, options);
        let mut typed = typed.map_err(|error| Failure::table(&error))?;
        if !self.is_time_zone_given {
            typed = typed.require_time_zone();
        }
        if !self.is_duration_unit_given {
            typed = typed.require_duration_unit();
        }
        Ok(typed)
    }

    /// Reads all rows.
    pub(crate) fn records(&self, options: &ReadOptions) -> Result<Records<'_>, Failure> {
        let part = match self.exported {
            Exported::InParts(_) | Exported::Computed(_) => 0,
            Exported::Whole(_) | Exported::None => self.rows.unwrap_or(0),
        };
        Ok(Records {
            table: self,
            typed: self.typed(options)?,
            rows: self.rows,
            part: 0..part,
            frame: None,
            frames: None,
            batch: 0,
            batch_start: 0,
            slice: Slice::default(),
            next: 0,
            is_done: false,
        })
    }

    fn label(&self, row: usize) -> Option<String> {
        let label = self.label.as_ref()?;
        // A row without a label has a number.
        gate::attach(|py| label.call1(py, (row,))?.extract::<Option<String>>(py))?.ok()?
    }
}

/// The records of a table.
pub(crate) struct Records<'t> {
    table: &'t Table,
    typed: TypedTable,
    /// How many rows there are, once that is known.
    rows: Option<usize>,
    /// The rows that are exported now.
    part: Range<usize>,
    /// The frame that has them, unless the table has one for all rows.
    frame: Option<Py<Frame>>,
    /// Where the next frames come from, if they are computed.
    frames: Option<Py<PyIterator>>,
    /// The batch of the frame that the next row is in, and that batch's first row.
    batch: usize,
    batch_start: usize,
    /// The rows that can be read now.
    slice: Slice,
    /// The next row.
    next: usize,
    is_done: bool,
}

/// Some rows, all in one batch of the frame.
#[derive(Default)]
struct Slice {
    start: usize,
    stop: usize,
    /// Where the cells of each column are.
    places: Vec<Option<Place>>,
    /// The columns of Python objects.
    columns: Vec<Vec<Cell<'static>>>,
}

impl Records<'_> {
    /// Uses the memory of a result that is no longer needed for a later one.
    pub(crate) fn recycle(&mut self, run: Box<TestRun>) {
        self.typed.recycle(run);
    }

    /// Exports further rows; false if there are no more.
    fn open_part(&mut self) -> Result<bool, Failure> {
        let export = match &self.table.exported {
            Exported::InParts(export) => export,
            Exported::Computed(frames) => {
                let computed = gate::attach(|py| self.next_frame(py, frames));
                return computed.ok_or_else(ending)?;
            }
            Exported::Whole(_) | Exported::None => {
                return Err(Failure::internal("the frame has fewer rows than it said"));
            }
        };
        let start = self.part.end;
        let stop = self.table.rows.unwrap_or(0).min(start + EXPORTED_MAX);
        let frame = &mut self.frame;
        let exported = gate::attach(|py| {
            // First, so that there are not two of them in memory.
            *frame = None;
            let exported = export.call1(py, (start, stop))?;
            let exported: Option<Py<Frame>> = exported.extract(py).map_err(PyErr::from)?;
            Ok::<_, Failure>(exported)
        });
        let exported = exported.ok_or_else(ending)??;
        let rows = exported.as_ref().map(|frame| frame.get().rows);
        if rows.is_some_and(|rows| rows != stop - start) {
            return Err(Failure::internal(
                "a part has other rows than were asked for",
            ));
        }
        self.frame = exported;
        self.part = start..stop;
        (self.batch, self.batch_start) = (0, start);
        Ok(true)
    }

    /// Computes further rows; false if there are no more.
    fn next_frame(&mut self, py: Python<'_>, frames: &Py<PyAny>) -> Result<bool, Failure> {
        // First, so that there are not two of them in memory.
        self.frame = None;
        let frames = match &self.frames {
            Some(frames) => frames.bind(py).clone(),
            None => frames.bind(py).call0()?.try_iter()?,
        };
        self.frames = Some(frames.clone().unbind());
        for frame in frames {
            let frame = frame?.cast_into::<Frame>().map_err(PyErr::from)?.unbind();
            let (start, rows) = (self.part.end, frame.get().rows);
            if rows > 0 {
                self.frame = Some(frame);
                self.part = start..start + rows;
                (self.batch, self.batch_start) = (0, start);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Opens the next slice; false if there are no more rows.
    fn open_slice(&mut self) -> Result<bool, Failure> {
        let start = self.next;
        if start == self.part.end && !self.open_part()? {
            return Ok(false);
        }
        let table = self.table;
        let mut stop = self.part.end.min(start + FETCHED_MAX);
        let mut places = vec![None; table.header.len()];
        if let Some(frame) = frame(table, self.frame.as_ref()) {
            let batch_end = loop {
                let Some(batch) = frame.batches.get(self.batch) else {
                    return Err(Failure::internal("the frame has fewer rows than it said"));
                };
                let end = self.batch_start + batch.num_rows();
                if start < end {
                    break end;
                }
                self.batch_start = end;
                self.batch += 1;
            };
            stop = stop.min(batch_end);
            for (at, index) in frame.columns.iter().enumerate() {
                if let Some(place) = places.get_mut(*index) {
                    *place = Some(Place::Frame(at));
                }
            }
        }
        let mut fetched = Vec::new();
        for index in self.typed.indexes() {
            if let Some(place @ None) = places.get_mut(index) {
                *place = Some(Place::Fetched(fetched.len()));
                fetched.push(index);
            }
        }
        let mut columns = Vec::new();
        if !fetched.is_empty() {
            let fetched = gate::attach(|py| fetch(py, &table.fetch, start, stop, &fetched));
            columns = fetched.ok_or_else(ending)??;
        }
        self.slice = Slice {
            start,
            stop,
            places,
            columns,
        };
        Ok(true)
    }

    /// Reads the next rows, if there are any.
    fn read_rows(&mut self) -> Result<(), Failure> {
        if self.next == self.slice.stop && !self.open_slice()? {
            self.rows = Some(self.next);
            return Ok(());
        }
        let (table, slice) = (self.table, &self.slice);
        let rows = self.next..slice.stop.min(self.next + READ_MAX);
        let batch = frame(table, self.frame.as_ref())
            .and_then(|frame| frame.batches.get(self.batch))
            .map(|batch| batch.slice(rows.start - self.batch_start, rows.len()));
        let getters: Vec<ArrowCells<'_>> = batch.as_ref().map_or_else(Vec::new, |batch| {
            let fields = batch.schema_ref().fields().iter();
            let columns = fields.zip(batch.columns());
            let cells = columns.map(|(field, column)| arrow_cells(field, column));
            cells.collect()
        });
        for row in rows.clone() {
            let cell = |index: usize| match slice.places.get(index) {
                Some(Some(Place::Frame(at))) => getters[*at](row - rows.start),
                Some(Some(Place::Fetched(at))) => {
                    let cells = slice.columns.get(*at);
                    let cell = cells.and_then(|cells| cells.get(row - slice.start));
                    cell.map_or(Cell::Absent, borrowed)
                }
                _ => Cell::Absent,
            };
            self.typed
                .read_row(row as u64 + 1, || table.label(row), cell);
        }
        self.next = rows.end;
        Ok(())
    }
}

/// The frame with the rows that are exported now; `part` has them, unless the table has all.
fn frame<'f>(table: &'f Table, part: Option<&'f Py<Frame>>) -> Option<&'f Frame> {
    match &table.exported {
        Exported::Whole(frame) => Some(frame.get()),
        Exported::InParts(_) | Exported::Computed(_) | Exported::None => part.map(Py::get),
    }
}

fn ending() -> Failure {
    Failure::new("Cancelled", "the program ends")
}

/// The same cell, without copying its text.
fn borrowed<'c>(cell: &'c Cell<'static>) -> Cell<'c> {
    match cell {
        Cell::Text(text) => Cell::Text(Cow::Borrowed(text)),
        cell => cell.clone(),
    }
}

/// Where the cells of a column are.
#[derive(Debug, Clone, Copy)]
enum Place {
    Frame(usize),
    Fetched(usize),
}

impl Iterator for Records<'_> {
    type Item = Result<Record, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mut record) = self.typed.records().next() {
                if let Record::Invalid(row) = &mut record {
                    row.cells.iter_mut().for_each(name_surrogates);
                }
                return Some(Ok(record));
            }
            if self.rows.is_none_or(|rows| self.next < rows) {
                if let Err(failure) = self.read_rows() {
                    self.rows = Some(self.next);
                    self.is_done = true;
                    return Some(Err(failure));
                }
            } else if self.is_done {
                return None;
            } else {
                self.typed.finish();
                self.is_done = true;
            }
        }
    }
}

/// Texts of a table are not in a file, and what is invalid in them is a lone surrogate.
fn name_surrogates(cell: &mut InvalidCell) {
    if cell.has_invalid_bytes() {
        cell.reason = format!(
            "`{}` contains a lone surrogate, which is not valid Unicode",
            cell.value
        );
        cell.hint = Some(
            "decode it with the encoding that it is in, and without `surrogateescape`".to_owned(),
        );
    }
}

fn fetch(
    py: Python<'_>,
    fetch: &Py<PyAny>,
    start: usize,
    stop: usize,
    indexes: &[usize],
) -> Result<Vec<Vec<Cell<'static>>>, Failure> {
    let columns = fetch.bind(py).call1((start, stop, indexes.to_vec()))?;
    let columns = columns.try_iter()?.map(|column| {
        let column = column?;
        let list = column.cast::<PyList>().map_err(PyErr::from)?;
        Ok(list.iter().map(|value| cell(&value)).collect())
    });
    columns.collect()
}
