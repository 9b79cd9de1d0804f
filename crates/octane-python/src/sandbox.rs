//! A sandbox that runs in this process.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use octane_sandbox::{Expiry, Fault, Running, Settings};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Failure;
use crate::job::output;
use crate::json;
use crate::task::Task;

/// A running sandbox.
#[pyclass(frozen, module = "octane_client._core")]
pub(crate) struct Sandbox {
    /// The process that has started it: it does not run in a forked one.
    process: u32,
    url: String,
    client_id: String,
    client_secret: String,
    sandbox: octane_sandbox::Sandbox,
    running: Mutex<Option<Running>>,
}

fn parsed<T: DeserializeOwned>(object: &Bound<'_, PyDict>, what: &str) -> PyResult<T> {
    let value = json::from_python(object)?;
    serde_json::from_value(value).map_err(|error| {
        let message = format!("invalid {what}: {error}");
        Failure::new("ConfigError", message).into_exception(object.py())
    })
}

impl Drop for Sandbox {
    /// Forgets the sandbox of a parent process: it runs on threads that do not exist here.
    fn drop(&mut self) {
        if self.process != std::process::id() {
            let running = self.running.get_mut();
            std::mem::forget(running.unwrap_or_else(PoisonError::into_inner).take());
            // What all its clones share is dropped with the last one.
            std::mem::forget(self.sandbox.clone());
        }
    }
}

#[pymethods]
impl Sandbox {
    /// Starts one; `settings` has the members of a settings file.
    #[staticmethod]
    fn start(settings: &Bound<'_, PyDict>) -> PyResult<Task> {
        let settings: Settings = parsed(settings, "sandbox settings")?;
        Ok(Task::new(async move {
            let running = octane_sandbox::Sandbox::start_with(settings).await?;
            let sandbox = Self {
                process: std::process::id(),
                url: running.url(),
                client_id: running.client_id().to_owned(),
                client_secret: running.client_secret().to_owned(),
                sandbox: running.sandbox().clone(),
                running: Mutex::new(Some(running)),
            };
            Ok(output(move |py| Ok(Bound::new(py, sandbox)?.into_any())))
        }))
    }

    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    #[getter]
    fn client_id(&self) -> &str {
        &self.client_id
    }

    #[getter]
    fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// Makes the next matching request fail; `fault` has the members of a fault in a settings file.
    fn fail_next(&self, fault: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = fault.py();
        let fault: Fault = parsed(fault, "fault")?;
        let added = self.sandbox.fail_next(fault);
        added.map_err(|error| Failure::from(error).into_exception(py))
    }

    fn clear_faults(&self) {
        self.sandbox.clear_faults();
    }

    /// The latest thousand requests, the oldest first.
    fn requests<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let requests = serde_json::to_value(self.sandbox.requests()).unwrap_or(Value::Null);
        json::to_python(py, &requests)
    }

    fn clear_requests(&self) {
        self.sandbox.clear_requests();
    }

    /// Ends all sessions; returns how many there were.
    fn expire_sessions(&self) -> usize {
        self.sandbox.expire_sessions(Expiry::default())
    }

    /// Moves the sandbox's clock ahead.
    fn advance(&self, seconds: f64) {
        let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        self.sandbox.clock().advance(time);
    }

    /// Restores the initial data.
    fn reset(&self) -> Task {
        let sandbox = self.sandbox.clone();
        Task::json(async move {
            sandbox.reset().await?;
            Ok(Value::Null)
        })
    }

    /// Stops it; a second call does nothing.
    fn stop(&self) -> Task {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running.take();
        let is_own = self.process == std::process::id();
        Task::json(async move {
            match running {
                Some(running) if is_own => running.shutdown().await,
                // It runs on threads of the parent.
                Some(running) => std::mem::forget(running),
                None => {}
            }
            Ok(Value::Null)
        })
    }
}
