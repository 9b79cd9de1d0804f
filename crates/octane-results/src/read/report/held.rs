//! Results that are held back until what follows them has been read.

use std::time::Duration;

use jiff::Timestamp;

use super::draft::{Draft, Moment, Outcome, Took};
use super::file::ReportFile;
use crate::metadata::Metadata;
use crate::origin::Origin;
use crate::read::line_column::LineColumn;
use crate::run::Failure;

/// How many results are handed out at a time.
pub(crate) const AT_ONCE: usize = 32;

/// A result that is held back, in a third of the memory of a [`Draft`]; without its class and its package, which many
/// results have in common.
#[derive(Debug)]
pub(crate) struct Held {
    place: LineColumn,
    pub(crate) name: Box<str>,
    pub(crate) outcome: Outcome,
    duration: Duration,
    started: Option<Timestamp>,
    pub(crate) failure: Option<Box<Failure>>,
    earlier_failures: Option<Box<[Failure]>>,
    description: Option<Box<str>>,
    pub(crate) origin: Origin,
    metadata: Option<Box<Metadata>>,
    has_invalid_bytes: bool,
}

impl Held {
    /// Takes a result of a report, apart from class and package. What is wrong with its times is said now.
    pub(crate) fn new(draft: Draft, file: &mut ReportFile) -> Self {
        let place = draft.place;
        Self {
            place,
            name: draft.name.into(),
            outcome: draft.outcome,
            duration: file.duration(place, draft.duration),
            started: file.started(place, draft.started),
            failure: draft.failure.map(Box::new),
            earlier_failures: (!draft.earlier_failures.is_empty())
                .then(|| draft.earlier_failures.into()),
            description: draft.description.map(Into::into),
            origin: draft.origin,
            metadata: (!draft.metadata.is_empty()).then(|| Box::new(draft.metadata)),
            has_invalid_bytes: draft.has_invalid_bytes,
        }
    }

    /// The result as it was.
    pub(crate) fn into_draft(self) -> Draft {
        Draft {
            duration: Took::Exactly(self.duration),
            started: self.started.map_or(Moment::Unknown, Moment::At),
            failure: self.failure.map(|failure| *failure),
            earlier_failures: self.earlier_failures.map(Vec::from).unwrap_or_default(),
            description: self.description.map(Into::into),
            origin: self.origin,
            metadata: self.metadata.map(|metadata| *metadata).unwrap_or_default(),
            has_invalid_bytes: self.has_invalid_bytes,
            ..Draft::new(self.place, self.name, self.outcome)
        }
    }

    /// Where the result is.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.place.line, self.place.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_is_held_back_costs_little() {
        assert!(
            size_of::<Held>() * 3 <= size_of::<Draft>(),
            "{}",
            size_of::<Held>()
        );
    }
}
