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
    /// The name, 1 to 3800 characters.
    pub name: String,
    /// The duration; payloads contain whole milliseconds.
    pub duration: Duration,
    /// The status, free text of 1 to 255 characters.
    pub status: String,
    /// The id of the step in another system.
    pub external_step_id: Option<String>,
    /// The error message.
    pub error_message: Option<String>,
    /// The input parameters.
    pub input_parameters: Vec<Parameter>,
    /// The output parameters.
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
    pub parameter_type: Option<String>,
}

impl Step {
    /// A step with this status, with a duration of zero and no other information.
    pub fn new(name: impl Into<String>, status: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            duration: Duration::ZERO,
            status: status.into(),
            external_step_id: None,
            error_message: None,
            input_parameters: Vec::new(),
            output_parameters: Vec::new(),
        }
    }
}

impl Parameter {
    /// A parameter without a value and a type.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: None,
            parameter_type: None,
        }
    }
}
