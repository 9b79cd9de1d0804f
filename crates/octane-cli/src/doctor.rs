//! Looks for what stands between this machine and an upload, step by step, and writes nothing on the server.
//!
//! `observe` asks the network and the server, and `relay` a relay that results are handed over to; `verdict` and `relay_verdict` decide
//! what an observation means; `check` is the order.

pub(crate) mod check;
mod names;
pub(crate) mod observe;
mod relay;
mod relay_verdict;
mod verdict;
mod way;
