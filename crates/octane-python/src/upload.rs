//! Uploads: new ones, and those that are stored on this machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use octane_client::{
    DeliveryError, Draft, Journal, PartPlanner, Prepared, Report, Retention, Spool, UploadId,
    UploadSettings,
};
use octane_results::{PayloadRuns, Schema, TypedTable, read_payload_with};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::Failure;
use crate::frame::Frame;
use crate::input::{Again, Input, cancelled};
use crate::job::{Context, Job, here, output};
use crate::options::Options;
use crate::table::{Exported, Table};
use crate::task::Task;
use crate::{event, json, log};

fn spool_at(folder: Option<PathBuf>) -> Spool {
    folder.map_or_else(Spool::off, Spool::at)
}

/// An upload that was prepared. It is discarded if it is dropped before the caller knows its ID.
struct Unannounced(Option<Prepared>);

impl Drop for Unannounced {
    fn drop(&mut self) {
        if let Some(prepared) = self.0.take() {
            prepared.journal.discard();
        }
    }
}

/// An upload that is yet to be done.
struct Upload {
    client: octane_client::Client,
    input: Input,
    options: Options,
    spool: Spool,
}

impl Upload {
    /// Reads everything and plans what will be sent. Blocks.
    fn prepare(
        &self,
        context: &Context,
    ) -> Result<(Prepared, UploadSettings, Vec<Value>), Failure> {
        let Self {
            client,
            input,
            options,
            spool,
        } = self;
        let reading = options.reading(input.header())?;
        let mut settings = options.settings()?;
        let spec = options.target_spec()?;
        let is_cancelled = || context.cancellation.is_cancelled();
        let id = UploadId::new();
        if options.force_new {
            settings.nonce = Some(format!("repeated-as-{id}"));
        }
        let mut first = input.first(&reading, &is_cancelled, settings.dialect)?;
        // Planned while it is read. If that fails, it is planned after everything was read, so that errors are found in that order.
        let draft = PartPlanner::new(&settings).ok().and_then(|planner| {
            let begin = first.plan(&planner)?;
            let rest = std::iter::from_fn(|| first.plan(&planner));
            let parts = std::iter::once(begin).chain(rest);
            Draft::of_parts(parts, &spec, &settings, spool, id.clone()).ok()
        });
        let mut found = first.finish(settings.reruns, &settings.context.environment)?;
        let checked = found.check(options.acceptance());
        let warnings = found.warnings.iter().map(|warning| {
            log::record(
                30,
                "octane",
                warning.message.clone(),
                serde_json::Map::new(),
            );
            serde_json::to_value(warning).unwrap_or_default()
        });
        let warnings = warnings.collect();
        checked?;
        settings.invalid = found.invalid_results();
        prune(spool);
        if let Some(draft) = draft.filter(|_| !found.is_arranged()) {
            let prepared = client.confirm(draft, &spec, &settings.invalid, found.are_distinct)?;
            if let Some(prepared) = prepared {
                return Ok((prepared, settings, warnings));
            }
        }
        let again = Again::default();
        let runs = input.runs(&found, &reading, &again);
        let runs = runs.take_while(|_| !is_cancelled());
        let prepared = client.prepare(runs, &spec, &settings, spool, id)?;
        let verified = if is_cancelled() {
            Err(cancelled())
        } else {
            found.verify(&again)
        };
        match verified {
            Ok(()) => Ok((prepared, settings, warnings)),
            Err(failure) => {
                prepared.journal.discard();
                Err(failure)
            }
        }
    }

    async fn run(self, context: Context) -> Result<Value, Failure> {
        let upload = Arc::new(self);
        let preparing = {
            let (upload, context) = (Arc::clone(&upload), context.clone());
            tokio::task::spawn_blocking(move || {
                let (prepared, settings, warnings) = upload.prepare(&context)?;
                Ok((Unannounced(Some(prepared)), settings, warnings))
            })
        };
        let prepared: Result<_, Failure> = match preparing.await {
            Ok(prepared) => prepared,
            Err(error) if error.is_panic() => Err(Failure::panic(&*error.into_panic())),
            Err(_) => Err(cancelled()),
        };
        let (mut unannounced, settings, warnings) = prepared?;
        let prepared = unannounced.0.take().ok_or_else(cancelled)?;
        let id = prepared.journal.id().to_string();
        (context.report)(event::report(&prepared.event(), &id));
        let Prepared { journal, .. } = prepared;
        let planned = Planned {
            client: upload.client.clone(),
            journal,
            settings,
            is_stored: upload.spool.folder().is_some(),
            is_resumed: false,
            resend_missing: false,
        };
        let report = planned.deliver(&context).await?;
        Ok(with_warnings(&report, &warnings))
    }
}

/// A planned upload.
struct Planned {
    client: octane_client::Client,
    journal: Journal,
    settings: UploadSettings,
    /// Whether it outlives the process.
    is_stored: bool,
    is_resumed: bool,
    resend_missing: bool,
}

impl Planned {
    /// Sends what is in the journal. If that cannot begin, for a reason that will not pass, a new upload is forgotten.
    async fn deliver(self, context: &Context) -> Result<Report, Failure> {
        let Self {
            client,
            journal,
            settings,
            is_stored,
            is_resumed,
            resend_missing,
        } = self;
        let id = journal.id().to_string();
        let tell = |event: &octane_client::Event| (context.report)(event::report(event, &id));
        let delivery = client
            .delivery(&journal)
            .settings(settings)
            .resend_missing(resend_missing)
            .cancellation(context.cancellation.clone())
            .on_event(tell);
        let done = Box::pin(delivery.run()).await;
        drop(delivery);
        let error = match done {
            Ok(report) => return Ok(report),
            Err(error) => error,
        };
        let may_pass = match &error {
            DeliveryError::Target(error) => error.is_retryable(),
            _ => true,
        };
        let failure = Failure::from(error);
        if is_stored && (may_pass || is_resumed) {
            let resume =
                format!("the results are stored; to continue: client.uploads.resume(\"{id}\")");
            return Err(failure.with("upload_id", &*id).also_hint(&resume));
        }
        journal.discard();
        Err(failure)
    }
}

fn with_warnings(report: &Report, warnings: &[Value]) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    if let Value::Object(members) = &mut value {
        members.insert("warnings".to_owned(), warnings.into());
    }
    value
}

/// Deletes old, finished uploads. An error with old ones does not affect a new one.
fn prune(spool: &Spool) {
    let mut retention = Retention::default();
    retention.unfinished_age_max = Duration::MAX;
    let _ = spool.prune_if_due(&retention, jiff::Timestamp::now());
}

/// What is uploaded, as the Python part passes it.
pub(crate) fn input(
    py: Python<'_>,
    source: &Bound<'_, PyDict>,
    options: &Options,
) -> PyResult<Input> {
    let get = |name: &str| source.get_item(name);
    if let Some(files) = get("files")? {
        return Ok(Input::Files(files.extract()?));
    }
    if let Some(payload) = get("payload")? {
        let payload: Vec<u8> = payload.extract()?;
        return here(|| runs(&payload)).map_err(|failure| failure.into_exception(py));
    }
    let required = |name: &str| {
        let missing = || Failure::internal(format!("`{name}` is missing")).into_exception(py);
        get(name)?.ok_or_else(missing)
    };
    let given = |name: &str| Ok::<_, PyErr>(get(name)?.filter(|value| !value.is_none()));
    let exported = match (given("frame")?, given("export")?, given("frames")?) {
        (Some(frame), ..) => Exported::Whole(frame.cast_into::<Frame>()?.unbind()),
        (None, Some(export), _) => Exported::InParts(export.unbind()),
        (None, None, Some(frames)) => Exported::Computed(frames.unbind()),
        (None, None, None) => Exported::None,
    };
    Ok(Input::Table(Box::new(Table {
        name: required("name")?.extract()?,
        header: required("header")?.extract()?,
        rows: required("rows")?.extract()?,
        exported,
        fetch: required("fetch")?.unbind(),
        label: given("label")?.map(Bound::unbind),
        is_time_zone_given: options.has_time_zone(),
        is_duration_unit_given: options.has_duration_unit(),
    })))
}

/// The results in a payload.
fn runs(payload: &[u8]) -> Result<Input, Failure> {
    let payload = read_payload_with(payload, Schema::OfficialOrEvidence);
    let payload = payload.map_err(|error| Failure::new("InputError", error.to_string()))?;
    match payload.runs {
        PayloadRuns::Tests(runs) => Ok(Input::Runs(runs)),
        PayloadRuns::Gherkin(_) => Err(Failure::new(
            "InputError",
            "results of Gherkin features cannot be uploaded this way",
        )),
    }
}

/// Uploads results. `source` has `files`, or `payload`, or `name`, `header`, `rows`, `fetch` and `label` of a table.
#[pyfunction]
#[pyo3(signature = (client, source, options, spool))]
pub(crate) fn upload(
    py: Python<'_>,
    client: &Client,
    source: &Bound<'_, PyDict>,
    options: &Bound<'_, PyDict>,
    spool: Option<PathBuf>,
) -> PyResult<Task> {
    let options: Options = serde_json::from_value(json::from_python(options)?)
        .map_err(|error| Failure::internal(error.to_string()).into_exception(py))?;
    // What is wrong with the options is found before anything is read.
    let checked = here(|| options.settings().and(options.target_spec()).map(drop));
    checked.map_err(|failure| failure.into_exception(py))?;
    let is_stored = spool.is_some();
    let upload = Upload {
        client: client.get(py)?,
        input: input(py, source, &options)?,
        options,
        spool: spool_at(spool),
    };
    Ok(Task::of(Job {
        start: Box::new(move |context| {
            async move {
                let report = upload.run(context).await?;
                Ok(output(move |py| json::to_python(py, &report)))
            }
            .boxed()
        }),
        is_graceful: true,
        is_stored,
    }))
}

/// Continues an upload.
#[pyfunction]
#[pyo3(signature = (client, id, spool, wait, resend_missing=false))]
pub(crate) fn resume(
    py: Python<'_>,
    client: &Client,
    id: &str,
    spool: Option<PathBuf>,
    wait: f64,
    resend_missing: bool,
) -> PyResult<Task> {
    let client = client.get(py)?;
    let id = upload_id(py, id)?;
    let spool = spool_at(spool);
    let mut settings = UploadSettings::default();
    settings.ingestion_wait_max = Duration::try_from_secs_f64(wait).unwrap_or_default();
    Ok(Task::of(Job {
        start: Box::new(move |context| {
            async move {
                let journal = tokio::task::spawn_blocking(move || spool.open(&id));
                let journal = journal.await.map_err(|_| cancelled())??;
                let planned = Planned {
                    client,
                    journal,
                    settings,
                    is_stored: true,
                    is_resumed: true,
                    resend_missing,
                };
                let report = with_warnings(&planned.deliver(&context).await?, &[]);
                Ok(output(move |py| json::to_python(py, &report)))
            }
            .boxed()
        }),
        is_graceful: true,
        is_stored: true,
    }))
}
fn upload_id(py: Python<'_>, id: &str) -> PyResult<UploadId> {
    id.parse().map_err(|error: octane_client::InvalidUploadId| {
        Failure::new("InputError", error.to_string()).into_exception(py)
    })
}

/// The uploads stored in a folder, the newest first.
#[pyfunction]
#[pyo3(signature = (spool))]
pub(crate) fn list_uploads(spool: Option<PathBuf>) -> Task {
    Task::json(async move {
        let listing = tokio::task::spawn_blocking(move || spool_at(spool).list());
        let uploads = listing.await.map_err(|_| cancelled())??;
        Ok(serde_json::to_value(uploads).unwrap_or_default())
    })
}

/// How far an upload is, with its problems.
#[pyfunction]
#[pyo3(signature = (id, spool))]
pub(crate) fn get_upload(py: Python<'_>, id: &str, spool: Option<PathBuf>) -> PyResult<Task> {
    let id = upload_id(py, id)?;
    Ok(Task::json(async move {
        let looking = tokio::task::spawn_blocking(move || {
            let spool = spool_at(spool);
            let summary = spool.summary(&id)?;
            let problems = spool.problems(&id)?;
            Ok::<_, Failure>(json!({ "summary": summary, "problems": problems }))
        });
        looking.await.map_err(|_| cancelled())?
    }))
}

/// Deletes a stored upload.
#[pyfunction]
#[pyo3(signature = (id, spool))]
pub(crate) fn delete_upload(py: Python<'_>, id: &str, spool: Option<PathBuf>) -> PyResult<Task> {
    let id = upload_id(py, id)?;
    Ok(Task::json(async move {
        let deleting = tokio::task::spawn_blocking(move || spool_at(spool).remove(&id));
        deleting.await.map_err(|_| cancelled())??;
        Ok(Value::Null)
    }))
}

/// Which columns of a table are read: their indexes, and the names of their fields; those that may contradict the status have none.
#[pyfunction]
pub(crate) fn used_columns(
    py: Python<'_>,
    name: &str,
    header: &Bound<'_, PyList>,
    options: &Bound<'_, PyDict>,
) -> PyResult<Vec<(usize, String)>> {
    let header: Vec<String> = header.extract()?;
    let options: Options = serde_json::from_value(json::from_python(options)?)
        .map_err(|error| Failure::internal(error.to_string()).into_exception(py))?;
    let typed = here(|| {
        let reading = options.reading(&header)?;
        TypedTable::new(name, &header, &reading.options).map_err(|error| Failure::table(&error))
    });
    let typed = typed.map_err(|failure| failure.into_exception(py))?;
    let fields: Vec<_> = typed.columns().collect();
    let named = typed.indexes().map(|index| {
        let field = fields.iter().find(|(own, _)| *own == index);
        let field = field.map_or("", |(_, field)| field.as_str());
        (index, field.to_owned())
    });
    Ok(named.collect())
}
