//! When the results in a file of an older version arrived, which had no column for it.
//!
//! A result without a start counts as old as its arrival. The first result of a run arrived when the run was created, and any
//! other one when the result before it was replaced.

use rusqlite::Connection;

const FIND: &str = "
    UPDATE previous_runs SET arrived = COALESCE(
        (SELECT q.creation_time FROM previous_runs q WHERE q.run_id = previous_runs.run_id AND q.id < previous_runs.id
         ORDER BY q.id DESC LIMIT 1),
        (SELECT r.creation_time FROM runs r WHERE r.id = previous_runs.run_id), creation_time);
    UPDATE runs SET arrived = (SELECT p.creation_time FROM previous_runs p WHERE p.run_id = runs.id ORDER BY p.id DESC LIMIT 1)
        WHERE id IN (SELECT run_id FROM previous_runs);";

/// Whether there may be results whose arrival is not noted.
pub(super) fn are_missing(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(connection.table_exists(None, "previous_runs")?
        && !connection.column_exists(None, "previous_runs", "arrived")?)
}

/// Notes the arrivals of all results.
pub(super) fn find(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(FIND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_arrived_when_the_one_before_it_was_replaced() {
        let connection = Connection::open_in_memory().unwrap();
        assert!(!are_missing(&connection).unwrap());
        let older = "
            CREATE TABLE runs (id INTEGER PRIMARY KEY, creation_time INTEGER);
            CREATE TABLE previous_runs (id INTEGER PRIMARY KEY, run_id INTEGER, creation_time INTEGER);
            INSERT INTO runs VALUES (1, 10), (2, 20);
            INSERT INTO previous_runs VALUES (1, 1, 30), (2, 9, 35), (3, 1, 40);";
        connection.execute_batch(older).unwrap();
        assert!(are_missing(&connection).unwrap());
        let columns = "
            ALTER TABLE runs ADD COLUMN arrived INTEGER;
            ALTER TABLE previous_runs ADD COLUMN arrived INTEGER;";
        connection.execute_batch(columns).unwrap();
        find(&connection).unwrap();
        assert!(!are_missing(&connection).unwrap());
        for (table, expected) in [("previous_runs", "10,35,30"), ("runs", "40,-")] {
            let sql = format!(
                "SELECT group_concat(COALESCE(arrived, '-')) FROM (SELECT arrived FROM {table} ORDER BY id)"
            );
            let arrived: String = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(arrived, expected, "{table}");
        }
    }
}
