//! Runs: found by their identity, then created or replaced.

use octane_results::Failure;
use rusqlite::types::Value as Sql;
use rusqlite::{CachedStatement, OptionalExtension, params, params_from_iter};

use super::lookup::StatusIds;
use super::row::filled;
use super::test_subtype::TestSubtype;
use super::tests::TestFields;
use crate::error::ApiError;
use crate::store::writer::Writer;

/// The identity of a run: its test, suite run, run name, release, milestone, program and environment (ALM
/// test result collection tool, readme; ALM Octane help, "Last runs").
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunIdentity<'a> {
    pub(crate) test: i64,
    pub(crate) suite_run: Option<i64>,
    pub(crate) release: Option<i64>,
    pub(crate) milestone: Option<i64>,
    pub(crate) program: Option<i64>,
    /// The payload's `run_name` and the environment combined; `None` if both are missing.
    pub(crate) name_and_environment: Option<&'a str>,
}

/// The content of a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRow<'a> {
    pub(crate) identity: RunIdentity<'a>,
    pub(crate) test_subtype: TestSubtype,
    pub(crate) name: &'a str,
    pub(crate) test_name: &'a str,
    /// Module, package and class of the test; may be empty.
    pub(crate) test_place: [&'a str; 3],
    pub(crate) status: StatusIds,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    pub(crate) duration_ms: i64,
    pub(crate) failure: Option<&'a Failure>,
    pub(crate) report_url: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) external_run_id: Option<&'a str>,
    pub(crate) external_assets: Option<&'a str>,
    pub(crate) run_type: Option<&'a str>,
    pub(crate) is_manual: bool,
    pub(crate) build: Option<i64>,
    pub(crate) fields: TestFields,
}

/// A run that exists.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownRun {
    pub(crate) row_id: i64,
    /// Whether its status and its references are those of the result already, and it has not failed: that it did is noted.
    keeps_references: bool,
}

/// Finds and writes runs.
pub(crate) struct Runs<'a> {
    now: i64,
    has_context: bool,
    find: CachedStatement<'a>,
    create: CachedStatement<'a>,
    current: CachedStatement<'a>,
    remember: CachedStatement<'a>,
    environment: CachedStatement<'a>,
    remember_environment: CachedStatement<'a>,
    replace: CachedStatement<'a>,
    replace_content: CachedStatement<'a>,
    leave_environment: CachedStatement<'a>,
}

impl<'a> Runs<'a> {
    /// `has_context`: whether release, milestone and program are part of the identity of a run.
    pub(crate) fn new(writer: Writer<'a>, has_context: bool) -> Result<Self, ApiError> {
        let prepare = |sql: &str| writer.connection.prepare_cached(sql);
        let failed = writer.status_named("failed")?.native;
        let of_context = "AND release IS ?5 AND milestone IS ?6 AND program IS ?7";
        Ok(Self {
            now: writer.now,
            has_context,
            find: prepare(&format!(
                "SELECT id, native_status IS ?8 AND native_status <> {failed} AND status IS ?9 AND build IS ?10
                 AND release IS ?5 AND milestone IS ?6 AND program IS ?7
                 AND test_level IS COALESCE(?11, test_level)
                 AND testing_tool_type IS COALESCE(?12, testing_tool_type)
                 AND test_framework IS COALESCE(?13, test_framework)
                 FROM runs INDEXED BY runs_by_test WHERE test = ?1 AND parent_suite IS ?2
                 AND run_key IS ?3 AND subtype = ?4 {} ORDER BY id LIMIT 1",
                if has_context { of_context } else { "" }
            ))?,
            create: prepare(
                "INSERT INTO runs (subtype, test, parent_suite, run_key, release, milestone, program,
                 name, test_name, component, package, class_name, native_status, status, started,
                 duration, error_type, error_message, error_details, external_report_url, description,
                 external_run_id, external_assets, run_type, manual, build, test_level,
                 testing_tool_type, test_framework, creation_time, last_modified)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                 ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?30)",
            )?,
            // Read and inserted apart: `INSERT … SELECT` may fail after its first row, so SQLite keeps a journal of the pages that
            // each of them changes.
            current: prepare(
                "SELECT r.id, r.name, r.native_status, r.status, r.started, r.duration, r.release,
                 r.milestone, r.program, b.id, b.name, r.test, r.test_name, r.component,
                 r.package, r.class_name, r.error_type, r.error_message, r.error_details,
                 r.external_report_url, r.external_run_id, COALESCE(r.arrived, r.creation_time), ?2, ?2
                 FROM runs r LEFT JOIN ci_builds b ON b.id = r.build WHERE r.id = ?1",
            )?,
            remember: prepare(
                "INSERT INTO previous_runs (run_id, name, run_native_status, run_status, run_started,
                 run_duration, release, milestone, program, build, build_name, test_id, test_name,
                 test_component, test_package, test_class, error_type, error_message, error_details,
                 external_report_url, external_run_id, arrived, creation_time, last_modified)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                 ?19, ?20, ?21, ?22, ?23, ?24)",
            )?,
            environment: prepare("SELECT taxonomy FROM run_taxonomies WHERE run = ?")?,
            remember_environment: prepare(
                "INSERT INTO previous_run_taxonomies (run_history, taxonomy) VALUES (?, ?)",
            )?,
            replace: prepare(&format!(
                "UPDATE runs SET failed_before = failed_before OR native_status IS {failed}, native_status = ?2, status = ?3, started = ?4, duration = ?5,
                 error_type = ?6, error_message = ?7, error_details = ?8, external_report_url = ?9,
                 description = ?10, external_run_id = ?11, external_assets = ?12, run_type = ?13,
                 manual = ?14, build = ?15, release = ?16, milestone = ?17,
                 program = ?18, test_level = COALESCE(?19, test_level),
                 testing_tool_type = COALESCE(?20, testing_tool_type),
                 test_framework = COALESCE(?21, test_framework), arrived = ?22, last_modified = ?22,
                 version_stamp = version_stamp + 1, client_lock_stamp = client_lock_stamp + 1
                 WHERE id = ?1"
            ))?,
            // SQLite rewrites the indexes of all columns that it is given and looks up what they refer to, although they keep
            // their values. This is most of what a new result of a known run costs.
            replace_content: prepare(
                "UPDATE runs SET started = ?2, duration = ?3, error_type = ?4, error_message = ?5,
                 error_details = ?6, external_report_url = ?7, description = ?8, external_run_id = ?9,
                 external_assets = ?10, run_type = ?11, manual = ?12, arrived = ?13, last_modified = ?13,
                 version_stamp = version_stamp + 1, client_lock_stamp = client_lock_stamp + 1
                 WHERE id = ?1",
            )?,
            leave_environment: prepare("DELETE FROM run_taxonomies WHERE run = ?")?,
        })
    }

    pub(crate) fn find(&mut self, row: &RunRow<'_>) -> Result<Option<KnownRun>, ApiError> {
        let identity = &row.identity;
        let values = params![
            identity.test,
            identity.suite_run,
            identity.name_and_environment,
            row.test_subtype.run(),
            identity.release,
            identity.milestone,
            identity.program,
            row.status.native,
            row.status.derived,
            row.build,
            row.fields.level,
            row.fields.tool,
            row.fields.framework,
        ];
        let found = self.find.query_row(values, |found| {
            Ok(KnownRun {
                row_id: found.get(0)?,
                keeps_references: found.get(1)?,
            })
        });
        Ok(found.optional()?)
    }

    pub(crate) fn create(&mut self, row: &RunRow<'_>) -> Result<i64, ApiError> {
        let identity = &row.identity;
        let [module, package, class] = row.test_place.map(filled);
        let [error_type, error_message, error_details] = failure(row);
        Ok(self.create.insert(params![
            row.test_subtype.run(),
            identity.test,
            identity.suite_run,
            identity.name_and_environment,
            identity.release,
            identity.milestone,
            identity.program,
            row.name,
            row.test_name,
            module,
            package,
            class,
            row.status.native,
            row.status.derived,
            row.started,
            row.duration_ms,
            error_type,
            error_message,
            error_details,
            row.report_url,
            row.description,
            row.external_run_id,
            row.external_assets,
            row.run_type,
            row.is_manual,
            row.build,
            row.fields.level,
            row.fields.tool,
            row.fields.framework,
            self.now,
        ])?)
    }

    /// Copies the current result of a run to its history.
    fn remember(&mut self, run: i64) -> Result<(), ApiError> {
        let columns = self.current.column_count();
        let current = self.current.query_row([run, self.now], |row| {
            let values = (0..columns).map(|column| row.get(column));
            values.collect::<rusqlite::Result<Vec<Sql>>>()
        })?;
        let previous = self.remember.insert(params_from_iter(current))?;
        let mut environment = self.environment.query([run])?;
        while let Some(row) = environment.next()? {
            let taxonomy: i64 = row.get(0)?;
            self.remember_environment.execute([previous, taxonomy])?;
        }
        Ok(())
    }

    /// Moves the current result of a run to its history and replaces it. The caller writes its environment
    /// and steps.
    pub(crate) fn replace(&mut self, known: KnownRun, row: &RunRow<'_>) -> Result<(), ApiError> {
        let run = known.row_id;
        self.remember(run)?;
        // If the environment is part of the identity of a run, it has not changed.
        if !self.has_context {
            self.leave_environment.execute([run])?;
        }
        let [error_type, error_message, error_details] = failure(row);
        if known.keeps_references {
            self.replace_content.execute(params![
                run,
                row.started,
                row.duration_ms,
                error_type,
                error_message,
                error_details,
                row.report_url,
                row.description,
                row.external_run_id,
                row.external_assets,
                row.run_type,
                row.is_manual,
                self.now,
            ])?;
            return Ok(());
        }
        self.replace.execute(params![
            run,
            row.status.native,
            row.status.derived,
            row.started,
            row.duration_ms,
            error_type,
            error_message,
            error_details,
            row.report_url,
            row.description,
            row.external_run_id,
            row.external_assets,
            row.run_type,
            row.is_manual,
            row.build,
            row.identity.release,
            row.identity.milestone,
            row.identity.program,
            row.fields.level,
            row.fields.tool,
            row.fields.framework,
            self.now,
        ])?;
        Ok(())
    }
}

#[cfg(test)]
impl super::row::Statements for Runs<'_> {
    fn statements(&self) -> Vec<&rusqlite::Statement<'_>> {
        vec![
            &self.find,
            &self.create,
            &self.current,
            &self.remember,
            &self.environment,
            &self.remember_environment,
            &self.replace,
            &self.replace_content,
            &self.leave_environment,
        ]
    }
}

/// Type, message and details of the error.
fn failure<'a>(row: &RunRow<'a>) -> [Option<&'a str>; 3] {
    let Some(Failure {
        error_type,
        message,
        details,
    }) = row.failure
    else {
        return [None; 3];
    };
    [error_type.as_deref(), message.as_deref(), filled(details)]
}
