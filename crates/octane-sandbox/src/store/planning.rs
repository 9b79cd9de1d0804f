//! Planned runs, and what follows from the status of a run.

use super::script;
use super::writer::Writer;
use crate::error::ApiError;

/// Derives the status and the test name of a run that was written by a request, and the status of its suite
/// run. Another status is another result, which arrives now.
pub(super) fn complete(writer: Writer<'_>, run: i64) -> Result<(), ApiError> {
    writer
        .connection
        .prepare_cached(
            "UPDATE runs SET arrived = CASE WHEN runs.status IS found.status THEN arrived ELSE ?2 END,
             status = found.status, test_name = (SELECT name FROM tests WHERE tests.id = runs.test)
             FROM (SELECT (SELECT s.id FROM list_nodes n, list_nodes s WHERE n.id = r.native_status
                 AND s.logical_name = 'list_node.run_status.' || CASE n.logical_name
                     WHEN 'list_node.run_native_status.blocked' THEN 'requires_attention'
                     WHEN 'list_node.run_native_status.not_completed' THEN 'requires_attention'
                     ELSE substr(n.logical_name, length('list_node.run_native_status.') + 1) END) AS status
                 FROM runs r WHERE r.id = ?1) found
             WHERE runs.id = ?1",
        )?
        .execute([run, writer.now])?;
    let sql = "SELECT parent_suite FROM runs WHERE id = ? AND subtype <> 'run_suite'";
    let mut statement = writer.connection.prepare_cached(sql)?;
    let suites = statement.query_map([run], |row| row.get::<_, Option<i64>>(0))?;
    for suite in suites.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        writer.refresh_suite_run(suite, None)?;
    }
    Ok(())
}

/// Creates a planned run for each test in the suite of a planned suite run: manual ones for manual tests, and for Gherkin tests
/// that the suite runs manually.
pub(super) fn plan(writer: Writer<'_>, suite_run: i64) -> Result<(), ApiError> {
    writer
        .connection
        .prepare_cached(
            "INSERT INTO runs (subtype, name, test_name, test, parent_suite, native_status, status,
                 release, milestone, program, sprint, author, component, package, class_name,
                 testing_tool_type, test_level, creation_time, last_modified)
             SELECT CASE WHEN t.subtype = 'test_manual' THEN 'run_manual'
                    WHEN t.subtype <> 'gherkin_test' THEN 'run_automated'
                    WHEN m.logical_name = 'list_node.run_mode.manually' THEN 'run_manual' ELSE 'gherkin_automated_run' END,
                 t.name, t.name, t.id, s.id, s.native_status, s.status,
                 s.release, s.milestone, s.program, s.sprint, s.author, t.component, t.package,
                 t.class_name, t.testing_tool_type, t.test_level, s.creation_time, s.creation_time
             FROM runs s JOIN suite_links l ON l.test_suite = s.test JOIN tests t ON t.id = l.test
             JOIN list_nodes n ON n.id = s.native_status LEFT JOIN list_nodes m ON m.id = l.run_mode
             WHERE s.id = ? AND l.include_in_next_run IS NOT 0
                 AND n.logical_name = 'list_node.run_native_status.planned'
             ORDER BY l.id",
        )?
        .execute([suite_run])?;
    let sql = "SELECT id FROM runs WHERE parent_suite = ? AND subtype = 'run_manual' ORDER BY id";
    let mut statement = writer.connection.prepare_cached(sql)?;
    let manual = statement.query_map([suite_run], |row| row.get::<_, i64>(0))?;
    for run in manual.collect::<Result<Vec<_>, _>>()? {
        script::copy_steps(writer, run)?;
    }
    Ok(())
}

impl Writer<'_> {
    /// Starts the automated runs of a planned suite run, and it with them: they are now in progress.
    pub(crate) fn start_automated_runs(self, suite_run: i64) -> Result<(), ApiError> {
        let planned = self.status_named("planned")?;
        let started = self.status_named("not_completed")?;
        let count = self
            .connection
            .prepare_cached(
                "UPDATE runs SET native_status = ?2, status = ?3, started = ?4, last_modified = ?4,
                 version_stamp = version_stamp + 1, client_lock_stamp = client_lock_stamp + 1
                 WHERE parent_suite = ?1 AND native_status = ?5
                 AND subtype IN ('run_automated', 'gherkin_automated_run')",
            )?
            .execute([
                suite_run,
                started.native,
                started.derived,
                self.now,
                planned.native,
            ])?;
        self.refresh_suite_run(suite_run, (count > 0).then_some(self.now))
    }
}
