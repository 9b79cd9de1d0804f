//! One result, as a report writes it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::invalid::InvalidCell;
use crate::metadata::Metadata;
use crate::origin::Origin;
use crate::read::line_column::LineColumn;
use crate::read::status_aliases::StatusAliases;
use crate::run::Failure;
use crate::status::Status;
use crate::step::Steps;

/// One result, as a report writes it: texts are interpreted by [`ReportFile::push`](super::ReportFile::push).
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) place: LineColumn,
    /// Where it is inside of a JSON document, such as `suites[0].specs[2]`; for messages.
    pub(crate) path: String,
    pub(crate) module: String,
    pub(crate) package: String,
    /// The class. Where `package` is empty, a dotted one is split into package and class.
    pub(crate) class: String,
    /// Whether `class` is a name for people, or a file, in which dots do not separate packages.
    pub(crate) is_class_whole: bool,
    /// The name; a test without one is called after its place among the others.
    pub(crate) name: String,
    pub(crate) run_name: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) duration: Took,
    pub(crate) started: Moment,
    /// Dropped unless the result is failed, apart from its message, which becomes the description of a skipped one.
    pub(crate) failure: Option<Failure>,
    /// The failures of earlier attempts of which this result is the outcome.
    pub(crate) earlier_failures: Vec<Failure>,
    /// See [`TestRun::may_be_retry`](crate::TestRun::may_be_retry).
    pub(crate) may_be_retry: bool,
    pub(crate) description: Option<String>,
    pub(crate) steps: Vec<Steps>,
    pub(crate) external_test_id: Option<String>,
    pub(crate) report_url: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) metadata: Metadata,
    /// What counts instead of `metadata` if that is empty; shared by the results of a suite.
    pub(crate) inherited: Option<Arc<Metadata>>,
    /// What makes the result unusable.
    pub(crate) invalid: Vec<InvalidCell>,
    /// Whether bytes of it were invalid and have been replaced.
    pub(crate) has_invalid_bytes: bool,
}

/// What a report says about the status.
#[derive(Debug, Clone, Default)]
pub(crate) enum Outcome {
    /// Nothing, so the result is invalid.
    #[default]
    Missing,
    Known(Status),
    /// A word: one of [`StatusAliases`], or the result is invalid.
    Word(String),
}

/// How long a test took, as a report writes it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Took {
    #[default]
    Unknown,
    Exactly(Duration),
    Seconds(String),
    Milliseconds(String),
}

/// A point in time, as a report writes it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Moment {
    #[default]
    Unknown,
    At(Timestamp),
    Text(String),
}

impl Draft {
    /// A result at `place`.
    pub(crate) fn new(place: LineColumn, name: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            place,
            name: name.into(),
            outcome,
            ..Self::default()
        }
    }

    /// A failed result at `place`.
    pub(crate) fn failed(place: LineColumn, name: impl Into<String>, failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::new(place, name, Outcome::Known(Status::Failed))
        }
    }

    /// The outcome by the words of a format: `words` are its own, all others are looked up later.
    pub(crate) fn outcome_by(word: &str, words: &[(&str, Status)]) -> Outcome {
        let known = words
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word.trim()));
        known.map_or_else(
            || Outcome::Word(word.trim().to_owned()),
            |(_, status)| Outcome::Known(*status),
        )
    }
}

impl Outcome {
    pub(crate) fn is(&self, status: Status) -> bool {
        matches!(self, Self::Known(known) if *known == status)
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.is(Status::Failed)
    }

    pub(crate) fn is_passed(&self) -> bool {
        self.is(Status::Passed)
    }

    /// Whether the result is failed, or its status is not known and it may be one that failed. A word of the user counts as not known:
    /// it says what the user makes of the result, not what the report does.
    pub(crate) fn may_have_failed(&self) -> bool {
        let status = match self {
            Self::Known(status) => Some(*status),
            Self::Word(word) => StatusAliases::default().status(word),
            Self::Missing => None,
        };
        matches!(status, None | Some(Status::Failed))
    }
}
