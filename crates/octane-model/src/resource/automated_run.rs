//! Automated runs.

use serde::Deserialize;

use super::Resource;
use crate::{EntityId, Reference, RunId, Select, TestId};

/// An automated run: one result of one test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AutomatedRun {
    /// The id.
    pub id: RunId,
    /// The run's name: the payload's `run_name`, or else the name of the test.
    pub name: String,
    /// The test's name, where the answer carries it.
    #[serde(default)]
    pub test_name: Option<String>,
    /// The test's module.
    #[serde(default)]
    pub component: Option<String>,
    /// The test's package.
    #[serde(default)]
    pub package: Option<String>,
    /// The test's class.
    #[serde(default)]
    pub class_name: Option<String>,
    /// The test.
    #[serde(default)]
    pub test: Option<TestOfRun>,
    /// How it ended, a list value such as `list_node.run_native_status.passed`.
    #[serde(default)]
    pub native_status: Option<Reference>,
    /// When it started, ISO 8601.
    #[serde(default)]
    pub started: Option<String>,
}

/// The test that a run is a result of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TestOfRun {
    /// The id.
    pub id: TestId,
    /// The type, `test_automated` or the aggregate `test`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

impl AutomatedRun {
    /// The id as entities are named in requests.
    pub fn entity_id(&self) -> EntityId {
        self.id.into()
    }
}

impl Resource for AutomatedRun {
    const TYPE: &'static str = "run_automated";
    const COLLECTION: &'static str = "automated_runs";

    fn select() -> Select {
        Select::names([
            "name",
            "test_name",
            "component",
            "package",
            "class_name",
            "test",
            "native_status",
            "started",
        ])
    }
}
