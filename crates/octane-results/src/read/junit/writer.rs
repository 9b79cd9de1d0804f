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
/// | doctest | the attribute `doctest_version` | a `failure` of the type `WARN` is a warning, and `tests` counts assertions |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Writer {
    #[default]
    Any,
    QtTest5,
    EUnit,
    GoogleTestList,
    Pytest,
    Doctest,
}

impl Writer {
    /// The writer by an attribute of a suite.
    pub(super) fn from_attribute(name: &str, value: &str) -> Option<Self> {
        match name {
            "name" if value.starts_with("module '") => Some(Self::EUnit),
            "name" if matches!(value, "pytest" | "pytest tests") => Some(Self::Pytest),
            "doctest_version" => Some(Self::Doctest),
            _ => None,
        }
    }

    /// The writer by a property of a suite.
    pub(super) fn from_property(name: &str, value: &str) -> Option<Self> {
        let is_old = || value.starts_with("4.") || value.starts_with("5.");
        (name == "QTestVersion" && is_old()).then_some(Self::QtTest5)
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
            AttemptKind::Failure if self == Self::Doctest && type_name == Some("WARN") => {
                AttemptKind::Remark
            }
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
