//! Reports of `NUnit` and the records read from them.

use indoc::indoc;

use crate::format::Format;
use crate::identity::SuitePath;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::read::report::xml::testing;
use crate::source::Source;

fn shown(report: &str) -> String {
    testing::shown(Format::Nunit, report)
}

#[test]
fn a_test_of_pytest_that_has_skipped_itself_is_skipped() {
    let report = |result: &str, message: &str| {
        shown(&format!(
            "<test-run><test-case name='t' result='{result}'><failure><message><![CDATA[{message}]]></message>\
             <stack-trace><![CDATA[{message}]]></stack-trace></failure></test-case></test-run>"
        ))
    };
    for (result, message, expected) in [
        (
            "Passed",
            "('/w/a.py', 7, 'Skipped: slow')",
            "|t Skipped 0ns (slow)",
        ),
        (
            "Passed",
            "('/w/a.py', 7, \"Skipped: isn't\")",
            "|t Skipped 0ns (isn't)",
        ),
        ("Failed", "('/w/a.py', 7, 'Skipped: slow')", "|t Failed "),
        ("Passed", "('/w/a.py', x, 'Skipped: slow')", "|t Failed "),
        ("Passed", "('/w/a.py', 7, 'slow')", "|t Failed "),
    ] {
        let found = report(result, message);
        assert!(found.contains(expected), "{message}: {found}");
    }
}

#[test]
fn each_word_means_what_the_table_says() {
    for (word, expected) in [
        ("Passed", "Passed"),
        ("Success", "Passed"),
        ("passed", "Passed"),
        ("Failed", "Failed"),
        ("Failed(Error)", "Failed"),
        ("Failure", "Failed"),
        ("Error", "Failed"),
        ("Cancelled", "Failed"),
        ("Skipped", "Skipped"),
        ("Skipped(Ignored)", "Skipped"),
        ("Ignored", "Skipped"),
        ("Explicit", "Skipped"),
        ("Inconclusive", "Skipped"),
        ("NotRunnable", "Skipped"),
        ("NotRun", "Skipped"),
        ("Warning", "Skipped"),
    ] {
        let report = format!("<test-run><test-case name='t' result='{word}'/></test-run>");
        assert_eq!(
            shown(&report),
            format!("1:11 |||t {expected} 0ns"),
            "{word}"
        );
    }
    for word in ["Amber", "Unknown", "true"] {
        let report = format!("<test-run><test-case name='t' result='{word}'/></test-run>");
        let expected = format!("invalid in.xml:1:11: `{word}` is not a valid status");
        assert!(shown(&report).starts_with(&expected), "{word}");
    }
    assert!(shown("<test-run><test-case name='t'/></test-run>").contains("status is empty"));
}

#[test]
fn what_contradicts_a_pass_wins() {
    for (case, expected) in [
        ("executed='True' success='True'", "Passed"),
        ("executed='True'", "Passed"),
        ("executed='True' success='False'", "Failed"),
        ("executed='False'", "Skipped"),
        (
            "executed='False' result='Success' success='True'",
            "Skipped",
        ),
        ("executed='false' result='Failure'", "Failed"),
        ("executed='True' result='Success' success='False'", "Failed"),
        (
            "executed='True' result='Inconclusive' success='False'",
            "Skipped",
        ),
    ] {
        let report = format!("<test-results><test-case name='t' {case}/></test-results>");
        assert!(shown(&report).contains(&format!("t {expected} ")), "{case}");
    }
    for case in [
        "result='Passed'",
        "result='Skipped'",
        "executed='False'",
        "",
    ] {
        let report =
            format!("<test-run><test-case name='t' {case}><failure/></test-case></test-run>");
        assert!(shown(&report).contains("t Failed "), "{case}");
    }
}

#[test]
fn a_failure_that_tells_of_none_leaves_the_word_as_it_is() {
    let of = |word: &str, message: &str, trace: &str| {
        let report = format!(
            "<test-run><test-suite type='TestFixture' name='s'><test-case name='t' result='{word}'><failure>\
            <message>{message}</message><stack-trace>{trace}</stack-trace></failure></test-case></test-suite></test-run>"
        );
        let shown = shown(&report);
        let result = shown.lines().next().unwrap_or_default();
        let status = result.split("|t ").nth(1).unwrap_or_default();
        status.split(" 0ns").next().unwrap_or_default().to_owned()
    };
    for (word, message, trace, expected) in [
        ("Passed", "<![CDATA[]]>", "<![CDATA[None]]>", "Passed"),
        ("Passed", " ", "", "Passed"),
        ("Passed", "", "at t.py:3", "Failed"),
        ("Failed", "", "None", "Failed"),
        ("Skipped", "", "None", "Skipped"),
        ("Skipped", "Skipped: later", "t.py::3", "Skipped"),
        ("Passed", "Skipped: later", "t.py::3", "Failed"),
        ("Skipped", "assert 1 == 2", "None", "Failed"),
        (
            "Passed",
            "\n Run 1: Passed\nRun Rel8N: Passed\n",
            "",
            "Passed",
        ),
        ("Passed", "Run 1: Failed\nRun 2: Passed", "", "Passed"),
        ("Passed", "Run 1: Passed\nassert 1 == 2", "", "Failed"),
        ("Passed", "Run away: Failed", "", "Failed"),
        ("Inconclusive", "Run 1: Failed\nRun 2: Passed", "", "Failed"),
    ] {
        assert_eq!(of(word, message, trace), expected, "{word} {message}");
    }
    insta::assert_snapshot!(shown(
        "<test-run failed='1' result='Failed'><test-case name='t' result='Passed'>\
        <failure><message/><stack-trace>None</stack-trace></failure></test-case></test-run>"
    ), @r#"
    1:38 |||t Passed 0ns
    1:1 |||test run Failed 0ns
      failure None Some("the suite declares 1 failure, but none of its results has failed") ""
    "#);
}

#[test]
fn equal_names_in_version_2_are_different_tests() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <test-results name="r">
          <test-suite name="Chrome" type="TestFixture">
            <results>
              <test-case name="adds" executed="True" success="False" result="Failure"/>
              <test-case name="adds" executed="True" success="True" result="Success"/>
            </results>
          </test-suite>
          <test-suite name="Firefox" type="TestFixture">
            <results><test-case name="adds" executed="True" success="True" result="Success"/></results>
          </test-suite>
        </test-results>
    "#}), @"
    4:7 ||Chrome|adds Failed 0ns
      suite Chrome
      file r
    5:7 ||Chrome|adds (2) Passed 0ns
      suite Chrome
      file r
    9:14 ||Firefox|adds Passed 0ns
      suite Firefox
      file r
    ");
    insta::assert_snapshot!(shown(
        "<test-run><test-case name='t' result='Failed'/><test-case name='t' result='Passed'/></test-run>"
    ), @"
    1:11 |||t Failed 0ns
    1:48 |||t Passed 0ns
    ");
}

#[test]
fn version_3_is_read_with_all_that_it_says() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <test-run id="2" result="Failed" start-time="2026-03-01 08:00:00Z">
          <command-line>nunit3-console Shop.dll</command-line>
          <test-suite type="Assembly" name="Shop.dll" fullname="C:\b\Shop.dll" result="Failed" site="Child" start-time="2026-03-01 08:00:01Z">
            <environment machine-name="agent-1"/>
            <settings><setting name="x" value="y"/></settings>
            <properties><property name="_PID" value="1"/><property name="Category" value="nightly"/></properties>
            <failure><message>One or more child tests had errors</message></failure>
            <test-suite type="TestSuite" name="Shop" fullname="Shop" result="Failed" site="Child">
              <test-suite type="TestFixture" name="TaxTest(1)" fullname="Shop.TaxTest(1)" classname="Shop.TaxTest" result="Failed" site="Child">
                <properties>
                  <property name="Category" value="slow"/>
                  <property name="Author" value="jane"/>
                  <property name="Level" value="4"/>
                  <property name="Description" value="of the fixture"/>
                </properties>
                <test-case name="Adds" fullname="Shop.TaxTest(1).Adds" classname="Shop.TaxTest" result="Passed" duration="0.017791" start-time="2026-03-01 08:00:02Z">
                  <properties>
                    <property name="Description" value="adds a tax"/>
                    <property name="Category" value="fast"/>
                    <property name="Author" value="joe"/>
                    <property name="Author" value="ann"/>
                    <property name="jira" value="SHOP-1"/>
                    <property name="_JOINTYPE" value="Pairwise"/>
                  </properties>
                  <output><![CDATA[much]]></output>
                  <attachments>
                    <attachment><filePath>C:\b\shot.png</filePath><description>the cart</description></attachment>
                    <attachment><filePath>log.txt</filePath></attachment>
                  </attachments>
                </test-case>
                <test-case name="Fails" fullname="Shop.TaxTest(1).Fails" classname="Shop.TaxTest" result="Failed" label="Error">
                  <failure>
                    <message><![CDATA[System.InvalidOperationException : no cart]]></message>
                    <stack-trace><![CDATA[  at Shop.TaxTest.Fails()
          at X]]></stack-trace>
                  </failure>
                  <assertions><assertion result="Error"><message>no cart</message></assertion></assertions>
                </test-case>
                <test-case name="Waits" fullname="Shop.TaxTest(1).Waits" classname="Shop.TaxTest" result="Skipped" label="Ignored">
                  <properties><property name="Description" value="waits"/></properties>
                  <reason><message><![CDATA[ not today ]]></message></reason>
                </test-case>
                <test-suite type="ParameterizedMethod" name="Divides" fullname="Shop.TaxTest(1).Divides" result="Passed">
                  <test-case name="Divides(1.5)" fullname="Shop.TaxTest(1).Divides(1.5)" result="Passed" duration="9.7E-05"/>
                </test-suite>
              </test-suite>
            </test-suite>
          </test-suite>
        </test-run>
    "#}), @r#"
    16:9 |Shop|TaxTest(1)|Adds Passed 18ms at 2026-03-01T08:00:02Z (adds a tax) covers SHOP-1
      host agent-1
      suite Shop > TaxTest(1)
      file C:/b/Shop.dll
      owner joe
      tag nightly
      tag slow
      tag fast
      property Level=4
      property Author=ann
      property jira=SHOP-1
      attachment Some("the cart") C:\b\shot.png None
      attachment None log.txt None
    31:9 |Shop|TaxTest(1)|Fails Failed 0ns at 2026-03-01T08:00:01Z
      failure Some("System.InvalidOperationException") Some("System.InvalidOperationException : no cart") "  at Shop.TaxTest.Fails()\n  at X"
      host agent-1
      suite Shop > TaxTest(1)
      file C:/b/Shop.dll
      owner jane
      tag nightly
      tag slow
      property Level=4
    39:9 |Shop|TaxTest(1)|Waits Skipped 0ns at 2026-03-01T08:00:01Z (not today)
      host agent-1
      suite Shop > TaxTest(1)
      file C:/b/Shop.dll
      owner jane
      tag nightly
      tag slow
      property Level=4
    44:11 |Shop|TaxTest(1)|Divides(1.5) Passed 0ns at 2026-03-01T08:00:01Z
      host agent-1
      suite Shop > TaxTest(1) > Divides
      file C:/b/Shop.dll
      owner jane
      tag nightly
      tag slow
      property Level=4
    "#);
}

#[test]
fn version_2_is_read_with_all_that_it_says() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <test-results name="/b/Shop.dll" date="2026-03-01" time="08:00:00">
          <environment machine-name="agent-2"/>
          <culture-info current-culture="en-US"/>
          <test-suite type="Assembly" name="/b/Shop.dll" executed="True" result="Failure" success="False" time="0.8">
            <results>
              <test-suite type="Namespace" name="Shop" executed="True" result="Failure" success="False">
                <results>
                  <test-suite type="TestFixture" name="TaxTest" description="Fixture" executed="True" result="Failure" success="False">
                    <categories><category name="slow"/></categories>
                    <results>
                      <test-case name="Shop.TaxTest.Adds 1.5" description="adds" executed="True" result="Success" success="True" time="0.013">
                        <categories><category name="fast"/></categories>
                        <properties><property name="Severity" value="Critical"/></properties>
                      </test-case>
                      <test-case name="Shop.TaxTest.Fails" executed="True" result="Error" success="False" time="1,234">
                        <failure><message><![CDATA[System.Exception : no]]></message><stack-trace>at x</stack-trace></failure>
                      </test-case>
                      <test-case name="Shop.TaxTest.Ignored" executed="False" result="Ignored">
                        <reason><message>later</message></reason>
                      </test-case>
                      <test-case name="Other.Store&lt;System.Int32&gt;(&quot;a.b&quot;).Holds(&quot;c.d&quot;)" executed="True" result="Success" success="True"/>
                    </results>
                  </test-suite>
                </results>
              </test-suite>
            </results>
          </test-suite>
        </test-results>
    "#}), @r#"
    warning in.xml:1:1: start time `2026-03-01 08:00:00` has no time zone; counted as UTC
    11:15 |Shop|TaxTest|Adds 1.5 Passed 13ms at 2026-03-01T08:00:00Z (adds)
      host agent-2
      suite Shop > TaxTest
      file /b/Shop.dll
      tag slow
      tag fast
      property Severity=Critical
    15:15 |Shop|TaxTest|Fails Failed 1234s at 2026-03-01T08:00:00Z
      failure Some("System.Exception") Some("System.Exception : no") "at x"
      host agent-2
      suite Shop > TaxTest
      file /b/Shop.dll
      tag slow
    18:15 |Shop|TaxTest|Ignored Skipped 0ns at 2026-03-01T08:00:00Z (later)
      host agent-2
      suite Shop > TaxTest
      file /b/Shop.dll
      tag slow
    21:15 |Other|Store<System.Int32>("a.b")|Holds("c.d") Passed 0ns at 2026-03-01T08:00:00Z
      host agent-2
      suite Shop > TaxTest
      file /b/Shop.dll
      tag slow
    "#);
}

#[test]
fn a_suite_that_failed_by_itself_is_a_result() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <test-run result="Failed">
          <test-suite type="Assembly" name="Shop.dll" fullname="/b/Shop.dll" result="Failed" site="Child">
            <test-suite type="TestFixture" name="TornDown" fullname="Shop.TornDown" result="Failed" label="Error" site="TearDown">
              <failure><message>TearDown : System.Exception : still open</message><stack-trace>--TearDown
        at x</stack-trace></failure>
              <test-case name="A" fullname="Shop.TornDown.A" result="Passed"/>
            </test-suite>
            <test-suite type="TestFixture" name="TornDownToo" fullname="Shop.TornDownToo" result="Failed" site="TearDown">
              <test-case name="A" fullname="Shop.TornDownToo.A" result="Failed"/>
            </test-suite>
            <test-suite type="SetUpFixture" name="SetUp" fullname="Shop.SetUp" result="Failed" site="SetUp">
              <failure><message>no database</message></failure>
              <test-suite type="TestFixture" name="B" fullname="Shop.B" result="Failed" site="Parent">
                <test-case name="A" fullname="Shop.B.A" result="Failed" site="Parent"><failure><message>OneTimeSetUp: no database</message></failure></test-case>
              </test-suite>
            </test-suite>
            <test-suite type="TestFixture" name="Empty" fullname="Shop.Empty" result="Failed" site="SetUp"/>
          </test-suite>
          <test-suite type="Unknown" name="C:\b\Lost.dll" result="Failed" label="Invalid">
            <reason><message>Could not load Lost.dll</message></reason>
          </test-suite>
        </test-run>
    "#}), @r#"
    6:7 |Shop|TornDown|A Passed 0ns
      suite TornDown
      file /b/Shop.dll
    3:5 |Shop|TornDown|TornDown Failed 0ns
      failure None Some("TearDown : System.Exception : still open") "--TearDown\nat x"
      suite TornDown
      file /b/Shop.dll
    9:7 |Shop|TornDownToo|A Failed 0ns
      suite TornDownToo
      file /b/Shop.dll
    8:5 |Shop|TornDownToo|TornDownToo Failed 0ns
      suite TornDownToo
      file /b/Shop.dll
    14:9 |Shop|B|A Failed 0ns
      failure None Some("OneTimeSetUp: no database") ""
      suite SetUp > B
      file /b/Shop.dll
    17:5 |Shop|Empty|Empty Failed 0ns
      suite Empty
      file /b/Shop.dll
    19:3 |||Lost.dll Failed 0ns
      failure None Some("Could not load Lost.dll") ""
      file C:/b/Lost.dll
    "#);
    let report = "<test-results><test-suite type='TestFixture' name='S' result='Error'><failure><message>\
        TearDown : System.Exception : m</message></failure><results><test-case name='S.a' result='Failure'/>\
        </results></test-suite></test-results>";
    assert_eq!(
        shown(report),
        "1:148 ||S|a Failed 0ns\n  suite S\n1:15 ||S|S Failed 0ns\n  failure None \
         Some(\"TearDown : System.Exception : m\") \"\"\n  suite S"
    );
    // A suite of version 2 that does not say where it failed.
    let report = "<test-results><test-suite name='S' success='False'><failure><message>m</message></failure>\
        <results><test-case name='S.a' success='True'/></results></test-suite></test-results>";
    assert_eq!(
        shown(report),
        "1:100 ||S|a Passed 0ns\n  suite S\n1:15 |||S Failed 0ns\n  failure None Some(\"m\") \"\"\n  suite S"
    );
}

#[test]
fn a_run_that_failed_for_no_known_reason_is_a_result() {
    assert_eq!(
        shown("<test-run result='Failed'/>"),
        "1:1 |||test run Failed 0ns"
    );
    // A test that was taken out of the report.
    assert_eq!(
        shown(
            "<test-run failed='2' result='Failed(Child)'><test-suite name='S' result='Failed' failed='1'>\
             <failure><message>One or more child tests had errors</message></failure>\
             <test-case name='a' result='Passed'/></test-suite></test-run>"
        ),
        "1:165 ||S|a Passed 0ns\n  suite S\n1:45 |||S Failed 0ns\n  \
         failure None Some(\"the suite declares 1 failure, but none of its results has failed\") \"\"\n  suite S"
    );
    // In version 2, only the root counts failures.
    assert_eq!(
        shown(
            "<test-results failures='1'><test-suite name='S' success='False'><results>\
             <test-case name='a' executed='True' success='True'/></results></test-suite></test-results>"
        ),
        "1:74 ||S|a Passed 0ns\n  suite S\nwarning in.xml:1:28: suite `S` declares 1 failure but contains 0\n\
         1:1 |||test run Failed 0ns\n  failure None Some(\"the suite declares 1 failure, but none of its results has failed\") \"\""
    );
    assert_eq!(
        shown(
            "<test-results><test-suite name='S' success='False'><results><test-suite name='T' success='False'><results>\
             <test-case name='a' executed='True' success='True'/></results></test-suite></results></test-suite></test-results>"
        ),
        "1:107 |S|T|a Passed 0ns\n  suite S > T\nwarning in.xml:1:61: suite `T` declares 1 failure but contains 0"
    );
    let counted = |counts: &str, word: &str| {
        shown(&format!(
            "<test-results name='/b/Shop.dll' {counts}><test-case name='a' result='{word}'/></test-results>"
        ))
    };
    for (counts, word, is_added) in [
        ("errors='1' failures='0'", "Success", true),
        ("errors='0' failures='1'", "Ignored", true),
        ("errors='1' failures='0'", "Error", false),
        ("errors='0' failures='1'", "Amber", false),
        ("errors='0' failures='0'", "Success", false),
    ] {
        let shown = counted(counts, word);
        assert_eq!(
            shown.contains("|Shop.dll Failed"),
            is_added,
            "{counts} {word}: {shown}"
        );
    }
}

#[test]
fn a_suite_whose_word_is_not_one_of_the_format_is_not_taken_for_passed() {
    let report = |of_suite: &str, inside: &str| {
        shown(&format!(
            "<test-run {of_suite}><test-suite type='Assembly' name='a.dll' {of_suite}>{inside}\
             <test-case name='t' result='Passed'/></test-suite></test-run>"
        ))
    };
    let died = "<failure><message>the agent died</message></failure>";
    for word in ["Timeout", "Exploded"] {
        let found = report(&format!("result='{word}'"), died);
        let expected = "a.dll Failed 0ns\n  failure None Some(\"the agent died\")";
        assert!(found.contains(expected), "{word}: {found}");
    }
    let found = report("result='Timeout' failed='1'", "");
    assert!(found.contains("a.dll Failed"), "{found}");
    let found = report("result='Exploded'", "");
    let invalid = "`Exploded` is not a valid status";
    assert_eq!(found.matches(invalid).count(), 1, "{found}");
    let found = report("result='Exploded'", "<test-case name='u' result='Failed'/>");
    assert!(!found.contains(invalid), "{found}");
}

#[test]
fn a_suite_path_fills_in_module_and_package() {
    let report = "<test-run><test-case name='a' fullname='Shop.Cart.TaxTest.a' result='Passed'/>\
        <test-case name='b' fullname='Shop.Outer+Inner.b' result='Passed'/></test-run>";
    let options = ReadOptions {
        suite_path: SuitePath::new("Web/Shop/Cart"),
        ..ReadOptions::default()
    };
    let records = read(&Source::bytes("in.xml", report.as_bytes()), &options).unwrap();
    let identities: Vec<String> = records
        .map(|record| match record {
            Ok(Record::Run(run)) => format!("{:?}", run.identity),
            other => panic!("{other:?}"),
        })
        .collect();
    insta::assert_snapshot!(identities.join("\n"), @r#"
    Identity { module: "Web", package: "Shop.Cart", class: "TaxTest", name: "a" }
    Identity { module: "Web", package: "Shop.Cart", class: "Shop.Outer+Inner", name: "b" }
    "#);
}

#[test]
fn broken_and_empty_reports_are_no_pass() {
    insta::assert_snapshot!(
        shown("<test-run><test-suite name='S' result='Failed'>\n<test-case name='a' result='Passed'/>\n<test-case name='b' result='Pas"),
        @r"
    2:1 ||S|a Passed 0ns
      suite S
    error in.xml:3:1: malformed XML: attribute value not closed: `'` not found before end of input (in test-run/test-suite)
    "
    );
    assert_eq!(
        shown("<test-run/>"),
        "warning in.xml:1:1: contains no test results"
    );
}

#[test]
fn a_test_of_pytest_that_was_expected_to_fail_is_skipped() {
    let of = |result: &str, message: &str, trace: &str| {
        shown(&format!(
            "<test-run><test-case name='t' result='{result}'><properties><property name='python-version' value='3.11'/></properties>\
             <failure><message>{message}</message><stack-trace>{trace}</stack-trace></failure></test-case></test-run>"
        ))
    };
    for (result, message, trace, expected) in [
        (
            "Passed",
            "assert 0",
            "a.py:16: assert 0",
            "t Skipped 0ns (a.py:16: assert 0)",
        ),
        ("Skipped", "RuntimeError: setup", "a.py:3", "t Skipped 0ns"),
        ("Passed", "", "None", "t Passed 0ns"),
        ("Failed", "assert 0", "a.py:16", "t Failed 0ns"),
    ] {
        let found = of(result, message, trace);
        assert!(found.contains(expected), "{result} {message}: {found}");
    }
}

#[test]
fn a_name_that_is_a_sentence_is_not_taken_apart() {
    let names = |report: &str| -> Vec<String> {
        let shown = shown(report);
        let lines = shown.lines().filter(|line| line.contains('|'));
        let names = lines.map(|line| line.split_once('|').unwrap_or_default().1.to_owned());
        names.map(|name| name.replace(" Passed 0ns", "")).collect()
    };
    let case = |name: &str| format!("<test-case name='{name}' success='True'/>");
    // Pester.
    let report = format!(
        r"<test-results><test-suite type='TestFixture' name='Pester'><results>
        <test-suite type='TestFixture' name='D:\w\Log.Tests.ps1'><results><test-suite type='TestFixture' name='Log'><results>{}{}{}
        <test-suite type='TestFixture' name='Log.Old'><results>{}</results></test-suite>
        </results></test-suite></results></test-suite></results></test-suite></test-results>",
        case("Log.writes to log.txt"),
        case("Log.returns a path"),
        case("Log.reads a line."),
        case("Log.Old.reads it..."),
    );
    assert_eq!(
        names(&report),
        [
            "|Log|writes to log.txt",
            "|Log|returns a path",
            "|Log|reads a line.",
            "Log|Old|reads it...",
        ]
    );
    // Machine.Specifications, Karma.
    let report = format!(
        "<test-results><test-suite name='Calculator, when adding 1.5'><results>{}{}</results></test-suite>\
         <test-suite type='TestFixture' name='Chrome 120.0'><results>{}</results></test-suite></test-results>",
        case("should be 3.0"),
        case("is a sum"),
        case("adds 2.5"),
    );
    assert_eq!(
        names(&report),
        [
            "|Calculator, when adding 1.5|should be 3.0",
            "|Calculator, when adding 1.5|is a sum",
            "|Chrome 120.0|adds 2.5",
        ]
    );
}

#[test]
fn a_test_without_a_valid_start_time_has_that_of_its_suite() {
    let found = shown(
        "<test-run start-time='2026-03-01 08:00:00Z'><test-case name='a' result='Passed' start-time='0001-01-01 00:00:00Z'/></test-run>",
    );
    assert!(
        found.contains("a Passed 0ns at 2026-03-01T08:00:00Z"),
        "{found}"
    );
    assert!(!found.contains("warning"), "{found}");
}

#[test]
fn the_label_of_a_failed_test_says_why_if_nothing_else_does() {
    let of = |result: &str, label: &str, inside: &str| {
        let report = format!(
            "<test-run><test-case name='a' result='{result}' label='{label}'>{inside}</test-case></test-run>"
        );
        shown(&report).lines().nth(1).unwrap_or_default().to_owned()
    };
    let timeout = "Test exceeded Timeout value 1ms.";
    let expected = format!("  failure None Some({timeout:?}) \"\"");
    assert_eq!(of("Failed", timeout, "<failure/>"), expected);
    assert_eq!(of("Failed", timeout, ""), expected);
    let said = of("Failed", timeout, "<failure><message>m</message></failure>");
    assert_eq!(said, "  failure None Some(\"m\") \"\"");
    assert_eq!(of("Failed", "Error", ""), "");
    assert_eq!(of("Skipped", "Ignored by x", ""), "");
}

#[test]
fn a_suite_alone_is_read_as_well() {
    let report = "<test-suite type='TestFixture' id='0-1' name='TaxTest' fullname='Shop.TaxTest' result='Failed' failed='1'>\
        <test-case name='a' fullname='Shop.TaxTest.a' result='Passed'/></test-suite>";
    let source = Source::bytes("in.xml", report.as_bytes());
    let records = read(&source, &ReadOptions::default()).unwrap();
    let results = records.filter_map(|record| match record.unwrap() {
        Record::Run(run) => Some(format!("{}: {}", run.identity.name, run.status)),
        _ => None,
    });
    let results: Vec<String> = results.collect();
    assert_eq!(results, ["a: Passed", "TaxTest: Failed"]);
}
