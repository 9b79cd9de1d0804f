//! Suite runs whose status and start have to be derived again because runs have left them.
//!
//! Runs are moved, deleted, and deleted with what they belong to, such as their test. Triggers notice all of these. Ingestion does
//! neither, and pays nothing for it.

use rusqlite::Connection;

use super::schema_object::Object;
use super::writer::Writer;
use crate::error::ApiError;

const TABLE: &str = "(suite_run INTEGER PRIMARY KEY)";

/// Creates what is missing. The table is empty between writes, and its triggers belong to it.
pub(super) fn create_missing(connection: &Connection) -> rusqlite::Result<()> {
    let mut sql = String::new();
    for object in objects() {
        sql.push_str(&object.replacing());
    }
    connection.execute_batch(&sql)
}

pub(super) fn objects() -> [Object; 3] {
    let note = |row: &str| {
        format!(
            "INSERT OR IGNORE INTO stale_suite_runs SELECT {row}.parent_suite WHERE {row}.parent_suite IS NOT NULL;"
        )
    };
    let left = note("OLD");
    let deleted = format!("AFTER DELETE ON runs BEGIN {left} END");
    let moved = format!(
        "AFTER UPDATE OF parent_suite ON runs WHEN OLD.parent_suite IS NOT NEW.parent_suite
         BEGIN {left} {} END",
        note("NEW")
    );
    [
        Object::table("stale_suite_runs", TABLE),
        Object::trigger("run_left_by_deletion", "runs", &deleted),
        Object::trigger("run_left_by_move", "runs", &moved),
    ]
}

impl Writer<'_> {
    /// Derives the status and the start of the suite runs that runs have left or joined.
    pub(super) fn refresh_stale_suite_runs(self) -> Result<(), ApiError> {
        let stale: Vec<i64> = self
            .connection
            .prepare_cached("DELETE FROM stale_suite_runs RETURNING suite_run")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for suite_run in stale {
            self.connection
                .prepare_cached(
                    "UPDATE runs SET started = (SELECT MIN(r.started) FROM runs r WHERE r.parent_suite = ?1) WHERE id = ?1",
                )?
                .execute([suite_run])?;
            self.refresh_suite_run(suite_run, None)?;
        }
        Ok(())
    }
}
