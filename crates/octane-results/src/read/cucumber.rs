//! Cucumber JSON, as written by Cucumber for Java, JavaScript and Ruby, behave, Karate, godog and others.
//!
//! Where writers differ or are silent, this reader decides:
//!
//! - The document is a list of features, or a single one.
//! - A **scenario** is a result; each row of the examples of an outline is a scenario. An element of type `background` is
//!   no result: its steps belong to the scenario that follows. A background that failed and that no scenario follows is
//!   a failed result of its own.
//! - The **class** is the name of the feature, or else its file; the **name** is the name of the scenario. The file
//!   (`uri`, or `location` of behave) is the origin, and so is the project in an `id` such as `firefox-›-cart` of `playwright-bdd`.
//! - A background with the id of the scenario before it belongs to that one. One that was skipped, though all steps of its scenario
//!   passed, is ignored: `behave2cucumber` writes it, and has its steps in the scenario.
//! - **Rows of an outline** are distinguished by the end of their id, `…;large orders;3`: `pays (large-orders, example 2)`, as
//!   the first row of the table has the titles. Where the ids have no numbers and the names are equal, the rows are
//!   numbered by their lines, and at one line in the order of the file. So are scenarios of one feature with equal names: the second one is `pays (2)`.
//! - A scenario that is written again with the same id, line, steps and data of steps after it has **failed** is a further
//!   attempt: the last one counts, and the failures before it are those of earlier attempts. In an outline whose ids have no
//!   numbers, this is so only if its rows are at different lines, none is written again after it passed, and Karate has not written the
//!   report: otherwise it is another row, as Karate writes those of a dynamic outline, without their data.
//! - The **status** is that of the worst step, hook and background step; a `status` of the scenario itself, as behave writes
//!   it, counts too, also if that is `null` and the background of a rule that follows has it. A step with no result has not run. A hook that was
//!   skipped does not count if a step has passed: `playwright-bdd` writes it of one that only ran in an earlier attempt.
//!
//! | word | what it says |
//! | --- | --- |
//! | `failed`, `undefined`, `pending`, `ambiguous`, `unknown`, `error`, `hook_error`, `cleanup_error`, `untested_pending`, `untested_undefined`, `pending_warn`, `executing` | failed |
//! | `skipped` | skipped |
//! | `untested`, none | has not run |
//! | `passed` | passed |
//! | any other | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! | the scenario | status |
//! | --- | --- |
//! | one step failed | failed |
//! | one step has a word that is not known | invalid |
//! | one step was skipped | skipped |
//! | steps have run, others have not | failed: it did not end |
//! | no step has run | skipped |
//! | all steps passed, or it has no steps | passed |
//! | its steps or hooks are not in a list | invalid |
//!
//! - A feature whose own `status` is `failed`, `error`, `hook_error` or `cleanup_error`, though none of its results has failed,
//!   is a failed result called `Feature`: behave writes so if a hook around the feature failed.
//! - **Durations** are nanoseconds, and seconds where behave writes them (its steps have a `location`, or a `step_type` and a
//!   fraction). The duration of a scenario is the sum of those of its steps, hooks included.
//! - The **failure** is that of the first step that failed; the error of a skipped step is the description.
//! - **Tags** are those of the feature and of the scenario. Embeddings are attachments without a path.
//!
//! The results of a feature are held until it ends, since its name may come last. A feature that is cut off before its name
//! has no results.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::distinct::remove_repeated;
use super::line_column::LineColumn;
use super::report::ReportFile;
use super::report::fields::{base_name, field, shared};
use super::report::json::{JsonFormat, ShownPath, Step, items, text};
use super::report::xml::Visit;
use crate::metadata::Property;
use crate::scenario::FeatureFile;

mod rows;
mod scenario;
mod stage;
mod verdict;

use scenario::Scenario;
use stage::Stage;

/// The feature that is being read, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Cucumber {
    feature: Option<Feature>,
}

#[derive(Debug, Default)]
struct Feature {
    name: Option<String>,
    uri: String,
    tags: Vec<String>,
    /// What the feature says of itself; behave does.
    status: String,
    project: Option<String>,
    properties: Vec<Property>,
    /// The steps of backgrounds that no scenario has followed yet.
    background: Stage,
    scenarios: Vec<Scenario>,
}

/// What is used of a feature, apart from its elements.
const FIELDS: [&str; 8] = [
    "id", "name", "uri", "location", "tags", "status", "metadata", "elements",
];

/// The words of a feature that failed.
const FAILED: [&str; 4] = ["failed", "error", "hook_error", "cleanup_error"];

impl JsonFormat for Cucumber {
    fn visit(&self, path: &[Step]) -> Visit {
        match in_feature(path) {
            None | Some([]) => Visit::Enter,
            Some([Step::Name(name)]) if matches!(name.as_str(), "elements" | "features") => {
                Visit::Enter
            }
            Some([Step::Name(name)]) if FIELDS.contains(&name.as_str()) => Visit::Collect,
            Some([Step::Name(name), _]) if name == "elements" => Visit::Collect,
            _ => Visit::Skip,
        }
    }

    fn enter(&mut self, path: &[Step], _place: LineColumn, _file: &mut ReportFile) {
        if in_feature(path).is_some_and(<[Step]>::is_empty) {
            self.feature = Some(Feature::default());
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        let Some(feature) = &mut self.feature else {
            return;
        };
        match in_feature(path) {
            Some([Step::Name(name)]) => feature.set(name, &value),
            Some([_, _]) if value.is_object() => {
                feature.element(&value, place, ShownPath(path).to_string(), file);
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: &[Step], file: &mut ReportFile) {
        if in_feature(path).is_some_and(<[Step]>::is_empty)
            && let Some(feature) = self.feature.take()
        {
            feature.end(file);
        }
    }

    fn end(&mut self, file: &mut ReportFile) {
        if let Some(feature) = self.feature.take().filter(|feature| feature.name.is_some()) {
            feature.end(file);
        }
    }
}

/// The path below a feature, if it is one: those are in a list, which old versions of behave put into an object, or a single one
/// is the document.
fn in_feature(path: &[Step]) -> Option<&[Step]> {
    match path {
        [Step::Name(name)] if name == "features" => None,
        [Step::Name(name), Step::Index(_), rest @ ..] if name == "features" => Some(rest),
        [Step::Index(_), rest @ ..] => Some(rest),
        _ => Some(path),
    }
}

impl Feature {
    fn set(&mut self, name: &str, value: &Value) {
        match name {
            // As `playwright-bdd` writes it for a project.
            "id" => {
                let id = text(Some(value)).unwrap_or_default();
                if let Some((project, _)) = id.split_once("-›-") {
                    self.project = Some(project.to_owned());
                }
            }
            "name" => self.name = Some(text(Some(value)).unwrap_or_default()),
            "uri" => self.uri = text(Some(value)).unwrap_or_default(),
            "location" if self.uri.is_empty() => {
                let location = text(Some(value)).unwrap_or_default();
                let file = location.rsplit_once(':').map(|(file, _)| file.to_owned());
                self.uri = file.unwrap_or(location);
            }
            "tags" => self.tags = scenario::tags(value),
            "status" => self.status = text(Some(value)).unwrap_or_default(),
            "metadata" => self.set_metadata(value),
            _ => {}
        }
    }

    /// What tools that merge reports write of the browser and the device: a list of names and values, or an object.
    fn set_metadata(&mut self, metadata: &Value) {
        for item in items(Some(metadata)) {
            if let (Some(name), Some(value)) = (field(item, "name"), field(item, "value")) {
                self.properties.push(Property::new(name, value));
            }
        }
        for (name, value) in metadata.as_object().into_iter().flatten() {
            let given = text(Some(value)).or_else(|| {
                let parts = [field(value, "name"), field(value, "version")];
                Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
            });
            if let Some(given) = given.filter(|given| !given.is_empty()) {
                self.properties.push(Property::new(name, given));
            }
        }
        let browser = metadata.get("browser");
        let browser = browser.and_then(|browser| field(browser, "name"));
        self.project = self.project.take().or(browser);
    }

    fn element(&mut self, element: &Value, place: LineColumn, path: String, file: &ReportFile) {
        if scenario::is_background(element) {
            let mut last = self.scenarios.last_mut();
            if let Some(last) = &mut last {
                last.take_status(element, file);
            }
            match last.filter(|last| last.has_background(element)) {
                Some(last) => last.add_background(element, file),
                None => self.background.add_background(element, file),
            }
            return;
        }
        let background = std::mem::take(&mut self.background);
        let mut scenario = Scenario::new(element, background, file);
        scenario.draft.place = place;
        scenario.draft.path = path;
        match self.scenarios.last_mut() {
            Some(before) if scenario.is_attempt_after(before) => {
                scenario.take_failures_of(before);
                *before = scenario;
            }
            _ => self.scenarios.push(scenario),
        }
    }

    /// Pushes the results.
    fn end(mut self, file: &mut ReportFile) {
        let background = std::mem::take(&mut self.background);
        if background.is_result() {
            (self.scenarios).push(Scenario::of_stage("Background", background));
        }
        if FAILED.contains(&self.status.as_str())
            && !self.scenarios.iter().any(Scenario::has_failed)
        {
            let stage = Stage::of_failed_feature(&self.status);
            self.scenarios.push(Scenario::of_stage("Feature", stage));
        }
        rows::join_attempts(&mut self.scenarios);
        number(&mut self.scenarios);
        let uri = FeatureFile::path_of(&self.uri);
        let class = self.name.unwrap_or_default();
        let feature_file = Arc::new(FeatureFile {
            path: uri.clone(),
            name: class.trim().to_owned(),
            tags: self.tags.clone(),
            text: None,
        });
        let class = if class.trim().is_empty() {
            base_name(&uri).to_owned()
        } else {
            class
        };
        let (uri, project) = (shared(&uri), self.project.as_deref().and_then(shared));
        for scenario in self.scenarios {
            let mut draft = scenario.into_draft(&feature_file);
            draft.class.clone_from(&class);
            draft.is_class_whole = true;
            draft.origin.file.clone_from(&uri);
            draft.origin.project.clone_from(&project);
            let own = std::mem::take(&mut draft.metadata.tags);
            draft.metadata.tags.clone_from(&self.tags);
            draft.metadata.tags.extend(own);
            remove_repeated(&mut draft.metadata.tags);
            draft.metadata.properties.extend(self.properties.clone());
            file.push(draft);
        }
    }
}

/// Numbers scenarios with equal names by their lines. What is at the same place is the same scenario.
fn number(scenarios: &mut [Scenario]) {
    let mut named: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, scenario) in scenarios.iter().enumerate() {
        named
            .entry(scenario.draft.name.clone())
            .or_default()
            .push(at);
    }
    for mut group in named.into_values().filter(|group| group.len() > 1) {
        group.sort_by_key(|at| (scenarios[*at].line, *at));
        let mut number = 0_u32;
        let mut before: Option<usize> = None;
        for at in group {
            if before.is_none_or(|before| !scenarios[at].is_same_place(&scenarios[before])) {
                number += 1;
            }
            before = Some(at);
            scenarios[at].number = number;
        }
    }
    let outlines: HashSet<String> = (scenarios.iter())
        .filter(|scenario| scenario.number > 1 && scenario.is_outline)
        .map(|scenario| scenario.draft.name.clone())
        .collect();
    for scenario in scenarios {
        if outlines.contains(&scenario.draft.name) {
            scenario.draft.name = format!("{} (example {})", scenario.draft.name, scenario.number);
        } else if scenario.number > 1 {
            scenario.draft.name = format!("{} ({})", scenario.draft.name, scenario.number);
        }
    }
}

#[cfg(test)]
mod tests;
