//! Checks the examples and the tables of the documentation against the program.

use std::process::Command;

use serde_json::Value;

use crate::program::{Place, root};

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

#[cfg(unix)]
#[test]
#[expect(clippy::print_stdout, reason = "a figure for people")]
fn a_script_goes_from_an_empty_folder_to_a_linked_upload() {
    let place = Place::new();
    let script = root().join("examples/first-upload.sh");
    let path = format!("{}:/usr/bin:/bin", place.path().join("programs").display());
    let folder = place.path().display().to_string();
    let command = format!("sh '{}'", script.display());
    let done = place.shell(&command, &[("PATH", &path), ("TMPDIR", &folder)]);
    assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert!(
        lines.contains(&"Linked    1 run to 1 story (1 Jira key)"),
        "{lines:#?}"
    );
    let run = lines
        .iter()
        .any(|line| line.contains("passed  shop.cart.TotalsTest"));
    assert!(run, "{lines:#?}");
    // How long it took depends on the machine, so it is said and not judged.
    let last = lines.last().unwrap();
    assert!(last.starts_with("first linked upload after "), "{last}");
    println!("{last}");
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
