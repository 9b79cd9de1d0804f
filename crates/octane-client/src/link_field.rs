//! The field that links runs, or their tests, to backlog items.

use octane_model::{AutomatedRun, AutomatedTest, Resource};

/// The field that holds the links in this workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkField {
    /// Whether runs are linked, or their tests.
    pub level: LinkLevel,
    /// The multi-reference field.
    pub name: String,
}

/// What is linked to a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
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

    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::Runs => AutomatedRun::COLLECTION,
            Self::Tests => AutomatedTest::COLLECTION,
        }
    }

    pub(crate) fn entity_type(self) -> &'static str {
        match self {
            Self::Runs => AutomatedRun::TYPE,
            Self::Tests => AutomatedTest::TYPE,
        }
    }
}
