//! Tests of reports in CTRF.

use indoc::indoc;

use crate::metadata::Property;
use crate::read::report::shown::{assert_shown, besides, results, shown, steps};

fn report(tests: &str) -> String {
    format!(
        r#"{{"reportFormat":"CTRF","specVersion":"0.0.0","results":{{"tool":{{"name":"x"}},"summary":{{"tests":1}},"tests":[{tests}]}}}}"#
    )
}

#[test]
fn each_word_means_what_the_table_says() {
    for (word, expected) in [
        ("passed", "Passed adds"),
        ("failed", "Failed adds"),
        ("skipped", "Skipped adds"),
        ("pending", "Skipped adds"),
        ("other", "Skipped adds"),
        ("broken", "Failed adds"),
        (
            "amber",
            "invalid in.json:1:108: `amber` is not a valid status (in results.tests[0]); use passed, failed, skipped or planned",
        ),
        (
            "",
            "invalid in.json:1:108: status is empty (in results.tests[0]); use passed, failed, skipped or planned",
        ),
    ] {
        let test = format!(r#"{{"name":"adds","status":"{word}","duration":0}}"#);
        assert_eq!(shown(&report(&test)), expected, "{word}");
    }
    assert!(shown(&report("1")).starts_with("invalid"));
}

#[test]
fn a_test_has_all_that_is_told_of_it() {
    let report = report(indoc! {r#"
        {"status":"failed","name":"adds","duration":1200.4,"start":1764306000,"stop":1764306001,"suite":["cart.test.ts","Cart"],
         "message":"Error: 1 is not 2\nexpected 2","trace":"Error: 1 is not 2\n  at cart.test.ts:3","rawStatus":"timedOut","type":"e2e",
         "filePath":"test/cart.test.ts","browser":"chrome 120","device":"iPhone 15","threadId":"7","tags":["smoke"],
         "labels":{"priority":"high","requirement":"SHOP-12"},"parameters":{"currency":"EUR","sum":2},
         "attachments":[{"name":"shot","contentType":"image/png","path":"shot.png"}],"screenshot":"AAAA",
         "steps":[{"name":"opens","status":"passed"},{"name":"adds","status":"failed"}],
         "extra":{"owner":"payments","build":7,"annotations":[{"type":"issue","description":"SHOP-1"}]}}"#});
    let found = shown(&report);
    let expected = "Failed cart.test.ts > Cart.adds [chrome 120 on iPhone 15] 1.2s at 2025-11-28T05:00:00Z Error: Error: 1 is not 2\nexpected 2";
    assert_eq!(found, expected);
    let run = &results(&report)[0];
    assert_eq!(
        run.failure.as_ref().unwrap().details,
        "Error: 1 is not 2\n  at cart.test.ts:3"
    );
    assert_eq!(steps(run), ["opens: passed", "adds: failed"]);
    assert_eq!(run.jira, ["SHOP-12", "SHOP-1"]);
    let besides = besides(run);
    assert_eq!(besides.owner.as_deref(), Some("payments"));
    assert_eq!(besides.tags, ["smoke"]);
    assert_eq!(
        besides.parameters,
        [Property::new("currency", "EUR"), Property::new("sum", "2")]
    );
    let names: Vec<&str> = besides
        .properties
        .iter()
        .map(|property| &*property.name)
        .collect();
    assert_eq!(
        names,
        [
            "priority",
            "requirement",
            "type",
            "rawStatus",
            "build",
            "issue"
        ]
    );
    assert_eq!(besides.attachments.len(), 2);
}

#[test]
fn suites_are_classes_or_else_files() {
    for (fields, expected) in [
        (
            r#""suite":"shop.cart.TaxTest""#,
            "Passed shop.cart.TaxTest.adds",
        ),
        (r#""suite":"cart.ts > Cart""#, "Passed cart.ts > Cart.adds"),
        (
            r#""filePath":"/w/test/cart.test.ts""#,
            "Passed cart.test.ts.adds",
        ),
    ] {
        let found = results(&report(&format!(
            r#"{{"name":"adds","status":"passed",{fields}}}"#
        )));
        assert_eq!(crate::read::report::shown::line(&found[0]), expected);
    }
    let found = results(&report(
        r#"{"name":"adds","status":"passed","suite":"shop.cart.TaxTest"}"#,
    ));
    assert_eq!(found[0].identity.package, "shop.cart");
}

#[test]
fn attempts_before_a_pass_are_earlier_failures() {
    for (fields, expected) in [
        (
            r#""retries":2,"retryAttempts":[{"attempt":1,"status":"failed","message":"one"},{"attempt":2,"status":"passed"}]"#,
            "Passed adds after `one`",
        ),
        (
            r#""flaky":true"#,
            "Passed adds after `attempt 1 failed; the report does not say why`",
        ),
        (r#""flaky":false,"retries":0"#, "Passed adds"),
    ] {
        let test = format!(r#"{{"name":"adds","status":"passed",{fields}}}"#);
        assert_eq!(shown(&report(&test)), expected);
    }
}

#[test]
fn a_skipped_test_has_its_reason() {
    for (fields, expected) in [
        (
            r#""status":"skipped","message":"not yet""#,
            "Skipped adds (not yet)",
        ),
        (
            r#""status":"other","rawStatus":"inconclusive""#,
            "Skipped adds (inconclusive)",
        ),
    ] {
        assert_eq!(
            shown(&report(&format!(r#"{{"name":"adds",{fields}}}"#))),
            expected
        );
    }
}

#[test]
fn the_results_before_a_break_are_returned() {
    let whole = report(r#"{"name":"adds","status":"passed"},{"name":"pays","status":"passed"}"#);
    let cut = &whole[..whole.find("pays").unwrap()];
    let found = shown(cut);
    assert!(found.starts_with("Passed adds\nerror in.json"), "{found}");
    assert_eq!(
        shown(&report("")),
        "warning in.json:1:1: contains no test results"
    );
    let flat = r#"{"tool":{"name":"x"},"summary":{},"tests":[{"name":"adds","status":"passed"}]}"#;
    assert_shown(flat, "Passed adds");
}

#[test]
fn failures_that_are_only_in_the_summary_are_a_failed_result() {
    let report = |test: &str| {
        shown(&report(test).replace(r#""summary":{"tests":1}"#, r#""summary":{"failed":1}"#))
    };
    let message = "the report declares 1 failure, but none of its results has failed";
    assert_eq!(
        report(r#"{"name":"adds","status":"passed"}"#),
        format!("Passed adds\nFailed [run] `{message}`")
    );
    let summary = r#"{"results":{"summary":{"tests":1,"failed":1}}}"#;
    assert_eq!(shown(summary), format!("Failed [run] `{message}`"));
    for test in [
        r#"{"name":"adds","status":"failed"}"#,
        r#"{"name":"adds","status":"amber"}"#,
        r#"{"name":"adds","status":"passed","retries":1,"flaky":true}"#,
    ] {
        assert!(!report(test).contains("declares"), "{test}");
    }
}

#[test]
fn a_test_that_should_fail_and_passed_has_failed() {
    for (fields, expected) in [
        (
            r#""rawStatus":"passed""#,
            "Failed adds `the test should fail, and passed`",
        ),
        (
            r#""rawStatus":"passed","flaky":true,"retries":1,"retryAttempts":[{"status":"passed"}]"#,
            "Failed adds `the test should fail, and passed`",
        ),
        (r#""rawStatus":"failed""#, "Passed adds"),
    ] {
        let test = format!(
            r#"{{"name":"adds","status":"passed",{fields},"extra":{{"annotations":[{{"type":"fail"}}]}}}}"#
        );
        assert_eq!(shown(&report(&test)), expected);
        let other = test.replace(r#"{"type":"fail"}"#, r#"{"type":"slow"}"#);
        assert!(shown(&report(&other)).starts_with("Passed adds"));
    }
}

#[test]
fn a_test_without_an_end_has_failed() {
    let test = |fields: &str| {
        shown(&report(&format!(
            r#"{{"name":"adds","status":"passed",{fields}}}"#
        )))
    };
    let began = test(r#""duration":-1764306000000,"start":1764306000000,"stop":0"#);
    assert!(began.starts_with("Failed adds"), "{began}");
    for fields in [
        r#""duration":-1,"start":1764306000001,"stop":1764306000000"#,
        r#""duration":0,"start":1764306000000,"stop":0"#,
        r#""duration":5"#,
    ] {
        assert!(test(fields).starts_with("Passed adds"), "{fields}");
    }
}

#[test]
fn the_description_of_a_test_that_should_fail_is_what_pytest_marks() {
    let test = r#"{"name":"adds","status":"skipped","rawStatus":"xfailed","trace":"@pytest.mark.xfail\n>   def test_xf(): assert 0\nE   assert 0\n\ntest_a.py:5: AssertionError"}"#;
    assert_eq!(shown(&report(test)), "Skipped adds (assert 0)");
}
