//! Scripts of tests: the instructions for a tester, or for a machine that reads Gherkin.

use rusqlite::{OptionalExtension, params};
use serde_json::{Value as Json, json};

use super::read::Reader;
use super::value;
use super::writer::Writer;
use crate::catalog::FieldType;
use crate::error::ApiError;

/// A script in a request.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) comment: Option<String>,
    /// `Minor` or `Major`.
    pub(crate) revision_type: Option<String>,
}

/// The initial version of every test with a script.
pub(super) fn first_version(writer: Writer<'_>, test: i64) -> Result<(), ApiError> {
    writer
        .connection
        .prepare_cached(
            "INSERT INTO test_versions (name, test, script, author, creation_time, last_modified)
             SELECT '1', id, '', author, creation_time, creation_time FROM tests WHERE id = ?",
        )?
        .execute([test])?;
    Ok(())
}

impl Reader<'_> {
    /// The latest script of a test for a response; `None` if the test has none.
    pub(crate) fn script(self, test: i64) -> Result<Option<Json>, ApiError> {
        let sql = "SELECT script, comment, revision_type, creation_time, last_modified
                   FROM test_versions WHERE test = ? ORDER BY id DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([test], |row| {
            Ok(json!({
                "script": row.get::<_, Option<String>>(0)?.unwrap_or_default(),
                "comment": row.get::<_, Option<String>>(1)?,
                "revision_type": row.get::<_, Option<String>>(2)?,
                "creation_time": value::to_json(&FieldType::DateTime, row.get_ref(3)?),
                "last_modified": value::to_json(&FieldType::DateTime, row.get_ref(4)?),
            }))
        });
        Ok(found.optional()?)
    }
}

impl Writer<'_> {
    /// Replaces the script of a test: in place, or, for a major revision, with a new version.
    pub(crate) fn set_script(self, test: i64, script: &Script) -> Result<(), ApiError> {
        let Script {
            text,
            comment,
            revision_type,
        } = script;
        if revision_type.as_deref() == Some("Major") {
            self.connection
                .prepare_cached(
                    "INSERT INTO test_versions (name, test, author, creation_time)
                     SELECT COUNT(*) + 1, ?1, ?2, ?3 FROM test_versions WHERE test = ?1",
                )?
                .execute(params![test, self.current_user, self.now])?;
        }
        self.connection
            .prepare_cached(
                "UPDATE test_versions SET script = ?2, comment = ?3, revision_type = ?4,
                 last_modified = ?5, version_stamp = version_stamp + 1
                 WHERE id = (SELECT MAX(id) FROM test_versions WHERE test = ?1)",
            )?
            .execute(params![test, text, comment, revision_type, self.now])?;
        // A step is a line that starts with a dash.
        let is_step = |line: &&str| line.trim_start().starts_with('-');
        let steps = text.lines().filter(is_step).count();
        self.connection
            .prepare_cached(
                "UPDATE tests SET steps_num = ?2, last_modified = ?3,
                 version_stamp = version_stamp + 1, client_lock_stamp = client_lock_stamp + 1
                 WHERE id = ?1",
            )?
            .execute(params![
                test,
                i64::try_from(steps).unwrap_or(i64::MAX),
                self.now
            ])?;
        Ok(())
    }
}
