//! Which tests carry which Jira keys.

use rusqlite::Connection;

use super::database::Journal;
use super::error::JournalError;
use super::row_table::ensure_rows;
use crate::coverage::CoveringRun;
use crate::own_results::described;
use crate::run_key::RunKey;

impl Journal {
    /// Passes each run that carries a Jira key to `visit`, once for each of its keys. What several journals have of one run is put
    /// together in a temporary table on disk, so that memory use does not depend on how many results there are.
    pub(crate) fn visit_covering_runs(
        journals: &[Self],
        mut visit: impl FnMut(&str, CoveringRun),
    ) -> Result<(), JournalError> {
        let [first, _, ..] = journals else {
            return journals.iter().try_for_each(|journal| {
                journal.visit_own_covering_runs(|key, _, run| {
                    visit(key, run);
                    Ok(())
                })
            });
        };
        let failed = |error| JournalError::of(first.path(), error);
        let all = Connection::open("").map_err(failed)?;
        all.execute_batch(
            "CREATE TABLE covering (jira TEXT NOT NULL, key BLOB NOT NULL, test TEXT NOT NULL, passed INTEGER NOT NULL,
                 failed INTEGER NOT NULL, missing INTEGER NOT NULL);
             BEGIN",
        )
        .map_err(failed)?;
        for journal in journals {
            journal.visit_own_covering_runs(|jira, key, run| {
                let CoveringRun {
                    test,
                    passed,
                    failed,
                    missing,
                } = run;
                all.prepare_cached("INSERT INTO covering VALUES (?, ?, ?, ?, ?, ?)")?
                    .execute((jira, key, test, passed, failed, missing))?;
                Ok(())
            })?;
        }
        let mut read = || {
            let mut runs = all.prepare(
                "SELECT jira, MIN(test), SUM(passed), SUM(failed), SUM(missing) FROM covering
                 GROUP BY jira, key ORDER BY 1, 2",
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

    /// The same for this journal alone, with the key of the run.
    fn visit_own_covering_runs(
        &self,
        mut visit: impl FnMut(&str, RunKey, CoveringRun) -> rusqlite::Result<()>,
    ) -> Result<(), JournalError> {
        if !self.has_jira_keys()? {
            return Ok(());
        }
        self.read(|connection| {
            ensure_rows(connection)?;
            let mut runs = connection.prepare_cached(
                "SELECT k.value, MIN(r.test), MIN(r.name), MIN(r.run_name), SUM(r.status = 'Passed'), SUM(r.status = 'Failed'),
                     SUM(s.state IS NOT 'ingested'), r.key
                 FROM rows r LEFT JOIN row_states s ON s.number = r.number, json_each(r.jira) k
                 WHERE r.jira IS NOT NULL GROUP BY k.value, r.key ORDER BY 1, 2, 4",
            )?;
            let mut runs = runs.query([])?;
            while let Some(row) = runs.next()? {
                let jira: String = row.get(0)?;
                let (test, name): (String, String) = (row.get(1)?, row.get(2)?);
                let run_name: Option<String> = row.get(3)?;
                let run = CoveringRun {
                    test: described(&test, &name, run_name.as_deref().unwrap_or(&name)),
                    passed: row.get(4)?,
                    failed: row.get(5)?,
                    missing: row.get(6)?,
                };
                visit(jira.trim(), row.get(7)?, run)?;
            }
            Ok(())
        })
    }
}
