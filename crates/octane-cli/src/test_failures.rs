//! What failed tests mean for the exit code.

use octane_client::FailedTest;

use crate::args::{OnTestFailure, OnUploadError};
use crate::exit::Exit;
use crate::policies::Policies;

/// What is known of the tests of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    /// Their results were not read.
    Unknown,
    NoneFailed,
    /// All that failed are of classes that are tolerated.
    Tolerated,
    Failed,
}

impl Tests {
    /// Of an upload with this many failed results; `failed_tests` says what is known of their tests, if anything is tolerated.
    pub(crate) fn of(failed_results: usize, failed_tests: Option<&[FailedTest]>) -> Self {
        let tests = failed_tests.unwrap_or_default();
        if failed_results == 0 {
            Self::NoneFailed
        } else if !tests.is_empty() && tests.iter().all(|test| test.is_tolerated) {
            Self::Tolerated
        } else {
            Self::Failed
        }
    }
}

/// The exit code of an upload of which `meant` says what became of it.
///
/// | the upload | `--on-upload-error` | tests | `--on-test-failure` | exit code |
/// | --- | --- | --- | --- | --- |
/// | ended with a code that is not of an upload (1 to 4, 130, 143) | any | any | any | that code |
/// | failed | `fail` | any | any | that of the upload |
/// | failed | `warn` | not known | `fail` | that of the upload |
/// | succeeded, or failed with `warn` | | failed, and not all tolerated | `fail` | 9 |
/// | succeeded, or failed with `warn` | | any other | any | 0 |
pub(crate) fn exit(meant: Exit, tests: Tests, policies: Policies) -> Exit {
    let is_warned = policies.on_upload_error == OnUploadError::Warn && meant.is_upload_error();
    if meant != Exit::Success && !is_warned {
        return meant;
    }
    match (policies.on_test_failure, tests) {
        (OnTestFailure::Fail, Tests::Failed) => Exit::TestsFailed,
        (OnTestFailure::Fail, Tests::Unknown) => meant,
        _ => Exit::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(on_upload_error: OnUploadError, on_test_failure: OnTestFailure) -> Policies {
        Policies {
            on_upload_error,
            on_test_failure,
            ..Policies::default()
        }
    }

    const ALL: [Tests; 4] = [
        Tests::Unknown,
        Tests::NoneFailed,
        Tests::Tolerated,
        Tests::Failed,
    ];

    #[test]
    fn tests_are_ignored_unless_they_are_asked_for() {
        for tests in ALL {
            for upload in Exit::ALL {
                let fail = policies(OnUploadError::Fail, OnTestFailure::Ignore);
                assert_eq!(exit(upload, tests, fail), upload, "{tests:?}");
                let warn = policies(OnUploadError::Warn, OnTestFailure::Ignore);
                let expected = if upload.is_upload_error() {
                    Exit::Success
                } else {
                    upload
                };
                assert_eq!(exit(upload, tests, warn), expected, "{tests:?}");
            }
        }
    }

    #[test]
    fn a_failed_upload_wins_over_failed_tests_unless_it_is_only_a_warning() {
        for tests in ALL {
            let fail = policies(OnUploadError::Fail, OnTestFailure::Fail);
            assert_eq!(exit(Exit::Partial, tests, fail), Exit::Partial);
        }
        let warn = policies(OnUploadError::Warn, OnTestFailure::Fail);
        for (tests, expected) in [
            (Tests::Unknown, Exit::Unreachable),
            (Tests::NoneFailed, Exit::Success),
            (Tests::Tolerated, Exit::Success),
            (Tests::Failed, Exit::TestsFailed),
        ] {
            assert_eq!(exit(Exit::Unreachable, tests, warn), expected, "{tests:?}");
        }
        assert_eq!(exit(Exit::Input, Tests::Unknown, warn), Exit::Input);
    }

    #[test]
    fn after_an_upload_that_succeeded_failed_tests_decide() {
        let fail = policies(OnUploadError::Fail, OnTestFailure::Fail);
        for (tests, expected) in [
            (Tests::Unknown, Exit::Success),
            (Tests::NoneFailed, Exit::Success),
            (Tests::Tolerated, Exit::Success),
            (Tests::Failed, Exit::TestsFailed),
        ] {
            assert_eq!(exit(Exit::Success, tests, fail), expected, "{tests:?}");
        }
    }

    #[test]
    fn failures_of_which_nothing_is_known_are_not_tolerated() {
        assert_eq!(Tests::of(0, None), Tests::NoneFailed);
        assert_eq!(Tests::of(2, None), Tests::Failed);
        assert_eq!(Tests::of(2, Some(&[])), Tests::Failed);
    }
}
