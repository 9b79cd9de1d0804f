//! The files of `--report`, in each of their formats.

use std::process::Command;

use octane_sandbox::Fault;

use crate::program::{Done, upload_in};
use crate::server::{SECRET, Server};

const ALL: [&str; 8] = [
    "--report", "r.json", "--report", "r.md", "--report", "r.html", "--report", "r.xml",
];

const TABLE: &str = "class,name,status,jira\nC,pays,passed,SHOP-101\nC,refunds,failed,SHOP-101\nC,ships,skipped,SHOP-102\n\
                     C,packs,passed,NONE-1\nC,retried,failed,\nC,retried,passed,\n";

fn upload(server: &Server, table: &str, options: &[&str]) -> Done {
    server.place.file("a.csv", table);
    let line = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    server.octane(&[&line[..], options].concat(), SECRET)
}

fn written(server: &Server, name: &str) -> String {
    std::fs::read_to_string(server.place.path().join(name)).unwrap()
}

/// The JUnit report, which is checked against what its readers have in common.
fn junit(server: &Server) -> String {
    let text = written(server, "r.xml");
    if let Some(xmllint) = octane_test_support::program("xmllint", "libxml2-utils") {
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/junit.xsd");
        let mut command = Command::new(xmllint);
        command.args(["--noout", "--nonet", "--schema", schema, "r.xml"]);
        let done = command.current_dir(server.place.path()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{said}\n{text}");
    }
    text
}

/// The test cases of a JUnit report: the class and the name, and the element in them.
fn cases(text: &str) -> Vec<(String, String)> {
    let attribute = |line: &str, name: &str| {
        let start = line.split(&format!(" {name}=\"")).nth(1).unwrap();
        start.split('"').next().unwrap().to_owned()
    };
    let lines = text.lines().filter(|line| line.starts_with("<testcase"));
    let cases = lines.map(|line| {
        let inside = ["failure", "error", "skipped"];
        let found = inside.iter().find(|one| line.contains(&format!("<{one}")));
        let name = format!(
            "{}: {}",
            attribute(line, "classname"),
            attribute(line, "name")
        );
        (name, found.map_or("passed", |found| *found).to_owned())
    });
    cases.collect()
}

fn assert_cases(text: &str, expected: &[(&str, &str)]) {
    let found = cases(text);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(name, kind)| (&**name, &**kind))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_report_has_the_format_of_its_extension_and_there_may_be_several() {
    let server = Server::new();
    assert_eq!(
        upload(
            &server,
            "class,name,status\nC,refunds,passed\nC,gone,passed\n",
            &["--suite-run", "n 1"]
        )
        .code,
        0
    );
    let done = upload(
        &server,
        TABLE,
        &[&["--suite-run", "n 2", "--format", "json"], &ALL[..]].concat(),
    );
    assert_eq!(done.code, 0, "{done:?}");
    let json: serde_json::Value = serde_json::from_str(&written(&server, "r.json")).unwrap();
    assert_eq!(json, done.json());

    let markdown = written(&server, "r.md");
    for part in [
        "# Octane: [n 2](http://",
        "\nUpload: everything was ingested and linked as requested\n",
        "\nTests: 2 failed, 3 passed, 1 did not run\n",
        "| failed | 2 | 33.3 % |\n",
        "| read | ingested | rejected | invalid | pending |\n| ---: | ---: | ---: | ---: | ---: |\n| 6 | 6 | 0 | 0 | 0 |\n",
        "\nSince n 1: 2 newly failed · ",
        "**newly failed**\n\n- C\\.refunds\n- C\\.retried\n",
        "**vanished**\n\n- C\\.gone\n",
        "| C\\.refunds | yes |\n",
        "| SHOP\\-101 | ",
        " | failed | 1 failed, 1 passed<br>failed: C\\.refunds<br>passed: C\\.pays |\n",
        "| SHOP\\-102 | ",
        " | not run | 1 not run<br>not run: C\\.ships |\n",
        "| NONE\\-1 | not found | passed | 1 passed<br>passed: C\\.packs |\n",
    ] {
        assert!(markdown.contains(part), "no {part}\nin {markdown}");
    }

    let html = written(&server, "r.html");
    for part in [
        "<html lang=\"en\">",
        "<title>Octane: n 2</title>",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "<h1>Octane: n 2</h1>",
        "role=\"img\"",
        "aria-label=\"2 failed, 3 passed, 1 skipped, 0 planned\"",
        "<caption>What the results say of each story</caption>",
        "<th scope=\"row\" class=\"word\">SHOP-101</th>",
        "<td class=\"word bad\">failed</td>",
        "<li>failed: C.refunds</li>",
        "<p class=\"bad\">Tests: 2 failed, 3 passed, 1 did not run</p>",
    ] {
        assert!(html.contains(part), "no {part}\nin {html}");
    }
    assert!(
        !html.contains("<script") && !html.contains("src="),
        "{html}"
    );

    let junit = junit(&server);
    assert_cases(
        &junit,
        &[
            ("octane: upload", "passed"),
            ("C: pays", "passed"),
            ("C: refunds", "failure"),
            ("C: ships", "skipped"),
            ("C: packs", "passed"),
            ("C: retried", "passed"),
            ("C: retried (attempt 2)", "failure"),
        ],
    );
    assert!(
        junit.contains("tests=\"7\" failures=\"2\" errors=\"0\" skipped=\"1\""),
        "{junit}"
    );
    assert!(junit.contains("matches no backlog item"), "{junit}");
}

#[test]
fn results_that_are_not_in_octane_are_never_green() {
    let server = Server::new();
    server.fail_next(Fault::stuck_task());
    let wait = ["--wait", "0s", "--on-upload-error", "warn"];
    let done = upload(&server, TABLE, &[&wait[..], &ALL].concat());
    assert_eq!(done.code, 0, "{done:?}");
    let junit = junit(&server);
    for (name, kind) in cases(&junit) {
        assert_eq!(kind, "error", "{name}");
    }
    assert!(
        junit.contains("tests=\"8\" failures=\"0\" errors=\"8\""),
        "{junit}"
    );
    let html = written(&server, "r.html");
    assert!(html.contains("<p class=\"bad\">Upload: exit 8: "), "{html}");
    assert!(
        html.contains("The program ended with exit code 0"),
        "{html}"
    );
    assert!(
        html.contains("<td class=\"word bad\">not in Octane</td>"),
        "{html}"
    );
    assert!(!html.contains("<p class=\"good\">"), "{html}");
    let markdown = written(&server, "r.md");
    assert!(markdown.contains("| 6 | 0 | 0 | 0 | 6 |"), "{markdown}");
}

#[test]
fn what_could_not_be_read_is_an_error_in_the_test_view() {
    let server = Server::new();
    let table = "name,status\nx,passed\ny,unheard-of\n";
    let done = upload(&server, table, &[&["--skip-invalid"], &ALL[..]].concat());
    assert_eq!(done.code, 5, "{done:?}");
    let junit = junit(&server);
    assert_cases(
        &junit,
        &[
            ("octane: upload", "error"),
            ("octane: invalid_row: a.csv:3", "error"),
            ("S: x", "passed"),
        ],
    );
    assert!(written(&server, "r.md").contains("unheard"), "{junit}");
}

#[test]
fn an_upload_without_a_report_replaces_what_an_earlier_one_has_left() {
    let mut server = Server::new();
    assert_eq!(upload(&server, "name,status\nx,passed\n", &ALL).code, 0);
    server.go_away();
    let done = upload(&server, "name,status\nx,passed\n", &ALL);
    assert_eq!(done.code, 8, "{done:?}");
    let id = upload_in(&done.stderr);
    assert_cases(&junit(&server), &[("octane: upload", "error")]);
    for name in ["r.md", "r.html"] {
        let text = written(&server, name);
        assert!(text.contains("exit 8: ") && text.contains(&id), "{text}");
        assert!(!text.contains("passed"), "{text}");
    }
    // One that fails before anything is read leaves nothing that could be mistaken for its report.
    upload(&server, "", &[&["--space", "x"], &ALL[..]].concat());
    let invalid = ["upload", "none.csv", "--suite", "S"];
    server
        .octane(&[&invalid[..], &ALL].concat(), SECRET)
        .fails(4, &["none.csv"]);
    assert_cases(&junit(&server), &[("octane: upload", "error")]);
}

#[test]
fn an_unknown_extension_is_an_error_that_names_the_known_ones() {
    let server = Server::new();
    let done = upload(&server, "name,status\nx,passed\n", &["--report", "r.txt"]);
    done.fails(
        2,
        &[
            "r.txt",
            "unknown extension `.txt`",
            "`.json`, `.md` (Markdown), `.html` or `.xml` (JUnit)",
        ],
    );
    assert_eq!(done.stdout, "", "nothing was sent");
    let done = upload(
        &server,
        "name,status\nx,passed\n",
        &["--report", "r", "--report", "R.XML"],
    );
    assert_eq!(done.code, 0, "{done:?}");
    assert!(written(&server, "r").starts_with("{\n  \"schema\": \"octane.upload/1\""));
    assert!(written(&server, "R.XML").starts_with("<?xml"));
    let dry_run = ["--dry-run", "--report", "r.html"];
    upload(&server, "name,status\nx,passed\n", &dry_run).fails(2, &["r.html", "--dry-run"]);
}

#[test]
fn foreign_text_is_only_text_in_every_report() {
    let server = Server::new();
    let table = "class,name,status,jira\n\"<script>alert(1)</script>\",\"a | b [c](https://d) \u{1b}[2J \"\" ' &\",failed,\"SHOP-101\"\n\
                 C,\"::error::x ##vso[task.complete]\",passed,\n";
    let named = ["--suite-run", "<img src=x>"];
    let done = upload(&server, table, &[&named[..], &ALL].concat());
    assert_eq!(done.code, 0, "{done:?}");
    let html = written(&server, "r.html");
    assert!(
        !html.contains("<script") && !html.contains("<img"),
        "{html}"
    );
    let markdown = written(&server, "r.md");
    assert!(
        !markdown.contains("<script") && !markdown.contains("<img"),
        "{markdown}"
    );
    assert!(markdown.contains("a \\| b \\[c\\]"), "{markdown}");
    let junit = junit(&server);
    assert_eq!(cases(&junit).len(), 3, "{junit}");
    for text in [html, markdown, junit] {
        assert!(
            !text.contains('\u{1b}') && !text.contains("##vso["),
            "{text}"
        );
    }
}

#[test]
fn uploads_that_are_resumed_are_all_in_one_report() {
    let mut server = Server::new();
    server.go_away();
    for suite_run in ["n 1", "n 2"] {
        let done = upload(&server, TABLE, &["--suite-run", suite_run]);
        assert_eq!(done.code, 8, "{done:?}");
    }
    server.come_back();
    server.octane(&["suite", "create", "S"], SECRET);
    let done = server.octane(&[&["resume", "--all"], &ALL[..]].concat(), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let junit = junit(&server);
    assert_eq!(junit.matches("<testsuite ").count(), 2, "{junit}");
    assert_eq!(cases(&junit).len(), 14, "{junit}");
    let html = written(&server, "r.html");
    assert!(html.contains("<h1>Octane: 2 uploads</h1>"), "{html}");
    assert!(
        html.contains("<h2>Octane: n 1</h2>") && html.contains("<h2>Octane: n 2</h2>"),
        "{html}"
    );
    let markdown = written(&server, "r.md");
    assert!(
        markdown.contains("# Octane: [n 1]") && markdown.contains("# Octane: [n 2]"),
        "{markdown}"
    );
}

#[test]
fn the_report_of_shards_names_those_that_are_missing() {
    let server = Server::new();
    for shard in ["1/3", "2/3"] {
        let line = ["--suite-run", "n 1", "--shard", shard];
        let table = format!("name,status,jira\nt{},passed,SHOP-101\n", &shard[..1]);
        assert_eq!(upload(&server, &table, &line).code, 0);
    }
    let done = server.octane(&[&["suite-run", "close", "n 1"], &ALL[..]].concat(), SECRET);
    assert_eq!(done.code, 5, "{done:?}");
    let markdown = written(&server, "r.md");
    assert!(
        markdown.contains("| 3 | not arrived | – | – |"),
        "{markdown}"
    );
    assert!(markdown.contains("| passed | 2 passed<br>"), "{markdown}");
    assert_cases(
        &junit(&server),
        &[
            ("octane: upload", "error"),
            ("octane: missing_shards", "error"),
            ("S: t1", "passed"),
            ("S: t2", "passed"),
        ],
    );
}

#[test]
fn a_dry_run_writes_what_it_would_do_or_leaves_the_file_of_an_earlier_command() {
    let server = Server::new();
    let line = ["--suite-run", "n 1", "--shard", "1/2"];
    let json = ["--spool", "u", "--format", "json"];
    let done = upload(&server, TABLE, &[&line[..], &json].concat()).json();
    let id = done["upload_id"].as_str().unwrap();
    for command in [
        &["merge", "u"][..],
        &["suite-run", "close", "n 1", "--spool", "u"],
        &["resume", id, "--spool", "u"],
        &["resume", "--all", "--spool", "u"],
        &["upload", "a.csv", "--suite", "S", "--suite-run", "n 1"],
    ] {
        server
            .place
            .file("r.json", "{\n  \"schema\": \"octane.upload/1\"\n}\n");
        server.place.file("r.html", "<!-- written by octane -->");
        let run = |report| {
            let dry_run = ["--dry-run", "--report", report];
            server.octane(&[command, &dry_run].concat(), SECRET)
        };
        run("r.html").fails(2, &["r.html", "--dry-run"]);
        assert_eq!(written(&server, "r.html"), "<!-- written by octane -->");
        let done = run("r.json");
        assert!(matches!(done.code, 0 | 5), "{done:?}");
        let report: serde_json::Value = serde_json::from_str(&written(&server, "r.json")).unwrap();
        let expected = match command[0] {
            "upload" => "octane.plan/1",
            _ => "octane.changes/1",
        };
        assert_eq!(report["schema"], expected, "{command:?}");
    }
}

#[test]
fn a_shard_alone_has_a_report_too() {
    let server = Server::new();
    let line = ["--suite-run", "n 1", "--shard", "1/2"];
    let done = upload(&server, TABLE, &[&line[..], &ALL].concat());
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(cases(&junit(&server)).len(), 7);
}

#[cfg(unix)]
#[test]
fn a_command_that_failed_is_an_error_in_the_test_view() {
    let server = Server::new();
    let line = ["exec", "out.csv", "--suite", "S", "-y"];
    let command = [
        "--",
        "sh",
        "-c",
        "echo 'name,status\nx,passed' > out.csv; exit 3",
    ];
    let done = server.octane(&[&line[..], &ALL, &command].concat(), SECRET);
    assert_eq!(done.code, 3, "{done:?}");
    assert_cases(
        &junit(&server),
        &[
            ("octane: upload", "passed"),
            ("octane: command sh", "error"),
            ("S: x", "passed"),
        ],
    );
    assert!(written(&server, "r.md").contains("Command: sh, exit code 3"));
}

#[test]
fn a_report_in_the_place_of_an_input_needs_another_name() {
    let server = Server::new();
    let case = "<testsuite name='s'><testcase classname='c' name='n'/></testsuite>";
    server.place.file("a.xml", case);
    let upload = ["upload", "a.xml", "--suite", "S", "-y", "--report", "a.xml"];
    let done = server.octane(&upload, SECRET);
    done.fails(
        3,
        &["it is also an input", "use `--report` with another file"],
    );
}

#[test]
fn a_name_that_is_empty_is_in_the_report_of_a_merge_and_nothing_is_stored() {
    let server = Server::new();
    server.place.file("empty/x", "");
    for option in ["--suite-run", "--suite"] {
        server.place.file("r.json", "{}");
        let line = [
            "merge", "empty", option, "", "--spool", "last", "--report", "r.json",
        ];
        let message = format!("`{option}` is empty");
        server.octane(&line, SECRET).fails(3, &[&message]);
        let report = written(&server, "r.json");
        assert!(report.contains(&message), "{report}");
        assert!(!server.place.path().join("last").exists());
    }
}

#[test]
fn uploads_that_are_not_resumed_are_not_missing_in_any_report() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let elsewhere = ["upload", "a.csv", "--sandbox", "--on-unresolved", "fail"];
    let done = server.place.octane(&elsewhere);
    assert_eq!(done.code, 10, "{done:?}");
    let id = upload_in(&done.stdout);
    let url = server.variables(SECRET)[0].1.clone();
    let all = ["resume", "--all", "--url", &url];
    let done = server.octane(&[&all[..], &ALL].concat(), SECRET);
    assert_eq!(done.code, 3, "{done:?}");
    assert_cases(&junit(&server), &[("octane: upload", "error")]);
    for name in ["r.md", "r.html"] {
        let text = written(&server, name);
        assert!(text.contains("exit 3: ") && text.contains(&id), "{text}");
    }
}

#[test]
fn the_report_of_a_failed_resume_names_the_upload_and_does_not_say_that_nothing_is_stored() {
    let mut server = Server::new();
    server.go_away();
    let done = upload(&server, TABLE, &[]);
    let id = upload_in(&done.stderr);
    let done = server.octane(
        &[&["resume", &*id, "--retries", "0"], &ALL[..]].concat(),
        SECRET,
    );
    assert_eq!(done.code, 8, "{done:?}");
    let text = written(&server, "r.md");
    for part in ["is not complete", "results are saved", &*id] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: serde_json::Value = serde_json::from_str(&written(&server, "r.json")).unwrap();
    assert_eq!(json["upload_id"], id);
    // Of what is not known to be stored, neither is said.
    server.octane(
        &[&["resume", "u-00000000000000"], &ALL[..]].concat(),
        SECRET,
    );
    let text = written(&server, "r.md");
    assert!(text.contains("# Octane: the upload failed"), "{text}");
    assert!(!text.contains("nothing was"), "{text}");
}

#[test]
fn results_of_one_test_in_several_shards_have_different_names() {
    let server = Server::new();
    let table = "class,name,status\nC,pays,failed\n";
    let line = ["--suite-run", "n 1", "--shard"];
    assert_eq!(
        upload(&server, table, &[&line[..], &["1/2"]].concat()).code,
        0
    );
    let table = "class,name,status\nC,pays,passed\nC,ships,passed\n";
    let done = upload(&server, table, &[&line[..], &["2/2"], &ALL].concat());
    assert_eq!(done.code, 0, "{done:?}");
    assert_cases(
        &junit(&server),
        &[
            ("octane: upload", "passed"),
            ("octane: flaky: C.pays", "failure"),
            ("C: pays", "failure"),
            ("C: pays (attempt 2)", "passed"),
            ("C: ships", "passed"),
        ],
    );
}
