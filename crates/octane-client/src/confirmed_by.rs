//! What confirms payloads that other programs wrote.

use serde::{Deserialize, Serialize};

/// What confirms that the results of such a payload are in Octane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfirmedBy {
    /// The suite run that the payload names shows them.
    SuiteRun,
    /// Nothing but the state of its task: it names no suite run for all of its results, or its runs are those of features.
    Task,
}
