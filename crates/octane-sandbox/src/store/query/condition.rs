//! A query as SQL.

use rusqlite::types::Value as Sql;

/// The condition of a `WHERE` with the table alias `t0`. Its values are numbered from `?1`.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// What precedes the `SELECT`: `WITH …`, or nothing.
    pub(crate) with: String,
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
}
