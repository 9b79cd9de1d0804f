//! CI servers and their jobs: found, or created.

use rusqlite::types::Value as Sql;

use crate::ci_report::ServerInfo;
use crate::error::ApiError;
use crate::settings::OnUnknown;
use crate::store::writer::Writer;

impl Writer<'_> {
    /// The CI server with this instance ID; created if it does not exist and may be created.
    pub(crate) fn ci_server(
        self,
        instance_id: &str,
        may_create: bool,
    ) -> Result<Option<i64>, ApiError> {
        let sql = "SELECT id FROM ci_servers WHERE instance_id = ? ORDER BY id LIMIT 1";
        let found = self.number(sql, [instance_id])?;
        if found.is_some() || !may_create {
            return Ok(found);
        }
        let text = |text: &str| Sql::Text(text.to_owned());
        let columns = vec![
            ("name", text(instance_id)),
            ("instance_id", text(instance_id)),
            ("server_type", text("unknown")),
        ];
        self.create_raw(self.catalog.known_type("ci_server"), columns)
            .map(Some)
    }

    /// The same for a report, which is rejected if the server may not be created.
    pub(crate) fn reporting_server(
        self,
        instance_id: &str,
        unknown: OnUnknown,
    ) -> Result<i64, ApiError> {
        self.ci_server(instance_id, unknown == OnUnknown::Create)?
            .ok_or_else(|| ApiError::entity_not_found("ci_server", instance_id))
    }

    /// Notes what a CI server says of itself.
    pub(crate) fn describe_server(self, server: i64, info: &ServerInfo) -> Result<(), ApiError> {
        let ServerInfo {
            server_type,
            url,
            version,
            ..
        } = info;
        self.connection
            .prepare_cached(
                "UPDATE ci_servers SET url = COALESCE(url, ?2), plugin_version = COALESCE(?3, plugin_version),
                 server_type = CASE WHEN COALESCE(server_type, 'unknown') = 'unknown'
                     THEN COALESCE(?4, server_type) ELSE server_type END,
                 is_connected = 1, last_modified = ?5 WHERE id = ?1",
            )?
            .execute((server, url, version, server_type, self.now))?;
        Ok(())
    }

    /// The job with this ID; created if it does not exist.
    pub(crate) fn ci_job(
        self,
        server: i64,
        ci_id: &str,
        name: Option<&str>,
    ) -> Result<i64, ApiError> {
        let sql = "SELECT id FROM ci_jobs WHERE ci_server = ? AND ci_id = ? ORDER BY id LIMIT 1";
        if let Some(job) = self.number(sql, (server, ci_id))? {
            return Ok(job);
        }
        let columns = vec![
            ("name", Sql::Text(name.unwrap_or(ci_id).to_owned())),
            ("ci_id", Sql::Text(ci_id.to_owned())),
            ("ci_server", Sql::Integer(server)),
        ];
        self.create_raw(self.catalog.known_type("ci_job"), columns)
    }

    /// Gives a job another ID.
    pub(crate) fn rename_job(self, server: i64, from: &str, to: &str) -> Result<(), ApiError> {
        self.connection
            .prepare_cached("UPDATE ci_jobs SET ci_id = ?3 WHERE ci_server = ?1 AND ci_id = ?2")?
            .execute((server, from, to))?;
        Ok(())
    }

    /// The number that a statement selects first, if there is one.
    pub(crate) fn number(
        self,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> Result<Option<i64>, ApiError> {
        use rusqlite::OptionalExtension;
        let mut statement = self.connection.prepare_cached(sql)?;
        let found: Option<Option<i64>> =
            statement.query_row(values, |row| row.get(0)).optional()?;
        Ok(found.flatten())
    }
}
