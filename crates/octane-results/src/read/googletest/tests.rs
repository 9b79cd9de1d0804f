//! Reports of `GoogleTest` in JSON, as versions 1.10 to 1.17 write them.

use indoc::indoc;

use crate::read::report::shown::{besides, results, shown};

/// A report with these tests in one suite.
fn report(tests: &str) -> String {
    format!(
        r#"{{"tests":1,"failures":0,"disabled":0,"errors":0,"timestamp":"2026-11-29T01:38:23Z","time":"0s","name":"AllTests","testsuites":[{{"name":"Cart","tests":1,"testsuite":[{tests}]}}]}}"#
    )
}

#[test]
fn each_word_means_what_the_table_says() {
    for (words, expected) in [
        (r#""status":"RUN","result":"COMPLETED""#, "Passed Cart.Adds"),
        (r#""status":"RUN","result":"SKIPPED""#, "Skipped Cart.Adds"),
        (
            r#""status":"NOTRUN","result":"SUPPRESSED""#,
            "Skipped Cart.Adds",
        ),
        (r#""status":"RUN""#, "Passed Cart.Adds"),
        (r#""status":"NOTRUN""#, "Skipped Cart.Adds"),
    ] {
        assert_eq!(
            shown(&report(&format!(r#"{{"name":"Adds",{words}}}"#))),
            expected,
            "{words}"
        );
        let failed =
            format!(r#"{{"name":"Adds",{words},"failures":[{{"failure":"no","type":""}}]}}"#);
        let failed = shown(&report(&failed));
        assert!(failed.starts_with("Failed"), "{failed}");
    }
    for (test, expected) in [
        (
            r#"{"name":"Adds","result":"AMBER"}"#,
            "`AMBER` is not a valid status",
        ),
        (
            r#"{"name":"Adds","file":"a.cpp","line":4}"#,
            "status is empty",
        ),
        ("1", "status is empty"),
    ] {
        let found = shown(&report(test));
        assert!(
            found.starts_with("invalid ") && found.contains(expected),
            "{found}"
        );
    }
}

#[test]
fn a_test_has_all_that_is_told_of_it() {
    let tests = indoc! {r#"
        {"name":"IsEven\/0","value_param":"1","file":"src\\cart.cpp","line":12,"status":"RUN","result":"COMPLETED",
         "timestamp":"2026-11-29T01:38:23Z","time":"0.004s","classname":"Some\/CartTest","jira":"SHOP-7","seed":"17",
         "failures":[{"failure":"cart.cpp:12\nValue of: false","type":""},{"failure":"cart.cpp:13\nother","type":""}]},
        {"name":"Later","status":"RUN","result":"SKIPPED","timestamp":"1970-01-01T00:00:00Z","time":"0s","classname":"Cart",
         "skipped":[{"message":"cart.cpp:6\nnot today"}]}"#};
    let report = report(tests);
    assert_eq!(
        shown(&report),
        indoc! {"
            warning in.json:1:166: start time `2026-11-29T01:38:23` has no time zone; counted as UTC
            Failed Some/CartTest.IsEven/0 4ms at 2026-11-29T01:38:23Z `cart.cpp:12
            Value of: false`
            Skipped Cart.Later (cart.cpp:6
            not today)"},
    );
    // Without what is warned of.
    let run = &results(&report.replace("2026-11-29T01:38:23Z", "1970-01-01T00:00:00Z"))[0];
    let details = &run.failure.as_ref().unwrap().details;
    assert_eq!(
        details,
        "cart.cpp:12\nValue of: false\n\ncart.cpp:13\nother"
    );
    assert_eq!(run.origin.file.as_deref(), Some("src/cart.cpp"));
    assert_eq!(run.jira, ["SHOP-7"]);
    let besides = besides(run);
    let names = |properties: &[crate::metadata::Property]| -> Vec<String> {
        properties
            .iter()
            .map(|property| property.name.clone())
            .collect()
    };
    assert_eq!(names(&besides.parameters), ["value_param"]);
    assert_eq!(names(&besides.properties), ["jira", "seed"]);
}

#[test]
fn what_failed_outside_of_all_tests_is_read_although_a_comma_is_missing_before_it() {
    let report = indoc! {r#"
        {"tests":1,"failures":0,"name":"AllTests","testsuites":[
          {"name":"Cart","testsuite":[{"name":"Adds","status":"RUN","result":"COMPLETED","classname":"Cart"}]}    {
           "name":"NonTestSuiteFailure","testsuite":[
             {"name":"","status":"RUN","result":"COMPLETED","classname":"","failures":[{"failure":"g.cpp:24\nFailed","type":""}]}]}]}"#};
    let found = shown(report);
    assert!(found.contains("Passed Cart.Adds"), "{found}");
    assert!(
        found.contains("Failed NonTestSuiteFailure.unnamed test 1"),
        "{found}"
    );
    // Everywhere else, a comma is needed.
    let broken = report.replace(r#""failures":0,"#, r#""failures":0 "#);
    assert!(shown(&broken).contains("a comma is missing here"));
}

#[test]
fn failures_that_are_only_counted_are_a_failed_result() {
    let passed = r#"{"name":"Adds","status":"RUN","result":"COMPLETED"}"#;
    let counted = report(passed).replace(r#""failures":0"#, r#""failures":2"#);
    assert_eq!(
        shown(&counted),
        "Passed Cart.Adds\nFailed AllTests `the report declares 2 failures, but none of its results has failed`"
    );
}

#[test]
fn a_run_without_tests_has_no_results() {
    assert_eq!(
        shown(
            r#"{"tests":0,"failures":0,"disabled":0,"errors":0,"time":"0s","name":"AllTests","testsuites":[]}"#
        ),
        "warning in.json:1:1: contains no test results"
    );
}
