//! The steps of a scenario or a background, and what they say.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use serde_json::Value;

use super::verdict::{Said, Verdict};
use crate::invalid::InvalidCell;
use crate::metadata::Attachment;
use crate::read::report::fields::{as_iteration, field, first_field, lines, nanoseconds, thrown};
use crate::read::report::json::items;
use crate::read::report::{Draft, Outcome, ReportFile, Took};
use crate::run::Failure;
use crate::status::Status;
use crate::step::Step;

/// Steps that belong together, and what they say.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) verdict: Verdict,
    pub(super) steps: Vec<Step>,
    took: Duration,
    pub(super) failure: Option<Failure>,
    /// Why it was skipped.
    skipped: Option<Failure>,
    attachments: Vec<Attachment>,
    /// The name of the first step without a result.
    untested: Option<String>,
    /// Digests of the tables and texts that belong to its steps.
    pub(super) data: Vec<u64>,
    /// The first thing that is not a list, though it should be, so that steps or hooks are unknown.
    invalid: Option<InvalidCell>,
}

impl Stage {
    /// Adds the steps of a background. One that names its steps and none of their results, as behave does, is repeated
    /// in the scenarios.
    pub(super) fn add_background(&mut self, element: &Value, file: &ReportFile) {
        let mut background = Self::default();
        background.add_element(element, file);
        let steps = items(element.get("steps"));
        let has_results = steps.iter().any(|step| step.get("result").is_some());
        let has_hooks = !items(element.get("before")).is_empty();
        if has_results || has_hooks || background.invalid.is_some() {
            self.append(background);
        }
    }

    /// That of a feature that failed outside of its scenarios, with what it says of itself.
    pub(super) fn of_failed_feature(word: &str) -> Self {
        let message = format!("the feature is `{word}`, but none of its scenarios has failed");
        let mut stage = Self {
            failure: Some(Failure::new(message)),
            ..Self::default()
        };
        stage.verdict.add(Said::Is(Status::Failed));
        stage
    }

    /// Whether it is a result even if no scenario follows.
    pub(super) fn is_result(&self) -> bool {
        self.verdict.is_failed() || self.invalid.is_some()
    }

    pub(super) fn add_element(&mut self, element: &Value, file: &ReportFile) {
        self.add_hooks(element, "before", "Before hook", file);
        for step in self.list(element, "steps") {
            self.add_hooks(step, "before", "BeforeStep hook", file);
            let name = step_name(step);
            self.add_step(step, name, is_hook(step), file);
            self.add_hooks(step, "after", "AfterStep hook", file);
        }
        self.add_hooks(element, "after", "After hook", file);
        self.add_hooks(element, "around", "Around hook", file);
        self.attach(element);
    }

    /// The objects in a list, which is missing or `null` if there are none.
    fn list<'v>(&mut self, of: &'v Value, key: &str) -> &'v [Value] {
        let is_object = |item: &Value| item.is_object() || item.is_null();
        match of.get(key) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) if items.iter().all(is_object) => items,
            Some(_) => {
                let reason = format!("`{key}` is not a list of objects");
                let cell = InvalidCell::new(None, "", reason);
                self.invalid.get_or_insert(cell);
                &[]
            }
        }
    }

    fn add_hooks(&mut self, of: &Value, key: &str, name: &str, file: &ReportFile) {
        for hook in self.list(of, key) {
            // A hook with no result has not run, and need not.
            if hook.get("result").is_none() {
                self.attach(hook);
                continue;
            }
            let location = hook.get("match").and_then(|at| field(at, "location"));
            let name = location.map_or(name.to_owned(), |at| format!("{name}: {at}"));
            self.add_step(hook, name, true, file);
        }
    }

    fn add_step(&mut self, step: &Value, name: String, is_of_hook: bool, file: &ReportFile) {
        let nothing = Value::Null;
        let result = step.get("result").unwrap_or(&nothing);
        let word = field(result, "status");
        let said = Said::new(word.as_deref(), &file.options.status_aliases);
        self.attach(step);
        self.data.extend(data(step));
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
        if is_of_hook {
            self.verdict.add_hook(said);
        } else {
            self.verdict.add(said);
        }
        self.steps.push(done);
    }

    /// Adds what an element says of itself; behave does.
    pub(super) fn add_status(&mut self, element: &Value, file: &ReportFile) {
        let word = field(element, "status");
        let said = Said::new(word.as_deref(), &file.options.status_aliases);
        if said == Said::Nothing {
            return;
        }
        if said == Said::Is(Status::Failed) && self.failure.is_none() {
            let given = lines(element.get("error_message")).map(|error| thrown(&error));
            let word = word.unwrap_or_default();
            self.failure =
                given.or_else(|| Some(Failure::new(format!("the scenario is `{word}`"))));
        }
        self.verdict.add(said);
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

    pub(super) fn append(&mut self, other: Self) {
        self.verdict.merge(other.verdict);
        self.steps.extend(other.steps);
        self.took = self.took.saturating_add(other.took);
        self.failure = self.failure.take().or(other.failure);
        self.skipped = self.skipped.take().or(other.skipped);
        self.attachments.extend(other.attachments);
        self.untested = self.untested.take().or(other.untested);
        self.data.extend(other.data);
        self.invalid = self.invalid.take().or(other.invalid);
    }

    /// Whether it has failed, or began and did not end.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.verdict.outcome(), Outcome::Known(Status::Failed))
    }

    /// Takes over what happened into the result.
    pub(super) fn fill(self, draft: &mut Draft) {
        draft.outcome = self.verdict.outcome();
        draft.failure = self.failure();
        draft.duration = Took::Exactly(self.took);
        draft.steps = as_iteration(self.steps);
        draft.metadata.attachments = self.attachments;
        draft.invalid.extend(self.invalid);
    }

    /// Why it failed or was skipped.
    pub(super) fn failure(&self) -> Option<Failure> {
        if self.verdict.is_cut_off() {
            let step = self.untested.as_deref().unwrap_or("a step");
            let given = format!("the scenario did not end: `{step}` has no result");
            return Some(Failure::new(given));
        }
        let skipped = (self.skipped.clone()).filter(|_| self.verdict.has_skipped());
        self.failure.clone().or(skipped)
    }
}

/// A digest of the table or the text that belongs to a step, under the names that writers have for it.
fn data(step: &Value) -> Option<u64> {
    const NAMES: [&str; 7] = [
        "rows",
        "arguments",
        "argument",
        "doc_string",
        "docString",
        "table",
        "text",
    ];
    let mut hasher = DefaultHasher::new();
    let mut has_any = false;
    for data in NAMES.iter().filter_map(|name| step.get(name)) {
        let is_empty = data.is_null() || data.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            has_any = true;
            data.to_string().hash(&mut hasher);
        }
    }
    has_any.then(|| hasher.finish())
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
        // Radish writes the keyword in both.
        (keyword, name) if name.split(' ').next() == Some(keyword) => name.to_owned(),
        (keyword, name) => format!("{keyword} {name}"),
    }
}

/// Nanoseconds; behave writes seconds, and its formatter for Cucumber does not.
fn duration(step: &Value, result: &Value) -> Duration {
    let is_whole = result.get("duration").is_some_and(Value::is_u64);
    let is_behave = step.get("location").is_some() || step.get("step_type").is_some() && !is_whole;
    let shift = if is_behave { 9 } else { 0 };
    field(result, "duration")
        .and_then(|text| nanoseconds(&text, shift))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::read::report::shown::{assert_shown, shown};

    #[test]
    fn a_feature_that_failed_outside_of_its_scenarios_is_a_failed_result() {
        let passed = r#","elements":[{"type":"scenario","keyword":"Scenario","name":"adds","location":"a.feature:3","steps":[
            {"step_type":"given","name":"s","location":"a.feature:4","result":{"status":"passed","duration":0.5}}],"status":"passed"}]"#;
        let failed = passed.replace("passed", "failed");
        let report = |status: &str, elements: &str| {
            shown(&format!(
                r#"[{{"keyword":"Feature","name":"Cart","tags":[],"location":"a.feature:1","status":"{status}"{elements}}}]"#
            ))
        };
        for word in ["failed", "error", "hook_error", "cleanup_error"] {
            let expected = format!(
                "Failed Cart.Feature `the feature is `{word}`, but none of its scenarios has failed`"
            );
            assert_eq!(report(word, ""), expected);
            let expected = format!("Passed Cart.adds 500ms\n{expected}");
            assert_eq!(report(word, passed), expected);
            assert_eq!(report(word, &failed), "Failed Cart.adds 500ms `failed: s`");
        }
        assert_eq!(report("passed", passed), "Passed Cart.adds 500ms");
    }

    #[test]
    fn steps_and_hooks_that_are_not_in_a_list_are_invalid() {
        let report = |type_name: &str, keys: &str| {
            let scenario =
                format!(r#"{{"type":"{type_name}","keyword":"Scenario","name":"adds",{keys}}}"#);
            shown(&format!(
                r#"[{{"keyword":"Feature","name":"Cart","uri":"a.feature","elements":[{scenario}]}}]"#
            ))
        };
        let step = r#"{"name":"s","result":{"status":"passed"},"after":{}}"#;
        for (key, keys) in [
            (
                "steps",
                r#""steps":{"result":{"status":"failed"}}"#.to_owned(),
            ),
            (
                "after",
                r#""steps":[],"after":{"result":{"status":"failed"}}"#.to_owned(),
            ),
            ("around", r#""around":"failed""#.to_owned()),
            ("before", r#""before":["failed"]"#.to_owned()),
            ("after", format!(r#""steps":[{step}]"#)),
        ] {
            for type_name in ["scenario", "background"] {
                let found = report(type_name, &keys);
                let expected = format!("`{key}` is not a list of objects");
                assert!(found.contains(&expected), "{keys}: {found}");
            }
        }
        let found = report("scenario", r#""steps":[],"before":null,"after":[null]"#);
        assert_eq!(found, "Passed Cart.adds");
        // Elements by their numbers, as PHP writes a list with gaps.
        let numbered = r#"[{"keyword":"Feature","name":"Cart","uri":"a.feature","elements":{"1":{"type":"scenario","name":"adds","steps":[
            {"name":"s","result":{"status":"failed"}}]}}}]"#;
        assert_eq!(shown(numbered), "Failed Cart.adds `failed: s`");
    }

    #[test]
    fn the_formatter_of_behave_for_cucumber_writes_nanoseconds() {
        let report = r#"[{"keyword":"Feature","name":"Cart","uri":"d.feature","elements":[{"name":"adds","type":"scenario","location":"d.feature:3","steps":[
            {"keyword":"Given","line":4,"name":"ok","result":{"duration":49591,"status":"passed"},"step_type":"given"}]}]}]"#;
        assert_shown(report, "Passed Cart.adds 49.591µs");
    }
}
