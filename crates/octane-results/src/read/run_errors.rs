//! What `node:test` says in comments of a run that failed although none of its tests did.

use crate::run::Failure;

/// The name of the result of such a run.
pub(crate) const RUN: &str = "[run]";

/// How many bytes of comments are kept.
const BYTES_MAX: usize = 64 * 1024;

/// The errors of a run, a line each.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunErrors(String);

impl RunErrors {
    /// Takes note of a comment; returns whether it is about such an error.
    pub(crate) fn note(&mut self, comment: &str) -> bool {
        let is_error = is_run_error(comment);
        if is_error {
            self.push(comment);
        }
        is_error
    }

    /// Adds those of a later part of the run.
    pub(crate) fn add(&mut self, later: &Self) {
        if !later.0.is_empty() {
            self.push(&later.0);
        }
    }

    /// The failure that they are, if there are any.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let first = self.0.lines().next()?;
        let failure = Failure::new(first);
        let has_more = self.0.len() > first.len();
        Some(if has_more {
            failure.details(&*self.0)
        } else {
            failure
        })
    }

    fn push(&mut self, text: &str) {
        if self.0.len() + text.len() > BYTES_MAX {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
    }
}

/// Whether a comment is about an error that was thrown after the end of its test, or outside of all tests, or about a threshold of the
/// coverage that was not reached.
fn is_run_error(comment: &str) -> bool {
    const LATE: &str =
        " generated asynchronous activity after the test ended. This activity created the error ";
    let is_threshold = || {
        comment.starts_with("Error: ")
            && comment.contains("% ")
            && comment.contains(" coverage does not meet threshold of ")
    };
    comment.contains(LATE) || is_threshold()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_run_are_known_in_all_wordings() {
        for (comment, expected) in [
            (
                r#"Warning: Test "a" generated asynchronous activity after the test ended. This activity created the error "x" and would have caused the test to fail, but instead triggered an unhandledRejection event."#,
                true,
            ),
            (
                r#"Error: A resource generated asynchronous activity after the test ended. This activity created the error "x" which triggered an uncaughtException event, caught by the test runner."#,
                true,
            ),
            (
                "Error: 39.50% branch coverage does not meet threshold of 40%.",
                true,
            ),
            ("branch coverage does not meet threshold of 40%", false),
            ("Error: x", false),
        ] {
            assert_eq!(RunErrors::default().note(comment), expected, "{comment}");
        }
    }

    #[test]
    fn all_errors_of_a_run_are_one_failure() {
        let comment =
            |kind: &str| format!("Error: 1.00% {kind} coverage does not meet threshold of 2%.");
        let mut errors = RunErrors::default();
        assert_eq!(errors.failure(), None);
        errors.note(&comment("line"));
        assert_eq!(errors.failure(), Some(Failure::new(comment("line"))));
        let mut later = RunErrors::default();
        later.note(&comment("branch"));
        errors.add(&later);
        let both = format!("{}\n{}", comment("line"), comment("branch"));
        assert_eq!(
            errors.failure(),
            Some(Failure::new(comment("line")).details(both))
        );
        for _ in 0..BYTES_MAX {
            errors.note(&comment("line"));
        }
        assert!(errors.0.len() <= BYTES_MAX);
    }
}
