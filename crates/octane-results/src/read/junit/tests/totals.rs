//! What suites declare of their results.

use super::shown;

/// The names of all results with their statuses, and all warnings.
fn short(report: &str) -> Vec<String> {
    let short = |line: &str| match line.split_once('|') {
        Some((_, result)) => {
            let result = result.rsplit('|').next().unwrap_or_default();
            result.split(" 0ns").next().unwrap_or_default().to_owned()
        }
        None => line.split_once("in.xml:").unwrap_or_default().1.to_owned(),
    };
    shown(report).lines().map(short).collect()
}

#[test]
fn a_case_that_says_nothing_did_not_run_where_all_tests_were_skipped() {
    let of = |suite: &str, case: &str| {
        let report = format!("<testsuite name='s' {suite}><testcase name='a' {case}</testsuite>");
        let mut found = short(&report);
        found.truncate(1);
        found.concat()
    };
    for (suite, case, expected) in [
        ("tests='1' skipped='1'", "/>", "a Skipped"),
        ("failures='0' skip='1' tests='1'", "/>", "a Skipped"),
        ("tests='1' skipped='1'", "time='0.00'/>", "a Skipped"),
        // Of Boost.Test, whose `tests` are without those that were skipped.
        ("tests='1' skipped='1'", "time='1e-05'/>", "a Passed"),
        ("tests='1' skipped='2'", "/>", "a Passed"),
        ("tests='2' skipped='1'", "/>", "a Passed"),
        ("tests='1' skipped='1' failures='1'", "/>", "a Passed"),
        ("tests='0' skipped='1'", "/>", "a Passed"),
        ("skipped='1'", "/>", "a Passed"),
        // Of old versions of pytest, whose `tests` are only those that ran.
        ("tests='1' skips='1'", "/>", "a Passed"),
        ("skips='1' tests='1'", "/>", "a Passed"),
        ("tests='1' skipped='1'", "status='passed'/>", "a Passed"),
        (
            "tests='1' skipped='1'",
            "><failure/></testcase>",
            "a Failed",
        ),
    ] {
        assert_eq!(of(suite, case), expected, "{suite} {case}");
    }
    let inside = |inner: &str| {
        let report = format!(
            "<testsuites tests='1' skipped='1'><testsuite {inner}><testcase name='a'/></testsuite></testsuites>"
        );
        short(&report)
    };
    assert_eq!(inside(""), ["a Skipped"]);
    assert_eq!(inside("tests='1' skipped='0'")[0], "a Passed");
}

#[test]
fn skipped_tests_that_no_case_shows_cause_a_warning() {
    let warning = |counts: &str, cases: &str| {
        let report = format!("<testsuite name='s' {counts}>{cases}</testsuite>");
        short(&report)
            .into_iter()
            .find(|line| line.contains("declares"))
    };
    let expected = "1:1: suite `s` declares 2 skipped tests but contains ";
    let cases = "<testcase name='a'/><testcase name='b'/><testcase name='c'/>";
    let none = warning("tests='3' skipped='2'", cases);
    assert_eq!(none, Some(format!("{expected}0")));
    let skipped = "<testcase name='a'><skipped/></testcase>";
    let one = warning("skipped='2'", &format!("{skipped}<testcase name='b'/>"));
    assert_eq!(one, Some(format!("{expected}1")));
    for (counts, others) in [
        ("skipped='1'", "<testcase name='b'/>"),
        // It was skipped, and then failed.
        ("skipped='2'", "<testcase name='b'><failure/></testcase>"),
        ("skipped='2'", "<testcase name='b' status='odd'/>"),
    ] {
        assert_eq!(
            warning(counts, &format!("{skipped}{others}")),
            None,
            "{counts}"
        );
    }
    // One warning is enough.
    let both = warning("tests='4' skipped='2'", cases);
    assert_eq!(
        both.as_deref(),
        Some("1:1: suite `s` declares 4 tests but contains 3")
    );
}

/// A report of a runner that writes a suite with the sums of those next to it.
fn with_summary(counts: &str, others: &str) -> Vec<String> {
    short(&format!(
        "<testsuites><testsuite name='All' {counts}><properties/></testsuite>{others}</testsuites>"
    ))
}

#[test]
fn a_summary_of_the_suites_next_to_it_is_not_a_result() {
    let others = "<testsuite name='A' tests='1' failures='1'><testcase name='a'><failure/></testcase></testsuite>\
        <testsuite name='B' tests='1' failures='0'><testcase name='b'/></testsuite>";
    assert_eq!(
        with_summary("tests='2' failures='1'", others),
        ["a Failed", "b Passed"]
    );
    assert_eq!(
        with_summary("tests='2' failures='0'", others),
        ["a Failed", "b Passed"]
    );
    // It may come last, and its failures may be in suites of which it is not known what failed.
    let last = "<testsuites><testsuite name='A' failures='1'><testcase name='a'/><testcase name='b'/></testsuite>\
        <testsuite name='All' tests='2' failures='1'/></testsuites>";
    assert_eq!(short(last), ["a Passed", "b Passed", "A Failed"]);
    let unnamed = "<testsuites><testsuite name='' tests='1' failures='1'/>\
        <testsuite name='A'><testcase name='a'><failure/></testcase></testsuite></testsuites>";
    assert_eq!(short(unnamed), ["a Failed"]);
}

#[test]
fn a_suite_that_crashed_is_not_a_summary_of_those_next_to_it() {
    let failed = |name: &str| {
        format!(
            "<testsuite name='{name}'><testcase name='{name}'><failure/></testcase></testsuite>"
        )
    };
    let all_failed = |others: &str| {
        let report = format!("<testsuites>{others}</testsuites>");
        let mut found = short(&report);
        found.retain(|line| line.contains(" Failed"));
        found.len()
    };
    let login = "<testsuite name='LoginTest' tests='1' errors='1'/>";
    assert_eq!(all_failed(&format!("{login}{}", failed("a"))), 2);
    let crashed = "<testsuite name='LoginTest' tests='2' errors='1'/><testsuite name='CartTest' tests='2' errors='1'/>";
    let others = format!("{crashed}{}{}", failed("a"), failed("b"));
    assert_eq!(all_failed(&others), 4);
    // Its numbers are those of the others, but their failure is not an error.
    let crashed = "<testsuite name='LoginTest' tests='2' failures='0' errors='1'/>";
    let passed = "<testsuite name='b'><testcase name='b'/></testsuite>";
    assert_eq!(all_failed(&format!("{crashed}{}{passed}", failed("a"))), 2);
    // Nor is it one if the others have more failures than it.
    assert_eq!(
        all_failed(&format!("{crashed}{}{}", failed("a"), failed("b"))),
        3
    );
    let error = failed("a").replace("failure", "error");
    assert_eq!(all_failed(&format!("{crashed}{error}{passed}")), 1);
}

#[test]
fn a_suite_whose_failures_are_not_in_the_others_has_failed() {
    let passed = "<testsuite name='A' tests='1'><testcase name='a'/></testsuite>";
    for counts in [
        "tests='1' failures='1'",
        "tests='2' failures='1'",
        "failures='1'",
        "tests='1' status='failed'",
    ] {
        let found = with_summary(counts, passed);
        assert!(
            found.iter().any(|line| line.starts_with("All Failed")),
            "{counts}: {found:?}"
        );
    }
    let failed = passed.replace("/></", "><failure/></testcase></");
    let found = with_summary("tests='1' failures='2'", &failed);
    assert!(
        found.iter().any(|line| line.starts_with("All Failed")),
        "{found:?}"
    );
    let alone = "<testsuites><testsuite name='All' tests='1' failures='1'/></testsuites>";
    assert!(
        short(alone)
            .iter()
            .any(|line| line.starts_with("All Failed"))
    );
    let warned = with_summary("tests='3'", passed);
    assert_eq!(
        warned[1..],
        ["1:13: suite `All` declares 3 tests but contains 0"]
    );
}

#[test]
fn tests_that_only_the_output_of_ounit_calls_skipped_cause_a_warning() {
    let report = |property: &str, skipped: u8| {
        let report = format!(
            "<testsuites>\n<testsuite name='cart' tests='2' failures='1' errors='0'><properties><property name='{property}' value='false'/></properties>\
             <testcase name='cart:0:skip'/><testcase name='cart:1:bad'><failure/></testcase><system-out>W: Skip test cart:0:skip: why.\n2026-11-30T23:14:20+00:00 vm#00 I: Failures: 0.\n\
             2026-11-30T23:14:20+00:00 vm#00 I: Skip: {skipped}.\n2026-11-30T23:14:20+00:00 vm#00 I: Todo: 1.\n</system-out><system-err/></testsuite></testsuites>"
        );
        short(&report)
    };
    let (passed, failed) = ("cart:0:skip Passed", "cart:1:bad Failed");
    let warning = "2:1: suite `cart` declares 1 skipped test but contains 0";
    assert_eq!(report("results_style_1_X", 1), [passed, failed, warning]);
    assert_eq!(report("results_style_1_X", 0), [passed, failed]);
    assert_eq!(report("other", 1), [passed, failed]);
}
