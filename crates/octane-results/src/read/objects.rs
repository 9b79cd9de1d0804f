//! Rows of a table as JSON objects.
//!
//! The keys are the columns, as in the header of a CSV table. A key that a row does not have, `null` and an empty text are
//! absent; a column that the caller gave must be in one row at least. Values below each other have keys with dots: `{"test": {"name": "adds"}}` has the column `test.name`. Numbers
//! are texts, as they are written, and so are `true` and `false`. A list of texts is one text in the columns that may contain several values; in the
//! others it is invalid, as is a list of anything else. The values of a repeated key are a list.
//!
//! What comes before the first row with the required columns is invalid. Without such a row there is no table of results.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::cell::Cell;
use super::columns::ColumnMapping;
use super::error::ReadErrorKind;
use super::field::ResultField;
use super::line_column::LineColumn;
use super::report::ReportFile;
use super::row::parse_row;
use crate::invalid::InvalidCell;
use crate::sniff;
use crate::warning::WarningKind;

/// How many keys are remembered.
const KEYS_MAX: usize = 1000;

/// How many rows without the required columns may come before the first one that has them.
const EARLY_MAX: usize = 10_000;

/// What a document without rows is.
pub(super) const NO_ROWS: &str = "JSON without rows of results (a list of objects, which may be called `tests`, `results`, \
                                  `result`, `data`, `rows`, `records`, `value` or `executions`)";

/// Reads rows.
#[derive(Debug, Default)]
pub(super) struct ObjectRows {
    /// All keys so far, as a header.
    keys: Vec<String>,
    /// Their places in it.
    places: HashMap<String, usize>,
    /// The fields of `keys`.
    mapping: Option<ColumnMapping>,
    /// The keys that are known to be of no use.
    unused: HashSet<String>,
    /// The given columns that no row has had so far, once there was one with the required columns.
    missing: Option<Vec<String>>,
    /// Whether there was a row with the required columns.
    has_table: bool,
    /// What came before it.
    early: Vec<(LineColumn, InvalidCell)>,
    /// What is wrong with the first of that.
    problem: Option<(LineColumn, ReadErrorKind)>,
    /// Whether they are lines, which may be those of a log.
    are_lines: bool,
}

impl ObjectRows {
    /// Rows that are a line each.
    pub(super) fn in_lines() -> Self {
        Self {
            are_lines: true,
            ..Self::default()
        }
    }

    /// Reads the row at `place`.
    ///
    /// # Errors
    ///
    /// The required columns are missing, as in all of the many rows before it: this is not a table of results.
    pub(super) fn read(
        &mut self,
        row: &Value,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let Value::Object(row) = row else {
            let shown = scalar(row).unwrap_or_else(|| row.to_string().into());
            let cell = InvalidCell::new(None, &shown, "is not a JSON object");
            if self.has_table {
                self.reject(cell, place, file);
                return Ok(());
            }
            return self.hold(place, cell, ReadErrorKind::Format { found: NO_ROWS });
        };
        let mut contents = Vec::new();
        flatten(row, "", &mut contents);
        if !self.has_table {
            self.forget();
        }
        if let Err(kind) = self.prepare(&contents, file) {
            let is_missing = matches!(kind, ReadErrorKind::MissingColumns { .. });
            let cell = InvalidCell::new(None, "", &kind);
            if is_missing && !self.has_table {
                let given = file.options.columns.missing(&self.keys).next();
                let Some(column) = given.map(str::to_owned) else {
                    return self.hold(place, cell, kind);
                };
                let header = self.keys.clone();
                let kind = ReadErrorKind::UnknownColumn { column, header };
                let cell = InvalidCell::new(None, "", &kind);
                return self.hold(place, cell, kind);
            }
            self.reject(cell, place, file);
            return Ok(());
        }
        if let Some(cell) = self.doubtful_status(&contents, file) {
            return self.hold(place, cell, ReadErrorKind::Format { found: NO_ROWS });
        }
        self.has_table = true;
        for (place, cell) in std::mem::take(&mut self.early) {
            self.reject(cell, place, file);
        }
        let Self {
            places,
            mapping: Some(mapping),
            unused,
            ..
        } = self
        else {
            return Ok(());
        };
        for column in mapping.unused.drain(..) {
            if unused.len() < KEYS_MAX && unused.insert(column.clone()) {
                file.warn(place, WarningKind::UnusedColumn { column });
            }
        }
        let mut values = vec![&Value::Null; places.len()];
        for (key, value) in contents {
            if let Some(place) = places.get(&key) {
                values[*place] = value;
            }
        }
        let may_have_replacements = file.may_have_replacements;
        file.push_row(place, |options, state, warn| {
            let cell = |index: usize| match values.get(index) {
                Some(Value::String(text)) => {
                    Cell::from_bytes(text.as_bytes(), may_have_replacements)
                }
                value => value.map_or(Cell::Absent, |value| cell(value)),
            };
            parse_row(mapping, options, state, cell, warn)
        });
        Ok(())
    }

    /// Adds an invalid row. If all rows so far are without the required columns, it may be part of something else.
    pub(super) fn reject(&mut self, cell: InvalidCell, place: LineColumn, file: &mut ReportFile) {
        if self.early.is_empty() {
            file.push_row(place, |_, _, _| Err(vec![cell]));
        } else if self.early.len() < EARLY_MAX {
            self.early.push((place, cell));
        }
    }

    /// Holds a row without the required columns until there is one that has them.
    fn hold(
        &mut self,
        place: LineColumn,
        cell: InvalidCell,
        kind: ReadErrorKind,
    ) -> Result<(), ReadErrorKind> {
        if self.early.len() == EARLY_MAX {
            return Err(kind);
        }
        self.early.push((place, cell));
        self.problem.get_or_insert((place, kind));
        Ok(())
    }

    /// What is wrong with the status of a row after others without the required columns, unless it is known and said of tests. The lines
    /// of a log, some of which have a name and the status of a request, are not a table.
    fn doubtful_status(
        &self,
        contents: &[(String, &Value)],
        file: &ReportFile,
    ) -> Option<InvalidCell> {
        if self.has_table || self.early.is_empty() {
            return None;
        }
        let mut columns = self.mapping.as_ref()?.columns.iter();
        let status = columns.find(|column| column.field == ResultField::Status)?;
        let key = self.keys.get(status.index)?;
        let (_, value) = contents.iter().find(|(known, _)| known == key)?;
        let word = scalar(value).unwrap_or_default();
        let aliases = &file.options.status_aliases;
        if aliases.status(word.trim()).is_none() {
            return Some(aliases.unknown(Some(key), &word));
        }
        let may_be_log = self.are_lines && !file.has_json_results;
        let is_vague = may_be_log && sniff::is_vague(word.trim(), aliases);
        is_vague.then(|| {
            let reason =
                "comes after rows without a status, and may be said of something other than a test";
            InvalidCell::new(Some(key), &word, reason)
        })
    }

    pub(super) fn has_table(&self) -> bool {
        self.has_table
    }

    /// What is wrong with the first row, if none has the required columns, or with all of them, if none has a given column.
    pub(super) fn problem(&mut self) -> Option<(LineColumn, ReadErrorKind)> {
        if !self.has_table {
            return self.problem.take();
        }
        let column = self.missing.take()?.into_iter().next()?;
        let header = self.keys.clone();
        let kind = ReadErrorKind::UnknownColumn { column, header };
        Some((LineColumn::START, kind))
    }

    /// Makes the mapping one that has all keys of a row.
    fn prepare(
        &mut self,
        contents: &[(String, &Value)],
        file: &ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let columns = &file.options.columns;
        if let Some(mapping) = &mut self.mapping {
            // To map all keys again for each that means nothing would take long.
            let mut is_known = true;
            for (key, _) in contents {
                if self.places.contains_key(key) || self.unused.contains(key) {
                    continue;
                }
                if columns.is_without_meaning(key) {
                    mapping.unused.push(key.trim().to_owned());
                } else {
                    is_known = false;
                }
            }
            if is_known {
                return Ok(());
            }
        }
        if self.keys.len() > KEYS_MAX {
            self.forget();
        }
        self.add_keys(contents);
        let mapping = match columns.map_keys(&self.keys) {
            Err(ReadErrorKind::DuplicateColumns { .. }) => {
                // One row has one of the columns, another row the other.
                self.forget();
                self.add_keys(contents);
                columns.map_keys(&self.keys)
            }
            mapping => mapping,
        };
        self.mapping = None;
        self.mapping = Some(mapping?);
        match &mut self.missing {
            Some(missing) => {
                missing.retain(|column| columns.missing(&self.keys).any(|it| it == column));
            }
            missing => *missing = Some(columns.missing(&self.keys).map(str::to_owned).collect()),
        }
        Ok(())
    }

    fn add_keys(&mut self, contents: &[(String, &Value)]) {
        for (key, _) in contents {
            if !self.places.contains_key(key) {
                self.places.insert(key.clone(), self.keys.len());
                self.keys.push(key.clone());
            }
        }
    }

    fn forget(&mut self) {
        self.keys.clear();
        self.places.clear();
        self.mapping = None;
    }
}

/// Adds the values of an object, each with its key after `prefix`.
fn flatten<'v>(
    object: &'v Map<String, Value>,
    prefix: &str,
    contents: &mut Vec<(String, &'v Value)>,
) {
    for (name, value) in object {
        let key = format!("{prefix}{name}");
        match value {
            Value::Object(inner) => flatten(inner, &format!("{key}."), contents),
            _ => contents.push((key, value)),
        }
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Array(items) => match items.iter().map(scalar).collect() {
            Some(words) => Cell::Words(words),
            None => Cell::other("list of lists or objects", value.to_string()),
        },
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::Null => Cell::Absent,
        _ => scalar(value).map_or(Cell::Absent, Cell::Text),
    }
}

/// The text of a value that is no list and no object.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => Some("".into()),
        Value::Bool(flag) => Some(flag.to_string().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::String(text) => Some(text.into()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
