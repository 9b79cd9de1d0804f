//! Looks for what stands between this machine and an upload, step by step, and writes nothing on the server.
//!
//! `observe` asks the network and the server; `verdict` decides what an observation means; `check` is the order.

pub(crate) mod check;
mod names;
pub(crate) mod observe;
mod verdict;
