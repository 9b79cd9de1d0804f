//! One result.

use serde_json::Value;

use super::no_status::{NO_END, without_status};
use super::parameters::with_parameters;
use crate::metadata::{Attachment, Link, Metadata, Property};
use crate::read::line_column::LineColumn;
use crate::read::report::fields::{
    as_iteration, field, flatten, is_set, joined, linked_key, moment, nanoseconds, plain, shared,
    thrown,
};
use crate::read::report::json::items;
use crate::read::report::{Draft, Outcome, ReportFile, Took};
use crate::run::Failure;
use crate::status::Status;
use crate::step::Step;

/// What is used of a result.
pub(super) const FIELDS: [&str; 17] = [
    "name",
    "fullName",
    "historyId",
    "testCaseId",
    "status",
    "statusDetails",
    "stage",
    "start",
    "stop",
    "description",
    "labels",
    "links",
    "parameters",
    "steps",
    "attachments",
    "fixtures",
    "uuid",
];

const WORDS: [(&str, Status); 5] = [
    ("passed", Status::Passed),
    ("failed", Status::Failed),
    ("broken", Status::Failed),
    ("skipped", Status::Skipped),
    ("unknown", Status::Failed),
];

/// Labels that are not properties: those of the identity, and what differs from run to run.
const OTHER_LABELS: [&str; 12] = [
    "package",
    "testClass",
    "testMethod",
    "parentSuite",
    "suite",
    "subSuite",
    "thread",
    "titlePath",
    "_fallbackTestCaseId",
    "tag",
    "owner",
    "resultFormat",
];

pub(super) fn draft(result: &Value, file: &ReportFile) -> Draft {
    let labels = Labels(items(result.get("labels")));
    let (outcome, untold) = outcome(result, file);
    let mut draft = Draft::new(LineColumn::START, name(result, &labels), outcome);
    identify(&mut draft, result, &labels);
    draft.origin.suite = case(result).and_then(|case| shared(&case));
    let details = result.get("statusDetails").unwrap_or(&Value::Null);
    draft.failure = failure(details, untold);
    draft.description = match &draft.outcome {
        Outcome::Known(Status::Skipped) if draft.failure.is_some() => None,
        _ => field(result, "description"),
    };
    draft.duration = took(result).map_or(Took::Unknown, Took::Exactly);
    draft.started = moment(result, "start");
    draft.external_test_id = field(result, "historyId");
    let steps = items(result.get("steps"));
    draft.steps = as_iteration(flatten(steps, "steps", &mut step));
    draft.metadata = metadata(result, &labels);
    for name in ["flaky", "muted", "known"] {
        if is_set(details, name) {
            draft.metadata.properties.push(Property::new(name, "true"));
        }
    }
    for parameter in items(result.get("parameters")) {
        if let (true, Some(value)) = (is_project(parameter), field(parameter, "value")) {
            draft.origin.project = shared(&value);
        }
    }
    draft
}

/// The labels of a result, of which several may have one name.
struct Labels<'v>(&'v [Value]);

impl Labels<'_> {
    fn all(&self) -> impl Iterator<Item = (String, String)> {
        self.0
            .iter()
            .filter_map(|label| Some((field(label, "name")?, field(label, "value")?)))
    }

    fn first(&self, name: &str) -> Option<String> {
        self.all()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}

fn name(result: &Value, labels: &Labels<'_>) -> String {
    let name = field(result, "name").or_else(|| labels.first("testMethod"));
    let name = name
        .or_else(|| {
            let full = field(result, "fullName")?;
            let end = full.rsplit(['#', '.', ':']).next().unwrap_or(&full);
            Some(end.to_owned())
        })
        .unwrap_or_default();
    let values: Vec<(String, String)> = items(result.get("parameters"))
        .iter()
        .filter(|parameter| !is_set(parameter, "excluded") && mode(parameter) != Mode::Hidden)
        .filter(|parameter| !is_project(parameter))
        .filter_map(|parameter| {
            let value = match mode(parameter) {
                Mode::Masked => MASK.to_owned(),
                _ => field(parameter, "value").unwrap_or_default(),
            };
            Some((field(parameter, "name")?, value))
        })
        .collect();
    with_parameters(name, &values)
}

/// What stands for the value of a masked parameter.
const MASK: &str = "******";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Shown,
    Masked,
    Hidden,
}

fn mode(parameter: &Value) -> Mode {
    match field(parameter, "mode")
        .as_deref()
        .map(str::to_lowercase)
        .as_deref()
    {
        Some("hidden") => Mode::Hidden,
        Some("masked") => Mode::Masked,
        _ => Mode::Shown,
    }
}

/// Whether a parameter says in which browser or project the test ran.
fn is_project(parameter: &Value) -> bool {
    let name = field(parameter, "name").unwrap_or_default();
    matches!(&*name.to_lowercase(), "project" | "browser")
}

/// By what tests with the same name and class are distinguished: the full name, and the `historyId` of a test with parameters, as
/// a title may have the values of two rows.
fn case(result: &Value) -> Option<String> {
    let has_parameters = items(result.get("parameters"))
        .iter()
        .any(|parameter| !is_set(parameter, "excluded") && !is_project(parameter));
    let history = has_parameters.then(|| field(result, "historyId")).flatten();
    let parts = [field(result, "fullName"), history];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Some(parts.join(" ")).filter(|case| !case.is_empty())
}

fn identify(draft: &mut Draft, result: &Value, labels: &Labels<'_>) {
    if let Some(class) = labels.first("testClass") {
        draft.class = class;
        return;
    }
    let package = labels.first("package").unwrap_or_default();
    let suites = ["parentSuite", "suite", "subSuite"].map(|name| labels.first(name));
    let suites: Vec<String> = suites.into_iter().flatten().collect();
    if !suites.is_empty() {
        draft.class = suites.join(" > ");
        draft.package = package;
        draft.is_class_whole = suites.len() > 1;
        return;
    }
    if let Some(feature) = labels.first("feature") {
        draft.class = feature;
        draft.package = package;
        draft.is_class_whole = true;
        return;
    }
    let by_full_name = || {
        let full = field(result, "fullName")?;
        let name = field(result, "name")?;
        let class = full.strip_suffix(&name)?;
        Some(class.trim_end_matches(['#', '.', ':', ' ']).to_owned())
    };
    draft.class = Some(package)
        .filter(|package| !package.is_empty())
        .or_else(by_full_name)
        .unwrap_or_default();
}

/// The status, and what is to be said if the result does not say why.
fn outcome(result: &Value, file: &ReportFile) -> (Outcome, Option<&'static str>) {
    let failed = Outcome::Known(Status::Failed);
    let has_start = field(result, "start").is_some();
    let has_stop = field(result, "stop").is_some();
    let stage = field(result, "stage").map(|stage| stage.to_lowercase());
    let Some(word) = field(result, "status") else {
        return match stage.as_deref() {
            _ if has_failed_hook(result) => (failed, Some("a hook of the test failed")),
            Some("scheduled" | "pending") => (Outcome::Known(Status::Skipped), None),
            stage => without_status(stage.is_some() || has_start, has_stop),
        };
    };
    let stage = stage.as_deref();
    // `allure-pytest` adds the history and the labels when a test is torn down.
    let is_unfinished = || {
        let has = |name| result.get(name).is_some_and(|value| !value.is_null());
        has("testCaseId") && !has("historyId") && !has("labels")
    };
    let did_not_end = match stage {
        Some("interrupted") => true,
        Some("running") => !has_stop,
        Some(_) => false,
        None => is_unfinished(),
    };
    match file.outcome_with(&word, &WORDS, did_not_end) {
        Outcome::Known(Status::Failed)
            if did_not_end && Draft::outcome_by(&word, &WORDS).is_passed() =>
        {
            (failed, Some(NO_END))
        }
        outcome if word.eq_ignore_ascii_case("unknown") => {
            (outcome, Some("the status is `unknown`"))
        }
        outcome => (outcome, None),
    }
}

/// Whether a hook of a test failed, as `WebdriverIO` says of one that did not begin for that.
fn has_failed_hook(result: &Value) -> bool {
    items(result.get("fixtures")).iter().any(is_failed)
}

/// Whether the status of a hook says that it failed.
pub(super) fn is_failed(hook: &Value) -> bool {
    let word = field(hook, "status").unwrap_or_default();
    Draft::outcome_by(&word, &WORDS).is_failed()
}

/// The name of a step that did not run: one that Cucumber for JavaScript did not find, or found twice, ended without a status and
/// says why. One that is pending was skipped, and so are those after it.
pub(super) fn missing_step(result: &Value) -> Option<String> {
    let labels = Labels(items(result.get("labels")));
    let is_cucumber = labels.first("framework").as_deref() == Some("cucumberjs");
    find_missing(items(result.get("steps")), is_cucumber)
}

fn find_missing(steps: &[Value], is_cucumber: bool) -> Option<String> {
    steps.iter().find_map(|step| {
        let did_not_run = match field(step, "status") {
            None => step.get("statusDetails").and_then(message_of).is_some(),
            Some(status) => is_cucumber && status == "skipped",
        };
        if did_not_run {
            field(step, "name")
        } else {
            find_missing(items(step.get("steps")), is_cucumber)
        }
    })
}

/// The failure that the details of a status describe. `untold` is said if they do not. Allure 3 may have several, all of them in a list.
fn failure(details: &Value, untold: Option<&str>) -> Option<Failure> {
    let of_list = || joined(items(details.get("errors")).iter().filter_map(described));
    described(details)
        .or_else(of_list)
        .or_else(|| untold.map(Failure::new))
}

/// The failure that a message and a trace describe, if there is one of them.
fn described(details: &Value) -> Option<Failure> {
    let message = field(details, "message");
    let trace = field(details, "trace");
    let mut failure = thrown(message.as_deref().or(trace.as_deref())?);
    if failure.error_type.is_none()
        && let Some(trace) = &trace
    {
        // Adapters for Java have the message alone, and the exception in the trace.
        failure.error_type = thrown(trace).error_type;
    }
    if let Some(message) = message {
        failure.message = Some(plain(&message));
    }
    if let Some(trace) = trace {
        failure.details = thrown(&trace).details;
    }
    Some(failure)
}

/// What the details of a status say, as it is.
pub(super) fn message_of(details: &Value) -> Option<String> {
    field(details, "message").or_else(|| {
        let mut errors = items(details.get("errors")).iter();
        errors.find_map(|error| field(error, "message"))
    })
}

fn took(of: &Value) -> Option<std::time::Duration> {
    let time = |name| nanoseconds(&field(of, name)?, 6);
    time("stop")?.checked_sub(time("start")?)
}

fn step(step: &Value) -> Option<Step> {
    let name = field(step, "name")?;
    let status = field(step, "status").unwrap_or_else(|| "unknown".to_owned());
    let mut done = Step::new(name, status);
    done.duration = took(step).unwrap_or_default();
    done.error_message = step.get("statusDetails").and_then(message_of);
    Some(done)
}

fn metadata(result: &Value, labels: &Labels<'_>) -> Metadata {
    let mut metadata = Metadata {
        owner: labels.first("owner"),
        ..Metadata::default()
    };
    for (name, value) in labels.all() {
        if name == "tag" {
            metadata.tags.push(value);
        } else if !OTHER_LABELS.contains(&name.as_str()) {
            metadata.properties.push(Property::new(name, value));
        }
    }
    for link in items(result.get("links")) {
        add_link(&mut metadata, link);
    }
    for parameter in items(result.get("parameters")) {
        let value = match mode(parameter) {
            Mode::Shown => field(parameter, "value").unwrap_or_default(),
            Mode::Masked => MASK.to_owned(),
            Mode::Hidden => continue,
        };
        if let Some(name) = field(parameter, "name") {
            metadata.parameters.push(Property::new(name, value));
        }
    }
    attach(&mut metadata, result);
    metadata
}

fn add_link(metadata: &mut Metadata, link: &Value) {
    let name = field(link, "name");
    let url = field(link, "url").unwrap_or_default();
    let key = linked_key(name.as_deref(), &url);
    if let (Some(kind), Some(key)) = (field(link, "type").filter(|kind| kind != "link"), key) {
        metadata.properties.push(Property::new(kind, key));
    }
    metadata.links.push(Link { name, url });
}

/// Takes over the attachments of a result or step, and of the steps in it.
fn attach(metadata: &mut Metadata, of: &Value) {
    for attachment in items(of.get("attachments")) {
        metadata.attachments.push(Attachment {
            name: field(attachment, "name"),
            path: field(attachment, "source").unwrap_or_default(),
            media_type: field(attachment, "type"),
        });
    }
    for step in items(of.get("steps")) {
        attach(metadata, step);
    }
}
