//! Tests: found by their identity, or created.

use octane_results::Identity;
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::row::{Found, filled, row_id};
use super::test_subtype::TestSubtype;
use crate::error::ApiError;
use crate::store::writer::Writer;

/// The list values that a payload assigns to a test; runs contain copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TestFields {
    pub(crate) level: Option<i64>,
    pub(crate) tool: Option<i64>,
    pub(crate) framework: Option<i64>,
}

/// The properties of a Gherkin test in a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeatureRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: &'a str,
    /// The text of the feature file; may be empty.
    pub(crate) script: &'a str,
}

/// Finds and creates tests.
pub(crate) struct Tests<'a> {
    now: i64,
    find: CachedStatement<'a>,
    create: CachedStatement<'a>,
    set_fields: CachedStatement<'a>,
    find_feature: CachedStatement<'a>,
    create_feature: CachedStatement<'a>,
    move_feature: CachedStatement<'a>,
    script: CachedStatement<'a>,
    create_version: CachedStatement<'a>,
    join: CachedStatement<'a>,
    is_member: CachedStatement<'a>,
}

impl<'a> Tests<'a> {
    pub(crate) fn new(writer: Writer<'a>) -> Result<Self, ApiError> {
        let prepare = |sql| writer.connection.prepare_cached(sql);
        let automatic = "list_node.run_mode.automatically";
        let by_name = |table: &str, name: &str| {
            let sql = format!("SELECT id FROM {table} WHERE logical_name = ?");
            writer.row_id_by(&sql, &[&name])
        };
        // The row IDs of fixed values, which become part of the statements.
        let literal = |row_id: Option<i64>| {
            row_id.map_or_else(|| "NULL".to_owned(), |row_id| row_id.to_string())
        };
        let run_mode = literal(by_name("list_nodes", automatic)?);
        let automated_phase = literal(by_name("phases", "phase.test_automated.new")?);
        let gherkin_phase = literal(by_name("phases", "phase.gherkin_test.new")?);
        Ok(Self {
            now: writer.now,
            find: prepare(
                "SELECT id FROM tests INDEXED BY tests_by_identity WHERE name = ?1
                 AND class_name IS ?2 AND package IS ?3 AND component IS ?4
                 AND subtype = 'test_automated' ORDER BY id LIMIT 1",
            )?,
            create: prepare(&format!(
                "INSERT INTO tests (subtype, phase, name, class_name, package, component, test_level,
                 testing_tool_type, framework, external_test_id, creation_time, last_modified)
                 VALUES ('test_automated', {automated_phase}, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
            ))?,
            set_fields: prepare(
                "UPDATE tests SET test_level = COALESCE(?2, test_level),
                 testing_tool_type = COALESCE(?3, testing_tool_type),
                 framework = COALESCE(?4, framework),
                 external_test_id = COALESCE(?5, external_test_id)
                 WHERE id = ?1 AND (?2 <> COALESCE(test_level, 0)
                 OR ?3 <> COALESCE(testing_tool_type, 0) OR ?4 <> COALESCE(framework, 0)
                 OR ?5 <> COALESCE(external_test_id, ''))",
            )?,
            find_feature: prepare(
                "SELECT id FROM tests WHERE subtype = 'gherkin_test' AND feature_path = ?1
                 AND name = ?2 ORDER BY id LIMIT 1",
            )?,
            create_feature: prepare(&format!(
                "INSERT INTO tests (subtype, phase, name, feature_path, creation_time, last_modified)
                 VALUES ('gherkin_test', {gherkin_phase}, ?1, ?2, ?3, ?3)"
            ))?,
            move_feature: prepare("UPDATE tests SET feature_path = ?2 WHERE id = ?1")?,
            script: prepare(
                "SELECT script FROM test_versions WHERE test = ? ORDER BY id DESC LIMIT 1",
            )?,
            create_version: prepare(
                "INSERT INTO test_versions (test, script, creation_time, last_modified, name)
                 VALUES (?1, ?2, ?3, ?3, (SELECT COUNT(*) + 1 FROM test_versions WHERE test = ?1))",
            )?,
            join: prepare(&format!(
                "INSERT INTO suite_links (subtype, test_suite, test, include_in_next_run,
                 creation_time, last_modified, run_mode) VALUES (?1, ?2, ?3, 1, ?4, ?4, {run_mode})"
            ))?,
            is_member: prepare(
                "SELECT 1 FROM suite_links WHERE test_suite = ?1 AND test = ?2",
            )?,
        })
    }

    /// The automated test with this identity. A missing part equals an empty one.
    pub(crate) fn find(&mut self, identity: &Identity) -> Found {
        let Identity {
            module,
            package,
            class,
            name,
        } = identity;
        row_id(
            &mut self.find,
            params![name, filled(class), filled(package), filled(module)],
        )
    }

    /// Creates an automated test.
    pub(crate) fn create(
        &mut self,
        identity: &Identity,
        fields: TestFields,
        external_test_id: Option<&str>,
    ) -> Result<i64, ApiError> {
        let Identity {
            module,
            package,
            class,
            name,
        } = identity;
        let TestFields {
            level,
            tool,
            framework,
        } = fields;
        Ok(self.create.insert(params![
            name,
            filled(class),
            filled(package),
            filled(module),
            level,
            tool,
            framework,
            external_test_id,
            self.now
        ])?)
    }

    /// Sets the fields of a test that a payload names; the others are unchanged.
    pub(crate) fn set_fields(
        &mut self,
        test: i64,
        fields: TestFields,
        external_test_id: Option<&str>,
    ) -> Result<(), ApiError> {
        let TestFields {
            level,
            tool,
            framework,
        } = fields;
        if fields != TestFields::default() || external_test_id.is_some() {
            let values = params![test, level, tool, framework, external_test_id];
            self.set_fields.execute(values)?;
        }
        Ok(())
    }

    /// The Gherkin test of a feature file, by its path and name.
    pub(crate) fn find_feature(&mut self, feature: &FeatureRow<'_>) -> Found {
        row_id(&mut self.find_feature, (feature.path, feature.name))
    }

    /// Creates a Gherkin test.
    pub(crate) fn create_feature(&mut self, feature: &FeatureRow<'_>) -> Result<i64, ApiError> {
        let FeatureRow { name, path, script } = *feature;
        let test = self.create_feature.insert((name, path, self.now))?;
        self.create_version.execute((test, script, self.now))?;
        Ok(test)
    }

    /// Sets the path of a Gherkin test's feature file and, unless the text is empty or known, adds a version
    /// with the text.
    pub(crate) fn update_feature(
        &mut self,
        test: i64,
        feature: &FeatureRow<'_>,
    ) -> Result<(), ApiError> {
        let FeatureRow { path, script, .. } = *feature;
        self.move_feature.execute((test, path))?;
        let known: Option<Option<String>> =
            self.script.query_row([test], |row| row.get(0)).optional()?;
        if !script.is_empty() && known.flatten().as_deref() != Some(script) {
            self.create_version.execute((test, script, self.now))?;
        }
        Ok(())
    }

    /// Adds a test to a suite, unless it is a member already; a new test is not.
    pub(crate) fn add_to_suite(
        &mut self,
        suite: i64,
        (subtype, test): (TestSubtype, i64),
        is_new: bool,
    ) -> Result<(), ApiError> {
        if is_new || !self.is_member.exists([suite, test])? {
            self.join.execute((subtype.link(), suite, test, self.now))?;
        }
        Ok(())
    }
}

#[cfg(test)]
impl super::row::Statements for Tests<'_> {
    fn statements(&self) -> Vec<&rusqlite::Statement<'_>> {
        vec![
            &self.find,
            &self.create,
            &self.set_fields,
            &self.find_feature,
            &self.create_feature,
            &self.move_feature,
            &self.script,
            &self.create_version,
            &self.join,
            &self.is_member,
        ]
    }
}
