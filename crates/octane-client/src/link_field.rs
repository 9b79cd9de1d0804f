//! The field that links runs, or their tests, to backlog items.

use octane_model::{AutomatedRun, AutomatedTest, Resource};

use crate::run_kind::RunKind;

/// The field that holds the links in this workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkField {
    /// Whether runs are linked, or their tests.
    pub level: LinkLevel,
    /// The multi-reference field.
    pub name: String,
    /// Of which runs, or of whose tests.
    pub(crate) kind: RunKind,
}

impl LinkField {
    /// Where the runs, or tests, are listed.
    pub(crate) fn collection(&self) -> &'static str {
        match (self.level, self.kind) {
            (LinkLevel::Runs, kind) => kind.collection(),
            (LinkLevel::Tests, RunKind::Test) => AutomatedTest::COLLECTION,
            (LinkLevel::Tests, RunKind::Feature) => "gherkin_tests",
        }
    }
}

/// What is linked to a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkLevel {
    /// The automated runs themselves.
    Runs,
    /// The tests that the runs are results of.
    Tests,
}

impl LinkLevel {
    /// The levels in order of preference.
    pub(crate) const ALL: [Self; 2] = [Self::Runs, Self::Tests];

    /// The type of the runs of a kind, or of their tests.
    pub(crate) fn entity_type(self, kind: RunKind) -> &'static str {
        match (self, kind) {
            (Self::Runs, RunKind::Test) => AutomatedRun::TYPE,
            (Self::Runs, RunKind::Feature) => "gherkin_automated_run",
            (Self::Tests, RunKind::Test) => AutomatedTest::TYPE,
            (Self::Tests, RunKind::Feature) => "gherkin_test",
        }
    }
}
