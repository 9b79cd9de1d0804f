//! The elements of reports.

/// An element that a report may have, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// `testsuites` and `testsuite`.
    Suite,
    /// `testrun`
    TestRun,
    /// `suite` and `test`, of which only exports of test runs consist.
    OfTestRun,
    /// `testcase`
    Case,
    /// `properties`
    Properties,
    /// `property`
    Property,
    /// `system-out` and `system-err`.
    Output,
    /// `failure` and `error`.
    Failure,
    Other,
}

impl Element {
    pub(super) fn of(name: &str) -> Self {
        // Patterns of bytes become comparisons of single bytes, and those of strings become calls.
        match name.as_bytes() {
            b"testcase" => Self::Case,
            b"properties" => Self::Properties,
            b"property" => Self::Property,
            b"testsuites" | b"testsuite" => Self::Suite,
            b"testrun" => Self::TestRun,
            b"suite" | b"test" => Self::OfTestRun,
            b"system-out" | b"system-err" => Self::Output,
            b"failure" | b"error" => Self::Failure,
            _ => Self::in_another_case(name),
        }
    }

    /// What reports that were written by hand may call `testCase`. Ignored, it would hide a failure.
    fn in_another_case(name: &str) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("testcase") {
            Self::Case
        } else if is("testsuite") || is("testsuites") {
            Self::Suite
        } else if is("failure") || is("error") {
            Self::Failure
        } else {
            Self::Other
        }
    }
}
