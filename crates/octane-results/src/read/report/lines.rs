//! Report formats with one thing a line, such as NDJSON and TAP.

use std::io::BufRead;

use serde_json::Value;

use super::file::{Input, ReportFile, ReportReader};
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::json_reader::line_value;
use crate::read::line_column::LineColumn;
use crate::read::text::{DecodedText, InvalidBytes};

/// The longest line that is read, in bytes; the rest of a longer one is dropped.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A larger buffer is freed after the line that needed it.
const BUFFER_KEPT_BYTES: usize = 1024 * 1024;

/// A report format with one thing a line.
pub(crate) trait LineFormat: Send {
    /// The line that is read next has no end, so it may be cut off.
    fn line_without_end(&mut self) {}

    /// Reads a line without its end. An error ends the reading.
    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind>;

    /// The report ends; also where it was cut off by an error.
    fn end(&mut self, file: &mut ReportFile);

    /// What is wrong with a report that was read to its end.
    fn problem(&mut self) -> Option<(LineColumn, ReadErrorKind)> {
        None
    }
}

/// A line without a byte order mark, as a file that was put together from others has within, and without spaces around it.
pub(crate) fn unmarked(line: &str) -> &str {
    line.trim_start_matches('\u{feff}').trim()
}

/// The JSON value that a line consists of. Halves of characters, which programs in JavaScript, Dart and Python may write,
/// are U+FFFD.
pub(crate) fn json_line(line: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(line).or_else(|error| line_value(line).ok_or(error))
}

/// Like [`json_line`], for a format each line of which has to be JSON.
pub(crate) fn whole_line(line: &str) -> Result<Value, ReadErrorKind> {
    json_line(line).map_err(|error| {
        if error.is_eof() {
            ReadErrorKind::TruncatedJson
        } else {
            let reason = error.to_string();
            ReadErrorKind::MalformedJson { reason }
        }
    })
}

/// Reads a report line by line.
pub(crate) struct LineReport<F> {
    text: DecodedText<Input>,
    format: F,
    line: Vec<u8>,
    /// A carriage return if there is no line feed in the beginning of the report, as after a spreadsheet or an editor.
    line_end: u8,
    number: u64,
    /// Whether the line in the buffer ended with a line end.
    has_end: bool,
    /// Whether there is more than empty lines.
    has_text: bool,
}

impl<F: LineFormat> LineReport<F> {
    pub(crate) fn new(
        format: F,
        file: &ReportFile,
        input: Input,
        head: &[u8],
    ) -> Result<Self, ReadError> {
        let text = file.decoded(input, head)?;
        Ok(Self {
            text,
            format,
            line: Vec::new(),
            line_end: if head.contains(&b'\r') && !head.contains(&b'\n') {
                b'\r'
            } else {
                b'\n'
            },
            number: 0,
            has_end: false,
            has_text: false,
        })
    }

    /// Reads the next line into the buffer; `false` at the end.
    fn next_line(&mut self) -> std::io::Result<bool> {
        if self.line.capacity() > BUFFER_KEPT_BYTES {
            self.line = Vec::new();
        }
        self.line.clear();
        let mut has_any = false;
        self.has_end = false;
        loop {
            let block = self.text.fill_buf()?;
            if block.is_empty() {
                return Ok(has_any);
            }
            has_any = true;
            let end = memchr::memchr(self.line_end, block);
            let length = end.unwrap_or(block.len());
            let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(&block[..length.min(room)]);
            self.text.consume(end.map_or(length, |end| end + 1));
            if end.is_some() {
                self.has_end = true;
                return Ok(true);
            }
        }
    }
}

impl<F: LineFormat> ReportReader for LineReport<F> {
    fn advance(&mut self, file: &mut ReportFile) -> Result<bool, ReadError> {
        let place = LineColumn {
            line: self.number + 1,
            column: 1,
        };
        match self.next_line() {
            Ok(true) => {}
            Ok(false) if !self.has_text => {
                let kind = ReadErrorKind::Empty("report");
                return Err(ReadError::new(file.shared_name(), kind));
            }
            Ok(false) => {
                self.format.end(file);
                return match self.format.problem() {
                    Some((place, kind)) => Err(file.error(place, kind)),
                    None => Ok(false),
                };
            }
            Err(error) => {
                self.format.end(file);
                return Err(file.error(place, ReadErrorKind::Io(error)));
            }
        }
        self.number += 1;
        self.has_text = self.has_text || !self.line.trim_ascii().is_empty();
        file.may_have_replacements |= self.text.invalid().is_some() || has_half_of_pair(&self.line);
        let line = String::from_utf8_lossy(&self.line);
        let line = line.strip_suffix('\r').unwrap_or(&line);
        if !self.has_end {
            self.format.line_without_end();
        }
        if let Err(kind) = self.format.line(line, place, file) {
            self.format.end(file);
            return Err(file.error(place, kind));
        }
        Ok(true)
    }

    fn invalid_bytes(&self) -> Option<InvalidBytes> {
        self.text.invalid()
    }
}

/// Whether JSON has an escape sequence for half of a surrogate pair without the other half.
fn has_half_of_pair(line: &[u8]) -> bool {
    let unit = |at: usize| {
        let digits = line
            .get(at + 2..at + 6)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    let mut second = None;
    memchr::memmem::find_iter(line, b"\\u").any(|at| match unit(at) {
        Some(0xD800..0xDC00) => {
            second = Some(at + 6);
            let is_pair = line[at + 6..].starts_with(b"\\u");
            !is_pair || !matches!(unit(at + 6), Some(0xDC00..0xE000))
        }
        Some(0xDC00..0xE000) => second != Some(at),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::report::listing::listing;

    #[test]
    fn halves_of_surrogate_pairs_are_found() {
        for (line, expected) in [
            (r"\ud83c\udf89 \u00e9", false),
            (r"\uD83C\uDF89\ud83c\udf89", false),
            (r"a\ud83cb", true),
            (r"\ud83c\u0041", true),
            (r"\ud83c", true),
            (r"\udf89", true),
            (r"\ud83c\udf89\udf89", true),
            (r"\u12", false),
        ] {
            assert_eq!(has_half_of_pair(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn tests_whose_names_have_different_halves_are_not_one() {
        for (name, report) in [
            (
                "in.json",
                r#"[{"name":"a\ud800","status":"passed"},{"name":"a\ud801","status":"failed"}]"#,
            ),
            (
                "in.ndjson",
                "{\"name\":\"a\\ud800\",\"status\":\"passed\"}\n{\"name\":\"a\\ud801\",\"status\":\"failed\"}",
            ),
        ] {
            let found = listing(name, report);
            assert_eq!(found.matches("invalid in.").count(), 2, "{found}");
        }
        let whole = listing(
            "in.json",
            r#"[{"name":"a\ufffd","status":"passed","description":"\ud83c\udf89"}]"#,
        );
        assert!(!whole.contains("invalid"), "{whole}");
        let message = listing(
            "in.json",
            r#"[{"name":"a","status":"failed","error_message":"\ud83c"}]"#,
        );
        assert!(
            !message.contains("invalid") && !message.contains("warning"),
            "{message}"
        );
    }

    #[test]
    fn lines_may_end_with_carriage_returns() {
        let found = listing("b.tap", "1..2\rok 1 - a\rnot ok 2 - b\r");
        assert_eq!(found, listing("b.tap", "1..2\nok 1 - a\nnot ok 2 - b\n"));
    }

    #[test]
    fn an_empty_file_is_not_a_report() {
        for name in ["in.tap", "in.ndjson", "in.xml"] {
            for text in ["", " \n\n"] {
                let expected = format!("error {name}: the file is empty; expected a report");
                assert_eq!(listing(name, text), expected);
            }
        }
        let found = listing("in.tap", "1..0 # SKIP\n");
        assert_eq!(found, "warning in.tap:1:1: contains no test results");
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        for (json, expected) in [
            (r#""\ud83d""#, Some("\u{FFFD}")),
            (r#""\ud83d\u0041""#, Some("\u{FFFD}A")),
            (
                r#""\uDE00\ud83d\ude00\udc80.""#,
                Some("\u{FFFD}\u{1F600}\u{FFFD}."),
            ),
            (r#""\\ud83d \n \u00fc""#, Some("\\ud83d \n \u{fc}")),
            (r#""\"#, None),
            (r#""\u{fc}""#, None),
            (r#""\ud8""#, None),
        ] {
            let found = json_line(json).ok();
            let found = found.as_ref().and_then(Value::as_str);
            assert_eq!(found, expected, "{json}");
        }
    }
}
