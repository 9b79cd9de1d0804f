//! Results as payloads, without a server and without a journal: what a benchmark measures.

use octane_results::{Context, Dialect, PayloadSettings, PayloadWriter, TestRun, repair};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;

use crate::error::Failure;
use crate::input::{Findings, Input};
use crate::job;
use crate::json as json_value;
use crate::options::Options;
use crate::task::Task;
use crate::upload::input;

/// How many payloads the valid results of `source` make, and how many bytes those have.
#[pyfunction]
pub(crate) fn render(
    py: Python<'_>,
    source: &Bound<'_, PyDict>,
    options: &Bound<'_, PyDict>,
) -> PyResult<Task> {
    let options: Options = serde_json::from_value(json_value::from_python(options)?)
        .map_err(|error| Failure::internal(error.to_string()).into_exception(py))?;
    let input = input(py, source, &options)?;
    Ok(Task::json(async move {
        let rendering =
            tokio::task::spawn_blocking(move || job::here(|| payloads(&input, &options)));
        let rendered = rendering
            .await
            .map_err(|error| Failure::internal(error.to_string()))?;
        let (payloads, bytes) = rendered?;
        Ok(json!({ "payloads": payloads, "bytes": bytes }))
    }))
}

fn payloads(input: &Input, options: &Options) -> Result<(usize, usize), Failure> {
    let settings = options.settings()?;
    let reading = options.reading(input.header())?;
    let payload = PayloadSettings::new(Dialect::Standard, Context::default());
    let writer = PayloadWriter::new(payload).map_err(invalid)?;
    let (mut payloads, mut bytes) = (0, 0);
    let (mut body, mut runs) = (Vec::new(), 0);
    let mut problem = None;
    let mut render = |run: &mut TestRun, _| {
        let rendered = repair(run, &settings.repair).map_err(invalid);
        let rendered = rendered.and_then(|_| writer.write_run(run, &mut body).map_err(invalid));
        if let Err(failure) = rendered {
            problem.get_or_insert(failure);
            return;
        }
        runs += 1;
        if runs == settings.batch_limits.runs_max {
            payloads += 1;
            bytes += writer.assemble(&body).len();
            body.clear();
            runs = 0;
        }
    };
    input.each(&Findings::default(), &reading, &|| false, &mut render)?;
    if runs > 0 {
        payloads += 1;
        bytes += writer.assemble(&body).len();
    }
    problem.map_or(Ok((payloads, bytes)), Err)
}

fn invalid(error: impl std::fmt::Display) -> Failure {
    Failure::new("InputError", error.to_string())
}
