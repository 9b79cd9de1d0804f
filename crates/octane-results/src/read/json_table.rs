//! Tables as a JSON array of objects.
//!
//! The array is the document, or it is in an object under one of the names `tests`, `results`, `result`, `data`, `rows`,
//! `records`, `value` and `executions`, also below each other; everything else in the document is skipped. As `result`, `value` and
//! `executions` are also names of other things, such a list counts only if the document seems to have results of tests or the format or
//! columns are given, and if none of its items has the required columns, it is skipped where another list is a table. A document without any,
//! or none of whose rows has the required columns, is not a table of results. Each object is a row, as in
//! [`objects`](super::objects).

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde_json::Value;

use super::columns::Columns;
use super::error::ReadErrorKind;
use super::line_column::LineColumn;
use super::objects::{NO_ROWS, ObjectRows};
use super::report::ReportFile;
use super::report::json::{JsonFormat, Step};
use super::report::xml::Visit;

/// The names of arrays of rows.
const NAMES: [&str; 5] = ["tests", "results", "data", "rows", "records"];

/// The names of arrays that may also be something else.
const VAGUE: [&str; 3] = ["result", "value", "executions"];

#[derive(Debug, Default)]
pub(crate) struct JsonTable {
    rows: ObjectRows,
    /// Those of arrays with vague names.
    others: ObjectRows,
    /// Whether such an array was skipped.
    has_skipped: bool,
    /// Whether the document is an object.
    is_object: Cell<bool>,
    /// The paths of what may be arrays of rows, and whether their names are vague.
    entered: Vec<(String, bool)>,
    /// Those of objects among them.
    objects: RefCell<BTreeSet<String>>,
    problem: Option<(LineColumn, ReadErrorKind)>,
}

impl JsonFormat for JsonTable {
    const IS_EXACT: bool = true;

    fn visit(&self, path: &[Step]) -> Visit {
        let is_name = |step: &Step| {
            let name = step.name().unwrap_or_default();
            is_in(&NAMES, name) || is_in(&VAGUE, name)
        };
        if let [Step::Name(_)] = path {
            self.is_object.set(true);
        }
        if let Some((Step::Name(_), outer @ [_, ..])) = path.split_last() {
            self.objects.borrow_mut().insert(joined(outer));
        }
        match path.split_last() {
            _ if self.problem.is_some() => Visit::Skip,
            None => Visit::Enter,
            Some((Step::Index(_), names)) if names.iter().all(is_name) => Visit::Collect,
            Some(_) if path.iter().all(is_name) => Visit::Enter,
            Some(_) => Visit::Skip,
        }
    }

    fn enter(&mut self, path: &[Step], _place: LineColumn, _file: &mut ReportFile) {
        if !path.is_empty() {
            self.entered.push((joined(path), is_vague(path)));
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        let is_row = path.last().is_some_and(|step| step.name().is_none());
        if !is_row {
            return;
        }
        if !is_vague(path) {
            let read = self.rows.read(&value, place, file);
            self.problem = read.err().map(|kind| (place, kind));
        } else if may_be_rows(file) {
            // What there is instead of rows does not matter if other lists have results.
            _ = self.others.read(&value, place, file);
        } else {
            self.has_skipped = true;
        }
    }

    fn problem(&mut self) -> Option<(LineColumn, ReadErrorKind)> {
        let objects = self.objects.borrow();
        let has_skipped = self.has_skipped;
        let mut arrays = (self.entered.iter()).filter(|(path, _)| !objects.contains(path));
        let has_array = arrays.any(|(_, is_vague)| !(*is_vague && has_skipped));
        let is_no_table = self.is_object.get() && !has_array;
        drop(objects);
        let no_table = is_no_table.then_some(ReadErrorKind::Format { found: NO_ROWS });
        let no_table = no_table.map(|kind| (LineColumn::START, kind));
        (self.problem.take())
            .or_else(|| self.rows.problem())
            .or_else(|| {
                let problem = self.others.problem();
                problem.filter(|_| !self.rows.has_table())
            })
            .or(no_table)
    }
}

fn is_in(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a name on the path of an array may also be that of something else.
fn is_vague(path: &[Step]) -> bool {
    let mut names = path.iter().filter_map(Step::name);
    names.any(|name| is_in(&VAGUE, name))
}

/// Whether arrays with vague names may have rows: the document seems to have results of tests, or its user says so.
fn may_be_rows(file: &ReportFile) -> bool {
    let options = &file.options;
    file.has_json_results || options.format.is_some() || options.columns != Columns::default()
}

/// A path as one text.
fn joined(path: &[Step]) -> String {
    let names: Vec<&str> = path.iter().filter_map(Step::name).collect();
    names.join("\n")
}

#[cfg(test)]
mod tests;
