//! Tables.

use csv::WriterBuilder;

use super::environment::environment;
use crate::run::TestRun;

pub(super) const PREFIX: &[u8] =
    b"module,package,class,name,run_name,status,duration,started,error_type,error_message,\
error_details,description,external_test_id,external_run_id,report_url,jira,tags\n";

/// The size of the buffer of a row; longer rows are written in pieces.
const BUFFER_BYTES: usize = 1024;

/// Writes a row.
pub(super) fn write(run: &TestRun, out: &mut Vec<u8>) {
    let identity = &run.identity;
    let failure = run.failure.as_ref();
    let started = run.started.map(|started| started.to_string());
    let cells = [
        &*identity.module,
        &identity.package,
        &identity.class,
        &identity.name,
        run.run_name.as_deref().unwrap_or_default(),
        &run.status.as_str().to_lowercase(),
        &run.duration.as_millis().to_string(),
        started.as_deref().unwrap_or_default(),
        failure
            .and_then(|failure| failure.error_type.as_deref())
            .unwrap_or_default(),
        failure
            .and_then(|failure| failure.message.as_deref())
            .unwrap_or_default(),
        failure.map_or("", |failure| &failure.details),
        run.description.as_deref().unwrap_or_default(),
        run.external_test_id.as_deref().unwrap_or_default(),
        run.external_run_id.as_deref().unwrap_or_default(),
        run.report_url.as_deref().unwrap_or_default(),
        &run.jira.join(" "),
        &environment(run),
    ];
    let mut row = WriterBuilder::new()
        .buffer_capacity(BUFFER_BYTES)
        .from_writer(out);
    // Memory takes all that is written to it.
    _ = row.write_record(cells).and_then(|()| Ok(row.flush()?));
}
