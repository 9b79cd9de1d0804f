//! Events of `go test -json` and the results read from them.

use indoc::indoc;

use crate::read::report::listing::listing;

fn shown(events: &str) -> String {
    listing("go.json", events)
}

#[test]
fn every_test_and_subtest_is_a_result() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Time":"2026-11-28T05:00:00Z","Action":"start","Package":"example.com/shop/cart.v2"}
        {"Time":"2026-11-28T05:00:01Z","Action":"run","Package":"example.com/shop/cart.v2","Test":"TestTax"}
        {"Action":"output","Package":"example.com/shop/cart.v2","Test":"TestTax","Output":"=== RUN   TestTax\n"}
        {"Time":"2026-11-28T05:00:02Z","Action":"run","Package":"example.com/shop/cart.v2","Test":"TestTax/at_7%"}
        {"Action":"output","Package":"example.com/shop/cart.v2","Test":"TestTax/at_7%","Output":"    tax_test.go:12: got 3, want 7\n"}
        {"Action":"output","Package":"example.com/shop/cart.v2","Test":"TestTax/at_7%","Output":"    --- FAIL: TestTax/at_7% (0.25s)\n"}
        {"Action":"fail","Package":"example.com/shop/cart.v2","Test":"TestTax/at_7%","Elapsed":0.25}
        {"Action":"fail","Package":"example.com/shop/cart.v2","Test":"TestTax","Elapsed":1.5}
        {"Action":"run","Package":"example.com/shop/cart.v2","Test":"TestSlow"}
        {"Action":"output","Package":"example.com/shop/cart.v2","Test":"TestSlow","Output":"    tax_test.go:20: too slow\n"}
        {"Action":"skip","Package":"example.com/shop/cart.v2","Test":"TestSlow","Elapsed":0}
        {"Action":"run","Package":"example.com/shop/cart.v2","Test":"ExampleTax"}
        {"Action":"pass","Package":"example.com/shop/cart.v2","Test":"ExampleTax","Elapsed":0}
        {"Action":"fail","Package":"example.com/shop/cart.v2","Elapsed":2}
    "#}), @r#"
    4: example.com/shop/cart.v2 | TestTax/at_7% = Failed 250ms at 2026-11-28T05:00:02Z ! "got 3, want 7" / "    tax_test.go:12: got 3, want 7"
    2: example.com/shop/cart.v2 | TestTax = Failed 1.5s at 2026-11-28T05:00:01Z !
    9: example.com/shop/cart.v2 | TestSlow = Skipped (too slow)
    12: example.com/shop/cart.v2 | ExampleTax = Passed
    "#);
}

#[test]
fn colors_are_no_part_of_what_was_printed() {
    let events = indoc! {r#"
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"output","Package":"a","Test":"TestOne","Output":"\u001b[31m    a_test.go:3: got \u001b[1m3\u001b[0m\n"}
        {"Action":"fail","Package":"a","Test":"TestOne"}
        {"Action":"run","Package":"a","Test":"TestTwo"}
        {"Action":"output","Package":"a","Test":"TestTwo","Output":"    a_test.go:9: \u001b[33mlater\u001b[0m\n"}
        {"Action":"skip","Package":"a","Test":"TestTwo"}
        {"Action":"fail","Package":"a"}
        {"Action":"output","Package":"b","Output":"\u001b[31mpanic: no cart\u001b[0m\n"}
        {"Action":"fail","Package":"b"}
    "#};
    insta::assert_snapshot!(shown(events), @r#"
    1: a | TestOne = Failed ! "got 3" / "    a_test.go:3: got 3"
    4: a | TestTwo = Skipped (later)
    9: b | [package] = Failed ! "panic: no cart" / "panic: no cart"
    "#);
}

#[test]
fn tests_and_packages_may_interleave() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"run","Package":"b","Test":"TestOne"}
        {"Action":"pause","Package":"a","Test":"TestOne"}
        {"Action":"run","Package":"a","Test":"TestTwo"}
        {"Action":"output","Package":"a","Test":"TestTwo","Output":"two\n"}
        {"Action":"cont","Package":"a","Test":"TestOne"}
        {"Action":"output","Package":"a","Test":"TestOne","Output":"one\n"}
        {"Action":"fail","Package":"b","Test":"TestOne","Elapsed":0.001}
        {"Action":"fail","Package":"a","Test":"TestTwo","Elapsed":0.002}
        {"Action":"fail","Package":"a","Test":"TestOne","Elapsed":0.003}
        {"Action":"fail","Package":"b"}
        {"Action":"fail","Package":"a"}
    "#}), @r#"
    2: b | TestOne = Failed 1ms !
    4: a | TestTwo = Failed 2ms ! "two" / "two"
    1: a | TestOne = Failed 3ms ! "one" / "one"
    "#);
}

#[test]
fn repeated_tests_are_results_each() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"fail","Package":"a","Test":"TestOne"}
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a","Test":"TestOne"}
        {"Action":"fail","Package":"a"}
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a"}
    "#}), @"
    1: a | TestOne = Failed !
    3: a | TestOne = Passed
    6: a | TestOne = Passed
    ");
}

#[test]
fn a_test_without_an_end_is_failed() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Action":"run","Package":"a","Test":"TestZ"}
        {"Action":"run","Package":"a","Test":"TestA"}
        {"Action":"output","Package":"a","Test":"TestA","Output":"panic: test timed out after 1s\n"}
        {"Action":"output","Package":"a","Output":"FAIL\ta\t1.0s\n"}
        {"Action":"fail","Package":"a","Elapsed":1}
        {"Action":"run","Package":"b","Test":"TestExits"}
        {"Action":"pass","Package":"b"}
        {"Action":"run","Package":"c","Test":"TestTwice"}
        {"Action":"run","Package":"c","Test":"TestTwice"}
        {"Action":"pass","Package":"c","Test":"TestTwice"}
        {"Action":"start","Package":"d"}
        {"Action":"run","Package":"d","Test":"TestOdd"}
        {"Action":"passed","Package":"d","Test":"TestOdd"}
    "#}), @r#"
    1: a | TestZ = Failed ! "did not end"
    2: a | TestA = Failed ! "did not end: panic: test timed out after 1s" / "panic: test timed out after 1s"
    6: b | TestExits = Failed ! "did not end"
    8: c | TestTwice = Failed ! "did not end"
    9: c | TestTwice = Passed
    12: d | TestOdd = Failed ! "did not end"
    "#);
}

#[test]
fn a_package_that_starts_again_did_not_end_before() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Action":"start","Package":"a"}
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a","Test":"TestOne"}
        {"Action":"start","Package":"a"}
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a"}
        {"Action":"output","Package":"b","Output":"built\n"}
        {"Action":"start","Package":"b"}
        {"Action":"pass","Package":"b"}
    "#}), @r#"
    2: a | TestOne = Passed
    1: a | [package] = Failed ! "did not end"
    5: a | TestOne = Passed
    "#);
}

#[test]
fn a_package_that_failed_without_a_failed_test_is_a_failed_result() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Action":"output","Package":"a","Output":"panic: init\n"}
        {"Action":"output","Package":"a","Output":"FAIL\ta\t0.003s\n"}
        {"Action":"fail","Package":"a","Elapsed":0.003}
        {"Action":"run","Package":"b","Test":"TestOne"}
        {"Action":"pass","Package":"b","Test":"TestOne"}
        {"Action":"output","Package":"b","Output":"exit status 1\n"}
        {"Action":"fail","Package":"b","Elapsed":0.5}
        {"Action":"start","Package":"c"}
        {"Action":"output","Package":"c","Output":"?   \tc\t[no test files]\n"}
        {"Action":"skip","Package":"c","Elapsed":0}
        {"Action":"start","Package":"e"}
        {"Action":"output","Package":"e","Output":"\te\t\tcoverage: 0.0% of statements\n"}
        {"Action":"start","Package":"d"}
    "#}), @r#"
    3: a | [package] = Failed 3ms ! "panic: init" / "panic: init\nFAIL\ta\t0.003s"
    4: b | TestOne = Passed
    7: b | [package] = Failed 500ms ! "failed, though none of its tests did" / "exit status 1"
    13: d | [package] = Failed ! "did not end"
    "#);
}

#[test]
fn a_failed_build_is_a_failed_result() {
    insta::assert_snapshot!(shown(indoc! {r##"
        {"ImportPath":"a [a.test]","Action":"build-output","Output":"# a [a.test]\n"}
        {"ImportPath":"a [a.test]","Action":"build-output","Output":"./a.go:3:1: undefined: x\n"}
        {"ImportPath":"a [a.test]","Action":"build-fail"}
        {"ImportPath":"e","Action":"build-output","Output":"./e.go:1: broken\n"}
        {"ImportPath":"e","Action":"build-fail"}
        {"Action":"start","Package":"a"}
        {"Action":"output","Package":"a","Output":"FAIL\ta [build failed]\n"}
        {"Action":"fail","Package":"a","Elapsed":0,"FailedBuild":"a [a.test]"}
        # b
        ./b.go:1:1: undefined: y
        FAIL	b [build failed]
        FAIL	c [setup failed]
        {"Action":"start","Package":"d"}
        {"Action":"pass","Package":"d"}
    "##}), @r##"
    8: a | [package] = Failed ! "build failed" / "# a [a.test]\n./a.go:3:1: undefined: x\nFAIL\ta [build failed]"
    11: b | [package] = Failed ! "build failed" / "# b\n./b.go:1:1: undefined: y"
    12: c | [package] = Failed ! "setup failed"
    4: e | [package] = Failed ! "build failed" / "./e.go:1: broken"
    "##);
}

#[test]
fn benchmarks_pass_if_they_were_measured_or_their_package_passed() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Action":"run","Package":"a","Test":"BenchmarkSum"}
        {"Action":"output","Package":"a","Test":"BenchmarkSum","Output":"BenchmarkSum-8   \t 100\t 5 ns/op\n"}
        {"Action":"run","Package":"a","Test":"BenchmarkHangs"}
        {"Action":"fail","Package":"a"}
        {"Action":"run","Package":"b","Test":"BenchmarkGroup"}
        {"Action":"bench","Package":"b","Test":"BenchmarkLogs","Output":"x"}
        {"Action":"pass","Package":"b"}
    "#}), @r#"
    1: a | BenchmarkSum = Passed
    3: a | BenchmarkHangs = Failed ! "did not end"
    6: b | BenchmarkLogs = Passed
    5: b | BenchmarkGroup = Passed
    "#);
}

#[test]
fn attributes_are_properties_and_name_jira_issues() {
    insta::assert_snapshot!(shown(indoc! {r#"
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"attr","Package":"a","Test":"TestOne","Key":"jira","Value":"SHOP-12"}
        {"Action":"attr","Package":"a","Test":"TestOne","Key":"size","Value":"7"}
        {"Action":"artifacts","Package":"a","Test":"TestOne","Path":"/tmp/artifacts/1"}
        {"Action":"pass","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a"}
    "#}), @"1: a | TestOne = Passed covers SHOP-12 {jira=SHOP-12} {size=7} file(,/tmp/artifacts/1,)");
}

#[test]
fn a_cut_off_report_has_what_was_complete_and_is_not_green() {
    let cut_off = indoc! {r#"
        {"Action":"run","Package":"a","Test":"TestOne"}
        {"Action":"pass","Package":"a","Test":"TestOne"}
        {"Action":"output","Package":"a","Outp"#};
    insta::assert_snapshot!(shown(cut_off), @r#"
    1: a | TestOne = Passed
    1: a | [package] = Failed ! "did not end"
    invalid go.json:3:1: the report is cut off here
    "#);
    let between = concat!(
        "{\"Action\":\"run\",\"Package\":\"a\",\"Test\":\"TestOne\"}\n",
        "{\"Action\":\"pass\",\"Package\":\"a\",\"Test\":\"TestOne\"}\n",
        "{\"Action\":\"pass\",\"Package\":\"a\"}\n{\"Action\":\"ru",
    );
    insta::assert_snapshot!(shown(between), @"
    1: a | TestOne = Passed
    invalid go.json:4:1: the report is cut off here
    ");
    insta::assert_snapshot!(shown("{\"Action\":\"start\",\"Package\":\"a\"}\n{\"Action\":\"skip\",\"Package\":\"a\"}\n"), @"warning go.json:1:1: contains no test results");
}
