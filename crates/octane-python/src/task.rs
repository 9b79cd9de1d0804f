//! Operations that can be waited for or handed to an event loop.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use octane_client::CancellationToken;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde_json::Value;
use tokio::task::AbortHandle;

use crate::error::Failure;
use crate::job::{Context, Job, Outcome, here, output, run};
use crate::{gate, json, runtime, wait};

/// An operation: `wait` for it in this thread, or `start` it for an event loop. Once.
#[pyclass(frozen, module = "octane_client._core")]
pub(crate) struct Task {
    job: Mutex<Option<Job>>,
    running: Mutex<Option<(AbortHandle, CancellationToken)>>,
}

impl Task {
    /// A task for a future that makes JSON.
    pub(crate) fn json<F>(future: F) -> Self
    where
        F: Future<Output = Result<Value, Failure>> + Send + 'static,
    {
        Self::new(async move {
            let value = future.await?;
            Ok(output(move |py| json::to_python(py, &value)))
        })
    }

    pub(crate) fn new<F>(future: F) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self::of(Job {
            start: Box::new(|_| future.boxed()),
            is_graceful: false,
            is_stored: false,
        })
    }

    pub(crate) fn of(job: Job) -> Self {
        Self {
            job: Mutex::new(Some(job)),
            running: Mutex::new(None),
        }
    }

    fn take(&self) -> PyResult<Job> {
        let mut job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        let job = job.take();
        job.ok_or_else(|| PyRuntimeError::new_err("this task has been started before"))
    }
}

#[pymethods]
impl Task {
    /// Blocks until it is done, and returns its result. Signals are handled while it waits. `on_event` is called in this thread.
    #[pyo3(signature = (on_event=None))]
    fn wait<'py>(
        &self,
        py: Python<'py>,
        on_event: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        wait::wait(py, self.take()?, on_event)
    }

    /// Starts it. `call_soon` schedules calls in an event loop: `settle(result, error)` once it is done, and
    /// `on_event(event)`.
    fn start(
        &self,
        py: Python<'_>,
        call_soon: Py<PyAny>,
        settle: Py<PyAny>,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let job = self.take()?;
        let call_soon = Arc::new(call_soon);
        let report: Arc<dyn Fn(Value) + Send + Sync> = match on_event {
            None => Arc::new(|_| {}),
            Some(on_event) => {
                let call_soon = Arc::clone(&call_soon);
                Arc::new(move |event| {
                    gate::attach(|py| {
                        let event = json::to_python(py, &event)?;
                        // It fails if the loop is closed; then no one listens.
                        call_soon.call1(py, (on_event.clone_ref(py), event))
                    });
                })
            }
        };
        let context = Context {
            report,
            cancellation: CancellationToken::new(),
        };
        let cancellation = context.cancellation.clone();
        let runtime = runtime::runtime().map_err(|failure| failure.into_exception(py))?;
        let handle = runtime.spawn(async move {
            let outcome = run(job, context).await;
            gate::attach(|py| {
                let made = match outcome {
                    Ok(output) => output(py),
                    Err(failure) => Err(failure.into_exception(py)),
                };
                let (result, error) = match made {
                    Ok(result) => (result.unbind(), None),
                    Err(error) => (py.None(), Some(error.into_value(py))),
                };
                call_soon.call1(py, (settle, result, error))
            });
        });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running = Some((handle.abort_handle(), cancellation));
        Ok(())
    }

    /// Drops it if it was started.
    fn cancel(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((handle, cancellation)) = running.take() {
            // Dropping it does not end what it does on other threads, such as reading.
            cancellation.cancel();
            handle.abort();
        }
    }
}

/// Panics, for a test of what becomes of it: in the calling thread (`is_here`), or in the task that it returns.
#[pyfunction]
#[expect(clippy::panic, reason = "that is its purpose")]
pub(crate) fn panic_on_purpose(py: Python<'_>, is_here: bool) -> PyResult<Task> {
    if is_here {
        return here(|| panic!("on purpose")).map_err(|failure| failure.into_exception(py));
    }
    Ok(Task::json(async { panic!("on purpose") }))
}
