//! Reports and the results read from them.

use indoc::{formatdoc, indoc};

use crate::read::report::listing::listing;

fn shown(report: &str) -> String {
    listing("report.json", report)
}

/// A report with these tests.
fn report(exit_code: u8, tests: &str) -> String {
    formatdoc! {r#"
        {{"created": 1795812743.75, "duration": 3.5, "exitcode": {exit_code}, "root": "/w/shop",
        "environment": {{}}, "summary": {{"total": 1}}, "collectors": [{{"nodeid": "", "outcome": "passed", "result": []}}],
        "tests": [{tests}]}}
    "#}
}

#[test]
fn each_outcome_has_its_status() {
    let words = [
        "passed",
        "failed",
        "error",
        "skipped",
        "xfailed",
        "xpassed",
        "subtests passed",
        "subtests failed",
        "subtests skipped",
        "subtests xfailed",
        "flaky",
    ];
    let tests: Vec<_> = words
        .iter()
        .map(|word| format!("{{\"nodeid\": \"test_a.py::{word}\", \"outcome\": \"{word}\"}}"))
        .collect();
    let missing = "{\"nodeid\": \"test_a.py::test_b\"}";
    let report = report(1, &format!("{},\n{missing}", tests.join(",\n")));
    insta::assert_snapshot!(shown(&report), @"
    3: test_a | passed = Passed at 2026-11-27T20:52:20.25Z file=test_a.py
    4: test_a | failed = Failed at 2026-11-27T20:52:20.25Z file=test_a.py
    5: test_a | error = Failed at 2026-11-27T20:52:20.25Z file=test_a.py
    6: test_a | skipped = Skipped at 2026-11-27T20:52:20.25Z file=test_a.py
    7: test_a | xfailed = Skipped at 2026-11-27T20:52:20.25Z file=test_a.py
    8: test_a | xpassed = Passed at 2026-11-27T20:52:20.25Z file=test_a.py
    9: test_a | subtests passed = Passed at 2026-11-27T20:52:20.25Z file=test_a.py
    10: test_a | subtests failed = Failed at 2026-11-27T20:52:20.25Z file=test_a.py
    11: test_a | subtests skipped = Skipped at 2026-11-27T20:52:20.25Z file=test_a.py
    12: test_a | subtests xfailed = Skipped at 2026-11-27T20:52:20.25Z file=test_a.py
    invalid report.json:13:1: `flaky` is not a valid status (in tests[10]); use passed, failed, skipped or planned
    invalid report.json:14:1: status is empty (in tests[11]); use passed, failed, skipped or planned
    ");
}

#[test]
fn failures_tell_what_went_wrong_in_each_phase() {
    let tests = indoc! {r#"
        {"nodeid": "tests/test_tax.py::TestTax::test_adds[7]", "lineno": 3, "outcome": "error",
         "keywords": ["test_adds[7]", "parametrize", "pytestmark", "slow", "TestTax", "test_tax.py", "tests", "shop", ""],
         "setup": {"duration": 0.0004, "outcome": "passed"},
         "call": {"duration": 9.99e-05, "outcome": "failed",
            "crash": {"path": "/w/tests/test_tax.py", "lineno": 4, "message": "ValueError: 3"},
            "traceback": [{"path": "a.py", "lineno": 1, "message": ""}, {"path": "b.py", "lineno": 4, "message": "ValueError"}],
            "stdout": "adding\n", "longrepr": "def test():\nE   ValueError: 3"},
         "teardown": {"duration": 1.25, "outcome": "failed", "longrepr": "E   OSError: gone"},
         "metadata": {"owner": "payments", "list": [1]},
         "user_properties": [{"jira": "SHOP-12"}, ["size", 7]]},
        {"nodeid": "tests/test_tax.py::test_setup", "outcome": "error",
         "setup": {"duration": 1, "outcome": "failed", "longrepr": "E   fixture 'x' not found"}},
        {"nodeid": "tests/test_tax.py::test_odd", "outcome": "passed",
         "call": {"duration": 1, "outcome": "failed", "longrepr": "[XPASS(strict)] later"}}
    "#};
    insta::assert_snapshot!(shown(&report(1, tests)), @r#"
    3: tests.test_tax | TestTax | test_adds[7] = Failed 1.25s at 2026-11-27T20:52:20.25Z ! ValueError: "ValueError: 3" / "def test():\nE   ValueError: 3\n\nCaptured stdout (call):\nadding\n\nE   OSError: gone" covers SHOP-12 file=tests/test_tax.py #slow <parameters=7> {jira=SHOP-12} {size=7} {list=[1]} {owner=payments}
    13: tests | test_tax | test_setup = Failed 1s at 2026-11-27T20:52:20.25Z ! "fixture 'x' not found" / "E   fixture 'x' not found" file=tests/test_tax.py
    15: tests | test_tax | test_odd = Failed 1s at 2026-11-27T20:52:20.25Z ! "[XPASS(strict)] later" / "[XPASS(strict)] later" file=tests/test_tax.py
    "#);
}

#[test]
fn reasons_of_skipped_tests_are_found() {
    let tests = indoc! {r#"
        {"nodeid": "test_a.py::test_skip", "outcome": "skipped", "markers": ["slow", {"name": "db"}],
         "setup": {"duration": 0.1, "outcome": "skipped", "longrepr": "('/w/test_a.py', 9, 'Skipped: no database')"}},
        {"nodeid": "test_a.py::test_xfail", "outcome": "xfailed",
         "call": {"duration": 0.1, "outcome": "skipped", "crash": {"message": "assert 1 == 2"}, "longrepr": "E  x"}}
    "#};
    insta::assert_snapshot!(shown(&report(0, tests)), @"
    3: test_a | test_skip = Skipped 100ms at 2026-11-27T20:52:20.25Z (no database) file=test_a.py #slow #db
    5: test_a | test_xfail = Skipped 100ms at 2026-11-27T20:52:20.25Z (assert 1 == 2) file=test_a.py
    ");
}

#[test]
fn a_rerun_has_the_outcome_of_its_last_call() {
    let test = |setup: &str, call: &str| {
        format!(
            "{{\"nodeid\": \"test_a.py::test_{call}\", \"outcome\": \"rerun\", \
             \"setup\": {{\"outcome\": \"{setup}\"}}, \"call\": {{\"outcome\": \"{call}\"}}}}"
        )
    };
    let tests = [
        test("passed", "passed"),
        test("passed", "failed"),
        test("failed", "passed"),
        test("passed", "skipped"),
        test("passed", "rerun"),
        "{\"nodeid\": \"test_a.py::test_b\", \"outcome\": \"rerun\"}".to_owned(),
    ];
    insta::assert_snapshot!(shown(&report(1, &tests.join(",\n"))), @"
    3: test_a | test_passed = Passed at 2026-11-27T20:52:20.25Z file=test_a.py
    4: test_a | test_failed = Failed at 2026-11-27T20:52:20.25Z ! file=test_a.py
    5: test_a | test_passed = Failed at 2026-11-27T20:52:20.25Z ! file=test_a.py
    6: test_a | test_skipped = Skipped at 2026-11-27T20:52:20.25Z file=test_a.py
    invalid report.json:7:1: `rerun` is not a valid status (in tests[4]); use passed, failed, skipped or planned (did you mean `norun`?)
    invalid report.json:8:1: status is empty (in tests[5]); use passed, failed, skipped or planned
    ");
}

#[test]
fn a_collector_that_failed_is_a_failed_result() {
    let report = indoc! {r#"
        {"created": 1795812743, "duration": 1, "exitcode": 2, "collectors": [
          {"nodeid": "", "outcome": "passed", "result": []},
          {"nodeid": "tests/test_b.py", "outcome": "failed", "result": [],
           "longrepr": "ImportError while importing\ntest_b.py:1\nE   ModuleNotFoundError: No module named 'x'"},
          {"nodeid": "", "outcome": "failed", "result": []},
          {"nodeid": "tests/test_c.py", "outcome": "skipped", "result": []}
        ], "tests": []}
    "#};
    insta::assert_snapshot!(shown(report), @r#"
    3: tests.test_b = Failed at 2026-11-27T20:52:22Z ! ModuleNotFoundError: "ModuleNotFoundError: No module named 'x'" / "ImportError while importing\ntest_b.py:1\nE   ModuleNotFoundError: No module named 'x'" file=tests/test_b.py
    5: [collection] = Failed at 2026-11-27T20:52:22Z ! "cannot be collected"
    "#);
}

#[test]
fn a_run_that_was_ended_early_is_not_green() {
    let passed = "{\"nodeid\": \"test_a.py::test_b\", \"outcome\": \"passed\"}";
    for code in [0, 5] {
        assert!(!shown(&report(code, passed)).contains("[session]"));
    }
    // The plugin writes of a test with subtests how the last of them ended.
    let subtests = "{\"nodeid\": \"test_a.py::test_b\", \"outcome\": \"subtests passed\"}";
    insta::assert_snapshot!(shown(&report(1, subtests)), @r#"
    3: test_a | test_b = Passed at 2026-11-27T20:52:20.25Z file=test_a.py
    1: [session] = Failed at 2026-11-27T20:52:20.25Z ! "pytest says that tests failed, but none of the results has"
    "#);
    let failed = passed.replace("passed", "failed");
    assert!(!shown(&report(1, &failed)).contains("[session]"));
    insta::assert_snapshot!(shown(&report(2, passed)), @r#"
    3: test_a | test_b = Passed at 2026-11-27T20:52:20.25Z file=test_a.py
    1: [session] = Failed at 2026-11-27T20:52:20.25Z ! "pytest ended the run with exit code 2"
    "#);
    insta::assert_snapshot!(shown(&report(3, "")), @r#"1: [session] = Failed at 2026-11-27T20:52:20.25Z ! "pytest ended the run with exit code 3""#);
    insta::assert_snapshot!(shown(&report(5, "")), @"warning report.json:1:1: contains no test results");
    // Of `--json-report-summary`.
    let summary = r#"{"created": 1795812743.0, "duration": 0.2, "exitcode": 1, "root": "/w", "environment": {}, "summary": {"failed": 1, "total": 1}}"#;
    insta::assert_snapshot!(shown(summary), @r#"1: [session] = Failed at 2026-11-27T20:52:22.8Z ! "pytest says that tests failed, but none of the results has""#);
    let whole = report(0, &format!("{passed},\n{passed}"));
    let cut_off = &whole[..whole.len() - 30];
    insta::assert_snapshot!(shown(cut_off), @"
    3: test_a | test_b = Passed at 2026-11-27T20:52:20.25Z file=test_a.py
    error report.json:4:26: unexpected end of file; the file is truncated (in tests[1])
    ");
}

#[test]
fn a_test_that_was_interrupted_or_skipped_after_a_failure_has_failed() {
    let test = |outcome: &str, phases: &str| {
        let test = format!(r#"{{"nodeid": "test_a.py::test_b", "outcome": "{outcome}"{phases}}}"#);
        shown(&report(0, &test))
    };
    let (passed, failed, skipped) = (
        r#"{"outcome": "passed"}"#,
        r#"{"outcome": "failed"}"#,
        r#"{"outcome": "skipped"}"#,
    );
    let interrupted = test("passed", &format!(r#", "setup": {passed}"#));
    assert!(
        interrupted.contains("Failed") && interrupted.contains("the test did not end"),
        "{interrupted}"
    );
    let in_teardown = test(
        "passed",
        &format!(r#", "setup": {passed}, "call": {passed}"#),
    );
    assert!(in_teardown.contains("Failed"), "{in_teardown}");
    let not_called = test(
        "passed",
        &format!(r#", "setup": {passed}, "teardown": {passed}"#),
    );
    assert!(not_called.contains("Passed"), "{not_called}");
    let skipped_then = test(
        "skipped",
        &format!(r#", "setup": {passed}, "call": {failed}, "teardown": {skipped}"#),
    );
    assert!(skipped_then.contains("Failed"), "{skipped_then}");
}

#[test]
fn a_run_that_ended_with_a_code_of_its_own_has_failed() {
    let passed = r#"{"nodeid": "test_a.py::test_b", "outcome": "passed"}"#;
    for (code, expected) in [(0, 0), (1, 1), (2, 1), (5, 0), (7, 1)] {
        let found = shown(&report(code, passed));
        assert_eq!(found.matches("[session]").count(), expected, "{found}");
    }
}

#[test]
fn the_end_of_the_run_is_never_its_start() {
    let (created, took) = ("\"created\": 1795812743.75", "\"duration\": 3.5");
    let tests = "\"tests\": [{\"nodeid\": \"test_a.py::test_b\", \"outcome\": \"passed\"}]";
    let started = |keys: &[&str]| {
        let found = shown(&format!(
            "{{\"exitcode\": 0, \"root\": \"/w\", {}}}",
            keys.join(", ")
        ));
        assert!(found.contains("test_b = Passed"), "{found}");
        let is_right = found.contains(" at 2026-11-27T20:52:20.25Z");
        assert_eq!(found.contains(" at "), is_right, "{found}");
        is_right
    };
    assert!(started(&[created, took, tests]));
    assert!(started(&[took, created, tests]));
    for keys in [
        [created, tests, took],
        [took, tests, created],
        [tests, created, took],
    ] {
        assert!(!started(&keys), "{keys:?}");
    }
    assert!(!started(&[created, tests]));
}

#[test]
fn a_process_that_crashed_is_a_phase_of_its_test() {
    let test = r#"{"nodeid":"test_a.py::test_b","outcome":"failed","???":{"duration":0,"outcome":"failed",
        "longrepr":"[gw1] linux -- Python 3.11.7 /usr/bin/python\nworker 'gw1' crashed while running 'test_a.py::test_b'"}}"#;
    let found = shown(&report(1, test));
    assert!(
        found.contains("test_b = Failed")
            && found.contains("! \"worker 'gw1' crashed while running"),
        "{found}"
    );
}
