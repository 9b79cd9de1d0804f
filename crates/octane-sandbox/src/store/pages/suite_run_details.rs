//! What surrounds a suite run: the ones next to it, where it was executed, and its slowest runs.

use rusqlite::{Row, params};

use super::ci_link::{CiLink, Origin, ci_links};
use super::suites::SuiteRunLine;
use crate::error::ApiError;
use crate::store::read::Reader;

/// Runs that take less are not listed as slow.
const SLOW_MS: i64 = 1_000;

/// How many of the slowest runs are listed.
const SLOWEST_MAX: i64 = 5;

/// How many runs are asked for their build and report.
const ORIGINS_READ_MAX: i64 = 5_000;

/// How many CI runs are shown.
const ORIGINS_MAX: i64 = 8;

/// ID and name of the suite runs of the same suite next to one.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    pub(crate) previous: Option<(i64, String)>,
    pub(crate) next: Option<(i64, String)>,
}

/// A run that took long.
#[derive(Debug)]
pub(crate) struct SlowRun {
    pub(crate) test: Option<i64>,
    pub(crate) name: String,
    pub(crate) duration_ms: i64,
}

impl Reader<'_> {
    /// The suite runs that started before and after one.
    pub(crate) fn neighbours(self, suite_run: &SuiteRunLine) -> Result<Neighbours, ApiError> {
        const START: &str = "COALESCE(started, creation_time)";
        let next_to = |is_before: bool, than: &str, order: &str| {
            format!(
                "SELECT * FROM (SELECT {is_before}, id, name FROM runs INDEXED BY suite_runs_by_start
                 WHERE test = ?1 AND subtype = 'run_suite' AND {START} {than}= ?3
                 AND ({START} {than} ?3 OR id {than} ?2)
                 ORDER BY {START} {order}, id {order} LIMIT 1) found"
            )
        };
        let (before, after) = (next_to(true, "<", "DESC"), next_to(false, ">", "ASC"));
        let mut statement = self.page_statement(&format!("{before} UNION ALL {after}"))?;
        let values = params![suite_run.suite.0, suite_run.id, suite_run.started];
        let mut rows = statement.query(values)?;
        let mut neighbours = Neighbours::default();
        while let Some(row) = rows.next()? {
            let place = if row.get(0)? {
                &mut neighbours.previous
            } else {
                &mut neighbours.next
            };
            *place = Some((row.get(1)?, row.get(2)?));
        }
        Ok(neighbours)
    }

    /// The runs that took longest, the longest first.
    pub(crate) fn slowest(self, suite_run: i64) -> Result<Vec<SlowRun>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "SELECT test, name, duration FROM runs INDEXED BY slow_runs
             WHERE parent_suite = ? AND duration >= {SLOW_MS} ORDER BY duration DESC LIMIT {SLOWEST_MAX}"
        ))?;
        let runs = statement.query_map([suite_run], |row| {
            Ok(SlowRun {
                test: row.get(0)?,
                name: row.get(1)?,
                duration_ms: row.get(2)?,
            })
        })?;
        Ok(runs.collect::<Result<_, _>>()?)
    }

    /// Where a suite run was executed.
    pub(crate) fn ci_links(self, suite_run: &SuiteRunLine) -> Result<Vec<CiLink>, ApiError> {
        let mut statement = self.page_statement(&format!(
            "SELECT COUNT(*), s.name, COALESCE(b.job_name, b.job_id), COALESCE(b.name, b.build_id), s.url, found.report
             FROM (SELECT build, external_report_url AS report FROM runs WHERE parent_suite = ?
                 AND (build IS NOT NULL OR external_report_url IS NOT NULL) LIMIT {ORIGINS_READ_MAX}) found
             LEFT JOIN ci_builds b ON b.id = found.build LEFT JOIN ci_servers s ON s.id = b.ci_server
             GROUP BY found.build, found.report ORDER BY 1 DESC LIMIT {ORIGINS_MAX}"
        ))?;
        let origins = statement.query_map([suite_run.id], origin)?;
        let total = suite_run.counts.total();
        Ok(ci_links(origins.collect::<Result<_, _>>()?, total))
    }
}

fn origin(row: &Row<'_>) -> rusqlite::Result<Origin> {
    let parts: [Option<String>; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
    Ok(Origin {
        runs: row.get(0)?,
        build: parts.into_iter().flatten().collect(),
        server_url: row.get(4)?,
        report_url: row.get(5)?,
    })
}
