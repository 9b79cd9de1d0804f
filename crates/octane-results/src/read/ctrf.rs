//! The Common Test Report Format (CTRF), in JSON.
//!
//! Where the format leaves room, this reader decides:
//!
//! - The **class** is the `suite`, the parts of a list or path joined with ` > `; a dotted one such as `shop.cart.TaxTest` is a
//!   package and a class. Without a suite it is the name of the file. The file is part of the origin, and so is the browser
//!   with the device.
//!
//! | word | status |
//! | --- | --- |
//! | `passed` | passed |
//! | `failed` | failed |
//! | `skipped`, `pending`, `other` | skipped |
//! | any other | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! - A test that passed, also by its `rawStatus`, and has an annotation `fail` has failed: Playwright expects it to fail, and says
//!   so. If it failed as expected, its `rawStatus` is `failed`.
//! - A test that passed, and whose duration is negative because it has no end (`stop` is 0), began and did not end: it has failed.
//! - The reason of a skipped test is its `message`, or for `other` the word that the tool itself has, `rawStatus`.
//! - **Attempts** that failed before one that passed (`retryAttempts`, or else as many as `retries` says, or one if the test is
//!   `flaky`) are the failures of earlier attempts.
//! - `labels`, the plain values of `extra`, and `type` are properties. `threadId` and output are not used, and of the
//!   `summary` only `failed`: a report that counts failures there, although no result has failed and no attempt either, is a failed
//!   result of its own, called `[run]`.

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{
    as_iteration, base_name, field, is_set, lines, millis, moment, plain, properties, shared,
    thrown, untold_failures,
};
use super::report::json::{JsonFormat, ShownPath, Step, is_path, items, text};
use super::report::xml::Visit;
use super::report::{DeclaredFailures, Draft, Outcome, ReportFile};
use crate::metadata::{Attachment, Metadata, Property};
use crate::run::Failure;
use crate::status::Status;
use crate::step;

/// The name of the result of a run whose failures are not in the report.
const RUN: &str = "[run]";

#[derive(Debug, Default)]
pub(crate) struct Ctrf {
    failures: DeclaredFailures,
    /// Where the summary is.
    place: LineColumn,
}

impl JsonFormat for Ctrf {
    fn visit(&self, path: &[Step]) -> Visit {
        let is_entered = [&["results"][..], &["results", "tests"], &["tests"]];
        let is_test = [&["results", "tests", "*"][..], &["tests", "*"]];
        if path.is_empty() || is_entered.iter().any(|names| is_path(path, names)) {
            Visit::Enter
        } else if is_test.iter().any(|names| is_path(path, names)) || is_summary(path) {
            Visit::Collect
        } else {
            Visit::Skip
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        if let [.., Step::Index(_)] = path {
            let mut draft = draft(&value, file);
            draft.place = place;
            draft.path = ShownPath(path).to_string();
            self.failures.see(&draft, &as_reported(&value));
            file.push(draft);
        } else if is_summary(path) {
            let failed = value.get("failed").and_then(Value::as_u64);
            self.failures.declared = failed.unwrap_or(0);
            self.place = place;
        }
    }

    fn end(&mut self, file: &mut ReportFile) {
        if let Some(failure) = self.failures.unshown("the report") {
            file.push(Draft::failed(self.place, RUN, failure));
        }
    }
}

fn is_summary(path: &[Step]) -> bool {
    is_path(path, &["results", "summary"]) || is_path(path, &["summary"])
}

/// The outcome by the words of the format, whatever the user says of them.
fn as_reported(test: &Value) -> Outcome {
    let word = field(test, "status");
    word.map_or(Outcome::Missing, |word| Draft::outcome_by(&word, &WORDS))
}

const WORDS: [(&str, Status); 5] = [
    ("passed", Status::Passed),
    ("failed", Status::Failed),
    ("skipped", Status::Skipped),
    ("pending", Status::Skipped),
    ("other", Status::Skipped),
];

fn draft(test: &Value, file: &ReportFile) -> Draft {
    let word = field(test, "status");
    let outcome = word
        .as_deref()
        .map_or(Outcome::Missing, |word| file.outcome(word, &WORDS));
    let name = field(test, "name").unwrap_or_default();
    let mut draft = Draft::new(LineColumn::START, name, outcome);
    let path = field(test, "filePath").unwrap_or_default();
    draft.class = suite(test.get("suite"));
    if draft.class.is_empty() {
        base_name(&path).clone_into(&mut draft.class);
        draft.is_class_whole = true;
    }
    draft.origin.file = shared(&path);
    let machine = [field(test, "browser"), field(test, "device")];
    let machine: Vec<String> = machine.into_iter().flatten().collect();
    draft.origin.project = shared(&machine.join(" on "));
    draft.duration = millis(test, "duration");
    draft.started = moment(test, "start");
    draft.failure = failure(test);
    if word.as_deref() == Some("other") && draft.failure.is_none() {
        draft.description = field(test, "rawStatus");
    }
    draft.earlier_failures = earlier_failures(test);
    if draft.outcome.is_passed() && should_have_failed(test) {
        draft.outcome = Outcome::Known(Status::Failed);
        draft.failure = Some(Failure::new("the test should fail, and passed"));
        draft.earlier_failures = Vec::new();
    }
    if draft.outcome.is_passed() && did_not_end(test) {
        draft.outcome = Outcome::Known(Status::Failed);
        draft.failure = Some(Failure::new("the test began and did not end"));
    }
    draft.steps = as_iteration(items(test.get("steps")).iter().filter_map(done).collect());
    draft.metadata = metadata(test);
    draft
}

/// Whether a test has a beginning alone, as `pytest-json-ctrf` writes it if pytest was interrupted.
fn did_not_end(test: &Value) -> bool {
    let is_negative = field(test, "duration").is_some_and(|duration| duration.starts_with('-'));
    is_negative && field(test, "stop").is_none_or(|stop| stop == "0")
}

/// Whether a test that passed is one that Playwright expects to fail.
fn should_have_failed(test: &Value) -> bool {
    let annotations = test.get("extra").and_then(|extra| extra.get("annotations"));
    let is_fail = |annotation: &Value| field(annotation, "type").as_deref() == Some("fail");
    field(test, "rawStatus").as_deref() == Some("passed") && items(annotations).iter().any(is_fail)
}

/// The names of suites, written as a list or as one text.
fn suite(suite: Option<&Value>) -> String {
    let Some(Value::Array(names)) = suite else {
        return text(suite).unwrap_or_default();
    };
    let names: Vec<String> = names.iter().filter_map(|name| text(Some(name))).collect();
    names.join(" > ")
}

/// The failure of a test or of an attempt; of a skipped one, its reason.
fn failure(of: &Value) -> Option<Failure> {
    let message = lines(of.get("message"));
    let trace = lines(of.get("trace"));
    let mut failure = thrown(message.as_deref().or(trace.as_deref())?);
    if message.is_some() {
        failure.message = message.map(|message| plain(&message));
    }
    if let Some(trace) = trace {
        failure.details = thrown(&trace).details;
    }
    Some(failure)
}

fn earlier_failures(test: &Value) -> Vec<Failure> {
    let attempts = items(test.get("retryAttempts"));
    let failed = attempts.iter().filter(|attempt| {
        let status = field(attempt, "status");
        status.is_some_and(|status| status.eq_ignore_ascii_case("failed"))
    });
    let failures: Vec<Failure> = failed
        .map(|attempt| failure(attempt).unwrap_or_default())
        .collect();
    if !failures.is_empty() {
        return failures;
    }
    let retries = test.get("retries").and_then(Value::as_u64).unwrap_or(0);
    untold_failures(retries.max(u64::from(is_set(test, "flaky"))))
}

fn done(step: &Value) -> Option<step::Step> {
    let name = field(step, "name")?;
    let status = field(step, "status").unwrap_or_else(|| "unknown".to_owned());
    Some(step::Step::new(name, status))
}

fn metadata(test: &Value) -> Metadata {
    let mut metadata = Metadata {
        tags: items(test.get("tags"))
            .iter()
            .filter_map(|tag| text(Some(tag)))
            .collect(),
        parameters: properties(test.get("parameters")),
        properties: properties(test.get("labels")),
        ..Metadata::default()
    };
    for name in ["type", "rawStatus"] {
        let is_new = |value: &String| field(test, "status").as_ref() != Some(value);
        let value = field(test, name).filter(is_new);
        metadata
            .properties
            .extend(value.map(|value| Property::new(name, value)));
    }
    let extra = test.get("extra");
    for property in properties(extra) {
        if property.name == "owner" {
            metadata.owner = Some(property.value);
        } else {
            metadata.properties.push(property);
        }
    }
    for annotation in items(extra.and_then(|extra| extra.get("annotations"))) {
        if let (Some(kind), Some(given)) =
            (field(annotation, "type"), field(annotation, "description"))
        {
            metadata.properties.push(Property::new(kind, given));
        }
    }
    metadata.owner = field(test, "owner").or(metadata.owner);
    metadata.attachments = items(test.get("attachments"))
        .iter()
        .map(|attachment| Attachment {
            name: field(attachment, "name"),
            path: field(attachment, "path").unwrap_or_default(),
            media_type: field(attachment, "contentType"),
        })
        .collect();
    if field(test, "screenshot").is_some() {
        metadata.attachments.push(Attachment {
            name: Some("screenshot".to_owned()),
            ..Attachment::default()
        });
    }
    metadata
}

#[cfg(test)]
mod tests;
