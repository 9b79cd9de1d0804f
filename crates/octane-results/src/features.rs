//! Collects the results of scenarios into results of features.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::identity::Identity;
use crate::payload::gherkin::{Feature, Scenario};
use crate::position::Position;
use crate::run::{Failure, TestRun};
use crate::scenario::FeatureScenario;
use crate::status::Status;
use crate::step::{Step, Steps};

/// What the start of the tag is with which a feature file names its test in Octane, such as `@TID4001REV0.2.0`.
const TEST_TAG: &str = "@TID";

/// The name of the step that says why a scenario has failed, where none of its steps does.
const FAILURE: &str = "[failure]";

/// What a scenario of Cucumber becomes in Octane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GherkinUnit {
    /// Each scenario is an automated test of its own, with a run of its own.
    #[default]
    Scenarios,
    /// Each feature file is a Gherkin test, with one run for all of its scenarios.
    Features,
}

/// Collects the results of scenarios into one result for each feature file, which a payload contains as `gherkin_test_run`.
///
/// All results of a file belong together, in whichever order and from whichever reports they come: Octane shows one run of a
/// feature, so a second one would hide the scenarios of the first. Scenarios are in the order of the file. Of several
/// results of one scenario (same identity and run name) the last one counts. The status is that of the worst scenario:
///
/// | the scenarios | status |
/// | --- | --- |
/// | one has failed | failed |
/// | none of these, and one was skipped | skipped |
/// | none of these, and one is planned | planned |
/// | all have passed | passed |
///
/// The duration is the sum of theirs, and the start that of the first one. A tag that names the test in Octane, `@TID…`, is kept
/// if only one feature has it. A scenario that has failed, and of which no step
/// says why, has a last step `[failure]` that does. Features of one name have runs that are named after their files, too:
/// `Cart [web/cart.feature]`.
///
/// ```
/// use std::sync::Arc;
/// use octane_results::{FeatureFile, FeatureScenario, Features, Metadata, Status, TestRun};
///
/// let file = Arc::new(FeatureFile { path: "cart.feature".into(), name: "Cart".into(), ..FeatureFile::default() });
/// let mut features = Features::default();
/// for (name, status) in [("adds", Status::Failed), ("pays", Status::Passed)] {
///     let mut run = TestRun::new(name, status).class("Cart");
///     let scenario = FeatureScenario { file: Arc::clone(&file), name: name.into(), line: None };
///     run.metadata = Some(Arc::new(Metadata { scenario: Some(scenario), ..Metadata::default() }));
///     assert!(features.add(&mut run));
/// }
/// let [feature] = &features.finish()[..] else { panic!() };
/// assert_eq!((&*feature.identity.name, feature.status, feature.results), ("Cart", Status::Failed, 2));
/// ```
#[derive(Debug, Default)]
pub struct Features {
    files: Vec<File>,
    /// Their places in `files`, by their paths.
    places: HashMap<String, usize>,
}

/// The results of one feature file.
#[derive(Debug, Default)]
struct File {
    scenarios: Vec<Collected>,
    /// Their places in `scenarios`.
    places: HashMap<(Identity, Option<String>), usize>,
    /// How many results there were, those that do not count included.
    results: usize,
}

/// A scenario and its results.
#[derive(Debug)]
struct Collected {
    scenario: FeatureScenario,
    /// The result that counts.
    run: TestRun,
    /// Those before it.
    replaced: Vec<ReplacedResult>,
}

/// A result of a scenario that does not count, because a later one does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplacedResult {
    /// Its status.
    pub status: Status,
    /// Where it was read.
    pub position: Option<Position>,
}

impl Features {
    /// Takes the result if it is one of a scenario of a feature file; `false` if it is not.
    pub fn add(&mut self, run: &mut TestRun) -> bool {
        let metadata = run.metadata.as_mut();
        let metadata = metadata.filter(|metadata| metadata.scenario.is_some());
        let scenario = metadata.and_then(|metadata| Arc::make_mut(metadata).scenario.take());
        // A file without a path and a name looks like any other.
        let Some(scenario) = scenario.filter(|scenario| !path(scenario).is_empty()) else {
            return false;
        };
        let next = self.files.len();
        let place = *(self.places.entry(path(&scenario).to_owned())).or_insert(next);
        if place == next {
            self.files.push(File::default());
        }
        let run = std::mem::replace(run, TestRun::unnamed());
        self.files[place].add(scenario, run);
        true
    }

    /// The scenarios that have several results: the result that counts, and those that it replaces, in their order.
    pub fn repeated(&self) -> impl Iterator<Item = (&TestRun, &[ReplacedResult])> {
        let scenarios = self.files.iter().flat_map(|file| &file.scenarios);
        let repeated = scenarios.filter(|one| !one.replaced.is_empty());
        repeated.map(|one| (&one.run, &*one.replaced))
    }

    /// The results of the features, in the order in which the first scenario of each came.
    pub fn finish(self) -> Vec<TestRun> {
        let mut runs: Vec<TestRun> = self.files.into_iter().map(File::into_run).collect();
        name_apart(&mut runs);
        // Octane would take features with one tag for one test, and show only the last of their runs.
        let mut tags: HashMap<String, usize> = HashMap::new();
        for feature in runs.iter().filter_map(|run| run.feature.as_ref()) {
            *tags.entry(feature.tag.clone()).or_default() += 1;
        }
        for feature in runs.iter_mut().filter_map(|run| run.feature.as_mut()) {
            if tags.get(&feature.tag).is_some_and(|count| *count > 1) {
                feature.tag.clear();
            }
        }
        runs
    }
}

/// Names the runs of features that have the same name after their files: Octane shows names, and no paths.
fn name_apart(runs: &mut [TestRun]) {
    let names = counted(runs.iter().map(|run| &run.identity.name));
    for run in runs {
        let name = &run.identity.name;
        if let Some(feature) = &run.feature
            && names.get(name).is_some_and(|count| *count > 1)
        {
            run.run_name = Some(format!("{name} [{}]", feature.path));
        }
    }
}

/// What identifies the file.
fn path(scenario: &FeatureScenario) -> &str {
    let file = &*scenario.file;
    if file.path.is_empty() {
        &file.name
    } else {
        &file.path
    }
}

impl File {
    fn add(&mut self, scenario: FeatureScenario, mut run: TestRun) {
        self.results += run.results;
        run.metadata = None;
        let key = (run.identity.clone(), run.run_name.clone());
        match self.places.entry(key) {
            Entry::Occupied(known) => {
                let known = &mut self.scenarios[*known.get()];
                let replaced = std::mem::replace(&mut known.run, run);
                known.scenario = scenario;
                known.replaced.push(ReplacedResult {
                    status: replaced.status,
                    position: replaced.position,
                });
            }
            Entry::Vacant(new) => {
                new.insert(self.scenarios.len());
                self.scenarios.push(Collected {
                    scenario,
                    run,
                    replaced: Vec::new(),
                });
            }
        }
    }

    fn into_run(mut self) -> TestRun {
        self.scenarios
            .sort_by_key(|one| one.scenario.line.unwrap_or(u64::MAX));
        let statuses = self.scenarios.iter().map(|one| one.run.status);
        let mut feature = TestRun::new("", status(statuses));
        feature.results = self.results;
        let mut file = Feature::default();
        if let Some(first) = self.scenarios.first() {
            path(&first.scenario).clone_into(&mut file.path);
            file.name.clone_from(&first.scenario.file.name);
            let name = if file.name.trim().is_empty() {
                &file.path
            } else {
                &file.name
            };
            name.clone_into(&mut feature.identity.name);
            feature.position.clone_from(&first.run.position);
        }
        let names = names(&self.scenarios);
        let counts = counted(names.iter());
        let mut numbers: HashMap<String, i64> = HashMap::new();
        let mut keys = HashSet::new();
        for (Collected { scenario, run, .. }, name) in self.scenarios.into_iter().zip(names) {
            if file.tag.is_empty() {
                let mut tags = scenario.file.tags.iter();
                let tag = tags.find(|tag| tag.starts_with(TEST_TAG));
                file.tag = tag.cloned().unwrap_or_default();
            }
            if file.file.is_empty() {
                file.file = scenario.file.text.clone().unwrap_or_default();
            }
            feature.started = feature.started.into_iter().chain(run.started).min();
            feature.duration = feature.duration.saturating_add(run.duration);
            let new_keys = run.jira.iter().filter(|key| keys.insert((*key).clone()));
            feature.jira.extend(new_keys.cloned());
            let is_one_of_several = counts.get(&name).is_some_and(|count| *count > 1);
            let outline_index = is_one_of_several.then(|| {
                let number = numbers.entry(name.clone()).or_default();
                *number += 1;
                *number
            });
            file.scenarios.push(Scenario {
                name,
                outline_index,
                status: run.status,
                steps: steps(run),
            });
        }
        feature.feature = Some(Box::new(file));
        feature
    }
}

/// The names of scenarios: those of the file, or those of the runs, such as `pays [firefox]`, where these distinguish several results
/// of one scenario apart.
fn names(scenarios: &[Collected]) -> Vec<String> {
    let counts = counted(scenarios.iter().map(|one| &one.scenario.name));
    let names = scenarios.iter().map(|Collected { scenario, run, .. }| {
        let is_one_of_several = counts.get(&scenario.name).is_some_and(|count| *count > 1);
        let of_run = run.run_name.as_ref().filter(|_| is_one_of_several);
        of_run.unwrap_or(&scenario.name).clone()
    });
    names.collect()
}

/// How many times each of these names occurs.
fn counted<'a>(names: impl Iterator<Item = &'a String>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for name in names {
        *counts.entry(name.clone()).or_default() += 1;
    }
    counts
}

/// The status of a feature with scenarios of these statuses; see the table of [`Features`].
fn status(scenarios: impl IntoIterator<Item = Status>) -> Status {
    let rank = |status: &Status| match status {
        Status::Passed => 0,
        Status::Planned => 1,
        Status::Skipped => 2,
        Status::Failed => 3,
    };
    scenarios
        .into_iter()
        .max_by_key(rank)
        .unwrap_or(Status::Skipped)
}

/// The steps of a scenario, of which one says why it has failed.
fn steps(run: TestRun) -> Steps {
    let mut iterations = run.steps.into_iter();
    let mut steps = iterations.next().unwrap_or_default();
    steps.iteration = None;
    steps
        .steps
        .extend(iterations.flat_map(|iteration| iteration.steps));
    if run.status != Status::Failed {
        return steps;
    }
    let failure = run.failure.unwrap_or_default();
    let message = failure
        .message
        .clone()
        .unwrap_or_else(|| failure.details.clone());
    let message = message.trim();
    let teller = steps
        .steps
        .iter_mut()
        .find(|step| match &step.error_message {
            Some(shown) if !shown.trim().is_empty() => shown.contains(message),
            // Without a message of its own, a failure names the step: `undefined: I pay`.
            _ => !message.is_empty() && format!("{}: {}", step.status, step.name) == message,
        });
    match teller {
        // Reports may give the step only the first line of what the failure has as a whole.
        Some(step)
            if step
                .error_message
                .as_deref()
                .is_none_or(|shown| shown.trim() == message) =>
        {
            step.error_message = Some(in_one(failure));
        }
        Some(_) => {}
        None => {
            let given = in_one(failure);
            let mut step = Step::new(FAILURE, "failed");
            step.error_message = Some(if given.is_empty() {
                "the report does not say why".to_owned()
            } else {
                given
            });
            steps.steps.push(step);
        }
    }
    steps
}

/// Message and details, once each.
fn in_one(failure: Failure) -> String {
    let Failure {
        error_type: _,
        message,
        details,
    } = failure;
    match message.filter(|message| !details.contains(&**message)) {
        Some(message) if details.trim().is_empty() => message,
        Some(message) => format!("{message}\n{details}"),
        None => details,
    }
}

#[cfg(test)]
mod tests;
