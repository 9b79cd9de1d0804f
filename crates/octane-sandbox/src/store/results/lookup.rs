//! What payloads name: list values, releases, environments, builds.

use octane_results::{Build, Status, Tag, TestFieldKind};
use rusqlite::ToSql;
use rusqlite::types::Value as Sql;

use super::super::read::Reader;
use super::super::write::Writer;
use super::{Found, key};
use crate::error::ApiError;

/// The keys of the two list values that say how a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusKeys {
    pub(crate) native: i64,
    pub(crate) derived: i64,
}

/// The list whose values a test field takes.
fn list_of(kind: TestFieldKind) -> &'static str {
    match kind {
        TestFieldKind::TestLevel => "list_node.test_level",
        TestFieldKind::TestType => "list_node.test_type",
        TestFieldKind::TestingToolType => "list_node.testing_tool_type",
        TestFieldKind::Framework => "list_node.je.framework",
    }
}

/// Whether the CI server with this instance id is there.
pub(crate) fn has_ci_server(reader: Reader<'_>, instance_id: &str) -> Result<bool, ApiError> {
    let sql = "SELECT 1 FROM ci_servers WHERE instance_id = ?";
    Ok(reader
        .connection
        .prepare_cached(sql)?
        .exists([instance_id])?)
}

impl Writer<'_> {
    pub(super) fn key_by(&self, sql: &str, values: &[&dyn ToSql]) -> Found {
        key(&mut *self.connection.prepare_cached(sql)?, values)
    }

    pub(crate) fn status_keys(self, status: Status) -> Result<StatusKeys, ApiError> {
        self.status_named(match status {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
            Status::Planned => "planned",
        })
    }

    pub(in crate::store) fn status_named(self, word: &str) -> Result<StatusKeys, ApiError> {
        let derived = match word {
            "blocked" | "not_completed" => "requires_attention",
            word => word,
        };
        let key = |name: String| {
            let sql = "SELECT id FROM list_nodes WHERE logical_name = ? COLLATE NOCASE";
            self.key_by(sql, &[&name])?
                .ok_or_else(|| ApiError::Internal(format!("the list value `{name}` is missing")))
        };
        Ok(StatusKeys {
            native: key(format!("list_node.run_native_status.{word}"))?,
            derived: key(format!("list_node.run_status.{derived}"))?,
        })
    }

    /// The entity of `table` with this id and, where there are several, one of these types.
    pub(crate) fn existing(self, table: &str, subtypes: &[&str], id: i64) -> Found {
        if subtypes.is_empty() {
            return self.key_by(&format!("SELECT id FROM {table} WHERE id = ?"), &[&id]);
        }
        let sql = format!(
            "SELECT id FROM {table} WHERE id = ? AND subtype IN ('{}')",
            subtypes.join("','")
        );
        self.key_by(&sql, &[&id])
    }

    pub(crate) fn release_named(self, name: &str) -> Found {
        self.key_by(
            "SELECT id FROM releases WHERE name = ? COLLATE NOCASE ORDER BY id LIMIT 1",
            &[&name],
        )
    }

    pub(crate) fn default_release(self) -> Found {
        self.key_by(
            "SELECT id FROM releases WHERE is_default = 1 ORDER BY id LIMIT 1",
            &[],
        )
    }

    /// The value of a test field by its label or its short name; one that is missing is made if it may be.
    pub(crate) fn test_field(self, kind: TestFieldKind, label: &str, may_create: bool) -> Found {
        let list = list_of(kind);
        let found = self.key_by(
            "SELECT v.id FROM list_nodes l JOIN list_nodes v ON v.list_root = l.id
             WHERE l.logical_name = ?1 AND (v.name = ?2 COLLATE NOCASE
                 OR v.logical_name = ?1 || '.' || ?2 COLLATE NOCASE)
             ORDER BY v.id LIMIT 1",
            &[&list, &label],
        )?;
        if found.is_some() || !may_create {
            return Ok(found);
        }
        let root = self.key_by("SELECT id FROM list_nodes WHERE logical_name = ?", &[&list])?;
        let columns = vec![
            ("name", Sql::Text(label.to_owned())),
            ("list_root", root.map_or(Sql::Null, Sql::Integer)),
        ];
        self.create_raw(self.catalog.known_type("list_node"), columns)
            .map(Some)
    }

    /// An environment value; category and value are made if they are missing and may be.
    pub(crate) fn taxonomy(self, tag: &Tag, may_create: bool) -> Found {
        let sql = "SELECT id FROM taxonomy_nodes WHERE category IS ? AND name = ? COLLATE NOCASE";
        let named = |name: &str| ("name", Sql::Text(name.to_owned()));
        let category = match self.key_by(sql, &[&None::<i64>, &tag.kind])? {
            Some(category) => category,
            None if !may_create => return Ok(None),
            None => self.create_raw(
                self.catalog.known_type("taxonomy_category_node"),
                vec![named(&tag.kind)],
            )?,
        };
        let value = self.key_by(sql, &[&category, &tag.value])?;
        if value.is_some() || !may_create {
            return Ok(value);
        }
        let columns = vec![named(&tag.value), ("category", Sql::Integer(category))];
        self.create_raw(self.catalog.known_type("taxonomy_item_node"), columns)
            .map(Some)
    }

    /// The build, which is made if it is missing, of a CI server, which is made if it is missing and may
    /// be.
    pub(crate) fn build(self, build: &Build, may_create_server: bool) -> Found {
        let Build {
            server_id,
            job_id,
            job_name,
            build_id,
            build_name,
            sub_type,
            artifact_id,
        } = build;
        let text = |text: &str| Sql::Text(text.to_owned());
        let server = self.key_by(
            "SELECT id FROM ci_servers WHERE instance_id = ? ORDER BY id LIMIT 1",
            &[server_id],
        )?;
        let server = match server {
            Some(server) => server,
            None if !may_create_server => return Ok(None),
            None => self.create_raw(
                self.catalog.known_type("ci_server"),
                vec![("name", text(server_id)), ("instance_id", text(server_id))],
            )?,
        };
        let found = self.key_by(
            "SELECT id FROM ci_builds WHERE ci_server = ? AND job_id = ? AND build_id = ?",
            &[&server, job_id, build_id],
        )?;
        if found.is_some() {
            return Ok(found);
        }
        let mut columns = vec![
            ("name", text(build_name.as_ref().unwrap_or(build_id))),
            ("ci_server", Sql::Integer(server)),
            ("job_id", text(job_id)),
            ("build_id", text(build_id)),
        ];
        for (name, value) in [
            ("job_name", job_name),
            ("sub_type", sub_type),
            ("artifact_id", artifact_id),
        ] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                columns.push((name, text(value)));
            }
        }
        self.create_raw(self.catalog.known_type("ci_build"), columns)
            .map(Some)
    }
}
