//! Rows of a table as JSON objects.
//!
//! The keys are the columns, as in the header of a CSV table. A key that a row does not have, `null` and an empty text are
//! absent. Values below each other have keys with dots: `{"test": {"name": "adds"}}` has the column `test.name`. Numbers
//! are texts, as they are written. A list of texts is one text in the columns that may contain several values; in the
//! others it is invalid, as is a list of anything else. The values of a repeated key are a list.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::columns::ColumnMapping;
use super::error::ReadErrorKind;
use super::field::ResultField;
use super::line_column::LineColumn;
use super::report::ReportFile;
use super::row::{Cell, parse_row};
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

/// What is in a cell.
#[derive(Debug)]
enum Content {
    Text(String),
    /// The texts of a list.
    List(Vec<String>),
    /// A list with something else in it, as JSON.
    Other(String),
}

impl ObjectRows {
    /// Reads the row at `place`.
    ///
    /// # Errors
    ///
    /// It is the first one, and the required columns are missing: this is no table of results.
    pub(super) fn read(
        &mut self,
        row: &Value,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let Value::Object(row) = row else {
            let shown = scalar(row).unwrap_or_else(|| row.to_string());
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
        let mut cells: HashMap<usize, Content> = contents
            .into_iter()
            .filter_map(|(key, content)| Some((*places.get(&key)?, content)))
            .collect();
        let invalid = join_lists(mapping, &mut cells);
        file.push_row(place, |options, commas, warn| {
            if !invalid.is_empty() {
                return Err(invalid);
            }
            let cell = |index: usize| {
                let text = match cells.get(&index) {
                    Some(Content::Text(text) | Content::Other(text)) => text,
                    Some(Content::List(_)) | None => "",
                };
                Cell::new(text.as_bytes(), false)
            };
            parse_row(mapping, options, commas, cell, warn)
        });
        Ok(())
    }

    /// Makes the mapping one that has all keys of a row.
    fn prepare(
        &mut self,
        contents: &[(String, Content)],
        file: &ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let is_known = |(key, _): &(String, Content)| self.places.contains_key(key);
        if self.mapping.is_some() && contents.iter().all(is_known) {
            return Ok(());
        }
        if self.keys.len() > KEYS_MAX {
            self.forget();
        }
        self.add_keys(contents);
        let columns = &file.options.columns;
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

    fn add_keys(&mut self, contents: &[(String, Content)]) {
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

/// Adds the values of an object, each with its key behind `prefix`.
fn flatten(object: &Map<String, Value>, prefix: &str, contents: &mut Vec<(String, Content)>) {
    for (name, value) in object {
        let key = format!("{prefix}{name}");
        let content = match value {
            Value::Object(inner) => {
                flatten(inner, &format!("{key}."), contents);
                continue;
            }
            Value::Array(items) => {
                let texts: Option<Vec<_>> = items.iter().map(scalar).collect();
                texts.map_or_else(|| Content::Other(value.to_string()), Content::List)
            }
            other => Content::Text(scalar(other).unwrap_or_default()),
        };
        contents.push((key, content));
    }
}

/// The text of a value that is no list and no object.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Makes one text of each list where a column may have several values; returns the cells that may not.
fn join_lists(mapping: &ColumnMapping, cells: &mut HashMap<usize, Content>) -> Vec<InvalidCell> {
    let mut invalid = Vec::new();
    for column in &mapping.columns {
        let separator = match column.field {
            ResultField::Jira | ResultField::Tags => "; ",
            ResultField::Description | ResultField::ErrorMessage | ResultField::ErrorDetails => {
                "\n"
            }
            _ => "",
        };
        match cells.get_mut(&column.index) {
            Some(content @ Content::List(_)) => {
                let Content::List(texts) = content else {
                    continue;
                };
                if separator.is_empty() {
                    let shown = texts.join(", ");
                    let cell = InvalidCell::new(Some(&column.name), &shown, "is a list");
                    invalid.push(cell.hint("use one value"));
                } else {
                    *content = Content::Text(texts.join(separator));
                }
            }
            Some(Content::Other(json)) => {
                let cell = InvalidCell::new(Some(&column.name), json, "is not a list of texts");
                invalid.push(cell);
            }
            Some(Content::Text(_)) | None => {}
        }
    }
    invalid
}
