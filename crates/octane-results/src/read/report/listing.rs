//! Shows records in tests.

use std::fmt::Write as _;

use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::run::{Failure, TestRun};
use crate::source::Source;

/// All records of a document, one a line: results with all that is set, everything else as its message.
pub(crate) fn listing(name: &str, document: &str) -> String {
    listing_with(&ReadOptions::default(), name, document)
}

/// Like [`listing`], with options.
pub(crate) fn listing_with(options: &ReadOptions, name: &str, document: &str) -> String {
    listing_of(&Source::bytes(name, document.as_bytes()), options)
}

/// Like [`listing`], of any input.
pub(crate) fn listing_of(source: &Source, options: &ReadOptions) -> String {
    let records = match read(source, options) {
        Ok(records) => records,
        Err(error) => return format!("error {error}"),
    };
    let lines = records.map(|record| match record {
        Ok(Record::Run(run)) => line(&run),
        Ok(Record::Invalid(row)) => format!("invalid {row}"),
        Ok(Record::Warning(warning)) => format!("warning {warning}"),
        Err(error) => format!("error {error}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn line(run: &TestRun) -> String {
    let identity = &run.identity;
    let parts = [&identity.module, &identity.package, &identity.class];
    let mut line = String::new();
    if let Some(position) = &run.position {
        write!(line, "{}: ", position.line).unwrap();
    }
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        write!(line, "{part} | ").unwrap();
    }
    write!(line, "{} = {}", identity.name, run.status).unwrap();
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
        write!(line, " earlier {}", failed(failure)).unwrap();
    }
    if let Some(description) = &run.description {
        write!(line, " ({description})").unwrap();
    }
    if !run.jira.is_empty() {
        write!(line, " covers {}", run.jira.join(" ")).unwrap();
    }
    for step in run.steps.iter().flat_map(|steps| &steps.steps) {
        write!(line, " [{}: {} {:?}", step.name, step.status, step.duration).unwrap();
        if let Some(message) = &step.error_message {
            write!(line, " {message:?}").unwrap();
        }
        line.push(']');
    }
    let origin = &run.origin;
    let origins = [
        &origin.project,
        &origin.hostname,
        &origin.suite,
        &origin.file,
    ];
    let names = ["project", "host", "suite", "file"];
    for (name, value) in names.into_iter().zip(origins) {
        if let Some(value) = value {
            write!(line, " {name}={value}").unwrap();
        }
    }
    line + &metadata(run)
}

fn metadata(run: &TestRun) -> String {
    let Some(metadata) = &run.metadata else {
        return String::new();
    };
    let mut text = String::new();
    if let Some(owner) = &metadata.owner {
        write!(text, " owner={owner}").unwrap();
    }
    for tag in &metadata.tags {
        write!(text, " #{tag}").unwrap();
    }
    for property in &metadata.parameters {
        write!(text, " <{}={}>", property.name, property.value).unwrap();
    }
    for property in &metadata.properties {
        write!(text, " {{{}={}}}", property.name, property.value).unwrap();
    }
    for link in &metadata.links {
        write!(text, " link={}", link.url).unwrap();
    }
    for attachment in &metadata.attachments {
        let name = attachment.name.as_deref().unwrap_or_default();
        let media_type = attachment.media_type.as_deref().unwrap_or_default();
        write!(text, " file({name},{},{media_type})", attachment.path).unwrap();
    }
    text
}

fn failed(failure: &Failure) -> String {
    let mut text = "!".to_owned();
    if let Some(error_type) = &failure.error_type {
        write!(text, " {error_type}:").unwrap();
    }
    if let Some(message) = &failure.message {
        write!(text, " {message:?}").unwrap();
    }
    if !failure.details.is_empty() {
        write!(text, " / {:?}", failure.details).unwrap();
    }
    text
}
