//! Runs the commands of the documentation's pages, and looks for the messages that they quote.

use std::path::{Path, PathBuf};

use crate::program::{Place, root};

/// A command of a page, and the lines that it is said to print.
#[derive(Debug, PartialEq, Eq, Default)]
struct Example {
    command: String,
    expected: Vec<String>,
}

/// The examples in blocks of `console`, but for those after a comment that says why they are not run.
fn examples(page: &str) -> (Vec<Example>, usize) {
    let mut examples: Vec<Example> = Vec::new();
    let mut not_run = 0;
    let mut lines = page.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if line == "```console" {
            let is_run = !before.starts_with("<!-- not run:");
            not_run += usize::from(!is_run);
            for line in lines.by_ref().take_while(|line| *line != "```") {
                if !is_run {
                    continue;
                }
                if let Some(command) = line.strip_prefix("$ ") {
                    let command = command.to_owned();
                    examples.push(Example {
                        command,
                        expected: Vec::new(),
                    });
                } else if let Some(more) = line.strip_prefix("> ") {
                    let example = examples.last_mut().unwrap();
                    example.command.push('\n');
                    example.command.push_str(more);
                } else {
                    let example = examples.last_mut().unwrap();
                    example.expected.push(line.to_owned());
                }
            }
        }
        before = line;
    }
    (examples, not_run)
}

/// Whether a line has the parts of the expected one in their order; `…` stands for anything, and blanks do not count.
fn has(line: &str, expected: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = plain(line);
    for part in expected.split('…').map(plain) {
        let Some(at) = rest.find(&part) else {
            return false;
        };
        rest = rest[at + part.len()..].to_owned();
    }
    true
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap()
}

#[cfg(all(unix, feature = "sandbox"))]
#[test]
fn the_first_five_minutes_run_as_written() {
    let (examples, not_run) = examples(&page("first-steps.md"));
    assert_eq!((examples.len(), not_run), (8, 1));
    let place = Place::new();
    let path = format!("{}:/usr/bin:/bin", place.path().join("programs").display());
    for Example { command, expected } in &examples {
        let done = place.shell(command, &[("PATH", &path)]);
        assert_eq!(done.code, 0, "{command}\n{}\n{}", done.stdout, done.stderr);
        for line in expected {
            let is_there = done.stdout.lines().any(|printed| has(printed, line));
            assert!(is_there, "{command}\n{line}\n{}", done.stdout);
        }
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let contents = page("SUMMARY.md");
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_file() && name != "SUMMARY.md" {
            assert!(contents.contains(&format!("({name})")), "{name}");
        }
    }
    for link in contents.split("](").skip(1) {
        let name = link.split(')').next().unwrap();
        assert!(root().join("docs").join(name).is_file(), "{name}");
    }
}

#[test]
fn every_message_in_troubleshooting_is_one_of_the_program() {
    let mut sources = String::new();
    for name in [
        "octane-cli",
        "octane-client",
        "octane-results",
        "octane-rest",
    ] {
        add_sources(&root().join("crates").join(name).join("src"), &mut sources);
    }
    let page = page("troubleshooting.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let mut count = 0;
    for row in rows.skip(1) {
        let message = row.split(" | ").next().unwrap();
        for quoted in message.split('`').skip(1).step_by(2) {
            for part in quoted.split('…').map(str::trim) {
                assert!(sources.contains(part), "`{part}` of `{quoted}`");
                count += 1;
            }
        }
    }
    assert!(count > 10, "{count}");
}

fn add_sources(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            add_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn blocks_that_are_not_run_are_counted() {
    let page =
        "x\n```console\n$ a\n> b\nc\n$ d\n```\n<!-- not run: no server -->\n```console\n$ e\n```\n";
    let (found, not_run) = examples(page);
    let commands: Vec<_> = found.iter().map(|example| &*example.command).collect();
    assert_eq!((commands, not_run), (vec!["a\nb", "d"], 1));
    assert_eq!(found[0].expected, ["c"]);
    assert!(has(
        "Suite run  nightly-1 (7001)",
        "Suite run nightly-1 (…)"
    ));
    assert!(!has(
        "Suite run nightly-2 (7001)",
        "Suite run nightly-1 (…)"
    ));
}
