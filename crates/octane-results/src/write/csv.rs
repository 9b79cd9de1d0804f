//! Tables.

use std::borrow::Cow;

use super::environment::environment;
use crate::run::TestRun;

pub(super) const PREFIX: &[u8] =
    b"module,package,class,name,run_name,status,duration,started,error_type,error_message,\
error_details,description,external_test_id,external_run_id,report_url,jira,tags\n";

/// Writes a row.
pub(super) fn write(run: &TestRun, out: &mut Vec<u8>) {
    let identity = &run.identity;
    let failure = run.failure.as_ref();
    let text = |text: &Option<String>| -> Cow<'_, str> {
        text.as_deref().unwrap_or_default().to_owned().into()
    };
    let cells: [Cow<'_, str>; 17] = [
        identity.module.as_str().into(),
        identity.package.as_str().into(),
        identity.class.as_str().into(),
        identity.name.as_str().into(),
        text(&run.run_name),
        run.status.as_str().to_lowercase().into(),
        run.duration.as_millis().to_string().into(),
        run.started
            .map(|started| started.to_string())
            .unwrap_or_default()
            .into(),
        failure
            .map(|failure| text(&failure.error_type))
            .unwrap_or_default(),
        failure
            .map(|failure| text(&failure.message))
            .unwrap_or_default(),
        failure
            .map(|failure| failure.details.as_str())
            .unwrap_or_default()
            .into(),
        text(&run.description),
        text(&run.external_test_id),
        text(&run.external_run_id),
        text(&run.report_url),
        run.jira.join(" ").into(),
        environment(run).into(),
    ];
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.push(b'\n');
}
