//! Every command that the program, the sandbox's pages or the documents print works as it is printed.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::program::{Done, root, upload_in};
use crate::server::{SECRET, Server};

/// Texts that begin like a command and are none.
const NO_COMMANDS: [&str; 2] = ["octane [VERSION]", "octane relay [OPTIONS] <COMMAND>"];

const CASE: &str = "<testsuite name='s'><testcase classname='C' name='pays' time='1'/></testsuite>";
const CUCUMBER: &str = r#"[{"uri":"cart.feature","name":"Cart","elements":[{"type":"scenario","name":"pays",
    "start_timestamp":"2026-11-28T05:00:00.000Z","steps":[{"name":"I pay","result":{"status":"passed"}}]}]}]"#;
const PAYLOAD: &str = "<test_result><test_runs><test_run name='pays' status='Passed' duration='1'/>\
                       </test_runs></test_result>";
const TABLE: &str = "name,status\npays,passed\n";

/// The files below `folder` that end like this.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found
}

/// The code of a source file, without comments and tests. Lines that a string continues on are joined.
fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut joined = String::new();
    for line in code.lines() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(start) => joined.push_str(start),
            None => {
                joined.push_str(line);
                joined.push('\n');
            }
        }
    }
    joined
}

/// What stands between `open` and `close` and begins like a command.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let starts = text.match_indices(open).map(|(at, _)| at + open.len());
    let parts = starts.filter_map(|at| {
        let line = text[at..].lines().next()?;
        let (part, _) = line.split_once(close)?;
        part.starts_with("octane ").then_some(part)
    });
    parts.collect()
}

/// The commands in lines of their own: examples of help, and what documents show in blocks. What follows after
/// several spaces is an explanation.
fn lines(text: &str) -> Vec<&str> {
    let command = |line: &'_ str| -> Option<usize> {
        let trimmed = line.trim_start();
        let start = ["$ cargo run -- ", "$ ", "- run: ", ""]
            .into_iter()
            .find(|start| trimmed.starts_with(start))?;
        let is_indented = line.starts_with("  ") || !start.is_empty();
        is_indented.then_some(line.len() - trimmed.len() + start.len())
    };
    let commands = text.lines().filter_map(|line| {
        let rest = &line[command(line)?..];
        let is_cargo = line.contains("cargo run -- ");
        (is_cargo || rest.starts_with("octane ")).then_some(rest)
    });
    commands
        .map(|line| line.split("   ").next().unwrap_or_default().trim_end())
        .collect()
}

/// Every command that is printed anywhere, with a file that has it.
fn printed() -> BTreeMap<String, String> {
    let root = root();
    let mut found = BTreeMap::new();
    let mut add = |path: &Path, commands: Vec<&str>| {
        let file = path.strip_prefix(&root).unwrap().display().to_string();
        for command in commands {
            let command = match command.strip_prefix("octane ") {
                Some(_) => command.to_owned(),
                None => format!("octane {command}"),
            };
            found.entry(command).or_insert_with(|| file.clone());
        }
    };
    for path in files(&root.join("crates"), ".rs") {
        let relative = path.strip_prefix(&root).unwrap().display().to_string();
        if !relative.contains("/src/") || relative.contains("/tests") {
            continue;
        }
        let code = code(&std::fs::read_to_string(&path).unwrap());
        add(&path, between(&code, "`", "`"));
        add(&path, between(&code, "<code>", "</code>"));
    }
    let snapshots = root.join("crates/octane-cli/tests/it/snapshots");
    for path in files(&snapshots, ".snap") {
        let text = std::fs::read_to_string(&path).unwrap();
        add(&path, between(&text, "`", "`"));
        let is_example = |line: &&str| line.starts_with("  octane ");
        let examples: Vec<&str> = text.lines().filter(is_example).collect();
        let examples = examples.join("\n");
        add(&path, lines(&examples));
    }
    let mut documents = files(&root.join("docs"), ".md");
    documents.push(root.join("README.md"));
    // Its commands need each other; the test of pages runs them in their order.
    documents.retain(|path| !path.ends_with("first-steps.md"));
    for path in documents {
        let text = std::fs::read_to_string(&path).unwrap();
        add(&path, between(&text, "`", "`"));
        add(&path, lines(&text));
    }
    found.retain(|command, _| !NO_COMMANDS.contains(&command.as_str()));
    found
}

/// A server with everything that the commands mention, and an upload that is not finished.
struct World {
    server: Server,
    id: String,
    /// The ID of an automated run.
    run: String,
    /// A task of the server.
    task: String,
    /// An upload of which nothing is left to do.
    finished: String,
    spool: PathBuf,
}

impl World {
    fn new() -> Self {
        let mut server = Server::new();
        let place = &server.place;
        for file in ["nightly.csv", "results.csv", "samples/nightly.csv", "a.csv"] {
            place.file(file, TABLE);
        }
        place.file("payload.xml", PAYLOAD);
        let key = place.path().join("key.txt");
        place.file("key.txt", SECRET);
        std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        place.file("cucumber.json", CUCUMBER);
        place.file("results.xml", CASE);
        place.file("jira.csv", "test,jira\n*,SHOP-101\n");
        let properties = format!(
            "server=http://{}\nsharedspace=1001\nworkspace=1002\nuser=ci\n",
            server.address()
        );
        place.file("config.properties", &properties);
        place.file("results/TEST-a.xml", CASE);
        place.file("build/module/TEST-a.xml", CASE);
        // Commands that `octane exec` runs.
        assert_eq!(place.shell(":", &[]).code, 0);
        for (program, report) in [
            ("mvn", "target/surefire-reports/TEST-a.xml"),
            ("pytest", "reports/unit.xml"),
        ] {
            place.file(report, "an earlier run's");
            let program = place.path().join("programs").join(program);
            std::fs::write(&program, format!("#!/bin/sh\necho \"{CASE}\" > {report}\n")).unwrap();
            std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        }
        for suite in ["Nightly", "7045"] {
            let create = ["suite", "create", suite];
            assert_eq!(server.octane(&create, SECRET).code, 0);
        }
        let upload = ["upload", "a.csv", "--suite", "Nightly"];
        let named = [&upload[..], &["--suite-run", "nightly #4711"]].concat();
        assert_eq!(server.octane(&named, SECRET).code, 0);
        server.go_away();
        let away = [&upload[..], &["--retries", "0"]].concat();
        let id = upload_in(&server.octane(&away, SECRET).stderr);
        server.come_back();
        for suite in ["Nightly", "7045"] {
            let create = ["suite", "create", suite];
            assert_eq!(server.octane(&create, SECRET).code, 0);
        }
        let done = server.octane(&[&named[..], &["--format", "json"]].concat(), SECRET);
        assert_eq!(done.code, 0, "{done:?}");
        let task = done.json()["batches"][0]["task"].clone();
        let task = task.as_str().unwrap().to_owned();
        let finished = upload_in(&done.stdout);
        // Two shards of a suite run, and what a last job would have of them.
        for part in ["1", "2"] {
            let shard = format!("{part}/2");
            let more = [
                "--suite-run",
                "parts",
                "--shard",
                &shard,
                "--format",
                "json",
            ];
            let done = server.octane(&[&upload[..], &more].concat(), SECRET);
            assert_eq!(done.code, 0, "{done:?}");
            let uploads = done.json()["shards"]["uploads"].clone();
            let uploads = uploads.as_array().unwrap();
            let id = uploads.last().unwrap()["upload_id"].as_str().unwrap();
            std::fs::create_dir_all(server.place.path().join("shards")).unwrap();
            for folder in ["", "shards/"] {
                let file = format!("{folder}shard-{part}.octane");
                let export = ["uploads", "export", id, "-o", &file];
                assert_eq!(server.octane(&export, SECRET).code, 0);
            }
        }
        // Commands change what is stored, so each finds it as it is now.
        let spool = server.place.path().join("spool");
        let kept = server.place.path().join("kept");
        std::fs::rename(&spool, &kept).unwrap();
        let runs = server.octane(&["api", "GET", "automated_runs?fields=id&limit=1"], SECRET);
        let run = runs.json()["data"][0]["id"].as_str().unwrap().to_owned();
        Self {
            server,
            id,
            run,
            task,
            finished,
            spool: kept,
        }
    }

    /// The command with real values in the place of those that stand for them.
    fn real(&self, command: &str) -> String {
        let folder = self.server.place.path().display().to_string();
        let url = &self.server.variables(SECRET)[0].1;
        let typed_url = format!("'{url}'");
        let address = url.trim_start_matches("http://").split('/').next().unwrap();
        let command = command
            .replace("[DIR]", &folder)
            .replace("127.0.0.1:[PORT]", address);
        let mut real: Vec<String> = Vec::new();
        for word in command.split(' ') {
            let before = real.last().map_or("", String::as_str);
            let value = match (before, word) {
                ("status" | "wait", "1103") => self.task.as_str(),
                ("wait", "ID") => self.finished.as_str(),
                ("wait" | "coverage", word) if word.starts_with("u-0") => self.finished.as_str(),
                ("export" | "resume" | "status" | "show" | "delete" | "retry", _)
                    if matches!(word, "{id}" | "{}" | "ID" | "[UPLOAD]")
                        || word.starts_with("u-0") =>
                {
                    self.id.as_str()
                }
                ("-o", "FILE" | "upload.octane") => "new.octane",
                ("import", "{file}" | "FILE" | "upload.octane") => "upload.octane",
                ("--spool", "{}" | "octane-uploads") => "spool",
                ("--url", "URL") => &typed_url,
                ("--url", word) if word.contains("octane.example.com") => &typed_url,
                ("--client-id", "ci-uploader") | ("-u", _) => "ci",
                ("-s", _) => url,
                ("--run", _) | ("get", "6001") => &self.run,
                ("get", "{}") => "3001",
                // There is no keyring on a machine that runs tests.
                (_, "--keyring") => "--keyring --dry-run",
                (_, word) if word.starts_with("SHOP-") => "SHOP-101",
                ("--suite", "{suite}" | "{}" | "NAME") => "Nightly",
                ("upload", "FILES") => "a.csv",
                ("merge", "FILES" | "DIRECTORY") => "shards",
                ("close", "NAME") => "parts",
                ("--suite-run", "NAME") => "'nightly #4711'",
                ("schema", "NAME") | ("help", "COMMAND") => "upload",
                ("resolve", "KEY") => "SHOP-101",
                (_, word) => word,
            };
            real.push(value.to_owned());
        }
        real.join(" ")
    }

    fn run(&self, command: &str) -> Done {
        let place = &self.server.place;
        let spool = place.path().join("spool");
        let _ = std::fs::remove_dir_all(&spool);
        for file in ["new.octane", "octane.toml"] {
            let _ = std::fs::remove_file(place.path().join(file));
        }
        std::fs::create_dir(&spool).unwrap();
        for file in std::fs::read_dir(&self.spool).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, spool.join(file.file_name().unwrap())).unwrap();
        }
        if command.contains("uploads import") {
            // It comes from another machine.
            let bundle = place.path().join("upload.octane");
            let _ = std::fs::remove_file(&bundle);
            let export = ["uploads", "export", &self.id, "-o", "upload.octane"];
            assert_eq!(place.octane(&export).code, 0);
            std::fs::remove_dir_all(&spool).unwrap();
        }
        let variables = self.server.variables(SECRET);
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        place.shell(command, &variables)
    }

    /// Why a command does not work, if it does not.
    fn problem(&self, command: &str) -> Option<String> {
        let real = self.real(command);
        let is_word = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        // The name of a command, in the middle of a sentence; and a server does not end.
        let is_name = real.split(' ').skip(1).all(is_word)
            && !real.contains(" --")
            && !real.starts_with("octane help ");
        // A relay would have to have something stored.
        let is_server = ["octane sandbox", "octane relay"]
            .iter()
            .any(|start| real.starts_with(start));
        let done = if is_name || is_server {
            self.run(&format!("{real} --help"))
        } else {
            self.run(&real)
        };
        (done.code != 0).then(|| format!("{real}\nexit {}\n{}", done.code, done.stderr))
    }
}

#[test]
fn every_command_that_is_printed_works() {
    let world = World::new();
    let printed = printed();
    for expected in [
        "octane suite list",
        "octane resume --all",
        "octane upload nightly.csv --sandbox",
        "octane upload results.csv --suite Nightly --create missing",
    ] {
        assert!(printed.contains_key(expected), "{expected} in {printed:#?}");
    }
    let problems: Vec<String> = printed
        .iter()
        .filter_map(|(command, file)| Some(format!("{file}: {}", world.problem(command)?)))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_printed_command_that_does_not_work_is_found() {
    let world = World::new();
    for command in [
        "octane upload results.csv --suite-name Nightly --create-missing",
        "octane uploads drop u-01jd8x2m5k3q7r",
        "octane resume PLACEHOLDER",
        "octane upload nowhere.csv --suite Nightly",
        "octane sandbox --no-such-option",
        "octane uplaod",
    ] {
        assert!(world.problem(command).is_some(), "{command}");
    }
    let source = "fn f() { say(\"run `octane suite lst`\"); }\n// `octane comment`\n#[cfg(test)] `octane test`";
    assert_eq!(between(&code(source), "`", "`"), ["octane suite lst"]);
    let help = "Examples:\n  octane status u-0     the newest\n\n    $ octane suite list\n";
    assert_eq!(lines(help), ["octane status u-0", "octane suite list"]);
}

#[test]
fn the_command_that_an_upload_prints_has_all_options_that_it_needs() {
    let mut server = Server::new();
    server.place.file("a.csv", TABLE);
    let url = server.variables(SECRET)[0].1.clone();
    let connection = [
        "--url",
        &url,
        "--client-id",
        "ci",
        "--client-secret",
        SECRET,
    ];
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    let spool = ["--spool", "my 'odd' uploads $HOME"];
    server.go_away();
    let place = &server.place;
    let done = place.octane(&[&upload[..], &connection, &spool].concat());
    done.fails(8, &["set OCTANE_CLIENT_SECRET and run `octane resume u-"]);
    assert!(!done.stderr.contains(SECRET), "{done:?}");
    let hint = done.stderr.rsplit_once("run `").unwrap().1;
    let command = hint.split('`').next().unwrap().to_owned();
    server.come_back();
    let elsewhere = [
        ("OCTANE_SPOOL", "elsewhere"),
        ("OCTANE_CLIENT_SECRET", SECRET),
    ];
    let done = server.place.shell(&command, &elsewhere);
    assert_eq!(done.code, 0, "{command}: {done:?}");
    assert_eq!(server.runs(), (1, 0));
}
