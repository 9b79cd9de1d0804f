//! Tests of reports of Jest.

use indoc::indoc;

use crate::read::report::shown::{assert_shown, results, shown};

fn report(tests: &str, file: &str) -> String {
    format!(
        r#"{{"numFailedTestSuites":0,"numTotalTests":1,"success":true,"testResults":[{{"assertionResults":[{tests}],{file}}}]}}"#
    )
}

const FILE: &str = r#""endTime":2,"message":"","name":"/w/test/cart.test.js","startTime":1,"status":"passed","summary":"""#;

#[test]
fn each_word_means_what_the_table_says() {
    for (word, expected) in [
        ("passed", "Passed Cart tax.adds 3ms"),
        ("failed", "Failed Cart tax.adds 3ms"),
        ("pending", "Skipped Cart tax.adds 3ms"),
        ("skipped", "Skipped Cart tax.adds 3ms"),
        ("todo", "Skipped Cart tax.adds 3ms"),
        ("disabled", "Skipped Cart tax.adds 3ms"),
        (
            "focused",
            "invalid in.json:1:74: `focused` is not a valid status (in testResults[0].assertionResults[0]); use passed, failed, skipped or planned",
        ),
    ] {
        let test = format!(
            r#"{{"ancestorTitles":["Cart","tax"],"duration":3,"failureMessages":[],"fullName":"Cart tax adds","status":"{word}","title":"adds"}}"#
        );
        assert_eq!(shown(&report(&test, FILE)), expected, "{word}");
    }
}

#[test]
fn failures_and_attempts_are_kept() {
    let tests = indoc! {r#"
        {"ancestorTitles":[],"failureMessages":["Error: \u001b[31mone\u001b[39m\n    at cart.test.js:3","Error: two"],"status":"failed","title":"adds"},
        {"ancestorTitles":[""],"failureMessages":[],"status":"passed","title":"pays","retryReasons":["Error: first"],"invocations":2},
        {"ancestorTitles":[],"failureMessages":null,"status":"passed","title":"ships","invocations":2}"#};
    let report = report(tests, FILE);
    let expected = indoc! {"
        Failed cart.test.js.adds Error: one
        Passed cart.test.js.pays after Error: first
        Passed cart.test.js.ships after `attempt 1 failed; the report does not say why`"};
    assert_shown(&report, expected);
    let run = &results(&report)[0];
    assert_eq!(
        run.failure.as_ref().unwrap().details,
        "Error: one\n    at cart.test.js:3\n\nError: two"
    );
    assert_eq!(run.origin.file.as_deref(), Some("/w/test/cart.test.js"));
}

#[test]
fn a_file_that_failed_without_a_failed_test_is_a_result() {
    let failed = FILE.replace("passed", "failed").replace(
        r#""message":"""#,
        r#""message":"  ● Test suite failed to run\n\n    SyntaxError: no\n\n      at x""#,
    );
    let expected = "Failed cart.test.js.cart.test.js failed SyntaxError: no";
    assert_eq!(shown(&report("", &failed)), expected);
    let passed = r#"{"ancestorTitles":[],"status":"passed","title":"adds"}"#;
    let expected = format!("Passed cart.test.js.adds\n{expected}");
    assert_eq!(shown(&report(passed, &failed)), expected);
    let test = r#"{"ancestorTitles":[],"status":"failed","title":"adds"}"#;
    assert_eq!(shown(&report(test, &failed)), "Failed cart.test.js.adds");
    let other = r#"{"ancestorTitles":[],"failureMessages":["  ● Test suite failed to run\n\n    SyntaxError: no"],"status":"error"}"#;
    assert_eq!(
        shown(&report(other, &failed)),
        "Failed cart.test.js.cart.test.js failed SyntaxError: no"
    );
    let raw = r#"{"numTotalTests":1,"testResults":[{"testFilePath":"/w/a.js","testExecError":{"message":"Error: x"},"testResults":[]}]}"#;
    assert_eq!(shown(raw), "Failed a.js.a.js failed Error: x");
}

#[test]
fn the_results_before_a_break_are_returned() {
    let whole = report(
        r#"{"ancestorTitles":[],"status":"passed","title":"adds"}"#,
        FILE,
    );
    let cut = whole.replace("}]}", r#"},{"name":"#);
    let found = shown(&cut);
    assert!(
        found.starts_with("Passed cart.test.js.adds\nerror in.json"),
        "{found}"
    );
    let empty = r#"{"numTotalTestSuites":0,"numTotalTests":0,"testResults":[]}"#;
    assert_eq!(
        shown(empty),
        "warning in.json:1:1: contains no test results"
    );
}

#[test]
fn half_a_character_does_not_break_a_report() {
    let test = r#"{"ancestorTitles":[],"status":"failed","title":"adds","failureMessages":["cut \ud83d"]}"#;
    let expected = "Failed cart.test.js.adds `cut \u{FFFD}`";
    assert_eq!(shown(&report(test, FILE)), expected);
}

#[test]
fn tests_with_the_same_titles_are_distinguished() {
    let test =
        |word: &str| format!(r#"{{"ancestorTitles":["Cart"],"status":"{word}","title":"adds"}}"#);
    let report = report(&[test("failed"), test("passed")].join(","), FILE);
    assert_eq!(shown(&report), "Failed Cart.adds\nPassed Cart.adds (2)");
}

#[test]
fn a_file_that_is_there_twice_hides_no_failure() {
    let file = |word: &str| {
        format!(
            r#"{{"assertionResults":[{{"ancestorTitles":[],"status":"{word}","title":"adds"}}],{FILE}}}"#
        )
    };
    let report = format!(
        r#"{{"numTotalTests":2,"success":false,"testResults":[{},{}]}}"#,
        file("failed"),
        file("passed")
    );
    let expected = "Failed cart.test.js.adds\nPassed cart.test.js.adds (2)";
    assert_eq!(shown(&report), expected);
}

#[test]
fn a_run_without_success_is_not_green() {
    let tests = r#"{"ancestorTitles":[],"status":"passed","title":"adds"}"#;
    let passed = report(tests, FILE);
    let failed = passed.replace(r#""success":true"#, r#""success":false"#);
    let at_the_end = failed.replace(r#""success":false,"#, "");
    let at_the_end = at_the_end.strip_suffix('}').unwrap();
    for report in [&failed, &format!(r#"{at_the_end},"success":false}}"#)] {
        let found = shown(report);
        let expected = "Passed cart.test.js.adds\nFailed [run] `the run was not successful";
        assert!(found.starts_with(expected), "{found}");
    }
    assert_eq!(shown(&passed), "Passed cart.test.js.adds");
    let empty = r#"{"numTotalTests":0,"success":false,"testResults":[]}"#;
    let expected = "warning in.json:1:1: contains no test results";
    assert_eq!(shown(empty), expected);
    let counted = empty.replace(
        r#""numTotalTests":0"#,
        r#""numTotalTests":1,"numFailedTests":1"#,
    );
    assert!(
        shown(&counted).starts_with("Failed [run]"),
        "{}",
        shown(&counted)
    );
}

#[test]
fn a_run_that_was_interrupted_is_not_green() {
    let tests = r#"{"ancestorTitles":[],"status":"passed","title":"adds"}"#;
    let passed = report(tests, FILE);
    let interrupted = passed.replace(
        r#""success":true"#,
        r#""success":true,"wasInterrupted":true"#,
    );
    let expected = "Passed cart.test.js.adds\nFailed [run] `the run was interrupted`";
    assert_eq!(shown(&interrupted), expected);
    let ended = interrupted.replace(r#""wasInterrupted":true"#, r#""wasInterrupted":false"#);
    assert_eq!(shown(&ended), "Passed cart.test.js.adds");
}
