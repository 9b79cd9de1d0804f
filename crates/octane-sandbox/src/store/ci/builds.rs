//! Builds: created, and updated by what is reported later.

use rusqlite::types::Value as Sql;

use crate::ci_report::BuildReport;
use crate::error::{ApiError, own_code};
use crate::store::writer::Writer;

impl Writer<'_> {
    /// The build of a job; created if it does not exist. `more` are columns that are known of it, which replace what was known before.
    pub(crate) fn ci_build(
        self,
        server: i64,
        (job_ci_id, job_name): (&str, Option<&str>),
        build_ci_id: &str,
        more: Vec<(&'static str, &str)>,
    ) -> Result<i64, ApiError> {
        let job = self.ci_job(server, job_ci_id, job_name)?;
        let sql = "SELECT id FROM ci_builds WHERE ci_server = ? AND job_id = ? AND build_id = ?";
        if let Some(build) = self.number(sql, (server, job_ci_id, build_ci_id))? {
            self.connection
                .prepare_cached(
                    "UPDATE ci_builds SET ci_job = ?2 WHERE id = ?1 AND ci_job IS NULL",
                )?
                .execute((build, job))?;
            for (name, value) in more {
                let sql = format!(
                    "UPDATE ci_builds SET {name} = ?2, last_modified = ?3, version_stamp = version_stamp + 1
                     WHERE id = ?1 AND {name} IS NOT ?2"
                );
                let mut update = self.connection.prepare_cached(&sql)?;
                update.execute((build, value, self.now))?;
            }
            return Ok(build);
        }
        let text = |text: &str| Sql::Text(text.to_owned());
        let known = more.into_iter().map(|(name, value)| (name, text(value)));
        let mut columns: Vec<_> = known.collect();
        if columns.iter().all(|(name, _)| *name != "name") {
            columns.push(("name", text(build_ci_id)));
        }
        columns.extend([
            ("ci_server", Sql::Integer(server)),
            ("ci_job", Sql::Integer(job)),
            ("job_id", text(job_ci_id)),
            ("build_id", text(build_ci_id)),
        ]);
        if let Some(name) = job_name {
            columns.push(("job_name", text(name)));
        }
        let build = self.create_raw(self.catalog.known_type("ci_build"), columns)?;
        self.add_to_pipelines(build, &[])?;
        Ok(build)
    }

    /// Stores what is reported of a build; returns its row ID.
    pub(crate) fn report_build(self, server: i64, report: &BuildReport) -> Result<i64, ApiError> {
        let required = |name: &str, value: &Option<String>| {
            value.clone().ok_or_else(|| {
                let description = format!("the build needs `{name}`");
                ApiError::bad_request(own_code::BAD_REQUEST, description)
            })
        };
        let job = required("jobCiId", &report.job_ci_id)?;
        let build_id = required("buildCiId", &report.build_ci_id)?;
        self.add_branch(server, &job, report)?;
        let mut ancestors = Vec::new();
        for (job, build) in report.ancestors() {
            ancestors.push(self.ci_build(server, (job, None), build, Vec::new())?);
        }
        let build = self.ci_build(
            server,
            (&job, report.job_name.as_deref()),
            &build_id,
            Vec::new(),
        )?;
        let json = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
        let causes = (!report.causes.is_empty())
            .then(|| serde_json::to_string(&report.causes).unwrap_or_default());
        self.connection
            .prepare_cached(
                "UPDATE ci_builds SET name = COALESCE(?2, name), job_name = COALESCE(?3, job_name),
                 start_time = COALESCE(?4, start_time), estimated_duration = COALESCE(?5, estimated_duration),
                 duration = COALESCE(?6, duration), result = COALESCE(?7, result),
                 -- Events may arrive late: a finished build does not run again, and one that runs is not queued again.
                 status = CASE WHEN status = 'finished' OR (status = 'running' AND ?8 = 'queued') THEN status
                     ELSE COALESCE(?8, status) END,
                 parameters = COALESCE(?9, parameters), causes = COALESCE(?10, causes), last_modified = ?11,
                 version_stamp = version_stamp + 1 WHERE id = ?1",
            )?
            .execute(rusqlite::params![
                build,
                report.build_name,
                report.job_name,
                report.start_time,
                report.estimated_duration,
                report.duration,
                report.result.as_deref().map(str::to_ascii_lowercase),
                report.status.as_deref().map(str::to_ascii_lowercase),
                json(&report.parameters),
                causes,
                self.now,
            ])?;
        if let Some(data) = &report.scm_data {
            self.add_commits(build, data)?;
        }
        self.add_to_pipelines(build, &ancestors)?;
        Ok(build)
    }

    /// Keeps the log of a build.
    pub(crate) fn set_build_log(self, build: i64, log: &str) -> Result<(), ApiError> {
        self.connection
            .prepare_cached("UPDATE ci_builds SET console_log = ?2 WHERE id = ?1")?
            .execute((build, log))?;
        Ok(())
    }
}
