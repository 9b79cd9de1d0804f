//! Errors that stop the reading of an input.

use std::fmt;
use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::format::{Format, FormatNames};
use crate::invalid::shortened;
use crate::io_reason::io_reason;
use crate::position::Position;
use crate::read::field::ResultField;
use crate::read::line_column::LineColumn;
use crate::sniff::is_other_root;

/// Why an input cannot be read, or cannot be read to its end.
///
/// Prints as ``report.xml:12:8: unexpected end of file inside `skipped` (opened at line 10); the file is
/// truncated (in testsuites/testsuite/testcase/skipped)``; without a line, it starts with the file only.
#[derive(Debug)]
pub struct ReadError {
    file: Arc<str>,
    place: Option<LineColumn>,
    path: Option<String>,
    kind: Box<ReadErrorKind>,
    is_other_kind: bool,
}

/// The problem of an input.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The input cannot be opened or read.
    #[error("cannot be read: {}", io_reason(.0))]
    Io(#[source] io::Error),
    /// The input is empty or contains whitespace only.
    #[error("the file is empty; expected a {0}")]
    Empty(&'static str),
    /// The format of the input is not supported.
    #[error("is {found}; supported formats: {FormatNames}")]
    Format {
        /// What the first bytes are, for example `a ZIP archive`.
        found: &'static str,
    },
    /// The encoding in the XML declaration is unknown.
    #[error("unknown encoding `{}`", shortened(label))]
    UnknownEncoding {
        /// The name of the encoding.
        label: String,
    },
    /// The root element is not that of a supported report.
    #[error("root element is `{root}`{}", RootMeans { root, expected, hint: *hint })]
    UnknownRoot {
        /// The element's name.
        root: String,
        /// The names that the format has.
        expected: &'static [&'static str],
        /// What the document probably is.
        hint: Option<&'static str>,
    },
    /// The XML is not well-formed.
    #[error("malformed XML: {reason}")]
    Malformed {
        /// The reason, as given by the parser.
        reason: String,
    },
    /// The JSON is not well-formed.
    #[error("malformed JSON: {reason}")]
    MalformedJson {
        /// The reason, as given by the parser.
        reason: String,
    },
    /// The JSON ends too early.
    #[error("unexpected end of file; the file is truncated")]
    TruncatedJson,
    /// The input ends inside an element.
    #[error(
        "unexpected end of file inside `{}` (opened at line {opened}); the file is truncated",
        shortened(element)
    )]
    Truncated {
        /// The innermost open element.
        element: String,
        /// The line at which it was opened.
        opened: u64,
    },
    /// Elements are nested too deep.
    #[error("elements are nested deeper than {max} levels")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// The input ends inside a quoted cell.
    #[error("unterminated quoted cell in the row that starts here")]
    UnclosedQuote,
    /// A required column is missing.
    #[error("{}", MissingColumns { missing, header })]
    MissingColumns {
        /// The fields without a column.
        missing: Vec<ResultField>,
        /// The columns of the header.
        header: Vec<String>,
    },
    /// Two columns contain the same field.
    #[error("{}", DuplicateColumns { first, second, meaning })]
    DuplicateColumns {
        /// The first column.
        first: String,
        /// The second column.
        second: String,
        /// The field.
        meaning: &'static str,
    },
    /// The duration is a number, and nothing says in which unit.
    #[error(
        "column `{name}` has numbers without a unit; say which it is: `--column '{name}=duration_s'` for seconds, \
         `--column '{name}=duration'` for milliseconds", name = shortened(column)
    )]
    UnitMissing {
        /// The column.
        column: String,
    },
    /// The batches of a table in Arrow or Parquet cannot be read.
    #[error("cannot be read as a table: {reason}")]
    Batches {
        /// The reason, as given by the library.
        reason: String,
    },
    /// The format needs a feature that this build does not have.
    #[error(
        "is in the format {format}, which this build cannot read; to build one that can, run \
         `cargo install --path crates/octane-cli --features arrow`"
    )]
    FeatureMissing {
        /// The format.
        format: Format,
    },
    /// A column assigned by the caller is missing.
    #[error("no column `{}`; columns found: {}", shortened(column), quoted(header))]
    UnknownColumn {
        /// The assigned column.
        column: String,
        /// The columns of the header.
        header: Vec<String>,
    },
}

impl ReadError {
    pub(crate) fn new(file: Arc<str>, kind: ReadErrorKind) -> Self {
        Self {
            file,
            place: None,
            path: None,
            is_other_kind: matches!(
                &kind,
                ReadErrorKind::UnknownRoot { root, hint, .. }
                    if is_other_root(root) && (hint.is_none() || root == "html")
            ),
            kind: Box::new(kind),
        }
    }

    pub(crate) fn io(file: Arc<str>, error: io::Error) -> Self {
        Self::new(file, ReadErrorKind::Io(error))
    }

    pub(crate) fn at(mut self, place: LineColumn) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn in_elements(mut self, path: String) -> Self {
        self.path = (!path.is_empty()).then_some(path);
        self
    }

    /// The name of the input.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The position in the input, if it is known.
    pub fn position(&self) -> Option<Position> {
        self.place.map(|place| place.in_file(&self.file))
    }

    /// The open elements of an XML report, from the root inwards, joined with `/`.
    pub fn element_path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The problem.
    pub fn kind(&self) -> &ReadErrorKind {
        &self.kind
    }

    pub(crate) fn of_other_kind(mut self) -> Self {
        self.is_other_kind = true;
        self
    }

    /// Whether the input is plainly something else than results, such as a coverage report or a configuration. A report
    /// that is empty, cut off, or in a format that is not supported is not.
    pub fn is_other_kind(&self) -> bool {
        self.is_other_kind
    }

    /// Whether the file does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(&*self.kind, ReadErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position() {
            None if &*self.file == "-" && matches!(*self.kind, ReadErrorKind::Empty(_)) => {
                return f.write_str("standard input is empty");
            }
            Some(position) => write!(f, "{position}: ")?,
            None => write!(f, "{}: ", self.file)?,
        }
        write!(f, "{}", self.kind)?;
        (self.path.as_ref()).map_or(Ok(()), |path| write!(f, " (in {})", end_of(path)))
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

/// The names of root elements.
struct Roots<'a>(&'a [&'a str]);

impl fmt::Display for Roots<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(|name| format!("`{name}`")).collect();
        f.write_str(&names.join(" or "))
    }
}

struct MissingColumns<'a> {
    missing: &'a [ResultField],
    header: &'a [String],
}

impl fmt::Display for MissingColumns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missing, header } = self;
        let names: Vec<_> = missing
            .iter()
            .map(|field| field.as_str().to_owned())
            .collect();
        let (columns, are) = match names.len() {
            1 => ("column", "is"),
            _ => ("columns", "are"),
        };
        write!(f, "required {columns} {} {are} missing", quoted(&names))?;
        write!(f, "; columns found: {}", quoted(header))
    }
}

/// What the name of a root element says of the document.
struct RootMeans<'a> {
    root: &'a str,
    expected: &'static [&'static str],
    hint: Option<&'static str>,
}

impl fmt::Display for RootMeans<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None if is_other_root(self.root) => f.write_str("; this is not a test report"),
            None => write!(f, "; expected {}", Roots(self.expected)),
        }
    }
}

struct DuplicateColumns<'a> {
    first: &'a str,
    second: &'a str,
    meaning: &'static str,
}

impl fmt::Display for DuplicateColumns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (shortened(self.first), shortened(self.second));
        if first == second {
            return write!(f, "two columns are called `{first}`");
        }
        let meaning = self.meaning;
        write!(
            f,
            "columns `{first}` and `{second}` both contain {meaning}; keep one"
        )
    }
}

/// The first names, in backticks and separated by commas. If the file is not a table, they are its first line: so there are at
/// most twelve of them, and eighty characters.
fn quoted(names: &[String]) -> String {
    const NAMES_MAX: usize = 12;
    const CHARS_MAX: usize = 80;
    let mut shown: Vec<String> = Vec::new();
    let mut chars = 0;
    for name in names.iter().take(NAMES_MAX) {
        let name = shortened(name);
        chars += name.chars().count();
        if chars > CHARS_MAX {
            break;
        }
        shown.push(format!("`{name}`"));
    }
    if shown.len() < names.len() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// The innermost elements of a path.
fn end_of(path: &str) -> String {
    const CHARS_MAX: usize = 80;
    let count = path.chars().count();
    if count <= CHARS_MAX {
        return path.to_owned();
    }
    let end: String = path.chars().skip(count - CHARS_MAX + 1).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_from_an_input_ends_soon() {
        let long = "secret ".repeat(100);
        let file: Arc<str> = "a.csv".into();
        let kinds = [
            ReadErrorKind::UnknownEncoding {
                label: long.clone(),
            },
            ReadErrorKind::Truncated {
                element: long.clone(),
                opened: 1,
            },
            ReadErrorKind::MissingColumns {
                missing: vec![ResultField::Name],
                header: vec![long.clone(), long.clone()],
            },
            ReadErrorKind::DuplicateColumns {
                first: "a".to_owned(),
                second: long.clone(),
                meaning: "the duration",
            },
            ReadErrorKind::UnknownColumn {
                column: "x".to_owned(),
                header: vec!["y".to_owned(); 100],
            },
        ];
        for kind in kinds {
            let error = ReadError::new(Arc::clone(&file), kind).in_elements("a/".repeat(200));
            let text = error.to_string();
            assert!(text.chars().count() < 330, "{text}");
            assert!(text.matches("secret").count() <= 13, "{text}");
        }
    }
}
