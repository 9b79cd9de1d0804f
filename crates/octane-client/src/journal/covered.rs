//! Which tests carry which Jira keys.

use super::database::Journal;
use super::error::JournalError;
use super::row_table::ensure_rows;
use crate::coverage::CoveringRun;
use crate::own_results::described;

impl Journal {
    /// Passes each run that carries a Jira key to `visit`, once for each of its keys.
    pub(crate) fn visit_covering_runs(
        &self,
        mut visit: impl FnMut(&str, CoveringRun),
    ) -> Result<(), JournalError> {
        if !self.has_jira_keys()? {
            return Ok(());
        }
        self.read(|connection| {
            ensure_rows(connection)?;
            let mut runs = connection.prepare_cached(
                "SELECT k.value, MIN(r.test), MIN(r.name), MIN(r.run_name), SUM(r.status = 'Passed'), SUM(r.status = 'Failed'),
                     SUM(s.state IS NOT 'ingested')
                 FROM rows r LEFT JOIN row_states s ON s.number = r.number, json_each(r.jira) k
                 WHERE r.jira IS NOT NULL GROUP BY k.value, r.key ORDER BY 1, 2, 4",
            )?;
            let mut runs = runs.query([])?;
            while let Some(row) = runs.next()? {
                let key: String = row.get(0)?;
                let (test, name): (String, String) = (row.get(1)?, row.get(2)?);
                let run_name: Option<String> = row.get(3)?;
                let run = CoveringRun {
                    test: described(&test, &name, run_name.as_deref().unwrap_or(&name)),
                    passed: row.get(4)?,
                    failed: row.get(5)?,
                    missing: row.get(6)?,
                };
                visit(key.trim(), run);
            }
            Ok(())
        })
    }
}
