//! What CI servers send that the sandbox keeps as it came: code coverage, pull requests, branches, vulnerabilities.

use rusqlite::params;
use rusqlite::types::ValueRef;
use serde_json::{Value as Json, json};

use crate::error::ApiError;
use crate::store::read::Reader;
use crate::store::writer::Writer;

/// Of a longer body, only the beginning is shown.
const SHOWN_BYTES_MAX: i64 = 65_536;

fn shown_time(value: ValueRef<'_>) -> Json {
    crate::store::value::to_json(&crate::catalog::FieldType::DateTime, value)
}

/// A message that is kept as it came.
#[derive(Debug, Clone)]
pub(crate) struct RawFact {
    /// `coverage`, `pull-requests`, …
    pub(crate) kind: &'static str,
    /// The parameters of its URL.
    pub(crate) about: Json,
    pub(crate) media_type: String,
    pub(crate) body: Vec<u8>,
}

impl Writer<'_> {
    pub(crate) fn keep_fact(self, fact: &RawFact) -> Result<i64, ApiError> {
        let RawFact {
            kind,
            about,
            media_type,
            body,
        } = fact;
        self.connection
            .prepare_cached(
                "INSERT INTO ci_facts (kind, received, about, media_type, body) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![kind, self.now, about.to_string(), media_type, body])?;
        Ok(self.connection.last_insert_rowid())
    }
}

impl Reader<'_> {
    /// Since when a job is part of a pipeline, as a response shows it.
    pub(crate) fn job_in_pipelines_since(
        self,
        server: &str,
        job: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let sql =
            "SELECT MIN(p.creation_time) FROM ci_jobs j JOIN ci_servers s ON s.id = j.ci_server
                   JOIN pipeline_nodes n ON n.ci_job = j.id JOIN pipelines p ON p.id = n.pipeline
                   WHERE s.instance_id = ? AND j.ci_id = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let since = statement.query_row((server, job), |row| Ok(shown_time(row.get_ref(0)?)))?;
        Ok(since.as_str().map(str::to_owned))
    }

    /// The vulnerabilities reported of a job, the oldest first.
    pub(crate) fn vulnerabilities_of(self, server: &str, job: &str) -> Result<Vec<Json>, ApiError> {
        let sql = "SELECT body FROM ci_facts WHERE kind = 'vulnerabilities'
                   AND about ->> '$.\"instance-id\"' = ? AND about ->> '$.\"job-ci-id\"' = ? ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let bodies = statement.query_map((server, job), |row| {
            let body: Vec<u8> = row.get(0)?;
            Ok(serde_json::from_slice(&body).unwrap_or_default())
        })?;
        Ok(bodies.collect::<Result<_, _>>()?)
    }

    /// The facts of a kind, or all; the newest first.
    pub(crate) fn facts(self, kind: Option<&str>, limit: u32) -> Result<Vec<Json>, ApiError> {
        let sql = "SELECT id, kind, received, about, media_type, substr(body, 1, ?3), length(body) FROM ci_facts
                   WHERE ?1 IS NULL OR kind = ?1 ORDER BY id DESC LIMIT ?2 + 0";
        let mut statement = self.connection.prepare_cached(sql)?;
        let facts = statement.query_map((kind, limit, SHOWN_BYTES_MAX), |row| {
            let about: String = row.get(3)?;
            let body: Vec<u8> = row.get(5)?;
            let received = shown_time(row.get_ref(2)?);
            Ok(json!({
                "id": row.get::<_, i64>(0)?,
                "kind": row.get::<_, String>(1)?,
                "received": received,
                "about": serde_json::from_str::<Json>(&about).unwrap_or_default(),
                "media_type": row.get::<_, String>(4)?,
                "bytes": row.get::<_, i64>(6)?,
                "body": String::from_utf8_lossy(&body),
            }))
        })?;
        Ok(facts.collect::<Result<_, _>>()?)
    }
}
