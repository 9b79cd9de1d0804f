//! Reports of all formats that are cut off, damaged or nested: reading them ends, and nothing that is damaged passes more
//! tests than the whole report.

use octane_results::{Format, ReadOptions, Record, Source, Status, read};
use proptest::prelude::*;

/// A small report in each format that is text; Arrow and Parquet have tests of their own.
#[rustfmt::skip]
const REPORTS: [(Format, &str); Format::ALL.len() - 2] = [
    (Format::Junit, r#"<testsuite name="s"><testcase name="a" classname="p.C" time="1,5"><failure message="m">d</failure></testcase></testsuite>"#),
    (Format::Nunit, r#"<test-run id="2"><test-suite type="TestFixture" name="F"><test-case name="a" fullname="N.F.a" result="Failed" duration="0.5"><failure><message>m</message></failure></test-case></test-suite></test-run>"#),
    (Format::Xunit, r#"<assemblies><assembly name="a.dll"><collection><test name="N.F.a" type="N.F" method="a" time="0.1" result="Fail"><failure exception-type="E"><message>m</message></failure></test></collection></assembly></assemblies>"#),
    (Format::Trx, r#"<TestRun><Results><UnitTestResult testId="1" testName="a" outcome="Passed" duration="00:00:00.5"/></Results><TestDefinitions><UnitTest id="1" name="a"><TestMethod className="N.C" name="a"/></UnitTest></TestDefinitions></TestRun>"#),
    (Format::Testng, r#"<testng-results><suite name="s"><test name="t"><class name="p.C"><test-method name="a" status="FAIL" duration-ms="5"><exception class="E"><message>m</message></exception></test-method></class></test></suite></testng-results>"#),
    (Format::Robot, r#"<robot><suite name="S"><test name="a"><kw name="k"><status status="PASS"/></kw><status status="FAIL">m</status></test><status status="FAIL"/></suite></robot>"#),
    (Format::Octane, r#"<test_result><test_runs><test_run name="a" duration="5" status="Passed"/></test_runs></test_result>"#),
    (Format::Cucumber, r#"[{"uri":"a.feature","name":"F","elements":[{"type":"scenario","id":"f;a","name":"a","steps":[{"name":"x","result":{"status":"failed","duration":5}}]}]}]"#),
    (Format::CucumberMessages, r#"{"pickle":{"id":"p","uri":"a.feature","name":"a","steps":[{"id":"s","text":"x"}]}}
{"testCase":{"id":"c","pickleId":"p","testSteps":[{"id":"t","pickleStepId":"s"}]}}
{"testCaseStarted":{"id":"r","testCaseId":"c","attempt":0}}
{"testStepFinished":{"testCaseStartedId":"r","testStepId":"t","testStepResult":{"status":"PASSED"}}}
{"testCaseFinished":{"testCaseStartedId":"r","willBeRetried":false}}
"#),
    (Format::Playwright, r#"{"config":{"projects":[]},"suites":[{"title":"a.ts","file":"a.ts","specs":[{"title":"a","tests":[{"projectName":"firefox","status":"unexpected","results":[{"status":"failed","duration":5,"error":{"message":"m"}}]}]}]}]}"#),
    (Format::Mocha, r#"{"stats":{"tests":1},"tests":[{"title":"a","fullTitle":"S a","duration":1,"err":{}}],"pending":[],"failures":[],"passes":[{"title":"a","fullTitle":"S a"}]}"#),
    (Format::GoTest, r#"{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0.5}
{"Action":"fail","Package":"p"}
"#),
    (Format::PytestJson, r#"{"created":1.5,"exitcode":1,"root":"/w","tests":[{"nodeid":"a.py::C::test_a[1]","outcome":"failed","call":{"duration":0.5,"outcome":"failed","longrepr":"m"}}]}"#),
    (Format::Dart, r#"{"type":"start","protocolVersion":"0.1.1","time":0}
{"type":"suite","suite":{"id":0,"path":"a.dart"},"time":0}
{"type":"testStart","test":{"id":1,"name":"a","suiteID":0,"metadata":{"skip":false}},"time":1}
{"type":"testDone","testID":1,"result":"success","skipped":false,"hidden":false,"time":5}
"#),
    (Format::Allure, r#"{"uuid":"u","historyId":"h","name":"a","fullName":"p.C.a","status":"broken","statusDetails":{"message":"m"},"start":1,"stop":5}"#),
    (Format::Ctrf, r#"{"results":{"tool":{"name":"t"},"summary":{"tests":1},"tests":[{"name":"a","status":"failed","duration":5,"message":"m"}]}}"#),
    (Format::Googletest, r#"{"tests":2,"failures":1,"name":"AllTests","testsuites":[{"name":"S","testsuite":[{"name":"a","status":"RUN","result":"COMPLETED","time":"0.5s","classname":"S"},{"name":"b","status":"RUN","result":"COMPLETED","classname":"S","failures":[{"failure":"m","type":""}]}]}]}"#),
    (Format::Catch2, r#"<Catch2TestRun name="s"><TestCase name="a" tags="[t]"><Section name="in"><Expression success="false" type="CHECK"><Original>x</Original></Expression><OverallResults failures="1"/></Section><OverallResult success="false" durationInSeconds="0.5"/></TestCase><TestCase name="b"><OverallResult success="true"/></TestCase></Catch2TestRun>"#),
    (Format::Rspec, r#"{"version":"3.13.0","examples":[{"id":"./a_spec.rb[1:1]","description":"a","full_description":"A a","status":"failed","file_path":"./a_spec.rb","run_time":0.5,"exception":{"class":"E","message":"m","backtrace":["a_spec.rb:1"]}}],"summary":{"example_count":1,"failure_count":1},"summary_line":"1 example, 1 failure"}"#),
    (Format::Jest, r#"{"numTotalTests":1,"testResults":[{"name":"/w/a.test.js","status":"failed","assertionResults":[{"title":"a","fullName":"S a","ancestorTitles":["S"],"status":"failed","duration":5,"failureMessages":["m"]}]}]}"#),
    (Format::Tap, r"TAP version 14
1..2
ok 1 - a
not ok 2 - b
  ---
  message: m
  ...
"),
    (Format::Csv, r#"name,status,duration
a,passed,5
"b",failed,
"#),
    (Format::Json, r#"[{"name":"a","status":"passed","jira":["SHOP-1"]}]"#),
    (Format::Ndjson, r#"{"name":"a","status":"passed"}
{"name":"b","status":"failed"}
"#),
];

/// How many results have passed and how many there are, and whether the report ends as it should.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    passed: usize,
    results: usize,
    is_whole: bool,
}

fn reading(format: Option<Format>, bytes: &[u8]) -> Reading {
    let mut options = ReadOptions::default();
    options.format = format;
    let mut reading = Reading {
        passed: 0,
        results: 0,
        is_whole: true,
    };
    let Ok(records) = read(&Source::bytes("report", bytes), &options) else {
        reading.is_whole = false;
        return reading;
    };
    for record in records {
        match record {
            Ok(Record::Run(run)) => {
                assert!(!run.identity.name.is_empty());
                reading.results += 1;
                reading.passed += usize::from(run.status == Status::Passed);
            }
            Ok(Record::Invalid(_)) => reading.results += 1,
            Ok(Record::Warning(_)) => {}
            Err(error) => {
                assert!(!error.to_string().is_empty());
                reading.is_whole = false;
            }
        }
    }
    reading
}

#[test]
fn each_report_is_recognised_by_its_content() {
    for (format, report) in REPORTS {
        let forced = reading(Some(format), report.as_bytes());
        assert!(
            forced.is_whole && forced.results > 0,
            "{format}: {forced:?}"
        );
        assert_eq!(reading(None, report.as_bytes()), forced, "{format}");
    }
}

#[test]
fn compressed_reports_are_read_as_others() {
    use std::io::Write;

    for (format, report) in REPORTS {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(report.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(
            reading(None, &packed),
            reading(None, report.as_bytes()),
            "{format}"
        );
        // A file that was cut off while it was written.
        let cut = reading(None, &packed[..packed.len() - 4]);
        assert!(!cut.is_whole, "{format}: {cut:?}");
    }
}

#[test]
fn a_report_that_is_cut_off_passes_no_more_than_the_whole() {
    for (format, report) in REPORTS {
        let whole = reading(Some(format), report.as_bytes());
        for end in 0..report.len() {
            if !report.is_char_boundary(end) {
                continue;
            }
            let cut = reading(Some(format), &report.as_bytes()[..end]);
            assert!(cut.passed <= whole.passed, "{format} at {end}: {cut:?}");
        }
    }
}

#[test]
fn deep_nesting_ends_with_a_reason() {
    let deep = [
        ("<a>".repeat(100_000), "xml"),
        ("[".repeat(100_000), "json"),
        ("{\"a\":".repeat(100_000), "json"),
    ];
    for (text, _) in &deep {
        for format in Format::ALL {
            let _ = reading(Some(format), text.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_bytes_never_panic(
        which in 0..REPORTS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        is_forced in any::<bool>(),
    ) {
        let (format, report) = REPORTS[which];
        let mut bytes = report.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = reading(is_forced.then_some(format), &bytes);
    }

    #[test]
    fn pieces_in_another_order_never_panic(
        which in 0..REPORTS.len(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 2..5),
    ) {
        let (format, report) = REPORTS[which];
        let bytes = report.as_bytes();
        let mut mixed = Vec::new();
        for pair in cuts.windows(2) {
            let (one, other) = (pair[0].index(bytes.len()), pair[1].index(bytes.len()));
            mixed.extend_from_slice(&bytes[one.min(other)..one.max(other)]);
        }
        let _ = reading(Some(format), &mixed);
    }
}
