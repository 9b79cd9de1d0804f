//! Suite runs whose status has to be derived again because runs have left them.
//!
//! Runs are moved, deleted, and deleted with what they belong to, such as their test. Triggers notice all of these. Ingestion does
//! neither, and pays nothing for it.

use rusqlite::Connection;

use super::schema_object::Object;
use super::writer::Writer;
use crate::error::ApiError;

const TABLE: &str = "(
        suite_run INTEGER PRIMARY KEY,
        -- When the earliest run started that was moved into it.
        started INTEGER
    )";

/// Creates what is missing.
pub(super) fn create_missing(connection: &Connection) -> rusqlite::Result<()> {
    let sql: String = objects().iter().map(Object::unless_exists).collect();
    connection.execute_batch(&sql)
}

pub(super) fn objects() -> [Object; 3] {
    let note = |row: &str, started: &str| {
        format!(
            "INSERT INTO stale_suite_runs SELECT {row}.parent_suite, {started} WHERE {row}.parent_suite IS NOT NULL
             ON CONFLICT DO UPDATE SET started = COALESCE(MIN(started, excluded.started), started, excluded.started);"
        )
    };
    let left = note("OLD", "NULL");
    let deleted = format!("AFTER DELETE ON runs BEGIN {left} END");
    let moved = format!(
        "AFTER UPDATE OF parent_suite ON runs WHEN OLD.parent_suite IS NOT NEW.parent_suite
         BEGIN {left} {} END",
        note("NEW", "NEW.started")
    );
    [
        Object::table("stale_suite_runs", TABLE),
        Object::trigger("run_left_by_deletion", "runs", &deleted),
        Object::trigger("run_left_by_move", "runs", &moved),
    ]
}

impl Writer<'_> {
    /// Derives the status of the suite runs that runs have left or joined.
    pub(super) fn refresh_stale_suite_runs(self) -> Result<(), ApiError> {
        let stale: Vec<(i64, Option<i64>)> = self
            .connection
            .prepare_cached("DELETE FROM stale_suite_runs RETURNING suite_run, started")?
            .query_map([], |row| row.try_into())?
            .collect::<Result<_, _>>()?;
        for (suite_run, started) in stale {
            self.refresh_suite_run(suite_run, started)?;
        }
        Ok(())
    }
}
