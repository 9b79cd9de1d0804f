//! `octane link --unlink-stale` and `octane upload --unlink-stale`: links whose Jira keys are not those of the runs any more.

use std::collections::BTreeMap;

use octane_sandbox::{Fault, Settings, Storage};
use serde_json::{Value, json};

use crate::program::Done;
use crate::server::{SECRET, Server};

/// A server with three runs: `a` is linked to SHOP-101 and SHOP-102, `b` to SHOP-101, and `c` to SHOP-103.
fn server() -> Server {
    filled(Server::new())
}

fn filled(server: Server) -> Server {
    let table =
        "name,status,jira\na,passed,SHOP-101 SHOP-102\nb,passed,SHOP-101\nc,passed,SHOP-103\n";
    server.place.file("in.csv", table);
    let done = octane(&server, "upload in.csv --suite S --suite-run r -y");
    assert_eq!(done.code, 0, "{done:?}");
    server
}

fn octane(server: &Server, line: &str) -> Done {
    let words: Vec<&str> = line.split(' ').chain(["--rate", "off"]).collect();
    server.octane(&words, SECRET)
}

/// The Jira keys of the stories that each run is linked to; `-` for one without a key.
fn linked(server: &Server) -> BTreeMap<String, Vec<String>> {
    let stories = octane(server, "story list --format json").json();
    let key_of = |id: &Value| {
        let stories = stories["stories"].as_array().unwrap();
        let story = stories.iter().find(|story| story["id"] == *id).unwrap();
        story["jira_key"].as_str().unwrap_or("-").to_owned()
    };
    let runs = octane(server, "api GET automated_runs?fields=name,covered_content");
    let runs = runs.json()["data"].as_array().unwrap().clone();
    let keys = |run: Value| {
        let links = run["covered_content"]["data"].as_array().unwrap().clone();
        let mut keys: Vec<String> = links.iter().map(|link| key_of(&link["id"])).collect();
        keys.sort();
        (run["name"].as_str().unwrap().to_owned(), keys)
    };
    runs.into_iter().map(keys).collect()
}

fn keys(run: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    run.iter()
        .map(|(run, keys)| ((*run).to_owned(), owned(keys)))
        .collect()
}

#[test]
fn links_of_keys_that_the_table_does_not_give_a_test_are_removed_from_the_tests_that_it_names() {
    let server = server();
    server
        .place
        .file("map.csv", "test,jira\na,shop-102\nb,SHOP-104\n");
    let line = "link --suite-run r --map map.csv --unlink-stale";
    let before = linked(&server);
    let planned = octane(&server, &format!("{line} --dry-run --format json")).json();
    assert_eq!(linked(&server), before);
    let stale = |answer: &Value| {
        let stale = answer["stale"].as_array().unwrap().clone();
        let stale = stale
            .iter()
            .map(|link| json!([link["jira_key"], link["changed"]]));
        stale.collect::<Vec<_>>()
    };
    assert_eq!(stale(&planned), [json!(["SHOP-101", 2])], "{planned}");

    let done = octane(&server, line);
    assert_eq!(done.code, 0, "{done:?}");
    let says = "2 runs unlinked, 0 without a link, 0 failed (stale: SHOP-101)";
    assert!(done.stdout.contains(says), "{done:?}");
    // The table has no line for `c`.
    let expected = keys(&[
        ("a", &["SHOP-102"]),
        ("b", &["SHOP-104"]),
        ("c", &["SHOP-103"]),
    ]);
    assert_eq!(linked(&server), expected);
    let again = octane(&server, line);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.stdout.ends_with("no stale links\n"), "{again:?}");
}

#[test]
fn a_test_whose_line_has_no_key_loses_all_links_to_stories_with_a_key() {
    let server = server();
    server.place.file("map.csv", "test,jira\nc,\n");
    let done = octane(&server, "link --suite-run r --map map.csv --unlink-stale");
    assert_eq!(done.code, 0, "{done:?}");
    let expected = keys(&[
        ("a", &["SHOP-101", "SHOP-102"]),
        ("b", &["SHOP-101"]),
        ("c", &[]),
    ]);
    assert_eq!(linked(&server), expected);
}

#[test]
fn stories_without_a_jira_key_and_stories_that_are_given_stay_linked() {
    let server = server();
    let stories = octane(&server, "story list --format json").json();
    let stories = stories["stories"].as_array().unwrap().clone();
    let id = |has_key: &dyn Fn(&Value) -> bool| {
        let story = stories.iter().find(|story| has_key(&story["jira_key"]));
        story.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (plain, given) = (id(&Value::is_null), id(&|key| *key == "SHOP-105"));
    let runs = octane(&server, "run list --suite-run r --format json").json();
    let run = runs["runs"][0]["id"].as_str().unwrap().to_owned();
    let done = octane(&server, &format!("link --run {run} --story {plain}"));
    assert_eq!(done.code, 0, "{done:?}");

    let line = format!("link --run {run} --jira SHOP-101 --story {given} --unlink-stale");
    let done = octane(&server, &line);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(linked(&server)["a"], ["-", "SHOP-101", "SHOP-105"]);
    assert_eq!(linked(&server)["b"], ["SHOP-101"], "it was not given");
}

#[test]
fn nothing_is_removed_unless_everything_could_be_linked() {
    let server = server();
    let before = linked(&server);
    let line = "link --suite-run r --jira SHOP-101 NONE-1 --unlink-stale";
    let done = octane(&server, line);
    assert_eq!(done.code, 10, "{done:?}");
    assert!(
        done.stderr.contains("no stale link was removed"),
        "{done:?}"
    );
    let after = linked(&server);
    for (run, keys) in &before {
        assert!(keys.iter().all(|key| after[run].contains(key)), "{after:?}");
    }
}

#[test]
fn a_link_that_the_server_does_not_remove_is_reported() {
    let server = server();
    server.place.file("map.csv", "test,jira\nc,\n");
    server.fail_next(Fault::status(403).method("PUT"));
    let done = octane(&server, "link --suite-run r --map map.csv --unlink-stale");
    assert_ne!(done.code, 0, "{done:?}");
    assert_eq!(linked(&server)["c"], ["SHOP-103"]);
}

/// Uploads a table into the suite run `r` with `--unlink-stale` and more options.
fn upload(server: &Server, table: &str, more: &str) -> Done {
    server.place.file("new.csv", table);
    let line = format!("upload new.csv --suite S --unlink-stale --format json {more}");
    octane(server, line.trim())
}

/// The codes of the problems of an upload.
fn codes(done: &Done) -> Vec<String> {
    let problems = done.json()["problems"].as_array().unwrap().clone();
    let code = |problem: &Value| problem["code"].as_str().unwrap().to_owned();
    problems.iter().map(code).collect()
}

const INTO_R: &str = "--suite-run r";

#[test]
fn an_upload_removes_what_the_keys_of_its_results_stand_for_no_more() {
    let server = server();
    // The results are the same, byte for byte; `c` has no key.
    let table = "name,status,jira\na,passed,SHOP-102\nb,passed,SHOP-101\nc,passed,\n";
    let done = upload(&server, table, INTO_R);
    assert_eq!(done.code, 0, "{done:?}");
    let links = &done.json()["links"];
    assert_eq!(
        (&links["removed"], &links["failed"]),
        (&json!(1), &json!(0))
    );
    let expected = keys(&[
        ("a", &["SHOP-102"]),
        ("b", &["SHOP-101"]),
        ("c", &["SHOP-103"]),
    ]);
    assert_eq!(linked(&server), expected);
    let again = upload(&server, table, INTO_R);
    assert_eq!(again.json()["links"]["removed"], 0);
    assert_eq!(linked(&server), expected);
}

#[test]
fn a_removed_link_is_shown_to_people_and_in_reports() {
    let server = server();
    server
        .place
        .file("new.csv", "name,status,jira\na,passed,SHOP-102\n");
    let line =
        "upload new.csv --suite S --suite-run r --unlink-stale --report r.md --report r.html";
    let done = octane(&server, line);
    assert!(done.stdout.contains("· 1 stale link removed"), "{done:?}");
    for file in ["r.md", "r.html"] {
        let report = std::fs::read_to_string(server.place.path().join(file)).unwrap();
        assert!(report.contains("Removed 1 stale link:"), "{report}");
    }
}

#[test]
fn runs_whose_keys_are_in_doubt_keep_their_links_and_the_report_says_so() {
    let server = server();
    let before = linked(&server);
    // No story has NONE-1, and several have SHOP-150.
    let table = "name,status,jira\na,passed,SHOP-102 NONE-1\nb,passed,SHOP-104 SHOP-150\nc,passed,SHOP-105\n";
    let done = upload(&server, table, INTO_R);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(codes(&done).contains(&"stale_links_kept".to_owned()));
    assert!(
        done.stdout
            .contains("stale links of 2 runs were not removed")
    );
    assert_eq!(linked(&server)["a"], before["a"]);
    assert_eq!(linked(&server)["b"], ["SHOP-101", "SHOP-104"]);
    assert_eq!(linked(&server)["c"], ["SHOP-105"]);
}

#[test]
fn nothing_is_removed_if_something_could_not_be_read() {
    for (row, more, code) in [
        ("a,passed,SHOP-102 nonsense", "", 0),
        ("a,passed,SHOP-102\n,passed,SHOP-101", "--skip-invalid", 5),
    ] {
        let server = server();
        let before = linked(&server);
        let table = format!("name,status,jira\n{row}\n");
        let done = upload(&server, &table, &format!("{INTO_R} {more}"));
        assert_eq!(done.code, code, "{done:?}");
        assert!(
            codes(&done).contains(&"stale_links_kept".to_owned()),
            "{row}"
        );
        assert_eq!(done.json()["links"]["removed"], 0);
        assert_eq!(linked(&server), before, "{row}");
    }
}

#[test]
fn a_run_that_could_be_another_one_keeps_its_links() {
    let server = server();
    // A run of its own for each release.
    let table = "name,status,jira\nb,passed,SHOP-104\n";
    let done = upload(&server, table, &format!("{INTO_R} --release default"));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        codes(&done).contains(&"stale_links_kept".to_owned()),
        "{done:?}"
    );
    assert_eq!(done.json()["links"]["removed"], 0);
}

#[test]
fn an_upload_that_links_nothing_or_a_part_of_the_results_removes_nothing() {
    let server = server();
    for (more, says) in [
        ("--jira off", "`--jira off` makes none"),
        ("--suite-run r --shard 1/2", "cannot be used with `--shard`"),
    ] {
        let done = upload(&server, "name,status\na,passed\n", more);
        done.fails(3, &[says]);
    }
}

#[test]
fn what_could_not_be_removed_is_removed_by_a_resume_and_once() {
    let server = server();
    server.fail_next(Fault::status(403).method("PUT"));
    let table = "name,status,jira\na,passed,SHOP-102\n";
    let failed = upload(&server, table, INTO_R);
    assert_eq!(failed.code, 10, "{failed:?}");
    assert!(codes(&failed).contains(&"stale_link".to_owned()));
    assert_eq!(linked(&server)["a"], ["SHOP-101", "SHOP-102"]);
    let id = failed.json()["upload_id"].as_str().unwrap().to_owned();

    let resume = format!("resume {id} --format json");
    let resumed = octane(&server, &resume);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(linked(&server)["a"], ["SHOP-102"]);

    // What others link afterwards is none of its business.
    let run = octane(&server, "run list --suite-run r --format json").json();
    let run = run["runs"][0]["id"].as_str().unwrap().to_owned();
    octane(&server, &format!("link --run {run} --jira SHOP-105"));
    let resumed = octane(&server, &resume);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(linked(&server)["a"], ["SHOP-102", "SHOP-105"]);
}

#[test]
fn a_run_that_shows_the_result_of_a_later_upload_keeps_its_links() {
    let server = server();
    server.fail_next(Fault::status(403).method("PUT"));
    let table = "name,status,jira\na,passed,SHOP-102\n";
    let first = upload(&server, table, INTO_R);
    assert_eq!(first.code, 10, "{first:?}");
    let id = first.json()["upload_id"].as_str().unwrap().to_owned();
    let later = "name,status,jira\na,failed,SHOP-103\n";
    server.place.file("later.csv", later);
    let done = octane(&server, "upload later.csv --suite S --suite-run r");
    assert_eq!(done.code, 0, "{done:?}");

    let resumed = octane(&server, &format!("resume {id} --format json"));
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert!(resumed.stdout.contains("stale_links_kept"), "{resumed:?}");
    assert_eq!(linked(&server)["a"], ["SHOP-101", "SHOP-102", "SHOP-103"]);
}

#[test]
fn an_upload_that_was_not_sent_removes_links_once_it_is_resumed() {
    let data = tempfile::tempdir().unwrap();
    let storage = Storage::File(data.path().join("octane.db"));
    let mut server = filled(Server::with(Settings::default().storage(storage)));
    server.go_away();
    let table = "name,status,jira\na,passed,SHOP-102\n";
    let saved = upload(&server, table, "--suite-run r --retries 0");
    assert_eq!(saved.code, 8, "{saved:?}");
    server.come_back();
    let planned = octane(&server, "resume --all --dry-run");
    let says = "would then remove the links of runs of upload ";
    assert!(planned.stdout.contains(says), "{planned:?}");
    assert_eq!(linked(&server)["a"], ["SHOP-101", "SHOP-102"]);
    let resumed = octane(&server, "resume --all");
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(linked(&server)["a"], ["SHOP-102"]);
}

#[test]
fn where_tests_are_linked_a_new_suite_run_finds_the_links_of_the_one_before() {
    let mut settings = Settings::default();
    settings.entities.run_backlog_field = false;
    let server = Server::with(settings);
    let tests = || {
        let tests = octane(
            &server,
            "api GET automated_tests?fields=name,covered_content",
        )
        .json();
        let linked = |test: &Value| test["covered_content"]["data"].as_array().unwrap().len();
        tests["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(linked)
            .sum::<usize>()
    };
    let done = upload(
        &server,
        "name,status,jira\na,passed,SHOP-101\n",
        "--suite-run one -y",
    );
    assert_eq!(done.code, 0, "{done:?}");
    let links = tests();
    let table = "name,status,jira\na,passed,SHOP-102\n";
    let done = upload(&server, table, "--suite-run two --dry-run");
    assert_eq!(done.json()["is_unlinking_stale"], true);
    let done = upload(&server, table, "--suite-run two");
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["links"]["removed"], 1);
    assert_eq!(tests(), links, "one was added, and one removed");

    // Another run of the test in this suite run, for a release, may have other keys.
    let done = upload(
        &server,
        "name,status\na,passed\n",
        "--suite-run three --release default",
    );
    assert_eq!(done.code, 0, "{done:?}");
    let done = upload(
        &server,
        "name,status,jira\na,passed,SHOP-103\n",
        "--suite-run three",
    );
    assert!(
        codes(&done).contains(&"stale_links_kept".to_owned()),
        "{done:?}"
    );
    assert_eq!(tests(), links + 1);
}
