//! Suite runs, which contain the runs of a suite.

use rusqlite::params;

use super::row::Found;
use super::suite_run_status::suite_run_status;
use crate::error::ApiError;
use crate::store::pages::NativeStatus;
use crate::store::run_totals::KEYS_PER_SUITE_RUN;
use crate::store::writer::Writer;

/// The properties of a suite run in a payload.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SuiteRunRow<'a> {
    pub(crate) release: Option<i64>,
    pub(crate) milestone: Option<i64>,
    pub(crate) program: Option<i64>,
    pub(crate) component: Option<&'a str>,
}

impl Writer<'_> {
    /// The suite run of a suite with this name.
    pub(crate) fn suite_run_named(self, suite: i64, name: &str) -> Found {
        self.row_id_by(
            "SELECT id FROM runs WHERE subtype = 'run_suite' AND test = ? AND name = ?
             ORDER BY id LIMIT 1",
            &[&suite, &name],
        )
    }

    /// The name of a suite.
    pub(crate) fn suite_name(self, suite: i64) -> Result<String, ApiError> {
        let sql = "SELECT name FROM tests WHERE id = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([suite], |row| row.get(0))?)
    }

    /// Creates a suite run.
    pub(crate) fn create_suite_run(self, suite: i64, name: &str) -> Result<i64, ApiError> {
        let planned = self.status_named("planned")?;
        self.connection
            .prepare_cached(
                "INSERT INTO runs (subtype, test, name, test_name, native_status, status,
                 creation_time, last_modified) SELECT 'run_suite', id, ?2, name,
                 ?3, ?4, ?5, ?5 FROM tests WHERE id = ?1",
            )?
            .execute(params![
                suite,
                name,
                planned.native,
                planned.derived,
                self.now
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Updates a suite run with the properties that the payload contains.
    pub(crate) fn describe_suite_run(
        self,
        suite_run: i64,
        row: &SuiteRunRow<'_>,
    ) -> Result<(), ApiError> {
        let SuiteRunRow {
            release,
            milestone,
            program,
            component,
        } = row;
        self.connection
            .prepare_cached(
                "UPDATE runs SET release = COALESCE(?2, release),
                 milestone = COALESCE(?3, milestone), program = COALESCE(?4, program),
                 component = COALESCE(?5, component) WHERE id = ?1",
            )?
            .execute(params![suite_run, release, milestone, program, component])?;
        Ok(())
    }

    /// Derives the status of a suite run from its runs. Its start becomes that of its earliest run.
    pub(crate) fn refresh_suite_run(
        self,
        suite_run: i64,
        started: Option<i64>,
    ) -> Result<(), ApiError> {
        let statuses = self.reader().native_statuses()?;
        let sql = format!(
            "SELECT DISTINCT NULLIF(native_status, 0) FROM run_totals
             WHERE key >= ?1 * {KEYS_PER_SUITE_RUN} AND key < (?1 + 1) * {KEYS_PER_SUITE_RUN}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let present = statement.query_map([suite_run], |row| Ok(statuses.of(row.get(0)?)))?;
        let present: Vec<Option<NativeStatus>> = present.collect::<Result<_, _>>()?;
        let word = suite_run_status(&present).word();
        let status = self.status_named(word)?;
        self.connection
            .prepare_cached(
                "UPDATE runs SET native_status = ?2, status = ?3, last_modified = ?4,
                 started = COALESCE(MIN(started, ?5), started, ?5),
                 version_stamp = version_stamp + 1, client_lock_stamp = client_lock_stamp + 1
                 WHERE id = ?1",
            )?
            .execute(params![
                suite_run,
                status.native,
                status.derived,
                self.now,
                started
            ])?;
        Ok(())
    }
}
