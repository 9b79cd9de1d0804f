//! `docs/reference.md` is made of the help texts of the program.

use std::fmt::Write as _;
use std::fs;

use crate::program::{Place, root};

const TITLE: &str = "# Commands, flags, environment variables and exit codes

The help texts of all commands, in one page. `OCTANE_UPDATE_DOCS=1 cargo test --package octane-cli --test it reference` writes it again.
Answers in JSON have schemas, which `octane schema NAME` prints:
";

/// The sections that all commands share.
const SHARED: [&str; 2] = ["Connection:", "Output:"];

/// A help text in its sections. The first one has no heading.
fn sections(help: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    for line in help.lines() {
        let starts = line.chars().next().is_some_and(char::is_uppercase);
        let line = line.trim_end();
        if starts && line.ends_with(':') {
            sections.push(String::new());
        }
        let section = sections.last_mut().unwrap();
        section.push_str(line);
        section.push('\n');
    }
    sections
}

/// The names in the section of commands, apart from `help`.
fn commands(sections: &[String]) -> Vec<String> {
    let listed = sections
        .iter()
        .find(|section| section.starts_with("Commands:"));
    let lines = listed
        .into_iter()
        .flat_map(|section| section.lines().skip(1));
    // Continuations of a description are indented further.
    let names = lines.filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Adds a command and those below it.
fn add(place: &Place, path: &[String], page: &mut String, shared: &mut [String; 2]) {
    let mut arguments = vec!["help"];
    arguments.extend(path.iter().map(String::as_str));
    // Help shows what variables are set to.
    let unset = [("OCTANE_SPOOL", ""), ("OCTANE_SANDBOX_DATA", "")];
    let done = place.octane_with(&arguments, &unset);
    assert_eq!(done.code, 0, "{path:?}: {}", done.stderr);
    let help = done.stdout.replace("OCTANE_RATE=off", "OCTANE_RATE=");
    let sections = sections(&help);
    let mut name = String::from("octane");
    for part in path {
        name = format!("{name} {part}");
    }
    let mut own = String::new();
    for section in &sections {
        match SHARED.iter().position(|start| section.starts_with(start)) {
            None => own.push_str(section),
            Some(at) => section.clone_into(&mut shared[at]),
        }
    }
    _ = write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", own.trim());
    for command in commands(&sections) {
        let mut path = path.to_vec();
        path.push(command);
        add(place, &path, page, shared);
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn the_reference_is_what_the_program_prints() {
    let place = Place::new();
    let mut page = TITLE.to_owned();
    let mut schemas: Vec<String> = fs::read_dir(root().join("crates/octane-cli/schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    schemas.sort();
    let schemas: Vec<_> = schemas.iter().map(|name| format!("`{name}`")).collect();
    _ = writeln!(page, "{}.", schemas.join(", "));
    let mut shared = [String::new(), String::new()];
    add(&place, &[], &mut page, &mut shared);
    page.push_str("\n## Options of commands that connect, and of all commands\n");
    for section in shared {
        _ = write!(page, "\n```text\n{}\n```\n", section.trim());
    }
    let file = root().join("docs/reference.md");
    if std::env::var_os("OCTANE_UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "`docs/reference.md` is out of date; \
         `OCTANE_UPDATE_DOCS=1 cargo test --package octane-cli --test it reference` writes it again"
    );
}

#[test]
fn a_help_text_has_sections_and_commands() {
    let help = "Find suites\n\nUsage: octane suite\n\nCommands:\n  get   Show\n          more\n  help  Print\n\nOptions:\n  -h\n";
    let sections = sections(help);
    assert_eq!(commands(&sections), ["get"]);
    assert_eq!(sections.len(), 3);
}
