//! What the web pages show.
//!
//! A suite run may have a million runs, so a page must find its rows through indexes. In tests every
//! statement of a page is explained first, and one that scans a table of entities is refused.

mod counts;
mod matrix;
mod proof;
mod run_filter;
mod run_line;
mod status;
mod suites;
mod test_history;

use rusqlite::CachedStatement;

use super::read::Reader;
use super::value::like;
use crate::error::ApiError;

pub(crate) use counts::Counts;
pub(crate) use matrix::{Cell, Coverage, Matrix, MatrixFilter, MatrixRow};
pub(crate) use proof::{Story, StoryDetails};
pub(crate) use run_filter::{MATCHES_MAX, Matching, RunFilter};
pub(crate) use run_line::RunLine;
pub(crate) use status::{NativeStatus, Statuses};
pub(crate) use suites::{SuiteLine, SuiteRunLine};
pub(crate) use test_history::{HistoryLine, TestDetails};

impl<'a> Reader<'a> {
    /// A statement of a page.
    fn page_statement(self, sql: &str) -> Result<CachedStatement<'a>, ApiError> {
        #[cfg(test)]
        explain::refuse_scans(self.connection, sql);
        Ok(self.connection.prepare_cached(sql)?)
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// The pattern of `LIKE … ESCAPE '\'` for text that holds `text` somewhere.
fn somewhere(text: &str) -> String {
    like(&[String::new(), text.to_owned(), String::new()])
}

fn id_list(ids: &[i64]) -> String {
    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}

#[cfg(test)]
mod explain {
    use rusqlite::Connection;

    /// Panics if SQLite would walk through a whole table for this statement.
    pub(super) fn refuse_scans(connection: &Connection, sql: &str) {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            // Lists of ids that a request brings, and rows that an inner select has found already.
            let small = [
                "json_each",
                "CONSTANT",
                "wanted",
                "shown",
                "found",
                "linked",
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
    fn a_statement_that_scans_the_runs_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE runs (id INTEGER PRIMARY KEY, name TEXT)")
            .unwrap();
        refuse_scans(&connection, "SELECT id FROM runs WHERE name = ?");
    }
}
