//! Reports in `TRX` and the records read from them.

use indoc::indoc;

use crate::format::Format;
use crate::read::report::xml::testing;

fn shown(report: &str) -> String {
    testing::shown(Format::Trx, report)
}

#[test]
fn each_word_means_what_the_table_says() {
    for (word, expected) in [
        ("Passed", "Passed"),
        ("PassedButRunAborted", "Passed"),
        ("Failed", "Failed"),
        ("Error", "Failed"),
        ("Timeout", "Failed"),
        ("Aborted", "Failed"),
        ("Disconnected", "Failed"),
        ("InProgress", "Failed"),
        ("NotExecuted", "Skipped"),
        ("NotRunnable", "Skipped"),
        ("Inconclusive", "Skipped"),
        ("Pending", "Skipped"),
        ("Warning", "Skipped"),
        ("Completed", "Skipped"),
    ] {
        let report = format!(
            "<TestRun><Results><UnitTestResult testName='t' outcome='{word}'/></Results></TestRun>"
        );
        assert_eq!(
            shown(&report),
            format!("1:19 |||t {expected} 0ns"),
            "{word}"
        );
    }
    let report = "<TestRun><Results><UnitTestResult testName='t'/><UnitTestResult testName='u' \
        outcome='Amber'/></Results></TestRun>";
    insta::assert_snapshot!(shown(report), @r"
    1:19 |||t Failed 0ns
    invalid in.xml:1:49: `Amber` is not a valid status; use passed, failed, skipped or planned
    ");
}

#[test]
fn results_get_what_is_in_definitions_after_or_before_them() {
    let results = indoc! {r#"
        <Results>
          <UnitTestResult testId="a" testName="Shop.TaxTest.Adds(1.5)" computerName="agent-1" duration="00:00:00.0169385" startTime="2026-03-01T08:00:01.0000000+01:00" outcome="Passed">
            <Output><StdOut>much</StdOut></Output>
            <ResultFiles><ResultFile path="agent-1\shot.png"/></ResultFiles>
          </UnitTestResult>
          <UnitTestResult testId="b" testName="Fails" computerName="agent-1" duration="1.00:00:01" startTime="0001-01-01T00:00:00.0000000+00:00" outcome="Failed">
            <Output><ErrorInfo>
              <Message>Test method Shop.TaxTest.Fails threw exception: System.Exception: no</Message>
              <StackTrace>   at x
           at y</StackTrace>
            </ErrorInfo></Output>
          </UnitTestResult>
          <UnitTestResult testId="c" testName="Waits" startTime="2026-03-01T08:00:01Z" endTime="2026-03-01T08:00:01.25Z" outcome="NotExecuted">
            <Output><ErrorInfo><Message>not today</Message></ErrorInfo></Output>
          </UnitTestResult>
          <GenericTestResult testId="d" testName="runs" outcome="Passed"/>
        </Results>
    "#};
    let definitions = indoc! {r#"
        <TestDefinitions>
          <UnitTest name="Adds" storage="c:\b\shop.dll" id="a">
            <Description>adds a tax</Description>
            <TestCategory><TestCategoryItem TestCategory="slow"/></TestCategory>
            <Owners><Owner name="jane"/><Owner name="joe"/></Owners>
            <Properties><Property><Key>jira</Key><Value>SHOP-1</Value></Property></Properties>
            <TestMethod codeBase="C:\b\Shop.dll" className="Shop.TaxTest, Shop, Version=1.0.0.0" name="Adds"/>
          </UnitTest>
          <UnitTest name="Fails" id="b"><TestMethod codeBase="C:\b\Shop.dll" className="Shop.TaxTest" name="Fails"/></UnitTest>
          <UnitTest name="Waits" id="c"><Description>waits</Description><TestMethod className="Shop.Outer+Inner" name="Waits"/></UnitTest>
          <GenericTest name="runs" storage="c:\b\runs.generictest" id="d"/>
        </TestDefinitions>
    "#};
    let run = |inner: String| {
        format!("<TestRun><Times start=\"2026-03-01T08:00:00Z\"/>\n{inner}</TestRun>")
    };
    let after = shown(&run(format!("{results}{definitions}")));
    insta::assert_snapshot!(after, @r#"
    3:3 |Shop|TaxTest|Adds(1.5) Passed 17ms at 2026-03-01T07:00:01Z (adds a tax) covers SHOP-1
      host agent-1
      file C:/b/Shop.dll
      owner jane
      tag slow
      property Owner=joe
      property jira=SHOP-1
      attachment None agent-1\shot.png None
      attachment Some("StdOut")  Some("text/plain")
    7:3 |Shop|TaxTest|Fails Failed 86401s at 2026-03-01T08:00:00Z
      failure Some("System.Exception") Some("Test method Shop.TaxTest.Fails threw exception: System.Exception: no") "   at x\n   at y"
      host agent-1
      file C:/b/Shop.dll
    14:3 |Shop|Outer+Inner|Waits Skipped 250ms at 2026-03-01T08:00:01Z (not today)
    17:3 |||runs Passed 0ns at 2026-03-01T08:00:00Z
      file c:/b/runs.generictest
    "#);
    let before = shown(&run(format!("{}{results}", definitions.replace('\n', " "))));
    assert_eq!(before, after);
}

#[test]
fn rows_and_ordered_tests_are_results_instead_of_what_is_around_them() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <TestRun>
          <Results>
            <UnitTestResult testId="a" testName="Adds" outcome="Failed" resultType="DataDrivenTest">
              <InnerResults>
                <UnitTestResult testId="a" testName="Adds (0)" outcome="Passed" dataRowInfo="1"/>
                <UnitTestResult testId="a" testName="Adds" outcome="Failed" dataRowInfo="2"/>
              </InnerResults>
            </UnitTestResult>
            <UnitTestResult testId="a" testName="Crashes" outcome="Failed">
              <Output><ErrorInfo><Message>no data source</Message></ErrorInfo></Output>
              <InnerResults><UnitTestResult testName="Crashes (0)" outcome="Passed"/></InnerResults>
            </UnitTestResult>
            <UnitTestResult testId="a" testName="Empty" outcome="Passed"><InnerResults/></UnitTestResult>
            <TestResultAggregation testId="o" testName="Ordered" outcome="Passed">
              <InnerResults><UnitTestResult testId="a" testName="Adds" outcome="Passed"/></InnerResults>
            </TestResultAggregation>
          </Results>
          <TestDefinitions>
            <UnitTest id="a"><TestMethod className="Shop.TaxTest" name="Adds"/></UnitTest>
          </TestDefinitions>
        </TestRun>
    "#}), @r#"
    5:9 |Shop|TaxTest|Adds (0) Passed 0ns
    6:9 |Shop|TaxTest|Adds (Data Row 2) Failed 0ns
    11:21 |Shop|TaxTest|Crashes (0) Passed 0ns
    9:5 |Shop|TaxTest|Crashes Failed 0ns
      failure None Some("no data source") ""
    13:5 |Shop|TaxTest|Empty Passed 0ns
    15:21 |Shop|TaxTest|Adds Passed 0ns
      suite Ordered
    "#);
}

#[test]
fn a_run_that_failed_without_a_failed_test_is_a_result() {
    let report = |outcome: &str, result: &str| {
        format!(
            "<TestRun><Results><UnitTestResult testName='t' outcome='{result}'/></Results>\
             <ResultSummary outcome='{outcome}'><Counters total='1'/><RunInfos>\
             <RunInfo outcome='Warning'><Text>slow</Text></RunInfo>\
             <RunInfo outcome='Error'><Text>The test host crashed</Text></RunInfo>\
             <RunInfo outcome='Error'><Text>Exit code 1</Text></RunInfo>\
             </RunInfos></ResultSummary></TestRun>"
        )
    };
    let passed = "1:19 |||t Passed 0ns";
    for outcome in ["Failed", "Error", "Aborted", "Completed", "Passed"] {
        assert_eq!(
            shown(&report(outcome, "Passed")),
            format!(
                "{passed}\n1:76 |||test run Failed 0ns\n  failure None Some(\"The test host crashed\") \"Exit code 1\""
            ),
            "{outcome}"
        );
    }
    let warned = report("Completed", "Passed").replace("outcome='Error'", "outcome='Warning'");
    assert_eq!(shown(&warned), passed);
    assert_eq!(shown(&report("Failed", "Failed")), "1:19 |||t Failed 0ns");
}

#[test]
fn a_failed_test_that_is_only_counted_is_a_result() {
    let report = |outcome: &str, result: &str, counters: &str| {
        shown(&format!(
            "<TestRun><Results><UnitTestResult testName='t' outcome='{result}'/></Results>\
             <ResultSummary outcome='{outcome}'><Counters total='2' {counters}/></ResultSummary></TestRun>"
        ))
    };
    let passed = "1:19 |||t Passed 0ns";
    let counted = "the report declares 2 failures, but none of its results has failed";
    for outcome in ["Failed", "Completed"] {
        for counters in ["failed='2'", "failed='1' timeout='1' error='0'"] {
            assert_eq!(
                report(outcome, "Passed", counters),
                format!(
                    "{passed}\n1:76 |||test run Failed 0ns\n  failure None Some(\"{counted}\") \"\""
                ),
                "{outcome} {counters}"
            );
        }
    }
    assert_eq!(report("Failed", "Passed", "failed='0'"), passed);
    let invalid = report("Completed", "Amber", "failed='2'");
    assert!(invalid.starts_with("invalid") && !invalid.contains("declares"));
    assert_eq!(
        report("Failed", "Failed", "failed='2'"),
        "1:19 |||t Failed 0ns"
    );
}

#[test]
fn broken_and_empty_reports_are_no_pass() {
    insta::assert_snapshot!(
        shown("<TestRun><Results><UnitTestResult testName='a' outcome='Passed'/>\n<UnitTestResult testName='b' outcome='Passed'>"),
        @r"
    1:19 |||a Passed 0ns
    error in.xml:2:47: unexpected end of file inside `UnitTestResult` (opened at line 2); the file is truncated (in TestRun/Results/UnitTestResult)
    "
    );
    insta::assert_snapshot!(
        shown("<TestRun><Results><UnitTestResult testId='a' testName='a' outcome='Passed'/></Results>\
            <TestDefinitions><UnitTest id='a'><TestMethod className='A.B'/></UnitTest><UnitTest"),
        @r"
    1:19 |A|B|a Passed 0ns
    error in.xml:1:161: malformed XML: tag not closed: `>` not found before end of input (in TestRun/TestDefinitions)
    "
    );
    assert_eq!(
        shown("<TestRun><ResultSummary outcome='Completed'/></TestRun>"),
        "warning in.xml:1:1: contains no test results"
    );
}
