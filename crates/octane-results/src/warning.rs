//! Problems that do not stop the reading.

use std::fmt;
use std::time::Duration;

use crate::duration::DurationError;
use crate::invalid::shortened;
use crate::position::Position;
use crate::timestamp::TimestampError;
use octane_model::plural::plural;

/// A problem in an input that does not prevent it from being read.
///
/// Prints as ``report.xml:12:5: duration `n/a` is not a number; counted as 0``.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The position.
    pub position: Position,
    /// The problem.
    pub kind: WarningKind,
}

/// The problem that a [`Warning`] reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// The input contains no results.
    NoResults,
    /// A test without a name got one.
    Unnamed {
        /// The assigned name.
        given: String,
    },
    /// A duration is invalid and counts as 0.
    Duration {
        /// The value.
        value: String,
        /// The reason.
        reason: DurationError,
    },
    /// A start time is invalid and ignored.
    Started {
        /// The value.
        value: String,
        /// The reason.
        reason: TimestampError,
    },
    /// A start time is before 1990 or after 2090, and ignored.
    ImplausibleStart {
        /// The value.
        value: String,
        /// Whether it is too early rather than too late.
        is_early: bool,
    },
    /// A start time has no time zone and counts as UTC, since [`ReadOptions::time_zone`](crate::ReadOptions::time_zone) is
    /// not set. Reported once in each input.
    NoTimeZone {
        /// The first such value.
        value: String,
    },
    /// A Jira key is invalid and ignored.
    JiraKey {
        /// The value.
        value: String,
    },
    /// The totals that a suite declares differ from its test cases.
    Totals {
        /// The name of the suite; empty if it has none.
        suite: String,
        /// What is counted: `tests`, `skipped tests` or `failures`.
        what: &'static str,
        /// The number that the suite declares.
        declared: u64,
        /// The number of test cases that the suite contains.
        found: u64,
    },
    /// A test case took far longer than the whole suite, or more than a week: one of the times is in another unit, or wrong.
    LongerThanSuite {
        /// The name of the suite; empty if it has none.
        suite: String,
        /// The longest duration of its test cases.
        case: Duration,
        /// The duration of the suite.
        whole: Duration,
    },
    /// An entity that XML does not define; the reference is kept as is.
    Entity {
        /// The reference with `&` and `;`.
        reference: String,
    },
    /// Bytes that are invalid in the encoding of the input were replaced by U+FFFD; the position is that of the first.
    InvalidBytes {
        /// How many bytes.
        bytes: u64,
        /// The encoding.
        encoding: &'static str,
    },
    /// Lines before the header of a table, which are not read.
    LinesBeforeHeader {
        /// The line of the header.
        header: u64,
    },
    /// A name contains what is probably a memory address, so that it is a new test in each run.
    MemoryAddress {
        /// The address.
        address: String,
    },
    /// A report does not say how many tests there should be, where its format wants it.
    NoPlan,
    /// A run did not end, so that results may be missing; a result of it has failed.
    NoEnd,
    /// Something failed that is not a test, such as a hook around all tests.
    FailedOutside {
        /// What failed, and why.
        message: String,
    },
    /// A test counts as passed although a step of it did not run: it was not found, is pending, or was skipped.
    MissingStep {
        /// The step.
        step: String,
    },
    /// A column without a known meaning.
    UnusedColumn {
        /// The column, as in the header, or its number if it has no name.
        column: String,
    },
    /// A line of TAP that looks like a result, or like the beginning of another report, and is not read.
    UnreadLine {
        /// The line.
        line: String,
    },
    /// A line of a [`JiraMap`](crate::JiraMap) that no test matches.
    UnusedJiraLine,
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
            Self::NoResults => f.write_str("contains no test results"),
            Self::Unnamed { given } => write!(f, "the test has no name; named `{given}`"),
            Self::Duration { value, reason } => {
                write!(f, "duration `{value}` {reason}; counted as 0")
            }
            Self::Started { value, reason } => write!(f, "start time `{value}` {reason}; ignored"),
            Self::ImplausibleStart { value, is_early } => {
                let when = if *is_early {
                    "before 1990"
                } else {
                    "after 2090"
                };
                write!(f, "start time `{value}` is {when}; ignored")
            }
            Self::NoTimeZone { value } => {
                write!(f, "start time `{value}` has no time zone; counted as UTC")
            }
            Self::JiraKey { value } => write!(
                f,
                "ignored `{value}`: not a Jira key (expected e.g. `SHOP-12`)"
            ),
            Self::Totals {
                suite,
                what,
                declared,
                found,
            } => write!(
                f,
                "{} declares {} but contains {found}",
                SuiteLabel(suite),
                plural(
                    usize::try_from(*declared).unwrap_or(usize::MAX),
                    what.trim_end_matches('s')
                )
            ),
            Self::LongerThanSuite { suite, case, whole } => write!(
                f,
                "{} took {} s, one of its test cases {} s; are all times in seconds?",
                SuiteLabel(suite),
                whole.as_secs_f64(),
                case.as_secs_f64()
            ),
            Self::Entity { reference } => {
                write!(f, "unknown entity `{}` kept as is", shortened(reference))
            }
            Self::InvalidBytes { bytes, encoding } => {
                let count = usize::try_from(*bytes).unwrap_or(usize::MAX);
                let count = plural(count, &format!("invalid {encoding} byte"));
                write!(f, "replaced {count} with `\u{FFFD}`, starting here")
            }
            Self::LinesBeforeHeader { header } => {
                write!(
                    f,
                    "the header is in line {header}; the lines before it are skipped"
                )
            }
            Self::MemoryAddress { address } => write!(
                f,
                "the name contains `{address}`; if that differs from run to run, each run is a new test: \
                 `--normalize addresses` replaces it"
            ),
            Self::NoPlan => f.write_str(
                "there is no plan (such as `1..3`), so it is not known whether tests are missing",
            ),
            Self::NoEnd => f.write_str("the run did not end; results may be missing"),
            Self::FailedOutside { message } => {
                write!(f, "failed outside of the tests: {}", shortened(message))
            }
            Self::MissingStep { step } => write!(
                f,
                "the test passed, but its step `{}` did not run; is it implemented?",
                shortened(step)
            ),
            Self::UnusedColumn { column } => {
                write!(f, "column `{}` is not used", shortened(column))
            }
            Self::UnreadLine { line } => write!(
                f,
                "`{}` looks like a result, but is not part of the TAP stream; ignored",
                shortened(line)
            ),
            Self::UnusedJiraLine => f.write_str("this line matches no test"),
        }
    }
}

/// A suite, for messages.
struct SuiteLabel<'a>(&'a str);

impl fmt::Display for SuiteLabel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("a suite without a name"),
            name => write!(f, "suite `{}`", shortened(name)),
        }
    }
}
