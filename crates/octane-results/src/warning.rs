//! Problems that do not stop the work.

use std::fmt;

use crate::{DurationError, Position, TimestampError};

/// Something odd in an input that was read all the same.
///
/// Prints as `report.xml:12:5: time `n/a` is not a number; counted as 0`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Where it stands.
    pub position: Position,
    /// What it is.
    pub kind: WarningKind,
}

/// What a [`Warning`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// The input holds no result at all.
    NoResults,
    /// A test has no name and got one.
    Unnamed {
        /// The name that it got.
        given: String,
    },
    /// A duration could not be read and counts as 0.
    Duration {
        /// The text that stands there.
        value: String,
        /// What is wrong with it.
        reason: DurationError,
    },
    /// A start time could not be read and is left out.
    Started {
        /// The text that stands there.
        value: String,
        /// What is wrong with it.
        reason: TimestampError,
    },
    /// A start time lies before 1990: probably seconds where milliseconds are expected.
    StartedLongAgo {
        /// The text that stands there.
        value: String,
    },
    /// A Jira key does not have the form of one and is left out.
    JiraKey {
        /// The text that stands there.
        value: String,
    },
    /// A word for a status that is unknown; the test case's elements decided.
    StatusWord {
        /// The word.
        value: String,
    },
    /// The totals that a suite states differ from the test cases in it.
    Totals {
        /// The suite's name, empty if it has none.
        suite: String,
        /// What is counted: `tests` or `failures`.
        what: &'static str,
        /// The number that the suite states.
        stated: u64,
        /// The number of test cases that were found.
        found: u64,
    },
    /// A failure or error that belongs to a suite, not to a test case, so that no result tells of it.
    SuiteFailure {
        /// The suite's name, empty if it has none.
        suite: String,
        /// The first line of what it says.
        message: String,
    },
    /// A test case inside a test case; it is not read.
    NestedCase,
    /// An entity that XML does not define; it is kept as it stands.
    Entity {
        /// The reference with `&` and `;`.
        reference: String,
    },
    /// A column that means nothing here.
    UnusedColumn {
        /// The column as the header has it, or its number if it has no name.
        column: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, kind } = self;
        write!(f, "{position}: {kind}")
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResults => f.write_str("no test results in here"),
            Self::Unnamed { given } => write!(f, "the test has no name; it is called `{given}`"),
            Self::Duration { value, reason } => {
                write!(f, "duration `{value}` {reason}; counted as 0")
            }
            Self::Started { value, reason } => write!(f, "start time `{value}` {reason}; left out"),
            Self::StartedLongAgo { value } => write!(
                f,
                "start time `{value}` lies before 1990; are these seconds? milliseconds are expected"
            ),
            Self::JiraKey { value } => write!(
                f,
                "`{value}` is no Jira key and is left out; keys look like `SHOP-12`"
            ),
            Self::StatusWord { value } => {
                write!(
                    f,
                    "status `{value}` is unknown; the elements of the test case decide"
                )
            }
            Self::Totals {
                suite,
                what,
                stated,
                found,
            } => write!(
                f,
                "{} states {stated} {what}, its test cases show {found}",
                Named(suite)
            ),
            Self::SuiteFailure { suite, message } => write!(
                f,
                "{} failed outside of its test cases, no result tells of it: {message}",
                Named(suite)
            ),
            Self::NestedCase => f.write_str("a test case inside a test case is not read"),
            Self::Entity { reference } => {
                write!(f, "entity `{reference}` is unknown and kept as it stands")
            }
            Self::UnusedColumn { column } => write!(f, "column `{column}` is not used"),
        }
    }
}

/// A suite by its name.
struct Named<'a>(&'a str);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("a suite without a name"),
            name => write!(f, "suite `{name}`"),
        }
    }
}
