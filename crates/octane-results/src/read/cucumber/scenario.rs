//! A scenario, or a background.

use std::sync::Arc;

use serde_json::Value;

use super::stage::Stage;
use crate::read::line_column::LineColumn;
use crate::read::report::fields::{field, moment};
use crate::read::report::json::{items, text};
use crate::read::report::{Draft, Outcome, ReportFile};
use crate::scenario::{FeatureFile, FeatureScenario};

/// The result of a scenario.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) draft: Draft,
    pub(super) line: Option<u64>,
    pub(super) is_outline: bool,
    /// Whether Karate has written it.
    pub(super) is_of_karate: bool,
    /// Its number among those with the same name; 0 if there is only one.
    pub(super) number: u32,
    /// Its name in the feature file.
    own_name: String,
    stage: Stage,
    /// Whether its status is `null`.
    is_without_status: bool,
    /// Whether it has a name or steps, without which it is none.
    is_named: bool,
    pub(super) id: String,
}

pub(super) fn is_background(element: &Value) -> bool {
    let is = |name: &str| {
        field(element, name).map(|kind| kind.trim().eq_ignore_ascii_case("background"))
    };
    is("type").or_else(|| is("keyword")) == Some(true)
}

/// Tags, which are objects with a name or just names.
pub(super) fn tags(tags: &Value) -> Vec<String> {
    items(Some(tags))
        .iter()
        .filter_map(|tag| field(tag, "name").or_else(|| text(Some(tag))))
        .collect()
}

impl Scenario {
    pub(super) fn new(element: &Value, background: Stage, file: &ReportFile) -> Self {
        let mut own = Stage::default();
        own.add_element(element, file);
        // After a step that was skipped none passes, so that what a converter has put there did not run.
        let has_passed = own.verdict.is_passed() && !items(element.get("steps")).is_empty();
        let mut stage = if background.verdict.is_skipped() && has_passed {
            Stage::default()
        } else {
            background
        };
        stage.append(own);
        stage.add_status(element, file);
        let id = field(element, "id").unwrap_or_default();
        let is = |name: &str, word: &str| {
            field(element, name).is_some_and(|kind| kind.to_lowercase().contains(word))
        };
        let mut name = field(element, "name").unwrap_or_default();
        let own_name = name.trim().to_owned();
        let row = row(&id);
        if let Some((examples, example)) = row {
            let examples = match examples {
                "" => String::new(),
                examples => format!("{examples}, "),
            };
            name = format!("{} ({examples}example {example})", name.trim());
        }
        let mut draft = Draft::new(LineColumn::START, name, Outcome::Missing);
        draft.started = moment(element, "start_timestamp");
        draft.metadata.tags = element.get("tags").map(tags).unwrap_or_default();
        Self {
            draft,
            line: line(element),
            is_outline: row.is_none()
                && (is("keyword", "outline")
                    || is("keyword", "template")
                    || is("type", "outline")
                    || is("keyword", "examples")),
            is_of_karate: is_of_karate(element),
            number: 0,
            own_name,
            stage,
            is_without_status: element.get("status").is_some_and(Value::is_null),
            is_named: element.get("steps").is_some() || element.get("name").is_some(),
            id,
        }
    }

    /// The failed result of something other than a scenario, such as a background that no scenario follows.
    pub(super) fn of_stage(name: &str, stage: Stage) -> Self {
        Self {
            draft: Draft::new(LineColumn::START, name, Outcome::Missing),
            line: None,
            is_outline: false,
            is_of_karate: false,
            number: 0,
            own_name: name.to_owned(),
            stage,
            is_without_status: false,
            is_named: true,
            id: String::new(),
        }
    }

    /// Whether `background` is that of this scenario although it follows: Cucumber for Rust writes it so, with the id of
    /// the scenario, if hooks ran before.
    pub(super) fn has_background(&self, background: &Value) -> bool {
        !self.id.is_empty()
            && field(background, "id").as_deref() == Some(&*self.id)
            && line(background) == self.line
    }

    /// Adds a background that follows.
    pub(super) fn add_background(&mut self, background: &Value, file: &ReportFile) {
        self.stage.add_background(background, file);
    }

    /// Takes the status from the background that follows: behave writes that of the last scenario before a rule there.
    pub(super) fn take_status(&mut self, background: &Value, file: &ReportFile) {
        if std::mem::take(&mut self.is_without_status) {
            self.stage.add_status(background, file);
        }
    }

    /// The result, of a scenario in `file`.
    pub(super) fn into_draft(self, file: &Arc<FeatureFile>) -> Draft {
        let mut draft = self.draft;
        self.stage.fill(&mut draft);
        draft.metadata.scenario = Some(FeatureScenario {
            file: Arc::clone(file),
            name: self.own_name,
            line: self.line,
        });
        if !self.is_named {
            draft.outcome = Outcome::Missing;
        }
        draft
    }

    pub(super) fn has_failed(&self) -> bool {
        self.stage.has_failed()
    }

    /// Whether it is a further attempt of `before`, which has failed.
    pub(super) fn is_attempt_after(&self, before: &Self) -> bool {
        !self.is_outline && self.repeats(before)
    }

    /// Whether it is written as a further attempt of `before`, which has failed, would be.
    pub(super) fn repeats(&self, before: &Self) -> bool {
        before.stage.has_failed()
            && self.draft.name == before.draft.name
            && self.is_like(before)
            && self.has_steps_of(before)
    }

    fn has_steps_of(&self, other: &Self) -> bool {
        let names = |of: &Self| -> Vec<String> {
            let all = of.stage.steps.iter();
            // A hook that failed may have kept others from running.
            all.filter(|step| !step.name.contains("hook"))
                .map(|step| step.name.clone())
                .collect()
        };
        names(self) == names(other)
    }

    /// Whether both are at one place of the feature, and so the same scenario. Rows of an outline without numbers may be at one place
    /// too, and nothing distinguishes them where the data of the rows are not in the steps, as in Karate.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        !self.is_outline && self.is_like(other)
    }

    fn is_like(&self, other: &Self) -> bool {
        self.line.is_some()
            && self.line == other.line
            && self.id == other.id
            && self.stage.data == other.stage.data
    }

    /// Takes over the failures of the attempt before.
    pub(super) fn take_failures_of(&mut self, before: &mut Self) {
        let mut failures = std::mem::take(&mut before.draft.earlier_failures);
        failures.extend(before.stage.failure());
        self.draft.earlier_failures = failures;
    }
}

/// The name of the examples and the number of the example, by an id such as `feature;scenario;examples;2`: the row with
/// the titles is the first one.
fn row(id: &str) -> Option<(&str, u32)> {
    let mut parts = id.rsplitn(4, ';');
    let number = parts.next()?.parse::<u32>().ok()?;
    let examples = parts.next()?;
    // The scenario and, before it, the feature.
    parts.next()?;
    parts.next()?;
    Some((examples, number.saturating_sub(1).max(1)))
}

fn is_of_karate(element: &Value) -> bool {
    let location = |step: &Value| field(step.get("match")?, "location");
    let mut steps = items(element.get("steps")).iter();
    steps.any(|step| location(step).as_deref() == Some("karate"))
}

fn line(element: &Value) -> Option<u64> {
    let by_location = || {
        let location = field(element, "location")?;
        location.rsplit_once(':')?.1.parse().ok()
    };
    element
        .get("line")
        .and_then(Value::as_u64)
        .or_else(by_location)
}
