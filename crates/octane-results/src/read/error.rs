//! Inputs that cannot be read on.

use std::fmt;
use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::Position;
use crate::read::columns::Field;
use crate::read::text::{BadBytes, Place};

/// Why an input cannot be read, or not any further.
///
/// Prints as ``report.xml:12:8: the file ends inside `skipped`, which was opened in line 10 (in
/// testsuites/testsuite/testcase/skipped)``; the first part is the file alone where there is no line.
#[derive(Debug)]
pub struct ReadError {
    file: Arc<str>,
    place: Option<Place>,
    path: Option<String>,
    kind: Box<ReadErrorKind>,
}

/// What is wrong with an input.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The input cannot be opened or its bytes do not come.
    #[error("cannot be read")]
    Io(#[source] io::Error),
    /// The input has no bytes, or blanks only.
    #[error("there is nothing in it, a {0} was expected")]
    Empty(&'static str),
    /// The format of the input is none that can be read.
    #[error("looks like {found}, which cannot be read; there are junit and csv")]
    Format {
        /// What the first bytes look like, for example `a ZIP archive`.
        found: &'static str,
    },
    /// An XML declaration names an encoding that nobody knows.
    #[error("declares the unknown encoding `{label}`")]
    UnknownEncoding {
        /// The name of the encoding.
        label: String,
    },
    /// Bytes that are not text in the encoding of the input.
    #[error("{reason}; save the file in UTF-8 or declare its encoding")]
    Encoding {
        /// Which encoding they are not.
        reason: String,
    },
    /// The outermost element is none of a report that can be read.
    #[error("the outermost element is `{root}`{}", .hint.map_or_else(|| ", a JUnit report has `testsuites` or `testsuite`".to_owned(), |hint| format!("; {hint}")))]
    UnknownRoot {
        /// The element's name.
        root: String,
        /// What it probably is.
        hint: Option<&'static str>,
    },
    /// The XML is not well-formed.
    #[error("the XML is broken: {reason}")]
    Malformed {
        /// What is wrong, in the parser's words.
        reason: String,
    },
    /// The input ends before an element does.
    #[error("the file ends inside `{element}`, which was opened in line {opened}; it was cut off")]
    Truncated {
        /// The innermost element that is open.
        element: String,
        /// The line in which it was opened.
        opened: u64,
    },
    /// Elements are nested deeper than any report has them.
    #[error("elements are nested more than {max} deep")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// The input ends inside a quoted cell.
    #[error("the row that starts here has a quoted cell that is never closed")]
    UnclosedQuote,
    /// A column that every table needs is not there.
    #[error("{}", MissingColumns { missing, header })]
    MissingColumns {
        /// The fields without a column.
        missing: Vec<Field>,
        /// The header as it stands.
        header: Vec<String>,
    },
    /// Two columns mean the same.
    #[error("the columns `{first}` and `{second}` both mean {meaning}; keep one")]
    DuplicateColumns {
        /// The first column.
        first: String,
        /// The second column.
        second: String,
        /// What both mean.
        meaning: &'static str,
    },
    /// A column that the caller has assigned is not there.
    #[error("there is no column `{column}`; the header has {}", quoted(header))]
    UnknownColumn {
        /// The column that was looked for.
        column: String,
        /// The header as it stands.
        header: Vec<String>,
    },
}

impl ReadError {
    pub(crate) fn new(file: Arc<str>, kind: ReadErrorKind) -> Self {
        Self {
            file,
            place: None,
            path: None,
            kind: Box::new(kind),
        }
    }

    /// The reason why bytes do not come, which may be that they are no text.
    pub(crate) fn io(file: Arc<str>, error: io::Error) -> Self {
        let bad = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<BadBytes>());
        let kind = match bad {
            Some(bad) => ReadErrorKind::Encoding {
                reason: bad.to_string(),
            },
            None => ReadErrorKind::Io(error),
        };
        Self::new(file, kind)
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn in_elements(mut self, path: String) -> Self {
        self.path = (!path.is_empty()).then_some(path);
        self
    }

    /// The input's name as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where in the input, if it could be opened at all.
    pub fn position(&self) -> Option<Position> {
        self.place.map(|place| Position {
            file: Arc::clone(&self.file),
            line: place.line,
            column: (place.column > 0).then_some(place.column),
        })
    }

    /// The open elements of an XML report from the outermost inwards, joined with `/`.
    pub fn element_path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// What is wrong.
    pub fn kind(&self) -> &ReadErrorKind {
        &self.kind
    }

    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        matches!(&*self.kind, ReadErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position() {
            Some(position) => write!(f, "{position}: ")?,
            None => write!(f, "{}: ", self.file)?,
        }
        write!(f, "{}", self.kind)?;
        (self.path.as_ref()).map_or(Ok(()), |path| write!(f, " (in {path})"))
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

struct MissingColumns<'a> {
    missing: &'a [Field],
    header: &'a [String],
}

impl fmt::Display for MissingColumns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missing, header } = self;
        let names: Vec<_> = missing
            .iter()
            .map(|field| field.as_str().to_owned())
            .collect();
        let plural = if names.len() == 1 { "" } else { "s" };
        write!(f, "the table lacks the column{plural} {}", quoted(&names))?;
        write!(f, "; its header has {}", quoted(header))?;
        Ok(())
    }
}

/// Names in backticks with commas between them, the first dozen of them.
fn quoted(names: &[String]) -> String {
    const NAMES_MAX: usize = 12;
    let shown = names.iter().take(NAMES_MAX);
    let mut text = shown
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > NAMES_MAX {
        text.push_str(", …");
    }
    text
}
