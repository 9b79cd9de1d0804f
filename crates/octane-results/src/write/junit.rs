//! `JUnit` XML.

use std::borrow::Cow;

use crate::payload::escape::{double_quoted, text};
use crate::run::TestRun;
use crate::status::Status;

pub(super) const PREFIX: &[u8] =
    b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite>\n";
pub(super) const SUFFIX: &[u8] = b"</testsuite>\n</testsuites>\n";

/// Writes a `testcase`.
pub(super) fn write(run: &TestRun, out: &mut Vec<u8>) {
    let identity = &run.identity;
    let class: Cow<'_, str> = match (&*identity.package, &*identity.class) {
        ("", class) => class.into(),
        (package, "") => package.into(),
        (package, class) => format!("{package}.{class}").into(),
    };
    out.extend_from_slice(b"<testcase");
    attribute("name", run.run_name.as_ref().unwrap_or(&identity.name), out);
    if !class.is_empty() {
        attribute("classname", &class, out);
    }
    let milliseconds = run.duration.as_millis();
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    attribute("time", &format!("{seconds}.{rest:03}"), out);
    if let Some(started) = run.started {
        attribute("timestamp", &started.to_string(), out);
    }
    out.extend_from_slice(b">");
    if !run.jira.is_empty() {
        out.extend_from_slice(b"<properties><property name=\"jira\"");
        attribute("value", &run.jira.join(","), out);
        out.extend_from_slice(b"/></properties>");
    }
    match run.status {
        Status::Passed => {}
        Status::Failed => failure(run, out),
        Status::Skipped | Status::Planned => {
            out.extend_from_slice(b"<skipped");
            if let Some(reason) = &run.description {
                attribute("message", reason, out);
            }
            out.extend_from_slice(b"/>");
        }
    }
    out.extend_from_slice(b"</testcase>\n");
}

fn failure(run: &TestRun, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<failure");
    let Some(failure) = &run.failure else {
        out.extend_from_slice(b"/>");
        return;
    };
    if let Some(error_type) = &failure.error_type {
        attribute("type", error_type, out);
    }
    if let Some(message) = &failure.message {
        attribute("message", message, out);
    }
    out.extend_from_slice(b">");
    text(&failure.details, out);
    out.extend_from_slice(b"</failure>");
}

fn attribute(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    double_quoted(value, out);
    out.push(b'"');
}
