//! Events of the JSON reporter and the results read from them.

use indoc::indoc;

use super::class_of;
use crate::read::report::listing::listing;

fn shown(events: &str) -> String {
    listing("dart.json", events)
}

const START: &str = indoc! {r#"
    {"protocolVersion":"0.1.1","runnerVersion":"1.25.7","pid":7,"type":"start","time":0}
    {"suite":{"id":0,"platform":"vm","path":"test/tax_test.dart"},"type":"suite","time":0}
    {"test":{"id":1,"name":"loading test/tax_test.dart","suiteID":0,"groupIDs":[]},"type":"testStart","time":1}
    {"testID":1,"result":"success","skipped":false,"hidden":true,"type":"testDone","time":8}
"#};

#[test]
fn each_word_has_its_status() {
    let events = indoc! {r#"
        {"group":{"id":2,"suiteID":0,"parentID":null,"name":"","testCount":5},"type":"group","time":9}
        {"test":{"id":3,"name":"tax adds","suiteID":0,"groupIDs":[2],"metadata":{"skip":false,"skipReason":null}},"type":"testStart","time":10}
        {"testID":3,"messageType":"print","message":"hello","type":"print","time":11}
        {"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
        {"test":{"id":4,"name":"tax fails","suiteID":0},"type":"testStart","time":31}
        {"testID":4,"messageType":"print","message":"adding","type":"print","time":32}
        {"testID":4,"error":"Expected: <7>\n  Actual: <3>\n","stackTrace":"test/tax_test.dart 9:5 main\n","isFailure":true,"type":"error","time":33}
        {"testID":4,"error":"second","stackTrace":"","isFailure":false,"type":"error","time":33}
        {"testID":4,"result":"failure","skipped":false,"hidden":false,"type":"testDone","time":34}
        {"test":{"id":5,"name":"tax throws","suiteID":0},"type":"testStart","time":35}
        {"testID":5,"error":"Bad state","stackTrace":"at x","isFailure":false,"type":"error","time":36}
        {"testID":5,"result":"error","skipped":false,"hidden":false,"type":"testDone","time":36}
        {"test":{"id":6,"name":"skips","suiteID":0,"metadata":{"skip":true,"skipReason":"slow"}},"type":"testStart","time":37}
        {"testID":6,"messageType":"skip","message":"Skip: slow","type":"print","time":37}
        {"testID":6,"result":"success","skipped":true,"hidden":false,"type":"testDone","time":38}
        {"test":{"id":7,"name":"skips while it runs","suiteID":0},"type":"testStart","time":37}
        {"testID":7,"messageType":"skip","message":"Skip: no device","type":"print","time":37}
        {"testID":7,"result":"success","skipped":true,"hidden":false,"type":"testDone","time":38}
        {"test":{"id":8,"name":"odd","suiteID":0},"type":"testStart","time":37}
        {"testID":8,"result":"flaky","skipped":false,"hidden":false,"type":"testDone","time":38}
        {"test":{"id":9,"name":"tax (tearDownAll)","suiteID":0},"type":"testStart","time":37}
        {"testID":9,"result":"error","skipped":false,"hidden":true,"type":"testDone","time":38}

        [{"event":"test.startedProcess","params":{}}]
        {"success":false,"type":"done","time":40}
    "#};
    insta::assert_snapshot!(shown(&format!("{START}{events}")), @r#"
    6: test/tax_test.dart | tax adds = Passed 20ms project=vm
    9: test/tax_test.dart | tax fails = Failed 3ms ! "Expected: <7>\n  Actual: <3>" / "Expected: <7>\n  Actual: <3>\ntest/tax_test.dart 9:5 main\n\nsecond\n\nadding" project=vm
    14: test/tax_test.dart | tax throws = Failed 1ms ! "Bad state" / "Bad state\nat x" project=vm
    17: test/tax_test.dart | skips = Skipped 1ms (slow) project=vm
    20: test/tax_test.dart | skips while it runs = Skipped 1ms (no device) project=vm
    invalid dart.json:23:1: `flaky` is not a valid status; use passed, failed, skipped or planned
    25: test/tax_test.dart | tax (tearDownAll) = Failed 1ms ! project=vm
    "#);
}

#[test]
fn a_test_without_an_end_is_failed() {
    let events = indoc! {r#"
        {"test":{"id":3,"name":"hangs","suiteID":0},"type":"testStart","time":10}
        {"test":{"id":4,"name":"passes","suiteID":0},"type":"testStart","time":10}
        {"testID":4,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
    "#};
    let done = r#"{"success":null,"type":"done","time":40}"#;
    insta::assert_snapshot!(shown(&format!("{START}{events}{done}")), @r#"
    6: test/tax_test.dart | passes = Passed 20ms project=vm
    5: test/tax_test.dart | hangs = Failed ! "did not end" project=vm
    "#);
    insta::assert_snapshot!(shown(&format!("{START}{events}")), @r#"
    6: test/tax_test.dart | passes = Passed 20ms project=vm
    5: test/tax_test.dart | hangs = Failed ! "did not end" project=vm
    "#);
}

#[test]
fn a_run_that_was_not_successful_is_not_green() {
    let passes = indoc! {r#"
        {"test":{"id":3,"name":"passes","suiteID":0},"type":"testStart","time":10}
        {"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
    "#};
    let late = r#"{"testID":3,"error":"late","stackTrace":"at x","isFailure":false,"type":"error","time":31}"#;
    let failed = r#"{"success":false,"type":"done","time":40}"#;
    let cut_off = r#"{"success":tr"#;
    insta::assert_snapshot!(shown(&format!("{START}{passes}{late}\n{failed}")), @r#"
    5: test/tax_test.dart | passes = Passed 20ms project=vm
    7: failed after its end = Failed ! "late" / "at x"
    "#);
    insta::assert_snapshot!(shown(&format!("{START}{passes}{failed}")), @r#"
    5: test/tax_test.dart | passes = Passed 20ms project=vm
    7: [run] = Failed ! "the run was not successful"
    "#);
    insta::assert_snapshot!(shown(&format!("{START}{passes}{cut_off}")), @r#"
    5: test/tax_test.dart | passes = Passed 20ms project=vm
    7: [run] = Failed ! "the run did not end"
    invalid dart.json:7:1: the report is cut off here
    "#);
    let failure = passes.replace("success", "failure");
    insta::assert_snapshot!(shown(&format!("{START}{failure}{cut_off}\n\n")), @"
    5: test/tax_test.dart | passes = Failed 20ms ! project=vm
    invalid dart.json:7:1: the report is cut off here
    ");
    insta::assert_snapshot!(shown(&format!("{START}{failure}")), @"
    5: test/tax_test.dart | passes = Failed 20ms ! project=vm
    warning dart.json:6:1: the run did not end; results may be missing
    ");
    let done = r#"{"success":true,"type":"done","time":40}"#;
    insta::assert_snapshot!(shown(&format!("{START}{passes}{done}")), @"5: test/tax_test.dart | passes = Passed 20ms project=vm");
    insta::assert_snapshot!(shown(&format!("{START}{done}")), @"warning dart.json:1:1: contains no test results");
}

#[test]
fn a_run_that_was_interrupted_is_not_green() {
    let passes = indoc! {r#"
        {"test":{"id":3,"name":"passes","suiteID":0},"type":"testStart","time":10}
        {"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
    "#};
    for done in [
        r#"{"success":null,"type":"done","time":40}"#,
        r#"{"type":"done","time":40}"#,
    ] {
        let found = shown(&format!("{START}{passes}{done}"));
        let expected = "7: [run] = Failed ! \"the run was interrupted before all tests had run\"";
        assert!(found.ends_with(expected), "{found}");
        assert!(shown(&format!("{START}{done}")).contains("no test results"));
    }
}

#[test]
fn each_of_several_runs_has_its_own_end() {
    let passes = indoc! {r#"
        {"test":{"id":3,"name":"passes","suiteID":0},"type":"testStart","time":10}
        {"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
    "#};
    let done = "{\"success\":true,\"type\":\"done\",\"time\":40}\n";
    insta::assert_snapshot!(shown(&format!("{START}{passes}{START}{passes}{done}")), @r#"
    5: test/tax_test.dart | passes = Passed 20ms project=vm
    7: [run] = Failed ! "the run did not end"
    11: test/tax_test.dart | passes = Passed 20ms project=vm
    "#);
    let unsuccessful = done.replace("true", "false");
    let fails = passes.replace("success", "failure");
    insta::assert_snapshot!(shown(&format!("{START}{fails}{unsuccessful}{START}{passes}{unsuccessful}")), @r#"
    5: test/tax_test.dart | passes = Failed 20ms ! project=vm
    12: test/tax_test.dart | passes = Passed 20ms project=vm
    14: [run] = Failed ! "the run was not successful"
    "#);
    insta::assert_snapshot!(shown(&format!("{START}{passes}{done}{START}{passes}{done}")), @"
    5: test/tax_test.dart | passes = Passed 20ms project=vm
    12: test/tax_test.dart | passes = Passed 20ms project=vm
    ");
}

#[test]
fn a_test_without_a_start_is_invalid() {
    let passes = indoc! {r#"
        {"test":{"id":3,"name":"passes","suiteID":0},"type":"testStart","time":10}
        {"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
        {"testID":9,"result":"failure","skipped":false,"hidden":false,"type":"testDone","time":31}
        {"testID":8,"result":"success","skipped":false,"hidden":true,"type":"testDone","time":32}
        {"success":true,"type":"done","time":40}
    "#};
    insta::assert_snapshot!(shown(&format!("{START}{passes}")), @"
    5: test/tax_test.dart | passes = Passed 20ms project=vm
    invalid dart.json:7:1: the test has no `testStart` event, so its name is not known
    ");
}

#[test]
fn the_class_does_not_depend_on_the_machine() {
    for (path, class) in [
        ("test/a_test.dart", "test/a_test.dart"),
        (
            "/home/ci/shop/test/w/a_test.dart",
            "shop/test/w/a_test.dart",
        ),
        (
            "/home/ci/test/shop/test/a_test.dart",
            "shop/test/a_test.dart",
        ),
        (
            "C:/w/shop/integration_test/a_test.dart",
            "shop/integration_test/a_test.dart",
        ),
        ("/tmp/a_test.dart", "/tmp/a_test.dart"),
    ] {
        assert_eq!(class_of(path), class);
    }
    let shown = shown(indoc! {r#"
        {"protocolVersion":"0.1.1","type":"start","time":0}
        {"suite":{"id":0,"platform":"chrome","path":"C:\\w\\shop\\test\\tax_test.dart"},"type":"suite","time":0}
        {"test":{"id":3,"name":"passes SHOP-12","suiteID":0},"type":"testStart","time":10}
        {"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
        {"success":true,"type":"done","time":40}
    "#});
    insta::assert_snapshot!(shown, @"3: shop/test/tax_test.dart | passes SHOP-12 = Passed 20ms project=chrome file=C:/w/shop/test/tax_test.dart");
}

#[test]
fn two_tests_of_one_name_are_distinguished() {
    let events = indoc! {r#"
        {"test":{"id":3,"name":"pays","suiteID":0},"type":"testStart","time":10}
        {"testID":3,"result":"failure","skipped":false,"hidden":false,"type":"testDone","time":30}
        {"test":{"id":4,"name":"pays","suiteID":0},"type":"testStart","time":10}
        {"testID":4,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}
        {"test":{"id":5,"name":"loading /w/shop/test/cart_test.dart","suiteID":0},"type":"testStart","time":10}
        {"testID":5,"result":"error","skipped":false,"hidden":false,"type":"testDone","time":30}
        {"success":false,"type":"done","time":40}
    "#};
    insta::assert_snapshot!(shown(&format!("{START}{events}")), @"
    5: test/tax_test.dart | pays = Failed 20ms ! project=vm
    7: test/tax_test.dart | pays (2) = Passed 20ms project=vm
    9: test/tax_test.dart | loading shop/test/cart_test.dart = Failed 20ms ! project=vm
    ");
}
