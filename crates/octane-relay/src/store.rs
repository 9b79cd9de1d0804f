//! Where uploads are stored until they are delivered: one trait, and an engine for one relay (SQLite) and for several (PostgreSQL).
//!
//! Whatever a function of the trait has done is committed when it returns. What a relay does to an upload carries the fencing number of its
//! lease of the lane: the number grows with each lease, and the number of an earlier one changes nothing.

#[macro_use]
mod implement;
mod interface;
mod operations;
#[cfg(feature = "postgres")]
mod postgres;
mod set_back;
mod sql;
mod sqlite;
mod transaction;

pub use interface::{
    ArrivedShard, End, Job, LaneCount, Lease, NewUpload, Overview, Put, Status, Store, StoreError,
};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;
