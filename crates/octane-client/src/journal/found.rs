//! The automated runs that the suite run holds.

use octane_model::{EntityId, References, TestId};
use rusqlite::Connection;

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
    pub(crate) test: Option<TestId>,
    /// The stories that the run carries, where runs can be linked.
    pub(crate) links: Option<References>,
}

impl Journal {
    /// Forgets what an earlier look has found.
    pub(crate) fn forget_found(&self) -> Result<(), JournalError> {
        self.write("found", |transaction| {
            transaction.execute("DELETE FROM found", [])?;
            Ok(())
        })
    }

    /// Notes a page of runs.
    pub(crate) fn add_found(&self, runs: &[FoundRun]) -> Result<(), JournalError> {
        self.write("found", |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO found (run, key, status, started, test, links)
                 VALUES (?, ?, ?, ?, ?, ?)",
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
                    run.test.map(|test| test.to_string()),
                    links,
                ))?;
            }
            Ok(())
        })
    }
}

/// The runs that hold a result. There may be several: Octane keeps one for each release, milestone, program
/// and environment. Where the time at which the test started tells them apart, it does.
pub(super) fn of(
    connection: &Connection,
    key: &RunKey,
    started: Option<i64>,
) -> rusqlite::Result<Vec<FoundRun>> {
    let all: Vec<FoundRun> = connection
        .prepare_cached(
            "SELECT run, status, started, test, links FROM found WHERE key = ? ORDER BY run",
        )?
        .query_map([key], |row| {
            let test: Option<String> = row.get(3)?;
            let links: Option<String> = row.get(4)?;
            Ok(FoundRun {
                id: EntityId::from(row.get::<_, String>(0)?),
                key: *key,
                status: row.get(1)?,
                started: row.get(2)?,
                test: test.and_then(|test| test.parse().ok()),
                links: links.and_then(|links| serde_json::from_str(&links).ok()),
            })
        })?
        .collect::<Result<_, _>>()?;
    let same: Vec<FoundRun> = all
        .iter()
        .filter(|run| started.is_some() && run.started == started)
        .cloned()
        .collect();
    Ok(if same.is_empty() { all } else { same })
}
