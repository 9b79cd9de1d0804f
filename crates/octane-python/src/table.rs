//! Tables of Python objects, which can be read several times.

use octane_results::{Cell, ReadOptions, Record, TypedTable};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::cell::cell;
use crate::error::Failure;
use crate::gate;

/// How many rows are fetched at once.
const ROWS_MAX: usize = 1024;

/// A table whose cells are fetched from Python a few rows at a time.
pub(crate) struct Table {
    /// How messages call it.
    pub(crate) name: String,
    pub(crate) header: Vec<String>,
    pub(crate) rows: usize,
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
        Ok(Records {
            table: self,
            indexes: typed.indexes().collect(),
            typed,
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
    /// The columns that are needed.
    indexes: Vec<usize>,
    next: usize,
    is_done: bool,
}

impl Records<'_> {
    /// Reads some rows.
    fn read_slice(&mut self) -> Result<(), Failure> {
        let table = self.table;
        let (start, stop) = (self.next, table.rows.min(self.next + ROWS_MAX));
        self.next = stop;
        let indexes = &self.indexes;
        let columns = gate::attach(|py| fetch(py, &table.fetch, start, stop, indexes));
        let columns = columns.ok_or_else(|| Failure::new("Cancelled", "the program ends"))??;
        for row in start..stop {
            let cell = |index: usize| {
                let column = indexes.iter().position(|own| *own == index);
                let column = column.and_then(|column| columns.get(column));
                let cell = column.and_then(|column| column.get(row - start));
                cell.cloned().unwrap_or(Cell::Absent)
            };
            self.typed
                .read_row(row as u64 + 1, || table.label(row), cell);
        }
        Ok(())
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.typed.records().next() {
                return Some(Ok(record));
            }
            if self.next < self.table.rows {
                if let Err(failure) = self.read_slice() {
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
