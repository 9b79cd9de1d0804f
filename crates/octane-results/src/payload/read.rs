//! Reads payloads back.

mod gherkin;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::check::{Leniency, decode};
use super::gherkin::GherkinRun;
use super::problem::CheckError;
use super::value::{parse_boolean, parse_long};
use super::walk::{Visit, Walk};
use crate::{
    Build, Context, Failure, Identity, Parameter, Position, Release, Status, Step, Steps, SuiteRef,
    Tag, TestField, TestFieldKind, TestRun,
};

/// What a payload says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload {
    /// What counts for all runs.
    pub context: Context,
    /// The runs.
    pub runs: PayloadRuns,
}

/// The runs of a payload: of one sort, never mixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadRuns {
    /// Results of tests; a payload without runs has none of these.
    Tests(Vec<TestRun>),
    /// Results of Gherkin features.
    Gherkin(Vec<GherkinRun>),
}

impl Default for PayloadRuns {
    fn default() -> Self {
        Self::Tests(Vec::new())
    }
}

/// Reads a payload that the official schema accepts.
///
/// The position of each run is its place in the payload, under the file name `payload`. A negative
/// duration, which the schema allows, is read as none, and a start time that no calendar knows as the
/// nearest one that is known.
///
/// ```
/// use octane_results::{PayloadRuns, read_payload};
///
/// let payload = read_payload(
///     b"<test_result><test_runs><test_run name='adds' duration='84' status='Passed'/></test_runs></test_result>",
/// )?;
/// let PayloadRuns::Tests(runs) = payload.runs else { unreachable!() };
/// assert_eq!(runs[0].identity.name, "adds");
/// # Ok::<(), octane_results::CheckError>(())
/// ```
pub fn read_payload(xml: &[u8]) -> Result<Payload, CheckError> {
    read_payload_with(xml, Leniency::Official)
}

/// Reads like [`read_payload`], as strictly as asked for.
pub fn read_payload_with(xml: &[u8], leniency: Leniency) -> Result<Payload, CheckError> {
    let mut reader = PayloadReader {
        walk: Walk::new(decode(xml)?, leniency.root(), true),
        file: Arc::from("payload"),
    };
    let payload = reader.payload();
    // What follows the runs can break rules as well; and after the first breach the rest is only checked.
    reader.walk.finish()?;
    Ok(payload.unwrap_or_default())
}

/// A rule was broken, and the walk has noted it.
#[derive(Debug)]
struct Spoiled;

/// Reads from a walk. Since the walk checks, a value that is read is a good one; what stands behind
/// `unwrap_or` below is never seen.
struct PayloadReader<'x> {
    walk: Walk<'x>,
    file: Arc<str>,
}

impl PayloadReader<'_> {
    /// The next child, or none at the end of the element.
    fn child(&mut self) -> Result<Option<&'static str>, Spoiled> {
        let visit = self.walk.advance();
        if !self.walk.is_clean() {
            return Err(Spoiled);
        }
        Ok(match visit {
            Visit::Open(element) => Some(element.name),
            Visit::Close | Visit::End => None,
        })
    }

    /// Goes to the end of the element.
    fn leave(&mut self) -> Result<(), Spoiled> {
        while self.child()?.is_some() {
            self.leave()?;
        }
        Ok(())
    }

    /// Goes to the end of the element and takes its text.
    fn leave_with_text(&mut self) -> Result<String, Spoiled> {
        self.leave()?;
        Ok(self.walk.text().to_owned())
    }

    fn text(&self, attribute: &str) -> String {
        self.walk
            .attribute(attribute)
            .unwrap_or_default()
            .to_owned()
    }

    fn maybe_text(&self, attribute: &str) -> Option<String> {
        self.walk.attribute(attribute).map(str::to_owned)
    }

    fn long(&self, attribute: &str) -> Option<i64> {
        self.walk.attribute(attribute).and_then(parse_long)
    }

    fn id(&self) -> i64 {
        self.long("id").unwrap_or_default()
    }

    fn duration(&self) -> Option<Duration> {
        self.long("duration")
            .map(|duration| Duration::from_millis(u64::try_from(duration).unwrap_or_default()))
    }

    fn started(&self) -> Option<Timestamp> {
        self.long("started").map(|started| {
            Timestamp::from_millisecond(started).unwrap_or(if started < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            })
        })
    }

    fn status(&self) -> Status {
        self.walk
            .attribute("status")
            .and_then(Status::from_payload)
            .unwrap_or(Status::Planned)
    }

    fn position(&mut self) -> Position {
        Position {
            file: Arc::clone(&self.file),
            line: self.walk.line(),
            column: None,
        }
    }

    fn payload(&mut self) -> Result<Payload, Spoiled> {
        let mut payload = Payload::default();
        let Payload { context, runs } = &mut payload;
        if self.child()?.is_none() {
            return Ok(payload);
        }
        while let Some(child) = self.child()? {
            if child == "test_runs" {
                self.runs(runs)?;
            } else {
                self.context_child(child, context)?;
            }
        }
        Ok(payload)
    }

    fn runs(&mut self, runs: &mut PayloadRuns) -> Result<(), Spoiled> {
        while let Some(child) = self.child()? {
            if child == "test_run" {
                let run = self.run()?;
                if let PayloadRuns::Tests(runs) = runs {
                    runs.push(run);
                }
            } else {
                let run = self.gherkin_run()?;
                match runs {
                    PayloadRuns::Gherkin(runs) => runs.push(run),
                    PayloadRuns::Tests(_) => *runs = PayloadRuns::Gherkin(vec![run]),
                }
            }
        }
        Ok(())
    }

    fn context_child(&mut self, child: &str, context: &mut Context) -> Result<(), Spoiled> {
        match child {
            "build" => {
                context.build = Some(Build {
                    server_id: self.text("server_id"),
                    job_id: self.text("job_id"),
                    job_name: self.maybe_text("job_name"),
                    build_id: self.text("build_id"),
                    build_name: self.maybe_text("build_name"),
                    sub_type: self.maybe_text("sub_type"),
                    artifact_id: self.maybe_text("artifact_id"),
                });
            }
            "suite_ref" => {
                context.suite = Some(SuiteRef {
                    id: self.id().into(),
                    external_run_id: self.maybe_text("external_run_id"),
                    component: self.maybe_text("component"),
                });
            }
            "program_ref" => context.program = Some(self.id().into()),
            "release_ref" => context.release = Some(Release::Id(self.id().into())),
            "release" => context.release = Some(Release::Name(self.text("name"))),
            "release_name" => {
                let name = self.leave_with_text()?;
                context.release = (!name.is_empty()).then_some(Release::Name(name));
                return Ok(());
            }
            "milestone_ref" => context.milestone = Some(self.id().into()),
            "backlog_items" => {
                return self.items(|reader| context.backlog_items.push(reader.id().into()));
            }
            "product_areas" => {
                return self.items(|reader| context.product_areas.push(reader.id().into()));
            }
            "test_fields" => {
                return self.items(|reader| {
                    let kind = reader.walk.attribute("type");
                    context.test_fields.push(TestField {
                        kind: kind
                            .and_then(TestFieldKind::from_payload)
                            .unwrap_or(TestFieldKind::TestLevel),
                        value: reader.text("value"),
                    });
                });
            }
            "environment" => {
                return self.items(|reader| {
                    context.environment.push(Tag {
                        kind: reader.text("type"),
                        value: reader.text("value"),
                    });
                });
            }
            _ => {}
        }
        self.leave()
    }

    /// Reads children that have attributes and nothing else.
    fn items(&mut self, mut item: impl FnMut(&Self)) -> Result<(), Spoiled> {
        while self.child()?.is_some() {
            item(self);
            self.leave()?;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<TestRun, Spoiled> {
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
                .walk
                .attribute("manual")
                .and_then(parse_boolean)
                .unwrap_or_default(),
            context: Context::default(),
            jira: Vec::new(),
            position,
        };
        while let Some(child) = self.child()? {
            match child {
                "error" => {
                    let mut failure = Failure {
                        kind: self.maybe_text("type"),
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

    fn steps(&mut self) -> Result<Steps, Spoiled> {
        let mut steps = Steps {
            iteration: self.maybe_text("iteration"),
            steps: Vec::new(),
        };
        while self.child()?.is_some() {
            steps.steps.push(self.step()?);
        }
        Ok(steps)
    }

    fn step(&mut self) -> Result<Step, Spoiled> {
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
                    kind: reader.maybe_text("type"),
                });
            })?;
        }
        Ok(step)
    }
}
