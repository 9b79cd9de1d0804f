//! Lines of JSON objects.

use serde_json::{Map, Value};

use super::environment::environment;
use crate::run::TestRun;

/// Writes a line.
pub(super) fn write(run: &TestRun, out: &mut Vec<u8>) {
    let mut object = Map::new();
    let mut put = |name: &str, text: Option<&str>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            object.insert(name.to_owned(), text.into());
        }
    };
    let identity = &run.identity;
    put("module", Some(&identity.module));
    put("package", Some(&identity.package));
    put("class", Some(&identity.class));
    put("name", Some(&identity.name));
    put("run_name", run.run_name.as_deref());
    put("status", Some(&run.status.as_str().to_lowercase()));
    let started = run.started.map(|started| started.to_string());
    put("started", started.as_deref());
    if let Some(failure) = &run.failure {
        put("error_type", failure.error_type.as_deref());
        put("error_message", failure.message.as_deref());
        put("error_details", Some(&failure.details));
    }
    put("description", run.description.as_deref());
    put("external_test_id", run.external_test_id.as_deref());
    put("external_run_id", run.external_run_id.as_deref());
    put("report_url", run.report_url.as_deref());
    put("tags", Some(&environment(run)));
    let milliseconds = u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX);
    object.insert("duration".to_owned(), milliseconds.into());
    if !run.jira.is_empty() {
        object.insert("jira".to_owned(), run.jira.clone().into());
    }
    // A map of texts and numbers can always be written.
    out.extend_from_slice(Value::Object(object).to_string().as_bytes());
    out.push(b'\n');
}
