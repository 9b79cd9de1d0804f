//! The sandbox that is built into the program, unless it is built without the feature `sandbox`.

#[cfg(not(feature = "sandbox"))]
mod absent;
#[cfg(feature = "sandbox")]
mod built_in;

#[cfg(not(feature = "sandbox"))]
pub(crate) use absent::{LocalServer, absent, is_sandbox, real_path};
#[cfg(feature = "sandbox")]
pub(crate) use built_in::{LocalServer, data_file, failure, is_sandbox, real_path};
