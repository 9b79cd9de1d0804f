//! Runs of Gherkin features.

use std::sync::Arc;
use std::time::Duration;

use super::parts::{duration, maybe_text, started, status, steps, text};
use crate::read::report::ReportFile;
use crate::read::report::xml::Element;
use crate::run::{Failure, TestRun};
use crate::scenario::{FeatureFile, FeatureScenario};
use crate::status::Status;
use crate::step::Steps;

/// Reads a `gherkin_test_run`: hands out a result for each scenario.
pub(super) fn read(run: &Element, file: &mut ReportFile) {
    let feature = run.child("feature");
    let scenarios = feature.and_then(|feature| feature.child("scenarios"));
    let background = scenarios.and_then(|scenarios| scenarios.child("background"));
    let background = background.and_then(first_error);
    let found: Vec<&Element> = scenarios
        .map(|scenarios| scenarios.children("scenario").collect())
        .unwrap_or_default();
    let feature_file = Arc::new(feature.map(feature_file).unwrap_or_default());
    let mut has_failed = false;
    for scenario in &found {
        let name = scenario_name(scenario);
        let texts = [&*name, &feature_file.name, &feature_file.path];
        let Some(status) = status(scenario, &texts, run.has_invalid_bytes, file) else {
            has_failed = true;
            continue;
        };
        has_failed |= status == Status::Failed;
        let mut result = result(run, feature, &name, status, file);
        let of_steps = scenario.child("steps").map(steps).unwrap_or_default();
        Arc::make_mut(result.metadata.get_or_insert_default()).scenario = Some(FeatureScenario {
            file: Arc::clone(&feature_file),
            name: text(scenario, "name"),
            line: None,
        });
        result.duration = took(&of_steps);
        if result.duration.is_zero() && found.len() == 1 {
            result.duration = duration(run, file);
        }
        if status == Status::Failed {
            let error = first_error(scenario).or_else(|| background.clone());
            result.failure = error.map(Failure::new);
        }
        if !of_steps.steps.is_empty() {
            result.steps = vec![of_steps];
        }
        file.push_run(scenario.place, result);
    }
    let name = text(run, "name");
    let is_failed = may_have_failed(run, file);
    if found.is_empty() || is_failed && !has_failed {
        let texts = [&*name, &feature_file.name, &feature_file.path];
        let Some(status) = status(run, &texts, run.has_invalid_bytes, file) else {
            return;
        };
        let mut result = result(run, feature, &name, status, file);
        Arc::make_mut(result.metadata.get_or_insert_default()).scenario = Some(FeatureScenario {
            file: feature_file,
            name,
            line: None,
        });
        result.duration = duration(run, file);
        if status == Status::Failed {
            result.failure = background.map(Failure::new);
        }
        file.push_run(run.place, result);
    }
}

/// Whether the run of a feature says that it failed, or says something that is not known.
fn may_have_failed(run: &Element, file: &ReportFile) -> bool {
    let status = |word| file.options.status_aliases.status(word);
    run.attribute("status")
        .is_some_and(|word| matches!(status(word), None | Some(Status::Failed)))
}

/// A result in a feature, without its duration.
fn result(
    run: &Element,
    feature: Option<&Element>,
    name: &str,
    status: Status,
    file: &mut ReportFile,
) -> TestRun {
    let mut result = TestRun::new(name, status);
    result.external_run_id = maybe_text(run, "external_run_id");
    if let Some(feature) = feature {
        result.identity.class = text(feature, "name");
        result.started = started(feature, file);
        result.origin.file = feature.attribute("path").map(Arc::from);
        let tags = tags(feature);
        if !tags.is_empty() {
            Arc::make_mut(result.metadata.get_or_insert_default()).tags = tags;
        }
    }
    result
}

fn feature_file(feature: &Element) -> FeatureFile {
    FeatureFile {
        path: text(feature, "path"),
        name: text(feature, "name"),
        tags: tags(feature),
        text: (feature.child("file"))
            .map(|file| file.exact_text().to_owned())
            .filter(|text| !text.is_empty()),
    }
}

fn tags(feature: &Element) -> Vec<String> {
    let tags = feature.attribute("tag").unwrap_or_default();
    tags.split_whitespace().map(str::to_owned).collect()
}

fn scenario_name(scenario: &Element) -> String {
    let name = text(scenario, "name");
    match scenario.attribute("outlineIndex") {
        Some(index) => format!("{name} [{index}]").trim_start().to_owned(),
        None => name,
    }
}

fn took(steps: &Steps) -> Duration {
    let sum = |sum: Duration, step: &crate::step::Step| sum.saturating_add(step.duration);
    steps.steps.iter().fold(Duration::ZERO, sum)
}

/// The error of the first step that has one.
fn first_error(of: &Element) -> Option<String> {
    let steps = of
        .children("steps")
        .flat_map(|steps| steps.children("step"));
    let mut errors = steps.filter_map(|step| step.text_of(&["error_message"]));
    errors.next().map(|error| error.trim().to_owned())
}
