//! What happens when the interpreter ends, and after a fork.

use pyo3::prelude::*;

use crate::{gate, log};

/// Hands over the last records, then lets no thread of ours in any more; registered with `atexit`.
#[pyfunction]
pub(crate) fn close(py: Python<'_>) {
    log::flush(py);
    gate::close(py);
}

/// Waits until no other thread of ours is in the interpreter; registered with `os.register_at_fork`, as are the next two.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    gate::before_fork(py);
}

/// Lets threads of ours in again.
#[pyfunction]
pub(crate) fn after_fork_in_parent() {
    gate::after_fork_in_parent();
}

/// Forgets the threads of the parent.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    gate::after_fork_in_child();
    log::after_fork();
}
