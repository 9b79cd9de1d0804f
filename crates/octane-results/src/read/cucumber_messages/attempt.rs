//! An attempt to run a scenario.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::features::{Scenario, StepText, field};
use super::step::{Finished, first_line};

use crate::invalid::InvalidCell;
use crate::metadata::{Attachment, Link, Metadata};
use crate::read::line_column::LineColumn;
use crate::read::report::fields::shared;
use crate::read::report::json::text;
use crate::read::report::{Draft, Moment, Outcome, Took};
use crate::run::Failure;
use crate::scenario::FeatureFile;
use crate::status::Status;
use crate::step::{Step, Steps};

/// The media type of texts that a test logs.
const LOG: &str = "text/x.cucumber.log+plain";

/// The media type of lists of addresses.
const ADDRESSES: &str = "text/uri-list";

#[derive(Debug)]
pub(super) struct Attempt {
    place: LineColumn,
    pub(super) test_case: String,
    scenario: Scenario,
    /// Whether that was described, so that its steps are known.
    is_described: bool,
    started: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    pub(super) will_be_retried: bool,
    has_end: bool,
    /// How many steps and hooks have ended.
    steps_ended: usize,
    /// The worst of them, if it is worse than passed.
    worst: Option<(StepText, Finished)>,
    /// The first hook that was skipped, which does not count if a step has passed.
    skipped_hook: Option<(StepText, Finished)>,
    has_passed_step: bool,
    /// Together, which is needed if the times are missing.
    took: Duration,
    steps: Vec<Step>,
    attachments: Vec<Attachment>,
    links: Vec<Link>,
}

impl Attempt {
    pub(super) fn new(
        place: LineColumn,
        test_case: &str,
        scenario: Option<Scenario>,
        started: Option<Timestamp>,
    ) -> Self {
        Self {
            place,
            test_case: test_case.to_owned(),
            is_described: scenario.is_some(),
            scenario: scenario.unwrap_or_default(),
            started,
            ended: None,
            will_be_retried: false,
            has_end: true,
            steps_ended: 0,
            worst: None,
            skipped_hook: None,
            has_passed_step: false,
            took: Duration::ZERO,
            steps: Vec::new(),
            attachments: Vec::new(),
            links: Vec::new(),
        }
    }

    /// The attempt, of which the end is missing.
    pub(super) fn without_end(mut self) -> Self {
        self.has_end = false;
        self
    }

    pub(super) fn add(&mut self, step: StepText, finished: Finished) {
        self.steps_ended += 1;
        self.took = self.took.saturating_add(finished.duration);
        self.will_be_retried |= finished.will_be_retried;
        let is_bad = finished.word != "PASSED";
        if !step.text.is_empty() && (is_bad || !step.is_hook) {
            let status = finished.word.to_lowercase();
            let status = if status.is_empty() {
                "unknown"
            } else {
                &status
            };
            self.steps.push(Step {
                duration: finished.duration,
                error_message: finished.failure.message.clone(),
                ..Step::new(step.text.trim(), status)
            });
        }
        self.has_passed_step |= !is_bad && !step.is_hook;
        if step.is_hook && finished.word == "SKIPPED" {
            self.skipped_hook.get_or_insert((step, finished));
            return;
        }
        let is_worse = |worst: &(StepText, Finished)| finished.rank() > worst.1.rank();
        if is_bad && self.worst.as_ref().is_none_or(is_worse) {
            self.worst = Some((step, finished));
        }
    }

    pub(super) fn attach(&mut self, message: &Value) {
        let media_type = text(message.get("mediaType"));
        match media_type.as_deref() {
            Some(LOG) => {}
            Some(ADDRESSES) => {
                let addresses = field(message, "body").lines().map(str::trim);
                let links = addresses
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .map(|url| Link {
                        name: text(message.get("fileName")),
                        url: url.to_owned(),
                    });
                self.links.extend(links);
            }
            _ => self.attachments.push(Attachment {
                name: text(message.get("fileName")),
                path: field(message, "url").to_owned(),
                media_type,
            }),
        }
    }

    fn outcome(&self) -> Outcome {
        let word = self.worst.as_ref().map(|(_, worst)| worst.word.as_str());
        match word {
            Some("FAILED" | "AMBIGUOUS" | "UNDEFINED" | "PENDING") => {
                Outcome::Known(Status::Failed)
            }
            _ if !self.has_end => Outcome::Known(Status::Failed),
            Some("SKIPPED") => Outcome::Known(Status::Skipped),
            Some("") => Outcome::Missing,
            Some(word) => Outcome::Word(word.to_owned()),
            None if self.steps_ended < self.scenario.steps || self.scenario.missing > 0 => {
                Outcome::Known(Status::Failed)
            }
            None => Outcome::Known(Status::Passed),
        }
    }

    fn failure(&self) -> Failure {
        match &self.worst {
            Some((step, worst)) if worst.word != "SKIPPED" || self.has_end => {
                let mut failure = worst.failure.clone();
                if worst.word != "SKIPPED" {
                    let default = || format!("{}: {}", worst.word.to_lowercase(), step.text);
                    failure.message = failure.message.or_else(|| Some(default()));
                }
                failure
            }
            _ if self.has_end && self.steps_ended < self.scenario.steps => {
                Failure::new("one of its steps did not end")
            }
            _ if self.has_end => Failure::new("one of its steps did not run"),
            _ => Failure::new("did not end"),
        }
    }

    fn took(&self) -> Took {
        let between = self
            .started
            .zip(self.ended)
            .and_then(|(started, ended)| Duration::try_from(ended.duration_since(started)).ok());
        Took::Exactly(between.unwrap_or(self.took))
    }

    pub(super) fn draft(mut self) -> Draft {
        if !self.has_passed_step {
            self.worst = self.worst.or(self.skipped_hook.take());
        }
        let outcome = self.outcome();
        let is_good = matches!(outcome, Outcome::Known(Status::Passed));
        let failure = self.failure();
        let duration = self.took();
        let Scenario {
            uri,
            feature,
            name,
            tags,
            parameters,
            place,
            steps: _,
            missing: _,
        } = self.scenario;
        let steps = Some(self.steps).filter(|steps| !steps.is_empty());
        let steps = steps.map(|steps| Steps {
            iteration: None,
            steps,
        });
        let mut draft = Draft {
            class: feature.to_string(),
            is_class_whole: true,
            duration,
            started: self.started.map_or(Moment::Unknown, Moment::At),
            failure: (!is_good).then_some(failure),
            steps: steps.into_iter().collect(),
            metadata: Metadata {
                tags,
                parameters,
                links: self.links,
                attachments: self.attachments,
                scenario: place,
                ..Metadata::default()
            },
            ..Draft::new(self.place, first_line(&name), outcome)
        };
        if is_good && !self.is_described {
            let reason = "its test case is not in the report";
            draft.invalid.push(InvalidCell::new(None, "", reason));
        }
        draft.origin.file = shared(&FeatureFile::path_of(&uri));
        draft
    }
}
