//! What is read in parts is what is read at once.

use std::io;

use proptest::prelude::*;

use super::*;
use crate::format::Format;
use crate::read::commas::Commas;
use crate::run::TestRun;
use crate::sniff::sniff;
use crate::source::Source;
use crate::source::find::{FindOptions, sources};

/// Shows each result.
struct Show;

impl Process for Show {
    type Output = Vec<String>;

    fn begin(&self) -> Self::Output {
        Vec::new()
    }

    fn run(&self, run: &mut TestRun, shown: &mut Self::Output) {
        shown.push(format!("{run:?}"));
    }
}

type Shown = Processed<Vec<String>>;

fn shown(record: Result<Shown, ReadError>) -> Vec<String> {
    match record {
        Ok(Processed::Runs(runs)) => runs,
        Ok(other) => vec![format!("{other:?}")],
        Err(error) => vec![error.to_string()],
    }
}

fn at_once(input: Input, head: &[u8]) -> Vec<String> {
    let options = ReadOptions::default();
    let junit = Junit::new("in.xml".into(), input, head, &options).unwrap();
    let records = Records::new(Cleaned::new(junit, &options));
    ProcessEach::new(records, Arc::new(Show))
        .flat_map(shown)
        .collect()
}

fn in_parts(input: Input, head: &[u8], part_bytes: usize) -> Parts<Show> {
    let setting = Setting {
        file: "in.xml".into(),
        options: ReadOptions::default(),
        commas: Commas::default(),
        process: Arc::new(Show),
    };
    Parts::of_size(setting, input, head.to_vec(), 2, part_bytes)
}

/// The records of a report, with everything that they contain, as they are read at once or in parts of this size. The last
/// number is how many parts were used.
fn records(report: &[u8], part_bytes: Option<usize>) -> (Vec<String>, usize) {
    let input: Input = Source::bytes("in.xml", report).open().unwrap();
    let Some(part_bytes) = part_bytes else {
        return (at_once(input, report), 0);
    };
    let mut parts = in_parts(input, report, part_bytes);
    let (mut found, mut used) = (Vec::new(), 0);
    let mut end = None;
    while let Some(record) = parts.next() {
        found.extend(shown(record));
        used += usize::from(std::mem::replace(&mut end, parts.end) != parts.end);
    }
    (found, used)
}

/// Asserts that both ways lead to the same records, and returns how many parts were used.
fn used(report: &[u8], part_bytes: usize) -> usize {
    let (expected, _) = records(report, None);
    let (found, used) = records(report, Some(part_bytes));
    let same = found.iter().zip(&expected);
    let same = same.take_while(|(found, expected)| found == expected);
    let first = same.count();
    assert_eq!(
        (found.len(), found.get(first)),
        (expected.len(), expected.get(first)),
        "{part_bytes}: {}",
        String::from_utf8_lossy(report)
    );
    used
}

#[test]
fn suites_end_and_begin_in_any_part() {
    let mut report = "<?xml version='1.0'?>\n<testsuites name='all' tests='61'>\n".to_owned();
    for suite in 0..6 {
        report.push_str(&format!(
            "<testsuite name='s{suite}' tests='11' failures='{suite}' timestamp='2026-01-01T00:00:0{suite}' package='p'>\n\
             <properties><property name='jira' value='SHOP-{suite}'/></properties>\n"
        ));
        for case in 0..10 {
            report.push_str(&format!(
                "<testcase name='é{case}' classname='p.C' time='900'/>"
            ));
        }
        report.push_str("<system-out>x</system-out>\n</testsuite>");
    }
    report.push_str("</testsuites>\n");
    for part_bytes in [1, 40, 100, 300, 1000] {
        assert!(used(report.as_bytes(), part_bytes) > 2, "{part_bytes}");
    }
    assert_eq!(used(report.as_bytes(), 1_000_000), 0);
}

#[test]
fn a_suite_without_an_end_in_a_part_is_read_in_parts() {
    let case = "<testcase name='a'><failure message='&odd;'/></testcase>\n";
    let report = format!(
        "<testsuite tests='3' name='s' time='0.001'>{}</testsuite>",
        case.repeat(40)
    );
    assert!(used(report.as_bytes(), 200) > 5);
}

#[test]
fn what_only_looks_like_a_case_is_none() {
    let case = "<testcase name='a' time='1'/>\n";
    for odd in [
        "<testcase name='b'><system-out><![CDATA[<testcase name='c'/> </testsuite>]]></system-out></testcase>",
        "<!-- <testcase name='b'/> -->",
        "<?pi <testcase name='b'?>",
        "<testcase name='<testcase name=&quot;c&quot;/>'/>",
        "<testcase name='b'><failure message='<testcase '><testcase name='d'/></failure></testcase>",
        "<properties><property name='jira' value='SHOP-1'/></properties>",
        "<testcase/>",
        "<testcase name='b' name='c'/>",
        "<failure message='set-up'>x</failure>",
        "<error/>",
        "<group><testcase name='b'/></group>",
        "<p:testsuite name='q'><testcase name='b'/></p:testsuite>",
        "<testsuite name='q'/>",
        "<testsuite name='q'><testsuite><testcase name='b'/></testsuite><testcase name='e'/></testsuite>",
        "</testsuite><testsuite name='r'>",
        "</testsuite></testsuites><testsuites><testsuite>",
        "</testsuite>",
        "\u{1}\u{1b}&unknown;",
        "<testcase name='0x12345678'/>",
        "<testcase name='0x12345678' classname='&x;'/>",
        "<",
        "<a",
        "&",
    ] {
        let cases = case.repeat(5);
        let report = format!(
            "<testsuites name='x'><testsuite name='s'>\n{cases}{odd}{cases}</testsuite></testsuites>\n"
        );
        for part_bytes in [1, 30, 60, 100] {
            used(report.as_bytes(), part_bytes);
        }
    }
}

#[test]
fn invalid_bytes_and_marks_are_those_of_the_whole_report() {
    let mut report = b"\xEF\xBB\xBF<testsuite name='s'>".to_vec();
    for case in 0..20 {
        report.extend_from_slice(b"<testcase name='a' classname='");
        report.extend_from_slice(if case == 11 { b"\xE9'/>" } else { b"B'/>" });
    }
    report.extend_from_slice(b"\xFF</testsuite>");
    assert!(used(&report, 100) > 2);
    used(&report, 1);
}

#[test]
fn an_input_that_cannot_be_read_on_fails_where_it_does() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let case = "<testcase name='a'/>\n".repeat(20);
    let report = format!("<testsuite>{case}");
    let input = || Box::new(Cursor::new(report.clone()).chain(Broken));
    let expected = at_once(input(), b"");
    assert!(expected.len() == 21 && expected[20].contains("gone"));
    let parts = in_parts(input(), b"", 100);
    assert_eq!(parts.flat_map(shown).collect::<Vec<_>>(), expected);
}

/// Pieces of reports, well-formed or not.
const PIECES: [&str; 41] = [
    "<testsuites>",
    "<testsuites name='t' tests='3'>",
    "</testsuites>",
    "<testsuite>",
    "<testsuite name='s' tests='2' failures='1' time='0.01'>",
    "<testsuite name='x\\y.js' package='p' hostname='h' timestamp='2026-01-01T10:00:00'>",
    "</testsuite>",
    "</testsuite>",
    "</testsuite>\n",
    "<testsuite name='e'/>",
    "<testcase name='a'/>",
    "<testcase name='a' classname='p.C' time='0.5'/>\n",
    "<testcase/>",
    "<testcase name='b'>",
    "</testcase>",
    "</testcase>",
    "<testcase name='c' time='9000'><skipped/></testcase>",
    "<testcase name='f'><failure message='m'>t</failure></testcase>",
    "<testcase name='0xdeadbeef'/>",
    "<testcase name='é' status='odd'/>",
    "<testcase name='&nbsp;'/>",
    "<testcase name='z' time='1,234'/>",
    "<properties><property name='jira' value='A_B-1'/></properties>",
    "<property name='jira' value='SHOP-2'/>",
    "<system-out>x [[ATTACHMENT|a.png]]</system-out>",
    "<![CDATA[<testcase name='no'/>]]>",
    "<!-- <testsuite> <testcase name='no'/> -->",
    "<?pi <testcase?>",
    "<!-- fail 2 -->",
    "<error message='s'/>",
    "<failure>",
    "</failure>",
    "\n",
    "\r\n",
    "text",
    "&amp;&odd;",
    "<other>",
    "</other>",
    "<",
    "<testcase name=\"<testcase name='q'/>\"/>",
    "]]>-->",
];

/// A document whose elements are closed: each number adds a piece, or begins or ends a suite.
fn document(numbers: &[usize]) -> String {
    const WHOLE: [&str; 18] = [
        "<testcase name='a'/>",
        "<testcase name='a' classname='p.C' time='0.5'/>\n",
        "<testcase name='b' classname='q/r.spec.ts' time='1,250'><skipped/></testcase>",
        "<testcase name='f'><failure message='m &amp; n'>t\r\nu</failure></testcase>\r\n",
        "<testcase name='g'><properties><property name='jira' value='SHOP-1'/></properties></testcase>",
        "<testcase name='h'><system-out>x [[ATTACHMENT|a.png]] <![CDATA[<testcase name='no'/>]]></system-out></testcase>",
        "<testcase name='é' status='odd'/>",
        "<testcase name='&nbsp;' time='9000'/>",
        "<testcase name='0xdeadbeef'/>",
        "<testcase name='i'><flakyFailure message='once'/></testcase>",
        "<testcase/>",
        "<testcase name='j'><testcase name='k'/></testcase>",
        "<properties><property name='jira' value='A_B-1'/></properties>",
        "<!-- <testsuite> <testcase name='no'/> -->",
        "<error message='set-up'/>",
        "<testsuite name='empty' tests='1'/>",
        "<?pi <testcase?><!-- fail 1 -->",
        "\n",
    ];
    const SUITES: [&str; 6] = [
        "<testsuite>",
        "<testsuite name='s' tests='2' failures='1' time='0.01'>\n",
        "<testsuite name='x\\y.js' package='p' hostname='h' timestamp='2026-01-01T10:00:00'>",
        "<testsuite name='one' tests='1'><properties><property name='jira' value='SHOP-9'/></properties>",
        "<testsuite name='two' file='a/b.py' errors='0' result='passed'>",
        "<testsuites name='inner'>",
    ];
    let mut open = vec!["</testsuites>"];
    let mut document = "<testsuites name='all'>".to_owned();
    for number in numbers {
        match number % 40 {
            0..4 if open.len() > 1 => document.push_str(open.pop().unwrap_or_default()),
            at @ 4..10 if open.len() < 6 => {
                let start = SUITES[at - 4];
                document.push_str(start);
                let is_outer = start.starts_with("<testsuites");
                open.push(if is_outer {
                    "</testsuites>"
                } else {
                    "</testsuite>"
                });
            }
            // Plain cases are the most frequent, and what makes parts unusable is rare.
            at @ 10..27 => document.push_str(WHOLE[at % 10]),
            27 => document.push_str(WHOLE[10 + number / 40 % 8]),
            _ => document.push_str(WHOLE[1]),
        }
    }
    while let Some(end) = open.pop() {
        document.push_str(end);
    }
    document
}

#[test]
fn most_documents_are_read_in_parts() {
    let numbers: Vec<usize> = (0..200)
        .map(|at: usize| at.wrapping_mul(2_654_435_761) >> 7)
        .collect();
    assert!(used(document(&numbers).as_bytes(), 300) > 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn any_pieces_are_read_in_parts_as_at_once(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..30),
        part_bytes in 1_usize..200,
        cut in any::<Option<u8>>(),
        is_closed in any::<bool>(),
    ) {
        let mut report = "<testsuites><testsuite name='o'>".to_owned();
        pieces.iter().for_each(|piece| report.push_str(PIECES[*piece]));
        if is_closed {
            report.push_str("</testsuite></testsuites>");
        }
        let mut bytes = report.into_bytes();
        if let Some(cut) = cut {
            bytes.truncate(bytes.len().saturating_sub(cut.into()));
        }
        used(&bytes, part_bytes);
    }

    #[test]
    fn documents_are_read_in_parts_as_at_once(
        numbers in proptest::collection::vec(0_usize..400, 0..80),
        part_bytes in 1_usize..400,
        cut in proptest::option::weighted(0.2, any::<u8>()),
    ) {
        let mut document = document(&numbers).into_bytes();
        if let Some(cut) = cut {
            document.truncate(document.len().saturating_sub(cut.into()));
        }
        used(&document, part_bytes);
    }
}

#[test]
fn real_reports_are_read_in_parts_as_at_once() {
    let Some(shared) = octane_test_support::shared_folder_with("corpus/expected.tsv") else {
        return;
    };
    let corpus = shared.join("corpus").display().to_string();
    let found = sources(&[corpus], &FindOptions::default()).unwrap();
    let (mut files, mut parts) = (0, 0);
    for source in found.sources {
        let mut report = Vec::new();
        source.open().unwrap().read_to_end(&mut report).unwrap();
        let head = &report[..report.len().min(8192)];
        let is_junit = sniff(head, source.extension()) == Ok(Format::Junit);
        if is_junit && can_be_cut(head, &ReadOptions::default()) {
            files += 1;
            parts += [300, 3000]
                .map(|bytes| used(&report, bytes))
                .iter()
                .sum::<usize>();
        }
    }
    assert!(files > 20 && parts > 100, "{files} files, {parts} parts");
}
