//! Keeps threads of ours out of an interpreter that ends, or that is being copied to a new process.
//!
//! Attaching to an interpreter that is being finalised hangs or crashes. A thread that attaches while another one forks may hold
//! a lock of the interpreter (in Python up to 3.11 that of the list of threads) or of a handler of `logging`, which no thread
//! unlocks in the new process. So all threads that are not Python's attach through [`attach`], which counts who is inside.
//!
//! | event | threads outside | threads inside |
//! | --- | --- | --- |
//! | exit | never enter any more | waited for, [`CLOSING_TIME_MAX`] at most |
//! | fork | enter after it | waited for, [`FORKING_TIME_MAX`] at most |

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

static IS_CLOSED: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// How many threads fork now.
static FORKS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// How often this thread is inside.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// How long the exit of the interpreter waits for threads inside.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(2);
/// How long a fork waits for threads inside.
const FORKING_TIME_MAX: Duration = Duration::from_secs(1);
/// How often to look.
const INTERVAL: Duration = Duration::from_millis(1);

struct Inside;

impl Inside {
    fn enter() -> Option<Self> {
        loop {
            INSIDE.fetch_add(1, Ordering::SeqCst);
            let depth = DEPTH.get();
            DEPTH.set(depth + 1);
            // Made first, so that it is counted down again whatever follows.
            let inside = Self;
            if IS_CLOSED.load(Ordering::SeqCst) {
                return None;
            }
            // The thread that forks would wait for this one if it is inside already.
            if depth > 0 || FORKS.load(Ordering::SeqCst) == 0 {
                return Some(inside);
            }
            drop(inside);
            thread::sleep(INTERVAL);
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
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
    wait_for_others(py, CLOSING_TIME_MAX);
}

/// Lets no other thread of ours in until [`after_fork_in_parent`], and waits for those inside.
pub(crate) fn before_fork(py: Python<'_>) {
    FORKS.fetch_add(1, Ordering::SeqCst);
    wait_for_others(py, FORKING_TIME_MAX);
}

/// Lets threads in again.
pub(crate) fn after_fork_in_parent() {
    FORKS.fetch_sub(1, Ordering::SeqCst);
}

/// Forgets the threads of the parent process.
pub(crate) fn after_fork_in_child() {
    INSIDE.store(DEPTH.get(), Ordering::SeqCst);
    IS_CLOSED.store(false, Ordering::SeqCst);
    FORKS.store(0, Ordering::SeqCst);
}

fn wait_for_others(py: Python<'_>, time_max: Duration) {
    let own = DEPTH.get();
    if INSIDE.load(Ordering::SeqCst) <= own {
        return;
    }
    py.detach(|| {
        let start = Instant::now();
        while INSIDE.load(Ordering::SeqCst) > own && start.elapsed() < time_max {
            thread::sleep(INTERVAL);
        }
    });
}
