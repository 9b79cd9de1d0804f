//! Writers whose words mean something else than those of others, and documents that only look like reports of `JUnit`.

use indoc::indoc;

use super::shown;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::source::Source;

/// The names of all results and their statuses.
fn statuses(report: &str) -> Vec<String> {
    let records = read(
        &Source::bytes("in.xml", report.as_bytes()),
        &ReadOptions::default(),
    );
    let runs = records.unwrap().filter_map(|record| match record.unwrap() {
        Record::Run(run) => Some(format!("{}: {}", run.identity.name, run.status)),
        _ => None,
    });
    runs.collect()
}

#[test]
fn messages_of_qt_5_are_no_errors_and_a_case_without_a_result_was_skipped() {
    let report = |version: &str, errors: u64| {
        format!(
            "<testsuite errors='{errors}' failures='0' tests='3' name='T'>\
             <properties><property value='{version}' name='QTestVersion'/></properties>\
             <testcase result='pass' name='init'/>\
             <testcase name='skip'><!-- message=\"later\" type=\"skip\" --></testcase></testsuite>"
        )
    };
    assert_eq!(
        statuses(&report("5.15.8", 2)),
        ["init: Passed", "skip: Skipped"]
    );
    // Later versions write what they mean.
    assert_eq!(
        statuses(&report("6.4.2", 2)),
        ["init: Passed", "skip: Passed", "T: Failed"]
    );
    let failed = report("5.15.8", 0).replace("failures='0'", "failures='1'");
    assert_eq!(
        statuses(&failed),
        ["init: Passed", "skip: Skipped", "T: Failed"]
    );
}

#[test]
fn what_eunit_has_cancelled_has_failed() {
    let report = |suite: &str| {
        format!(
            "<testsuite tests='2' failures='0' errors='0' skipped='1' name=\"{suite}\">\
             <testcase name='a'/><testcase name='b'><skipped type='timeout'>in function f/1</skipped></testcase></testsuite>"
        )
    };
    assert_eq!(statuses(&report("module 'tt'")), ["a: Passed", "b: Failed"]);
    assert_eq!(statuses(&report("tt")), ["a: Passed", "b: Skipped"]);
}

#[test]
fn a_group_of_common_test_is_part_of_the_origin() {
    let report = "<testsuite name='SUITE'><testcase name='a' group='tls'/><testcase name='a' group='tcp'/><testcase name='a' group=''/></testsuite>";
    let records = read(
        &Source::bytes("in.xml", report.as_bytes()),
        &ReadOptions::default(),
    );
    let suites = records.unwrap().filter_map(|record| match record.unwrap() {
        Record::Run(run) => run.origin.suite,
        _ => None,
    });
    let suites: Vec<_> = suites.collect();
    let expected = ["SUITE > tls", "SUITE > tcp", "SUITE"].map(Into::into);
    assert_eq!(suites, expected);
}

#[test]
fn tests_that_googletest_lists_have_no_status() {
    let report = |root: &str| {
        format!(
            "<testsuites tests='1' {root} name='AllTests'><testsuite name='DeathTest' tests='1'>\n\
             <testcase name='dies' file='t.cc' line='24'/></testsuite></testsuites>"
        )
    };
    let listed = shown(&report(""));
    assert!(
        listed.starts_with("invalid in.xml:2:1: status is empty"),
        "{listed}"
    );
    assert_eq!(statuses(&report("failures='0'")), ["dies: Passed"]);
    let timed = report("").replace("line=", "time='0' line=");
    assert_eq!(statuses(&timed), ["dies: Passed"]);
}

#[test]
fn a_warning_of_doctest_is_no_failure() {
    let report = indoc! {r#"
        <testsuites><testsuite name="all" errors="0" failures="0" tests="3" doctest_version="2.4.9">
          <testcase classname="t.cpp" name="warns"><failure message="1 == 2" type="WARN">t.cpp(5)</failure></testcase>
          <testcase classname="t.cpp" name="fails"><failure message="1 == 2" type="WARN"/><failure message="2 == 3" type="CHECK"/></testcase>
        </testsuite></testsuites>
    "#};
    assert_eq!(statuses(report), ["warns: Passed", "fails: Failed"]);
    let declared = "declares 3 tests";
    assert!(!shown(report).contains(declared), "they are assertions");
    let other = report.replace("doctest_version", "version");
    assert_eq!(statuses(&other), ["warns: Failed", "fails: Failed"]);
    assert!(shown(&other).contains(declared), "{}", shown(&other));
}

#[test]
fn an_assumption_that_does_not_hold_is_no_failure() {
    let report = |name: &str| {
        format!(
            "<testsuite name='s' tests='1' failures='0' aborted='1'>\
             <testcase name='a'><aborted message='assume' type='{name}'>t</aborted></testcase></testsuite>"
        )
    };
    assert_eq!(
        statuses(&report("org.opentest4j.TestAbortedException")),
        ["a: Skipped"]
    );
    assert_eq!(statuses(&report("timeout")), ["a: Failed"]);
    let outside = "<testsuite name='s' tests='0' failures='0' aborted='1'/>";
    assert!(statuses(outside).is_empty());
    let killed = "<testsuite name='s' aborted='true'/>";
    assert_eq!(statuses(killed), ["s: Failed"]);
}

#[test]
fn what_ctest_could_not_run_has_failed() {
    let report = |class: &str, reason: &str| {
        format!(
            "<testsuite name='(empty)' tests='1' failures='0' skipped='1'><testcase name='a' classname='{class}' time='0' \
             status='notrun'><skipped message='{reason}'/></testcase></testsuite>"
        )
    };
    for reason in ["Unable to find executable", "Fixture dependency failed"] {
        assert_eq!(statuses(&report("a", reason)), ["a: Failed"], "{reason}");
        assert_eq!(statuses(&report("b", reason)), ["a: Skipped"], "{reason}");
    }
    for reason in ["SKIP_RETURN_CODE=77", "SKIP_REGULAR_EXPRESSION_MATCHED", ""] {
        assert_eq!(statuses(&report("a", reason)), ["a: Skipped"], "{reason}");
    }
}

#[test]
fn the_time_of_a_run_is_no_part_of_a_class() {
    let report = |name: &str| format!("<testsuite name='{name}'><testcase name='a'/></testsuite>");
    for (name, class) in [
        ("Errors-20261130045457", "Errors"),
        ("Errors-19991130045457", "Errors-19991130045457"),
        ("Errors-2026113004545", "Errors-2026113004545"),
        ("-20261130045457", "-20261130045457"),
    ] {
        let shown = shown(&report(name));
        assert!(shown.contains(&format!("||{class}|a Passed")), "{shown}");
    }
}

#[test]
fn what_eclipse_exports_is_read_and_what_intellij_exports_is_refused() {
    let eclipse = "<testrun name='AllTests' tests='3' failures='0' errors='1' ignored='1'>\n<testsuite name='shop.TaxTest'>\
        <testcase classname='shop.TaxTest' name='adds' time='0.1'/>\
        <testcase classname='shop.TaxTest' name='pays' incomplete='true'/>\
        <testcase classname='shop.TaxTest' name='ships' ignored='true'/></testsuite></testrun>";
    insta::assert_snapshot!(shown(eclipse), @r"
    2:32 |shop|TaxTest|adds Passed 100ms
    2:91 |shop|TaxTest|pays Failed 0ns
    2:157 |shop|TaxTest|ships Skipped 0ns
    ");
    let intellij = "<testrun name='All'><count name='total' value='1'/><suite name='TaxTest'>\
        <test name='adds' status='failed'/></suite></testrun>";
    let refused = shown(intellij);
    assert!(
        refused.contains("exports of IntelliJ IDEA are not supported"),
        "{refused}"
    );
}

#[test]
fn a_report_of_another_format_with_the_same_root_is_refused() {
    for report in [
        "<testsuites xmlns='http://check.sourceforge.net/ns'><suite><title>S</title><test result='failure'><id>eq</id></test></suite></testsuites>",
        "<testsuite><test><result>FAIL</result><name>adds</name></test></testsuite>",
    ] {
        let refused = shown(report);
        assert!(
            refused.contains("reports of check and DejaGnu are not supported"),
            "{refused}"
        );
    }
    let cppunit = "<TestRun><FailedTests><FailedTest id='2'><Name>a</Name></FailedTest></FailedTests><SuccessfulTests/></TestRun>";
    let refused = shown(cppunit);
    assert!(
        refused.contains("reports of CppUnit are not supported"),
        "{refused}"
    );
}

#[test]
fn what_pytest_left_without_a_name_was_interrupted() {
    let report = |root: &str, suite: &str| {
        format!(
            "<testsuites name='{root}'><testsuite name='{suite}' tests='1'><testcase classname='test_a' name='test_b' time='0.1'/>\
             <testcase time='0.001'/></testsuite></testsuites>"
        )
    };
    for (root, suite, expected) in [
        ("", "pytest", "Failed"),
        ("pytest tests", "nightly", "Failed"),
        ("", "nightly", "Passed"),
    ] {
        let expected = ["test_b: Passed", &format!("unnamed test 1: {expected}")];
        assert_eq!(statuses(&report(root, suite)), expected, "{root} {suite}");
    }
    // A collector has a name.
    let collected = "<testsuite name='pytest'><testcase classname='' name='test_a'><error/></testcase></testsuite>";
    assert_eq!(statuses(collected), ["test_a: Failed"]);
}

#[test]
fn a_suite_of_meson_whose_program_gave_up_has_failed() {
    let report = |case: &str, output: &str| {
        format!(
            "<testsuites><testsuite name='shop / cart' failures='0'><testcase name='1 - adds' classname='shop / cart'>{case}</testcase>{output}</testsuite></testsuites>"
        )
    };
    let exit_code = "<system-out>ok 1</system-out><system-err>\n(test program exited with status code 3)</system-err>";
    let bail_out = "<system-out>1..2\nok 1 - adds\nBail out! no disk</system-out>";
    let passed = "1 - adds: Passed";
    for output in [exit_code, bail_out] {
        assert_eq!(
            statuses(&report("", output)),
            [passed, "shop / cart: Failed"]
        );
        // What failed in it is known.
        let failed = statuses(&report("<failure/>", output));
        assert_eq!(failed, ["1 - adds: Failed"]);
    }
    let printed = "<system-out>Bail out!\nok 2 - not this time</system-out><system-err/>";
    assert_eq!(statuses(&report("", printed)), [passed]);
    let of_case = "<system-out>Bail out!</system-out>";
    assert_eq!(statuses(&report(of_case, "")), [passed]);
}

#[test]
fn the_summary_of_node_test_is_not_overlooked() {
    let report = |case: &str, comments: &str| {
        shown(&format!(
            "<testsuites>\n<testsuite name='pays' tests='1' failures='0'>\n<testcase name='adds'>{case}</testcase>\n</testsuite>\n{comments}\n</testsuites>"
        ))
    };
    let passed = "3:1 |||adds Passed 0ns";
    let passed = passed.replace("|||", "||pays|");
    for comments in [
        "<!-- tests 2 --><!-- pass 1 -->\n<!-- fail 1 -->\n<!-- cancelled 0 -->",
        "<!-- cancelled 1 -->",
    ] {
        let found = report("", comments);
        let failed = "1:1 |||unnamed suite Failed 0ns None Some(\"the suite declares 1 failure, but none of its results has failed\") \"\"";
        assert_eq!(found, format!("{passed}\n{failed}"), "{comments}");
    }
    for error in [
        "Error: Test 'adds' at a.js:2:1 generated asynchronous activity after the test ended. This activity created the error 'x' and would have caused the test to fail.",
        "Error: A resource generated asynchronous activity after the test ended. This activity created the error 'x' which triggered an uncaughtException event, caught by the test runner.",
        "Error: 60.00% line coverage does not meet threshold of 100%.",
    ] {
        let comments = format!("<!-- pass 1 --><!-- fail 0 --><!-- {error} -->");
        let failed = format!("1:1 |||[run] Failed 0ns None Some({error:?}) \"\"");
        assert_eq!(report("", &comments), format!("{passed}\n{failed}"));
        let found = report("<failure message='m'/>", &comments);
        assert_eq!(found.lines().count(), 1, "{found}");
    }
    for comments in [
        "<!-- fail 0 --><!-- cancelled 0 -->",
        "<!-- fail x -->",
        "<!-- fails 1 -->",
    ] {
        assert_eq!(report("", comments), passed, "{comments}");
    }
    assert_eq!(report("<!-- fail 1 -->", ""), passed);
    let found = report("<failure message='m'/>", "<!-- fail 2 -->");
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn a_todo_test_of_testem_is_skipped() {
    let report = "<testsuite name='Testem Tests' tests='3' skipped='0' todo='2' failures='1'>\
        <testcase name='a'/><testcase name='b'><todo/></testcase><testcase name='c'><todo/><failure/></testcase></testsuite>";
    assert_eq!(statuses(report), ["a: Passed", "b: Skipped", "c: Failed"]);
}

#[test]
fn intern_writes_numbers_as_statuses() {
    let report = |root: &str, suite: &str, case: &str| {
        shown(&format!(
            "<testsuites{root}><testsuite name='node' {suite}>\n<testcase name='a' {case}</testcase></testsuite></testsuites>"
        ))
    };
    let counts = "failures='0'";
    for (case, expected) in [
        ("status='0'>", "Passed"),
        ("status='1'>", "Failed"),
        ("status='0'><failure/>", "Failed"),
        ("status='0'><skipped/>", "Skipped"),
        ("status='2'>", "`2` is not a valid status"),
        ("classname='c' status='0'>", "`0` is not a valid status"),
    ] {
        let found = report("", counts, case);
        assert!(found.contains(expected), "{case}: {found}");
    }
    for (root, suite) in [(" name='r'", counts), ("", "")] {
        let found = report(root, suite, "status='0'>");
        assert!(found.contains("`0` is not a valid status"), "{found}");
    }
}

#[test]
fn properties_of_node_tap_skip_a_test() {
    insta::assert_snapshot!(shown(indoc! {"
        <testsuites name='TAP Tests'>
          <testsuite name='a.js'>
            <testcase name='adds'><properties><property name='skip' value='why'/></properties></testcase>
            <testcase name='pays'><properties><property name='todo' value='true'/></properties></testcase>
            <testcase name='ships'/>
          </testsuite>
        </testsuites>
    "}), @"
    3:5 ||a.js|adds Skipped 0ns
    4:5 ||a.js|pays Skipped 0ns
    5:5 ||a.js|ships Passed 0ns
    ");
    insta::assert_snapshot!(shown(indoc! {"
        <testsuites name='TAP Tests' failures='3'>
          <testsuite name='a.js' failures='1'>
            <properties><property name='ok' value='true'/></properties>
            <testcase name='adds'><failure>later</failure></testcase>
          </testsuite>
          <testsuite name='b.js' failures='1'>
            <testcase name='adds'><failure>no</failure></testcase>
          </testsuite>
        </testsuites>
    "}), @r#"
    4:5 ||a.js|adds Skipped 0ns (later)
    7:5 ||b.js|adds Failed 0ns None None "no"
    "#);
    let other = shown(
        "<testsuite name='a'><testcase name='b'><properties><property name='todo' value='x'/></properties></testcase></testsuite>",
    );
    assert!(other.contains("Passed"), "{other}");
}

#[test]
fn what_qt_forgives_is_not_a_failure() {
    let report = |version: &str, cases: &str| {
        statuses(&format!(
            "<testsuite errors='0' failures='2' tests='2' name='T'>\
             <properties><property name='QTestVersion' value='{version}'/></properties>{cases}</testsuite>"
        ))
    };
    for version in ["5.15.2", "6.5.0"] {
        // Two rows of data, of which a case for each function shows one.
        let forgiven = "<testcase name='a' result='bpass'/><testcase name='b' result='bfail'/>";
        assert_eq!(report(version, forgiven), ["a: Passed", "b: Skipped"]);
        let failed = "<testcase name='a' result='bpass'/><testcase name='b' result='bxpass'/>";
        assert_eq!(
            report(version, failed),
            ["a: Passed", "b: Skipped", "T: Failed"]
        );
    }
    // A suite around has other failures than those that are forgiven.
    let around = |declared: u64, suite: &str| {
        statuses(&format!(
            "<testsuites name='R' failures='{declared}'><testsuite name='T' {suite}>\
             <testcase name='b' result='bfail'/></testsuite></testsuites>"
        ))
    };
    for (declared, suite) in [(2, "failures='2'"), (1, "")] {
        assert_eq!(around(declared, suite), ["b: Skipped"]);
        assert_eq!(around(declared + 1, suite), ["b: Skipped", "R: Failed"]);
    }
}

#[test]
fn words_of_uft_and_maestro_and_katalon_are_known() {
    for (case, expected) in [
        ("status='warning'/>", "a: Failed"),
        ("status='WARNING'/>", "a: Failed"),
        ("status='CANCELED'/>", "a: Failed"),
        ("status='INCOMPLETE'><incomplete/></testcase>", "a: Failed"),
    ] {
        let report = format!("<testsuite><testcase name='a' {case}</testsuite>");
        assert_eq!(statuses(&report), [expected], "{case}");
    }
}

#[test]
fn a_todo_test_of_node_that_failed_is_skipped() {
    let report = |class: &str, kind: &str| {
        statuses(&format!(
            "<testsuites><testcase name='a' time='0.1' classname='{class}'><skipped type='{kind}' message='later'/>\
             <failure type='testCodeFailure' message='m'>x</failure></testcase><!-- fail 0 --></testsuites>"
        ))
    };
    assert_eq!(report("test", "todo"), ["a: Skipped"]);
    assert_eq!(report("test", "skipped"), ["a: Failed"]);
    assert_eq!(report("other", "todo"), ["a: Failed"]);
}

#[test]
fn the_result_of_a_run_of_testing_farm_counts() {
    let report = |overall: &str, cases: &str| {
        statuses(&format!(
            "<testsuites overall-result='{overall}'><testsuite name='/plans/a' result='passed'>{cases}</testsuite></testsuites>"
        ))
    };
    let passed = "<testcase name='/t/1' result='passed'/>";
    assert_eq!(report("passed", passed), ["/t/1: Passed"]);
    for overall in ["error", "failed", "needs_inspection"] {
        assert_eq!(
            report(overall, passed),
            ["/t/1: Passed", "unnamed suite: Failed"]
        );
        let failed = "<testcase name='/t/1' result='failed'/>";
        assert_eq!(report(overall, failed), ["/t/1: Failed"]);
    }
    let others = "<testcase name='/t/1' result='needs_inspection'/><testcase name='/t/2' result='warn'/><testcase name='/t/3' result='info'/>";
    assert_eq!(
        report("failed", others),
        ["/t/1: Failed", "/t/2: Failed", "/t/3: Skipped"]
    );
}

#[test]
fn a_test_of_gut_without_assertions_is_neither_red_nor_green() {
    let report = "<testsuites><testsuite name='a.gd'><testcase name='a' status='pass'/><testcase name='b' status='no asserts'/></testsuite></testsuites>";
    assert_eq!(statuses(report), ["a: Passed", "b: Skipped"]);
}

#[test]
fn a_test_that_passed_in_one_of_its_attempts_has_passed_for_firebase_test_lab() {
    let report = |suite: &str, case: &str| {
        statuses(&format!(
            "<testsuites><testsuite name='Pixel2' {suite}><testcase name='pays' {case}><failure>no</failure></testcase></testsuite></testsuites>"
        ))
    };
    for suite in [
        "failures='0' flakes='1'",
        "failures='1' flakes='1'",
        "flakes='1'",
    ] {
        assert_eq!(report(suite, "flaky='true'"), ["pays: Passed"], "{suite}");
    }
    assert_eq!(report("flakes='0'", ""), ["pays: Failed"]);
    assert_eq!(report("flakes='0'", "flaky='false'"), ["pays: Failed"]);
    // GdUnit4 marks suites, and counts such failures.
    assert_eq!(report("flaky='1'", "flaky='true'"), ["pays: Failed"]);
}

#[test]
fn a_browser_and_a_line_are_not_parts_of_a_class() {
    let karma = |property: &str, class: &str| {
        shown(&format!(
            "<testsuite name='WebKit 537.36 (linux 0.0.0)' package=''><properties><property name='{property}' value='x'/></properties>\
             <testcase name='adds' classname='{class}'/></testsuite>"
        ))
    };
    let full = "WebKit_537_36_(linux_0_0_0).Cart";
    for (property, class, expected) in [
        ("browser.fullName", full, "||Cart|adds"),
        (
            "browser.fullName",
            "WebKit_537_36_(linux_0_0_0).Cart 1.5",
            "||Cart 1.5|adds",
        ),
        ("browser.fullName", "Cart", "||Cart|adds"),
        (
            "browser.fullName",
            "WebKit_538_(linux_0_0_0).Cart",
            "||WebKit_538_(linux_0_0_0).Cart|adds",
        ),
        ("other", full, "||WebKit_537_36_(linux_0_0_0).Cart|adds"),
    ] {
        let found = karma(property, class);
        assert!(found.contains(expected), "{found}");
    }
    let busted = |suite: &str, class: &str| {
        shown(&format!(
            "<testsuites><testsuite name='{suite}'><testcase name='adds' classname='{class}'/></testsuite></testsuites>"
        ))
    };
    for (suite, class, expected) in [
        ("Run 1 of 1", "b/a_spec.lua:12", "||b/a_spec.lua|adds"),
        ("Run 2 of 3", "b/a_spec.lua", "||b/a_spec.lua|adds"),
        ("Run 1", "b/a_spec.lua:12", "||b/a_spec.lua:12|adds"),
        ("Run 1 of 1", "host:8080", "||host:8080|adds"),
    ] {
        let found = busted(suite, class);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_todo_test_of_prove_that_passed_has_passed() {
    let report = |failures: u8, type_name: &str| {
        statuses(&format!(
            "<testsuites><testsuite name='a_t' failures='0' errors='{failures}'><testcase name='1 - adds'>\
             <error type='{type_name}' message='later'>ok 1 - adds # TODO later</error></testcase></testsuite></testsuites>"
        ))
    };
    assert_eq!(report(1, "TodoTestSucceeded"), ["1 - adds: Passed"]);
    assert_eq!(
        report(2, "TodoTestSucceeded"),
        ["1 - adds: Passed", "a_t: Failed"]
    );
    assert_eq!(report(1, "TestFailed"), ["1 - adds: Failed"]);
}
