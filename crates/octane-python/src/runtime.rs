//! The runtime that tasks run on: one per process.
//!
//! A forked process has the memory of its parent but none of its threads, so it gets a runtime of its own, and the parent's is
//! neither used nor dropped there.

use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::error::Failure;

/// The process and its runtime. Locked only by threads that are attached to the interpreter, as is the one that forks: so it
/// is never locked in a forked process.
static CURRENT: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// The runtime of this process, started by the first call.
pub(crate) fn runtime() -> Result<&'static Runtime, Failure> {
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((owner, runtime)) = *current
        && owner == process
    {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("octane")
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start threads: {error}")))?;
    let runtime = &*Box::leak(Box::new(runtime));
    *current = Some((process, runtime));
    Ok(runtime)
}
