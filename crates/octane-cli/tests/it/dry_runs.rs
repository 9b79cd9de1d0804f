//! Every command that changes something, with `--dry-run`: it says what it would do, and nothing changes, neither on the
//! server nor on this machine.

use std::collections::BTreeMap;
use std::path::Path;

use octane_sandbox::{Settings, Storage};

use crate::program::{Place, upload_in};
use crate::server::{SECRET, Server};

/// A command that changes something, its exit code with `--dry-run`, and what it says then. `{unsent}` and `{done}` stand
/// for uploads, `{run}` and `{linked}` for runs.
const WRITING: &[(&str, &str, i32, &str)] = &[
    (
        "upload",
        "upload a.csv --suite New -y",
        0,
        "would send 2 results in 1 batch",
    ),
    (
        "upload",
        "upload b.csv --suite Nightly --suite-run r --unlink-stale",
        0,
        "to the stories of 1 Jira key, and then remove their links to other stories with a key",
    ),
    (
        "upload",
        "upload b.csv --suite Nightly --jira off --unlink-stale",
        3,
        "",
    ),
    (
        "compat",
        "compat -d 1001 -w 1002 -u ci --suite {suite} b.xml",
        0,
        "would send 1 result in 1 batch",
    ),
    (
        "resume",
        "resume {unsent}",
        0,
        "would send 1 result of upload {unsent} in 1 batch",
    ),
    (
        "resume",
        "resume --all",
        0,
        "would link runs of upload {unsent} to the stories of 1 Jira key",
    ),
    ("resume", "resume {done}", 0, "nothing would change"),
    (
        "uploads delete",
        "uploads delete {done}",
        0,
        "would delete {done}",
    ),
    (
        "merge",
        "merge shards",
        5,
        "would link runs of upload {shard} to the stories of 1 Jira key",
    ),
    (
        "suite-run close",
        "suite-run close parts",
        5,
        "would link runs of upload {shard} to the stories of 1 Jira key",
    ),
    (
        "link",
        "link --suite-run r --map jira.csv",
        0,
        "1 run would be linked, 0 already linked, 0 failed",
    ),
    ("uploads delete", "uploads delete {unsent}", 2, ""),
    (
        "uploads delete",
        "uploads delete {unsent} --force",
        0,
        "would delete {unsent}",
    ),
    (
        "uploads import",
        "uploads import bundle --spool other",
        0,
        "would import {done} (finished)",
    ),
    ("uploads import", "uploads import bundle", 3, ""),
    (
        "uploads prune",
        "uploads prune",
        0,
        "would delete 0 uploads",
    ),
    (
        "module create",
        "module create New",
        0,
        "would create application module `New` in module `",
    ),
    ("module create", "module create Shopping", 6, ""),
    (
        "module ensure",
        "module ensure Shopping/Cart/New",
        0,
        "would create application module `New` in module `Cart`",
    ),
    (
        "module ensure",
        "module ensure Shopping",
        0,
        "nothing would change",
    ),
    (
        "suite create",
        "suite create New",
        0,
        "would create test suite `New`",
    ),
    (
        "suite ensure",
        "suite ensure New",
        0,
        "would create test suite `New`",
    ),
    (
        "suite ensure",
        "suite ensure Nightly",
        0,
        "nothing would change",
    ),
    (
        "suite-run create",
        "suite-run create New --suite Nightly",
        0,
        "would create suite run `New` in suite {suite}",
    ),
    (
        "suite-run create",
        "suite-run create r --suite Nightly",
        6,
        "",
    ),
    (
        "suite-run create",
        "suite-run create New --suite Nightly --release None",
        6,
        "",
    ),
    (
        "suite-run ensure",
        "suite-run ensure New --suite Nightly",
        0,
        "would create suite run `New` in suite {suite}",
    ),
    (
        "suite-run ensure",
        "suite-run ensure r --suite Nightly",
        0,
        "nothing would change",
    ),
    (
        "link",
        "link --suite-run r --jira SHOP-101",
        0,
        "1 run would be linked, 1 already linked, 0 failed",
    ),
    (
        "link",
        "link --suite-run r --jira SHOP-102 --unlink-stale",
        0,
        "1 run would be unlinked, 0 without a link, 0 failed (stale: SHOP-101)",
    ),
    (
        "unlink",
        "unlink --suite-run r --jira SHOP-101",
        0,
        "1 run would be unlinked, 1 without a link, 0 failed",
    ),
    (
        "api",
        "api POST test_suites --data {\"data\":[{\"name\":\"New\"}]}",
        0,
        "/test_suites (25 bytes)",
    ),
    (
        "api",
        "api DELETE test_suites/{suite}",
        0,
        "would send DELETE ",
    ),
    (
        "relay token create",
        "relay token create new --relay-data relay",
        0,
        "would create a token of the project `new`",
    ),
    (
        "relay token revoke",
        "relay token revoke {token} --relay-data relay",
        0,
        "would revoke token {token}",
    ),
    (
        "relay retry",
        "relay retry {unsent} --relay-data relay",
        2,
        "",
    ),
    ("relay close", "relay close r --relay-data relay", 2, ""),
    (
        "relay delete",
        "relay delete {unsent} --relay-data relay",
        2,
        "",
    ),
    ("auth login", "auth login", 0, "Would be saved in "),
    ("auth logout", "auth logout", 0, "no API key was saved"),
];

/// Commands that write nothing but the file that is named, which must not exist or is the purpose of the command.
const WRITES_A_FILE: &[&str] = &["uploads export", "config init", "convert", "man"];

/// Commands that only read.
const READING: &[&str] = &[
    "status",
    "wait",
    "story get",
    "story list",
    "story coverage",
    "uploads list",
    "uploads show",
    "relay status",
    "relay token list",
    "doctor",
    "validate",
    "module get",
    "module list",
    "suite get",
    "suite list",
    "suite-run get",
    "suite-run list",
    "run get",
    "run list",
    "jira resolve",
    "auth status",
    "ci env",
    "config show",
    "config path",
    "config schema",
    "completions",
    "schema",
    "version",
];

/// These upload what their tests have written.
const TESTS: &[&str] = &["exec"];

/// A server of its own is no change.
const SERVERS: &[&str] = &["relay", "sandbox", "sandbox replay"];

#[test]
fn a_command_either_reads_or_writes_a_file_or_has_a_dry_run() {
    let place = Place::new();
    for command in crate::every_command::leaves(&place, "") {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let has_dry_run = place.octane(&words).stdout.contains("\n      --dry-run\n");
        let is_writing = WRITING.iter().any(|(name, ..)| *name == command);
        let others = [WRITES_A_FILE, READING, TESTS, SERVERS].concat();
        // These take the options of an upload.
        let is_expected = is_writing || command == "config show" || command == "exec";
        assert_eq!(has_dry_run, is_expected, "{command}");
        assert_eq!(
            others.contains(&&*command),
            !is_writing,
            "{command}: say here what it writes"
        );
    }
}

/// What is on the server: all entities that commands create, and links.
fn stored(server: &Server) -> Vec<String> {
    let paths = [
        "application_modules?fields=name,parent",
        "test_suites?fields=name,product_areas",
        "suite_run?fields=name,status",
        "automated_runs?fields=name,covered_content,last_modified",
        "automated_tests?fields=name,covered_content,last_modified",
    ];
    let read = paths.map(|path| {
        let done = server.octane(&["api", "GET", path, "--rate", "off"], SECRET);
        assert_eq!(done.code, 0, "{done:?}");
        done.stdout
    });
    read.to_vec()
}

/// All files of a folder. What SQLite keeps next to a database while it is open is not among them.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_none_or(|extension| extension != "db-shm")
        {
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_dry_run_of_any_command_says_what_would_change_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let storage = Storage::File(data.path().join("octane.db"));
    let mut server = Server::with(Settings::default().storage(storage));
    let place = &server.place;
    place
        .file("a.csv", "name,status,jira\nx,passed,SHOP-101\ny,passed,\n")
        .file("b.csv", "name,status,jira\nz,passed,SHOP-102\n")
        .file("jira.csv", "test,jira\ny,SHOP-102\n")
        .file("b.xml", "<testsuite><testcase name='z'/></testsuite>");
    let done = |server: &Server, line: &str| {
        let done = server.octane(&line.split(' ').collect::<Vec<_>>(), SECRET);
        assert!([0, 8].contains(&done.code), "`{line}`: {done:?}");
        done
    };
    done(&server, "module ensure Shopping/Cart");
    let sent = upload_in(
        &done(
            &server,
            "upload a.csv --suite Nightly --suite-run r -y --format json",
        )
        .stdout,
    );
    done(&server, &format!("uploads export {sent} -o bundle"));
    let shard = "upload b.csv --suite Nightly --suite-run parts -y --shard 1/2 --format json";
    let shard = upload_in(&done(&server, shard).stdout);
    std::fs::create_dir(place.path().join("shards")).unwrap();
    done(
        &server,
        &format!("uploads export {shard} -o shards/one.octane"),
    );
    server.go_away();
    let unsent = upload_in(&done(&server, "upload b.csv --suite Nightly -y --retries 0").stderr);
    server.come_back();
    let token = "relay token create shop --relay-data relay --format json";
    let token = done(&server, token).json()["id"].clone();
    let suite = done(&server, "suite get Nightly --format json").json()["id"].clone();

    let before = (stored(&server), files(server.place.path()));
    let received = server.requests().len();
    for (_, line, code, says) in WRITING {
        let fill = |text: &str| {
            text.replace("{unsent}", &unsent)
                .replace("{shard}", &shard)
                .replace("{done}", &sent)
                .replace("{token}", token.as_str().unwrap())
                .replace("{suite}", suite.as_str().unwrap())
        };
        let line = fill(line);
        let more = if line.starts_with("compat") {
            vec![
                "-s".to_owned(),
                format!("http://{}", server.address()),
                format!("--password={SECRET}"),
            ]
        } else {
            vec![]
        };
        let words = line.split(' ').chain(more.iter().map(String::as_str));
        let is_connected =
            !["uploads", "compat", "relay"].contains(&line.split(' ').next().unwrap());
        let rate = ["--rate", "off"].into_iter().filter(|_| is_connected);
        let words: Vec<&str> = words.chain(["--dry-run"]).chain(rate).collect();
        let ended = server.octane(&words, SECRET);
        assert_eq!(ended.code, *code, "{line}: {ended:?}");
        assert!(ended.stdout.contains(&fill(says)), "{line}: {ended:?}");
        let in_json = server.octane(&[&words[..], &["--format", "json"]].concat(), SECRET);
        assert_eq!(in_json.code, *code, "{line}: {in_json:?}");
        let document = in_json.json();
        let violations = crate::json_schema::violations(&document);
        assert!(violations.is_empty(), "{line}: {violations:?}");
        if *code == 0 {
            let schema = document["schema"].as_str().unwrap();
            let is_said = document["is_dry_run"] == true
                || ["octane.plan/1", "octane.changes/1"].contains(&schema);
            assert!(is_said, "{line}: {document}");
        }
        assert_eq!(files(server.place.path()), before.1, "{line}");
    }
    let requests = server.requests().split_off(received);
    let written = requests
        .iter()
        .filter(|request| request.method != "GET" && !request.path.starts_with("/authentication/"));
    assert_eq!(written.count(), 0, "{requests:?}");
    assert_eq!(stored(&server), before.0);
}
