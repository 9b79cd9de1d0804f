//! Dialects of `JUnit` XML and the records read from them.

use std::fmt::Write as _;
use std::io::{self, Read};

use indoc::indoc;
use proptest::prelude::*;

use super::Junit;
use crate::metadata::Property;
use crate::read::jira_sources::JiraSources;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::read::status_aliases::StatusAliases;
use crate::run::TestRun;
use crate::source::Source;
use crate::status::Status;

mod totals;
mod writers;

/// All records of a report, one per line: runs with their main fields, everything else as its message.
fn shown_with(options: &ReadOptions, report: &[u8]) -> String {
    let records = match read(&Source::bytes("in.xml", report), options) {
        Ok(records) => records,
        Err(error) => return error.to_string(),
    };
    let lines = records.map(|record| match record {
        Ok(Record::Run(run)) => line(&run),
        Ok(Record::Invalid(row)) => format!("invalid {row}"),
        Ok(Record::Warning(warning)) => format!("warning {warning}"),
        Err(error) => format!("error {error}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn line(run: &TestRun) -> String {
    let position = run.position.as_ref().unwrap();
    let identity = &run.identity;
    let mut line = format!(
        "{}:{} {}|{}|{}|{} {} {:?}",
        position.line,
        position.column.unwrap(),
        identity.module,
        identity.package,
        identity.class,
        identity.name,
        run.status,
        run.duration
    );
    if let Some(started) = run.started {
        write!(line, " at {started}").unwrap();
    }
    if let Some(failure) = &run.failure {
        write!(
            line,
            " {:?} {:?} {:?}",
            failure.error_type, failure.message, failure.details
        )
        .unwrap();
    }
    if let Some(description) = &run.description {
        write!(line, " ({description})").unwrap();
    }
    if !run.jira.is_empty() {
        write!(line, " covers {}", run.jira.join(" ")).unwrap();
    }
    line
}

fn shown(report: &str) -> String {
    shown_with(&ReadOptions::default(), report.as_bytes())
}

#[test]
fn child_elements_decide_the_status() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s">
          <testcase name="passed" time="1.5"/>
          <testcase name="failed"><failure type="T" message="m">
            at a
              at b
          </failure></testcase>
          <testcase name="error"><error/></testcase>
          <testcase name="skipped"><skipped message="not today">long story</skipped></testcase>
          <testcase name="skipped by text"><skipped>rain</skipped></testcase>
          <testcase name="skipped and failed"><skipped/><failure message="m"/></testcase>
          <testcase name="twice"><failure message="first">a</failure><error type="T" message="second">b</error></testcase>
          <testcase name="output"><system-out>x &nbsp; <![CDATA[<failure/>]]></system-out></testcase>
        </testsuite>
    "#}), @r#"
    2:3 ||s|passed Passed 1.5s
    3:3 ||s|failed Failed 0ns Some("T") Some("m") "    at a\n      at b"
    7:3 ||s|error Failed 0ns None None ""
    8:3 ||s|skipped Skipped 0ns (not today)
    9:3 ||s|skipped by text Skipped 0ns (rain)
    10:3 ||s|skipped and failed Failed 0ns None Some("m") ""
    11:3 ||s|twice Failed 0ns None Some("first") "a\n\nerror: T: second\nb"
    12:3 ||s|output Passed 0ns
    "#);
}

#[test]
fn the_final_attempt_of_a_rerun_decides() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s">
          <testcase name="flaky"><flakyFailure message="m"><stackTrace>t</stackTrace></flakyFailure><flakyError/></testcase>
          <testcase name="failed again">
            <failure message="first">a</failure>
            <rerunFailure type="T" message="second"><stackTrace>b</stackTrace><system-out>o</system-out></rerunFailure>
            <rerunError message="third"/>
          </testcase>
          <testcase name="only again"><rerunFailure message="m"/></testcase>
        </testsuite>
    "#}), @r#"
    2:3 ||s|flaky Passed 0ns
    3:3 ||s|failed again Failed 0ns None Some("first") "a\n\nfailure of a further attempt: T: second\nb\n\nerror of a further attempt: third"
    8:3 ||s|only again Failed 0ns None Some("m") ""
    "#);
}

#[test]
fn status_attributes_count_if_there_are_no_child_elements() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s">
          <testcase name="run" status="run" result="completed"/>
          <testcase name="disabled" status="notrun" result="suppressed"/>
          <testcase name="failed" status="FAILED"/>
          <testcase name="the worst wins" status="failed"><skipped/></testcase>
          <testcase name="odd" status="amber"/>
          <testcase name="odd again" status="amber"/>
        </testsuite>
    "#}), @r"
    2:3 ||s|run Passed 0ns
    3:3 ||s|disabled Skipped 0ns
    4:3 ||s|failed Failed 0ns
    5:3 ||s|the worst wins Failed 0ns
    invalid in.xml:6:3: `amber` is not a valid status; use passed, failed, skipped or planned
    invalid in.xml:7:3: `amber` is not a valid status; use passed, failed, skipped or planned
    ");
}

#[test]
fn classes_and_packages_come_from_cases_or_suites() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuites name="everything">
          <testcase classname="a.b.C" name="outside"/>
          <testsuite name="outer">
            <testcase class="a.b.C" name="class"/>
            <testcase classname="" class="D" name="blank classname"/>
            <testsuite name="inner"><testcase name="no class"/></testsuite>
            <testsuite><testcase name="nameless suite"/></testsuite>
            <testcase name="no class"/>
          </testsuite>
          <testsuite name="ant" package="a.b"><testcase classname="a.b.C" name="x"/><testcase classname="z.C" name="y"/></testsuite>
          <testsuite name="cart.test.js"><testcase name="file"/></testsuite>
        </testsuites>
    "#}), @r"
    2:3 |a.b|C|outside Passed 0ns
    4:5 |a.b|C|class Passed 0ns
    5:5 ||D|blank classname Passed 0ns
    6:29 ||inner|no class Passed 0ns
    7:16 ||outer|nameless suite Passed 0ns
    8:5 ||outer|no class Passed 0ns
    10:39 |a.b|C|x Passed 0ns
    10:77 |a.b|z.C|y Passed 0ns
    11:34 ||cart.test.js|file Passed 0ns
    ");
}

#[test]
fn a_suite_path_fills_in_module_and_package() {
    let report = br#"<testsuite name="s"><testcase classname="a.b.C" name="x"/><testsuite package="p"><testcase name="y"/></testsuite></testsuite>"#;
    let with = |path| shown_with(&ReadOptions::default().suite_path(path), report);
    insta::assert_snapshot!(with("Shop"), @r"
    1:21 Shop|a.b|C|x Passed 0ns
    1:82 Shop|p|s|y Passed 0ns
    ");
    insta::assert_snapshot!(with("Shop/a/b"), @r"
    1:21 Shop|a.b|C|x Passed 0ns
    1:82 Shop|p|s|y Passed 0ns
    ");
    insta::assert_snapshot!(with("Shop/Cart"), @r"
    1:21 Shop|Cart|a.b.C|x Passed 0ns
    1:82 Shop|p|s|y Passed 0ns
    ");
}

#[test]
fn cases_inherit_time_and_keys_from_suites() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuites>
          <properties><property name="Jira" value="SHOP-1"/><property name="colour" value="SHOP-9"/></properties>
          <testsuite name="s" timestamp="2020-09-10T13:34:55">
            <properties><property name="requirement">shop-2, SHOP-1</property></properties>
            <testcase name="plain"/>
            <testcase name="own" timestamp="2020-09-10T13:35:00+02:00">
              <properties><property name="jira-key" value="PAY-7;SHOP-2 nonsense"/></properties>
            </testcase>
            <testsuite name="inner"><testcase name="deep"/></testsuite>
          </testsuite>
          <testsuite name="odd" timestamp="Thu Sep 10"><testcase name="no time"/></testsuite>
        </testsuites>
    "#}), @r"
    warning in.xml:3:3: start time `2020-09-10T13:34:55` has no time zone; counted as UTC
    5:5 ||s|plain Passed 0ns at 2020-09-10T13:34:55Z covers SHOP-1 SHOP-2
    warning in.xml:7:19: ignored `nonsense`: not a Jira key (expected e.g. `SHOP-12`)
    6:5 ||s|own Passed 0ns at 2020-09-10T11:35:00Z covers PAY-7 SHOP-2 SHOP-1
    9:29 ||inner|deep Passed 0ns at 2020-09-10T13:34:55Z covers SHOP-1 SHOP-2
    warning in.xml:11:3: start time `Thu Sep 10` is not a valid timestamp; use e.g. `2025-04-30T08:00:00Z` or seconds or milliseconds since the epoch; ignored
    11:48 ||odd|no time Passed 0ns covers SHOP-1
    ");
    let options = ReadOptions::default().jira_sources(JiraSources::none().property("ticket"));
    let report = br#"<testsuite><properties><property name="jira" value="A-1"/><property name="TICKET" value="AB-2"/></properties><testcase name="n"/></testsuite>"#;
    insta::assert_snapshot!(shown_with(&options, report), @"1:110 |||n Passed 0ns covers AB-2");
}

#[test]
fn odd_values_cause_warnings() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s">
          <testcase time="1,234"/>
          <testcase name=" " time="fast"/>
          <testcase name="placeholder" timestamp="0"/>
          <testcase name="back" time="-1"/>
          <testcase name="none" time=""/>
          <testcase name="caf&eacute; &eacute; R&D &#65; &lt;"><failure>&eacute; &agrave; a & b &#x42;</failure></testcase>
          <testcase name="outer"><testcase name="inner"/></testcase>
          <error message="set-up broke">trace</error>
        </testsuite>
    "#}), @r#"
    warning in.xml:2:3: the test has no name; named `unnamed test 1`
    warning in.xml:2:3: duration `1,234` is ambiguous: the comma may be a thousands or a decimal separator; counted as 0
    2:3 ||s|unnamed test 1 Passed 0ns
    warning in.xml:3:3: the test has no name; named `unnamed test 2`
    warning in.xml:3:3: duration `fast` is not a number; counted as 0
    3:3 ||s|unnamed test 2 Passed 0ns
    warning in.xml:4:3: start time `0` is before 1990; ignored
    4:3 ||s|placeholder Passed 0ns
    warning in.xml:5:3: duration `-1` is negative; counted as 0
    5:3 ||s|back Passed 0ns
    6:3 ||s|none Passed 0ns
    warning in.xml:7:3: unknown entity `&eacute;` kept as is
    warning in.xml:7:74: unknown entity `&agrave;` kept as is
    7:3 ||s|caf&eacute; &eacute; R&D A < Failed 0ns None None "&eacute; &agrave; a & b B"
    8:26 ||s|inner Passed 0ns
    8:3 ||s|outer Passed 0ns
    9:3 ||s|s Failed 0ns None Some("set-up broke") "trace"
    "#);
}

#[test]
fn totals_are_compared_with_the_cases() {
    insta::assert_snapshot!(shown(r#"<testsuites tests="3"><testsuite name="s" tests="2"><testcase name="a"/></testsuite></testsuites>"#), @r"
    1:53 ||s|a Passed 0ns
    warning in.xml:1:1: a suite without a name declares 3 tests but contains 1
    ");
    insta::assert_snapshot!(shown(r#"<testsuites><testsuite name="s" tests="1" failures="1" errors="1"><testcase name="a"/></testsuite></testsuites>"#), @r#"
    1:67 ||s|a Passed 0ns
    1:13 ||s|s Failed 0ns None Some("the suite declares 2 failures, but none of its results has failed") ""
    "#);
    insta::assert_snapshot!(shown(r#"<testsuites tests="2" failures="1"><testsuite tests="2"><testcase name="a"/><testsuite><testcase name="b"><error/></testcase></testsuite></testsuite></testsuites>"#), @r#"
    1:57 |||a Passed 0ns
    1:88 |||b Failed 0ns None None ""
    "#);
    insta::assert_snapshot!(shown("<testsuites/>"), @"warning in.xml:1:1: contains no test results");
}

#[test]
fn a_failure_in_an_unusual_place_is_not_hidden() {
    for (case, expected) in [
        (
            "<skipped message='a'><failure type='T' message='b'/>text</skipped>",
            r#"|||a Failed 0ns Some("T") Some("b") "text""#,
        ),
        (
            "<skipped><error/></skipped>",
            "|||a Failed 0ns None None \"\"",
        ),
        (
            "<properties><failure message='b'/></properties>",
            r#"|||a Failed 0ns None Some("b") """#,
        ),
        ("<flakyFailure><error/></flakyFailure>", "|||a Passed 0ns"),
        (
            "<system-out><failure/></system-out><skipped><system-out><error/></system-out></skipped>",
            "|||a Skipped 0ns",
        ),
    ] {
        let report = format!("<testsuite>\n<testcase name='a'>{case}</testcase></testsuite>");
        let found = shown(&report);
        assert_eq!(found, format!("2:1 {expected}"), "{case}");
    }
    for outer in ["skipped", "properties"] {
        let inner = "<testcase name='b'><failure/></testcase>";
        let report = format!(
            "<testsuite><testcase name='a'><{outer}>\n{inner}</{outer}></testcase></testsuite>"
        );
        let found = shown(&report);
        assert!(found.starts_with("2:1 |||b Failed"), "{outer}: {found}");
    }
}

#[test]
fn malformed_reports_have_a_position_and_a_reason() {
    insta::assert_snapshot!(shown("<testsuites>\n <testsuite>\n  <testcase name='a'/>\n  <testcase name='b'>\n   <failure>text\n"), @r"
    3:3 |||a Passed 0ns
    error in.xml:6:1: unexpected end of file inside `failure` (opened at line 5); the file is truncated (in testsuites/testsuite/testcase/failure)
    ");
    insta::assert_snapshot!(shown("<testsuite>\n <testcase name='a' name='b'/></testsuite>"), @"invalid in.xml:2:2: attribute `name` is given twice, as `a` and as `b`; remove one of them");
    insta::assert_snapshot!(shown("<?xml version='1.0'?>\n<suites><suite/></suites>"), @"error in.xml:2:1: root element is `suites`; this is not a test report (in suites)");
    insta::assert_snapshot!(shown("<TestLog/>"), @"error in.xml:1:1: root element is `TestLog`; Boost.Test reports are not supported yet (in TestLog)");
    insta::assert_snapshot!(shown("<testsuite>\n <testcase name='a'></testsuite>"), @"error in.xml:2:21: malformed XML: found the end of `testsuite`, but `testcase` (opened at line 2) is still open (in testsuite/testcase)");
    insta::assert_snapshot!(shown("<!DOCTYPE x [\n<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>\n]><testsuite><testcase name='&b;'/></testsuite>"), @r"
    warning in.xml:3:14: unknown entity `&b;` kept as is
    3:14 |||&b; Passed 0ns
    ");
    let forced = ReadOptions::default().format(crate::format::Format::Junit);
    insta::assert_snapshot!(shown_with(&forced, b"name,status\n"), @"error in.xml:1:1: malformed XML: text before the root element");
    insta::assert_snapshot!(shown_with(&forced, b""), @"error in.xml: the file is empty; expected a report");
}

#[test]
fn namespaces_and_encodings_do_not_matter() {
    let report = "<?xml version='1.0' encoding='ISO-8859-1'?><j:testsuite xmlns:j='urn:j'><j:testcase name='caf\u{e9}'/></j:testsuite>";
    let latin: Vec<u8> = report
        .chars()
        .map(|char| u8::try_from(char).unwrap())
        .collect();
    let wide: Vec<u8> = format!("\u{FEFF}{report}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [latin, wide] {
        assert!(shown_with(&ReadOptions::default(), &bytes).contains("|||café Passed"));
    }
}

#[test]
fn control_characters_are_kept_and_reading_continues() {
    let found = shown(
        "<testsuite><testcase name='a\u{8}'><failure>&#x1b;\u{8}</failure></testcase></testsuite>",
    );
    assert!(
        found.contains("a\u{8} Failed") && found.contains("\\u{1b}\\u{8}"),
        "{found}"
    );
}

/// A report with an endless number of cases.
struct Endless {
    cases: u64,
    chunk: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() {
            self.cases += 1;
            let case = self.cases;
            let out = "x".repeat(1000);
            self.chunk =
                format!("<testcase name='{case}'><system-out>{out}</system-out></testcase>\n")
                    .into_bytes();
        }
        let amount = self.chunk.len().min(into.len());
        into[..amount].copy_from_slice(&self.chunk[..amount]);
        self.chunk.drain(..amount);
        Ok(amount)
    }
}

#[test]
fn an_endless_report_is_read_case_by_case() {
    let head = b"<testsuite>\n";
    let endless = Endless {
        cases: 0,
        chunk: Vec::new(),
    };
    let mut report = Junit::new(
        "in.xml".into(),
        head.chain(endless),
        head,
        &ReadOptions::default(),
    )
    .unwrap();
    for case in 1..=20_000_u64 {
        let Some(Ok(Record::Run(run))) = report.next() else {
            panic!("case {case}")
        };
        assert_eq!(run.identity.name, case.to_string());
        assert_eq!(run.position.unwrap().line, case + 1);
        assert!(report.xml.buffer_bytes() < 64 * 1024);
    }
}

proptest! {
    #[test]
    fn no_report_makes_it_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<testsuites>", "</testsuites>", "<testsuite name='s' tests='1'>", "</testsuite>", "<testcase>", "</testcase>",
            "<testcase name='a' time='x'/>", "<failure>", "</failure>", "<skipped/>", "<properties>", "</properties>",
            "<property name='jira' value='x'/>", "<property name='jira'>", "</property>", "text", "&x;", "&", "<error/>", "<![CDATA[x]]>", "<!-- c -->",
        ]), 0..30),
    ) {
        let report = format!("<testsuite>{}", parts.concat());
        let records = read(&Source::bytes("in.xml", report.as_bytes()), &ReadOptions::default()).unwrap();
        let (mut cases, mut is_whole) = (0, true);
        for record in records {
            prop_assert!(is_whole, "there is a record after an error");
            match record {
                Ok(Record::Run(run)) => {
                    prop_assert!(!run.identity.name.is_empty());
                    cases += 1;
                }
                Ok(_) => {}
                Err(_) => is_whole = false,
            }
        }
        prop_assert!(cases <= parts.len());
    }
}

#[test]
fn a_failure_of_a_suite_is_a_failed_result_that_is_named_after_it() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuites>
          <testsuite name="shop.Cart" tests="1" errors="3" timestamp="2026-01-02T03:04:05Z">
            <properties><property name="jira" value="SHOP-1"/></properties>
            <error type="IOError" message="set-up broke">at setup</error>
            <testcase name="adds"/>
            <failure message="clean-up broke"/>
          </testsuite>
          <testsuite><testsuite/><error>no name</error></testsuite>
        </testsuites>
    "#}), @r#"
    5:5 ||shop.Cart|adds Passed 0ns at 2026-01-02T03:04:05Z covers SHOP-1
    4:5 ||shop.Cart|shop.Cart Failed 0ns at 2026-01-02T03:04:05Z Some("IOError") Some("set-up broke") "at setup\n\nfailure: clean-up broke" covers SHOP-1
    8:26 |||unnamed suite Failed 0ns None None "no name"
    "#);
}

#[test]
fn a_flag_that_contradicts_a_pass_wins_and_a_flaky_test_may_fail() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s">
          <testcase name="fine" executed="True" success="True"/>
          <testcase name="no success" executed="True" success="False"/>
          <testcase name="not executed" executed="False"/>
          <testcase name="both" executed="False" success="False"/>
          <testcase name="ignored"><ignored/></testcase>
          <testcase name="aborted" status="aborted"/>
          <testcase name="flaky" status="failed"><flakyFailure/></testcase>
          <testcase name="odd but failed" status="amber"><failure/></testcase>
          <testcase name="two words" status="amber" result="failed"/>
        </testsuite>
    "#}), @r#"
    2:3 ||s|fine Passed 0ns
    3:3 ||s|no success Failed 0ns
    4:3 ||s|not executed Skipped 0ns
    5:3 ||s|both Failed 0ns
    6:3 ||s|ignored Skipped 0ns
    7:3 ||s|aborted Failed 0ns
    8:3 ||s|flaky Failed 0ns
    9:3 ||s|odd but failed Failed 0ns None None ""
    10:3 ||s|two words Failed 0ns
    "#);
}

#[test]
fn a_suite_that_declares_a_failure_which_no_result_shows_has_failed() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuites name="all" failures="1">
          <testsuite name="declares" errors="1"><testcase name="a"/></testsuite>
          <testsuite name="says" status="failed"><testcase name="a"/></testsuite>
          <testsuite name="not so" success="False"/>
          <testsuite name="explained" errors="2"><testcase name="a"><error/></testcase></testsuite>
          <testsuite name="flaky" failures="1"><testcase name="a"><flakyFailure/></testcase></testsuite>
          <testsuite name="perhaps" failures="1"><testcase name="a" status="amber"/></testsuite>
          <testsuite name="fine" errors="0" failures="" skipped="1" status="run"><testcase name="a"/></testsuite>
          <testsuite name="not counted" errors="-1" failures="NaN"><testcase name="a"/></testsuite>
        </testsuites>
    "#}), @r#"
    2:41 ||declares|a Passed 0ns
    2:3 ||declares|declares Failed 0ns None Some("the suite declares 1 failure, but none of its results has failed") ""
    3:42 ||says|a Passed 0ns
    3:3 ||says|says Failed 0ns None Some("the suite says that it failed, but none of its results has failed") ""
    4:3 ||not so|not so Failed 0ns None Some("the suite says that it failed, but none of its results has failed") ""
    5:42 ||explained|a Failed 0ns None None ""
    6:40 ||flaky|a Passed 0ns
    invalid in.xml:7:42: `amber` is not a valid status; use passed, failed, skipped or planned
    8:74 ||fine|a Passed 0ns
    warning in.xml:8:3: suite `fine` declares 1 skipped test but contains 0
    9:60 ||not counted|a Passed 0ns
    "#);
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuites status="exploded">
          <testsuite name="odd" result="weird"><testcase name="a"/></testsuite>
          <testsuite name="counts" passed="2" result="OK"><testcase name="a"/></testsuite>
          <testsuite name="red" result="weird"><testcase name="a"><failure/></testcase></testsuite>
        </testsuites>
    "#}), @"
    2:40 ||odd|a Passed 0ns
    invalid in.xml:2:3: `weird` is not a valid status; use passed, failed, skipped or planned
    3:51 ||counts|a Passed 0ns
    4:40 ||red|a Failed 0ns None None \"\"
    ");
    insta::assert_snapshot!(shown(r#"<testsuites failures="1"><testsuite name="s"><testcase name="a"/></testsuite></testsuites>"#), @r#"
    1:46 ||s|a Passed 0ns
    1:1 |||unnamed suite Failed 0ns None Some("the suite declares 1 failure, but none of its results has failed") ""
    "#);
}

#[test]
fn a_failure_inside_of_elements_that_are_not_known_counts() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuites><project><testsuite name="s">
          <group>
            <testcase name="steps"><steps><step><skipped/></step><step><failure message="m">t</failure></step></steps></testcase>
            <testcase name="only skipped"><steps><skipped/></steps></testcase>
            <testcase name="outer"><testcase name="inner"><error/></testcase></testcase>
            <testcase name="output"><system-out><failure/></system-out><properties><property><error/></property></properties></testcase>
          </group>
          <hooks><error message="set-up broke"/></hooks>
          <system-err><error/></system-err>
        </testsuite></project></testsuites>
    "#}), @r#"
    3:5 ||s|steps Failed 0ns None Some("m") "t"
    4:5 ||s|only skipped Passed 0ns
    5:28 ||s|inner Failed 0ns None None ""
    5:5 ||s|outer Passed 0ns
    6:5 ||s|output Passed 0ns
    8:10 ||s|s Failed 0ns None Some("set-up broke") ""
    "#);
}

#[test]
fn elements_in_another_case_hide_nothing() {
    let report = "<testsuite><testCase name='a'><Failure message='m'/></testCase><TESTCASE name='b'/>\
        <TestSuite name='s'><Error message='e'/><testcase name='c'/></TestSuite></testsuite>";
    insta::assert_snapshot!(shown(report), @r#"
    1:12 |||a Failed 0ns None Some("m") ""
    1:64 |||b Passed 0ns
    1:124 ||s|c Passed 0ns
    1:104 ||s|s Failed 0ns None Some("e") ""
    "#);
    assert!(
        shown("<TestSuites><testsuite/></TestSuites>").contains("root element is `TestSuites`")
    );
}

#[test]
fn elements_are_words_for_a_status_too() {
    let report = indoc! {r#"
        <testsuite name="s">
          <testcase name="capital"><Failure message="m">t</Failure></testcase>
          <testcase name="timeout"><timeout/></testcase>
          <testcase name="pending"><pending message="later"/></testcase>
          <testcase name="fine"><success/><output/><tags><warning/></tags></testcase>
          <testcase name="warning"><warning message="odd"/></testcase>
          <testcase name="both"><warning/><failure/></testcase>
          <testcase name="risky"><risky/></testcase>
          <testcase name="crash"><crash/></testcase>
        </testsuite>
    "#};
    insta::assert_snapshot!(shown(report), @r#"
    2:3 ||s|capital Failed 0ns None Some("m") "t"
    3:3 ||s|timeout Failed 0ns None None ""
    4:3 ||s|pending Skipped 0ns (later)
    5:3 ||s|fine Passed 0ns
    6:3 ||s|warning Skipped 0ns (odd)
    7:3 ||s|both Failed 0ns None None ""
    invalid in.xml:8:3: `risky` is not a valid status; use passed, failed, skipped or planned
    invalid in.xml:9:3: `crash` is not a valid status; use passed, failed, skipped or planned (did you mean `crashed`?)
    "#);
    let words = StatusAliases::default().with("Warning", Status::Failed);
    let mapped = shown_with(
        &ReadOptions::default().status_aliases(words),
        report.as_bytes(),
    );
    assert!(
        mapped.contains(r#"6:3 ||s|warning Failed 0ns None Some("odd") """#),
        "{mapped}"
    );
}

#[test]
fn elements_called_like_attributes_say_what_these_would_say() {
    let status = |inside: &str| {
        let report = format!(
            "<testsuite name='s'><testcase classname='c' name='a'>{inside}</testcase></testsuite>"
        );
        let found = shown(&report);
        let words = ["Passed", "Failed", "Skipped", "invalid"];
        words.into_iter().find(|word| found.contains(word))
    };
    for (inside, expected) in [
        ("<status>failed</status>", "Failed"),
        ("<Result> FAIL </Result>", "Failed"),
        ("<outcome><![CDATA[skipped]]></outcome>", "Skipped"),
        ("<success>false</success>", "Failed"),
        ("<passed>0</passed>", "Failed"),
        ("<ok>true</ok><state>passed</state>", "Passed"),
        ("<verdict>amber</verdict>", "invalid"),
        ("<status/><result></result>", "Passed"),
        ("<result>the sum is 7</result>", "Passed"),
        ("<status>not run</status>", "Skipped"),
        ("<result><failure/></result>", "Failed"),
        ("<step><status>skipped</status></step>", "Passed"),
        ("<failures message='x'/>", "Failed"),
        ("<errors type='E'>x</errors>", "Failed"),
        ("<failures/><errors count='0'/>", "Passed"),
    ] {
        assert_eq!(status(inside), Some(expected), "{inside}");
    }
    let long = format!("<result>{}</result>", "A".repeat(1000));
    assert_eq!(status(&long), Some("Passed"));
    let found = shown("<testsuite><testcase name='a' conclusion='failure'/></testsuite>");
    assert!(found.contains("Failed"), "{found}");
}

#[test]
fn how_many_cases_of_a_suite_passed_is_not_whether_it_did() {
    let shown = |attribute: &str| {
        shown(&format!(
            "<testsuite name='s' tests='1' {attribute}><testcase name='a'><skipped/></testcase></testsuite>"
        ))
    };
    for attribute in [
        "passed='0'",
        "Passed='0'",
        "success='0'",
        "ok='0'",
        "passed='true'",
    ] {
        let found = shown(attribute);
        assert!(!found.contains("Failed"), "{attribute}: {found}");
    }
    for attribute in ["passed='false'", "success='no'"] {
        let found = shown(attribute);
        assert!(found.contains("Failed"), "{attribute}: {found}");
    }
}

#[test]
fn a_contradictory_or_malformed_attribute_costs_one_result() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s" name="t">
          <testcase name="a" time="1" time="1"/>
          <testcase name="b" time="1" name="c" time="2"/>
          <testcase name="d"><failure type="x" type="y"/></testcase>
          <testcase name=e/>
          <testcase name="g"><failure type=x/></testcase>
          <testcase name="f"/>
        </testsuite>
    "#}), @r#"
    invalid in.xml:1:1: attribute `name` is given twice, as `s` and as `t`; remove one of them
    2:3 ||s|a Passed 1s
    invalid in.xml:3:3: attribute `name` is given twice, as `b` and as `c`; remove one of them; attribute `time` is given twice, as `1` and as `2`; remove one of them
    invalid in.xml:4:3: attribute `type` is given twice, as `x` and as `y`; remove one of them
    invalid in.xml:5:3: malformed XML: the value of attribute `name` is not in quotes (in `testcase`)
    invalid in.xml:6:3: malformed XML: the value of attribute `type` is not in quotes (in `failure`)
    7:3 ||s|f Passed 0ns
    "#);
}

#[test]
fn a_stray_byte_in_a_text_costs_nothing_but_a_warning() {
    let report = b"<?xml version='1.0' encoding='UTF-8'?>\n<testsuite name='k'><testcase name='a'><failure message='K\xF6ln'>\xFFx</failure></testcase>\n<testcase name='b'><system-out>\xE9</system-out></testcase></testsuite>";
    insta::assert_snapshot!(shown_with(&ReadOptions::default(), report), @r#"
    2:21 ||k|a Failed 0ns None Some("K�ln") "�x"
    3:1 ||k|b Passed 0ns
    warning in.xml:2:59: replaced 3 invalid UTF-8 bytes with `�`, starting here
    "#);
}

#[test]
fn a_name_with_a_stray_byte_is_no_name_and_the_encoding_can_be_given() {
    let report = b"<testsuites><testsuite name='caf\xE9'><testcase name='a'/><testcase classname='C' name='b'/></testsuite>\
        <testsuite name='s'><testcase name='\xE4'/><testcase name='\xF6'><failure/></testcase><testcase name='\xEF\xBF\xBD'/></testsuite></testsuites>";
    insta::assert_snapshot!(shown_with(&ReadOptions::default(), report), @r"
    invalid in.xml:1:36: `caf�` contains bytes that are not valid in the encoding of the file; save the file as UTF-8, declare its encoding, or set it
    1:56 ||C|b Passed 0ns
    invalid in.xml:1:122: `�` contains bytes that are not valid in the encoding of the file; save the file as UTF-8, declare its encoding, or set it
    invalid in.xml:1:142: `�` contains bytes that are not valid in the encoding of the file; save the file as UTF-8, declare its encoding, or set it
    1:182 ||s|� Passed 0ns
    warning in.xml:1:33: replaced 3 invalid UTF-8 bytes with `�`, starting here
    ");
    let latin = ReadOptions::default().encoding("latin1".parse().unwrap());
    let found = shown_with(&latin, report);
    assert!(
        found.contains("||caf\u{e9}|a Passed") && found.contains("|s|\u{f6} Failed"),
        "{found}"
    );
}

#[test]
fn a_text_that_is_not_needed_and_a_long_comment_cost_no_memory() {
    for (before, after) in [
        ("<system-out><![CDATA[", "]]></system-out>"),
        ("<system-err>", "</system-err>"),
        (
            "<properties><property name='log'>",
            "</property></properties>",
        ),
        ("<!--", "-->"),
    ] {
        let start = format!("<testsuite><testcase name='a'>{before}");
        let end = format!("{after}<failure>f</failure></testcase></testsuite>");
        let input = start
            .as_bytes()
            .chain(Repeated(20_000_000))
            .chain(end.as_bytes());
        let mut report = Junit::new(
            "in.xml".into(),
            input,
            start.as_bytes(),
            &ReadOptions::default(),
        )
        .unwrap();
        let Some(Ok(Record::Run(run))) = report.next() else {
            panic!("no result")
        };
        assert_eq!(run.failure.unwrap().details, "f");
        assert!(
            report.xml.buffer_bytes() < 1024,
            "{before}: {}",
            report.xml.buffer_bytes()
        );
    }
}

/// Many bytes of text.
struct Repeated(u64);

impl Read for Repeated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        const TEXT: &[u8] = b"a & b ]] &amp; - \n";
        let amount = into.len().min(usize::try_from(self.0).unwrap());
        for (at, byte) in into[..amount].iter_mut().enumerate() {
            *byte = TEXT[at % TEXT.len()];
        }
        self.0 -= amount as u64;
        Ok(amount)
    }
}

#[test]
fn other_durations_of_a_report_show_what_a_comma_means() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s" time="15,3000001">
          <testcase name="a" time="1,125"/>
          <testcase name="b" time="0,5"/>
          <testcase name="c" time="0:00:01.693097"/>
        </testsuite>
    "#}), @r"
    2:3 ||s|a Passed 1.125s
    3:3 ||s|b Passed 500ms
    4:3 ||s|c Passed 1.693s
    ");
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s" time="3,145.25"><testcase name="a" time="1,125"/></testsuite>
    "#}), @"1:37 ||s|a Passed 1125s");
}

#[test]
fn a_case_without_a_time_may_have_a_duration() {
    for (attributes, expected) in [
        (r#"duration="2.5""#, "2.5s"),
        (r#"duration="2.5" time="1""#, "1s"),
        (r#"time="1" duration="2.5""#, "1s"),
        (r#"duration="2.5" time="""#, "2.5s"),
        (r#"time="" duration="2.5""#, "2.5s"),
    ] {
        let report =
            format!(r#"<testsuite name="s"><testcase name="a" {attributes}/></testsuite>"#);
        assert_eq!(shown(&report), format!("1:21 ||s|a Passed {expected}"));
    }
}

#[test]
fn a_case_that_took_far_longer_than_its_suite_causes_a_warning() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuites time="500">
          <testsuite name="micros" time="0.048"><testcase name="a" time="46983"/></testsuite>
          <testsuite name="rounded" time="0"><testcase name="a" time="500"/></testsuite>
          <testsuite name="last one only" time="1"><testcase name="a" time="90"/></testsuite>
          <testsuite name="nanos" time="1967986371"><testcase name="a" time="999638317"/></testsuite>
        </testsuites>
    "#}), @r"
    2:41 ||micros|a Passed 46983s
    warning in.xml:2:3: suite `micros` took 0.048 s, one of its test cases 46983 s; are all times in seconds?
    3:38 ||rounded|a Passed 500s
    4:44 ||last one only|a Passed 90s
    5:45 ||nanos|a Passed 999638317s
    warning in.xml:5:3: suite `nanos` took 1967986371 s, one of its test cases 999638317 s; are all times in seconds?
    ");
}

#[test]
fn start_times_without_an_offset_are_in_the_given_time_zone() {
    let options = ReadOptions::default().time_zone(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap());
    let report = br#"<testsuite timestamp="2026-07-01T08:00:00"><testcase name="a"/><testcase name="b" timestamp="1690019643.5"/></testsuite>"#;
    insta::assert_snapshot!(shown_with(&options, report), @r"
    1:44 |||a Passed 0ns at 2026-06-30T23:00:00Z
    1:64 |||b Passed 0ns at 2023-07-22T09:54:03.5Z
    ");
}

#[test]
fn jira_keys_come_from_properties_attributes_tags_and_names() {
    let report = indoc! {r#"
        <testsuite name="s">
          <testcase name="plural"><properties><property name="requirements" value="SHOP-101,SHOP-102"/></properties></testcase>
          <testcase name="attribute" requirement="SHOP-103, nonsense"/>
          <testcase name="tags [SHOP-9]"><properties><property name="tags" value="SHOP-107,smoke"/><property name="tag">@requirements=SHOP-105</property></properties></testcase>
        </testsuite>
    "#};
    insta::assert_snapshot!(shown(report), @r"
    2:3 ||s|plural Passed 0ns covers SHOP-101 SHOP-102
    warning in.xml:3:3: ignored `nonsense`: not a Jira key (expected e.g. `SHOP-12`)
    3:3 ||s|attribute Passed 0ns covers SHOP-103
    4:3 ||s|tags [SHOP-9] Passed 0ns
    ");
    let options = ReadOptions::default().jira_sources(JiraSources::none().tags().names());
    insta::assert_snapshot!(shown_with(&options, report.as_bytes()), @r"
    2:3 ||s|plural Passed 0ns
    3:3 ||s|attribute Passed 0ns
    4:3 ||s|tags [SHOP-9] Passed 0ns covers SHOP-107 SHOP-105 SHOP-9
    ");
}

#[test]
fn a_test_is_the_same_on_windows_and_elsewhere_and_may_have_a_display_name_only() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="tests\cart\total.spec.ts">
          <testcase name="suite"/>
          <testcase classname="tests\cart\total.spec.ts" name="own"/>
          <testcase classname="Shop\Cart" name="" display-name="GET /pets"/>
        </testsuite>
    "#}).replace('\\', "|"), @r"
    2:3 ||tests/cart/total.spec.ts|suite Passed 0ns
    3:3 ||tests/cart/total.spec.ts|own Passed 0ns
    4:3 ||Shop|Cart|GET /pets Passed 0ns
    ");
}

#[test]
fn properties_of_a_case_are_kept() {
    let report = "<testsuite><properties><property name='os' value='Linux'/></properties><testcase name='a'><properties>\
        <property name='owner' value='payments'/><property name='tags' value='slow, nightly'/>\
        <property name='jira' value='SHOP-1'/><property name='size' value='7'/><property name='empty'/></properties></testcase><testcase name='b'/></testsuite>";
    let source = Source::bytes("in.xml", report.as_bytes());
    let runs: Vec<_> = read(&source, &ReadOptions::default())
        .unwrap()
        .filter_map(|record| match record.unwrap() {
            Record::Run(run) => Some(*run),
            _ => None,
        })
        .collect();
    let metadata = runs[0].metadata.as_ref().unwrap();
    assert_eq!(metadata.owner.as_deref(), Some("payments"));
    assert_eq!(metadata.tags, ["slow", "nightly"]);
    assert_eq!(metadata.properties, [Property::new("size", "7")]);
    assert_eq!(runs[0].jira, ["SHOP-1"]);
    assert_eq!(runs[1].metadata, None);
}

#[test]
fn output_names_attachments_of_its_case() {
    let report = indoc! {r#"
        <testsuite name="s">
          <system-out>[[ATTACHMENT|suite.log]]</system-out>
          <testcase name="a">
            <failure message="no">x<system-out>[[ATTACHMENT|/b/first try.mp4]]</system-out></failure>
            <system-out><![CDATA[one [[ATTACHMENT|/b/shot.png]]
              two]]></system-out>
            <system-err>&lt;[[ATTACHMENT|a&amp;b.zip]] &unknown; </system-err>
          </testcase>
          <testcase name="b"><system-out>[[ATTACHMENT|</system-out><system-err>x]]</system-err></testcase>
        </testsuite>
    "#};
    let source = Source::bytes("in.xml", report.as_bytes());
    let mut attachments = Vec::new();
    for record in read(&source, &ReadOptions::default()).unwrap() {
        let Record::Run(run) = record.unwrap() else {
            panic!("only results were expected");
        };
        let files = run.metadata.as_ref().map(|metadata| {
            let files = metadata.attachments.iter();
            let shown = files.map(|file| {
                let media_type = file.media_type.as_deref().unwrap_or_default();
                format!("{} {media_type}", file.path)
            });
            shown.collect::<Vec<String>>()
        });
        attachments.push(files.unwrap_or_default().join(", "));
    }
    assert_eq!(
        attachments,
        [
            "/b/first try.mp4 video/mp4, /b/shot.png image/png, a&b.zip application/zip",
            ""
        ]
    );
}
