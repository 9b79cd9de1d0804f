//! The rows that ingestion finds and makes.

use octane_results::{Build, Identity, Status, Tag, TestFieldKind};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, ToSql, params};

use super::write::Writer;
use crate::error::ApiError;

type Found = Result<Option<i64>, ApiError>;

/// What makes a run the same run: its test, suite run, run name, release, milestone, program and
/// environment (ALM test result collection tool, readme; ALM Octane help, "Last runs").
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunKey<'a> {
    pub(crate) test: i64,
    pub(crate) suite_run: Option<i64>,
    pub(crate) release: Option<i64>,
    pub(crate) milestone: Option<i64>,
    pub(crate) program: Option<i64>,
    /// The payload's `run_name` and the environment, put together; none where both are missing.
    pub(crate) name_and_environment: Option<&'a str>,
}

/// What a result says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRow<'a> {
    pub(crate) key: RunKey<'a>,
    pub(crate) name: &'a str,
    pub(crate) identity: &'a Identity,
    pub(crate) status: StatusKeys,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    pub(crate) duration_ms: i64,
    pub(crate) error_type: Option<&'a str>,
    pub(crate) error_message: Option<&'a str>,
    pub(crate) error_details: Option<&'a str>,
    pub(crate) report_url: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) build: Option<i64>,
    pub(crate) tool: Option<i64>,
    pub(crate) framework: Option<i64>,
    pub(crate) level: Option<i64>,
}

/// The keys of the two list values that say how a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusKeys {
    pub(crate) native: i64,
    pub(crate) derived: i64,
}

/// The list whose values a test field takes.
pub(crate) fn list_of(kind: TestFieldKind) -> &'static str {
    match kind {
        TestFieldKind::TestLevel => "list_node.test_level",
        TestFieldKind::TestType => "list_node.test_type",
        TestFieldKind::TestingToolType => "list_node.testing_tool_type",
        TestFieldKind::Framework => "list_node.je.framework",
    }
}

/// Empty text is none, as it is in the columns.
fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl Writer<'_> {
    fn key_by(&self, sql: &str, values: &[&dyn ToSql]) -> Found {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(values, |row| row.get(0)).optional()?)
    }

    pub(crate) fn status_keys(self, status: Status) -> Result<StatusKeys, ApiError> {
        self.status_named(match status {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
            Status::Planned => "planned",
        })
    }

    fn status_named(self, word: &str) -> Result<StatusKeys, ApiError> {
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

    /// The value of a list by its label or its short name; made if it is missing.
    pub(crate) fn list_value(self, list: &str, label: &str) -> Result<i64, ApiError> {
        let found = self.key_by(
            "SELECT v.id FROM list_nodes l JOIN list_nodes v ON v.list_root = l.id
             WHERE l.logical_name = ?1 AND (v.name = ?2 COLLATE NOCASE
                 OR v.logical_name = ?1 || '.' || ?2 COLLATE NOCASE)
             ORDER BY v.id LIMIT 1",
            &[&list, &label],
        )?;
        if let Some(key) = found {
            return Ok(key);
        }
        let root = self.key_by("SELECT id FROM list_nodes WHERE logical_name = ?", &[&list])?;
        self.create_raw(
            self.catalog.known_type("list_node"),
            vec![
                ("name", Sql::Text(label.to_owned())),
                ("list_root", root.map_or(Sql::Null, Sql::Integer)),
            ],
        )
    }

    /// The environment value `kind` = `value`; made if it is missing.
    pub(crate) fn taxonomy(self, tag: &Tag) -> Result<i64, ApiError> {
        let sql = "SELECT id FROM taxonomy_nodes WHERE category IS ? AND name = ? COLLATE NOCASE";
        let named = |name: &str| ("name", Sql::Text(name.to_owned()));
        let category = match self.key_by(sql, &[&None::<i64>, &tag.kind])? {
            Some(category) => category,
            None => self.create_raw(
                self.catalog.known_type("taxonomy_category_node"),
                vec![named(&tag.kind)],
            )?,
        };
        match self.key_by(sql, &[&category, &tag.value])? {
            Some(value) => Ok(value),
            None => self.create_raw(
                self.catalog.known_type("taxonomy_item_node"),
                vec![named(&tag.value), ("category", Sql::Integer(category))],
            ),
        }
    }

    /// The build, and the CI server that it belongs to; both made if they are missing.
    pub(crate) fn build(self, build: &Build) -> Result<i64, ApiError> {
        let text = |text: &str| Sql::Text(text.to_owned());
        let server = self.key_by(
            "SELECT id FROM ci_servers WHERE instance_id = ? ORDER BY id LIMIT 1",
            &[&build.server_id],
        )?;
        let server = match server {
            Some(server) => server,
            None => self.create_raw(
                self.catalog.known_type("ci_server"),
                vec![
                    ("name", text(&build.server_id)),
                    ("instance_id", text(&build.server_id)),
                ],
            )?,
        };
        let found = self.key_by(
            "SELECT id FROM ci_builds WHERE ci_server = ? AND job_id = ? AND build_id = ?",
            &[&server, &build.job_id, &build.build_id],
        )?;
        if let Some(key) = found {
            return Ok(key);
        }
        let name = build.build_name.as_ref().unwrap_or(&build.build_id);
        let mut columns = vec![
            ("name", text(name)),
            ("ci_server", Sql::Integer(server)),
            ("job_id", text(&build.job_id)),
            ("build_id", text(&build.build_id)),
        ];
        if let Some(job_name) = &build.job_name {
            columns.push(("job_name", text(job_name)));
        }
        self.create_raw(self.catalog.known_type("ci_build"), columns)
    }

    /// The test with this identity; made if it is missing. A missing part equals an empty one.
    pub(crate) fn test(self, identity: &Identity) -> Result<i64, ApiError> {
        let Identity {
            module,
            package,
            class,
            name,
        } = identity;
        let [module, package, class] = [module, package, class].map(|text| filled(text));
        let found = self.key_by(
            "SELECT id FROM tests INDEXED BY tests_by_identity WHERE name = ? AND class_name IS ?
             AND package IS ? AND component IS ? AND subtype = 'test_automated' ORDER BY id LIMIT 1",
            &[name, &class, &package, &module],
        )?;
        if let Some(key) = found {
            return Ok(key);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO tests (subtype, name, class_name, package, component,
                 creation_time, last_modified, phase) VALUES ('test_automated', ?, ?, ?, ?, ?5, ?5,
                 (SELECT id FROM phases WHERE logical_name = 'phase.test_automated.new'))",
            )?
            .execute(params![name, class, package, module, self.now])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Sets a test field of a test.
    pub(crate) fn set_test_field(
        self,
        test: i64,
        kind: TestFieldKind,
        value: i64,
    ) -> Result<(), ApiError> {
        let sql = match kind {
            TestFieldKind::TestType => {
                "INSERT OR IGNORE INTO test_test_type (list_node, test) VALUES (?, ?)"
            }
            TestFieldKind::TestLevel => {
                "UPDATE tests SET test_level = ?1 WHERE id = ?2 AND test_level IS NOT ?1"
            }
            TestFieldKind::TestingToolType => {
                "UPDATE tests SET testing_tool_type = ?1 WHERE id = ?2 AND testing_tool_type IS NOT ?1"
            }
            TestFieldKind::Framework => {
                "UPDATE tests SET framework = ?1 WHERE id = ?2 AND framework IS NOT ?1"
            }
        };
        self.connection
            .prepare_cached(sql)?
            .execute([value, test])?;
        Ok(())
    }

    /// Ties two entities together in a link table whose columns come in this order.
    pub(crate) fn tie(
        self,
        (table, left, right): (&str, &str, &str),
        key: i64,
        others: &[i64],
    ) -> Result<(), ApiError> {
        if others.is_empty() {
            return Ok(());
        }
        let sql = format!("INSERT OR IGNORE INTO {table} ({left}, {right}) VALUES (?, ?)");
        let mut statement = self.connection.prepare_cached(&sql)?;
        for other in others {
            statement.execute([key, *other])?;
        }
        Ok(())
    }

    /// Makes a test a member of a suite.
    pub(crate) fn add_to_suite(self, suite: i64, test: i64) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(
                "INSERT INTO suite_links (subtype, test_suite, test, include_in_next_run,
                 creation_time, last_modified, run_mode)
                 SELECT 'test_suite_link_to_automated_test', ?1, ?2, 1, ?3, ?3,
                 (SELECT id FROM list_nodes WHERE logical_name = 'list_node.run_mode.automatically')
                 WHERE NOT EXISTS (SELECT 1 FROM suite_links WHERE test_suite = ?1 AND test = ?2)",
            )?
            .execute([suite, test, self.now])?;
        Ok(())
    }

    /// The suite run `external_run_id` of a suite; made if it is missing. Without an `external_run_id`
    /// each payload gets a suite run of its own, named like the suite.
    pub(crate) fn suite_run(
        self,
        suite: i64,
        external_run_id: Option<&str>,
    ) -> Result<i64, ApiError> {
        let external_run_id = external_run_id.and_then(filled);
        if let Some(name) = external_run_id {
            let found = self.key_by(
                "SELECT id FROM runs WHERE subtype = 'run_suite' AND test = ? AND name = ?
                 ORDER BY id LIMIT 1",
                &[&suite, &name],
            )?;
            if let Some(key) = found {
                return Ok(key);
            }
        }
        let planned = self.status_named("planned")?;
        self.connection
            .prepare_cached(
                "INSERT INTO runs (subtype, test, name, test_name, native_status, status,
                 creation_time, last_modified) SELECT 'run_suite', id, COALESCE(?2, name), name,
                 ?3, ?4, ?5, ?5 FROM tests WHERE id = ?1",
            )?
            .execute(params![
                suite,
                external_run_id,
                planned.native,
                planned.derived,
                self.now
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Gives a suite run the release, milestone and program of the payload, as far as it has any.
    pub(crate) fn set_suite_run_context(
        self,
        suite_run: i64,
        [release, milestone, program]: [Option<i64>; 3],
    ) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(
                "UPDATE runs SET release = COALESCE(?2, release),
                 milestone = COALESCE(?3, milestone), program = COALESCE(?4, program) WHERE id = ?1",
            )?
            .execute(params![suite_run, release, milestone, program])?;
        Ok(())
    }

    /// Derives the status and the start of a suite run from its runs: failed if any failed; not completed
    /// while some are planned and others are not; passed if any passed; else what they all are.
    pub(crate) fn refresh_suite_run(self, suite_run: i64) -> Result<(), ApiError> {
        let has = |word: &str| -> Result<bool, ApiError> {
            let native = self.status_named(word)?.native;
            let sql = "SELECT 1 FROM runs WHERE parent_suite = ? AND native_status = ?";
            Ok(self
                .connection
                .prepare_cached(sql)?
                .exists([suite_run, native])?)
        };
        let [failed, planned, passed, skipped] = [
            has("failed")?,
            has("planned")?,
            has("passed")?,
            has("skipped")?,
        ];
        let word = match (failed, planned, passed, skipped) {
            (true, ..) => "failed",
            (_, true, false, false) => "planned",
            (_, true, ..) => "not_completed",
            (_, _, true, _) => "passed",
            (_, _, _, true) => "skipped",
            _ => "planned",
        };
        let status = self.status_named(word)?;
        self.connection
            .prepare_cached(
                "UPDATE runs SET native_status = ?2, status = ?3, last_modified = ?4,
                 version_stamp = version_stamp + 1, client_lock_stamp = client_lock_stamp + 1
                 WHERE id = ?1",
            )?
            .execute([suite_run, status.native, status.derived, self.now])?;
        Ok(())
    }

    /// Moves the start of a suite run to that of its earliest run.
    pub(crate) fn set_suite_run_started(
        self,
        suite_run: i64,
        started: i64,
    ) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(
                "UPDATE runs SET started = ?2 WHERE id = ?1 AND (started IS NULL OR started > ?2)",
            )?
            .execute([suite_run, started])?;
        Ok(())
    }

    pub(crate) fn find_run(self, key: &RunKey<'_>) -> Found {
        self.key_by(
            "SELECT id FROM runs INDEXED BY runs_by_test WHERE test = ? AND parent_suite IS ?
             AND release IS ? AND milestone IS ? AND program IS ? AND run_key IS ?
             AND subtype = 'run_automated' ORDER BY id LIMIT 1",
            &[
                &key.test,
                &key.suite_run,
                &key.release,
                &key.milestone,
                &key.program,
                &key.name_and_environment,
            ],
        )
    }

    pub(crate) fn create_run(self, row: &RunRow<'_>) -> Result<i64, ApiError> {
        let key = &row.key;
        let Identity {
            module,
            package,
            class,
            name,
        } = row.identity;
        self.connection
            .prepare_cached(
                "INSERT INTO runs (subtype, name, test, parent_suite, release, milestone, program,
                 run_key, test_name, component, package, class_name, native_status, status, started,
                 duration, error_type, error_message, error_details, external_report_url,
                 description, build, testing_tool_type, test_framework, test_level, creation_time,
                 last_modified) VALUES ('run_automated', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                 ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?25)",
            )?
            .execute(params![
                row.name,
                key.test,
                key.suite_run,
                key.release,
                key.milestone,
                key.program,
                key.name_and_environment,
                name,
                filled(module),
                filled(package),
                filled(class),
                row.status.native,
                row.status.derived,
                row.started,
                row.duration_ms,
                row.error_type,
                row.error_message,
                row.error_details,
                row.report_url,
                row.description,
                row.build,
                row.tool,
                row.framework,
                row.level,
                self.now,
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Moves the present result of a run to its history and puts the new one in its place.
    pub(crate) fn replace_run(self, run: i64, row: &RunRow<'_>) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(
                "INSERT INTO previous_runs (run_id, name, run_native_status, run_status, run_started,
                 run_duration, release, milestone, program, build_id, build_name, test_id, test_name,
                 test_component, test_package, test_class, error_type, error_message, error_details,
                 external_report_url, creation_time, last_modified)
                 SELECT r.id, r.name, r.native_status, r.status, r.started, r.duration, r.release,
                 r.milestone, r.program, b.build_id, b.name, r.test, r.test_name, r.component,
                 r.package, r.class_name, r.error_type, r.error_message, r.error_details,
                 r.external_report_url, ?2, ?2 FROM runs r LEFT JOIN ci_builds b ON b.id = r.build
                 WHERE r.id = ?1",
            )?
            .execute([run, self.now])?;
        self.connection
            .prepare_cached(
                "UPDATE runs SET native_status = ?2, status = ?3, started = ?4, duration = ?5,
                 error_type = ?6, error_message = ?7, error_details = ?8, external_report_url = ?9,
                 description = ?10, build = ?11, testing_tool_type = COALESCE(?12, testing_tool_type),
                 test_framework = COALESCE(?13, test_framework), test_level = COALESCE(?14, test_level),
                 last_modified = ?15, version_stamp = version_stamp + 1,
                 client_lock_stamp = client_lock_stamp + 1 WHERE id = ?1",
            )?
            .execute(params![
                run,
                row.status.native,
                row.status.derived,
                row.started,
                row.duration_ms,
                row.error_type,
                row.error_message,
                row.error_details,
                row.report_url,
                row.description,
                row.build,
                row.tool,
                row.framework,
                row.level,
                self.now,
            ])?;
        Ok(())
    }
}
