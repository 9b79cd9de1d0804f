//! Stories: what is listed, how their runs are counted, and what the results of an upload say of them. Runs of features are listed,
//! shown and linked like others.

use serde_json::{Value, json};

use crate::program::{Done, upload_in};
use crate::server::{SECRET, Server};

const TABLE: &str = "class,name,status,jira\nCart,adds,passed,SHOP-101\nCart,pays,failed,SHOP-102\n\
                     Cart,waits,skipped,SHOP-103\nCart,ships,passed,SHOP-103\nCart,returns,failed,NONE-1\nCart,returns,passed,NONE-1\n";

/// A report with one feature.
const FEATURE: &str = r#"[{"uri":"file:cart.feature","name":"Basket","keyword":"Feature","elements":[{"type":"scenario",
    "keyword":"Scenario","id":"basket;adds","name":"adds","line":3,"start_timestamp":"2026-11-28T05:00:03.000Z","steps":[
    {"keyword":"When ","name":"I add","result":{"status":"passed","duration":2000000}}]}]}]"#;

fn octane(server: &Server, line: &str) -> Done {
    let done = server.octane(&line.split(' ').collect::<Vec<_>>(), SECRET);
    assert_eq!(done.code, 0, "`{line}`: {done:?}");
    done
}

fn json_of(server: &Server, line: &str) -> Value {
    octane(server, &format!("{line} --format json")).json()
}

/// A server with an upload, and its ID.
fn server() -> (Server, String) {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let done = octane(
        &server,
        "upload a.csv --suite S --suite-run r -y --format json",
    );
    let id = upload_in(&done.stdout);
    (server, id)
}

#[test]
fn stories_are_listed_with_their_keys_by_type_phase_and_time() {
    let (server, _) = server();
    let list = |more: &str| {
        let answer = json_of(&server, &format!("story list{more}"));
        let stories = answer["stories"].as_array().unwrap().clone();
        assert_eq!(answer["count"], stories.len());
        stories
    };
    let all = list("");
    let has = |stories: &[Value], key: &str| stories.iter().any(|story| story["jira_key"] == key);
    assert!(has(&all, "SHOP-101") && all.iter().any(|story| story["type"] == "feature"));
    let stories = list(" --type story");
    assert!(stories.len() < all.len() && stories.iter().all(|story| story["type"] == "story"));
    let with_key = list(" --type story --with-key");
    assert!(with_key.iter().all(|story| story["jira_key"].is_string()));
    let phase = all[0]["phase"].as_str().unwrap();
    let in_phase = server.octane(
        &["story", "list", "--status", phase, "--format", "json"],
        SECRET,
    );
    let in_phase = in_phase.json();
    let in_phase = in_phase["stories"].as_array().unwrap();
    assert!(!in_phase.is_empty() && in_phase.iter().all(|story| story["phase"] == phase));
    assert_eq!(list(" --since 2100-01-01"), Vec::<Value>::new());
    let text = octane(&server, "story list --type story");
    assert!(
        text.stdout.contains("JIRA KEY") && text.stderr.ends_with("stories\n"),
        "{text:?}"
    );
}

#[test]
fn a_story_is_shown_with_its_runs_and_the_verdict_of_a_suite_run() {
    let (server, _) = server();
    let all = json_of(&server, "story get SHOP-103");
    let runs = &all["runs"];
    assert_eq!(
        (&runs["total"], &runs["passed"], &runs["failed"]),
        (&json!(2), &json!(1), &json!(0))
    );
    assert_eq!(all["verdict"], Value::Null);
    let id = all["id"].as_str().unwrap();
    assert_eq!(json_of(&server, &format!("story get {id}")), all);
    for (key, verdict) in [
        ("SHOP-101", "passed"),
        ("SHOP-102", "failed"),
        ("SHOP-103", "partly_run"),
        ("SHOP-104", "not_run"),
    ] {
        let story = json_of(&server, &format!("story get {key} --suite S --suite-run r"));
        assert_eq!(story["verdict"], verdict, "{story}");
    }
    let text = octane(&server, "story get SHOP-102 --suite-run r").stdout;
    for part in [
        "Jira key  SHOP-102\n",
        "1 linked: 0 passed, 1 failed, 0 others\n",
        "Verdict   failed\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for (story, part) in [
        ("NONE-1", "Jira key NONE-1 matches no backlog item"),
        ("SHOP-150", "matches several backlog items"),
        ("424242", "no backlog item with ID 424242"),
    ] {
        server
            .octane(&["story", "get", story], SECRET)
            .fails(6, &[part]);
    }
}

#[test]
fn where_tests_are_linked_the_runs_of_these_are_counted() {
    let settings = octane_sandbox::Settings::default().run_backlog_field(false);
    let server = Server::with(settings);
    server.place.file("a.csv", TABLE);
    octane(&server, "upload a.csv --suite S --suite-run r -y");
    let story = json_of(&server, "story get SHOP-102 --suite-run r");
    assert_eq!(
        (
            &story["runs"]["level"],
            &story["runs"]["failed"],
            &story["verdict"]
        ),
        (&json!("tests"), &json!(1), &json!("failed"))
    );
}

#[test]
fn what_the_results_of_an_upload_say_of_each_key_needs_no_server() {
    let (server, id) = server();
    let coverage = server
        .place
        .octane(&["story", "coverage", "--format", "json"]);
    let coverage = coverage.json();
    assert_eq!(
        (&coverage["upload_id"], &coverage["count"]),
        (&json!(id), &json!(4))
    );
    let verdict = |key: &str| {
        let keys = coverage["keys"].as_array().unwrap();
        let found = keys.iter().find(|found| found["key"] == key).unwrap();
        (
            found["verdict"].as_str().unwrap().to_owned(),
            found["tests"]["total"].as_u64().unwrap(),
        )
    };
    assert_eq!(verdict("SHOP-101"), ("passed".to_owned(), 1));
    assert_eq!(verdict("SHOP-102"), ("failed".to_owned(), 1));
    assert_eq!(verdict("SHOP-103"), ("partly_run".to_owned(), 2));
    assert_eq!(verdict("NONE-1"), ("flaky".to_owned(), 1));
    let text = server
        .place
        .octane(&["story", "coverage", &id, "--status", "failed,flaky"]);
    let lines: Vec<&str> = text.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{text:?}");
    assert!(
        lines[1].contains("NONE-1") && lines[1].contains("flaky"),
        "{text:?}"
    );
    assert!(lines[2].ends_with("Cart.pays"), "{text:?}");
    assert_eq!(text.stderr, "2 Jira keys\n");
    let lines = server
        .place
        .octane(&["story", "coverage", "--format", "ndjson"]);
    assert_eq!(lines.stdout.lines().count(), 4, "{lines:?}");
}

#[test]
fn shards_that_are_missing_are_said_with_the_verdicts() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let upload = |shard| {
        octane(
            &server,
            &format!("upload a.csv --suite S --suite-run r -y --shard {shard}"),
        )
    };
    upload("1/3");
    let coverage = |format| {
        server
            .place
            .octane(&["story", "coverage", "--format", format])
    };
    let note = "note: not all shards are stored here, so their results may change a verdict; missing, of 3: 2, 3\n";
    let document = coverage("json");
    let expected = json!({ "total": 3, "arrived": 1, "missing": [2, 3] });
    assert_eq!(document.json()["shards"], expected, "{document:?}");
    for format in ["json", "ndjson", "human"] {
        let done = coverage(format);
        assert!(done.stderr.ends_with(note), "{done:?}");
    }
    upload("2/3");
    upload("3/3");
    assert_eq!(coverage("json").json()["shards"]["missing"], json!([]));
    assert!(!coverage("human").stderr.contains("note:"));
}

/// The verdict of `SHOP-101` by the newest upload in the default directory.
fn verdict_of_coverage(server: &Server) -> (String, String) {
    let coverage = ["story", "coverage", "--format", "json"];
    let json = server.place.octane(&coverage).json();
    let verdict = json["keys"][0]["verdict"].as_str().unwrap().to_owned();
    (verdict, server.place.octane(&coverage[..2]).stderr)
}

#[test]
fn a_result_without_the_key_counts_for_the_story_of_its_run() {
    let server = Server::new();
    let table = "class,name,status,jira\nK,z,passed,SHOP-101\nK,z,failed,\n";
    server.place.file("a.csv", table);
    octane(&server, "upload a.csv --suite S --suite-run r -y");
    let (verdict, said) = verdict_of_coverage(&server);
    assert_eq!((&*verdict, &*said), ("flaky", "1 Jira key\n"));
}

#[test]
fn the_shards_of_a_suite_run_count_together_for_a_story() {
    let server = Server::new();
    for (shard, row, said) in [
        ("1/3", "K,z,failed,SHOP-101", "1 Jira key in 1 of 3 shards"),
        ("2/3", "K,z,passed,SHOP-101", "1 Jira key in 2 of 3 shards"),
        ("2/3", "K,y,passed,SHOP-101", "1 Jira key in 2 of 3 shards"),
    ] {
        let table = format!("class,name,status,jira\n{row}\n");
        server.place.file("a.csv", &table);
        octane(
            &server,
            &format!("upload a.csv --suite S --suite-run r -y --shard {shard}"),
        );
        let (verdict, coverage) = verdict_of_coverage(&server);
        assert!(verdict == "failed" || verdict == "flaky", "{verdict}");
        let said = format!("{said} of the suite run r\n");
        assert!(coverage.starts_with(&said), "{coverage}");
    }
}

/// Uploads tests and a feature into one suite run.
fn server_with_feature() -> Server {
    let (server, _) = server();
    server.place.file("c.json", FEATURE);
    octane(
        &server,
        "upload c.json --gherkin features --suite S --suite-run r -y",
    );
    server
}

#[test]
fn runs_of_features_are_listed_and_shown_with_the_others() {
    let server = server_with_feature();
    let list = |more: &str| -> Vec<(String, String)> {
        let answer = json_of(&server, &format!("run list --suite-run r{more}"));
        let runs = answer["runs"].as_array().unwrap();
        assert_eq!(answer["count"], runs.len());
        let text = |run: &Value, member: &str| run[member].as_str().unwrap().to_owned();
        runs.iter()
            .map(|run| (text(run, "type"), text(run, "name")))
            .collect()
    };
    let all = list("");
    assert_eq!(all.len(), 6);
    let feature = ("gherkin_automated_run".to_owned(), "Basket".to_owned());
    assert_eq!(all[5], feature);
    assert_eq!(list(" --skip 5"), std::slice::from_ref(&feature));
    assert_eq!(list(" --skip 6"), []);
    let passed = list(" --status passed");
    assert!(passed.contains(&feature) && passed.len() == 3, "{passed:?}");
    assert!(!list(" --status failed").contains(&feature));
    let text = octane(&server, "run list --suite-run r");
    assert_eq!(text.stderr, "6 runs\n");
    let lines = octane(&server, "run list --suite-run r --format ndjson").stdout;
    let listed: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let id = listed["id"].as_str().unwrap();
    let shown = json_of(&server, &format!("run get {id}"));
    assert_eq!(
        (&shown["type"], &shown["status"]),
        (&json!("gherkin_automated_run"), &json!("passed"))
    );
    server
        .octane(&["run", "get", "424242"], SECRET)
        .fails(6, &["no automated run with ID 424242"]);
}

#[test]
fn runs_of_features_are_linked_and_unlinked_with_the_others() {
    let server = server_with_feature();
    let links = |line: &str| {
        let answer = json_of(&server, line);
        let story = &answer["stories"][0];
        (
            story["changed"].as_u64().unwrap(),
            story["unchanged"].as_u64().unwrap(),
        )
    };
    assert_eq!(
        links("link --suite-run r --jira SHOP-105 --dry-run"),
        (6, 0)
    );
    assert_eq!(links("link --suite-run r --jira SHOP-105"), (6, 0));
    assert_eq!(json_of(&server, "story get SHOP-105")["runs"]["total"], 6);
    assert_eq!(links("link --suite-run r --skip 5 --jira SHOP-105"), (0, 1));
    assert_eq!(
        links("unlink --suite-run r --skip 5 --jira SHOP-105"),
        (1, 0)
    );
    assert_eq!(links("unlink --suite-run r --jira SHOP-105"), (5, 1));
    let unknown = ["link", "--run", "424242", "--jira", "SHOP-105"];
    let done = server.octane(&unknown, SECRET);
    done.fails(10, &["424242", "no automated run with this ID"]);
}

#[test]
fn a_table_links_each_test_to_the_stories_of_its_own_keys() {
    let server = server_with_feature();
    server.place.file(
        "jira.csv",
        "test,jira\nCart.a*,SHOP-106\nBasket,SHOP-106 SHOP-107\nCart.pays,NONE-9\nNo.such,SHOP-108\n",
    );
    let link = |command: &str| {
        let done = server.octane(
            &[
                command,
                "--suite-run",
                "r",
                "--map",
                "jira.csv",
                "--format",
                "json",
            ],
            SECRET,
        );
        assert_eq!(done.code, 10, "{done:?}");
        for part in ["jira.csv:5", "Jira key NONE-9 matches no backlog item"] {
            assert!(done.stderr.contains(part), "{part}: {done:?}");
        }
        let answer = done.json();
        assert_eq!(answer["unknown"], json!(["NONE-9"]));
        let stories = answer["stories"].as_array().unwrap().iter();
        stories
            .map(|story| story["changed"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(link("link"), [2, 1]);
    assert_eq!(link("link"), [0, 0]);
    assert_eq!(link("unlink"), [2, 1]);
    let both = [
        "link",
        "--suite-run",
        "r",
        "--map",
        "jira.csv",
        "--jira",
        "SHOP-1",
    ];
    server
        .octane(&both, SECRET)
        .fails(2, &["cannot be used with"]);
    let missing = ["link", "--suite-run", "r", "--map", "absent.csv"];
    server
        .octane(&missing, SECRET)
        .fails(3, &["`--map`", "absent.csv"]);
    server
        .place
        .file("none.csv", "test,jira\nNo.such,SHOP-108\n");
    let none = ["link", "--suite-run", "r", "--map", "none.csv"];
    server
        .octane(&none, SECRET)
        .fails(6, &["nothing was changed"]);
}
