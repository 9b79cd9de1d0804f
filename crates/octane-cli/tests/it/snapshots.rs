//! All texts of the program, to be read as a whole: each command's help, a success, and typical mistakes.
//!
//! What differs between runs is replaced. After a change of a text, run the tests with `INSTA_UPDATE=always` and review
//! the difference of `snapshots/`.

use std::fmt::Write;

use crate::program::{Done, Place, root, upload_in};
use crate::server::{SECRET, Server};

/// Commands and what they printed.
struct Transcript<'a> {
    place: &'a Place,
    text: String,
}

impl<'a> Transcript<'a> {
    fn of(place: &'a Place) -> Self {
        let text = String::new();
        Self { place, text }
    }

    /// Adds a command.
    fn add(&mut self, arguments: &[&str], done: &Done) {
        let is_plain = |argument: &&&str| {
            let mut characters = argument.chars();
            characters
                .all(|character| character.is_alphanumeric() || "-_=/.,:|".contains(character))
        };
        let quoted = arguments
            .iter()
            .map(|argument| match Some(argument).filter(is_plain) {
                Some(plain) if !plain.is_empty() => (*plain).to_owned(),
                _ => format!("'{argument}'"),
            });
        let command = quoted.collect::<Vec<_>>().join(" ");
        let text = &mut self.text;
        writeln!(text, "$ octane {command}\nexit {}", done.code).unwrap();
        for (name, output) in [("stdout", &done.stdout), ("stderr", &done.stderr)] {
            if !output.is_empty() {
                writeln!(text, "--- {name}\n{}", output.trim_end()).unwrap();
            }
        }
        text.push('\n');
    }

    /// Runs a command that needs no server.
    fn offline(&mut self, arguments: &[&str]) -> Done {
        let done = self.place.octane(arguments);
        self.add(arguments, &done);
        done
    }

    /// Runs a command on a server, without the rate limit of servers that others use.
    fn online(&mut self, server: &Server, arguments: &[&str]) -> Done {
        let done = server.octane(&[arguments, &["--rate", "1000"]].concat(), SECRET);
        self.add(arguments, &done);
        done
    }

    /// Compares everything with the stored text.
    fn check(self, name: &str) {
        let directory = self.place.path().display().to_string();
        let repository = root().display().to_string();
        let text = self.text.replace(&directory, "[DIR]");
        let text = text.replace(&repository, "[REPOSITORY]");
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            omit_expression => true,
            filters => [
                // The ID in examples stays as it is.
                ("u-01jd8x2m5k3q7r", "u-EXAMPLE"),
                ("u-[0-9a-z]{14}", "[UPLOAD]"),
                ("u-EXAMPLE", "u-01jd8x2m5k3q7r"),
                (r"127\.0\.0\.1:\d{5}", "127.0.0.1:[PORT]"),
                (r"\d{4}-\d\d-\d\d \d\d:\d\d", "[TIME]"),
                (r#""correlation_id":"[^"]*""#, r#""correlation_id":"[ID]""#),
                // Whether there is anything to wait for is a matter of speed.
                (r"waiting \S+ for .*\n", ""),
                (r"octane 0\.\d+\.\d+\S*", "octane [VERSION]"),
                (r"\(os error \d+\)", "(os error [NUMBER])"),
            ],
        }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

const RESULTS: &str = "name,status,jira\npays,passed,SHOP-101\nrefunds,failed,\nprints,skipped,\n";

/// A server that others use, and a directory with results in `a.csv`.
fn server() -> Server {
    let server = Server::new();
    server.place.file("a.csv", RESULTS);
    server
}

#[test]
fn help_is_clear() {
    let place = Place::new();
    for command in [
        "",
        "upload",
        "resume",
        "status",
        "uploads",
        "uploads list",
        "uploads show",
        "uploads delete",
        "uploads prune",
        "validate",
        "convert",
        "module",
        "module get",
        "module list",
        "module create",
        "module ensure",
        "suite",
        "suite get",
        "suite list",
        "suite create",
        "suite ensure",
        "suite-run",
        "suite-run get",
        "suite-run list",
        "run",
        "run get",
        "run list",
        "jira",
        "jira resolve",
        "link",
        "unlink",
        "api",
        "sandbox",
        "version",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let mut transcript = Transcript::of(&place);
        transcript.offline(&arguments);
        transcript.check(
            arguments
                .join("-")
                .replace("--", "")
                .replace("-help", "_help")
                .trim_start_matches('-'),
        );
    }
}

#[test]
fn the_program_and_its_version() {
    let place = Place::new();
    let mut transcript = Transcript::of(&place);
    transcript.offline(&["version"]);
    transcript.offline(&["--version"]);
    transcript.offline(&["version", "now"]);
    transcript.offline(&["version", "--url", "https://octane.example"]);
    transcript.offline(&["version", "--format", "xml"]);
    transcript.offline(&["uplaod", "a.csv"]);
    transcript.offline(&["-h"]);
    transcript.check("version");
}

#[test]
fn upload() {
    let mut server = server();
    server
        .place
        .file("bad.csv", "name,status\na,passed\n,failed\nb,passd\n")
        .file("more.csv", "name,status\nships,passed\n")
        .file(
            "unknown.csv",
            "name,status,jira\ngives,passed,NONE-1\ntakes,passed,SHOP-150\n",
        )
        .file("cut.xml", "<testsuite name='s'><testcase name='a'/>");
    {
        let place = &server.place;
        let mut transcript = Transcript::of(place);
        transcript.online(&server, &["upload", "a.csv", "--suite", "Nightly", "-y"]);
        transcript.online(&server, &["upload", "a.csv", "--suite", "Nightly"]);
        transcript.online(&server, &["upload", "more.csv", "--suite", "Nightly", "-v"]);
        transcript.online(
            &server,
            &["upload", "more.csv", "--suite", "Nightly", "--dry-run"],
        );
        transcript.online(&server, &["upload", "a.csv", "--suite", "New", "--dry-run"]);
        transcript.online(&server, &["upload", "unknown.csv", "--suite", "Nightly"]);
        transcript.check("upload");
    }
    let mut transcript = Transcript::of(&server.place);
    transcript.offline(&["upload"]);
    transcript.offline(&["upload", "a.csv", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "nowhere.csv", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "bad.csv", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "cut.xml", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "a.csv"]);
    transcript.online(&server, &["upload", "a.csv", "--suite", "Unknown"]);
    transcript.online(&server, &["upload", "a.csv", "--suite", "424242"]);
    transcript.online(
        &server,
        &[
            "upload", "a.csv", "--suite", "Nightly", "--module", "No/Such",
        ],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--release", "None"],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--wait", "30"],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--tag", "Linux"],
    );
    transcript.online(
        &server,
        &[
            "upload",
            "a.csv",
            "--suite",
            "Nightly",
            "--field",
            "Level:System",
        ],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--column", "Owner"],
    );
    transcript.online(
        &server,
        &[
            "upload",
            "a.csv",
            "--suite",
            "Nightly",
            "--client-secret",
            "not-the-secret",
        ],
    );
    let text = std::mem::take(&mut transcript.text);
    server.go_away();
    let mut transcript = Transcript::of(&server.place);
    transcript.text = text;
    let away = ["upload", "a.csv", "--suite", "Nightly", "--retries", "0"];
    transcript.online(&server, &away);
    transcript.online(
        &server,
        &[&away[..], &["--on-upload-error", "warn"]].concat(),
    );
    transcript.online(&server, &[&away[..], &["--spool", "off"]].concat());
    transcript.check("upload_mistakes");
}

#[test]
fn mistakes_with_stored_uploads() {
    let server = server();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["status"][..],
        &["status", "u-0"],
        &["status", "u-00000000000000"],
        &["status", "--all"],
    ] {
        transcript.offline(arguments);
    }
    transcript.check("status_mistakes");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["uploads", "list"][..],
        &["uploads"],
        &["uploads", "show", "u-00000000000000"],
        &["uploads", "show", "nightly"],
        &["uploads", "delete"],
        &["uploads", "delete", "u-00000000000000"],
        &["uploads", "drop", "u-00000000000000"],
        &["uploads", "prune", "--all"],
        &["uploads", "list", "--sandbox"],
    ] {
        transcript.offline(arguments);
    }
    transcript.check("uploads_mistakes");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["resume"][..],
        &["resume", "u-0"],
        &["resume", "u-00000000000000"],
        &["resume", "--all"],
        &["resume", "--all", "u-00000000000000"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("resume_mistakes");
}

#[test]
fn resume_status_and_uploads() {
    let mut server = server();
    server.place.file("b.csv", "name,status\nships,passed\n");
    let done = server.octane(&["upload", "b.csv", "--suite", "Nightly", "-y"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let finished = upload_in(&server.place.octane(&["uploads", "list"]).stdout);
    server.go_away();
    let upload = ["upload", "a.csv", "--suite", "Nightly", "--retries", "0"];
    let pending = upload_in(&server.octane(&upload, SECRET).stderr);

    let mut transcript = Transcript::of(&server.place);
    transcript.offline(&["status"]);
    transcript.offline(&["status", &finished]);
    transcript.check("status");

    let mut transcript = Transcript::of(&server.place);
    transcript.online(&server, &["resume", &pending, "--retries", "0"]);
    let elsewhere = Server::new();
    let mut variables = elsewhere.variables(SECRET);
    let spool = server.place.path().join("spool").display().to_string();
    variables.push(("OCTANE_SPOOL", spool));
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let arguments = ["resume", &*pending];
    let done = server.place.octane_with(&arguments, &variables);
    transcript.add(&arguments, &done);
    transcript.check("resume_failures");

    let mut transcript = Transcript::of(&server.place);
    transcript.offline(&["uploads", "list"]);
    transcript.offline(&["uploads", "show", &pending]);
    transcript.offline(&["uploads", "delete", &pending]);
    transcript.offline(&["uploads", "delete", &finished]);
    transcript.offline(&["uploads", "prune"]);
    transcript.check("uploads");

    server.come_back();
    // It is empty now, so the suite has to be created again.
    let suite = server.octane(&["suite", "ensure", "Nightly"], SECRET);
    assert_eq!(suite.code, 0, "{suite:?}");
    let mut transcript = Transcript::of(&server.place);
    transcript.online(&server, &["resume", "--all"]);
    transcript.online(&server, &["resume", &pending]);
    transcript.online(&server, &["resume", "--all"]);
    transcript.check("resume");
}

#[test]
fn an_unfinished_upload_is_deleted_with_the_command_of_the_hint() {
    let mut server = server();
    server.go_away();
    let upload = ["upload", "a.csv", "--suite", "Nightly", "--retries", "0"];
    let pending = upload_in(&server.octane(&upload, SECRET).stderr);
    let done = server.place.octane(&["uploads", "delete", &pending]);
    let command = done.stderr.rsplit("or `octane ").next().unwrap();
    let command = command.split('`').next().unwrap().replace('\'', "");
    let arguments: Vec<&str> = command.split(' ').collect();
    let done = server.place.octane(&arguments);
    assert_eq!(
        (done.code, done.stdout),
        (0, format!("deleted {pending}\n"))
    );
}

#[test]
fn validate() {
    let place = Place::new();
    place.file("a.csv", RESULTS);
    place.file("one.csv", "name,status\nx,passed\n");
    place.file("bad.csv", "name,status,duration,started,jira\n,passed,,,\nb,passd,,,\nc,passed,fast,,\nd,passed,\"1,234\",,\ne,passed,,soon,\nf,passed,,,shop\n");
    place.file("columns.csv", "title,outcome\nx,passed\n");
    place.file("old.csv", "name,status,started\nx,passed,1795212000\n");
    place.file("cut.xml", "<testsuite name='s'><testcase name='a'/>");
    place.file("page.xml", "<html><body/></html>");
    place.file("empty.xml", "");
    place.file("none.xml", "<testsuites/>");
    place.file(
        "odd.xml",
        "<testsuite name='s' tests='3'><testcase name='a' time='soon'><testcase name='b'/></testcase></testsuite>",
    );
    place.file(
        "names.xml",
        "<testsuite name='s'><testcase name=''/></testsuite>",
    );
    std::fs::create_dir(place.path().join("empty")).unwrap();
    let mut transcript = Transcript::of(&place);
    for inputs in [
        &["a.csv"][..],
        &["one.csv"],
        &["a.csv", "one.csv"],
        &["odd.xml"],
        &["names.xml"],
        &["old.csv"],
    ] {
        transcript.offline(&[&["validate"], inputs].concat());
    }
    transcript.check("validate");
    let mut transcript = Transcript::of(&place);
    for arguments in [
        &[][..],
        &["nowhere.csv"],
        &["nowhere/*.xml"],
        &["a.csv", "--exclude", "*.csv"],
        &["empty"],
        &["bad.csv"],
        &["bad.csv", "--skip-invalid"],
        &["columns.csv"],
        &["columns.csv", "--column", "title=nome"],
        &["a.csv", "--column", "title=name"],
        &["a.csv", "--input-format", "nunit"],
        &["cut.xml"],
        &["page.xml"],
        &["empty.xml"],
        &["none.xml"],
        &["a.csv", "cut.xml", "bad.csv"],
    ] {
        transcript.offline(&[&["validate"], arguments].concat());
    }
    transcript.check("validate_mistakes");
}

#[test]
fn convert() {
    let place = Place::new();
    place.file("a.csv", RESULTS);
    place.file(
        "long.csv",
        &format!("name,status\n{},passed\n", "n".repeat(300)),
    );
    let mut transcript = Transcript::of(&place);
    transcript.offline(&["convert", "a.csv", "-o", "out.xml"]);
    transcript.offline(&[
        "convert",
        "a.csv",
        "-o",
        "out.xml",
        "--suite",
        "5001",
        "--batch-size",
        "2",
    ]);
    transcript.offline(&["convert", "long.csv", "-o", "out.xml"]);
    transcript.check("convert");
    let mut transcript = Transcript::of(&place);
    for arguments in [
        &["convert", "a.csv"][..],
        &["convert", "a.csv", "-o", "no/such/out.xml"],
        &["convert", "a.csv", "-o", "-", "--batch-size", "1"],
        &["convert", "a.csv", "-o", "out.xml", "--batch-size", "0"],
        &["convert", "a.csv", "-o", "out.xml", "--suite", "Nightly"],
        &["convert", "a.csv", "-o", "out.xml", "--suite-run", "n"],
        &["convert", "a.csv", "-o", "out.xml", "--payload", "evidence"],
        &[
            "convert",
            "a.csv",
            "-o",
            "out.xml",
            "--payload",
            "evidence",
            "--suite",
            "1",
        ],
        &[
            "convert",
            "a.csv",
            "-o",
            "out.xml",
            "--payload",
            "evidence",
            "--suite",
            "1",
            "--suite-run",
            "n",
            "--module",
            "2",
        ],
        &[
            "convert",
            "a.csv",
            "-o",
            "out.xml",
            "--payload",
            "evidence",
            "--suite",
            "1",
            "--suite-run",
            "n",
            "--module",
            "2",
            "--release",
            "7",
        ],
        &[
            "convert",
            "long.csv",
            "-o",
            "out.xml",
            "--long-names",
            "refuse",
        ],
        &["convert", "a.csv", "-o", "out.xml", "--batch-bytes", "10"],
    ] {
        transcript.offline(arguments);
    }
    transcript.check("convert_mistakes");
}

#[test]
fn modules_and_suites() {
    let server = server();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["module", "create", "Billing"][..],
        &["module", "ensure", "Billing/Invoices/Print"],
        &["module", "ensure", "Billing/Invoices/Print"],
        &["module", "get", "Billing/Invoices"],
        &["module", "list", "--parent", "Billing"],
        &["module", "list", "--parent", "Billing/Invoices/Print"],
        &["module", "get", "424242"],
        &["module", "get", "No/Such"],
        &["module", "get"],
        &["module", "create", "Billing"],
        &["module", "create", ""],
        &["module", "create", "Billing", "--parent", "None"],
        &["module", "ensure", "/"],
        &["module", "list", "--parent", "424242"],
        &["module", "delete", "Billing"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.offline(&["module", "list"]);
    transcript.check("module");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["suite", "create", "Nightly", "--module", "Billing"][..],
        &["suite", "ensure", "Weekly"],
        &["suite", "ensure", "Weekly"],
        &["suite", "get", "Nightly"],
        &["suite", "list", "--module", "Billing"],
        &["suite", "list", "--module", "Billing/Invoices"],
        &["suite", "get", "424242"],
        &["suite", "get", "None"],
        &["suite", "create", "Weekly"],
        &["suite", "get", "Weekly"],
        &["suite", "create"],
        &["suite", "create", &"n".repeat(300)],
        &["suite", "ensure", "Other", "--module", "No/Such"],
        &["suite", "list", "--suite", "Nightly"],
        &["suite", "list", "--space", "x"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.offline(&["suite", "list", "--url", "octane.example"]);
    transcript.offline(&["suite", "list", "--url", "https://octane.example/?p=a/b"]);
    transcript.offline(&["suite", "list", "--url", "https://octane.example/?p=1/2"]);
    transcript.offline(&[
        "suite",
        "list",
        "--url",
        "https://octane.example/?p=1/2",
        "--client-secret",
        "x",
    ]);
    transcript.offline(&[
        "suite",
        "list",
        "--url",
        "https://octane.example/?p=1/2",
        "--client-id",
        "x",
    ]);
    transcript.offline(&[
        "suite",
        "list",
        "--url",
        "https://octane.example/?p=1/2",
        "--sandbox",
    ]);
    transcript.check("suite");
}

/// A server with the suite run `n1`, and the IDs of its runs.
fn server_with_runs() -> (Server, Vec<String>) {
    let server = server();
    let upload = [
        "upload",
        "a.csv",
        "--suite",
        "Nightly",
        "--suite-run",
        "n1",
        "-y",
    ];
    let done = server.octane(&[&upload[..], &["--jira", "off"]].concat(), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let done = server.octane(&["run", "list", "--suite-run", "n1"], SECRET);
    let ids = done.stdout.lines().skip(1).map(|line| {
        let id = line.split_whitespace().next().unwrap();
        id.to_owned()
    });
    (server, ids.collect())
}

#[test]
fn suite_runs_and_runs() {
    let (server, ids) = server_with_runs();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["suite-run", "list"][..],
        &["suite-run", "list", "--suite", "Nightly"],
        &["suite-run", "get", "n1"],
        &["suite-run", "get", "n1", "--suite", "Nightly"],
        &["suite-run", "get", "n2"],
        &["suite-run", "get", "n2", "--suite", "Nightly"],
        &["suite-run", "get", "424242"],
        &["suite-run", "get", "n1", "--suite", "None"],
        &["suite-run", "list", "--suite", "None"],
        &["suite-run", "get"],
        &["suite-run", "create", "n1"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("suite-run");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["run", "list", "--suite-run", "n1"][..],
        &["run", "list", "--suite-run", "n1", "--skip", "3"],
        &["run", "get", &ids[0]],
        &["run", "get", "424242"],
        &["run", "get", "pays"],
        &["run", "get"],
        &["run", "list"],
        &["run", "list", "--suite-run", "n2"],
        &["run", "list", "--suite-run", "n1", "--skip", "x"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("run");
}

#[test]
fn jira_keys_and_links() {
    let (server, ids) = server_with_runs();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["jira", "resolve", "SHOP-101"][..],
        &["jira", "resolve", "SHOP-101", "NONE-1", "SHOP-150"],
        &["jira", "resolve"],
        &["jira", "resolve", "shop"],
        &["jira", "resolve", "SHOP-101", "--jira-field", "nothing_udf"],
        &["jira", "get", "SHOP-101"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("jira");
    for command in ["link", "unlink"] {
        let mut transcript = Transcript::of(&server.place);
        for arguments in [
            &[
                "--suite",
                "Nightly",
                "--suite-run",
                "n1",
                "--jira",
                "SHOP-101",
            ][..],
            &[
                "--suite",
                "Nightly",
                "--suite-run",
                "n1",
                "--jira",
                "SHOP-101",
            ],
            &["--run", &ids[0], "--jira", "SHOP-102", "NONE-1", "SHOP-150"],
            &["--run", &ids[0], "--jira", "NONE-1"],
            &["--run", &ids[0], "--jira", "SHOP-150"],
            &["--run", &ids[0]],
            &["--jira", "SHOP-101"],
            &["--run", "424242", "--jira", "SHOP-101"],
            &["--run", &ids[0], "--story", "424242"],
            &["--run", &ids[0], "--story", "SHOP-101"],
            &["--suite-run", "n2", "--jira", "SHOP-101"],
            &["--run", &ids[0], "--suite-run", "n1", "--jira", "SHOP-101"],
            &[
                "--suite-run",
                "n1",
                "--jira",
                "SHOP-101",
                "--link-field",
                "nothing",
            ],
        ] {
            transcript.online(&server, &[&[command], arguments].concat());
        }
        transcript.check(command);
    }
}

#[test]
fn requests() {
    let (server, _) = server_with_runs();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["api", "GET", "suite_runs?limit=1&fields=name"][..],
        &["api", "GET", "nonsense"],
        &["api", "PATCH", "releases"],
        &["api", "POST", "releases"],
        &["api", "POST", "releases", "--data", "{name:R1}"],
        &["api", "POST", "releases", "--data", "@nowhere.json"],
        &["api", "GET", "releases", "--xml"],
        &["api", "GET"],
        &["api", "GET", "https://elsewhere.example/x"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("api");
}

#[test]
fn sandbox() {
    let place = Place::new();
    place.file("settings.toml", "[access]\nsession-idel = '10m'\n");
    place.file("broken.toml", "[access\n");
    let mut transcript = Transcript::of(&place);
    let arguments = ["sandbox", "--memory", "--port", "0"];
    let mut started = place.start(&arguments, &[]);
    let lines = started.lines_until("Press Ctrl-C");
    started.signal("INT");
    let mut done = started.wait();
    done.stdout.insert_str(0, &lines);
    transcript.add(&arguments, &done);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    let taken = place.octane(&["sandbox", "--memory", "--port", &port]);
    transcript.add(&["sandbox", "--memory", "--port", "8484"], &taken);
    for arguments in [
        &["--port", "x"][..],
        &["--port", "70000"],
        &["--listen", "everywhere"],
        &["--sandbox-data", "x"],
        &["--settings", "nowhere.toml"],
        &["--settings", "settings.toml"],
        &["--settings", "broken.toml"],
        &["--set", "x"],
        &["--set", "results.queue-mix=4"],
        &["--set", "results.queue-max=many"],
        &["--set", "results.queue-max=-1"],
    ] {
        transcript.offline(&[&["sandbox", "--memory"], arguments].concat());
    }
    transcript.check("sandbox");
}
