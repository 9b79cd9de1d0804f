//! Cucumber reports, converted to one Gherkin run for each feature.

use crate::program::{Done, Place};

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
