//! Automated runs.

use serde::Deserialize;

use crate::id::{EntityId, RunId, TestId};
use crate::reference::Reference;
use crate::resource::Resource;
use crate::select::Select;

/// An automated run: one result of one test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AutomatedRun {
    /// The id.
    pub id: RunId,
    /// The run's name: the payload's `run_name`, or the name of the test if there is none.
    pub name: String,
    /// The test's name, if the response contains it.
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
    /// The native status, a list value such as `list_node.run_native_status.passed`.
    #[serde(default)]
    pub native_status: Option<Reference>,
    /// When it started, ISO 8601.
    #[serde(default)]
    pub started: Option<String>,
}

/// The test that a run belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TestOfRun {
    /// The id.
    pub id: TestId,
    /// The type, `test_automated` or the aggregate `test`.
    #[serde(rename = "type", default)]
    pub entity_type: String,
}

impl AutomatedRun {
    /// The id, as used in requests for entities.
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
