//! Faults: what a server can do to its clients, on purpose.

mod connection_reset;
mod definition;
mod kind;
mod pattern;
mod plan;
mod rules;
mod subject;
mod task;
mod throttle;

pub use connection_reset::ConnectionReset;
pub use definition::Fault;
pub use kind::Expiry;
pub(crate) use kind::FaultKind;
pub use plan::FaultPlan;
pub(crate) use rules::Faults;
pub(crate) use subject::Subject;
pub(crate) use task::{TaskFault, TaskFaults};

#[cfg(test)]
mod tests;
