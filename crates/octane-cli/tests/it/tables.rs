//! The tables of the documentation that follow from the program. With `OCTANE_UPDATE_DOCS=1`, the tests write them.

use std::fmt::Write;

use serde_json::Value;

use crate::program::{Place, root};

/// Compares what is between the lines `<!-- NAME: … -->` and `<!-- end of NAME -->` of a document.
fn check(document: &str, name: &str, expected: &str) {
    let path = root().join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text
        .find(&format!("<!-- {name}:"))
        .unwrap_or_else(|| panic!("no {name} in {document}"));
    let start = start + text[start..].find("-->\n").unwrap() + 4;
    let end = start
        + text[start..]
            .find(&format!("<!-- end of {name} -->"))
            .unwrap();
    if std::env::var_os("OCTANE_UPDATE_DOCS").is_some() {
        let updated = format!("{}{expected}{}", &text[..start], &text[end..]);
        std::fs::write(&path, updated).unwrap();
        return;
    }
    let found = &text[start..end];
    assert_eq!(
        found, expected,
        "{document} is not up to date; run the tests with OCTANE_UPDATE_DOCS=1"
    );
}

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_table_of_settings_is_up_to_date() {
    let place = Place::new();
    let variables = [("OCTANE_SPOOL", ""), ("OCTANE_SANDBOX_DATA", "")];
    let show = place
        .octane_with(&["config", "show", "--format", "json"], &variables)
        .json();
    let schema: Value = serde_json::from_str(&place.octane(&["config", "schema"]).stdout).unwrap();
    let mut text = String::new();
    let mut section = "";
    for setting in show["settings"].as_array().unwrap() {
        let (table, key) = setting["name"].as_str().unwrap().split_once('.').unwrap();
        if table != section {
            writeln!(
                text,
                "\n### `[{table}]`\n\n| key | option | meaning |\n| --- | --- | --- |"
            )
            .unwrap();
            section = table;
        }
        let option = match setting["variable"].as_str() {
            Some(variable) => format!("`{}`, {variable}", setting["option"].as_str().unwrap()),
            None => format!("`{}`", setting["option"].as_str().unwrap()),
        };
        let meaning = &schema["properties"][table]["properties"][key]["description"];
        writeln!(
            text,
            "| `{key}` | {option} | {} |",
            cell(meaning.as_str().unwrap())
        )
        .unwrap();
    }
    text.push('\n');
    check("docs/settings.md", "settings", &text);
}

#[test]
fn the_table_of_variables_is_up_to_date() {
    let help = Place::new().octane(&["--help"]).stdout;
    let lines = help
        .split("Environment variables:\n")
        .nth(1)
        .unwrap()
        .lines();
    let mut text = "\n| variable | meaning |\n| --- | --- |\n".to_owned();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, meaning) = line.trim().split_once("  ").unwrap();
        writeln!(text, "| `{name}` | {} |", cell(meaning.trim())).unwrap();
    }
    text.push('\n');
    check("docs/settings.md", "variables", &text);
}

/// One row a flag, as in the documentation of the module that translates them.
#[test]
fn the_table_of_the_collection_tool_is_up_to_date() {
    let source = root().join("crates/octane-cli/src/compat.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! |"));
    let mut text = "\n".to_owned();
    for row in rows {
        writeln!(
            text,
            "|{}",
            row.replace("|---|---|---|", "| --- | --- | --- |")
                .replace("---|---|---|", " --- | --- | --- |")
        )
        .unwrap();
    }
    text.push('\n');
    check("docs/collection-tool.md", "flags", &text);
}
