//! Failures that a report counts and none of its results shows.

use octane_model::plural::plural;

use super::draft::{Draft, Outcome};
use crate::run::Failure;

/// How many failures a report, or a part of it, counts, and how many its results show.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DeclaredFailures {
    pub(crate) declared: u64,
    /// Results that are failed, or are invalid and may be.
    pub(crate) shown: u64,
    /// Failures of earlier attempts of tests that passed in the end. Some writers count them as well.
    pub(crate) attempts: u64,
}

impl DeclaredFailures {
    /// Takes note of a result whose outcome is `reported` by the words of the report: the user may give them another meaning, and
    /// the report counts it as failed even so.
    pub(crate) fn see(&mut self, draft: &Draft, reported: &Outcome) {
        if reported.may_have_failed() || draft.outcome.may_have_failed() {
            self.shown += 1;
        }
        self.attempts += draft.earlier_failures.len() as u64;
    }

    /// The failure of `what`, for example `the suite`, if it counts failures and none of its results has failed. If one has, the
    /// numbers may differ: many writers count a failure of a test and one of its clean-up as two.
    pub(crate) fn unshown(&self, what: &str) -> Option<Failure> {
        if self.shown > 0 || self.declared <= self.attempts {
            return None;
        }
        let declared = usize::try_from(self.declared).unwrap_or(usize::MAX);
        let declared = plural(declared, "failure");
        Some(Failure::new(format!(
            "{what} declares {declared}, but none of its results has failed"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::line_column::LineColumn;
    use crate::status::Status;

    #[test]
    fn failures_that_no_result_and_no_attempt_shows_are_a_failure() {
        let of = |declared, shown, attempts| {
            let failures = DeclaredFailures {
                declared,
                shown,
                attempts,
            };
            let failure = failures.unshown("the suite");
            failure.and_then(|failure| failure.message)
        };
        let expected = "the suite declares 2 failures, but none of its results has failed";
        assert_eq!(of(2, 0, 0).as_deref(), Some(expected));
        assert_eq!(of(2, 0, 1).as_deref(), Some(expected));
        for (declared, shown, attempts) in [(0, 0, 0), (2, 1, 0), (2, 0, 2), (2, 0, 3)] {
            assert_eq!(of(declared, shown, attempts), None);
        }
    }

    #[test]
    fn a_result_is_shown_if_the_report_or_the_user_calls_it_failed() {
        let [passed, failed] = [Status::Passed, Status::Failed].map(Outcome::Known);
        let odd = Outcome::Word("odd".to_owned());
        for (outcome, reported, shown) in [
            (&passed, &passed, 0),
            (&passed, &failed, 1),
            (&failed, &passed, 1),
            (&failed, &failed, 1),
            (&passed, &odd, 1),
        ] {
            let mut failures = DeclaredFailures::default();
            let draft = Draft::new(LineColumn::START, "adds", outcome.clone());
            failures.see(&draft, reported);
            assert_eq!(failures.shown, shown, "{outcome:?} {reported:?}");
        }
    }
}
