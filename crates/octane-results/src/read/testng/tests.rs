//! Reports of `TestNG` and the records read from them.

use indoc::indoc;

use crate::format::Format;
use crate::read::report::xml::testing;

fn shown(report: &str) -> String {
    testing::shown(Format::Testng, report)
}

#[test]
fn each_word_means_what_the_table_says() {
    for (word, expected) in [
        ("PASS", "Passed"),
        ("FAIL", "Failed"),
        ("SUCCESS_PERCENTAGE_FAILURE", "Failed"),
        ("STARTED", "Failed"),
        ("SKIP", "Skipped"),
        ("pass", "Passed"),
    ] {
        let report =
            format!("<testng-results><test-method name='t' status='{word}'/></testng-results>");
        assert_eq!(
            shown(&report),
            format!("1:17 |||t {expected} 0ns"),
            "{word}"
        );
    }
    let report = "<testng-results><test-method name='t' status='AMBER'/><test-method name='u'/></testng-results>";
    insta::assert_snapshot!(shown(report), @r"
    invalid in.xml:1:17: `AMBER` is not a valid status; use passed, failed, skipped or planned
    invalid in.xml:1:55: status is empty; use passed, failed, skipped or planned
    ");
}

#[test]
fn methods_are_read_with_all_that_they_say() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testng-results skipped="1" failed="1" total="4" passed="2">
          <reporter-output><line>much</line></reporter-output>
          <suite name="Shop" duration-ms="100" started-at="2026-03-01T08:00:00Z">
            <groups>
              <group name="slow"><method signature="TaxTest.adds(int)[pri:0, instance:shop.TaxTest@1d6747b]" name="adds" class="shop.TaxTest"/></group>
              <group name="all"><method name="adds" class="shop.TaxTest"/></group>
            </groups>
            <test name="Firefox run">
              <class name="shop.TaxTest">
                <test-method status="FAIL" name="setUp" is-config="true" duration-ms="1"/>
                <test-method status="PASS" signature="adds(int)" name="adds" duration-ms="2035" started-at="2026-03-01T08:00:01 UTC" description="adds a tax" data-provider="amounts">
                  <params>
                    <param index="0"><value><![CDATA[1]]></value></param>
                    <param index="1"><value is-null="true"/></param>
                    <param index="2"><value><![CDATA[shop.Cart@1b2c3d4e]]></value></param>
                  </params>
                  <reporter-output><line>much</line></reporter-output>
                  <attributes><attribute name="jira"><![CDATA[SHOP-1]]></attribute></attributes>
                </test-method>
                <test-method status="FAIL" name="fails" test-instance-name="with a card" started-at="2026-03-01T08:00:02 CET">
                  <exception class="java.lang.AssertionError">
                    <message>
                      <![CDATA[1 is not 2]]>
                    </message>
                    <full-stacktrace>
                      <![CDATA[java.lang.AssertionError: 1 is not 2
            at shop.TaxTest.fails(TaxTest.java:7)]]>
                    </full-stacktrace>
                  </exception>
                </test-method>
                <test-method status="SKIP" name="waits" description="waits">
                  <exception class="org.testng.SkipException"><message>not today</message></exception>
                </test-method>
              </class>
            </test>
            <test name="Other">
              <class name="TaxTest" package="shop"><test-method status="PASS" name="adds" groups="[slow, late]"/></class>
              <class name="Plain" package="[default]"><test-method status="PASS" name="adds"/></class>
            </test>
          </suite>
        </testng-results>
    "#}), @r#"
    warning in.xml:10:9: failed outside of the tests: setUp failed
    warning in.xml:20:9: start time `2026-03-01T08:00:02` has no time zone; counted as UTC
    11:9 |shop|TaxTest|adds(1, null, shop.Cart) Passed 2.035s at 2026-03-01T08:00:01Z (adds a tax) covers SHOP-1
      project Firefox run
      suite Shop > Firefox run
      tag slow
      tag all
      parameter 0=1
      parameter 1=null
      parameter 2=shop.Cart@1b2c3d4e
      property jira=SHOP-1
    20:9 |shop|TaxTest|fails Failed 0ns at 2026-03-01T08:00:02Z
      failure Some("java.lang.AssertionError") Some("1 is not 2") "java.lang.AssertionError: 1 is not 2\n    at shop.TaxTest.fails(TaxTest.java:7)"
      project Firefox run
      suite Shop > Firefox run > with a card
    31:9 |shop|TaxTest|waits Skipped 0ns (not today)
      project Firefox run
      suite Shop > Firefox run
    37:44 |shop|TaxTest|adds Passed 0ns
      suite Shop > Other
      tag slow
      tag all
      tag late
    38:47 ||Plain|adds Passed 0ns
      suite Shop > Other
    "#);
}

#[test]
fn earlier_attempts_belong_to_their_result() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testng-results>
          <suite name="s"><test name="t"><class name="C">
            <test-method status="SKIP" name="a" retried="true"><exception class="E"><message>first</message></exception></test-method>
            <test-method status="PASS" name="a"/>
            <test-method status="SKIP" name="a" retried="true"><exception class="E"><message>second</message></exception></test-method>
            <test-method status="SKIP" name="b" retried="true"><exception class="E"><message>once</message></exception></test-method>
            <test-method status="SKIP" name="b" retried="true"><exception class="E"><message>again</message></exception></test-method>
            <test-method status="SKIP" name="c" retried="true"/>
            <test-method status="FAIL" name="c"/>
          </class></test></suite>
        </testng-results>
    "#}), @r#"
    4:5 ||C|a Passed 0ns
      earlier Some("E") Some("first") ""
      earlier Some("E") Some("second") ""
      suite s > t
    9:5 ||C|c Failed 0ns
      suite s > t
    7:5 ||C|b Failed 0ns
      failure Some("E") Some("again") ""
      suite s > t
    "#);
}

#[test]
fn failures_that_are_only_counted_are_a_failed_result() {
    let report = |methods: &str| {
        shown(&format!(
            "<testng-results failed='1'><suite name='s'><test name='t'><class name='C'>{methods}</class></test></suite></testng-results>"
        ))
    };
    let passed = "<test-method status='PASS' name='a'/>";
    let message = "the report declares 1 failure, but none of its results has failed";
    let found = report(passed);
    let expected = format!("1:1 |||[run] Failed 0ns\n  failure None Some(\"{message}\") \"\"");
    assert!(found.contains(&expected), "{found}");
    for shown_by in [
        "<test-method status='FAIL' name='b'/>",
        "<test-method status='AMBER' name='b'/>",
        "<test-method status='FAIL' name='a' retried='true'/>",
    ] {
        let found = report(&format!("{shown_by}{passed}"));
        assert!(!found.contains("declares"), "{found}");
    }
}

#[test]
fn a_report_may_be_in_several_files() {
    let methods = "<test-method status='PASS' name='a'/><test-method status='FAIL' name='b'/>";
    let test = format!(
        "<test name='t' duration-ms='1' started-at='2026-03-01T08:00:00Z'><class name='C'>{methods}</class></test>"
    );
    let suite =
        format!("<suite name='s' duration-ms='1' started-at='2026-03-01T08:00:00Z'>{test}</suite>");
    insta::assert_snapshot!(shown(&suite), @"
    1:148 ||C|a Passed 0ns
      suite s > t
    1:185 ||C|b Failed 0ns
      suite s > t
    ");
    insta::assert_snapshot!(shown(&test), @"
    1:82 ||C|a Passed 0ns
      suite t
    1:119 ||C|b Failed 0ns
      suite t
    ");
    insta::assert_snapshot!(
        shown("<testng-results failed='1' passed='1'><suite url='s/testng-results.xml'/></testng-results>"),
        @r#"
    1:1 |||[run] Failed 0ns
      failure None Some("the report declares 1 failure, but none of its results has failed") "results of the report are in other files, such as `s/testng-results.xml`"
    "#
    );
}

#[test]
fn a_failed_configuration_method_is_the_reason_of_skipped_ones() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testng-results><suite name="s"><test name="t">
          <class name="A">
            <test-method status="SKIP" name="a"/>
            <test-method status="FAIL" name="setUp" is-config="true"><exception class="E"><message>no database</message></exception></test-method>
            <test-method status="SKIP" name="b"><exception class="E"><message>own</message></exception></test-method>
            <test-method status="PASS" name="c"/>
            <test-method status="SKIP" name="f" description="of f"/>
          </class>
          <class name="B">
            <test-method status="SKIP" name="d"/>
            <test-method status="FAIL" name="close" is-config="true"/>
          </class>
          <class name="C"><test-method status="SKIP" name="e"/></class>
        </test></suite></testng-results>
    "#}), @r"
    warning in.xml:4:5: failed outside of the tests: setUp failed: no database
    3:5 ||A|a Skipped 0ns
      suite s > t
    5:5 ||A|b Skipped 0ns (own)
      suite s > t
    6:5 ||A|c Passed 0ns
      suite s > t
    7:5 ||A|f Skipped 0ns (setUp failed: no database)
      suite s > t
    warning in.xml:11:5: failed outside of the tests: close failed
    10:5 ||B|d Skipped 0ns
      suite s > t
    13:19 ||C|e Skipped 0ns
      suite s > t
    ");
}

#[test]
fn broken_and_empty_reports_are_no_pass() {
    insta::assert_snapshot!(
        shown("<testng-results><suite name='s'><test name='t'><class name='C'>\
            <test-method name='a' status='PASS'/><test-method name='b' status='PASS'>"),
        @r"
    1:64 ||C|a Passed 0ns
      suite s > t
    error in.xml:1:137: unexpected end of file inside `test-method` (opened at line 1); the file is truncated (in testng-results/suite/test/class/test-method)
    "
    );
    assert_eq!(
        shown("<testng-results><suite name='s'><test name='t'/></suite></testng-results>"),
        "warning in.xml:1:1: contains no test results"
    );
}

#[test]
fn methods_of_a_class_that_names_its_tests_are_called_by_both_names() {
    let method = |signature: &str, name: &str, values: &str| {
        let report = format!(
            "<testng-results><test-method status='PASS' signature='{signature}' test-instance-name='MYTEST' name='{name}'>{values}</test-method></testng-results>"
        );
        let shown = shown(&report);
        let line = shown.lines().next().unwrap_or_default();
        line.rsplit('|').next().unwrap_or_default().to_owned()
    };
    let signature = "dpTest()[pri:0, instance:a.MyTest@1]";
    let values = "<params><param index='0'><value>7</value></param></params>";
    for (signature, name, values, expected) in [
        (signature, "MYTEST", "", "dpTest [MYTEST]"),
        (
            "MyTest.dpTest(int)[pri:0]",
            "MYTEST",
            values,
            "dpTest(7) [MYTEST]",
        ),
        (signature, "other", "", "other"),
        ("", "MYTEST", "", "MYTEST"),
        ("MYTEST()", "MYTEST", "", "MYTEST"),
    ] {
        let found = method(signature, name, values);
        let expected = format!("{expected} Passed 0ns");
        assert!(found.starts_with(&expected), "{found}");
    }
}
