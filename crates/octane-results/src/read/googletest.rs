//! The JSON report of `GoogleTest`, of `--gtest_output=json:FILE`. Its XML is `JUnit`.
//!
//! | words of a test | status |
//! | --- | --- |
//! | `result` is `COMPLETED` | passed |
//! | `result` is `SKIPPED` or `SUPPRESSED`, or `status` is `NOTRUN` | skipped |
//! | any other | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! A test with `failures` has failed whatever its words say. Versions before 1.10 write `status` alone: `RUN` means that the test
//! ran.
//!
//! Where the format leaves room, this reader decides:
//!
//! - The **class** is `classname`, or else the name of the suite, as in the XML: `Some/CartTest` for a test with parameters,
//!   `CartTest/0` for one with types. The parameters and the file of the source are kept; the file is part of the origin.
//! - What failed outside of all tests, such as the set-up of an environment, is a test without a name in the report. Version 1.12
//!   leaves out the comma before it, which is forgiven.
//! - What a test records of itself (`RecordProperty`) is a property.
//! - **Start times** are those of the machine's clock in its own zone, although the report calls them UTC, so they are read as times
//!   without a zone. 1970 stands for a test that did not start.
//! - A report that counts failures, although none of its tests has any, is a failed result of its own.
//! - A list of tests (`--gtest_list_tests`) has no results: its tests have no status, and are invalid.

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{field, plain, properties, shared};
use super::report::json::{JsonFormat, ShownPath, Step, is_path, items};
use super::report::xml::Visit;
use super::report::{DeclaredFailures, Draft, Moment, Outcome, ReportFile, Took};
use crate::metadata::Metadata;
use crate::run::Failure;
use crate::status::Status;

const WORDS: [(&str, Status); 5] = [
    ("COMPLETED", Status::Passed),
    ("RUN", Status::Passed),
    ("SKIPPED", Status::Skipped),
    ("SUPPRESSED", Status::Skipped),
    ("NOTRUN", Status::Skipped),
];

/// What `GoogleTest` itself writes of a test; everything else is what the test records.
const FIELDS: [&str; 12] = [
    "name",
    "value_param",
    "type_param",
    "file",
    "line",
    "status",
    "result",
    "timestamp",
    "time",
    "classname",
    "failures",
    "skipped",
];

/// A time that was never set.
const NEVER: &str = "1970-01-01T00:00:00";

/// A report of `GoogleTest` in JSON.
#[derive(Debug, Default)]
pub(crate) struct Googletest {
    /// The name of the program, or what is there instead of it.
    name: String,
    failures: DeclaredFailures,
    suite: String,
}

impl JsonFormat for Googletest {
    const FORGIVES_COMMAS: bool = true;

    fn visit(&self, path: &[Step]) -> Visit {
        let entered = [
            &["testsuites"][..],
            &["testsuites", "*"],
            &["testsuites", "*", "testsuite"],
        ];
        let collected = [
            &["name"][..],
            &["failures"],
            &["testsuites", "*", "name"],
            &["testsuites", "*", "testsuite", "*"],
        ];
        if path.is_empty() || entered.iter().any(|names| is_path(path, names)) {
            Visit::Enter
        } else if collected.iter().any(|names| is_path(path, names)) {
            Visit::Collect
        } else {
            Visit::Skip
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        let text = || value.as_str().unwrap_or_default().to_owned();
        match path {
            [.., Step::Index(_)] if path.len() == 4 => {
                let mut draft = self.draft(&value, file);
                self.failures.shown += u64::from(draft.failure.is_some());
                draft.place = place;
                draft.path = ShownPath(path).to_string();
                file.push(draft);
            }
            [Step::Name(name)] if name == "name" => self.name = text(),
            [Step::Name(name)] if name == "failures" => {
                self.failures.declared = value.as_u64().unwrap_or_default();
            }
            [_, _, Step::Name(_)] => self.suite = text(),
            _ => {}
        }
    }

    fn leave(&mut self, path: &[Step], file: &mut ReportFile) {
        let unshown = self.failures.unshown("the report");
        if let Some(failure) = unshown.filter(|_| path.is_empty()) {
            file.push(Draft::failed(LineColumn::START, &*self.name, failure));
        }
    }
}

impl Googletest {
    fn draft(&self, test: &Value, file: &ReportFile) -> Draft {
        let failure = failure(items(test.get("failures")));
        let name = field(test, "name").unwrap_or_default();
        let mut draft = Draft::new(
            LineColumn::START,
            name,
            outcome(test, failure.is_some(), file),
        );
        draft.class = field(test, "classname").unwrap_or_else(|| self.suite.clone());
        draft.failure = failure;
        if draft.failure.is_none() {
            let skipped = items(test.get("skipped")).first();
            draft.description = skipped.and_then(|skipped| field(skipped, "message"));
        }
        draft.origin.file = shared(&field(test, "file").unwrap_or_default().replace('\\', "/"));
        draft.duration = field(test, "time").map_or(Took::Unknown, Took::Seconds);
        let started = field(test, "timestamp").filter(|time| !time.starts_with(NEVER));
        draft.started = started.map_or(Moment::Unknown, |time| {
            Moment::Text(time.trim_end_matches('Z').to_owned())
        });
        draft.metadata = Metadata {
            parameters: (properties(Some(test)).into_iter())
                .filter(|property| property.name.ends_with("_param"))
                .collect(),
            properties: (properties(Some(test)).into_iter())
                .filter(|property| !FIELDS.contains(&property.name.as_str()))
                .collect(),
            ..Metadata::default()
        };
        draft
    }
}

/// The outcome, by both words, of which `result` says more.
fn outcome(test: &Value, has_failed: bool, file: &ReportFile) -> Outcome {
    let Some(word) = field(test, "result").or_else(|| field(test, "status")) else {
        return if has_failed {
            Outcome::Known(Status::Failed)
        } else {
            Outcome::Missing
        };
    };
    match Draft::outcome_by(&word, &WORDS) {
        Outcome::Known(_) if has_failed => Outcome::Known(Status::Failed),
        _ => file.outcome(&word, &WORDS),
    }
}

/// The first failure, with all of them in its details.
fn failure(failures: &[Value]) -> Option<Failure> {
    let texts: Vec<String> = (failures.iter())
        .map(|failure| plain(&field(failure, "failure").unwrap_or_default()))
        .collect();
    let first = texts.first()?;
    Some(Failure {
        error_type: failures.first().and_then(|failure| field(failure, "type")),
        message: Some(first.clone()).filter(|text| !text.is_empty()),
        details: texts.join("\n\n"),
    })
}

#[cfg(test)]
mod tests;
