//! A scenario, or a background, with its steps.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::verdict::{Said, Verdict};
use crate::metadata::Attachment;
use crate::read::line_column::LineColumn;
use crate::read::report::fields::{
    as_iteration, field, first_field, lines, moment, nanoseconds, thrown,
};
use crate::read::report::json::{items, text};
use crate::read::report::{Draft, Outcome, ReportFile, Took};
use crate::run::Failure;
use crate::scenario::{FeatureFile, FeatureScenario};
use crate::status::Status;
use crate::step::Step;

/// Steps that belong together, and what they say.
#[derive(Debug, Default)]
pub(super) struct Stage {
    verdict: Verdict,
    steps: Vec<Step>,
    took: Duration,
    failure: Option<Failure>,
    /// Why it was skipped.
    skipped: Option<Failure>,
    attachments: Vec<Attachment>,
    /// The name of the first step without a result.
    untested: Option<String>,
}

/// The result of a scenario.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) draft: Draft,
    pub(super) line: Option<u64>,
    pub(super) is_outline: bool,
    /// Its number among those with the same name; 0 if there is only one.
    pub(super) number: u32,
    /// Its name in the feature file.
    own_name: String,
    stage: Stage,
    /// Whether it has a name or steps, without which it is none.
    is_named: bool,
    id: String,
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

impl Stage {
    /// Adds the steps of a background. One that names its steps and none of their results, as behave does, is repeated
    /// in the scenarios.
    pub(super) fn add_background(&mut self, element: &Value, file: &ReportFile) {
        let steps = items(element.get("steps"));
        let has_results = steps.iter().any(|step| step.get("result").is_some());
        let has_hooks = !items(element.get("before")).is_empty();
        if has_results || has_hooks {
            self.add_element(element, file);
        }
    }

    pub(super) fn is_failed(&self) -> bool {
        self.verdict.is_failed()
    }

    fn add_element(&mut self, element: &Value, file: &ReportFile) {
        self.add_hooks(element, "before", "Before hook", file);
        for step in items(element.get("steps")) {
            self.add_hooks(step, "before", "BeforeStep hook", file);
            let name = step_name(step);
            self.add_step(step, name, file);
            self.add_hooks(step, "after", "AfterStep hook", file);
        }
        self.add_hooks(element, "after", "After hook", file);
        self.add_hooks(element, "around", "Around hook", file);
        self.attach(element);
    }

    fn add_hooks(&mut self, of: &Value, key: &str, name: &str, file: &ReportFile) {
        for hook in items(of.get(key)) {
            // A hook with no result has not run, and need not.
            if hook.get("result").is_none() {
                self.attach(hook);
                continue;
            }
            let location = hook.get("match").and_then(|at| field(at, "location"));
            let name = location.map_or(name.to_owned(), |at| format!("{name}: {at}"));
            self.add_step(hook, name, file);
        }
    }

    fn add_step(&mut self, step: &Value, name: String, file: &ReportFile) {
        let nothing = Value::Null;
        let result = step.get("result").unwrap_or(&nothing);
        let word = field(result, "status");
        let said = Said::new(word.as_deref(), &file.options.status_aliases);
        self.attach(step);
        if said == Said::Nothing && is_hook(step) {
            return;
        }
        let mut done = Step::new(name, word.as_deref().unwrap_or("not run"));
        done.duration = duration(step, result);
        self.took = self.took.saturating_add(done.duration);
        let error = lines(result.get("error_message")).or_else(|| field(result, "message"));
        done.error_message.clone_from(&error);
        match said {
            Said::Is(Status::Failed) if self.failure.is_none() => {
                let given = error.map(|error| thrown(&error));
                let word = word.unwrap_or_default();
                self.failure =
                    given.or_else(|| Some(Failure::new(format!("{word}: {}", done.name))));
            }
            Said::Nothing if self.untested.is_none() => self.untested = Some(done.name.clone()),
            Said::Is(Status::Skipped) if self.skipped.is_none() => {
                self.skipped = error.map(|error| thrown(&error));
            }
            _ => {}
        }
        self.verdict.add(said);
        self.steps.push(done);
    }

    fn attach(&mut self, to: &Value) {
        let own = items(to.get("embeddings"));
        let in_result = to
            .get("result")
            .map(|result| items(result.get("embeddings")));
        for embedding in own.iter().chain(in_result.into_iter().flatten()) {
            let media = embedding.get("media").unwrap_or(embedding);
            self.attachments.push(Attachment {
                name: field(embedding, "name"),
                path: String::new(),
                media_type: first_field(embedding, &["mime_type", "mimeType", "media_type"])
                    .or_else(|| field(media, "type")),
            });
        }
    }

    fn append(&mut self, other: Self) {
        self.verdict.merge(other.verdict);
        self.steps.extend(other.steps);
        self.took = self.took.saturating_add(other.took);
        self.failure = self.failure.take().or(other.failure);
        self.skipped = self.skipped.take().or(other.skipped);
        self.attachments.extend(other.attachments);
        self.untested = self.untested.take().or(other.untested);
    }

    /// Whether it has failed, or began and did not end.
    fn has_failed(&self) -> bool {
        matches!(self.verdict.outcome(), Outcome::Known(Status::Failed))
    }

    /// Takes over what happened into the result.
    fn fill(self, draft: &mut Draft) {
        draft.outcome = self.verdict.outcome();
        draft.failure = self.failure();
        draft.duration = Took::Exactly(self.took);
        draft.steps = as_iteration(self.steps);
        draft.metadata.attachments = self.attachments;
    }

    /// Why it failed or was skipped.
    fn failure(&self) -> Option<Failure> {
        if self.verdict.is_cut_off() {
            let step = self.untested.as_deref().unwrap_or("a step");
            let given = format!("the scenario did not end: `{step}` has no result");
            return Some(Failure::new(given));
        }
        self.failure.clone().or_else(|| self.skipped.clone())
    }
}

impl Scenario {
    pub(super) fn new(element: &Value, background: Stage, file: &ReportFile) -> Self {
        let mut stage = background;
        let mut own = Stage::default();
        own.add_element(element, file);
        stage.append(own);
        // What the scenario says of itself; behave does.
        let own = field(element, "status");
        match Said::new(own.as_deref(), &file.options.status_aliases) {
            Said::Nothing => {}
            said => {
                if said == Said::Is(Status::Failed) && stage.failure.is_none() {
                    let given = lines(element.get("error_message")).map(|error| thrown(&error));
                    let word = own.unwrap_or_default();
                    stage.failure =
                        given.or_else(|| Some(Failure::new(format!("the scenario is `{word}`"))));
                }
                stage.verdict.add(said);
            }
        }
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
            number: 0,
            own_name,
            stage,
            is_named: element.get("steps").is_some() || element.get("name").is_some(),
            id,
        }
    }

    /// The failed result of a background that no scenario follows.
    pub(super) fn of_background(background: Stage) -> Self {
        Self {
            draft: Draft::new(LineColumn::START, "Background", Outcome::Missing),
            line: None,
            is_outline: false,
            number: 0,
            own_name: "Background".to_owned(),
            stage: background,
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

    /// Whether it is a further attempt of `before`, which has failed.
    pub(super) fn is_attempt_after(&self, before: &Self) -> bool {
        before.stage.has_failed()
            && self.draft.name == before.draft.name
            && self.is_same_place(before)
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

    /// Whether both are at one place of the feature, and so the same scenario.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        self.line.is_some()
            && self.line == other.line
            && self.id == other.id
            && (!self.is_outline || self.has_steps_of(other))
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

/// Whether a step is a hook, which need not run: one that only attaches or prints something has no name.
fn is_hook(step: &Value) -> bool {
    let keyword = field(step, "keyword").unwrap_or_default();
    let has = |name| step.get(name).is_some();
    has("hidden")
        || matches!(keyword.trim(), "Before" | "After")
        || !has("name") && (has("embeddings") || has("output"))
}

fn step_name(step: &Value) -> String {
    let keyword = field(step, "keyword").unwrap_or_default();
    let keyword = keyword.trim();
    match (keyword, field(step, "name").unwrap_or_default().trim()) {
        ("", "") => "step".to_owned(),
        ("Before" | "After", "") => format!("{keyword} hook"),
        (keyword, "") => keyword.to_owned(),
        ("", name) => name.to_owned(),
        (keyword, name) => format!("{keyword} {name}"),
    }
}

/// Nanoseconds; behave writes seconds.
fn duration(step: &Value, result: &Value) -> Duration {
    let is_behave = step.get("step_type").is_some() || step.get("location").is_some();
    let shift = if is_behave { 9 } else { 0 };
    field(result, "duration")
        .and_then(|text| nanoseconds(&text, shift))
        .unwrap_or_default()
}
