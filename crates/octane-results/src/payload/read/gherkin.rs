//! Reads Gherkin runs.

use jiff::Timestamp;

use super::super::gherkin::{BackgroundStep, Feature, GherkinRun, Scenario};
use super::{PayloadReader, Spoiled};
use crate::Steps;

impl PayloadReader<'_> {
    pub(super) fn gherkin_run(&mut self) -> Result<GherkinRun, Spoiled> {
        let position = Some(self.position());
        let mut run = GherkinRun {
            name: self.text("name"),
            duration: self.duration().unwrap_or_default(),
            status: self.status(),
            external_run_id: self.maybe_text("external_run_id"),
            feature: Feature {
                name: String::new(),
                path: String::new(),
                identifier: None,
                tag: String::new(),
                started: Timestamp::UNIX_EPOCH,
                file: String::new(),
                background: Vec::new(),
                scenarios: Vec::new(),
            },
            position,
        };
        while self.child()?.is_some() {
            self.feature(&mut run.feature)?;
        }
        Ok(run)
    }

    fn feature(&mut self, feature: &mut Feature) -> Result<(), Spoiled> {
        feature.name = self.text("name");
        feature.path = self.text("path");
        feature.identifier = self.maybe_text("identifier");
        feature.tag = self.text("tag");
        feature.started = self.started().unwrap_or_default();
        while let Some(child) = self.child()? {
            if child == "file" {
                feature.file = self.leave_with_text()?;
                continue;
            }
            while let Some(child) = self.child()? {
                if child == "background" {
                    while self.child()?.is_some() {
                        while self.child()?.is_some() {
                            feature.background.push(self.background_step()?);
                        }
                    }
                } else {
                    feature.scenarios.push(self.scenario()?);
                }
            }
        }
        Ok(())
    }

    fn background_step(&mut self) -> Result<BackgroundStep, Spoiled> {
        let mut step = BackgroundStep {
            name: self.text("name"),
            duration: self.duration(),
            status: self.maybe_text("status"),
            error_message: None,
        };
        while self.child()?.is_some() {
            step.error_message = Some(self.leave_with_text()?);
        }
        Ok(step)
    }

    fn scenario(&mut self) -> Result<Scenario, Spoiled> {
        let mut scenario = Scenario {
            name: self.text("name"),
            outline_index: self.long("outlineIndex"),
            status: self.status(),
            steps: Steps::default(),
        };
        while self.child()?.is_some() {
            scenario.steps = self.steps()?;
        }
        Ok(scenario)
    }
}
