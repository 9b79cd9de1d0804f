//! The steps of a result, and the scenarios of a feature, as rows.

use octane_results::{BackgroundStep, Parameter, Scenario, Step};
use serde_json::{Value, json};

use super::result::{Content, RunResult, milliseconds};
use crate::error::ApiError;
use crate::store::results::{StepRow, Steps};

/// Writes the content of a run.
pub(super) fn write(
    steps: &mut Steps<'_>,
    run: i64,
    result: &RunResult<'_>,
) -> Result<(), ApiError> {
    let mut rows = Rows {
        steps,
        run,
        order: 0,
    };
    match result.content {
        Content::Steps(iterations) => {
            for (index, iteration) in iterations.iter().enumerate() {
                // Unnamed iterations are distinguished by their number.
                let number = (iterations.len() > 1).then(|| (index + 1).to_string());
                let name = iteration.iteration.as_ref().or(number.as_ref());
                for step in &iteration.steps {
                    rows.step(step, None, name.map(String::as_str))?;
                }
            }
        }
        Content::Feature(feature) => {
            if !feature.background.is_empty() {
                rows.background(&feature.background)?;
            }
            for scenario in &feature.scenarios {
                rows.scenario(scenario)?;
            }
        }
    }
    Ok(())
}

struct Rows<'s, 'a> {
    steps: &'s mut Steps<'a>,
    run: i64,
    order: i64,
}

impl Rows<'_, '_> {
    fn create(&mut self, row: &StepRow<'_>) -> Result<i64, ApiError> {
        self.order += 1;
        self.steps.create(self.run, self.order, row)
    }

    fn step(
        &mut self,
        step: &Step,
        parent: Option<i64>,
        iteration: Option<&str>,
    ) -> Result<(), ApiError> {
        let Step {
            name,
            duration,
            status,
            external_step_id,
            error_message,
            input_parameters,
            output_parameters,
        } = step;
        self.create(&StepRow {
            parent,
            name,
            iteration,
            outline_index: None,
            status: Some(status),
            duration_ms: Some(milliseconds(*duration)),
            external_step_id: external_step_id.as_deref(),
            error_message: error_message.as_deref(),
            input_parameters: parameters(input_parameters).as_deref(),
            output_parameters: parameters(output_parameters).as_deref(),
        })?;
        Ok(())
    }

    /// The background steps, which run before each scenario, are grouped under a step of their own.
    fn background(&mut self, background: &[BackgroundStep]) -> Result<(), ApiError> {
        let parent = self.create(&StepRow {
            name: "Background",
            ..StepRow::default()
        })?;
        for step in background {
            let BackgroundStep {
                name,
                duration,
                status,
                error_message,
            } = step;
            self.create(&StepRow {
                parent: Some(parent),
                name,
                status: status.as_deref(),
                duration_ms: duration.map(milliseconds),
                error_message: error_message.as_deref(),
                ..StepRow::default()
            })?;
        }
        Ok(())
    }

    /// A scenario is a step that contains steps.
    fn scenario(&mut self, scenario: &Scenario) -> Result<(), ApiError> {
        let Scenario {
            name,
            outline_index,
            status,
            steps,
        } = scenario;
        let parent = self.create(&StepRow {
            name,
            outline_index: *outline_index,
            status: Some(status.as_str()),
            ..StepRow::default()
        })?;
        for step in &steps.steps {
            self.step(step, Some(parent), steps.iteration.as_deref())?;
        }
        Ok(())
    }
}

/// Parameters as JSON; `None` if there are none.
fn parameters(parameters: &[Parameter]) -> Option<String> {
    let json = |parameter: &Parameter| {
        let Parameter {
            name,
            value,
            parameter_type,
        } = parameter;
        json!({ "name": name, "value": value, "type": parameter_type })
    };
    (!parameters.is_empty()).then(|| parameters.iter().map(json).collect::<Value>().to_string())
}
