//! A validator that is not ours.

use std::path::Path;
use std::process::Command;

/// Whether `xmllint` finds `document` valid against `schema`; `None` if it is not installed, which is a failure on
/// CI.
pub fn xmllint(schema: &Path, document: &Path) -> Option<Result<(), String>> {
    let xmllint = octane_test_support::program("xmllint", "libxml2-utils")?;
    let output = Command::new(xmllint)
        .arg("--noout")
        .arg("--schema")
        .arg(schema)
        .arg(document)
        .output()
        .expect("`xmllint` runs");
    if output.status.success() {
        Some(Ok(()))
    } else {
        Some(Err(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}
