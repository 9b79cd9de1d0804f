//! `octane link --unlink-stale`: links whose Jira keys are not those of the runs any more.

use std::collections::BTreeMap;

use octane_sandbox::Fault;
use serde_json::{Value, json};

use crate::program::Done;
use crate::server::{SECRET, Server};

/// A server with three runs: `a` is linked to SHOP-101 and SHOP-102, `b` to SHOP-101, and `c` to SHOP-103.
fn server() -> Server {
    let server = Server::new();
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
    let says = "2 runs unlinked, 0 had no link, 0 failed (stale: SHOP-101)";
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
