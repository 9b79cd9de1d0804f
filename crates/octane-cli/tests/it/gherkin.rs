//! Cucumber reports, converted to one Gherkin run for each feature, and uploaded as such.

use octane_sandbox::Fault;
use serde_json::{Value, json};

use crate::program::{Done, Place, upload_in};
use crate::server::{SECRET, Server};

/// A report of one feature, whose scenarios have steps with these statuses.
fn report(path: &str, name: &str, scenarios: &[(&str, &str)]) -> String {
    let elements: Vec<String> = scenarios
        .iter()
        .zip(3..)
        .map(|((scenario, status), line)| {
            format!(
                r#"{{"type":"scenario","keyword":"Scenario","id":"{name};{scenario}","name":"{scenario}","line":{line},
                "start_timestamp":"2026-11-28T05:00:0{line}.000Z","steps":[{{"keyword":"When ","name":"I {scenario}",
                "result":{{"status":"{status}","duration":2000000}}}}]}}"#
            )
        })
        .collect();
    format!(
        r#"[{{"uri":"file:{path}","name":"{name}","keyword":"Feature","tags":[{{"name":"@TID4001REV0.2.0"}}],"elements":[{}]}}]"#,
        elements.join(",")
    )
}

fn convert(place: &Place, arguments: &[&str]) -> Done {
    let convert = ["convert", "--gherkin", "features", "-o", "out.xml"];
    place.octane(&[&convert[..], arguments].concat())
}

fn written(place: &Place, file: &str) -> String {
    let payload = std::fs::read_to_string(place.path().join(file)).unwrap();
    octane_results::check(payload.as_bytes()).unwrap();
    payload
}

/// How many results there are in a file: all, passed, failed, skipped.
fn counts(place: &Place, file: &str) -> [u64; 4] {
    let json = place.octane(&["validate", file, "--format", "json"]).json();
    let count = |name: &str| json["counts"][name].as_u64().unwrap();
    ["read", "passed", "failed", "test_skipped"].map(count)
}

#[test]
fn each_feature_is_a_run_and_each_scenario_is_still_counted() {
    let place = Place::new();
    let scenarios = [
        ("adds", "passed"),
        ("pays", "undefined"),
        ("goes", "skipped"),
    ];
    place.file(
        "c.json",
        &report("features/cart.feature", "Cart", &scenarios),
    );
    let done = convert(&place, &["c.json"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.stdout, "wrote 3 results in 1 payload: out.xml\n");
    insta::assert_snapshot!(written(&place, "out.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <test_result><test_runs>
    <gherkin_test_run name="Cart" duration="6" status="Failed"><feature name="Cart" path="features/cart.feature" tag="@TID4001REV0.2.0" started="1795842003000"><file></file><scenarios><scenario name="adds" status="Passed"><steps><step name="When I adds" duration="2" status="passed"></step></steps></scenario><scenario name="pays" status="Failed"><steps><step name="When I pays" duration="2" status="undefined"><error_message>undefined: When I pays</error_message></step></steps></scenario><scenario name="goes" status="Skipped"><steps><step name="When I goes" duration="2" status="skipped"></step></steps></scenario></scenarios></feature></gherkin_test_run>
    </test_runs></test_result>
    "#);
    let expected = [3, 1, 1, 1];
    assert_eq!(counts(&place, "c.json"), expected);
    assert_eq!(counts(&place, "out.xml"), expected);
}

#[test]
fn the_scenarios_of_a_feature_are_in_one_run_although_they_are_in_several_reports() {
    let place = Place::new();
    let failed = report("cart.feature", "Cart", &[("adds", "failed")]);
    let passed = report("cart.feature", "Cart", &[("pays", "passed")]);
    place.file("1.json", &failed).file("2.json", &passed);
    assert_eq!(convert(&place, &["1.json", "2.json"]).code, 0);
    let payload = written(&place, "out.xml");
    assert_eq!(
        payload.matches("<gherkin_test_run ").count(),
        1,
        "{payload}"
    );
    assert!(
        payload.contains(r#"<gherkin_test_run name="Cart" duration="4" status="Failed">"#),
        "{payload}"
    );
}

#[test]
fn the_last_attempt_of_a_scenario_decides() {
    let place = Place::new();
    let all = [("adds", "failed"), ("pays", "passed")];
    place
        .file("1.json", &report("cart.feature", "Cart", &all))
        .file(
            "2.json",
            &report("cart.feature", "Cart", &[("adds", "passed")]),
        );
    for (reruns, expected) in [
        ("last", [2, 2, 0, 0]),
        ("worst", [2, 1, 1, 0]),
        ("all", [3, 2, 1, 0]),
    ] {
        let done = convert(&place, &["1.json", "2.json", "--reruns", reruns]);
        assert_eq!(
            done.stdout, "wrote 3 results in 1 payload: out.xml\n",
            "{done:?}"
        );
        assert_eq!(counts(&place, "out.xml"), expected, "{reruns}");
    }
}

#[test]
fn results_of_other_tests_are_in_payloads_of_their_own() {
    let place = Place::new();
    place
        .file(
            "c.json",
            &report("cart.feature", "Cart", &[("adds", "passed")]),
        )
        .file("a.csv", "name,status\ntax,passed\n");
    convert(&place, &["c.json", "a.csv"]).fails(4, &["of one kind", "--split"]);
    assert!(!place.path().join("out.xml").exists());
    let done = convert(&place, &["c.json", "a.csv", "--split"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(written(&place, "out.xml").contains("<test_run "));
    assert!(written(&place, "out.2.xml").contains("<gherkin_test_run "));
    let done = convert(&place, &["a.csv"]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn a_feature_is_written_only_as_a_whole_and_with_a_start_time() {
    let place = Place::new();
    let good = report(
        "cart.feature",
        "Cart",
        &[("adds", "passed"), ("pays", "amber")],
    );
    place.file("c.json", &good);
    convert(&place, &["c.json"]).fails(4, &["`amber` is not a valid status"]);
    convert(&place, &["c.json", "--skip-invalid"]).fails(2, &["--skip-invalid", "all scenarios"]);
    convert(&place, &["c.json", "--to", "csv"]).fails(2, &["--gherkin features", "--to"]);
    convert(&place, &["c.json", "--payload", "evidence"]).fails(2, &["--payload"]);
    let undated = good
        .replace("start_timestamp", "x")
        .replace("amber", "passed");
    place.file("c.json", &undated);
    convert(&place, &["c.json"]).fails(
        3,
        &[
            "feature `Cart` has no start time",
            "`--started`",
            "`--gherkin scenarios`",
        ],
    );
    assert!(!place.path().join("out.xml").exists());
    for split in [&[][..], &["--split"]] {
        let started = ["c.json", "--started", "2026-11-28T05:00:00Z"];
        let done = convert(&place, &[&started[..], split].concat());
        assert_eq!(done.code, 0, "{done:?}");
        assert!(written(&place, "out.xml").contains(r#"started="1795842000000""#));
    }
    convert(&place, &["c.json", "--started", "soon"]).fails(2, &["--started", "soon"]);
}

/// Uploads the features of a report.
fn upload(server: &Server, report: &str, more: &[&str]) -> Done {
    server.place.file("c.json", report);
    let upload = [
        "upload",
        "c.json",
        "--gherkin",
        "features",
        "--suite",
        "S",
        "--suite-run",
        "r",
        "-y",
    ];
    server.octane(&[&upload[..], more].concat(), SECRET)
}

/// Name, status and number of linked stories of each run of a feature.
fn runs(server: &Server) -> Vec<Value> {
    let list = [
        "api",
        "GET",
        "gherkin_automated_runs?fields=name,native_status,covered_content",
    ];
    let answer = server.octane(&list, SECRET).json();
    let run = |run: &Value| {
        let status = run["native_status"]["id"].as_str().unwrap();
        let status = status.rsplit('.').next().unwrap();
        let links = &run["covered_content"]["total_count"];
        json!([run["name"], status, links])
    };
    answer["data"].as_array().unwrap().iter().map(run).collect()
}

/// A feature with a Jira key as a tag, one of whose scenarios failed.
fn tagged() -> String {
    let scenarios = [("adds", "passed"), ("pays", "failed"), ("goes", "passed")];
    report("cart.feature", "Cart", &scenarios).replace("@TID4001REV0.2.0", "@SHOP-101")
}

#[test]
fn features_are_uploaded_as_gherkin_runs_that_are_linked_by_their_tags() {
    let server = Server::new();
    let done = upload(&server, &tagged(), &["--jira-from", "tag"]);
    assert_eq!(done.code, 0, "{done:?}");
    for part in [
        "Read      3 results in 1 file: 2 passed, 1 failed, 0 skipped\n",
        "Runs      1 from 3 results · 1 feature with 3 scenarios\n",
        "Sent      3 results in 1 batch\n",
        "Ingested  3 · rejected 0 · invalid 0 · pending 0 (1 automated run)\n",
        "Linked    1 run to 1 story (1 Jira key)\n",
    ] {
        assert!(done.stdout.contains(part), "no `{part}` in {done:?}");
    }
    assert_eq!(runs(&server), [json!(["Cart", "failed", 1])]);
    assert_eq!(server.runs(), (0, 0), "no scenario is a run of its own");
    let list = server.octane(&["uploads", "list", "--format", "json"], SECRET);
    let counts = &list.json()["uploads"][0]["counts"];
    let shown = ["ingested", "features", "scenarios"].map(|name| counts[name].clone());
    assert_eq!(shown, [3, 1, 3].map(Value::from));
}

#[test]
fn a_feature_whose_tag_has_changed_loses_the_link_of_the_former_one() {
    let server = Server::new();
    let tag = ["--jira-from", "tag"];
    assert_eq!(upload(&server, &tagged(), &tag).code, 0);
    let changed = tagged().replace("SHOP-101", "SHOP-102");
    let done = upload(&server, &changed, &tag);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(runs(&server), [json!(["Cart", "failed", 2])]);
    let done = upload(&server, &changed, &[&tag[..], &["--unlink-stale"]].concat());
    assert!(done.stdout.contains("1 stale link removed"), "{done:?}");
    assert_eq!(runs(&server), [json!(["Cart", "failed", 1])]);
}

#[test]
fn a_dry_run_of_features_counts_scenarios_and_creates_nothing() {
    let server = Server::new();
    let more = ["--jira-from", "tag", "--dry-run", "--format", "json"];
    let done = upload(&server, &tagged(), &more);
    let plan = done.json();
    assert_eq!((done.code, &plan["results"]), (0, &json!(3)), "{done:?}");
    assert_eq!(
        (&plan["batches"], &plan["jira_keys"]),
        (&json!(1), &json!(["SHOP-101"]))
    );
    assert_eq!(runs(&server), Vec::<Value>::new());
}

#[test]
fn features_whose_upload_was_interrupted_are_resumed() {
    let server = Server::new();
    // The server receives them, and its response is lost.
    server.fail_next(Fault::reset_after().path("*/test-results").times(1));
    let done = upload(
        &server,
        &tagged(),
        &["--jira-from", "tag", "--retries", "0"],
    );
    assert_eq!(done.code, 8, "{done:?}");
    assert!(done.stdout.contains("pending 3"), "{done:?}");
    let id = upload_in(&done.stdout);
    let done = server.octane(&["resume", &id], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("Ingested  3"), "{done:?}");
    assert_eq!(runs(&server), [json!(["Cart", "failed", 1])]);
}

#[test]
fn a_flaky_scenario_of_a_feature_is_named() {
    let server = Server::new();
    let failed = report(
        "cart.feature",
        "Cart",
        &[("adds", "failed"), ("pays", "passed")],
    );
    let again = report("cart.feature", "Cart", &[("adds", "passed")]);
    server.place.file("d.json", &again);
    let done = upload(&server, &failed, &["d.json"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("1 flaky"), "{done:?}");
    assert!(
        done.stdout
            .contains("Cart.adds: 1 of 2 results failed; the run shows `passed`"),
        "{done:?}"
    );
    assert_eq!(runs(&server), [json!(["Cart", "passed", 0])]);
}

#[test]
fn features_are_refused_where_they_could_not_be_whole_or_not_be_written() {
    let server = Server::new();
    upload(&server, &tagged(), &["--skip-invalid"]).fails(2, &["--skip-invalid", "all scenarios"]);
    upload(&server, &tagged(), &["--payload", "evidence"]).fails(2, &["--payload"]);
    let undated = tagged().replace("start_timestamp", "x");
    upload(&server, &undated, &[]).fails(3, &["feature `Cart` has no start time", "`--started`"]);
    assert_eq!(runs(&server), Vec::<Value>::new());
    let started = ["--started", "2026-11-28T05:00:00Z"];
    let done = upload(&server, &undated, &started);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(runs(&server).len(), 1);
}
