//! The filtered runs of a suite run.

use std::collections::BTreeSet;

use rusqlite::params;

use super::counts::Counts;
use super::run_line::RunLine;
use super::status::{NativeStatus, Statuses};
use super::window::{Window, id_list, somewhere};
use crate::error::ApiError;
use crate::store::read::Reader;

/// A search stops after this many matches per status: more are never read, and it would delay other
/// requests.
pub(crate) const MATCHES_MAX: i64 = 10_000;

/// Which runs of a suite run to read.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunFilter {
    pub(crate) status: Option<NativeStatus>,
    /// Text in the name, the location or the error, ignoring the case of ASCII letters.
    pub(crate) search: Option<String>,
    /// A backlog item that the run or its test is linked to.
    pub(crate) story: Option<i64>,
    /// Only these runs, whatever suite run they belong to.
    pub(crate) runs: Option<Vec<i64>>,
}

impl RunFilter {
    /// The condition that finds the runs, and the list of IDs, if there is one.
    fn driver(&self) -> (&'static str, Option<String>) {
        match &self.runs {
            Some(runs) => (LISTED, Some(id_list(runs))),
            None => (OF_SUITE_RUN, None),
        }
    }

    pub(crate) fn looks_into_runs(&self) -> bool {
        self.search.is_some() || self.story.is_some() || self.runs.is_some()
    }
}

/// The runs that match a filter.
#[derive(Debug)]
pub(crate) struct Matching {
    /// How many match, ignoring the filter's status; at most [`MATCHES_MAX`] per status are counted if the
    /// filter has to read the runs.
    pub(crate) counts: Counts,
    /// The runs in the window; those that need attention first, then by ID.
    pub(crate) runs: Vec<RunLine>,
}

/// The runs of a suite run. Parameters: suite run, status, and those of [`MATCHES`].
const OF_SUITE_RUN: &str = "r.parent_suite = ?1 AND r.native_status IS ?2 AND ?5 IS NULL";

/// Runs with these IDs. Parameters as above.
const LISTED: &str =
    "r.id IN (SELECT value FROM json_each(?5)) AND +r.native_status IS ?2 AND ?1 IS NOT NULL";

/// Parameters: pattern, story.
const MATCHES: &str =
    "(?3 IS NULL OR r.name LIKE ?3 ESCAPE '\\' OR r.class_name LIKE ?3 ESCAPE '\\'
        OR r.package LIKE ?3 ESCAPE '\\' OR r.component LIKE ?3 ESCAPE '\\'
        OR r.error_type LIKE ?3 ESCAPE '\\' OR r.error_message LIKE ?3 ESCAPE '\\'
        OR r.error_details LIKE ?3 ESCAPE '\\')
    AND (?4 IS NULL OR r.id IN (SELECT run FROM run_covered_content WHERE work_item = ?4)
        OR r.test IN (SELECT test FROM test_covered_content WHERE work_item = ?4))";

impl Reader<'_> {
    /// The matching runs of a suite run; `all` is the number of all its runs.
    pub(crate) fn matching_runs(
        self,
        suite_run: i64,
        all: &Counts,
        filter: &RunFilter,
        window: Window,
        statuses: &Statuses,
    ) -> Result<Matching, ApiError> {
        let counts = if filter.looks_into_runs() {
            self.matching_counts(suite_run, all, filter, statuses)?
        } else {
            all.clone()
        };
        let ids = self.matching_ids(suite_run, &counts, filter, window)?;
        let runs = self.run_lines(&ids, statuses)?;
        Ok(Matching { counts, runs })
    }

    fn matching_counts(
        self,
        suite_run: i64,
        all: &Counts,
        filter: &RunFilter,
        statuses: &Statuses,
    ) -> Result<Counts, ApiError> {
        let pattern = filter.search.as_deref().map(somewhere);
        let (of, runs) = filter.driver();
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM runs r WHERE {of} AND {MATCHES} LIMIT {MATCHES_MAX}) found"
        );
        let mut statement = self.page_statement(&sql)?;
        let mut pairs = Vec::new();
        let mut present: BTreeSet<Option<i64>> = all.by_row_id().map(|(id, ..)| id).collect();
        if runs.is_some() {
            present.extend(statuses.row_ids().map(Some));
        }
        for row_id in present {
            let values = params![suite_run, row_id, pattern, filter.story, runs];
            let count: i64 = statement.query_row(values, |row| row.get(0))?;
            pairs.push((row_id, false, count));
        }
        Ok(Counts::new(statuses, pairs))
    }

    /// Goes from status to status; the counts show which ones the window skips entirely.
    fn matching_ids(
        self,
        suite_run: i64,
        counts: &Counts,
        filter: &RunFilter,
        window: Window,
    ) -> Result<Vec<i64>, ApiError> {
        let pattern = filter.search.as_deref().map(somewhere);
        let (of, runs) = filter.driver();
        // If the runs need not be read, the index is sufficient.
        let matches = if filter.looks_into_runs() {
            MATCHES
        } else {
            "?3 IS NULL AND ?4 IS NULL"
        };
        let sql = format!(
            "SELECT r.id FROM runs r WHERE {of} AND {matches} ORDER BY r.id LIMIT ?6 + 0 OFFSET ?7 + 0"
        );
        let mut statement = self.page_statement(&sql)?;
        let Window { limit, mut offset } = window;
        let mut ids: Vec<i64> = Vec::new();
        for (row_id, status, count) in counts.by_row_id() {
            if filter.status.is_some() && filter.status != status || count == 0 {
                continue;
            }
            if offset >= count {
                offset -= count;
                continue;
            }
            let missing = limit - i64::try_from(ids.len()).unwrap_or(limit);
            if missing <= 0 {
                break;
            }
            let part = missing.min(count - offset);
            let values = params![suite_run, row_id, pattern, filter.story, runs, part, offset];
            for id in statement.query_map(values, |row| row.get(0))? {
                ids.push(id?);
            }
            offset = 0;
        }
        Ok(ids)
    }
}
