//! Runs of Gherkin features, which a payload may contain instead of test runs.

use std::time::Duration;

use jiff::Timestamp;

use crate::position::Position;
use crate::status::Status;
use crate::step::Steps;

/// One result of one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GherkinRun {
    /// The name of the test.
    pub name: String,
    /// The duration, in whole milliseconds.
    pub duration: Duration,
    /// The status.
    pub status: Status,
    /// The id of this result in another system.
    pub external_run_id: Option<String>,
    /// The tested feature.
    pub feature: Feature,
    /// The position of the run in the payload.
    pub position: Option<Position>,
}

/// A feature and its scenarios.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feature {
    /// The name; may be empty.
    pub name: String,
    /// The path of the feature file.
    pub path: String,
    /// The id assigned by Octane.
    pub identifier: Option<String>,
    /// The tag that links the feature to Octane; may be empty.
    pub tag: String,
    /// The start time; [`PayloadWriter`](crate::PayloadWriter) writes that of the run.
    pub started: Timestamp,
    /// The text of the feature file, without markup.
    pub file: String,
    /// The steps of the background.
    pub background: Vec<BackgroundStep>,
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
}

/// A step that runs before each scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackgroundStep {
    /// The name.
    pub name: String,
    /// The duration.
    pub duration: Option<Duration>,
    /// The status, free text.
    pub status: Option<String>,
    /// The error message.
    pub error_message: Option<String>,
}

/// A scenario of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The name; may be empty.
    pub name: String,
    /// The index of the example, in a scenario outline.
    pub outline_index: Option<i64>,
    /// The status.
    pub status: Status,
    /// The steps.
    pub steps: Steps,
}
