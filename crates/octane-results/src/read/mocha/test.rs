//! One test or hook.

use serde_json::Value;

use crate::read::line_column::LineColumn;
use crate::read::report::fields::{
    base_name, field, first_field, millis, plain, shared, thrown, untold_failures,
};
use crate::read::report::json::text;
use crate::read::report::{Draft, Outcome, Took};
use crate::run::Failure;

/// A test or hook, without how it ended.
#[derive(Debug, Clone)]
pub(super) struct Test {
    pub(super) place: LineColumn,
    /// How it ended, if it says so itself.
    pub(super) state: Option<Outcome>,
    pub(super) has_error: bool,
    path: String,
    title: String,
    full_title: String,
    file: String,
    duration: Took,
    failure: Option<Failure>,
    retries: u64,
}

impl Test {
    /// The test that `value` describes, in a suite in `file`.
    pub(super) fn new(value: &Value, place: LineColumn, path: String, file: &str) -> Self {
        let title = field(value, "title").unwrap_or_default();
        let failure = failure(value.get("err"));
        Self {
            place,
            state: None,
            has_error: failure.is_some(),
            path,
            full_title: field(value, "fullTitle").unwrap_or_default(),
            title,
            file: field(value, "file").unwrap_or_else(|| file.to_owned()),
            duration: millis(value, "duration"),
            failure,
            retries: value
                .get("currentRetry")
                .and_then(Value::as_u64)
                .unwrap_or(0),
        }
    }

    /// By what it is recognised in the lists of a report.
    pub(super) fn key(&self) -> String {
        format!("{}\0{}\0{}", self.full_title, self.title, self.file)
    }

    /// The test with this key, of which nothing says how it ended.
    pub(super) fn untold(key: &str, place: LineColumn) -> Self {
        let mut parts = key.rsplitn(3, '\0');
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let (file, title, full_title) = (part(), part(), part());
        let given = "the test is in none of `passes`, `pending` and `failures`: it did not end";
        Self {
            place,
            state: None,
            has_error: false,
            path: "tests".to_owned(),
            title,
            full_title,
            file,
            duration: Took::Unknown,
            failure: Some(Failure::new(given)),
            retries: 0,
        }
    }

    pub(super) fn draft(self, outcome: Outcome) -> Draft {
        let suites = self.full_title.strip_suffix(&self.title);
        let suites = suites.unwrap_or(&self.full_title).trim();
        let name = if self.title.is_empty() {
            &self.full_title
        } else {
            &self.title
        };
        let mut draft = Draft::new(self.place, name, outcome);
        draft.path = self.path;
        draft.class = if suites.is_empty() || self.title.is_empty() {
            base_name(&self.file).to_owned()
        } else {
            suites.to_owned()
        };
        draft.is_class_whole = true;
        draft.origin.file = shared(&self.file);
        draft.duration = self.duration;
        draft.failure = self.failure;
        draft.earlier_failures = untold_failures(self.retries);
        draft
    }
}

/// The error of a test; an empty object is none.
fn failure(error: Option<&Value>) -> Option<Failure> {
    let error = error?;
    if let Some(printed) = text(Some(error)) {
        return Some(thrown(&printed));
    }
    let stack = first_field(error, &["stack", "estack"]);
    let message = field(error, "message");
    let mut failure = thrown(stack.as_deref().or(message.as_deref()).or_else(|| {
        let is_empty = error.as_object().is_none_or(serde_json::Map::is_empty);
        (!is_empty).then_some("")
    })?);
    if let Some(message) = message {
        // Mochawesome writes the type before the message.
        let given = thrown(&message);
        failure.error_type = failure.error_type.or(given.error_type);
        let message = plain(&message);
        let heading = failure.error_type.as_ref().map(|kind| format!("{kind}: "));
        let message = heading
            .and_then(|heading| message.strip_prefix(&heading).map(str::to_owned))
            .unwrap_or(message);
        failure.message = Some(message);
    }
    failure.error_type = failure.error_type.or_else(|| field(error, "name"));
    if failure.message.is_none() {
        failure.message = first_field(error, &["name", "code"]);
    }
    Some(failure)
}
