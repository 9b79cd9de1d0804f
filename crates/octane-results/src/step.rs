//! Steps of a test.

use std::time::Duration;

/// The steps of one iteration of a test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steps {
    /// The name of the iteration.
    pub iteration: Option<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One step of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done, 1 to 3800 characters.
    pub name: String,
    /// How long it took; the payload has whole milliseconds.
    pub duration: Duration,
    /// How it ended, free text of 1 to 255 characters.
    pub status: String,
    /// The id that the step has elsewhere.
    pub external_step_id: Option<String>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// What went in.
    pub input_parameters: Vec<Parameter>,
    /// What came out.
    pub output_parameters: Vec<Parameter>,
}

/// A parameter of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name, 1 to 255 characters.
    pub name: String,
    /// The value, at most 255 characters.
    pub value: Option<String>,
    /// The type, at most 255 characters.
    pub kind: Option<String>,
}
