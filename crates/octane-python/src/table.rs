//! Tables, which can be read several times: columns of Arrow, and columns of Python objects.

use std::borrow::Cow;

use octane_results::{ArrowCells, Cell, ReadOptions, Record, TestRun, TypedTable, arrow_cells};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::cell::cell;
use crate::error::Failure;
use crate::frame::Frame;
use crate::gate;

/// How many rows are read at once, so that memory does not grow with the table.
const ROWS_MAX: usize = 1024;

/// A table. Each column that means something is in the frame, or its cells are fetched from Python a few rows at a time.
pub(crate) struct Table {
    /// How messages call it.
    pub(crate) name: String,
    pub(crate) header: Vec<String>,
    pub(crate) rows: usize,
    pub(crate) frame: Option<Py<Frame>>,
    /// `fetch(start, stop, indexes)`: the values of these columns in these rows, a list for each column.
    pub(crate) fetch: Py<PyAny>,
    /// `label(row)`: what a row is called in messages.
    pub(crate) label: Option<Py<PyAny>>,
    pub(crate) is_time_zone_given: bool,
    pub(crate) is_duration_unit_given: bool,
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
        let typed = self.typed(options)?;
        let frame = self.frame.as_ref().map(Py::get);
        let in_frame = frame.map_or(&[][..], |frame| &frame.columns);
        let fetched = typed.indexes().filter(|index| !in_frame.contains(index));
        Ok(Records {
            table: self,
            fetched: fetched.collect(),
            typed,
            slice: Slice::default(),
            next: 0,
            batch: 0,
            batch_start: 0,
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
    /// The columns of Python objects that are needed.
    fetched: Vec<usize>,
    /// The rows that can be read now.
    slice: Slice<'t>,
    /// The next row.
    next: usize,
    /// The batch of the frame that it is in, and that batch's first row.
    batch: usize,
    batch_start: usize,
    is_done: bool,
}

/// Some rows, all in one batch of the frame.
#[derive(Default)]
struct Slice<'t> {
    start: usize,
    stop: usize,
    /// Where the cells of each column are.
    places: Vec<Option<Place>>,
    /// The columns in the batch of the frame.
    getters: Vec<ArrowCells<'t>>,
    /// The columns of Python objects.
    columns: Vec<Vec<Cell<'static>>>,
}

impl<'t> Records<'t> {
    /// Uses the memory of a result that is no longer needed for a later one.
    pub(crate) fn recycle(&mut self, run: Box<TestRun>) {
        self.typed.recycle(run);
    }

    /// Opens the next slice.
    fn open_slice(&mut self) -> Result<(), Failure> {
        let table: &'t Table = self.table;
        let start = self.next;
        let mut stop = table.rows.min(start + ROWS_MAX);
        let mut places = vec![None; table.header.len()];
        let mut getters = std::mem::take(&mut self.slice.getters);
        if let Some(frame) = table.frame.as_ref().map(Py::get) {
            let batch = loop {
                let Some(batch) = frame.batches.get(self.batch) else {
                    return Err(Failure::internal("the frame has fewer rows than it said"));
                };
                if start < self.batch_start + batch.num_rows() {
                    break batch;
                }
                self.batch_start += batch.num_rows();
                self.batch += 1;
                getters.clear();
            };
            stop = stop.min(self.batch_start + batch.num_rows());
            if getters.is_empty() {
                let fields = batch.schema_ref().fields().iter();
                let columns = fields.zip(batch.columns());
                getters.extend(columns.map(|(field, column)| arrow_cells(field, column)));
            }
            for (at, index) in frame.columns.iter().enumerate() {
                if let Some(place) = places.get_mut(*index) {
                    *place = Some(Place::Frame(at));
                }
            }
        }
        for (at, index) in self.fetched.iter().enumerate() {
            if let Some(place) = places.get_mut(*index) {
                *place = Some(Place::Fetched(at));
            }
        }
        let mut columns = Vec::new();
        if !self.fetched.is_empty() {
            let fetched = gate::attach(|py| fetch(py, &table.fetch, start, stop, &self.fetched));
            columns = fetched.ok_or_else(|| Failure::new("Cancelled", "the program ends"))??;
        }
        self.slice = Slice {
            start,
            stop,
            places,
            getters,
            columns,
        };
        Ok(())
    }

    /// Reads the next row.
    fn read_row(&mut self) -> Result<(), Failure> {
        if self.next == self.slice.stop {
            self.open_slice()?;
        }
        let (table, row) = (self.table, self.next);
        let (slice, in_batch) = (&mut self.slice, row - self.batch_start);
        // Whole slices of results would not fit into the processor's cache.
        let in_slice = row - slice.start;
        let cell = |index: usize| match slice.places.get(index) {
            Some(Some(Place::Frame(at))) => slice.getters[*at](in_batch),
            Some(Some(Place::Fetched(at))) => {
                let cell = slice.columns.get(*at).and_then(|cells| cells.get(in_slice));
                cell.map_or(Cell::Absent, borrowed)
            }
            _ => Cell::Absent,
        };
        self.typed
            .read_row(row as u64 + 1, || table.label(row), cell);
        self.next += 1;
        Ok(())
    }
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
            if let Some(record) = self.typed.records().next() {
                return Some(Ok(record));
            }
            if self.next < self.table.rows {
                if let Err(failure) = self.read_row() {
                    self.next = self.table.rows;
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
