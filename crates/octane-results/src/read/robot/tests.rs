//! Reports of Robot Framework and the records read from them.

use indoc::indoc;

use super::times::iso;
use crate::format::Format;
use crate::read::report::xml::testing;

fn shown(report: &str) -> String {
    testing::shown(Format::Robot, report)
}

#[test]
fn each_word_means_what_the_table_says() {
    for (word, expected) in [
        ("PASS", "Passed"),
        ("FAIL", "Failed"),
        ("SKIP", "Skipped"),
        ("NOT RUN", "Skipped"),
        ("NOT_RUN", "Skipped"),
        ("pass", "Passed"),
    ] {
        let report = format!(
            "<robot><suite><test name='t'><status status='{word}' critical='no'/></test></suite></robot>"
        );
        assert_eq!(
            shown(&report),
            format!("1:15 |||t {expected} 0ns"),
            "{word}"
        );
    }
    let report = "<robot><suite><test name='t'><status status='AMBER'/></test><test name='u'/></suite></robot>";
    insta::assert_snapshot!(shown(report), @r"
    invalid in.xml:1:15: `AMBER` is not a valid status; use passed, failed, skipped or planned
    invalid in.xml:1:61: status is empty; use passed, failed, skipped or planned
    ");
}

#[test]
fn version_7_is_read_with_all_that_it_says() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <robot generator="Robot 7.0 (Python 3.12.0 on linux)" generated="2026-03-01T08:00:00.000000" rpa="false" schemaversion="5">
        <suite id="s1" name="Shop" source="C:\w\shop">
        <kw name="Open" type="SETUP"><msg time="2026-03-01T08:00:00" level="INFO">[[ATTACHMENT|of-the-suite.log]]</msg><status status="PASS" start="2026-03-01T08:00:00" elapsed="0.1"/></kw>
        <suite id="s1-s1" name="Tax rules" source="C:\w\shop\tax.robot">
        <test id="s1-s1-t1" name="Adds a tax" line="3">
        <kw name="Log" owner="BuiltIn"><msg time="x" level="INFO" html="true">&lt;a href="shot.png"&gt;&lt;img src="shot.png"&gt;&lt;/a&gt;</msg><arg>&lt;img src="arg.png"&gt;</arg><doc>of the keyword</doc><status status="FAIL" start="2026-03-01T08:00:00" elapsed="9"/></kw>
        <for flavor="IN"><iter><kw name="Deep"><msg level="INFO">see [[ATTACHMENT|deep.log]]</msg><status status="PASS"/></kw><status status="PASS"/></iter><status status="PASS"/></for>
        <doc>adds
        a tax</doc>
        <tag>slow</tag>
        <tag>jira:SHOP-1</tag>
        <status status="PASS" start="2026-03-01T08:00:01.250000" elapsed="0.017123"/>
        </test>
        <test id="s1-s1-t2" name="Fails" line="9">
        <kw name="Fail"><msg level="FAIL">KeyError: 'x'</msg><msg level="DEBUG">Traceback (most recent call last):
          at y</msg><status status="FAIL"/></kw>
        <doc>fails</doc>
        <status status="FAIL" start="2026-03-01T08:00:02" elapsed="1">KeyError: 'x'</status>
        </test>
        <test id="s1-s1-t3" name="Waits"><doc>waits</doc><status status="SKIP" start="2026-03-01T08:00:03" elapsed="0">not today</status></test>
        <doc>of the suite</doc>
        <status status="FAIL" start="2026-03-01T08:00:00" elapsed="3"/>
        </suite>
        <status status="FAIL" start="2026-03-01T08:00:00" elapsed="3"/>
        </suite>
        <statistics><suite><stat pass="1" fail="1" skip="1">Shop</stat></suite></statistics>
        <errors><msg level="ERROR">x</msg></errors>
        </robot>
    "#}), @r#"
    warning in.xml:5:1: start time `2026-03-01T08:00:01.250000` has no time zone; counted as UTC
    5:1 ||Shop.Tax rules|Adds a tax Passed 17ms at 2026-03-01T08:00:01.25Z (adds
    a tax) covers SHOP-1
      suite Shop > Tax rules
      file C:/w/shop/tax.robot
      tag slow
      tag jira:SHOP-1
      attachment None shot.png None
      attachment None deep.log None
    14:1 ||Shop.Tax rules|Fails Failed 1s at 2026-03-01T08:00:02Z (fails)
      failure Some("KeyError") Some("KeyError: 'x'") "Traceback (most recent call last):\n  at y"
      suite Shop > Tax rules
      file C:/w/shop/tax.robot
    20:1 ||Shop.Tax rules|Waits Skipped 0ns at 2026-03-01T08:00:03Z (not today)
      suite Shop > Tax rules
      file C:/w/shop/tax.robot
    "#);
}

#[test]
fn older_versions_are_read_with_their_times_and_tags() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <robot generated="20260301 08:00:00.000" generator="Robot 3.2 (Python 3.8)">
        <suite name="Shop" source="/w/shop.robot"><doc>d</doc><metadata><item name="a">b</item></metadata>
        <test name="Adds" timeout="1 minute"><doc></doc><kw type="kw" name="Log"><doc>k</doc><arguments><arg>x</arg></arguments><tags><tag>of keyword</tag></tags><status status="PASS" endtime="20260301 08:00:09.000" starttime="20260301 08:00:01.000"/></kw>
        <tags><tag>slow</tag><tag>fast</tag></tags>
        <status status="PASS" endtime="20260301 08:00:02.073" critical="yes" starttime="20260301 08:00:01.057"></status></test>
        <test name="Never"><status status="FAIL" endtime="N/A" starttime="N/A">  no  </status></test>
        <task name="Elapsed"><status status="PASS" elapsedtime="15" starttime="20260301 08:00:01.057"/></task>
        <status status="FAIL"/></suite></robot>
    "#}), @r#"
    warning in.xml:3:1: start time `2026-03-01T08:00:01.057` has no time zone; counted as UTC
    3:1 ||Shop|Adds Passed 1.016s at 2026-03-01T08:00:01.057Z
      suite Shop
      file /w/shop.robot
      tag slow
      tag fast
    6:1 ||Shop|Never Failed 0ns
      failure None Some("no") ""
      suite Shop
      file /w/shop.robot
    7:1 ||Shop|Elapsed Passed 15ms at 2026-03-01T08:00:01.057Z
      suite Shop
      file /w/shop.robot
    "#);
    assert_eq!(iso("20260301 08:00:01.057"), "2026-03-01T08:00:01.057");
    assert_eq!(iso("2026-03-01 08:00:01"), "2026-03-01 08:00:01");
}

#[test]
fn a_failed_suite_teardown_fails_all_tests_in_it() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <robot><suite name="All">
        <suite name="Before"><test name="a"><status status="PASS"/></test><status status="PASS"/></suite>
        <suite name="Torn">
        <test name="b"><doc>b</doc><status status="PASS">set message</status></test>
        <test name="c"><status status="FAIL">own</status></test>
        <test name="d"><status status="SKIP">not today</status></test>
        <suite name="Below"><test name="e"><status status="PASS"/></test><status status="PASS"/></suite>
        <kw type="TEARDOWN" name="Close"><kw name="Inner"><status status="PASS"/></kw><status status="FAIL">still open</status></kw>
        <status status="FAIL">Suite teardown failed:
        still open</status></suite>
        <suite name="Old"><test name="f"><status status="PASS"/></test><kw type="teardown" name="Fail"><status status="FAIL"/></kw><status status="FAIL">Suite teardown failed:
        of the suite</status></suite>
        <suite name="Skipped"><test name="g"><status status="PASS"/></test><test name="h"><status status="FAIL">own</status></test><kw type="TEARDOWN" name="Skip"><status status="SKIP">no need</status></kw><status status="SKIP"/></suite>
        <suite name="Fine"><test name="i"><status status="PASS"/></test><kw type="SETUP" name="x"><status status="FAIL"/></kw><kw type="TEARDOWN" name="x"><status status="PASS"/></kw><status status="PASS"/></suite>
        <status status="FAIL"/></suite></robot>
    "#}), @r#"
    2:22 |All|Before|a Passed 0ns
      suite All > Before
    4:1 |All|Torn|b Failed 0ns (b)
      failure None Some("Parent suite teardown failed:\nstill open") ""
      suite All > Torn
    5:1 |All|Torn|c Failed 0ns
      failure None Some("own\n\nAlso parent suite teardown failed:\nstill open") ""
      suite All > Torn
    6:1 |All|Torn|d Skipped 0ns (not today

    Also parent suite teardown failed:
    still open)
      suite All > Torn
    7:21 |All.Torn|Below|e Failed 0ns
      failure None Some("Parent suite teardown failed:\nstill open") ""
      suite All > Torn > Below
    11:19 |All|Old|f Failed 0ns
      failure None Some("Parent suite teardown failed:\nof the suite") ""
      suite All > Old
    13:23 |All|Skipped|g Skipped 0ns (Skipped in parent suite teardown:
    no need)
      suite All > Skipped
    13:68 |All|Skipped|h Skipped 0ns (Skipped in parent suite teardown:
    no need

    Earlier message:
    own)
      suite All > Skipped
    14:20 |All|Fine|i Passed 0ns
      suite All > Fine
    "#);
}

#[test]
fn merged_results_tell_of_earlier_failures() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <robot generator="Rebot 7.0 (Python 3.12)"><suite name="S">
        <test name="a"><status status="PASS">*HTML* &lt;span class="merge"&gt;Test has been re-executed and results merged.&lt;/span&gt;&lt;hr&gt;&lt;span class="new-status"&gt;New status:&lt;/span&gt; &lt;span class="pass"&gt;PASS&lt;/span&gt;&lt;br&gt;&lt;hr&gt;&lt;span class="old-status"&gt;Old status:&lt;/span&gt; &lt;span class="fail"&gt;FAIL&lt;/span&gt;&lt;br&gt;&lt;span class="old-message"&gt;Old message:&lt;/span&gt; no&lt;br&gt;</status></test>
        </suite></robot>
    "#}), @r#"
    2:1 ||S|a Passed 0ns
      earlier None Some("no") ""
      suite S
    "#);
}

#[test]
fn what_rebot_has_written_is_complete() {
    assert_eq!(
        shown(
            "<robot generator='Rebot 3.2 (Python 3)'><suite name='S'><test name='a'><status status='FAIL'>\
             Parent suite teardown failed:\nopen</status></test><kw type='teardown'><status status='FAIL'>open\
             </status></kw><status status='FAIL'/></suite></robot>"
        ),
        "1:57 ||S|a Failed 0ns\n  failure None Some(\"Parent suite teardown failed:\\nopen\") \"\"\n  suite S"
    );
}

#[test]
fn broken_and_empty_reports_are_no_pass() {
    insta::assert_snapshot!(
        shown("<robot><suite name='S'><test name='a'><status status='PASS'/></test><test name='b'><status status='PASS'/>"),
        @r"
    1:24 ||S|a Passed 0ns
      suite S
    error in.xml:1:107: unexpected end of file inside `test` (opened at line 1); the file is truncated (in robot/suite/test)
    "
    );
    assert_eq!(
        shown("<robot><suite name='S'><status status='PASS'/></suite></robot>"),
        "warning in.xml:1:1: contains no test results"
    );
}

#[test]
fn a_teardown_that_did_not_run_changes_nothing() {
    for word in ["NOT RUN", "NOT_RUN"] {
        let report = format!(
            "<robot><suite name='Dry'><test name='a'><status status='PASS'/></test>\
             <test name='b'><status status='FAIL'>No keyword</status></test>\
             <kw type='TEARDOWN'><status status='{word}'/></kw><status status='FAIL'/></suite></robot>"
        );
        let found = shown(&report);
        assert!(
            found.contains("|a Passed") && found.contains("|b Failed"),
            "{found}"
        );
    }
}

#[test]
fn failures_that_only_the_statistics_count_are_not_lost() {
    let report = |status: &str, statistics: &str| {
        shown(&format!(
            "<robot><suite name='Shop'><test name='a'><status status='{status}'/></test></suite>\
             <statistics><total>{statistics}</total><suite><stat fail='7'>Shop</stat></suite></statistics></robot>"
        ))
    };
    let failed = "<stat pass='0' fail='1' skip='0'>All Tests</stat>";
    let older =
        "<stat pass='0' fail='1'>Critical Tests</stat><stat pass='0' fail='1'>All Tests</stat>";
    let fine = "<stat pass='1' fail='0' skip='0'>All Tests</stat>";
    let lost = "the statistics count 1 failed, but none of the tests has failed";
    for (status, statistics, expected) in [
        ("PASS", failed, 1),
        ("PASS", older, 1),
        ("PASS", fine, 0),
        ("FAIL", failed, 0),
    ] {
        let found = report(status, statistics);
        assert_eq!(found.matches("[run]").count(), expected, "{found}");
        assert_eq!(found.matches(lost).count(), expected, "{found}");
    }
}

#[test]
fn two_tests_of_one_name_are_different_tests() {
    let test = |status: &str| format!("<test name='a'><status status='{status}'/></test>");
    let (failed, passed) = (test("FAIL"), test("PASS"));
    let found = shown(&format!(
        "<robot><suite name='Shop'><suite name='Cart'>{failed}{passed}</suite><suite name='Tax'>{passed}</suite></suite></robot>"
    ));
    for expected in [
        "|Shop|Cart|a Failed",
        "|Shop|Cart|a (2) Passed",
        "|Shop|Tax|a Passed",
    ] {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn what_failed_around_a_suite_without_failed_tests_is_a_result() {
    let report = |keywords: &str, tests: &str| {
        let report = format!(
            "<robot><suite name='Root'><suite name='Shop' source='/w/shop'>{keywords}{tests}</suite><status status='FAIL'/></suite>\
            <statistics><total><stat fail='1'>Critical Tests</stat></total></statistics></robot>"
        );
        let shown = shown(&report);
        shown.replace("\n  suite Root > Shop\n  file /w/shop", "")
    };
    let keyword = |kind: &str, status: &str| {
        format!("<kw name='k' type='{kind}'><status status='{status}'>boom</status></kw>")
    };
    let test = |status: &str| format!("<test name='t'><status status='{status}'/></test>");
    for kind in ["SETUP", "TEARDOWN"] {
        let name = kind.to_lowercase();
        let failed = format!(
            "1:27 ||Root|Shop Failed 0ns\n  failure None Some(\"Suite {name} failed:\\nboom\") \"\""
        );
        for word in ["FAIL", "ERROR"] {
            assert_eq!(report(&keyword(kind, word), ""), failed, "{kind} {word}");
        }
        let invalid = report(&keyword(kind, "AMBER"), &test("PASS"));
        let expected = "invalid in.xml:1:27: `AMBER` is not a valid status";
        assert!(invalid.contains(expected), "{invalid}");
        assert!(!invalid.contains("[run]"), "{invalid}");
        let passed = report(&keyword(kind, "PASS"), &test("PASS"));
        assert!(passed.contains("[run] Failed"), "{passed}");
        let shown = report(&keyword(kind, "FAIL"), &test("FAIL"));
        assert!(!shown.contains("|Shop "), "{shown}");
    }
    // All tests were skipped.
    let skipped = report(&keyword("TEARDOWN", "FAIL"), &test("SKIP"));
    assert!(skipped.contains("Root|Shop Failed"), "{skipped}");
    let skipped = report(&keyword("SETUP", "FAIL"), &test("SKIP"));
    assert!(!skipped.contains("Root|Shop "), "{skipped}");
}

#[test]
fn tests_that_are_in_other_files_cause_a_warning() {
    let report = |all: &str| {
        shown(&format!(
            "<robot><suite name='S'><suite name='P' src='output-001.xml'/><test name='a'><status status='PASS'/></test></suite>\
             <statistics><total><stat pass='0' fail='0'>Critical Tests</stat>{all}</total></statistics></robot>"
        ))
    };
    let found = report("<stat pass='2' skip='1' fail='0'>All Tests</stat>");
    assert!(
        found.contains("suite `S` declares 3 tests but contains 1"),
        "{found}"
    );
    let found = report("<stat pass='0' skip='1' fail='0'>All Tests</stat>");
    assert!(!found.contains("warning"), "{found}");
}
