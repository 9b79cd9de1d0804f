//! Tests of reports of Mocha and Mochawesome.

use indoc::indoc;

use crate::read::report::shown::{assert_shown, results, shown};

fn test(title: &str, rest: &str) -> String {
    format!(
        r#"{{"title":"{title}","fullTitle":"Cart tax {title}","file":"/w/test/cart.js","duration":3,"currentRetry":0,{rest}}}"#
    )
}

const ERROR: &str = r#""err":{"stack":"AssertionError [ERR_ASSERTION]: 1 is not 2\n    at cart.js:3","message":"1 is not 2","code":"ERR_ASSERTION"}"#;
const NONE: &str = r#""err":{}"#;

fn report(lists: &[(&str, Vec<String>)]) -> String {
    let mut parts = vec![r#""stats":{"suites":1,"tests":1,"passes":1}"#.to_owned()];
    for (name, tests) in lists {
        parts.push(format!(r#""{name}":[{}]"#, tests.join(",")));
    }
    format!("{{{}}}", parts.join(","))
}

#[test]
fn each_list_says_how_its_tests_ended() {
    let hook = r#"\"before each\" hook for \"pays\""#;
    let all = [
        (
            "tests",
            vec![
                test("adds", NONE),
                test("fails", ERROR),
                test("waits", NONE),
                test("hangs", NONE),
            ],
        ),
        (
            "pending",
            vec![test("waits", NONE), test("never ran", NONE)],
        ),
        ("failures", vec![test("fails", ERROR), test(hook, ERROR)]),
        ("passes", vec![test("adds", NONE)]),
    ];
    let expected = indoc! {r#"
        Skipped Cart tax.waits 3ms
        Skipped Cart tax.never ran 3ms
        Failed Cart tax.fails 3ms AssertionError: 1 is not 2
        Failed Cart tax."before each" hook for "pays" 3ms AssertionError: 1 is not 2
        Passed Cart tax.adds 3ms
        Failed Cart tax.hangs `the test is in none of `passes`, `pending` and `failures`: it did not end`"#};
    assert_eq!(shown(&report(&all)), expected);
    // Whatever the order of the lists is.
    let mut reversed = all;
    reversed.reverse();
    let found = shown(&report(&reversed));
    let mut found: Vec<&str> = found.lines().collect();
    let mut expected: Vec<&str> = expected.lines().collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_pass_with_an_error_is_a_failure_once() {
    let both = [
        ("failures", vec![test("fails", ERROR)]),
        ("passes", vec![test("fails", ERROR)]),
    ];
    let expected = "Failed Cart tax.fails 3ms AssertionError: 1 is not 2";
    assert_eq!(shown(&report(&both)), expected);
    assert_eq!(shown(&report(&both[1..])), expected);
}

#[test]
fn tests_alone_count_by_what_they_say() {
    let alone = [(
        "tests",
        vec![
            test("adds", r#""state":"passed""#),
            test("pays", r#""state":"failed""#),
            test("waits", r#""state":"pending""#),
            test("odd", r#""state":"amber""#),
            test("fails", ERROR),
        ],
    )];
    let found = shown(&report(&alone));
    let words: Vec<&str> = found
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(words, ["Passed", "Failed", "Skipped", "invalid", "Failed"]);
}

#[test]
fn names_retries_and_files() {
    let report = report(&[(
        "passes",
        vec![
            r#"{"title":"root","fullTitle":"root","file":"/w/test/root.js","currentRetry":0,"err":{}}"#.to_owned(),
            r#"{"title":"flaky","fullTitle":"Cart flaky","duration":4,"currentRetry":1,"err":{}}"#.to_owned(),
            r#"{"fullTitle":"Cart only","err":{}}"#.to_owned(),
        ],
    )]);
    let expected = indoc! {"
        Passed root.js.root
        Passed Cart.flaky 4ms after `attempt 1 failed; the report does not say why`
        Passed Cart only"};
    assert_shown(&report, expected);
    assert_eq!(
        results(&report)[0].origin.file.as_deref(),
        Some("/w/test/root.js")
    );
}

#[test]
fn the_list_of_skipped_tests_may_be_called_so() {
    let report = indoc! {r#"
        {"stats":{"tests":2,"passes":1,"pending":1,"failures":0},"failures":[],
         "passes":[{"title":"adds","fullTitle":"Cart adds","duration":1}],"skipped":[{"title":"pays","fullTitle":"Cart pays"}]}"#};
    assert_shown(report, "Skipped Cart.pays\nPassed Cart.adds 1ms");
}

#[test]
fn mochawesome_has_nested_suites_and_hooks() {
    let report = indoc! {r#"
        {"stats":{"suites":2,"tests":5,"passes":1,"testsRegistered":5},"results":[
          {"uuid":"r","title":"","fullFile":"","file":"","beforeHooks":[],"afterHooks":[],"tests":[],"suites":[
            {"uuid":"s","title":"Cart","fullFile":"/w/cart.js","file":"/cart.js","tests":[
               {"title":"adds","fullTitle":"Cart adds","state":"passed","pass":true,"fail":false,"pending":false,"err":{},"duration":2,"uuid":"1"},
               {"title":"fails","fullTitle":"Cart fails","state":"failed","pass":false,"fail":true,"pending":false,
                "err":{"message":"AssertionError: 1 is not 2","estack":"AssertionError: 1 is not 2\n    at cart.js:3"}},
               {"title":"waits","fullTitle":"Cart waits","state":"pending","pass":false,"fail":false,"pending":true,"err":{}},
               {"title":"after hook","fullTitle":"Cart after hook","state":null,"pass":false,"fail":false,"pending":false,"skipped":true,"err":{}},
               {"title":"hangs","fullTitle":"Cart hangs","state":null,"pass":false,"fail":false,"pending":false,"skipped":false,"err":{}},
               {"title":"times out","fullTitle":"Cart times out","timedOut":true,"state":"passed","pass":true,"err":{}}],
             "beforeHooks":[
               {"title":"\"before all\" hook","fullTitle":"Cart \"before all\" hook","isHook":true,"state":null,"pass":false,"fail":true,
                "err":{"message":"Error: no disk"}},
               {"title":"\"before each\" hook","fullTitle":"Cart \"before each\" hook","isHook":true,"state":"passed","pass":true,"fail":false,"err":{}}],
             "afterHooks":[],"suites":[],"passes":["1"],"failures":["2"]}],
          "passes":[],"root":true}],"meta":{"mocha":{"version":"10"}}}"#};
    let expected = indoc! {r#"
        Passed Cart.adds 2ms
        Failed Cart.fails AssertionError: 1 is not 2
        Skipped Cart.waits
        Skipped Cart.after hook
        Failed Cart.hangs
        Failed Cart.times out
        Failed Cart."before all" hook Error: no disk"#};
    assert_shown(report, expected);
    assert_eq!(results(report)[0].origin.file.as_deref(), Some("/cart.js"));
    let old = r#"{"stats":{"suites":1},"suites":{"title":"","tests":[],"suites":[{"title":"Cart","tests":[
        {"title":"adds","fullTitle":"Cart adds","state":"passed","err":{}}]}]},"allTests":[],"copyrightYear":2016}"#;
    assert_eq!(shown(old), "Passed Cart.adds");
}

#[test]
fn a_hook_of_mochawesome_has_failed_only_if_it_says_so() {
    let hook = |says: &str| {
        shown(&format!(
            r#"{{"stats":{{"suites":1,"testsRegistered":1}},"results":[{{"uuid":"r","title":"","tests":[],"suites":[{{"uuid":"s","title":"Cart",
            "tests":[{{"title":"adds","fullTitle":"Cart adds","state":"passed","pass":true,"err":{{}}}}],
            "beforeHooks":[{{"title":"hook","fullTitle":"Cart hook","isHook":true,{says}}}]}}]}}]}}"#
        ))
    };
    // As Mochawesome writes those that passed.
    let silent = r#""state":null,"pass":false,"fail":false,"pending":false,"skipped":false"#;
    for (says, word) in [
        (format!(r#"{silent},"err":{{}}"#), None),
        (r#""state":"pending""#.to_owned(), None),
        (
            format!(r#"{silent},"err":{{"message":"no disk"}}"#),
            Some("Failed"),
        ),
        (format!(r#"{silent},"timedOut":true"#), Some("Failed")),
        (r#""state":null,"fail":true"#.to_owned(), Some("Failed")),
        (r#""state":"failed""#.to_owned(), Some("Failed")),
        (r#""state":"amber""#.to_owned(), Some("invalid")),
    ] {
        let found = hook(&says);
        let mut lines = found.lines();
        assert_eq!(lines.next(), Some("Passed Cart.adds"), "{says}");
        let found = lines.next().map(|line| line.split(' ').next().unwrap());
        assert_eq!(found, word, "{says}");
    }
}

#[test]
fn the_results_before_a_break_are_returned() {
    let whole = report(&[("passes", vec![test("adds", NONE), test("pays", NONE)])]);
    let cut = &whole[..whole.rfind("pays").unwrap()];
    let found = shown(cut);
    assert!(
        found.starts_with("Passed Cart tax.adds 3ms\nerror in.json"),
        "{found}"
    );
    let odd = r#"{"stats":{"passes":1},"tests":[1],"passes":[1, null],"results":["x"]}"#;
    assert_eq!(shown(odd), "warning in.json:1:1: contains no test results");
}

#[test]
fn failures_that_are_only_counted_are_a_failed_result() {
    let failing = |report: String| shown(&report.replace(r#""passes":1"#, r#""failures":1"#));
    let message =
        "Failed [run] `the report declares 1 failure, but none of its results has failed`";
    let passes = ("passes", vec![test("adds", NONE)]);
    assert_eq!(
        failing(report(std::slice::from_ref(&passes))),
        format!("Passed Cart tax.adds 3ms\n{message}")
    );
    // A hook that failed counts as well, and so does an attempt before a pass for some writers.
    let hook = ("failures", vec![test("hook", ERROR)]);
    let retried = test("adds", NONE).replace(r#""currentRetry":0"#, r#""currentRetry":1"#);
    for lists in [vec![passes, hook], vec![("passes", vec![retried])]] {
        let found = failing(report(&lists));
        assert!(!found.contains("declares"), "{found}");
    }
    let suite = |state: &str| {
        let test = test("adds", &format!(r#""state":"{state}",{NONE}"#));
        format!(
            r#"{{"stats":{{"passes":1,"failures":1}},"results":[{{"uuid":"u","title":"","suites":[],"tests":[{test}]}}]}}"#
        )
    };
    assert!(shown(&suite("passed")).ends_with(message));
    assert!(!shown(&suite("failed")).contains("declares"));
}

#[test]
fn tests_with_the_same_titles_are_distinguished() {
    for (first, second, expected) in [
        (
            ERROR,
            NONE,
            [
                "Failed Cart tax.adds 3ms AssertionError: 1 is not 2",
                "Passed Cart tax.adds (2) 3ms",
            ],
        ),
        (
            NONE,
            ERROR,
            [
                "Failed Cart tax.adds (2) 3ms AssertionError: 1 is not 2",
                "Passed Cart tax.adds 3ms",
            ],
        ),
    ] {
        let all = [
            ("tests", vec![test("adds", first), test("adds", second)]),
            ("failures", vec![test("adds", ERROR)]),
            ("passes", vec![test("adds", NONE)]),
        ];
        assert_eq!(shown(&report(&all)), expected.join("\n"));
    }
}

#[test]
fn the_order_of_the_lists_does_not_matter() {
    let all = [
        (
            "tests",
            vec![test("adds", NONE), test("adds", ERROR), test("pays", ERROR)],
        ),
        ("pending", vec![]),
        ("failures", vec![test("adds", ERROR), test("pays", ERROR)]),
        ("passes", vec![test("adds", NONE), test("pays", ERROR)]),
    ];
    let expected = indoc! {r"
        Failed Cart tax.adds (2) 3ms AssertionError: 1 is not 2
        Failed Cart tax.pays 3ms AssertionError: 1 is not 2
        Passed Cart tax.adds 3ms"};
    for number in 0..24 {
        let mut rest = all.to_vec();
        let order = [number / 6, number / 2 % 3, number % 2, 0].map(|at| rest.remove(at));
        let found = shown(&report(&order));
        let mut found: Vec<&str> = found.lines().collect();
        found.sort_unstable();
        assert_eq!(found.join("\n"), expected, "{order:?}");
    }
}
