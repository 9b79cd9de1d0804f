//! Blocks a thread until an operation is done, and looks for signals while it does.
//!
//! | thread | what ends the wait early |
//! | --- | --- |
//! | main | a signal whose handler raises, such as Ctrl-C |
//! | any other | the main thread has ended |
//!
//! An operation that ends in good order is asked to, and gets [`GRACE`]; any other is dropped, and so is that one at the second
//! signal.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use octane_client::CancellationToken;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::Value;
use tokio::task::AbortHandle;

use crate::error::Failure;
use crate::job::{Context, Job, Outcome, run};
use crate::{json, runtime};

/// How often to look.
const INTERVAL: Duration = Duration::from_millis(50);
/// A little more than an upload needs to end after a cancellation.
const GRACE: Duration = Duration::from_millis(3500);

enum Message {
    Event(Value),
    Done(Outcome),
}

/// Runs `job` and waits for it.
pub(crate) fn wait<'py>(
    py: Python<'py>,
    job: Job,
    on_event: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let runtime = runtime::runtime().map_err(|failure| failure.into_exception(py))?;
    let (tx, rx) = channel();
    let (is_graceful, is_stored) = (job.is_graceful, job.is_stored);
    let events = tx.clone();
    let context = Context {
        // The receiver may be gone.
        report: Arc::new(move |event| drop(events.send(Message::Event(event)))),
        cancellation: CancellationToken::new(),
    };
    let cancellation = context.cancellation.clone();
    let handle = runtime.spawn(async move {
        let outcome = run(job, context).await;
        let _ = tx.send(Message::Done(outcome));
    });
    let mut waiting = Waiting {
        rx,
        handle: handle.abort_handle(),
        cancellation,
        is_graceful,
        is_stored,
        raised: None,
        upload: None,
    };
    waiting.until_done(py, on_event)
}

struct Waiting {
    rx: Receiver<Message>,
    handle: AbortHandle,
    cancellation: CancellationToken,
    is_graceful: bool,
    is_stored: bool,
    /// What has ended the wait, and since when.
    raised: Option<(PyErr, Instant)>,
    /// The upload, once it is known.
    upload: Option<String>,
}

impl Waiting {
    fn until_done<'py>(
        &mut self,
        py: Python<'py>,
        on_event: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        loop {
            let rx = &mut self.rx;
            let message = py.detach(move || rx.recv_timeout(INTERVAL));
            match message {
                Ok(Message::Done(outcome)) => {
                    if let Some((error, _)) = self.raised.take() {
                        return Err(self.with_note(py, error));
                    }
                    return match outcome {
                        Ok(output) => output(py),
                        Err(failure) => Err(failure.into_exception(py)),
                    };
                }
                Ok(Message::Event(event)) => self.tell(py, &event, on_event)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::internal("the task has vanished").into_exception(py));
                }
            }
            if let Err(error) = look(py) {
                self.end(py, error)?;
            }
            if let Some((error, since)) = &self.raised
                && since.elapsed() > GRACE
            {
                let error = error.clone_ref(py);
                self.handle.abort();
                return Err(self.with_note(py, error));
            }
        }
    }

    fn tell<'py>(
        &mut self,
        py: Python<'py>,
        event: &Value,
        on_event: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        if let Some(upload) = event.get("upload_id").and_then(Value::as_str) {
            self.upload = Some(upload.to_owned());
        }
        let (Some(on_event), None) = (on_event, &self.raised) else {
            return Ok(());
        };
        let called = json::to_python(py, event).and_then(|event| on_event.call1((event,)));
        match called {
            Ok(_) => Ok(()),
            Err(error) => self.end(py, error),
        }
    }

    /// Ends the operation: in good order at the first call, if it can.
    fn end(&mut self, py: Python<'_>, error: PyErr) -> PyResult<()> {
        if self.is_graceful && self.raised.is_none() {
            self.cancellation.cancel();
            self.raised = Some((error, Instant::now()));
            return Ok(());
        }
        self.handle.abort();
        Err(self.with_note(py, error))
    }

    /// The exception, which says how to continue.
    fn with_note(&self, py: Python<'_>, error: PyErr) -> PyErr {
        if let (true, Some(upload)) = (self.is_stored, &self.upload) {
            let note = format!("to continue: client.uploads.resume(\"{upload}\")");
            let value = error.value(py);
            let notes = value.getattr("__notes__");
            let notes = notes.and_then(|notes| Ok(notes.cast_into::<PyList>()?));
            let notes = notes.unwrap_or_else(|_| PyList::empty(py));
            // An exception without room for notes stays as it is.
            let _ = notes
                .append(note)
                .and_then(|()| value.setattr("__notes__", notes));
        }
        error
    }
}

/// Fails if a signal says so. Signals reach the main thread only, so in other threads it fails if Ctrl-C has ended that one; if its
/// program has ended, Python waits for the others.
fn look(py: Python<'_>) -> PyResult<()> {
    py.check_signals()?;
    let threading = py.import("threading")?;
    // Python waits for pools before the main thread counts as ended.
    let is_ending = threading.getattr("_SHUTTING_DOWN");
    let is_ending = is_ending.is_ok_and(|ending| ending.is_truthy().unwrap_or(false));
    let main = threading.call_method0("main_thread")?;
    if !is_ending && main.call_method0("is_alive")?.is_truthy()? {
        return Ok(());
    }
    let ended_by = py.import("sys")?.getattr("last_type");
    if ended_by.is_ok_and(|kind| kind.is(py.get_type::<PyKeyboardInterrupt>())) {
        return Err(Failure::new("Cancelled", "the program ends").into_exception(py));
    }
    Ok(())
}
