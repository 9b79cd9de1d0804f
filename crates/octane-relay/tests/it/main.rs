//! Stores of both engines, by one contract.

mod agents;
mod contract;
mod door;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod worker;
