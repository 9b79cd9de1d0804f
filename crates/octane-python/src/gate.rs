//! Keeps threads of ours out of an interpreter that ends.
//!
//! Attaching to an interpreter that is being finalised hangs or crashes. So all threads that are not Python's attach through
//! [`attach`], which counts who is inside. At exit the gate is closed, and those inside are waited for.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

static IS_CLOSED: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// How long the exit of the interpreter waits for threads inside.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(2);

struct Inside;

impl Inside {
    fn enter() -> Option<Self> {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        // Made first, so that it is counted down again whatever follows.
        let inside = Self;
        (!IS_CLOSED.load(Ordering::SeqCst)).then_some(inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs `work` attached to the interpreter; `None` if the interpreter ends.
pub(crate) fn attach<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    let _inside = Inside::enter()?;
    Python::try_attach(work)
}

/// Whether the interpreter ends.
pub(crate) fn is_closed() -> bool {
    IS_CLOSED.load(Ordering::SeqCst)
}

/// Lets no thread of ours in any more, and waits for those inside.
pub(crate) fn close(py: Python<'_>) {
    IS_CLOSED.store(true, Ordering::SeqCst);
    py.detach(|| {
        let start = Instant::now();
        while INSIDE.load(Ordering::SeqCst) > 0 && start.elapsed() < CLOSING_TIME_MAX {
            thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Forgets the threads of the parent process.
pub(crate) fn reset() {
    INSIDE.store(0, Ordering::SeqCst);
    IS_CLOSED.store(false, Ordering::SeqCst);
}
