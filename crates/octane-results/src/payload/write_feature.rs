//! Runs of features, as the official schema orders them.

use super::error::PayloadError;
use super::gherkin::{BackgroundStep, Feature, Scenario};
use super::write::{
    attribute, close, count, element, key, maybe, milliseconds, open, raw, steps, word,
};
use crate::run::TestRun;

/// Writes one `gherkin_test_run` and a line feed.
pub(super) fn run(run: &TestRun, feature: &Feature, out: &mut Vec<u8>) -> Result<(), PayloadError> {
    let Feature {
        name,
        path,
        identifier,
        tag,
        started: _,
        file,
        background,
        scenarios,
    } = feature;
    let test = &run.identity.name;
    let started = (run.started).ok_or_else(|| PayloadError::FeatureStartMissing {
        feature: test.clone(),
    })?;
    raw("<gherkin_test_run", out);
    attribute(key!("name"), run.run_name.as_deref().unwrap_or(test), out);
    count(key!("duration"), milliseconds(run.duration), out);
    word(key!("status"), run.status.as_str(), out);
    maybe(key!("external_run_id"), run.external_run_id.as_deref(), out);
    raw("><feature", out);
    attribute(key!("name"), name, out);
    attribute(key!("path"), path, out);
    maybe(key!("identifier"), identifier.as_deref(), out);
    attribute(key!("tag"), tag, out);
    count(key!("started"), started.as_millisecond(), out);
    raw(">", out);
    element("file", file, out);
    open("scenarios", out);
    if !background.is_empty() {
        raw("<background><steps>", out);
        for step in background {
            background_step(step, out);
        }
        raw("</steps></background>", out);
    }
    for each in scenarios {
        scenario(each, out);
    }
    close("scenarios", out);
    raw("</feature></gherkin_test_run>\n", out);
    Ok(())
}

fn background_step(step: &BackgroundStep, out: &mut Vec<u8>) {
    let BackgroundStep {
        name,
        duration,
        status,
        error_message,
    } = step;
    raw("<step", out);
    attribute(key!("name"), name, out);
    if let Some(duration) = duration {
        count(key!("duration"), milliseconds(*duration), out);
    }
    maybe(key!("status"), status.as_deref(), out);
    raw(">", out);
    if let Some(message) = error_message {
        element("error_message", message, out);
    }
    raw("</step>", out);
}

fn scenario(scenario: &Scenario, out: &mut Vec<u8>) {
    let Scenario {
        name,
        outline_index,
        status,
        steps: of_scenario,
    } = scenario;
    raw("<scenario", out);
    attribute(key!("name"), name, out);
    if let Some(index) = outline_index {
        count(key!("outlineIndex"), *index, out);
    }
    word(key!("status"), status.as_str(), out);
    raw(">", out);
    steps(of_scenario, out);
    raw("</scenario>", out);
}
