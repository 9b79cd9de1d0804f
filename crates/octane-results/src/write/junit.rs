//! `JUnit` XML. Package and class are joined to a dotted class name, unless that is not read as the two of them again: then
//! the package is that of a `testsuite` around the `testcase`. What has no attribute or element is in the properties:
//!
//! | property | what |
//! | --- | --- |
//! | `module` | the module of the test |
//! | `test` | the name of the test, if the run has another one, which is the name of the `testcase` |
//! | `status` | `planned`, of a run that is not skipped but planned |
//! | `description` | the description, unless it is the reason of a skip |
//! | `external_test_id`, `external_run_id`, `report_url` | the field of this name |
//! | `tags` | the environment, as `OS:Linux; Browser:Firefox` |
//! | `jira` | the Jira keys, separated by commas |
//!
//! By the name of its root, its reader knows that of several results of a run the last one counts, as in a payload.

use std::borrow::Cow;

use super::environment::environment;
use crate::payload::escape::{double_quoted, text};
use crate::read::class_name::split_class;
use crate::run::TestRun;
use crate::status::Status;

pub(super) const PREFIX: &[u8] =
    b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"octane convert\">\n<testsuite>\n";
pub(super) const SUFFIX: &[u8] = b"</testsuite>\n</testsuites>\n";

/// Writes a `testcase`.
pub(super) fn write(run: &TestRun, out: &mut Vec<u8>) {
    let identity = &run.identity;
    let (package, class) = (&*identity.package, &*identity.class);
    let classname: Cow<'_, str> = match (package, class) {
        ("", class) => class.into(),
        (_, "") => "".into(),
        (package, class) => format!("{package}.{class}").into(),
    };
    let has_suite = !package.is_empty() && split_class(&classname, "") != (package, class);
    if has_suite {
        out.extend_from_slice(b"<testsuite");
        attribute("package", package, out);
        out.extend_from_slice(b">");
    }
    out.extend_from_slice(b"<testcase");
    attribute("name", run.run_name.as_ref().unwrap_or(&identity.name), out);
    if !classname.is_empty() {
        attribute("classname", &classname, out);
    }
    let milliseconds = run.duration.as_millis();
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    attribute("time", &format!("{seconds}.{rest:03}"), out);
    if let Some(started) = run.started {
        attribute("timestamp", &started.to_string(), out);
    }
    out.extend_from_slice(b">");
    properties(run, out);
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
    out.extend_from_slice(b"</testcase>");
    if has_suite {
        out.extend_from_slice(b"</testsuite>");
    }
    out.push(b'\n');
}

fn properties(run: &TestRun, out: &mut Vec<u8>) {
    let is_skip = matches!(run.status, Status::Skipped | Status::Planned);
    let has_run_name = (run.run_name.as_ref()).is_some_and(|name| *name != run.identity.name);
    let given = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
    let properties: [(&str, Cow<'_, str>); 9] = [
        ("module", (&*run.identity.module).into()),
        (
            "test",
            if has_run_name {
                &*run.identity.name
            } else {
                ""
            }
            .into(),
        ),
        (
            "status",
            if run.status == Status::Planned {
                "planned"
            } else {
                ""
            }
            .into(),
        ),
        (
            "description",
            if is_skip {
                String::new()
            } else {
                given(&run.description)
            }
            .into(),
        ),
        ("external_test_id", given(&run.external_test_id).into()),
        ("external_run_id", given(&run.external_run_id).into()),
        ("report_url", given(&run.report_url).into()),
        ("tags", environment(run).into()),
        ("jira", run.jira.join(",").into()),
    ];
    if properties.iter().all(|(_, value)| value.is_empty()) {
        return;
    }
    out.extend_from_slice(b"<properties>");
    for (name, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
        out.extend_from_slice(b"<property");
        attribute("name", name, out);
        attribute("value", value, out);
        out.extend_from_slice(b"/>");
    }
    out.extend_from_slice(b"</properties>");
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
