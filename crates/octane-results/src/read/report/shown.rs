//! Shows the records of a report, for tests.

use std::fmt::Write as _;

use crate::metadata::Metadata;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::run::{Failure, TestRun};
use crate::source::Source;

/// All results of a report in JSON that is recognised by its content; invalid rows and warnings are errors.
pub(crate) fn results(report: &str) -> Vec<TestRun> {
    let records = read(
        &Source::bytes("in.json", report.as_bytes()),
        &ReadOptions::default(),
    );
    let runs = records.unwrap().map(|record| match record.unwrap() {
        Record::Run(run) => *run,
        other => panic!("{other:?}"),
    });
    runs.collect()
}

/// All records of a report in JSON, each in a line, as `Passed class.name`; the last one may be why reading ended.
pub(crate) fn shown(report: &str) -> String {
    let records = match read(
        &Source::bytes("in.json", report.as_bytes()),
        &ReadOptions::default(),
    ) {
        Ok(records) => records,
        Err(error) => return format!("error {error}"),
    };
    let lines: Vec<String> = records
        .map(|record| match record {
            Ok(Record::Run(run)) => line(&run),
            Ok(Record::Invalid(row)) => format!("invalid {row}"),
            Ok(Record::Warning(warning)) => format!("warning {warning}"),
            Err(error) => format!("error {error}"),
        })
        .collect();
    lines.join("\n")
}

/// A result with what is not empty of it.
pub(crate) fn line(run: &TestRun) -> String {
    let mut line = format!("{} {}", run.status, run.identity);
    if let Some(project) = &run.origin.project {
        write!(line, " [{project}]").unwrap();
    }
    if !run.duration.is_zero() {
        write!(line, " {:?}", run.duration).unwrap();
    }
    if let Some(started) = run.started {
        write!(line, " at {started}").unwrap();
    }
    if let Some(failure) = &run.failure {
        write!(line, " {}", failed(failure)).unwrap();
    }
    for failure in &run.earlier_failures {
        write!(line, " after {}", failed(failure)).unwrap();
    }
    if let Some(description) = &run.description {
        write!(line, " ({description})").unwrap();
    }
    line
}

fn failed(failure: &Failure) -> String {
    let message = failure.message.as_deref().unwrap_or_default();
    match &failure.error_type {
        Some(error_type) => format!("{error_type}: {message}"),
        None => format!("`{message}`"),
    }
}

/// What the report says of a test besides.
pub(crate) fn besides(run: &TestRun) -> Metadata {
    run.metadata.as_deref().cloned().unwrap_or_default()
}

/// The steps of a result, as `name: status`.
pub(crate) fn steps(run: &TestRun) -> Vec<String> {
    let steps = run.steps.iter().flat_map(|steps| &steps.steps);
    steps
        .map(|step| format!("{}: {}", step.name, step.status))
        .collect()
}

/// Checks what is shown of a report, and that the order of fields does not matter.
pub(crate) fn assert_shown(report: &str, expected: &str) {
    assert_eq!(shown(report), expected);
    let value: serde_json::Value = serde_json::from_str(report).unwrap();
    // By name.
    let found = shown(&value.to_string());
    let mut found: Vec<&str> = found.lines().collect();
    let mut expected: Vec<&str> = expected.lines().collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
