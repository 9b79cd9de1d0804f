//! The native part of the Python package `octane-client`: the module `octane_client._core`.
//!
//! It is private. What people use are the Python files next to it, which have the types and the documentation; this module
//! holds what they cannot do themselves. Each operation is a `task::Task`, which can be waited for (`wait`) or handed to an
//! event loop (`start`).
//!
//! - `runtime` runs tasks; a forked process gets a runtime of its own.
//! - `wait` blocks the calling thread and looks for signals.
//! - `gate` keeps our threads out of an interpreter that ends.
//! - `error` makes Python exceptions of Rust errors.

mod cell;
mod client;
mod credentials;
mod entity;
mod error;
mod event;
mod frame;
mod gate;
mod input;
mod job;
mod json;
mod log;
mod options;
mod process;
mod render;
mod runtime;
mod sandbox;
mod table;
mod task;
mod upload;
mod wait;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::client::{Client, names_workspace};
    #[pymodule_export]
    use crate::frame::Frame;
    #[pymodule_export]
    use crate::log::{set_log_level, start_log};
    #[pymodule_export]
    use crate::process::{after_fork_in_child, after_fork_in_parent, before_fork, close};
    #[pymodule_export]
    use crate::render::render;
    #[pymodule_export]
    use crate::sandbox::Sandbox;
    #[pymodule_export]
    use crate::task::{Task, panic_on_purpose};
    #[pymodule_export]
    use crate::upload::{delete_upload, get_upload, list_uploads, resume, upload, used_columns};

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::job::keep_panics();
        module.add("version", env!("CARGO_PKG_VERSION"))?;
        let py = module.py();
        let close = module.getattr("close")?;
        py.import("atexit")?.call_method1("register", (close,))?;
        let os = py.import("os")?;
        if os.hasattr("register_at_fork")? {
            let hooks = [
                ("before", module.getattr("before_fork")?),
                ("after_in_parent", module.getattr("after_fork_in_parent")?),
                ("after_in_child", module.getattr("after_fork_in_child")?),
            ];
            let keywords = pyo3::types::IntoPyDict::into_py_dict(hooks, py)?;
            os.call_method("register_at_fork", (), Some(&keywords))?;
        }
        Ok(())
    }
}
