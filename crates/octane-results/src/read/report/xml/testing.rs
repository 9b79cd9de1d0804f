//! What the tests of all formats in XML share.

use std::collections::HashSet;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::format::Format;
use crate::metadata::{Attachment, Link, Metadata, Property};
use crate::origin::Origin;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::run::{Failure, TestRun};
use crate::source::Source;

/// All records of a report in `format`, which has to be recognised by its content: a run with all that it says,
/// everything else as its message.
pub(crate) fn shown(format: Format, report: impl AsRef<[u8]>) -> String {
    let report = report.as_ref();
    assert_eq!(crate::sniff::sniff(report, None), Ok(format));
    let records = match read(&Source::bytes("in.xml", report), &ReadOptions::default()) {
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

#[test]
fn a_damaged_document_is_refused_and_a_name_with_a_stray_byte_is_no_name() {
    let damaged = "<test-run><test-case name='a' result='Passed'/>\n\
        <test-case name='b' result='Passed'><reason><message>x\0y</message></reason></test-case></test-run>";
    assert_eq!(
        shown(Format::Nunit, damaged),
        "1:11 |||a Passed 0ns\nerror in.xml:2:54: malformed XML: contains a NUL character; the file is damaged (in test-run)"
    );
    assert_eq!(
        shown(
            Format::Testng,
            "<testng-results>\n<suite name='\0'/></testng-results>"
        ),
        "error in.xml:2:1: malformed XML: contains a NUL character; the file is damaged (in testng-results)"
    );
    let contradictory =
        "<test-run><test-case name='a' result='Passed' id='1' result='Failed'/></test-run>";
    assert_eq!(
        shown(Format::Nunit, contradictory),
        "error in.xml:1:11: malformed XML: attribute `result` is given twice, as `Passed` and as `Failed` (in test-run)"
    );
    assert_eq!(
        shown(Format::Nunit, contradictory.replace("Failed", "Passed")),
        "1:11 |||a Passed 0ns"
    );
    for (format, report) in [
        (Format::Nunit, &b"<test-run><test-case name='a\xE9' result='Passed'/></test-run>"[..]),
        (Format::Xunit, b"<assembly><test name='a' type='B\xE9' result='Pass'/></assembly>"),
        (Format::Trx, b"<TestRun><Results><UnitTestResult testName='a' testId='1' outcome='Passed'/></Results>\
            <TestDefinitions><UnitTest id='1'><TestMethod className='B\xE9'/></UnitTest></TestDefinitions></TestRun>"),
        (Format::Testng, b"<testng-results><suite name='s'><test name='t'><class name='B\xE9'>\
            <test-method name='a' status='PASS'/></class></test></suite></testng-results>"),
        (Format::Robot, b"<robot><suite name='B\xE9'><test name='a'><status status='PASS'/></test></suite></robot>"),
        (Format::Octane, b"<test_result><test_runs><test_run name='a\xE9' status='Passed'/></test_runs></test_result>"),
        (Format::Octane, b"<test_result><test_runs><test_run class='B\xE9' name='a' status='Passed'/></test_runs></test_result>"),
        (Format::Octane, b"<test_result><test_runs><test_run package='B\xE9' name='a' status='Passed'/></test_runs></test_result>"),
        (Format::Octane, b"<test_result><test_runs><test_run module='B\xE9' name='a' status='Passed'/></test_runs></test_result>"),
        (Format::Octane, b"<test_result><test_runs><test_run run_name='B\xE9' name='a' status='Passed'/></test_runs></test_result>"),
        (Format::Octane, b"<test_result><test_runs><gherkin_test_run name='r' status='Passed'><feature name='B\xE9' path='f'>\
            <scenarios><scenario name='s' status='Passed'/></scenarios></feature></gherkin_test_run></test_runs></test_result>"),
    ] {
        let shown = shown(format, report);
        assert!(shown.starts_with("invalid "), "{format}: {shown}");
        assert!(shown.contains("bytes that are not valid"), "{format}: {shown}");
    }
}

proptest! {
    #[test]
    fn no_report_makes_it_panic(
        root in select(&["test-run", "test-results", "assemblies", "TestRun", "testng-results", "robot", "test_result"][..]),
        tokens in vec(token(), 0..60),
        is_cut_off in any::<bool>(),
    ) {
        let report = document(root, tokens, is_cut_off);
        let source = Source::bytes("in.xml", report.as_bytes());
        let records = read(&source, &ReadOptions::default()).unwrap();
        let has_error = records.filter(Result::is_err).count() > 0;
        prop_assert_eq!(has_error, is_cut_off, "{}", report);
    }
}

/// A part of a document, as any format may have it.
#[derive(Debug, Clone)]
enum Token {
    Start(&'static str, String),
    End,
    Text(&'static str),
}

fn token() -> impl Strategy<Value = Token> {
    let attributes = vec((select(ATTRIBUTES), select(VALUES)), 0..4);
    let start = (select(NAMES), attributes).prop_map(|(name, attributes)| {
        let mut names = HashSet::new();
        let attributes: Vec<String> = (attributes.iter())
            .filter(|(name, _)| names.insert(*name))
            .map(|(name, value)| format!(" {name}='{value}'"))
            .collect();
        Token::Start(name, attributes.concat())
    });
    prop_oneof![4 => start, 3 => Just(Token::End), 1 => select(VALUES).prop_map(Token::Text)]
}

/// A document that is well-formed, unless it is cut off before the end of its root.
fn document(root: &'static str, tokens: Vec<Token>, is_cut_off: bool) -> String {
    let mut text = format!("<{root}>");
    let mut open = Vec::new();
    for token in tokens {
        match token {
            Token::Start(name, attributes) => {
                write!(text, "<{name}{attributes}>").unwrap();
                open.push(name);
            }
            Token::End => {
                if let Some(name) = open.pop() {
                    write!(text, "</{name}>").unwrap();
                }
            }
            Token::Text(content) => text.push_str(content),
        }
    }
    if !is_cut_off {
        for name in open.into_iter().rev() {
            write!(text, "</{name}>").unwrap();
        }
        write!(text, "</{root}>").unwrap();
    }
    text
}

const NAMES: &[&str] = &[
    "test-suite",
    "test-case",
    "properties",
    "property",
    "failure",
    "reason",
    "message",
    "assembly",
    "collection",
    "class",
    "test",
    "errors",
    "error",
    "traits",
    "trait",
    "Results",
    "UnitTestResult",
    "InnerResults",
    "Output",
    "ErrorInfo",
    "TestDefinitions",
    "UnitTest",
    "TestMethod",
    "ResultSummary",
    "RunInfos",
    "RunInfo",
    "suite",
    "groups",
    "test-method",
    "params",
    "param",
    "value",
    "exception",
    "kw",
    "msg",
    "status",
    "doc",
    "tag",
    "test_runs",
    "test_run",
    "gherkin_test_run",
    "feature",
    "scenarios",
    "scenario",
    "steps",
    "step",
];
const ATTRIBUTES: &[&str] = &[
    "name",
    "fullname",
    "classname",
    "result",
    "outcome",
    "status",
    "site",
    "type",
    "value",
    "time",
    "duration",
    "start-time",
    "date",
    "testId",
    "id",
    "testName",
    "dataRowInfo",
    "className",
    "retried",
    "is-config",
    "started-at",
    "starttime",
    "endtime",
    "start",
    "elapsed",
    "html",
    "package",
    "groups",
    "index",
    "outlineIndex",
    "generator",
];
const VALUES: &[&str] = &[
    "",
    "a.b.C",
    "C(\"x.y\").é",
    "Passed",
    "Failed",
    "FAIL",
    "PASS",
    "SKIP",
    "TearDown",
    "true",
    "1",
    "-1",
    "1.5",
    "20260301 08:00:00.123",
    "2026030é 08",
    "2026-03-01T08:00:00Z",
    "00:00:01.5",
    "N/A",
    "[x, y]",
    "teardown",
    "[[ATTACHMENT|x]] &lt;a href=\"é",
    "@",
    "(",
    "é",
];

/// The runs of a report in `format` that is read without a problem.
pub(crate) fn runs(format: Format, report: &str) -> Vec<TestRun> {
    let options = ReadOptions {
        format: Some(format),
        ..ReadOptions::default()
    };
    let records = read(&Source::bytes("in.xml", report.as_bytes()), &options).unwrap();
    let run = |record| match record {
        Ok(Record::Run(run)) => *run,
        other => panic!("{other:?}"),
    };
    records.map(run).collect()
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
    if let Some(name) = &run.run_name {
        write!(line, " run {name}").unwrap();
    }
    if let Some(description) = &run.description {
        write!(line, " ({description})").unwrap();
    }
    if !run.jira.is_empty() {
        write!(line, " covers {}", run.jira.join(" ")).unwrap();
    }
    if let Some(id) = &run.external_test_id {
        write!(line, " id {id}").unwrap();
    }
    for (what, failure) in (run.failure.iter().map(|failure| ("failure", failure))).chain(
        run.earlier_failures
            .iter()
            .map(|failure| ("earlier", failure)),
    ) {
        let Failure {
            error_type,
            message,
            details,
        } = failure;
        write!(line, "\n  {what} {error_type:?} {message:?} {details:?}").unwrap();
    }
    for steps in &run.steps {
        for step in &steps.steps {
            write!(
                line,
                "\n  step {} {} {:?}",
                step.name, step.status, step.duration
            )
            .unwrap();
            if let Some(error) = &step.error_message {
                write!(line, " {error:?}").unwrap();
            }
        }
    }
    add_origin(&mut line, &run.origin);
    if let Some(metadata) = &run.metadata {
        add_metadata(&mut line, metadata);
    }
    line
}

fn add_origin(line: &mut String, origin: &Origin) {
    let fields = [
        ("project", &origin.project),
        ("host", &origin.hostname),
        ("suite", &origin.suite),
        ("file", &origin.file),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            write!(line, "\n  {name} {value}").unwrap();
        }
    }
}

fn add_metadata(line: &mut String, metadata: &Metadata) {
    if let Some(owner) = &metadata.owner {
        write!(line, "\n  owner {owner}").unwrap();
    }
    for tag in &metadata.tags {
        write!(line, "\n  tag {tag}").unwrap();
    }
    let named = [
        ("parameter", &metadata.parameters),
        ("property", &metadata.properties),
    ];
    for (what, properties) in named {
        for Property { name, value } in properties {
            write!(line, "\n  {what} {name}={value}").unwrap();
        }
    }
    for Link { name, url } in &metadata.links {
        write!(line, "\n  link {name:?} {url}").unwrap();
    }
    for Attachment {
        name,
        path,
        media_type,
    } in &metadata.attachments
    {
        write!(line, "\n  attachment {name:?} {path} {media_type:?}").unwrap();
    }
}
