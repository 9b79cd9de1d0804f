//! Checks the examples and the tables of the documentation against the program.

use std::process::Command;

use serde_json::Value;

use crate::program::root;

/// Runs an example with the program that was just built, if its interpreter is installed.
fn run(interpreter: &str, package: &str, arguments: &[&str]) {
    let Some(interpreter) = octane_test_support::program(interpreter, package) else {
        return;
    };
    let output = Command::new(interpreter)
        .args(arguments)
        .current_dir(root())
        .env("OCTANE", env!("CARGO_BIN_EXE_octane"))
        .env("OCTANE_RATE", "off")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
}

#[test]
fn the_example_in_python_runs() {
    run("python3", "python3", &["examples/sandbox.py"]);
}

#[test]
fn the_example_in_node_runs() {
    run("node", "nodejs", &["--test", "examples/sandbox.test.mjs"]);
}

#[test]
fn every_setting_of_the_sandbox_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/sandbox.md")).unwrap();
    let settings = serde_json::to_value(octane_sandbox::Settings::default()).unwrap();
    let Value::Object(groups) = settings else {
        panic!("settings are a table")
    };
    for (group, value) in &groups {
        let names: Vec<&String> = match value {
            Value::Object(fields) => fields.keys().collect(),
            _ => vec![group],
        };
        for name in names {
            // Groups of settings share a row: `access.session-idle`, `session-absolute`.
            let is_there =
                text.contains(&format!("`{name}`")) || text.contains(&format!("`{group}.{name}`"));
            assert!(is_there, "`{group}.{name}` is missing in docs/sandbox.md");
        }
    }
}
