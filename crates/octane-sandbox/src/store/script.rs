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

/// A step of a script: its type, and what to do.
///
/// | line | type |
/// | --- | --- |
/// | `- text` | `simple_step` |
/// | `- ?text` | `validation_step` |
/// | `- @2002 text` | `call_step` |
/// | others | none |
fn step(line: &str) -> Option<(&'static str, &str)> {
    let text = line.trim_start().strip_prefix('-')?.trim();
    Some(if let Some(expected) = text.strip_prefix('?') {
        ("validation_step", expected.trim_start())
    } else if text.starts_with('@') {
        ("call_step", text)
    } else {
        ("simple_step", text)
    })
}

/// Gives a manual run the steps of the latest script of its test.
pub(super) fn copy_steps(writer: Writer<'_>, run: i64) -> Result<(), ApiError> {
    let sql = "SELECT v.script FROM runs r JOIN test_versions v ON v.test = r.test WHERE r.id = ?
               ORDER BY v.id DESC LIMIT 1";
    let mut statement = writer.connection.prepare_cached(sql)?;
    let script: Option<Option<String>> = statement.query_row([run], |row| row.get(0)).optional()?;
    let script = script.flatten().unwrap_or_default();
    let mut insert = writer.connection.prepare_cached(
        "INSERT INTO run_steps (run, step_order, description, step_type, creation_time, last_modified)
         VALUES (?1, ?2, ?3, (SELECT id FROM list_nodes
         WHERE logical_name = 'list_node.manual_test_run_step_type.' || ?4 COLLATE NOCASE), ?5, ?5)",
    )?;
    for (order, (kind, text)) in (1_i64..).zip(script.lines().filter_map(step)) {
        insert.execute(params![run, order, text, kind, writer.now])?;
    }
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
        let steps = text.lines().filter_map(step).count();
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

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn lines_of_a_script_are_steps_as_their_table_says() {
        for (line, expected) in [
            ("- Open the shop", Some(("simple_step", "Open the shop"))),
            ("  -Open", Some(("simple_step", "Open"))),
            ("- ?It is open", Some(("validation_step", "It is open"))),
            ("- ? open", Some(("validation_step", "open"))),
            ("- @2002 Pay", Some(("call_step", "@2002 Pay"))),
            ("-", Some(("simple_step", ""))),
            ("Feature: shop", None),
            ("", None),
        ] {
            assert_eq!(step(line), expected, "{line}");
        }
    }
}
