//! Reads Gherkin runs.

use jiff::Timestamp;

use super::reader::{InvalidPayload, PayloadReader};
use crate::payload::gherkin::{BackgroundStep, Feature, GherkinRun, Scenario};
use crate::step::Steps;

impl PayloadReader<'_> {
    pub(super) fn gherkin_run(&mut self) -> Result<GherkinRun, InvalidPayload> {
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

    fn feature(&mut self, feature: &mut Feature) -> Result<(), InvalidPayload> {
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

    fn background_step(&mut self) -> Result<BackgroundStep, InvalidPayload> {
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

    fn scenario(&mut self) -> Result<Scenario, InvalidPayload> {
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

#[cfg(test)]
mod tests {
    use crate::payload::read::{PayloadRuns, read_payload};

    const GHERKIN: &[u8] = br#"<test_result><test_runs>
            <gherkin_test_run name="Pay" duration="-7" status="Failed" external_run_id="r">
              <feature name="Pay" path="a/pay.feature" tag="@TID1" started="5" identifier="f-1">
                <file>Feature: <b>Pay</b> &amp; go</file>
                <scenarios>
                  <background><steps><step name="given"><error_message>no</error_message></step></steps></background>
                  <scenario name="" outlineIndex="2" status="Failed"><steps><step name="when" duration="1" status="ok"/></steps></scenario>
                </scenarios>
              </feature>
            </gherkin_test_run>
            <gherkin_test_run name="Go" duration="1" status="Passed"><feature name="" path="p" tag="" started="1"><file/></feature></gherkin_test_run>
        </test_runs></test_result>"#;

    #[test]
    fn gherkin_runs_are_read() {
        let payload = read_payload(GHERKIN).unwrap();
        let PayloadRuns::Gherkin(runs) = payload.runs else {
            panic!("expected Gherkin runs");
        };
        insta::assert_debug_snapshot!(runs, @r#"
        [
            GherkinRun {
                name: "Pay",
                duration: 0ns,
                status: Failed,
                external_run_id: Some(
                    "r",
                ),
                feature: Feature {
                    name: "Pay",
                    path: "a/pay.feature",
                    identifier: Some(
                        "f-1",
                    ),
                    tag: "@TID1",
                    started: 1970-01-01T00:00:00.005Z,
                    file: "Feature: Pay & go",
                    background: [
                        BackgroundStep {
                            name: "given",
                            duration: None,
                            status: None,
                            error_message: Some(
                                "no",
                            ),
                        },
                    ],
                    scenarios: [
                        Scenario {
                            name: "",
                            outline_index: Some(
                                2,
                            ),
                            status: Failed,
                            steps: Steps {
                                iteration: None,
                                steps: [
                                    Step {
                                        name: "when",
                                        duration: 1ms,
                                        status: "ok",
                                        external_step_id: None,
                                        error_message: None,
                                        input_parameters: [],
                                        output_parameters: [],
                                    },
                                ],
                            },
                        },
                    ],
                },
                position: Some(
                    Position {
                        file: "payload",
                        line: 2,
                        column: None,
                        label: None,
                    },
                ),
            },
            GherkinRun {
                name: "Go",
                duration: 1ms,
                status: Passed,
                external_run_id: None,
                feature: Feature {
                    name: "",
                    path: "p",
                    identifier: None,
                    tag: "",
                    started: 1970-01-01T00:00:00.001Z,
                    file: "",
                    background: [],
                    scenarios: [],
                },
                position: Some(
                    Position {
                        file: "payload",
                        line: 11,
                        column: None,
                        label: None,
                    },
                ),
            },
        ]
        "#);
    }
}
