//! Which tests carry which Jira keys.

use rusqlite::{Connection, Row};

use super::database::Journal;
use super::error::JournalError;
use super::overlap::number_separate_runs;
use super::row_table::ensure_rows;
use crate::coverage::CoveringRun;
use crate::own_results::described;
use crate::run_key::RunKey;

/// The runs with a Jira key that one of their results carries.
const CARRIED: &str =
    "SELECT DISTINCT trim(k.value) AS jira, c.key AS key FROM rows c, json_each(c.jira) k
    WHERE c.jira IS NOT NULL";

/// What all results of a run say, also of those that carry no key: the run is what is linked to a story.
const RESULTS: &str =
    "MIN(r.test), MIN(r.name), MIN(r.run_name), SUM(r.status = 'Passed'), SUM(r.status = 'Failed'),
    SUM(s.state IS NOT 'ingested')";

impl Journal {
    /// Passes each run of which a result carries a Jira key to `visit`, once for each of its keys. What several journals have of one
    /// run is put together in a temporary table on disk, so that memory use does not depend on how many results there are; runs with
    /// the same key, such as one for each environment, stay separate.
    pub(crate) fn visit_covering_runs(
        journals: &[Self],
        mut visit: impl FnMut(&str, CoveringRun),
    ) -> Result<(), JournalError> {
        let [first, _, ..] = journals else {
            return journals
                .iter()
                .try_for_each(|journal| journal.visit_own_covering_runs(&mut visit));
        };
        let failed = |error| JournalError::of(first.path(), error);
        let all = Connection::open("").map_err(failed)?;
        all.execute_batch(
            "CREATE TABLE carried (jira TEXT NOT NULL, key BLOB NOT NULL);
             CREATE TABLE results (key BLOB NOT NULL, journal INTEGER NOT NULL, test TEXT NOT NULL, passed INTEGER NOT NULL,
                 failed INTEGER NOT NULL, missing INTEGER NOT NULL, run INTEGER NOT NULL DEFAULT 0,
                 runs INTEGER NOT NULL DEFAULT 1);
             BEGIN",
        )
        .map_err(failed)?;
        for (number, journal) in journals.iter().enumerate() {
            journal.collect_results(number, &all)?;
        }
        all.execute_batch("CREATE INDEX results_by_key ON results (key, run)")
            .map_err(failed)?;
        number_separate_runs(&all, journals)?;
        let mut read = || {
            let mut runs = all.prepare(
                "SELECT jira, MIN(test), SUM(passed), SUM(failed), SUM(missing)
                 FROM (SELECT DISTINCT jira, key FROM carried) c CROSS JOIN results r ON r.key = c.key
                 GROUP BY jira, c.key, r.run ORDER BY 1, 2",
            )?;
            let mut runs = runs.query([])?;
            while let Some(row) = runs.next()? {
                let jira: String = row.get(0)?;
                let run = CoveringRun {
                    test: row.get(1)?,
                    passed: row.get(2)?,
                    failed: row.get(3)?,
                    missing: row.get(4)?,
                };
                visit(&jira, run);
            }
            Ok(())
        };
        read().map_err(failed)
    }

    /// Adds the keys and the results of this journal to those of others.
    fn collect_results(&self, number: usize, all: &Connection) -> Result<(), JournalError> {
        self.read(|connection| {
            ensure_rows(connection)?;
            let mut carried = connection.prepare_cached(CARRIED)?;
            let mut carried = carried.query([])?;
            let mut insert = all.prepare_cached("INSERT INTO carried VALUES (?, ?)")?;
            while let Some(row) = carried.next()? {
                insert.execute((row.get::<_, String>(0)?, row.get::<_, RunKey>(1)?))?;
            }
            let mut results = connection.prepare_cached(&format!(
                "SELECT {RESULTS}, r.key FROM rows r LEFT JOIN row_states s ON s.number = r.number GROUP BY r.key"
            ))?;
            let mut results = results.query([])?;
            let mut insert = all.prepare_cached(
                "INSERT INTO results (key, journal, test, passed, failed, missing) VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            while let Some(row) = results.next()? {
                let run = covering_run(row, 0)?;
                let key: RunKey = row.get(6)?;
                insert.execute((key, number, run.test, run.passed, run.failed, run.missing))?;
            }
            Ok(())
        })
    }

    /// The same for this journal alone.
    fn visit_own_covering_runs(
        &self,
        visit: &mut impl FnMut(&str, CoveringRun),
    ) -> Result<(), JournalError> {
        if !self.has_jira_keys()? {
            return Ok(());
        }
        self.read(|connection| {
            ensure_rows(connection)?;
            // SQLite makes an index of the runs for this.
            let mut runs = connection.prepare_cached(&format!(
                "SELECT c.jira, {RESULTS}
                 FROM ({CARRIED}) c CROSS JOIN rows r ON r.key = c.key LEFT JOIN row_states s ON s.number = r.number
                 GROUP BY c.jira, c.key ORDER BY 1, 2, 4"
            ))?;
            let mut runs = runs.query([])?;
            while let Some(row) = runs.next()? {
                let jira: String = row.get(0)?;
                visit(&jira, covering_run(row, 1)?);
            }
            Ok(())
        })
    }
}

/// Reads [`RESULTS`], from this column on.
fn covering_run(row: &Row<'_>, first: usize) -> rusqlite::Result<CoveringRun> {
    let (test, name): (String, String) = (row.get(first)?, row.get(first + 1)?);
    let run_name: Option<String> = row.get(first + 2)?;
    Ok(CoveringRun {
        test: described(&test, &name, run_name.as_deref().unwrap_or(&name)),
        passed: row.get(first + 3)?,
        failed: row.get(first + 4)?,
        missing: row.get(first + 5)?,
    })
}
