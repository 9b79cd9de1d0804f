//! Operations that have not started.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use octane_client::CancellationToken;
use pyo3::prelude::*;
use serde_json::Value;

use crate::error::Failure;

/// Makes the Python object of a result, once a thread is attached.
pub(crate) type Output =
    Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>> + Send>;

/// `make` as an output.
pub(crate) fn output(
    make: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>> + Send + 'static,
) -> Output {
    Box::new(make)
}

/// How an operation ended.
pub(crate) type Outcome = Result<Output, Failure>;

/// What an operation may use while it runs.
#[derive(Clone)]
pub(crate) struct Context {
    /// Reports what happens.
    pub(crate) report: Arc<dyn Fn(Value) + Send + Sync>,
    /// Asks the operation to end early and in good order.
    pub(crate) cancellation: CancellationToken,
}

/// An operation that has not started.
pub(crate) struct Job {
    pub(crate) start: Box<dyn FnOnce(Context) -> BoxFuture<'static, Outcome> + Send>,
    /// Whether it ends by itself soon after a cancellation; otherwise it is dropped.
    pub(crate) is_graceful: bool,
    /// Whether what it has not done can be continued later.
    pub(crate) is_stored: bool,
}

thread_local! {
    /// What the last panic on this thread has said, and where.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics silent: they become errors, and a library prints nothing.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        PANIC.with_borrow_mut(|last| *last = Some(text));
    }));
}

/// Runs a job; a panic becomes an error.
pub(crate) async fn run(job: Job, context: Context) -> Outcome {
    let future = AssertUnwindSafe(async move { (job.start)(context).await });
    let outcome = future.catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(panicked()))
}

/// Runs what the calling thread does itself; a panic becomes an error.
pub(crate) fn here<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let result = std::panic::catch_unwind(AssertUnwindSafe(work));
    result.unwrap_or_else(|_| Err(panicked()))
}

/// The last panic on this thread.
fn panicked() -> Failure {
    let panic = PANIC.with_borrow_mut(Option::take);
    let panic = panic.unwrap_or_else(|| "a panic".to_owned());
    Failure::internal(panic.replace('\n', " "))
}
