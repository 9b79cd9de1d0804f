//! Dialects of `JUnit` XML and what becomes of them.

use std::fmt::Write as _;
use std::io::{self, Read};

use indoc::indoc;
use proptest::prelude::*;

use super::Junit;
use crate::{ReadOptions, Record, Source, TestRun, read};

/// All records of a report: runs by what distinguishes them, the rest by its message.
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
            failure.kind, failure.message, failure.details
        )
        .unwrap();
    }
    if let Some(description) = &run.description {
        write!(line, " ({description})").unwrap();
    }
    if !run.jira.is_empty() {
        write!(line, " proves {}", run.jira.join(" ")).unwrap();
    }
    line
}

fn shown(report: &str) -> String {
    shown_with(&ReadOptions::default(), report.as_bytes())
}

#[test]
fn cases_end_as_their_elements_say() {
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
fn reruns_count_as_they_ended() {
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
    3:3 ||s|failed again Failed 0ns None Some("first") "a\n\nfailure in a further attempt: T: second\nb\n\nerror in a further attempt: third"
    8:3 ||s|only again Failed 0ns None Some("m") ""
    "#);
}

#[test]
fn attributes_for_the_status_count_without_elements() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s">
          <testcase name="run" status="run" result="completed"/>
          <testcase name="disabled" status="notrun" result="suppressed"/>
          <testcase name="failed" status="FAILED"/>
          <testcase name="element wins" status="failed"><skipped/></testcase>
          <testcase name="odd" status="amber"/>
          <testcase name="odd again" status="amber"/>
        </testsuite>
    "#}), @r"
    2:3 ||s|run Passed 0ns
    3:3 ||s|disabled Skipped 0ns
    4:3 ||s|failed Failed 0ns
    5:3 ||s|element wins Skipped 0ns
    warning in.xml:6:3: status `amber` is unknown; the elements of the test case decide
    6:3 ||s|odd Passed 0ns
    7:3 ||s|odd again Passed 0ns
    ");
}

#[test]
fn classes_and_packages_come_from_where_they_stand() {
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
fn a_suite_path_fills_what_the_report_lacks() {
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
fn suites_hand_down_their_time_and_keys() {
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
    5:5 ||s|plain Passed 0ns at 2020-09-10T13:34:55Z proves SHOP-1 SHOP-2
    warning in.xml:7:19: `nonsense` is no Jira key and is left out; keys look like `SHOP-12`
    6:5 ||s|own Passed 0ns at 2020-09-10T11:35:00Z proves PAY-7 SHOP-2 SHOP-1
    9:29 ||inner|deep Passed 0ns at 2020-09-10T13:34:55Z proves SHOP-1 SHOP-2
    warning in.xml:11:3: start time `Thu Sep 10` is no point in time; write it like `2025-04-30T08:00:00Z` or as milliseconds since 1970; left out
    11:48 ||odd|no time Passed 0ns proves SHOP-1
    ");
    let options = ReadOptions::default().jira_properties(["ticket"]);
    let report = br#"<testsuite><properties><property name="jira" value="A-1"/><property name="TICKET" value="AB-2"/></properties><testcase name="n"/></testsuite>"#;
    insta::assert_snapshot!(shown_with(&options, report), @"1:110 |||n Passed 0ns proves AB-2");
}

#[test]
fn odd_values_are_warned_about() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <testsuite name="s">
          <testcase time="1,234.5"/>
          <testcase name=" " time="fast"/>
          <testcase name="comma" time="1,234"/>
          <testcase name="back" time="-0.1"/>
          <testcase name="none" time=""/>
          <testcase name="caf&eacute; &eacute; R&D &#65; &lt;"><failure>&eacute; &agrave; a & b &#x42;</failure></testcase>
          <testcase name="outer"><testcase name="inner"/></testcase>
          <error message="set-up broke">trace</error>
        </testsuite>
    "#}), @r#"
    warning in.xml:2:3: the test has no name; it is called `unnamed test 1`
    2:3 ||s|unnamed test 1 Passed 1234.5s
    warning in.xml:3:3: the test has no name; it is called `unnamed test 2`
    warning in.xml:3:3: duration `fast` is not a number; counted as 0
    3:3 ||s|unnamed test 2 Passed 0ns
    warning in.xml:4:3: duration `1,234` can be read in two ways: the comma may part thousands or decimals; counted as 0
    4:3 ||s|comma Passed 0ns
    warning in.xml:5:3: duration `-0.1` is negative; counted as 0
    5:3 ||s|back Passed 0ns
    6:3 ||s|none Passed 0ns
    warning in.xml:7:3: entity `&eacute;` is unknown and kept as it stands
    warning in.xml:7:74: entity `&agrave;` is unknown and kept as it stands
    7:3 ||s|caf&eacute; &eacute; R&D A < Failed 0ns None None "&eacute; &agrave; a & b B"
    warning in.xml:8:26: a test case inside a test case is not read
    8:3 ||s|outer Passed 0ns
    warning in.xml:9:3: suite `s` failed outside of its test cases, no result tells of it: set-up broke
    "#);
}

#[test]
fn totals_are_held_against_the_cases() {
    insta::assert_snapshot!(shown(r#"<testsuites tests="3"><testsuite name="s" tests="2"><testcase name="a"/></testsuite></testsuites>"#), @r"
    1:53 ||s|a Passed 0ns
    warning in.xml:1:1: a suite without a name states 3 tests, its test cases show 1
    ");
    insta::assert_snapshot!(shown(r#"<testsuites><testsuite name="s" tests="1" failures="1" errors="1"><testcase name="a"/></testsuite></testsuites>"#), @r"
    1:67 ||s|a Passed 0ns
    warning in.xml:1:13: suite `s` states 2 failures, its test cases show 0
    ");
    insta::assert_snapshot!(shown(r#"<testsuites tests="2" failures="1"><testsuite tests="2"><testcase name="a"/><testsuite><testcase name="b"><error/></testcase></testsuite></testsuite></testsuites>"#), @r#"
    1:57 |||a Passed 0ns
    1:88 |||b Failed 0ns None None ""
    "#);
    insta::assert_snapshot!(shown("<testsuites/>"), @"warning in.xml:1:1: no test results in here");
}

#[test]
fn broken_reports_say_where_and_why() {
    insta::assert_snapshot!(shown("<testsuites>\n <testsuite>\n  <testcase name='a'/>\n  <testcase name='b'>\n   <failure>text\n"), @r"
    3:3 |||a Passed 0ns
    error in.xml:6:1: the file ends inside `failure`, which was opened in line 5; it was cut off (in testsuites/testsuite/testcase/failure)
    ");
    insta::assert_snapshot!(shown("<testsuite>\n <testcase name='a' name='b'/></testsuite>"), @"error in.xml:2:2: the XML is broken: position 18: duplicated attribute, previous declaration at position 9 (in testsuite/testcase)");
    insta::assert_snapshot!(shown("<?xml version='1.0'?>\n<suites><suite/></suites>"), @"error in.xml:2:1: the outermost element is `suites`, a JUnit report has `testsuites` or `testsuite` (in suites)");
    insta::assert_snapshot!(shown("<test-run id='2'/>"), @"error in.xml:1:1: the outermost element is `test-run`; NUnit reports are not read yet (in test-run)");
    insta::assert_snapshot!(shown("<testsuite>\n <testcase name='a'></testsuite>"), @"error in.xml:2:21: the XML is broken: `testsuite` ends here, but `testcase` of line 2 is still open (in testsuite/testcase)");
    insta::assert_snapshot!(shown("<!DOCTYPE x [\n<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>\n]><testsuite><testcase name='&b;'/></testsuite>"), @r"
    warning in.xml:3:14: entity `&b;` is unknown and kept as it stands
    3:14 |||&b; Passed 0ns
    ");
    let forced = ReadOptions::default().format(crate::Format::Junit);
    insta::assert_snapshot!(shown_with(&forced, b"name,status\n"), @"error in.xml:1:1: the XML is broken: there is text before the outermost element");
    insta::assert_snapshot!(shown_with(&forced, b""), @"error in.xml: there is nothing in it, a JUnit report was expected");
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
fn control_characters_come_through_and_reading_goes_on() {
    let found = shown(
        "<testsuite><testcase name='a\u{1b}[31m'><failure>&#x1b;\u{8}</failure></testcase></testsuite>",
    );
    assert!(
        found.contains("a\u{1b}[31m Failed") && found.contains("\\u{1b}\\u{8}"),
        "{found}"
    );
}

/// Gives a report with endless cases, and fails when more of it is read than the cases so far need.
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
fn a_report_without_end_is_read_case_by_case() {
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
    fn no_report_breaks_it(
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
            prop_assert!(is_whole, "there is something behind an error");
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
