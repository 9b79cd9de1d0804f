//! Earlier results of runs, which are deleted with their runs.
//!
//! They refer to runs and tests by plain numbers, without a foreign key: it would be looked up for each result of a payload. Runs are
//! deleted alone, and with what they belong to, such as their test; a trigger notices both.

use rusqlite::Connection;

use super::schema_object::Object;

/// Creates what is missing, and deletes what earlier versions left.
pub(super) fn create_missing(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM previous_runs WHERE run_id NOT IN (SELECT id FROM runs);";
    connection.execute_batch(&format!("{sql}{}", trigger().replacing()))
}

pub(super) fn trigger() -> Object {
    let deleted = "AFTER DELETE ON runs BEGIN DELETE FROM previous_runs WHERE run_id = OLD.id; END";
    Object::trigger("results_deleted", "runs", deleted)
}
