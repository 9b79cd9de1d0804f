//! Results that share a run with others of the upload.

use octane_results::Position;
use rusqlite::Connection;

use super::position::position;
use super::problem::add_problem;
use super::row_table::ensure_index_of_keys;
use crate::flaky_message::flaky_message;
use crate::report::{Counts, ReportedProblem};

/// Finds out which results share a run: counts them, names those that another status replaces, and makes batches
/// that repeat a test of an earlier one wait for it.
pub(super) fn find(connection: &Connection, counts: &mut Counts) -> rusqlite::Result<()> {
    ensure_index_of_keys(connection)?;
    connection.execute_batch(
        "CREATE TEMP TABLE repeated AS
             SELECT key, COUNT(*) AS results, MIN(number) AS first, MAX(number) AS last FROM rows
             GROUP BY key HAVING COUNT(*) > 1;
         UPDATE batches SET after_previous = 1 WHERE number IN (
             SELECT later.batch FROM temp.repeated JOIN rows later ON later.key = repeated.key
             JOIN rows earlier ON earlier.number = repeated.first AND earlier.batch < later.batch);",
    )?;
    counts.repeats += connection.query_row(
        "SELECT COALESCE(SUM(results - 1), 0) FROM temp.repeated",
        [],
        |row| row.get::<_, usize>(0),
    )?;
    name_flaky(connection, counts)?;
    connection.execute_batch("DROP TABLE temp.repeated")
}

/// Names the runs whose results have different statuses.
fn name_flaky(connection: &Connection, counts: &mut Counts) -> rusqlite::Result<()> {
    let mut flaky = connection.prepare(
        "SELECT last.test, last.status, repeated.results,
             SUM(r.status = 'Failed'), GROUP_CONCAT(DISTINCT lower(r.status)),
             MIN(CASE WHEN r.status <> last.status THEN r.number END)
         FROM temp.repeated JOIN rows last ON last.number = repeated.last
         JOIN rows r ON r.key = repeated.key
         GROUP BY repeated.key HAVING COUNT(DISTINCT r.status) > 1 ORDER BY repeated.first",
    )?;
    let mut place = connection.prepare(
        "SELECT f.name, r.line, r.column FROM rows r LEFT JOIN files f ON f.id = r.file
         WHERE r.number = ?",
    )?;
    let mut rows = flaky.query([])?;
    while let Some(row) = rows.next()? {
        let test: String = row.get(0)?;
        let replaced: i64 = row.get(5)?;
        let place: Option<Position> = place.query_row([replaced], |row| position(row, 0))?;
        let (statuses, shown): (String, String) = (row.get(4)?, row.get(1)?);
        let message = flaky_message(row.get(2)?, row.get(3)?, &statuses, &shown);
        let problem = ReportedProblem::new("flaky", message)
            .of_test(&test)
            .at(place);
        add_problem(connection, "plan", &problem)?;
        counts.flaky += 1;
    }
    Ok(())
}
