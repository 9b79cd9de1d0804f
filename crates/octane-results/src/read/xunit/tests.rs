//! Reports of `xUnit.net` and the records read from them.

use indoc::indoc;

use crate::format::Format;
use crate::read::report::xml::testing;

fn shown(report: &str) -> String {
    testing::shown(Format::Xunit, report)
}

#[test]
fn the_type_of_go2xunit_is_not_a_class() {
    let report = |class: &str| {
        shown(&format!(
            "<assemblies><assembly name='go'>{class}<test name='TestPays' type='test' method='TestPays' result='Pass'/></class></assembly></assemblies>"
        ))
    };
    let found = report("<class name='shop/cart'>");
    assert!(found.contains("|shop/cart|TestPays Passed"), "{found}");
    let found = report("<class>");
    assert!(found.contains("|test|TestPays Passed"), "{found}");
}

#[test]
fn each_word_means_what_the_table_says() {
    for (word, expected) in [
        ("Pass", "Passed"),
        ("Fail", "Failed"),
        ("Skip", "Skipped"),
        ("NotRun", "Skipped"),
        ("pass", "Passed"),
    ] {
        let report = format!("<assembly><test name='t' result='{word}'/></assembly>");
        assert_eq!(
            shown(&report),
            format!("1:11 |||t {expected} 0ns"),
            "{word}"
        );
    }
    let report = "<assembly><test name='t' result='Amber'/><test name='u'/>\
        <test name='v' result='Pass'><failure/></test><test name='w' result='Skip'><failure/></test></assembly>";
    insta::assert_snapshot!(shown(report), @r#"
    invalid in.xml:1:11: `Amber` is not a valid status; use passed, failed, skipped or planned
    invalid in.xml:1:42: status is empty; use passed, failed, skipped or planned
    1:58 |||v Failed 0ns
      failure None None ""
    1:104 |||w Failed 0ns
      failure None None ""
    "#);
}

#[test]
fn undefined_is_skipped_as_far_as_the_counters_say_so() {
    for (counters, of_group, expected) in [
        (
            "total='3' passed='1' failed='0' skipped='1'",
            "total='2'",
            ["Skipped", "Skipped"],
        ),
        (
            "total='2' passed='1' failed='0'",
            "",
            ["Skipped", "invalid"],
        ),
        (
            "total='3' passed='1' failed='2'",
            "",
            ["invalid", "invalid"],
        ),
        (
            "",
            "total='2' passed='1' failed='0'",
            ["Skipped", "invalid"],
        ),
        ("", "", ["invalid", "invalid"]),
    ] {
        let report = format!(
            "<assembly {counters}><collection {of_group}><test name='a' result='Pass'/>\
            <test name='b' result='undefined'/><test name='c' result='undefined'/></collection></assembly>"
        );
        let shown = shown(&report);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 3, "{shown}");
        for (line, expected) in lines[1..].iter().zip(expected) {
            assert!(line.contains(expected), "{counters} {of_group}: {shown}");
        }
    }
    let report = "<assembly name='a.dll' total='2' passed='0' failed='1'><test name='b' result='undefined'/></assembly>";
    insta::assert_snapshot!(shown(report), @r#"
    1:56 |||b Skipped 0ns
      file a.dll
    1:1 |||a.dll Failed 0ns
      failure None Some("the assembly declares 1 failure, but none of its results has failed") ""
      file a.dll
    "#);
    let report = "<assembly><test name='b' result='undefined'><failure/></test></assembly>";
    assert!(shown(report).contains("b Failed "));
}

#[test]
fn version_3_is_read_with_all_that_it_says() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <assemblies schema-version="3" computer="agent-1">
          <assembly name="C:\b\Shop.Tests.dll" start-rtf="2026-03-01T08:00:00.5+00:00" run-date="2026-03-01" run-time="09:00:00">
            <errors/>
            <collection name="Test collection for Shop.TaxTest (id: 7f)">
              <test name="Shop.TaxTest.Adds(amount: 1.5)" type="Shop.TaxTest" method="Adds" time="0.0587" time-rtf="00:00:00.0587022" start-rtf="2026-03-01T08:00:01.25+00:00" result="Pass">
                <traits>
                  <trait name="Category" value="slow"/>
                  <trait name="Owner" value="jane"/>
                  <trait name="Description" value="adds a tax"/>
                  <trait name="jira" value="SHOP-1"/>
                </traits>
                <output>much</output>
                <attachments>
                  <attachment name="shot.png" media-type="image/png">iVBORw0KGgo=</attachment>
                  <attachment name="note">a text</attachment>
                </attachments>
              </test>
              <test name="Fails" type="Shop.Outer+Inner" method="Fails" time-rtf="00:00:01.0005" result="Fail">
                <failure exception-type="Xunit.Sdk.TrueException"><message>Assert.True() Failure</message><stack-trace>  at x
          at y</stack-trace></failure>
              </test>
              <test name="Shop.TaxTest.Waits" type="Shop.TaxTest" method="Waits" result="Skip"><reason><![CDATA[not today]]></reason></test>
              <test name="Explicit" result="NotRun"/>
            </collection>
          </assembly>
        </assemblies>
    "#}), @r#"
    5:7 |Shop|TaxTest|Adds(amount: 1.5) Passed 59ms at 2026-03-01T08:00:01.25Z (adds a tax) covers SHOP-1
      host agent-1
      suite Test collection for Shop.TaxTest
      file C:/b/Shop.Tests.dll
      owner jane
      tag slow
      property jira=SHOP-1
      attachment Some("shot.png")  Some("image/png")
      attachment Some("note")  None
    18:7 |Shop|Outer+Inner|Fails Failed 1.001s at 2026-03-01T08:00:00.5Z
      failure Some("Xunit.Sdk.TrueException") Some("Assert.True() Failure") "  at x\n  at y"
      host agent-1
      suite Test collection for Shop.TaxTest
      file C:/b/Shop.Tests.dll
    22:7 |Shop|TaxTest|Waits Skipped 0ns at 2026-03-01T08:00:00.5Z (not today)
      host agent-1
      suite Test collection for Shop.TaxTest
      file C:/b/Shop.Tests.dll
    23:7 |Shop|TaxTest|Explicit Skipped 0ns at 2026-03-01T08:00:00.5Z
      host agent-1
      suite Test collection for Shop.TaxTest
      file C:/b/Shop.Tests.dll
    "#);
}

#[test]
fn version_1_is_read_with_all_that_it_says() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <assembly name="/b/Shop.dll" run-date="2026-03-01" run-time="08:00:00" time="0.1">
          <class name="Shop.TaxTest" time="0.1">
            <test name="Shop.TaxTest.Adds" type="Shop.TaxTest" method="Adds" result="Pass" time="0,416"/>
            <test name="Shop.TaxTest.Fails" method="Fails" result="Fail">
              <failure exception-type="System.FormatException"><message>System.FormatException : no</message><stack-trace>at x</stack-trace></failure>
            </test>
            <test name="Shop.TaxTest.Waits" type="Shop.TaxTest" result="Skip"><reason><message>later</message></reason></test>
          </class>
        </assembly>
    "#}), @r#"
    warning in.xml:1:1: start time `2026-03-01 08:00:00` has no time zone; counted as UTC
    3:5 |Shop|TaxTest|Adds Passed 416ms at 2026-03-01T08:00:00Z
      suite Shop.TaxTest
      file /b/Shop.dll
    4:5 |Shop|TaxTest|Fails Failed 0ns at 2026-03-01T08:00:00Z
      failure Some("System.FormatException") Some("System.FormatException : no") "at x"
      suite Shop.TaxTest
      file /b/Shop.dll
    7:5 |Shop|TaxTest|Waits Skipped 0ns at 2026-03-01T08:00:00Z (later)
      suite Shop.TaxTest
      file /b/Shop.dll
    "#);
}

#[test]
fn errors_of_an_assembly_are_results() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <assemblies>
          <assembly name="/b/Shop.dll" errors="3">
            <errors>
              <error type="assembly-cleanup" name="C:\b\Shop.dll"><failure exception-type="System.Exception"><message>open</message></failure></error>
              <error type="test-class-cleanup" name="Shop.TaxTest"><failure><message>System.IO.IOException : locked</message></failure></error>
              <error type="fatal"><failure/></error>
            </errors>
            <collection><test name="a" type="Shop.TaxTest" result="Pass"/></collection>
          </assembly>
        </assemblies>
    "#}), @r#"
    4:7 |||assembly-cleanup of Shop.dll Failed 0ns
      failure Some("System.Exception") Some("open") ""
      file /b/Shop.dll
    5:7 |||test-class-cleanup of Shop.TaxTest Failed 0ns
      failure Some("System.IO.IOException") Some("System.IO.IOException : locked") ""
      file /b/Shop.dll
    6:7 |||fatal Failed 0ns
      failure None None ""
      file /b/Shop.dll
    8:17 |Shop|TaxTest|a Passed 0ns
      file /b/Shop.dll
    "#);
}

#[test]
fn a_failure_of_a_class_is_a_result() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <assembly name="/b/Shop.dll" total="1" failed="1">
          <class name="Shop.TaxTest" failed="1">
            <failure exception-type="System.IO.IOException"><message>no disk</message><stack-trace>at x</stack-trace></failure>
            <test name="Shop.TaxTest.Adds" type="Shop.TaxTest" result="Pass"/>
          </class>
        </assembly>
    "#}), @r#"
    3:5 |Shop|TaxTest|Shop.TaxTest Failed 0ns
      failure Some("System.IO.IOException") Some("no disk") "at x"
      suite Shop.TaxTest
      file /b/Shop.dll
    4:5 |Shop|TaxTest|Adds Passed 0ns
      suite Shop.TaxTest
      file /b/Shop.dll
    "#);
}

#[test]
fn broken_and_empty_reports_are_no_pass() {
    insta::assert_snapshot!(
        shown("<assembly><class name='C'><test name='a' result='Pass'/><test name='b' result='Pass'>"),
        @r"
    1:27 ||C|a Passed 0ns
      suite C
    error in.xml:1:86: unexpected end of file inside `test` (opened at line 1); the file is truncated (in assembly/class/test)
    "
    );
    assert_eq!(
        shown("<assemblies><assembly name='a.dll'><errors/></assembly></assemblies>"),
        "warning in.xml:1:1: contains no test results"
    );
}

#[test]
fn failures_that_an_assembly_declares_and_does_not_have_are_a_failed_result() {
    let report = |test: &str| {
        format!(
            "<assembly name='/b/Shop.dll' failed='1' errors='1'><collection>{test}</collection></assembly>"
        )
    };
    let passed = shown(&report("<test name='a' result='Pass'/>"));
    assert!(
        passed.contains("|Shop.dll Failed 0ns")
            && passed
                .contains("the assembly declares 2 failures, but none of its results has failed"),
        "{passed}"
    );
    for test in [
        "<test name='a' result='Fail'/>",
        "<test name='a' result='Amber'/>",
    ] {
        assert!(!shown(&report(test)).contains("declares"), "{test}");
    }
}

#[test]
fn failures_that_a_collection_declares_and_does_not_have_are_a_failed_result() {
    for (kind, of_assembly) in [("collection", "0"), ("class", "0"), ("class", "1")] {
        let report = |result: &str| {
            shown(&format!(
                "<assemblies><assembly name='Shop.dll' failed='{of_assembly}'><{kind} name='Shop.Tax' failed='1'>\
                 <test name='a' result='{result}'/></{kind}></assembly></assemblies>"
            ))
        };
        let found = report("Pass");
        let message = format!("the {kind} declares 1 failure, but none of its results has failed");
        assert!(found.contains(&format!("Some(\"{message}\")")), "{found}");
        assert_eq!(found.matches("declares").count(), 1, "{found}");
        assert!(!report("Fail").contains("declares"));
    }
}

#[test]
fn a_test_without_a_valid_start_time_has_that_of_its_assembly() {
    let found = shown(
        "<assemblies><assembly name='a.dll' start-rtf='2026-03-01T08:00:00Z'><collection><test name='a' result='Pass' \
         start-rtf='0001-01-01T00:00:00.0000000+00:00'/></collection></assembly></assemblies>",
    );
    assert!(
        found.contains("a Passed 0ns at 2026-03-01T08:00:00Z"),
        "{found}"
    );
    assert!(!found.contains("warning"), "{found}");
}
