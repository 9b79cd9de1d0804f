//! Tables as a JSON object a line.
//!
//! Each object is a row, as in [`objects`](super::objects). A line that is no JSON is an invalid row; reading continues
//! after it. Empty lines are skipped. A document that is spread over lines is an error, as is one in which no row has the required
//! columns.

use super::error::ReadErrorKind;
use super::json_reader::exact_line;
use super::line_column::LineColumn;
use super::objects::ObjectRows;
use super::report::ReportFile;
use super::report::lines::LineFormat;
use crate::invalid::InvalidCell;

#[derive(Debug)]
pub(crate) struct NdjsonTable {
    rows: ObjectRows,
}

impl Default for NdjsonTable {
    fn default() -> Self {
        Self {
            rows: ObjectRows::in_lines(),
        }
    }
}

impl LineFormat for NdjsonTable {
    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            return Ok(());
        }
        match exact_line(line) {
            Ok(row) => return self.rows.read(&row, place, file),
            Err(_) if file.results == 0 && matches!(line, "{" | "[") => {
                let reason = "each line has to be one object".to_owned();
                return Err(ReadErrorKind::MalformedJson { reason });
            }
            Err(column) => {
                let reason = format!("is not valid JSON (column {column})");
                let cell = InvalidCell::new(None, line, reason);
                self.rows.reject(cell, place, file);
            }
        }
        Ok(())
    }

    fn end(&mut self, _file: &mut ReportFile) {}

    fn problem(&mut self) -> Option<(LineColumn, ReadErrorKind)> {
        self.rows.problem()
    }
}

#[cfg(test)]
mod tests;
