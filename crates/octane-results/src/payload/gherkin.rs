//! Runs of Gherkin features, which a payload may hold in place of test runs.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Position, Status, Steps};

/// One result of one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GherkinRun {
    /// The name of the test.
    pub name: String,
    /// How long it took, in whole milliseconds.
    pub duration: Duration,
    /// How it ended.
    pub status: Status,
    /// The id that this result has elsewhere.
    pub external_run_id: Option<String>,
    /// What was tested.
    pub feature: Feature,
    /// Where the run stands in the payload.
    pub position: Option<Position>,
}

/// A feature and its scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// The name, maybe empty.
    pub name: String,
    /// The path of the feature file.
    pub path: String,
    /// The id that Octane gave to the feature.
    pub identifier: Option<String>,
    /// The tag that ties the feature to Octane, maybe empty.
    pub tag: String,
    /// When it started.
    pub started: Timestamp,
    /// The text of the feature file; markup in it is left out.
    pub file: String,
    /// The steps of the background.
    pub background: Vec<BackgroundStep>,
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
}

/// A step that is done before each scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackgroundStep {
    /// What is done.
    pub name: String,
    /// How long it took.
    pub duration: Option<Duration>,
    /// How it ended, free text.
    pub status: Option<String>,
    /// What went wrong.
    pub error_message: Option<String>,
}

/// A scenario of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The name, maybe empty.
    pub name: String,
    /// Which line of an outline's examples it is.
    pub outline_index: Option<i64>,
    /// How it ended.
    pub status: Status,
    /// Its steps.
    pub steps: Steps,
}
