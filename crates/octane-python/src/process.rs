//! What happens when the interpreter ends, and after a fork.

use pyo3::prelude::*;

use crate::{gate, log};

/// Hands over the last records, then lets no thread of ours in any more; registered with `atexit`.
#[pyfunction]
pub(crate) fn close(py: Python<'_>) {
    log::flush(py);
    gate::close(py);
}

/// Forgets the threads of the parent; registered with `os.register_at_fork`.
#[pyfunction]
pub(crate) fn after_fork() {
    gate::reset();
    log::after_fork();
}
