//! The automated runs that the suite run holds.

use octane_model::{EntityId, References, TestId};

use super::schema::INDEX_OF_FOUND;
use super::{Journal, JournalError};
use crate::plan::RunKey;

/// An automated run that was found.
#[derive(Debug, Clone)]
pub(crate) struct FoundRun {
    pub(crate) id: EntityId,
    pub(crate) key: RunKey,
    /// `passed`, `failed` and so on; `?` where the server names statuses in a way that tells nothing.
    pub(crate) status: Option<String>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Milliseconds.
    pub(crate) duration: Option<i64>,
    pub(crate) test: Option<TestId>,
    /// The stories that the run carries, where runs can be linked.
    pub(crate) links: Option<References>,
}

/// A result that another one has taken the place of.
#[derive(Debug, Clone)]
pub(crate) struct FormerResult {
    /// The run that held it.
    pub(crate) run: EntityId,
    /// As in [`FoundRun`].
    pub(crate) status: Option<String>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Milliseconds.
    pub(crate) duration: Option<i64>,
}

impl Journal {
    /// Forgets what an earlier look has found.
    pub(crate) fn forget_found(&self) -> Result<(), JournalError> {
        self.write("found", |transaction| {
            transaction.execute_batch(
                "DROP INDEX IF EXISTS found_by_key; DELETE FROM found; DELETE FROM former",
            )
        })
    }

    /// Notes a page of runs.
    pub(crate) fn add_found(&self, runs: &[FoundRun]) -> Result<(), JournalError> {
        self.write("found", |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO found (run, key, status, started, duration, test, links)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            for run in runs {
                let links = run.links.as_ref().map(serde_json::to_string);
                let links = links
                    .transpose()
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
                insert.execute((
                    run.id.as_str(),
                    run.key,
                    &run.status,
                    run.started,
                    run.duration,
                    run.test.map(|test| test.to_string()),
                    links,
                ))?;
            }
            Ok(())
        })
    }

    /// All runs are noted.
    pub(crate) fn found_all(&self) -> Result<(), JournalError> {
        self.write("found", |transaction| {
            transaction.execute_batch(INDEX_OF_FOUND)
        })
    }

    /// The runs that may have held a result which they do not show now, where nothing else says that it is in.
    pub(crate) fn doubtful_runs(&self) -> Result<Vec<EntityId>, JournalError> {
        let very = same("f");
        self.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT DISTINCT f.run FROM batches b
                     CROSS JOIN rows ON rows.n BETWEEN b.first AND b.last
                     CROSS JOIN found f ON f.key = rows.key
                     WHERE b.state = 'settled' AND NOT COALESCE({very}, 0)
                     AND NOT (b.status = 'success' AND {SHOWN}) ORDER BY 1"
                ))?
                .query_map([], |row| Ok(EntityId::from(row.get::<_, String>(0)?)))?
                .collect()
        })
    }

    /// Notes what runs held before.
    pub(crate) fn add_former(&self, results: &[FormerResult]) -> Result<(), JournalError> {
        self.write("found", |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO former (run, status, started, duration) VALUES (?, ?, ?, ?)",
            )?;
            for result in results {
                insert.execute((
                    result.run.as_str(),
                    &result.status,
                    result.started,
                    result.duration,
                ))?;
            }
            Ok(())
        })
    }
}

/// Whether the run of a row shows it or a later result. The product may keep no milliseconds, so whole seconds
/// are compared.
pub(super) const SHOWN: &str = "EXISTS (SELECT 1 FROM found f WHERE f.key = rows.key
    AND (rows.started IS NULL OR f.started IS NULL OR f.started / 1000 >= rows.started / 1000))";

/// Whether the result `shown` (a row of `found` or `former`) is that of the row, and not another one of the same
/// run. The product may keep no milliseconds of the start, and says no more than there is.
pub(super) fn same(shown: &str) -> String {
    format!(
        "((rows.started IS NULL OR {shown}.started = rows.started OR {shown}.started % 1000 = 0
            AND {shown}.started / 1000 = rows.started / 1000)
         AND ({shown}.status IS NULL OR {shown}.status IN (lower(rows.status), '?'))
         AND ({shown}.duration IS NULL OR {shown}.duration = rows.duration))"
    )
}
