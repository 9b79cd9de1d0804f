//! Reads test runs.

use super::reader::{InvalidPayload, PayloadReader};
use crate::context::Context;
use crate::identity::Identity;
use crate::origin::Origin;
use crate::payload::value::parse_boolean;
use crate::run::{Failure, TestRun};
use crate::step::{Parameter, Step, Steps};

impl PayloadReader<'_> {
    pub(super) fn run(&mut self) -> Result<TestRun, InvalidPayload> {
        let position = Some(self.position());
        let mut run = TestRun {
            identity: Identity {
                module: self.text("module"),
                package: self.text("package"),
                class: self.text("class"),
                name: self.text("name"),
            },
            run_name: self.maybe_text("run_name"),
            status: self.status(),
            duration: self.duration().unwrap_or_default(),
            started: self.started(),
            failure: None,
            description: None,
            steps: Vec::new(),
            report_url: self.maybe_text("external_report_url"),
            external_test_id: self.maybe_text("external_test_id"),
            external_run_id: self.maybe_text("external_run_id"),
            run_type: self.maybe_text("run_type"),
            external_assets: self.maybe_text("external_assets"),
            manual: self
                .walker
                .attribute("manual")
                .and_then(parse_boolean)
                .unwrap_or_default(),
            context: Context::default(),
            feature: None,
            results: 1,
            jira: Vec::new(),
            origin: Origin::default(),
            earlier_failures: Vec::new(),
            may_be_retry: false,
            replaces_earlier: false,
            metadata: None,
            position,
        };
        while let Some(child) = self.child()? {
            match child {
                "error" => {
                    let mut failure = Failure {
                        error_type: self.maybe_text("type"),
                        message: self.maybe_text("message"),
                        details: String::new(),
                    };
                    failure.details = self.leave_with_text()?;
                    run.failure = Some(failure);
                }
                "description" => run.description = Some(self.leave_with_text()?),
                "steps" => run.steps.push(self.steps()?),
                _ => self.context_child(child, &mut run.context)?,
            }
        }
        Ok(run)
    }

    pub(super) fn steps(&mut self) -> Result<Steps, InvalidPayload> {
        let mut steps = Steps {
            iteration: self.maybe_text("iteration"),
            steps: Vec::new(),
        };
        while self.child()?.is_some() {
            steps.steps.push(self.step()?);
        }
        Ok(steps)
    }

    pub(super) fn step(&mut self) -> Result<Step, InvalidPayload> {
        let mut step = Step {
            name: self.text("name"),
            duration: self.duration().unwrap_or_default(),
            status: self.text("status"),
            external_step_id: self.maybe_text("external_step_id"),
            error_message: None,
            input_parameters: Vec::new(),
            output_parameters: Vec::new(),
        };
        while let Some(child) = self.child()? {
            let parameters = match child {
                "error_message" => {
                    step.error_message = Some(self.leave_with_text()?);
                    continue;
                }
                "input_parameters" => &mut step.input_parameters,
                _ => &mut step.output_parameters,
            };
            self.items(|reader| {
                parameters.push(Parameter {
                    name: reader.text("name"),
                    value: reader.maybe_text("value"),
                    parameter_type: reader.maybe_text("type"),
                });
            })?;
        }
        Ok(step)
    }
}
