//! Tests of reports of Playwright.

use indoc::indoc;

use crate::read::report::shown::{assert_shown, besides, results, shown, steps};

/// A report with a test in a file, with these fields.
fn report(test: &str) -> String {
    format!(
        r#"{{"config":{{"configFile":"/w/playwright.config.ts","rootDir":"/w","projects":[]}},"suites":[{{"title":"cart.spec.ts",
        "file":"cart.spec.ts","line":0,"column":0,"specs":[{{"title":"adds","ok":true,"tags":["smoke"],"id":"a-b","file":"cart.spec.ts",
        "tests":[{{"timeout":1,"projectName":"chromium",{test}}}]}}]}}],"errors":[]}}"#
    )
}

#[test]
fn the_status_is_decided_by_the_test_and_its_last_attempt() {
    for (expected_status, status, attempts, expected) in [
        ("passed", "expected", &["passed"][..], "Passed"),
        ("failed", "expected", &["failed"], "Passed"),
        ("passed", "expected", &["skipped"], "Skipped"),
        ("passed", "expected", &[], "Skipped"),
        ("passed", "expected", &["failed"], "Failed"),
        ("failed", "expected", &["passed"], "Failed"),
        ("passed", "flaky", &["failed", "passed"], "Passed"),
        ("passed", "flaky", &["failed", "timedOut"], "Failed"),
        ("skipped", "skipped", &["skipped"], "Skipped"),
        ("passed", "skipped", &[], "Skipped"),
        ("passed", "skipped", &["timedOut"], "Failed"),
        ("passed", "skipped", &["interrupted"], "Failed"),
        ("passed", "unexpected", &["failed", "failed"], "Failed"),
        ("failed", "unexpected", &["passed"], "Failed"),
        ("passed", "", &["passed"], "Passed"),
        ("skipped", "", &["skipped"], "Skipped"),
        ("failed", "", &["passed"], "Failed"),
        ("passed", "", &["timedOut"], "Failed"),
        ("passed", "", &["amber"], "invalid"),
        ("passed", "", &[], "invalid"),
        ("passed", "amber", &["passed"], "invalid"),
        ("passed", "expected", &["amber"], "Failed"),
        ("passed", "expected", &[""], "Failed"),
        ("passed", "expected", &["passed", ""], "Failed"),
    ] {
        let results: Vec<String> = attempts
            .iter()
            .map(|attempt| format!(r#"{{"status":"{attempt}","duration":1}}"#))
            .collect();
        let results = results.join(",");
        let report = report(&format!(
            r#""expectedStatus":"{expected_status}","status":"{status}","results":[{results}]"#
        ));
        let found = shown(&report);
        let word = found.split(' ').next().unwrap();
        assert_eq!(
            word, expected,
            "{expected_status} {status} {attempts:?}: {found}"
        );
    }
}

#[test]
fn the_last_attempt_counts_and_the_others_are_earlier_failures() {
    let report = report(indoc! {r#"
        "expectedStatus":"passed","status":"flaky","annotations":[{"type":"issue","description":"https://jira/browse/SHOP-12"}],
        "results":[
          {"retry":0,"status":"failed","duration":8,"startTime":"2026-11-28T05:00:00.000Z",
           "errors":[{"message":"\u001b[31mError: first try\u001b[39m"}]},
          {"retry":1,"status":"timedOut","duration":9,"error":{"message":"Test timeout of 9ms exceeded."}},
          {"retry":2,"status":"passed","duration":12.5,"startTime":"2026-11-28T05:00:01.000Z","errors":[],
           "annotations":[{"type":"issue","description":"https://jira/browse/SHOP-12"},{"type":"requirement","description":"SHOP-3"}],
           "steps":[{"title":"one","duration":3,"steps":[{"title":"two","duration":1,"error":{"message":"Error: x"}}]}],
           "attachments":[{"name":"shot","contentType":"image/png","path":"/w/shot.png"},{"name":"log","contentType":"text/plain","body":"YQ=="}]}]"#});
    assert_eq!(
        shown(&report),
        "Passed cart.spec.ts.adds [chromium] 13ms at 2026-11-28T05:00:01Z after Error: first try after `Test timeout of 9ms exceeded.`"
    );
    let run = &results(&report)[0];
    assert_eq!(steps(run), ["one: passed", "two: failed"]);
    assert_eq!(run.jira, ["SHOP-12", "SHOP-3"]);
    let besides = besides(run);
    assert_eq!(besides.tags, ["smoke"]);
    assert_eq!(besides.links.len(), 1);
    assert_eq!(besides.properties[0].value, "SHOP-12");
    let paths: Vec<&str> = besides.attachments.iter().map(|file| &*file.path).collect();
    assert_eq!(paths, ["/w/shot.png", ""]);
}

#[test]
fn a_failure_has_all_errors_of_the_last_attempt() {
    let found = report(indoc! {r#"
        "expectedStatus":"passed","status":"unexpected","results":[{"status":"failed","duration":-1,
        "error":{"message":"Error: one","stack":"Error: one\n  at a:1"},
        "errors":[{"message":"Error: one","stack":"Error: one\n  at a:1"},{"message":"Error: two"}]}]"#});
    assert_eq!(
        shown(&found),
        "Failed cart.spec.ts.adds [chromium] Error: one"
    );
    let failure = results(&found)[0].failure.clone().unwrap();
    assert_eq!(failure.details, "Error: one\n  at a:1\n\nError: two");
    let unexpected = report(
        r#""expectedStatus":"failed","status":"unexpected","results":[{"status":"passed"}]"#,
    );
    let expected =
        "Failed cart.spec.ts.adds [chromium] `the test is `passed`, expected was `failed``";
    assert_eq!(shown(&unexpected), expected);
}

#[test]
fn the_reason_of_a_skip_is_the_description() {
    let report = report(
        r#""expectedStatus":"skipped","status":"skipped","annotations":[{"type":"fixme"},{"type":"skip","description":"not yet"}],
        "results":[{"status":"skipped","duration":0}]"#,
    );
    assert_shown(&report, "Skipped cart.spec.ts.adds [chromium] (not yet)");
}

/// Two nested suites with the names of fields in the order of `fields`, where `T` stands for the title.
fn nested(fields: &str) -> String {
    let spec = |title: &str| {
        format!(
            r#"{{"title":"{title}","tests":[
            {{"projectName":"chromium","status":"expected","expectedStatus":"passed","results":[{{"status":"passed"}}]}},
            {{"projectName":"firefox","status":"expected","expectedStatus":"passed","results":[{{"status":"passed"}}]}}]}}"#
        )
    };
    let suite = |title: &str, spec: &str, suites: &str| {
        let parts: Vec<String> = fields
            .chars()
            .map(|field| match field {
                'T' => format!(r#""title":"{title}","file":"a/cart.spec.ts""#),
                'S' => format!(r#""specs":[{spec}]"#),
                _ => format!(r#""suites":[{suites}]"#),
            })
            .collect();
        format!("{{{}}}", parts.join(","))
    };
    let inner = suite("Cart", &spec("adds"), "");
    let outer = suite("a/cart.spec.ts", &spec("pays"), &inner);
    format!(r#"{{"suites":[{outer}],"stats":{{"expected":2,"unexpected":0,"flaky":0}}}}"#)
}

#[test]
fn the_order_of_fields_does_not_matter() {
    let mut expected = [
        "Passed a/cart.spec.ts.Cart › adds [chromium]",
        "Passed a/cart.spec.ts.Cart › adds [firefox]",
        "Passed a/cart.spec.ts.pays [chromium]",
        "Passed a/cart.spec.ts.pays [firefox]",
    ];
    expected.sort_unstable();
    for fields in ["TSU", "STU", "SUT", "UST", "UTS", "TUS"] {
        let found = shown(&nested(fields));
        let mut lines: Vec<&str> = found.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, expected, "{fields}");
    }
}

#[test]
fn errors_outside_of_tests_are_failed_results() {
    let report = indoc! {r#"
        {"config":{"configFile":"c","rootDir":"/w"},"suites":[],"errors":[
          {"message":"SyntaxError: unexpected token","location":{"file":"/w/cart.spec.ts","line":1,"column":1}},
          {"message":"Error: no tests found"}]}"#};
    let expected = indoc! {"
        Failed cart.spec.ts.error outside of tests SyntaxError: unexpected token
        Failed error outside of tests 2 Error: no tests found"};
    assert_shown(report, expected);
}

#[test]
fn that_testing_stopped_early_is_not_a_failure_of_its_own() {
    let report = |status: &str| {
        format!(
            r#"{{"suites":[{{"title":"a.spec.ts","specs":[{{"title":"adds","tests":[
            {{"status":"{status}","results":[{{"status":"passed"}}]}}]}}]}}],"errors":[
            {{"message":"\u001b[31mTesting stopped early after 1 maximum allowed failures.\u001b[39m"}}]}}"#
        )
    };
    assert_shown(
        &report("unexpected"),
        "Failed a.spec.ts.adds `the test is `passed``",
    );
    // Without a failure it is the only sign that one is missing.
    assert_shown(
        &report("expected"),
        "Passed a.spec.ts.adds\nFailed error outside of tests `Testing stopped early after 1 maximum allowed failures.`",
    );
}

#[test]
fn the_results_before_a_break_are_returned() {
    let whole = nested("TSU");
    let cut = &whole[..whole.find("Cart").unwrap()];
    let found = shown(cut);
    let expected = "Passed a/cart.spec.ts.pays [chromium]\nPassed a/cart.spec.ts.pays [firefox]\nerror in.json";
    assert!(found.starts_with(expected), "{found}");
    let empty = r#"{"config":{"configFile":"c","rootDir":"/w"},"suites":[],"errors":[]}"#;
    assert_eq!(
        shown(empty),
        "warning in.json:1:1: contains no test results"
    );
}

#[test]
fn repeats_are_runs_of_their_own() {
    let report = r#"{"suites":[{"title":"a.spec.ts","specs":[{"title":"adds","tests":[
        {"projectName":"p","status":"unexpected","results":[{"status":"failed"}]},
        {"projectName":"q","status":"expected","results":[{"status":"passed"}]},
        {"projectName":"p","status":"expected","results":[{"status":"passed"}]}]}]}]}"#;
    let names: Vec<Option<String>> = results(report)
        .into_iter()
        .map(|run| run.run_name)
        .collect();
    assert_eq!(names, [None, None, Some("adds (repeat 2)".to_owned())]);
}

#[test]
fn a_spec_with_very_many_tests_is_read_like_others() {
    use super::TESTS_MAX;

    let many = 2 * TESTS_MAX + 3;
    let tests: Vec<String> = (0..many)
        .map(|at| {
            let project = at % (many - 1);
            format!(r#"{{"projectName":"p{project}","status":"expected","results":[{{"status":"passed"}}]}}"#)
        })
        .collect();
    let report = format!(
        r#"{{"config":{{}},"suites":[{{"title":"a.spec.ts","file":"a.spec.ts","specs":[{{"title":"adds","tests":[{}],"file":"help.ts"}}]}}]}}"#,
        tests.join(",")
    );
    let runs = results(&report);
    assert_eq!(runs.len(), many);
    let names: std::collections::HashSet<_> = (runs.iter())
        .map(|run| (run.origin.project.clone(), run.run_name.clone()))
        .collect();
    assert_eq!(names.len(), many);
    assert_eq!(runs[many - 1].run_name.as_deref(), Some("adds (repeat 2)"));
    let files = [&runs[0], &runs[many - 1]].map(|run| run.origin.file.as_deref());
    assert_eq!(files, [Some("a.spec.ts"), Some("help.ts")]);
}
