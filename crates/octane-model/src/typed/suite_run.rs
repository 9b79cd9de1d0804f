//! Suite runs.

use serde::Deserialize;

use crate::id::SuiteRunId;
use crate::reference::Reference;
use crate::resource::Resource;
use crate::select::Select;

/// A suite run: one execution of a suite, with its automated runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SuiteRun {
    /// The id.
    pub id: SuiteRunId,
    /// The name; for uploaded results, the `external_run_id` of the payload.
    pub name: String,
    /// The suite.
    #[serde(default)]
    pub test: Option<Reference>,
    /// The status, a list value such as `list_node.run_status.passed`.
    #[serde(default)]
    pub status: Option<Reference>,
}

/// The collection's name is singular (ALM Octane help, "Resources overview").
impl Resource for SuiteRun {
    const TYPE: &'static str = "run_suite";
    const COLLECTION: &'static str = "suite_run";

    fn select() -> Select {
        Select::names(["name", "test", "status"])
    }
}
