//! Writers whose words mean something else than those of others.

use super::attempt::AttemptKind;

/// What has written a suite, if that matters.
///
/// | writer | recognised by | what is different |
/// | --- | --- | --- |
/// | `QtTest` of Qt 4 and 5 | the property `QTestVersion` | `errors` counts messages; a case without a `result` was skipped, as that is only in a comment |
/// | `EUnit` | a suite whose name begins with `module '` | `skipped` with a type is a test that was cancelled, after a time-out for example |
/// | `GoogleTest`, as a list | the root `AllTests` has `tests`, and no `failures` | a case without a status and a time has not run |
/// | pytest | a suite called `pytest`, or `testsuites` called `pytest tests` | a case without a name and a class began and did not end |
/// | node-tap | the root `TAP Tests` | a case with a property `skip` or `todo` was skipped; what failed in a suite with the property `ok` is a skipped or a TODO test |
/// | Surefire, Failsafe | the schema of Surefire | all attempts at a test are in one case, so several cases of one name are rows of a data provider |
/// | Jest, Vitest, Mocha, Bun, Deno | the root `jest tests`, `vitest tests`, `Mocha Tests`, `bun test` or `deno test` | the same: several cases of one name are rows of `test.each`, or different tests |
/// | tap-junit | the root `Tap-Junit` | the same |
/// | Bruno | the root has no attributes, and the file of the suite ends in `.bru` | the same |
/// | minitest-reporters | the class `Minitest::Result` of all tests | the same: they are tests of different classes |
/// | RSpec, Catch2 | a suite called `rspec`, with a number in parallel runs; the machine is `tbd` | the same |
/// | `GoogleTest` | the root `AllTests` | the same |
/// | `node:test` | the root has no attributes, and the class of a case is `test` | the same |
/// | Intern | the root has no attributes, the suite counts failures, and a case has no class | a `status` of 0 is passed, and 1 is failed |
/// | testthat | the root has no attributes; the time of a case comes first, and its class is its suite | a case is one expectation of a test |
/// | `octane convert` | the root `octane convert` | of several cases of one name, the last one counts, whenever it started |
/// | doctest | the attribute `doctest_version` | a `failure` of the type `WARN` is a warning, and `tests` counts assertions |
/// | Firebase Test Lab, Flank | the attribute `flakes` | the failures of a case with `flaky="true"` are those of earlier attempts |
/// | karma-junit-reporter | the property `browser.fullName` | the class begins with the name and the version of the browser; tests are not repeated |
/// | busted | a suite called `Run 1 of 1` | the class ends with the line of the test; tests are not repeated |
/// | `OUnit` | the property `results_style_1_X` | a skipped test looks like one that passed; the output counts them |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Writer {
    #[default]
    Any,
    QtTest5,
    EUnit,
    GoogleTestList,
    Pytest,
    /// Surefire, Jest, Vitest, Mocha, Bun, Deno, tap-junit, `RSpec`, Catch2 or `GoogleTest`.
    OneCaseForAllAttempts,
    /// One that says nothing of itself, such as `node:test`, testthat and Intern.
    Bare,
    /// This library, in the order in which Octane would get the results.
    Export,
    Doctest,
    NodeTap,
    /// In a suite of which it says that it is successful.
    NodeTapOk,
    TestLab,
    Karma,
    Busted,
    OUnit,
}

/// The type of an error by which `TAP::Formatter::JUnit` says that a TODO test has passed, which is none for `prove`.
pub(super) const PASSED_TODO: &str = "TodoTestSucceeded";

impl Writer {
    /// The writer by an attribute of a suite.
    pub(super) fn from_attribute(name: &str, value: &str) -> Option<Self> {
        match name {
            "name" if value.starts_with("module '") => Some(Self::EUnit),
            "name" if matches!(value, "pytest" | "pytest tests") => Some(Self::Pytest),
            "name" if value == "TAP Tests" => Some(Self::NodeTap),
            "name" if value == "octane convert" => Some(Self::Export),
            "name"
                if matches!(
                    value,
                    "jest tests"
                        | "vitest tests"
                        | "Mocha Tests"
                        | "bun test"
                        | "deno test"
                        | "Tap-Junit"
                ) =>
            {
                Some(Self::OneCaseForAllAttempts)
            }
            name if name.ends_with("noNamespaceSchemaLocation") && value.contains("surefire") => {
                Some(Self::OneCaseForAllAttempts)
            }
            "name" if is_rspec(value) => Some(Self::OneCaseForAllAttempts),
            "hostname" if value == "tbd" => Some(Self::OneCaseForAllAttempts),
            "name" if is_run_of_busted(value) => Some(Self::Busted),
            "doctest_version" => Some(Self::Doctest),
            "flakes" => Some(Self::TestLab),
            _ => None,
        }
    }

    /// The writer of a suite that has this property.
    pub(super) fn with_property(self, name: &str, value: &str) -> Self {
        let is_old = || value.starts_with("4.") || value.starts_with("5.");
        match name {
            "QTestVersion" if is_old() => Self::QtTest5,
            "ok" if self == Self::NodeTap && value == "true" => Self::NodeTapOk,
            "browser.fullName" => Self::Karma,
            "results_style_1_X" => Self::OUnit,
            _ => self,
        }
    }

    /// Whether a test that was tried again may have a case for each attempt.
    pub(super) fn repeats_retried_tests(self) -> bool {
        match self {
            Self::Any | Self::Pytest | Self::Bare | Self::TestLab | Self::Busted => true,
            Self::QtTest5
            | Self::EUnit
            | Self::GoogleTestList
            | Self::OneCaseForAllAttempts
            | Self::Export
            | Self::Doctest
            | Self::NodeTap
            | Self::NodeTapOk
            | Self::Karma
            | Self::OUnit => false,
        }
    }

    /// The class of a test without what changes from run to run: the browser, which has given its name to the suite, or the line.
    pub(super) fn stable_class<'c>(self, class: &'c str, suite: &str) -> &'c str {
        match self {
            Self::Karma => without_browser(class, suite),
            Self::Busted => without_line(class),
            _ => class,
        }
    }

    /// Whether a property of a case says that it was skipped.
    pub(super) fn is_skip(self, name: &str, value: &str) -> bool {
        matches!(self, Self::NodeTap | Self::NodeTapOk)
            && matches!(name, "skip" | "todo")
            && value != "false"
    }

    /// What an element of a case means that would mean `kind`, given its name and its type.
    pub(super) fn kind(
        self,
        kind: AttemptKind,
        element: &str,
        type_name: Option<&str>,
    ) -> AttemptKind {
        let ends_with = |ends: [&str; 2]| {
            type_name.is_some_and(|name| ends.iter().any(|end| name.ends_with(end)))
        };
        match kind {
            AttemptKind::Failure if self == Self::NodeTapOk => AttemptKind::Skipped,
            AttemptKind::Failure if self == Self::Doctest && type_name == Some("WARN") => {
                AttemptKind::Remark
            }
            AttemptKind::Error if type_name == Some(PASSED_TODO) => AttemptKind::Remark,
            // Ant has the assumptions of JUnit in an element of its own, of the same name as tests that were killed.
            AttemptKind::Failure
                if element == "aborted"
                    && ends_with(["TestAbortedException", "AssumptionViolatedException"]) =>
            {
                AttemptKind::Skipped
            }
            AttemptKind::Skipped if self == Self::EUnit && type_name.is_some() => {
                AttemptKind::Error
            }
            kind => kind,
        }
    }
}

/// Whether a suite is called as `rspec_junit_formatter` calls it, with the number of the process if there are several.
fn is_rspec(name: &str) -> bool {
    let number = name.strip_prefix("rspec");
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a suite is called as busted calls each of its runs, such as `Run 1 of 1`.
fn is_run_of_busted(name: &str) -> bool {
    let numbers = name
        .strip_prefix("Run ")
        .and_then(|run| run.split_once(" of "));
    numbers.is_some_and(|(run, runs)| is_number(run) && is_number(runs))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A class without the browser before it, whose name has underscores there for spaces and dots.
fn without_browser<'c>(class: &'c str, browser: &str) -> &'c str {
    let written = |char| match char {
        ' ' | '.' => '_',
        char => char,
    };
    let mut rest = class.chars();
    let begins = browser
        .chars()
        .all(|char| rest.next() == Some(written(char)));
    if begins && rest.next() == Some('.') {
        rest.as_str()
    } else {
        class
    }
}

fn is_lua(file: &str) -> bool {
    [".lua", ".moon"].iter().any(|end| file.ends_with(end))
}

/// A file without the line after it.
fn without_line(class: &str) -> &str {
    match class.rsplit_once(':') {
        Some((file, line)) if is_number(line) && is_lua(file) => file,
        _ => class,
    }
}
