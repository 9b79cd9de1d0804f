//! A table as batches of columns.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};

use crate::read::arrow_cells::{ArrowCells, arrow_cells, is_number};
use crate::read::cell::Cell;
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::field::ResultField;
use crate::read::options::ReadOptions;
use crate::read::typed_table::TypedTable;

/// A table that comes as [`RecordBatch`]es: a [`TypedTable`] whose cells are in columns of Arrow.
///
/// All types that text, numbers, flags, times, durations and lists of them have in Arrow are read. What no column accepts, such as
/// structs and extension types (periods, UUIDs), is refused by its name, and only in the columns that mean something; others are
/// not looked at. Columns called `__index_level_0__` and so on, in which pandas stores an index, are ignored.
#[derive(Debug)]
pub struct ArrowTable {
    table: TypedTable,
    schema: SchemaRef,
    /// The columns that are read, as indexes in `schema`, in ascending order.
    columns: Vec<usize>,
    is_projected: bool,
    /// How many rows were read.
    rows: u64,
}

impl ArrowTable {
    /// A table called `name` in messages, whose batches have this schema.
    ///
    /// # Errors
    ///
    /// Like [`TypedTable::new`]; also if the duration is a number in a column whose name has no unit
    /// ([`ReadErrorKind::UnitMissing`]).
    pub fn new(
        name: impl Into<Arc<str>>,
        schema: SchemaRef,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let name = name.into();
        let mut options = options.clone();
        let header: Vec<String> = (schema.fields().iter())
            .map(|field| field.name().clone())
            .collect();
        for index in header.iter().filter(|name| is_index(name)) {
            options.columns = options.columns.without(index);
        }
        let table = TypedTable::new(Arc::clone(&name), &header, &options)?;
        if let Some(column) = table.unit_missing().map(|index| schema.field(index))
            && is_number(column)
        {
            let column = column.name().clone();
            return Err(ReadError::new(name, ReadErrorKind::UnitMissing { column }));
        }
        let mut columns: Vec<usize> = table.indexes().collect();
        columns.sort_unstable();
        Ok(Self {
            table,
            schema,
            columns,
            is_projected: false,
            rows: 0,
        })
    }

    /// Makes dates and times without a time zone invalid, as [`TypedTable::require_time_zone`] does.
    #[must_use]
    pub fn require_time_zone(mut self) -> Self {
        self.table = self.table.require_time_zone();
        self
    }

    /// The columns that are read, as indexes in the schema, in ascending order.
    pub fn projection(&self) -> &[usize] {
        &self.columns
    }

    /// Says that batches have only the columns of [`projection`](Self::projection).
    #[must_use]
    pub fn projected(mut self) -> Self {
        self.is_projected = true;
        self
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The columns with a meaning, as indexes in the schema.
    pub fn columns(&self) -> impl Iterator<Item = (usize, ResultField)> + '_ {
        self.table.columns()
    }

    /// Reads all rows of a batch. `label` names the row with a number from 1, for messages, if it has a name.
    ///
    /// The records of all rows are kept until they are taken from [`table`](Self::table): read large batches in slices, as
    /// [`ArrowRecords`](crate::ArrowRecords) does.
    ///
    /// # Errors
    ///
    /// The batch has other columns than it should have.
    pub fn read_batch(
        &mut self,
        batch: &RecordBatch,
        label: impl Fn(u64) -> Option<String>,
    ) -> Result<(), ReadErrorKind> {
        let mut places = vec![0; self.schema.fields().len()];
        let mut getters: Vec<ArrowCells<'_>> = Vec::with_capacity(self.columns.len());
        for (at, index) in self.columns.iter().enumerate() {
            let place = if self.is_projected { at } else { *index };
            let field = self.schema.field(*index);
            let array = batch.columns().get(place);
            let Some(array) = array.filter(|array| array.data_type() == field.data_type()) else {
                let reason = format!("a batch has another column than `{}`", field.name());
                return Err(ReadErrorKind::Batches { reason });
            };
            places[*index] = getters.len();
            getters.push(arrow_cells(field, array));
        }
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let number = self.rows;
            let cell = |index: usize| {
                let place = places.get(index).and_then(|place| getters.get(*place));
                place.map_or(Cell::Absent, |cells| cells(row))
            };
            self.table.read_row(number, || label(number), cell);
        }
        Ok(())
    }

    /// The table, which has the records of the rows that were read.
    pub fn table(&mut self) -> &mut TypedTable {
        &mut self.table
    }
}

/// Whether pandas stores an index in the column.
fn is_index(name: &str) -> bool {
    let level = name.strip_prefix("__index_level_");
    let level = level.and_then(|level| level.strip_suffix("__"));
    level.is_some_and(|level| level.parse::<u32>().is_ok())
}
