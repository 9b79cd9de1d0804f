//! Pipelines: the jobs that they consist of, and their runs.

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params};
use serde_json::Value as Json;

use crate::ci_report::{BuildReport, run_status};
use crate::error::ApiError;
use crate::store::writer::Writer;

/// What a request said of a pipeline: name, server, and the fields for creating it.
type Row = (
    String,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Makes a server, jobs and nodes of what a request said of a pipeline.
pub(crate) fn complete(writer: Writer<'_>, pipeline: i64) -> Result<(), ApiError> {
    let sql =
        "SELECT name, ci_server, server_ci_id, root_job_ci_id, jobs FROM pipelines WHERE id = ?";
    let (name, server, server_ci_id, root, jobs): Row = writer
        .connection
        .prepare_cached(sql)?
        .query_row([pipeline], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })?;
    let server = match (server, server_ci_id) {
        (Some(server), _) => server,
        (None, Some(id)) => {
            let sql = "SELECT id FROM ci_servers WHERE instance_id = ?1 OR name = ?1
                       ORDER BY instance_id IS NOT ?1, id LIMIT 1";
            let server = writer.number(sql, [&id])?;
            let server = server.ok_or_else(|| {
                let description = format!("no CI server has the instance ID or name `{id}`");
                ApiError::illegal_value("pipeline", "server_ci_id", description)
            })?;
            writer
                .connection
                .prepare_cached("UPDATE pipelines SET ci_server = ?2 WHERE id = ?1")?
                .execute((pipeline, server))?;
            server
        }
        // Nothing is known of its jobs then.
        (None, None) => return Ok(()),
    };
    let jobs: Json = jobs
        .and_then(|jobs| serde_json::from_str(&jobs).ok())
        .unwrap_or_default();
    let jobs = jobs.as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(root) = root {
        // It has a name of its own if it is among the jobs.
        let own = jobs.iter().find(|job| job["jobCiId"] == *root);
        let own = own.and_then(|job| job["name"].as_str());
        let job = writer.ci_job(server, &root, Some(own.unwrap_or(&name)))?;
        writer
            .connection
            .prepare_cached("UPDATE pipelines SET root_job = ?2 WHERE id = ?1")?
            .execute((pipeline, job))?;
        writer.add_node(pipeline, job)?;
    }
    for job in jobs {
        let Some(ci_id) = job["jobCiId"].as_str() else {
            continue;
        };
        let row_id = writer.ci_job(server, ci_id, job["name"].as_str())?;
        if !job["parameters"].is_null() {
            writer
                .connection
                .prepare_cached("UPDATE ci_jobs SET parameters = ?2 WHERE id = ?1")?
                .execute((row_id, job["parameters"].to_string()))?;
        }
        writer.add_node(pipeline, row_id)?;
    }
    // They served to create the pipeline, and must not do so again when it changes.
    writer
        .connection
        .prepare_cached(
            "UPDATE pipelines SET jobs = NULL, server_ci_id = NULL, root_job_ci_id = NULL WHERE id = ?",
        )?
        .execute([pipeline])?;
    Ok(())
}

impl Writer<'_> {
    /// Adds a job to a pipeline, unless it is part of it.
    pub(crate) fn add_node(self, pipeline: i64, job: i64) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(
                "INSERT INTO pipeline_nodes (name, pipeline, ci_job, is_root, creation_time, last_modified)
                 SELECT j.name, p.id, j.id, p.root_job IS j.id, ?3, ?3 FROM pipelines p, ci_jobs j
                 WHERE p.id = ?1 AND j.id = ?2 AND NOT EXISTS (
                     SELECT 1 FROM pipeline_nodes n WHERE n.pipeline = ?1 AND n.ci_job = ?2)",
            )?
            .execute((pipeline, job, self.now))?;
        Ok(())
    }

    /// Adds a build to the runs of its pipelines. `ancestors` are the builds that led to it: a job that the root job of a
    /// pipeline starts is part of that pipeline.
    pub(super) fn add_to_pipelines(self, build: i64, ancestors: &[i64]) -> Result<(), ApiError> {
        let job_of = |build: i64| self.number("SELECT ci_job FROM ci_builds WHERE id = ?", [build]);
        let Some(job) = job_of(build)? else {
            return Ok(());
        };
        for candidate in std::iter::once(build).chain(ancestors.iter().copied()) {
            let Some(root) = job_of(candidate)? else {
                continue;
            };
            let mut statement = self
                .connection
                .prepare_cached("SELECT id FROM pipelines WHERE root_job = ?")?;
            let pipelines: Vec<i64> = statement
                .query_map([root], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for pipeline in pipelines {
                self.add_node(pipeline, job)?;
                let run = self.pipeline_run(pipeline, candidate)?;
                let is_new = self
                    .connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO pipeline_run_builds (pipeline_run, ci_build) VALUES (?, ?)",
                    )?
                    .execute((run, build))?;
                if is_new > 0 {
                    self.connection
                        .prepare_cached(
                            "INSERT INTO pipeline_node_runs (pipeline_run, ci_build, creation_time, last_modified)
                             VALUES (?1, ?2, ?3, ?3)",
                        )?
                        .execute((run, build, self.now))?;
                }
            }
        }
        Ok(())
    }

    /// The pipeline of a branch, if the branches of the job have one in common: it begins with the job of the branch and has
    /// the release, milestone and program of the common one.
    pub(super) fn add_branch(
        self,
        server: i64,
        job_ci_id: &str,
        report: &BuildReport,
    ) -> Result<(), ApiError> {
        let Some(parent) = report.parent() else {
            return Ok(());
        };
        let sql = "SELECT p.id FROM pipelines p JOIN ci_jobs j ON j.id = p.root_job
                   WHERE j.ci_server = ? AND j.ci_id = ? ORDER BY p.id LIMIT 1";
        let Some(parent) = self.number(sql, (server, parent))? else {
            return Ok(());
        };
        let name = report.job_name.as_deref();
        let job = self.ci_job(server, job_ci_id, name)?;
        let sql = "SELECT id FROM pipelines WHERE root_job = ? LIMIT 1";
        if self.number(sql, [job])?.is_some() {
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE ci_jobs SET branch = COALESCE(?2, branch) WHERE id = ?1")?
            .execute((job, &report.branch))?;
        self.connection
            .prepare_cached("UPDATE pipelines SET multi_branch_type = 'PARENT' WHERE id = ?")?
            .execute([parent])?;
        let columns = vec![
            ("name", Sql::Text(name.unwrap_or(job_ci_id).to_owned())),
            ("ci_server", Sql::Integer(server)),
            ("root_job", Sql::Integer(job)),
            ("multi_branch_type", Sql::Text("CHILD".to_owned())),
        ];
        let pipeline = self.create_raw(self.catalog.known_type("pipeline"), columns)?;
        self.connection
            .prepare_cached(
                "UPDATE pipelines SET (current_release, current_milestone, program) =
                 (SELECT p.current_release, p.current_milestone, p.program FROM pipelines p WHERE p.id = ?2)
                 WHERE id = ?1",
            )?
            .execute((pipeline, parent))?;
        self.add_node(pipeline, job)
    }

    /// The run of a pipeline that a build of its root job is; its status follows that build.
    fn pipeline_run(self, pipeline: i64, root_build: i64) -> Result<i64, ApiError> {
        let sql = "SELECT status, result FROM ci_builds WHERE id = ?";
        let (status, result): (Option<String>, Option<String>) = self
            .connection
            .prepare_cached(sql)?
            .query_row([root_build], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let status = run_status(status.as_deref(), result.as_deref());
        let status = self.number(
            "SELECT id FROM list_nodes WHERE logical_name = ?",
            [format!("list_node.pipeline_run_status.{status}")],
        )?;
        let sql = "SELECT id FROM pipeline_runs WHERE pipeline = ? AND root_build = ?";
        let known: Option<i64> = self
            .connection
            .prepare_cached(sql)?
            .query_row((pipeline, root_build), |row| row.get(0))
            .optional()?;
        if let Some(run) = known {
            self.connection
                .prepare_cached(
                    "UPDATE pipeline_runs SET status = ?2, last_modified = ?3,
                     name = (SELECT b.name FROM ci_builds b WHERE b.id = pipeline_runs.root_build) WHERE id = ?1",
                )?
                .execute((run, status, self.now))?;
            return Ok(run);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO pipeline_runs (name, pipeline, root_build, release, milestone, program, status,
                 creation_time, last_modified)
                 SELECT b.name, p.id, b.id, p.current_release, p.current_milestone, p.program, ?3, ?4, ?4
                 FROM pipelines p, ci_builds b WHERE p.id = ?1 AND b.id = ?2",
            )?
            .execute(params![pipeline, root_build, status, self.now])?;
        Ok(self.connection.last_insert_rowid())
    }
}
