//! What elements of a report of Robot Framework have in common.

use crate::read::report::Outcome;
use crate::status::Status;

pub(super) fn is(outcome: &Outcome, status: Status) -> bool {
    matches!(outcome, Outcome::Known(known) if *known == status)
}

pub(super) fn is_fine(outcome: &Outcome) -> bool {
    is(outcome, Status::Passed) || is(outcome, Status::Skipped)
}
