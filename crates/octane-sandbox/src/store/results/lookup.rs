//! Names in payloads: list values, releases, environments, builds.

use octane_results::{Build, Status, Tag, TestFieldKind};
use rusqlite::ToSql;
use rusqlite::types::Value as Sql;

use super::row::{Found, row_id};
use crate::error::ApiError;
use crate::store::read::Reader;
use crate::store::writer::Writer;

/// The row IDs of the two list values for the status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusIds {
    pub(crate) native: i64,
    pub(crate) derived: i64,
}

/// A value of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taxonomy {
    pub(crate) category: i64,
    /// `None` if the category has no such value.
    pub(crate) value: Option<i64>,
}

/// The list of a test field's values.
fn list_of(kind: TestFieldKind) -> &'static str {
    match kind {
        TestFieldKind::TestLevel => "list_node.test_level",
        TestFieldKind::TestType => "list_node.test_type",
        TestFieldKind::TestingToolType => "list_node.testing_tool_type",
        TestFieldKind::Framework => "list_node.je.framework",
    }
}

/// Whether the CI server with this instance ID exists.
pub(crate) fn has_ci_server(reader: Reader<'_>, instance_id: &str) -> Result<bool, ApiError> {
    let sql = "SELECT 1 FROM ci_servers WHERE instance_id = ?";
    Ok(reader
        .connection
        .prepare_cached(sql)?
        .exists([instance_id])?)
}

impl Writer<'_> {
    pub(super) fn row_id_by(&self, sql: &str, values: &[&dyn ToSql]) -> Found {
        row_id(&mut *self.connection.prepare_cached(sql)?, values)
    }

    pub(crate) fn status_keys(self, status: Status) -> Result<StatusIds, ApiError> {
        self.status_named(match status {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
            Status::Planned => "planned",
        })
    }

    pub(in crate::store) fn status_named(self, word: &str) -> Result<StatusIds, ApiError> {
        let derived = match word {
            "blocked" | "not_completed" => "requires_attention",
            word => word,
        };
        let row_id = |name: String| {
            let sql = "SELECT id FROM list_nodes WHERE logical_name = ? COLLATE NOCASE";
            self.row_id_by(sql, &[&name])?
                .ok_or_else(|| ApiError::Internal(format!("the list value `{name}` is missing")))
        };
        Ok(StatusIds {
            native: row_id(format!("list_node.run_native_status.{word}"))?,
            derived: row_id(format!("list_node.run_status.{derived}"))?,
        })
    }

    /// The entity of `table` with this ID and, if there are several, one of these types.
    pub(crate) fn existing(self, table: &str, subtypes: &[&str], id: i64) -> Found {
        if subtypes.is_empty() {
            return self.row_id_by(&format!("SELECT id FROM {table} WHERE id = ?"), &[&id]);
        }
        let sql = format!(
            "SELECT id FROM {table} WHERE id = ? AND subtype IN ('{}')",
            subtypes.join("','")
        );
        self.row_id_by(&sql, &[&id])
    }

    pub(crate) fn release_named(self, name: &str) -> Found {
        self.row_id_by(
            "SELECT id FROM releases WHERE name = ? COLLATE NOCASE ORDER BY id LIMIT 1",
            &[&name],
        )
    }

    pub(crate) fn default_release(self) -> Found {
        self.row_id_by(
            "SELECT id FROM releases WHERE is_default = 1 ORDER BY id LIMIT 1",
            &[],
        )
    }

    /// The value of a test field by its label or its short name; created if it does not exist and
    /// `may_create` is set.
    pub(crate) fn test_field(self, kind: TestFieldKind, label: &str, may_create: bool) -> Found {
        let list = list_of(kind);
        let found = self.row_id_by(
            "SELECT v.id FROM list_nodes l JOIN list_nodes v ON v.list_root = l.id
             WHERE l.logical_name = ?1 AND (v.name = ?2 COLLATE NOCASE
                 OR v.logical_name = ?1 || '.' || ?2 COLLATE NOCASE)
             ORDER BY v.id LIMIT 1",
            &[&list, &label],
        )?;
        if found.is_some() || !may_create {
            return Ok(found);
        }
        let root = self.row_id_by("SELECT id FROM list_nodes WHERE logical_name = ?", &[&list])?;
        let columns = vec![
            ("name", Sql::Text(label.to_owned())),
            ("list_root", root.map_or(Sql::Null, Sql::Integer)),
        ];
        self.create_raw(self.catalog.known_type("list_node"), columns)
            .map(Some)
    }

    /// An environment value; category and value are created if they do not exist and may be created. `None` if there is no such
    /// category.
    pub(crate) fn taxonomy(
        self,
        tag: &Tag,
        may_create: bool,
    ) -> Result<Option<Taxonomy>, ApiError> {
        let sql = "SELECT id FROM taxonomy_nodes WHERE category IS ? AND name = ? COLLATE NOCASE";
        let named = |name: &str| ("name", Sql::Text(name.to_owned()));
        let category = match self.row_id_by(sql, &[&None::<i64>, &tag.tag_type])? {
            Some(category) => category,
            None if !may_create => return Ok(None),
            None => self.create_raw(
                self.catalog.known_type("taxonomy_category_node"),
                vec![named(&tag.tag_type)],
            )?,
        };
        let mut value = self.row_id_by(sql, &[&category, &tag.value])?;
        if value.is_none() && may_create {
            let columns = vec![named(&tag.value), ("category", Sql::Integer(category))];
            let node = self.catalog.known_type("taxonomy_item_node");
            value = Some(self.create_raw(node, columns)?);
        }
        Ok(Some(Taxonomy { category, value }))
    }

    /// The build of a CI server; both are created if they do not exist and may be created.
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
        let Some(server) = self.ci_server(server_id, may_create_server)? else {
            return Ok(None);
        };
        let columns = [
            ("name", build_name),
            ("sub_type", sub_type),
            ("artifact_id", artifact_id),
        ];
        let given = columns.into_iter().filter_map(|(name, value)| {
            let value = value.as_deref().filter(|value| !value.is_empty())?;
            Some((name, value))
        });
        let job_name = job_name.as_deref().filter(|name| !name.is_empty());
        self.ci_build(server, (job_id, job_name), build_id, given.collect())
            .map(Some)
    }

    /// The release of the pipeline that a build belongs to.
    pub(crate) fn release_of_build(self, build: i64) -> Found {
        self.row_id_by(
            "SELECT p.current_release FROM ci_builds b JOIN pipeline_nodes n ON n.ci_job = b.ci_job
             JOIN pipelines p ON p.id = n.pipeline
             WHERE b.id = ? AND p.current_release IS NOT NULL ORDER BY p.id LIMIT 1",
            &[&build],
        )
    }
}
