//! Streams of TAP and the results read from them.

use indoc::indoc;

use crate::read::report::listing::listing;

fn shown(stream: &str) -> String {
    listing("in.tap", stream)
}

#[test]
fn a_plan_between_tests_is_not_green() {
    insta::assert_snapshot!(shown("ok 1 - a\n1..1\nok 2 - b\nok 3 - c\n"), @r#"
    1: a = Passed
    3: b = Passed
    4: c = Passed
    4: plan = Failed ! "tests follow the plan `1..1`, so the run may have ended before all tests ran"
    "#);
    insta::assert_snapshot!(shown("ok 1 - a\n1..1\nnot ok 2 - b\n"), @"
    1: a = Passed
    3: b = Failed !
    warning in.tap:3:1: a suite without a name declares 1 test but contains 2
    ");
    // Another stream.
    insta::assert_snapshot!(shown("ok 1 - a\n1..1\nok 1 - b\n1..1\n"), @"
    1: a = Passed
    3: b = Passed
    ");
}

#[test]
fn the_time_of_a_subtest_is_one_of_a_tool_that_does_not_run_todo_tests() {
    let stream = |time: &str| {
        shown(&format!(
            "TAP version 14\n# Subtest: a\n    ok 1 - x\n    1..1\nok 1 - a{time}\nok 2 - later # TODO\n1..2\n"
        ))
    };
    assert!(stream(" # time=2.3ms").ends_with("later = Skipped"));
    assert!(stream("").ends_with("later = Passed"));
}

#[test]
fn tests_that_testem_skipped_have_a_word_of_their_own() {
    insta::assert_snapshot!(shown(indoc! {"
        ok 1 Chrome - adds
        skip 2 Chrome - pays
        skip 7 rows
        todo 3 Chrome - ships

        1..3
        # tests 3
        # skip  1
        # todo  1
        # fail  0

        # ok
    "}), @"
    1: Chrome - adds = Passed
    2: Chrome - pays = Skipped
    4: Chrome - ships = Skipped
    ");
}

#[test]
fn each_kind_of_line_has_its_status() {
    insta::assert_snapshot!(shown(indoc! {"
        TAP version 14
        1..8
        ok 1 - adds
        not ok 2 - fails
        ok 3 - skipped # SKIP no network
        not ok 4 - skipped too # skip
        ok 5 - done # TODO remove
        not ok 6 - later # todo not yet
        ok
        not ok # TODO
    "}), @"
    3: adds = Passed
    4: fails = Failed !
    5: skipped = Skipped (no network)
    6: skipped too = Skipped
    8: later = Skipped (not yet)
    9: test 7 = Passed
    10: test 8 = Skipped
    7: done = Passed (remove)
    ");
}

#[test]
fn diagnostics_belong_to_the_test_before_them() {
    insta::assert_snapshot!(shown(indoc! {"
        TAP version 13
        not ok 1 - fails SHOP-12
          ---
          duration_ms: 12.5
          message: 'expected 7'
          severity: fail
          stack: |-
            at adds (tax.js:3)
            at run (tax.js:9)
          ...
        not ok 2 - nested
            ---
            error:
                name: AssertionError
                message: \"expected 8\"
            at: tax.js:3
            ...
        ok 3 - passes
          ---
          duration_ms: 3
          ...
        not ok 4 - printed
        #   Failed test 'printed'
        #   at t/tax.t line 5.
        not ok 5 - mocha
          expected 9
          Error: expected 9
              at Context.<anonymous> (tax.js:4)
        not ok 6 - open block
          ---
          message: 'no end'
        ok 7 - timed # time=5ms
        1..7
    "}), @r#"
    2: fails SHOP-12 = Failed 13ms ! "expected 7" / "at adds (tax.js:3)\nat run (tax.js:9)" {severity=fail}
    11: nested = Failed ! AssertionError: "expected 8" / "error:\n    name: AssertionError\n    message: \"expected 8\"\nat: tax.js:3"
    18: passes = Passed 3ms
    22: printed = Failed ! "Failed test 'printed'" / "   Failed test 'printed'\n   at t/tax.t line 5."
    25: mocha = Failed ! "expected 9" / "  expected 9\n  Error: expected 9\n      at Context.<anonymous> (tax.js:4)"
    29: open block = Failed ! "no end" / "message: 'no end'"
    32: timed = Passed 5ms
    "#);
}

#[test]
fn the_summary_of_a_report_is_no_diagnostics() {
    let stream =
        "not ok 1 - fails\n  expected 7\n# tests 1\n# pass 0\n# duration_ms 1.5\n1..1\n# end\n";
    insta::assert_snapshot!(shown(stream), @r#"1: fails = Failed ! "expected 7" / "  expected 7""#);
}

#[test]
fn the_tests_of_a_subtest_count_and_not_its_summary() {
    insta::assert_snapshot!(shown(indoc! {"
        TAP version 14
        # Subtest: group
            # Subtest: adds
            ok 1 - adds
              ---
              duration_ms: 1
              ...
            # Subtest: inner
                # Subtest: fails
                not ok 1 - fails
                1..1
            not ok 2 - inner
            1..2
        not ok 1 - group
          ---
          failureType: 'subtestsFailed'
          ...
        # Subtest: empty
            1..0 # SKIP nothing here
        ok 2 - empty # SKIP nothing here
        # Subtest: plain
        ok 3 - plain
        1..3
    "}), @"
    4: group | adds = Passed 1ms
    10: group > inner | fails = Failed !
    20: empty = Skipped (nothing here)
    22: plain = Passed
    ");
}

#[test]
fn subtests_may_be_named_inside_not_at_all_or_before_a_brace() {
    insta::assert_snapshot!(shown(indoc! {"
        1..4
            # Subtest: perl
                # Subtest: deep
                ok 1 - a
                1..1
            ok 1 - deep
            not ok 2 - b
            1..2
        not ok 1 - perl
            ok 1 - anonymous
            1..1
        ok 2 - summary
        ok 3 - braces # time=9ms {
            1..2
            ok 1 - c
            not ok 2 - d {
                not ok 1 - e
                    ---
                    message: 'wrong'
                    ...
                1..1
            }
        }
        not ok 4 - empty {
        }
    "}), @r#"
    4: perl > deep | a = Passed
    7: perl | b = Failed !
    10: anonymous = Passed
    15: braces | c = Passed
    17: braces > d | e = Failed ! "wrong" / "message: 'wrong'"
    24: empty = Failed !
    "#);
}

#[test]
fn a_failed_subtest_is_a_failed_result_if_none_of_its_tests_is() {
    insta::assert_snapshot!(shown(indoc! {"
        # Subtest: hooks
            ok 1 - adds
            1..1
        not ok 1 - hooks
          ---
          failureType: 'hookFailed'
          error: 'no database'
          ...
        not ok 2 - braces {
            ok 1 - adds
            1..1
        }
        1..2
    "}), @r#"
    2: hooks | adds = Passed
    4: hooks = Failed ! hookFailed: "no database" / "failureType: 'hookFailed'\nerror: 'no database'"
    10: braces | adds = Passed
    9: braces = Failed !
    "#);
}

#[test]
fn planned_tests_that_did_not_run_are_not_green() {
    insta::assert_snapshot!(shown("1..3\nok 1 - a\nok 2 - b\n"), @r#"
    2: a = Passed
    3: b = Passed
    3: plan = Failed ! "3 tests were planned, 2 ran"
    "#);
    insta::assert_snapshot!(shown("ok 1 - a\n1..2\n"), @r#"
    1: a = Passed
    2: plan = Failed ! "2 tests were planned, 1 ran"
    "#);
    insta::assert_snapshot!(shown("1..2\n    1..2\n    ok 1 - a\nok 1 - sub\nok 2 - b\n"), @r#"
    3: a = Passed
    4: plan = Failed ! "2 tests were planned, 1 ran"
    5: b = Passed
    "#);
    insta::assert_snapshot!(shown("1..3\n"), @r#"
    1: plan = Failed ! "3 tests were planned, 0 ran"
    "#);
    insta::assert_snapshot!(shown("1..1\nok 1 - a\nok 2 - b\n"), @"
    2: a = Passed
    3: b = Passed
    warning in.tap:3:1: a suite without a name declares 1 test but contains 2
    ");
    insta::assert_snapshot!(shown("ok 1 - a\n"), @r#"
    1: a = Passed
    1: plan = Failed ! "there is no plan (such as `1..3`), so the run may have ended before all tests ran"
    "#);
    insta::assert_snapshot!(shown("ok 1 - a\nnot ok 2 - b\n"), @"
    1: a = Passed
    2: b = Failed !
    warning in.tap:2:1: there is no plan (such as `1..3`), so it is not known whether tests are missing
    ");
    insta::assert_snapshot!(shown("TAP version 13\n1..0 # skip no database\n"), @"warning in.tap:1:1: contains no test results");
    insta::assert_snapshot!(shown("ok 1 - a\n1..3\nnot ok 2 - b\nok 3 - c\n"), @"
    1: a = Passed
    3: b = Failed !
    4: c = Passed
    ");
}

#[test]
fn an_aborted_run_is_a_failed_result() {
    insta::assert_snapshot!(shown("1..3\nok 1 - a\nBail out! no database\nok 2 - b\n"), @r#"
    2: a = Passed
    3: Bail out! = Failed ! "no database"
    "#);
    insta::assert_snapshot!(shown("1..3\n    ok 1 - a\n    Bail out!\nBail out!\n"), @r#"
    2: a = Passed
    3: Bail out! = Failed ! "the run was aborted"
    "#);
    insta::assert_snapshot!(shown("# Subtest: group\n    ok 1 - a\n"), @r#"
    2: group | a = Passed
    2: group = Failed ! "did not end"
    "#);
    insta::assert_snapshot!(shown("1..1\nok 1 - group {\n    ok 1 - a\n"), @r#"
    3: group | a = Passed
    3: group = Failed ! "did not end"
    "#);
}

#[test]
fn streams_may_follow_each_other() {
    insta::assert_snapshot!(shown(indoc! {"
        t/tax.t ..
        1..2
        ok 1 - adds
        ok 2 - pays
        ok
        t/aborts.t ..
        1..3
        ok 1 - adds
        Dubious, test returned 1 (wstat 256, 0x100)
        t/exits.t ..
        ok 1 - adds
        1..1
        Dubious, test returned 1 (wstat 256, 0x100)
        t/dies.t ...
        Dubious, test returned 255 (wstat 65280, 0xff00)
        No subtests run
        t/skips.t ..
        1..0 # SKIP no network
        Dubious, test returned 2 (wstat 512, 0x200)
        t/cart.t ..
        ok 1 - adds
        not ok 2 - pays
        1..2
    "}), @r#"
    3: adds = Passed file=t/tax.t
    4: pays = Passed file=t/tax.t
    8: adds = Passed file=t/aborts.t
    10: plan = Failed ! "3 tests were planned, 1 ran" file=t/aborts.t
    11: adds = Passed file=t/exits.t
    13: exit status = Failed ! "Dubious, test returned 1 (wstat 256, 0x100)" file=t/exits.t
    15: exit status = Failed ! "Dubious, test returned 255 (wstat 65280, 0xff00)" file=t/dies.t
    19: exit status = Failed ! "Dubious, test returned 2 (wstat 512, 0x200)" file=t/skips.t
    21: adds = Passed file=t/cart.t
    22: pays = Failed ! file=t/cart.t
    "#);
    insta::assert_snapshot!(shown("1..2\nok 1 - a\n1..1\nok 1 - b\n"), @r#"
    2: a = Passed
    3: plan = Failed ! "2 tests were planned, 1 ran"
    4: b = Passed
    "#);
    insta::assert_snapshot!(shown("ok 1 - a\n1..1\nTAP version 13\nnot ok 1 - a\n1..1\n"), @"
    1: a = Passed
    4: a (2) = Failed !
    ");
    insta::assert_snapshot!(shown("ok 1 - a\n1..1\nok 1 - b\nok 2 - c\n1..2\n"), @"
    1: a = Passed
    3: b = Passed
    4: c = Passed
    ");
}

#[test]
fn two_tests_of_one_name_are_told_apart() {
    insta::assert_snapshot!(shown("1..3\nok 1 - a\nnot ok 2 - a\nok 3\n"), @"
    2: a = Passed
    3: a (2) = Failed !
    4: test 3 = Passed
    ");
}

#[test]
fn a_run_that_ended_after_its_version_is_not_green() {
    insta::assert_snapshot!(shown("TAP version 13\n"), @r#"1: plan = Failed ! "there is no plan (such as `1..3`), so the run may have ended before all tests ran""#);
    insta::assert_snapshot!(shown("TAP version 13\nok 1 - a\n1..1\nTAP version 13\n"), @r#"
    2: a = Passed
    4: plan = Failed ! "there is no plan (such as `1..3`), so the run may have ended before all tests ran"
    "#);
    // No version of the protocol.
    insta::assert_snapshot!(shown("ok 1 - a\n1..1\nTAP version 3\n"), @"1: a = Passed");
    insta::assert_snapshot!(shown("TAP version 13\nBail out!\n"), @r#"2: Bail out! = Failed ! "the run was aborted""#);
    insta::assert_snapshot!(shown(""), @"error in.tap: the file is empty; expected a report");
}

#[test]
fn a_test_that_bats_skipped_and_could_not_clean_up_has_failed() {
    insta::assert_snapshot!(shown(indoc! {"
        1..2
        not ok 1 pays # skip no network
        # (from function `teardown' in test file pay.bats, line 1)
        #   `false' failed
        not ok 2 adds # skip
        # see (in test file pay.bats)
    "}), @r#"
    2: pays = Failed ! "(from function `teardown' in test file pay.bats, line 1)" / " (from function `teardown' in test file pay.bats, line 1)\n   `false' failed" (no network)
    5: adds = Skipped
    "#);
}

#[test]
fn what_only_prove_calls_failed_is_not_lost() {
    let report = |second: &str| {
        format!(
            "order.t ..\n1..2\n{second} 2 - b\nok 1 - a\nAll 2 subtests passed\n\nTest Summary Report\n-------------------\n\
             order.t (Wstat: 0 Tests: 2 Failed: 0)\n  Parse errors: Tests out of sequence.  Found (2) but expected (1)\n\
             Files=1, Tests=2,  0 wallclock secs\nResult: FAIL\n"
        )
    };
    let found = shown(&report("ok"));
    assert!(found.contains("12: summary = Failed"), "{found}");
    let found = shown(&report("not ok"));
    assert!(!found.contains("summary"), "{found}");
    // Something that a test printed.
    let printed = shown("1..1\nok 1 - a\nResult: FAIL\n");
    assert!(!printed.contains("Failed"), "{printed}");
}

#[test]
fn what_failed_in_a_todo_subtest_is_skipped() {
    let stream = indoc! {"
        # Subtest: later
            not ok 1 - fails
            #   Failed test 'fails'
            # Subtest: inner
                not ok 1 - deep
                1..1
            not ok 2 - inner
            ok 3 - passes
            1..3
        not ok 1 - later # TODO not yet
        # Subtest: now
            not ok 1 - counts
            1..1
        not ok 2 - now
        1..2
    "};
    insta::assert_snapshot!(shown(stream), @"
    2: later | fails = Skipped (not yet)
    5: later > inner | deep = Skipped (not yet)
    8: later | passes = Passed
    12: now | counts = Failed !
    ");
    // Where there is a version, as of Node, they count.
    let node = shown(&format!("TAP version 13\n{stream}"));
    assert_eq!(node.matches("= Failed").count(), 3, "{node}");
}

#[test]
fn a_todo_test_has_not_passed_where_tests_have_times() {
    insta::assert_snapshot!(shown(indoc! {"
        TAP version 13
        1..2
        ok 1 - cart.test.js # time=1.82ms {
            1..2
            ok 1 - pays # TODO
            not ok 2 - ships # TODO later
        }
        ok 2 - ships # TODO
    "}), @"
    5: cart.test.js | pays = Skipped
    6: cart.test.js | ships = Skipped (later)
    8: ships = Skipped
    ");
    insta::assert_snapshot!(shown(indoc! {"
        TAP version 13
        # Subtest: pays
        ok 1 - pays # TODO later
          ---
          duration_ms: 0.08
          ...
        1..1
    "}), @"3: pays = Skipped (later)");
    insta::assert_snapshot!(shown("1..1\nok 1 - cart.test.ts > pays # TODO\n"), @"2: cart.test.ts > pays = Skipped");
    insta::assert_snapshot!(shown("1..1\nok 1 - pays # TODO later\n"), @"2: pays = Passed (later)");
}

#[test]
fn the_message_of_a_traceback_of_python_is_below_it() {
    insta::assert_snapshot!(shown(indoc! {r#"
        # TAP results for T
        not ok 1 test_e (test_u.T)
        # Traceback (most recent call last):
        #   File "test_u.py", line 5, in test_e
        #     raise RuntimeError('no cart')
        # RuntimeError: no cart
        not ok 2 test_f (test_u.T)
        #     def test_f():
        # >       assert 0
        # E       assert 0
        1..2
    "#}), @r#"
    2: test_e (test_u.T) = Failed ! "RuntimeError: no cart" / " Traceback (most recent call last):\n   File \"test_u.py\", line 5, in test_e\n     raise RuntimeError('no cart')\n RuntimeError: no cart"
    7: test_f (test_u.T) = Failed ! "assert 0" / "     def test_f():\n >       assert 0\n E       assert 0"
    "#);
}
