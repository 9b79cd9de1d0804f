//! Statements of pages.

use rusqlite::CachedStatement;

use crate::error::ApiError;
use crate::store::read::Reader;

impl<'a> Reader<'a> {
    /// A statement of a page.
    pub(super) fn page_statement(self, sql: &str) -> Result<CachedStatement<'a>, ApiError> {
        #[cfg(test)]
        {
            explain::refuse_scans(self.connection, sql);
            COUNT.with(|count| count.set(count.get() + 1));
        }
        Ok(self.connection.prepare_cached(sql)?)
    }
}

#[cfg(test)]
thread_local! {
    static COUNT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many statements pages have prepared in this thread since the last call.
#[cfg(test)]
pub(crate) fn statement_count() -> usize {
    COUNT.with(|count| count.replace(0))
}

#[cfg(test)]
mod explain {
    use rusqlite::Connection;

    /// Panics if SQLite would scan a whole table for this statement.
    pub(super) fn refuse_scans(connection: &Connection, sql: &str) {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            // Lists of IDs in the request, and rows that an inner select has found already.
            let small = [
                "json_each",
                "CONSTANT",
                "wanted",
                "shown",
                "found",
                "linked",
                // The results of one test, and the tests of the runs on a page.
                "counted",
                "counted_test",
                "counted_history",
            ];
            let scanned = step
                .strip_prefix("SCAN ")
                .and_then(|of| of.split(' ').next());
            assert!(
                scanned.is_none_or(|of| small.contains(&of)),
                "{step}: {sql}"
            );
        }
    }

    #[test]
    #[should_panic(expected = "SCAN runs")]
    fn a_statement_that_scans_the_runs_is_rejected() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE runs (id INTEGER PRIMARY KEY, name TEXT)")
            .unwrap();
        refuse_scans(&connection, "SELECT id FROM runs WHERE name = ?");
    }
}
