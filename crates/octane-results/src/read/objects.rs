//! Rows of a table as JSON objects.
//!
//! The keys are the columns, as in the header of a CSV table. A key that a row does not have, `null` and an empty text are
//! absent. Values below each other have keys with dots: `{"test": {"name": "adds"}}` has the column `test.name`. Numbers
//! are texts, as they are written, and so are `true` and `false`. A list of texts is one text in the columns that may contain several values; in the
//! others it is invalid, as is a list of anything else. The values of a repeated key are a list.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::cell::Cell;
use super::columns::ColumnMapping;
use super::error::ReadErrorKind;
use super::line_column::LineColumn;
use super::report::ReportFile;
use super::row::parse_row;
use crate::invalid::InvalidCell;
use crate::warning::WarningKind;

/// How many keys are remembered.
const KEYS_MAX: usize = 1000;

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
    /// Whether there was a row with the required columns.
    has_table: bool,
}

impl ObjectRows {
    /// Reads the row at `place`.
    ///
    /// # Errors
    ///
    /// It is the first one, and the required columns are missing: this is not a table of results.
    pub(super) fn read(
        &mut self,
        row: &Value,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let Value::Object(row) = row else {
            let shown = scalar(row).unwrap_or_else(|| row.to_string().into());
            let cell = InvalidCell::new(None, &shown, "is not a JSON object");
            file.push_row(place, |_, _, _| Err(vec![cell]));
            return Ok(());
        };
        let mut contents = Vec::new();
        flatten(row, "", &mut contents);
        if let Err(kind) = self.prepare(&contents, file) {
            let is_missing = matches!(
                kind,
                ReadErrorKind::MissingColumns { .. } | ReadErrorKind::UnknownColumn { .. }
            );
            if is_missing && !self.has_table {
                return Err(kind);
            }
            let cell = InvalidCell::new(None, "", kind);
            file.push_row(place, |_, _, _| Err(vec![cell]));
            return Ok(());
        }
        self.has_table = true;
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
        let mapping = match columns.map_header(&self.keys) {
            Err(ReadErrorKind::DuplicateColumns { .. }) => {
                // One row has one of the columns, another row the other.
                self.forget();
                self.add_keys(contents);
                columns.map_header(&self.keys)
            }
            mapping => mapping,
        };
        self.mapping = None;
        self.mapping = Some(mapping?);
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
