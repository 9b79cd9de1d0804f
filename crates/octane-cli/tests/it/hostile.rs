//! Names, messages and files of someone who wants to steer the terminal or the CI system.

use std::path::Path;
use std::process::Command;

use octane_sandbox::Settings;

use crate::echoing::{Answer, Echoing};
use crate::program::Done;
use crate::server::{SECRET, Server};

/// What a name must not do: clear the screen, change its title, forge a line, give a command.
const EVIL: [&str; 14] = [
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{9b}31mred\u{90}x\u{9c}",
    "line\nexit 0: everything was ingested",
    "\r\u{1b}[2KIngested  1000",
    "\u{202e}desrever\u{2066}",
    "zero\u{200b}width\u{2028}line\u{feff}",
    "a\n::set-output name=x::y",
    "::stop-commands::token",
    "x ##vso[task.setvariable variable=a]b",
    "##[error]forged",
    "##teamcity[testFailed name='x']",
    "section_start:1:x\r\u{1b}[0K",
    "a\n--- :rotating_light: forged\n+++ forged\n~~~ forged",
    "<img src=x onerror=alert(1)> | [link](https://evil.example) `code`\n# title",
];

/// The starts of lines that the program means as commands.
const OWN_COMMANDS: [&str; 4] = [
    "::error ",
    "::warning ",
    "##vso[task.logissue type=error",
    "##vso[task.logissue type=warning",
];

/// Fails if a log steers a terminal, or a CI system other than by the program's own annotations.
fn assert_harmless(log: &str) {
    for line in log.split('\n') {
        let unsafe_character = line
            .chars()
            .find(|character| octane_model::is_unsafe(*character));
        assert_eq!(unsafe_character, None, "{line:?} in {log}");
        let own = OWN_COMMANDS
            .iter()
            .find_map(|start| line.strip_prefix(start));
        let rest = own.unwrap_or(line).to_lowercase();
        for command in [
            "##[",
            "##vso[",
            "##teamcity[",
            "::set-output",
            "::stop-commands",
            "::set-env",
            "::error",
            "::warning",
            "section_start:1",
            "travis_fold:",
        ] {
            // An annotation contains `::` once, where its text starts.
            assert!(!rest.contains(command), "{line:?} in {log}");
        }
        for start in ["::", "---", "+++", "~~~"] {
            assert!(
                own.is_some() || !rest.trim_start().starts_with(start),
                "{line:?} in {log}"
            );
        }
        assert!(
            !line.starts_with("exit 0: everything") && !line.starts_with("Ingested  1000"),
            "{log}"
        );
    }
}

fn assert_done_is_harmless(done: &Done) {
    assert_harmless(&done.stderr);
    assert_harmless(&done.stdout);
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A table in which every kind of text is hostile; the last row is invalid.
fn table(evil: &str) -> String {
    let evil = quoted(evil);
    format!(
        "name,class,package,module,status,error_message,error_details,jira,run_name\n\
         {evil},{evil},{evil},,failed,{evil},{evil},SHOP-101,{evil}\n\
         t,c,p,,passed,,,NONE-1,\n\
         {evil},,,,{evil},,,{evil},\n"
    )
}

/// The job summary, and the outputs for later steps.
fn assert_step_files_are_harmless(summary: &Path, output: &Path) {
    let summary = std::fs::read_to_string(summary).unwrap_or_default();
    assert_harmless(&summary);
    assert!(!summary.contains("<img"), "{summary}");
    // The only link is that to the suite run.
    let links = summary.matches("](http");
    assert_eq!(
        links.count(),
        summary.matches("](http://127.0.0.1:").count(),
        "{summary}"
    );
    let output = std::fs::read_to_string(output).unwrap_or_default();
    let is_own = |line: &str| line.contains('=') && !line.contains("name=x");
    assert!(output.lines().all(is_own), "{output}");
}

#[test]
fn nothing_that_is_printed_or_reported_can_be_steered_by_a_name() {
    for (index, evil) in EVIL.chunks(4).enumerate() {
        let evil = evil.join("\n");
        let evil = evil.as_str();
        let server = Server::new();
        let file = format!("{}.csv", evil.replace('/', ":"));
        server.place.file(&file, &table(evil));
        let path = |name: &str| server.place.path().join(name).display().to_string();
        let (output, summary) = (path("output"), path("summary"));
        let github = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_OUTPUT", &*output),
            ("GITHUB_STEP_SUMMARY", &*summary),
        ];
        let azure = [("TF_BUILD", "True")];
        let run = |arguments: &[&str], more: &[(&str, &str)]| {
            let done = server.octane_with(arguments, SECRET, more).without_masks();
            assert_done_is_harmless(&done);
            done
        };
        // Errors and annotations of invalid input, with positions in a file of this name.
        run(&["upload", ".", "--suite", evil, "-y", "-vvv"], &github)
            .fails(4, &["1 row or file is invalid"]);
        run(
            &[
                "upload",
                ".",
                "--suite",
                evil,
                "-y",
                "--suite-run",
                evil,
                "-vvv",
            ],
            &azure,
        );
        // Uploads with warnings, problems, progress and log, for people and as JSON.
        let upload = [
            "upload",
            ".",
            "--skip-invalid",
            "--suite",
            evil,
            "-y",
            "--suite-run",
            evil,
            "-vvv",
        ];
        let done = run(&upload, &github);
        assert!(
            done.code == 5 || done.code == 10 || done.code == 6 || done.code == 4,
            "{done:?}"
        );
        run(&[&upload[..], &["--force-new"]].concat(), &azure);
        let json = [
            &upload[..],
            &["--force-new", "--format", "json", "--report", "report.json"],
        ]
        .concat();
        let done = run(&json, &azure);
        done.json();
        if let Ok(report) = std::fs::read_to_string(path("report.json")) {
            assert_harmless(&report);
            serde_json::from_str::<serde_json::Value>(&report).unwrap();
        }
        assert_step_files_are_harmless(Path::new(&summary), Path::new(&output));
        // Everything else that shows names.
        for arguments in [
            &["suite", "list"][..],
            &["suite", "list", "--format", "json"],
            &["suite-run", "list", "--suite", evil],
            &["run", "list", "--suite", evil, "--suite-run", evil],
            &["module", "find", evil],
            &["jira", "resolve", evil],
            &["uploads", "list"],
            &["status"],
            &["validate", "."],
            &["validate", ".", "--format", "json"],
            &[
                "upload",
                ".",
                "--skip-invalid",
                "--suite",
                evil,
                "--dry-run",
            ],
            &["upload", evil],
            &["api", "GET", "test_suites?fields=name"],
            &[evil],
            &["suite", "list", evil],
            &["upload", ".", "--release", evil, "--suite", "S"],
        ] {
            run(arguments, if index % 2 == 0 { &github } else { &azure });
        }
    }
}

#[test]
fn nothing_that_a_server_says_can_steer() {
    let body = Box::leak(
        serde_json::json!({ "error_code": EVIL.join(" "), "description": EVIL.join(" ") })
            .to_string()
            .into_boxed_str(),
    );
    let page = Box::leak(EVIL.join("\n").into_boxed_str());
    for (path, status) in [
        ("sign_in", "401 Unauthorized"),
        ("test_suites", "400 Bad Request"),
        (
            "POST /api/shared_spaces/1001/workspaces/1002/test-results",
            "400 Bad Request",
        ),
        ("automated_runs", "403 Forbidden"),
        ("automated_runs", "200 OK"),
    ] {
        for (content_type, body) in [("application/json", &*body), ("text/html", &*page)] {
            let server = Server::with(Settings::default());
            let answer = Answer {
                path,
                status,
                content_type,
                body,
            };
            let gateway = Echoing::before(server.address(), Some(answer));
            let url = format!("http://{}/ui/?p=1001/1002", gateway.address);
            server.place.file("a.csv", "name,status\nx,passed\n");
            for more in [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True")] {
                let upload = [
                    "upload",
                    "a.csv",
                    "--suite",
                    "S",
                    "-y",
                    "--retries",
                    "0",
                    "-vvv",
                ];
                let variables = [("OCTANE_URL", &*url), more];
                let done = server
                    .octane_with(&upload, SECRET, &variables)
                    .without_masks();
                assert_ne!(done.code, 0, "{done:?}");
                assert_done_is_harmless(&done);
            }
        }
    }
}

#[test]
fn few_open_files_are_a_message_and_no_panic() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    for limit in [4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 24, 32, 64] {
        for command in [
            "upload a.csv --suite S -y",
            "suite list",
            "sandbox --memory --port 99999",
        ] {
            let script = format!("ulimit -n {limit}; exec \"$0\" {command}");
            let output = Command::new("sh")
                .args(["-c", &script, env!("CARGO_BIN_EXE_octane")])
                .current_dir(server.place.path())
                .env("HOME", server.place.path())
                .env("OCTANE_RATE", "off")
                .envs(server.variables(SECRET))
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(!stderr.contains("panicked"), "{limit}: {stderr}");
            if limit <= 32 && !command.contains("99999") {
                assert_eq!(output.status.code(), Some(3), "{limit}: {stderr}");
                assert!(
                    stderr.contains("too few files can be open at once"),
                    "{limit}: {stderr}"
                );
                assert!(stderr.contains("ulimit -n 1024"), "{limit}: {stderr}");
            }
        }
    }
}
