//! Tests without a status.

use crate::read::report::Outcome;
use crate::status::Status;

/// What is said of a test that did not end.
pub(super) const NO_END: &str = "the test began and did not end";

/// The outcome of a test without a status, and what is to be said of it.
pub(super) fn without_status(has_begun: bool, has_stop: bool) -> (Outcome, Option<&'static str>) {
    let failed = Outcome::Known(Status::Failed);
    match (has_begun, has_stop) {
        (false, _) => (Outcome::Known(Status::Skipped), None),
        (true, false) => (failed, Some(NO_END)),
        (true, true) => (failed, Some("the result has no status")),
    }
}
