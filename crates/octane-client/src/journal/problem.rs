//! Problems that are reported for the whole upload or for single results.

use rusqlite::Connection;

use super::database::Journal;
use super::error::JournalError;
use super::position::position;
use super::row_table::ensure_rows;
use super::state::RowState;
use crate::report::ReportedProblem;

impl Journal {
    /// Replaces the problems that an earlier pass through `stage` found.
    pub(crate) fn replace_problems(
        &self,
        stage: &'static str,
        problems: &[ReportedProblem],
    ) -> Result<(), JournalError> {
        self.write("problems", |transaction| {
            transaction.execute("DELETE FROM problems WHERE stage = ?", [stage])?;
            for problem in problems {
                add_problem(transaction, stage, problem)?;
            }
            Ok(())
        })
    }

    /// All problems: those of the whole upload in the order of the stages, then those of single results.
    pub(crate) fn problems(&self) -> Result<Vec<ReportedProblem>, JournalError> {
        let mut problems = self.stage_problems()?;
        problems.extend(self.row_problems()?);
        Ok(problems)
    }

    fn stage_problems(&self) -> Result<Vec<ReportedProblem>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT code, test, file, line, column, message FROM problems ORDER BY
                     CASE stage WHEN 'plan' THEN 0 WHEN 'delivery' THEN 1 ELSE 2 END, rowid",
                )?
                .query_map([], |row| {
                    let mut problem =
                        ReportedProblem::new(row.get::<_, String>(0)?, row.get::<_, String>(5)?);
                    problem.test = row.get(1)?;
                    problem.position = position(row, 2)?;
                    Ok(problem)
                })?
                .collect()
        })
    }

    /// The results that are rejected or not confirmed. Their state is the problem's code.
    pub(crate) fn row_problems(&self) -> Result<Vec<ReportedProblem>, JournalError> {
        self.read(|connection| {
            let has_any = connection
                .prepare_cached(
                    "SELECT 1 FROM row_states WHERE state IN ('rejected', 'unconfirmed', 'superseded')",
                )?
                .exists([])?;
            if !has_any {
                return Ok(Vec::new());
            }
            ensure_rows(connection)?;
            connection
                .prepare_cached(
                    "SELECT s.state, r.test, f.name, r.line, r.column, COALESCE(s.message, '') FROM row_states s
                     CROSS JOIN rows r ON r.number = s.number LEFT JOIN files f ON f.id = r.file
                     WHERE s.state IN ('rejected', 'unconfirmed', 'superseded') ORDER BY s.number",
                )?
                .query_map([], |row| {
                    let state: RowState = row.get(0)?;
                    let mut problem =
                        ReportedProblem::new(state.as_str(), row.get::<_, String>(5)?);
                    problem.test = row.get(1)?;
                    problem.position = position(row, 2)?;
                    Ok(problem)
                })?
                .collect()
        })
    }
}

/// Adds a problem that `stage` found.
pub(super) fn add_problem(
    connection: &Connection,
    stage: &'static str,
    problem: &ReportedProblem,
) -> rusqlite::Result<()> {
    let position = problem.position.as_ref();
    connection
        .prepare_cached(
            "INSERT INTO problems (stage, code, test, file, line, column, message)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            stage,
            &*problem.code,
            &problem.test,
            position.map(|position| &*position.file),
            position.map(|position| position.line),
            position.and_then(|position| position.column),
            &problem.message,
        ))?;
    Ok(())
}
