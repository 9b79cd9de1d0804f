//! Tables whose cells have types, such as data frames.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cell::Cell;
use super::cleaned::Cleaner;
use super::columns::ColumnMapping;
use super::error::ReadError;
use super::field::ResultField;
use super::file_state::FileState;
use super::options::ReadOptions;
use super::record::Record;
use super::row::parse_row_into;
use super::spare::Spare;
use crate::invalid::InvalidRow;
use crate::position::Position;
use crate::run::TestRun;
use crate::warning::{Warning, WarningKind};

/// A table whose cells have types, read row by row: what a data frame, a batch of Arrow or a list of objects has in common
/// with a CSV file.
///
/// Names of columns, words for a status, words for a missing value and messages are those of all tables. Each row becomes one
/// [`Record::Run`], or one [`Record::Invalid`] with all of its invalid cells; warnings come before the row that they are about.
///
/// ```
/// use octane_results::{Cell, ReadOptions, Record, TypedTable};
///
/// let header = ["name", "status", "duration_s", "jira"].map(str::to_owned);
/// let mut table = TypedTable::new("DataFrame", &header, &ReadOptions::default())?;
/// let rows = [
///     [Cell::from("adds tax"), Cell::from("passed"), Cell::Real(1.25), Cell::Words(vec!["SHOP-12".into()])],
///     [Cell::from("pays"), Cell::Flag(true), Cell::Real(-1.0), Cell::Absent],
/// ];
/// for (number, row) in (1..).zip(&rows) {
///     table.read_row(number, || Some(format!("run {number}")), |index| row[index].clone());
/// }
/// table.finish();
/// let records: Vec<Record> = table.records().collect();
/// let [Record::Run(run), Record::Invalid(invalid)] = &records[..] else { panic!("{records:?}") };
/// assert_eq!((run.duration.as_millis(), &run.jira[..]), (1250, &["SHOP-12".to_owned()][..]));
/// assert_eq!(invalid.cells.len(), 2);
/// assert!(invalid.to_string().starts_with("DataFrame: row `run 2`: column `status`: `true` is not a valid status"));
/// # Ok::<(), octane_results::ReadError>(())
/// ```
#[derive(Debug)]
pub struct TypedTable {
    name: Arc<str>,
    mapping: ColumnMapping,
    options: ReadOptions,
    cleaner: Cleaner,
    ready: VecDeque<Record>,
    has_rows: bool,
    state: FileState,
    spare: Spare,
}

impl TypedTable {
    /// A table with these columns.
    ///
    /// Warns of columns that have no meaning ([`WarningKind::UnusedColumn`]); give it the columns that mean something, or ignore
    /// others with [`Columns::without`](crate::Columns::without), to have no such warnings.
    ///
    /// # Errors
    ///
    /// A required column is missing, two have the same meaning, or a column that was assigned does not exist.
    pub fn new(
        name: impl Into<Arc<str>>,
        header: &[String],
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let name = name.into();
        let mut mapping = (options.columns.map_header(header))
            .map_err(|kind| ReadError::new(Arc::clone(&name), kind))?;
        for column in &mut mapping.columns {
            column.is_typed = true;
        }
        let mut table = Self {
            name,
            mapping,
            options: options.clone(),
            cleaner: Cleaner::new(options),
            ready: VecDeque::new(),
            has_rows: false,
            state: FileState::default(),
            spare: Spare::default(),
        };
        for column in std::mem::take(&mut table.mapping.unused) {
            table.warn(WarningKind::UnusedColumn { column });
        }
        Ok(table)
    }

    /// Makes dates and times without a time zone invalid ([`InvalidCell::is_time_zone_missing`](crate::InvalidCell)). Otherwise
    /// they are in [`ReadOptions::time_zone`], which is UTC by default.
    #[must_use]
    pub fn require_time_zone(mut self) -> Self {
        for column in &mut self.mapping.columns {
            column.is_time_zone_missing = true;
        }
        self
    }

    /// Makes numbers invalid ([`InvalidCell::is_unit_missing`](crate::InvalidCell)) in a column that was assigned to
    /// [`ResultField::Duration`] and whose own name has no unit. Otherwise they are milliseconds.
    #[must_use]
    pub fn require_duration_unit(mut self) -> Self {
        for column in &mut self.mapping.columns {
            let has_unit = ResultField::from_header(&column.name) == Some(ResultField::Duration)
                && !column
                    .name
                    .eq_ignore_ascii_case(ResultField::Duration.as_str());
            let has_unit = has_unit || column.unit.is_some();
            column.is_unit_assumed |= column.field == ResultField::Duration && !has_unit;
        }
        self
    }

    /// The name, as in messages.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The column of a duration whose unit is not given, as an index in the header: its numbers are invalid.
    pub fn unit_missing(&self) -> Option<usize> {
        let mut columns = self.mapping.columns.iter();
        let column = columns.find(|column| column.is_unit_assumed)?;
        Some(column.index)
    }

    /// The columns with a meaning, as indexes in the header, from left to right.
    pub fn columns(&self) -> impl Iterator<Item = (usize, ResultField)> + '_ {
        let columns = self.mapping.columns.iter();
        columns.map(|column| (column.index, column.field))
    }

    /// The indexes of all columns whose cells [`read_row`](Self::read_row) asks for: those with a meaning, and those whose name
    /// says that they have a status too, which must not contradict it.
    pub fn indexes(&self) -> impl Iterator<Item = usize> + '_ {
        let verdicts = self.mapping.verdicts.iter().map(|column| column.index);
        self.columns().map(|(index, _)| index).chain(verdicts)
    }

    /// Reads a row.
    ///
    /// `number` counts the rows from 1. `label` names the row in messages instead of its number; it is only asked if there is
    /// one. `cell` returns the cell at an index of the header, and is asked for each of [`indexes`](Self::indexes), some of
    /// them twice.
    pub fn read_row<'c>(
        &mut self,
        number: u64,
        label: impl FnOnce() -> Option<String>,
        cell: impl Fn(usize) -> Cell<'c>,
    ) {
        self.has_rows = true;
        let mut warnings = Vec::new();
        let mut run = self.spare.take();
        let parsed = parse_row_into(
            &mut run,
            &self.mapping,
            &self.options,
            &mut self.state,
            cell,
            &mut |kind| warnings.push(kind),
        );
        let mut position = match run.position.take() {
            // That of an earlier row: counting how often the name is used takes longer than that.
            Some(earlier) if Arc::ptr_eq(&earlier.file, &self.name) => Position {
                line: number,
                column: None,
                label: None,
                ..earlier
            },
            _ => Position::new(Arc::clone(&self.name), number),
        };
        if parsed.is_err() || !warnings.is_empty() {
            position.label = label().map(Into::into);
        }
        for kind in warnings {
            let position = position.clone();
            self.ready
                .push_back(Record::Warning(Warning { position, kind }));
        }
        let record = match parsed {
            Ok(()) => {
                run.position = Some(position);
                let warning = self.cleaner.clean(&mut run);
                self.ready.extend(warning.map(Record::Warning));
                Record::Run(run)
            }
            Err(cells) => {
                self.spare.give(run);
                Record::Invalid(InvalidRow { position, cells })
            }
        };
        self.ready.push_back(record);
    }

    /// Warns if there was no row.
    pub fn finish(&mut self) {
        if !self.has_rows {
            self.warn(WarningKind::NoResults);
        }
    }

    /// Takes the records of the rows that were read since the last call, in order.
    pub fn records(&mut self) -> impl Iterator<Item = Record> + '_ {
        std::iter::from_fn(|| self.ready.pop_front())
    }

    /// Uses the memory of a result that is no longer needed for a later one.
    pub fn recycle(&mut self, run: Box<TestRun>) {
        self.spare.give(run);
    }

    fn warn(&mut self, kind: WarningKind) {
        let position = Position::new(Arc::clone(&self.name), 1);
        self.ready
            .push_back(Record::Warning(Warning { position, kind }));
    }
}

#[cfg(test)]
mod tests;
