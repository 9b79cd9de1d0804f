//! Stores of both engines, by one contract.

mod agents;
mod contract;
mod door;
mod folder;
mod octane_door;
mod oidc;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod shards;
mod sqlite;
mod tls;
mod worker;
