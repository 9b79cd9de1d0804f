//! A spec and its tests, one for each project.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::parts::attempt_failure;
use crate::metadata::{Attachment, Link, Metadata, Property};
use crate::read::distinct::remove_repeated;
use crate::read::line_column::LineColumn;
use crate::read::report::fields::{
    as_iteration, field, flatten, linked_key, millis, moment, nanoseconds, shared,
};
use crate::read::report::json::{items, text};
use crate::read::report::{Draft, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;
use crate::step::Step;

/// A spec that is being read, or that is held.
#[derive(Debug)]
pub(super) struct OpenSpec {
    pub(super) title: Option<String>,
    file: Option<String>,
    tags: Vec<String>,
    /// Its tests that have not been pushed yet.
    pub(super) tests: Vec<Value>,
    place: LineColumn,
    path: String,
    /// How many tests of each project have been pushed.
    projects: HashMap<Option<Arc<str>>, u32>,
}

impl OpenSpec {
    /// A spec at this place of the document.
    pub(super) fn new(place: LineColumn, path: String) -> Self {
        Self {
            title: None,
            file: None,
            tags: Vec::new(),
            tests: Vec::new(),
            place,
            path,
            projects: HashMap::new(),
        }
    }

    /// Takes note of one of its fields.
    pub(super) fn set(&mut self, name: &str, value: &Value) {
        match name {
            "title" => self.title = Some(text(Some(value)).unwrap_or_default()),
            "file" => self.file = text(Some(value)),
            "tags" => {
                let tags = items(Some(value)).iter();
                self.tags = tags.filter_map(|tag| text(Some(tag))).collect();
            }
            _ => {}
        }
    }

    /// Pushes its tests; `named` is what they have in common. Returns whether one of them has failed, or may have.
    pub(super) fn push_tests(&mut self, named: &Spec, file: &mut ReportFile) -> bool {
        let mut has_failed = false;
        for test in self.tests.drain(..) {
            let mut draft = named.draft(&test);
            draft.place = self.place;
            draft.path.clone_from(&self.path);
            let project = draft.origin.project.clone();
            let count = self.projects.entry(project).or_default();
            *count += 1;
            if *count > 1 {
                draft.run_name = Some(format!("{} (repeat {count})", draft.name));
            }
            has_failed |= draft.outcome.may_have_failed();
            file.push(draft);
        }
        has_failed
    }
}

/// What the tests of a spec have in common.
#[derive(Debug)]
pub(super) struct Spec {
    class: String,
    name: String,
    file: String,
    tags: Vec<String>,
}

impl Spec {
    /// A spec inside suites with these titles, of which the first one is the file; `suite_file` counts if the spec has none.
    pub(super) fn new(spec: &OpenSpec, suite_file: Option<&str>, titles: &[&str]) -> Self {
        let file = spec.file.as_deref().or(suite_file).unwrap_or_default();
        let (class, suites) = titles.split_first().unwrap_or((&"", &[]));
        let class = if class.is_empty() { file } else { class };
        let title = spec.title.as_deref().unwrap_or_default();
        let names = suites.iter().copied().chain([title]);
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        Self {
            class: class.to_owned(),
            name: names.join(" › "),
            tags: spec.tags.clone(),
            file: file.to_owned(),
        }
    }

    /// The result of one of its tests.
    pub(super) fn draft(&self, test: &Value) -> Draft {
        let attempts = items(test.get("results"));
        let outcome = outcome(test, attempts);
        let mut draft = Draft::new(LineColumn::START, &*self.name, outcome);
        draft.class.clone_from(&self.class);
        draft.is_class_whole = true;
        draft.origin.project = field(test, "projectName").and_then(|name| shared(&name));
        draft.origin.file = shared(&self.file);
        draft.metadata.tags.clone_from(&self.tags);
        let nothing = Value::Null;
        let (last, earlier) = attempts.split_last().unwrap_or((&nothing, &[]));
        draft.failure = attempt_failure(last).or_else(|| self.untold(test, last));
        let earlier = earlier.iter().filter(|attempt| is_failed(attempt));
        draft.earlier_failures = earlier
            .map(|attempt| attempt_failure(attempt).unwrap_or_default())
            .collect();
        draft.duration = millis(last, "duration");
        draft.started = moment(last, "startTime");
        let steps = items(last.get("steps"));
        draft.steps = as_iteration(flatten(steps, "steps", &mut step));
        draft.metadata.attachments = items(last.get("attachments"))
            .iter()
            .map(attached)
            .collect();
        annotate(&mut draft, test, last);
        draft
    }

    /// The failure of a test that reports no error.
    fn untold(&self, test: &Value, last: &Value) -> Option<Failure> {
        let status = field(last, "status")?;
        let expected = expected(test);
        if status == "skipped" {
            return None;
        }
        Some(Failure::new(match (&*status, &*expected) {
            ("interrupted", _) => format!("`{}` was interrupted", self.name),
            (_, "passed") => format!("the test is `{status}`"),
            _ => format!("the test is `{status}`, expected was `{expected}`"),
        }))
    }
}

fn expected(test: &Value) -> String {
    field(test, "expectedStatus").unwrap_or_else(|| "passed".to_owned())
}

fn is_failed(attempt: &Value) -> bool {
    let status = field(attempt, "status");
    matches!(
        status.as_deref(),
        Some("failed" | "timedOut" | "interrupted")
    )
}

/// What the table in the documentation of the format says.
fn outcome(test: &Value, attempts: &[Value]) -> Outcome {
    use Status::{Failed, Passed, Skipped};

    let expected = expected(test);
    let last = attempts.last().and_then(|last| field(last, "status"));
    let last = last.as_deref();
    if last == Some("interrupted") {
        return Outcome::Known(Failed);
    }
    let is_expected = last == Some(&*expected);
    let is_any_expected = || {
        let mut statuses = attempts.iter().map(|attempt| field(attempt, "status"));
        statuses.any(|status| status.as_deref() == Some(&*expected))
    };
    let word = field(test, "status");
    Outcome::Known(match (word.as_deref(), last) {
        (Some("unexpected"), _) | (Some("skipped"), Some("failed" | "timedOut")) => Failed,
        (Some("flaky"), _) if is_any_expected() => Passed,
        (Some("expected"), None) if attempts.is_empty() => Skipped,
        (Some("skipped"), _) | (Some("expected") | None, Some("skipped")) => Skipped,
        (Some("expected") | None, Some(_)) if is_expected => Passed,
        (Some("expected" | "flaky"), _) | (None, Some("passed" | "failed" | "timedOut")) => Failed,
        (Some(other), _) | (None, Some(other)) => return Outcome::Word(other.to_owned()),
        (None, None) => return Outcome::Missing,
    })
}

fn step(step: &Value) -> Option<Step> {
    let name = field(step, "title")?;
    let error = step.get("error").filter(|error| !error.is_null());
    let mut done = Step::new(name, if error.is_some() { "failed" } else { "passed" });
    done.error_message =
        error.and_then(|error| field(error, "message").or_else(|| text(Some(error))));
    let took = field(step, "duration").and_then(|text| nanoseconds(&text, 6));
    done.duration = took.unwrap_or_default();
    Some(done)
}

fn attached(attachment: &Value) -> Attachment {
    Attachment {
        name: field(attachment, "name"),
        path: field(attachment, "path").unwrap_or_default(),
        media_type: field(attachment, "contentType"),
    }
}

/// Takes over the annotations of the test and of its last attempt.
fn annotate(draft: &mut Draft, test: &Value, last: &Value) {
    let Draft {
        metadata,
        description,
        ..
    } = draft;
    let all = [test, last].map(|of| items(of.get("annotations")));
    for annotation in all.into_iter().flatten() {
        let Some(kind) = field(annotation, "type") else {
            continue;
        };
        let given = field(annotation, "description").unwrap_or_default();
        match kind.as_str() {
            "skip" | "fixme" if !given.is_empty() => *description = Some(given),
            "skip" | "fixme" => {}
            "owner" => metadata.owner = Some(given),
            _ => add_property(metadata, &kind, given),
        }
    }
    remove_repeated(&mut metadata.links);
    remove_repeated(&mut metadata.properties);
}

fn add_property(metadata: &mut Metadata, kind: &str, given: String) {
    let mut property = Property::new(kind, given);
    if property.value.starts_with("http://") || property.value.starts_with("https://") {
        let link = Link {
            name: Some(kind.to_owned()),
            url: property.value.clone(),
        };
        if let Some(key) = linked_key(None, &link.url) {
            property.value = key;
        }
        metadata.links.push(link);
    }
    metadata.properties.push(property);
}
