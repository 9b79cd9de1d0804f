//! Payloads and the records read from them.

use std::time::Duration;

use indoc::indoc;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::format::Format;
use crate::payload::dialect::{Dialect, PayloadSettings};
use crate::payload::writer::PayloadWriter;
use crate::read::report::xml::testing;
use crate::status::Status;
use crate::step::{Parameter, Step, Steps};

fn shown(report: &str) -> String {
    testing::shown(Format::Octane, report)
}

/// The runs after they were written and read.
fn again(runs: &[TestRun], settings: PayloadSettings) -> Vec<TestRun> {
    let writer = PayloadWriter::new(settings).unwrap();
    let mut body = Vec::new();
    for run in runs {
        writer.write_run(run, &mut body).unwrap();
    }
    let payload = String::from_utf8(writer.assemble(&body)).unwrap();
    assert_eq!(
        crate::sniff::sniff(payload.as_bytes(), None),
        Ok(Format::Octane)
    );
    let mut runs = testing::runs(Format::Octane, &payload);
    for run in &mut runs {
        assert!(run.position.take().is_some());
        assert!(std::mem::take(&mut run.replaces_earlier));
    }
    runs
}

/// A run in which everything is set that a payload can say.
fn full() -> TestRun {
    let mut run = TestRun::new(" adds\n\"tax\" <1> & 'more' ", Status::Failed)
        .module("Shop")
        .package("shop.cart")
        .class("tests\\Tax.cs")
        .duration(Duration::from_millis(84))
        .started(Timestamp::from_millisecond(5).unwrap())
        .failure(
            Failure::new("1 is not 2\n")
                .error_type("T")
                .details("\n  at x\r\n\tat y\n\n"),
        );
    run.run_name = Some("nightly".into());
    run.description = Some("  long\n\nstory ".into());
    run.report_url = Some("https://example.com/?a=1&b=2".into());
    run.external_test_id = Some("T-1".into());
    run.external_run_id = Some("R-1".into());
    run.run_type = Some("kind".into());
    run.external_assets = Some("assets".into());
    run.manual = true;
    let mut step = Step::new("opens", "odd word");
    step.duration = Duration::from_millis(7);
    step.external_step_id = Some("S-1".into());
    step.error_message = Some(" no\n".into());
    step.input_parameters = vec![Parameter {
        value: Some(" v ".into()),
        parameter_type: Some("string".into()),
        ..Parameter::new("in")
    }];
    step.output_parameters = vec![Parameter::new("out")];
    run.steps = vec![
        Steps {
            iteration: Some("first".into()),
            steps: vec![step, Step::new("closes", "Passed")],
        },
        Steps::default(),
    ];
    run.context = Context {
        build: None,
        suite: Some(SuiteRef {
            component: Some("c".into()),
            ..SuiteRef::new(5001.into(), "nightly-1")
        }),
        program: Some(1.into()),
        release: Some(Release::Name("26.1".into())),
        milestone: Some(2.into()),
        backlog_items: vec![3.into(), 4.into()],
        product_areas: vec![5.into()],
        test_fields: vec![TestField::new(TestFieldKind::TestLevel, "System Test")],
        environment: vec![Tag::new("OS", "Linux"), Tag::new("Browser", "Firefox")],
    };
    run
}

#[test]
fn a_payload_reads_back_to_the_runs_that_it_was_written_from() {
    let mut by_id = TestRun::new("pays", Status::Passed);
    by_id.context.release = Some(Release::Id(7.into()));
    let mut runs = vec![full(), by_id];
    for status in [
        Status::Passed,
        Status::Failed,
        Status::Skipped,
        Status::Planned,
    ] {
        runs.push(TestRun::new(status.as_str(), status));
    }
    let context = Context {
        suite: Some(SuiteRef::new(1.into(), "of the upload")),
        environment: vec![Tag::new("OS", "Linux")],
        ..Context::default()
    };
    let settings = PayloadSettings::new(Dialect::Standard, context).testing_tool_type("Tool");
    assert_eq!(again(&runs, settings), runs);
}

#[test]
fn the_other_dialect_reads_back_too() {
    let context = Context {
        suite: Some(SuiteRef::new(1.into(), "nightly")),
        product_areas: vec![2.into()],
        ..Context::default()
    };
    let runs = [TestRun::new("it's <paid>", Status::Failed)
        .module("m")
        .package("p")
        .class("c")
        .started(Timestamp::from_millisecond(1_772_352_000_000).unwrap())
        .duration(Duration::from_millis(3))
        .failure(Failure::new("no").details("at x"))];
    assert_eq!(
        again(&runs, PayloadSettings::new(Dialect::Evidence, context)),
        runs
    );
}

proptest! {
    #[test]
    fn any_text_reads_back(
        name in "[a-c<>&'\"\t\n é\u{1F600}]{0,8}x",
        details in "[a-c<>&'\"\t\r\n \\]é]{0,12}",
        millis in 0_u64..1_000_000,
        started in -1_000_000_000_000_i64..4_000_000_000_000,
    ) {
        let mut run = TestRun::new(name, Status::Failed)
            .duration(Duration::from_millis(millis))
            .started(Timestamp::from_millisecond(started).unwrap())
            .failure(Failure::new(details.clone()).details(details.clone()));
        run.description = Some(details);
        let settings = PayloadSettings::new(Dialect::Standard, Context::default());
        prop_assert_eq!(again(std::slice::from_ref(&run), settings), [run]);
    }
}

#[test]
fn scenarios_are_results_with_steps() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <test_result>
          <suite_ref id="1"/>
          <test_runs>
            <gherkin_test_run name="Pay" duration="900" status="Failed" external_run_id="r">
              <feature name="Pay" path="a/pay.feature" tag="@TID1 @slow" started="1772352000000">
                <file>Feature: Pay</file>
                <scenarios>
                  <background><steps><step name="a cart"><error_message>no cart</error_message></step></steps></background>
                  <scenario name="by card" status="Passed"><steps><step name="when" duration="5" status="Passed"/><step name="then" duration="6" status="Passed"/></steps></scenario>
                  <scenario name="by bill" outlineIndex="2" status="Failed"><steps><step name="when" duration="1" status="failed"><error_message>no bill</error_message></step></steps></scenario>
                  <scenario name="by cash" status="Failed"><steps/></scenario>
                  <scenario name="" outlineIndex="1" status="Amber"><steps/></scenario>
                </scenarios>
              </feature>
            </gherkin_test_run>
            <gherkin_test_run name="Go" duration="7" status="Passed"><feature name="Go" path="go.feature" tag="" started="1772352000000"><file/></feature></gherkin_test_run>
            <gherkin_test_run name="Stop" duration="8" status="Failed"><feature name="Stop" path="s" tag="" started="1772352000000"><file/><scenarios><scenario name="s" status="Passed"><steps/></scenario></scenarios></feature></gherkin_test_run>
          </test_runs>
        </test_result>
    "#}), @r#"
    9:11 ||Pay|by card Passed 11ms at 2026-03-01T08:00:00Z
      step when Passed 5ms
      step then Passed 6ms
      file a/pay.feature
      tag @TID1
      tag @slow
    10:11 ||Pay|by bill [2] Failed 1ms at 2026-03-01T08:00:00Z
      failure None Some("no bill") ""
      step when failed 1ms "no bill"
      file a/pay.feature
      tag @TID1
      tag @slow
    11:11 ||Pay|by cash Failed 0ns at 2026-03-01T08:00:00Z
      failure None Some("no cart") ""
      file a/pay.feature
      tag @TID1
      tag @slow
    invalid in.xml:12:11: `Amber` is not a valid status; use passed, failed, skipped or planned
    16:5 ||Go|Go Passed 7ms at 2026-03-01T08:00:00Z
      file go.feature
    17:143 ||Stop|s Passed 8ms at 2026-03-01T08:00:00Z
      file s
    17:5 ||Stop|Stop Failed 8ms at 2026-03-01T08:00:00Z
      file s
    "#);
}

#[test]
fn a_feature_may_say_in_any_word_that_it_failed() {
    let report = |of_feature: &str, of_scenario: &str| {
        shown(&format!(
            "<test_result><test_runs><gherkin_test_run name='F' {of_feature}><feature name='F'><scenarios>\
             <scenario name='s' status='{of_scenario}'/></scenarios></feature></gherkin_test_run></test_runs></test_result>"
        ))
    };
    for word in ["Failed", "failed", "ERROR"] {
        let found = report(&format!("status='{word}'"), "passed");
        assert!(found.contains("||F|F Failed"), "{word}: {found}");
        let found = report(&format!("status='{word}'"), "failed");
        assert!(!found.contains("||F|F Failed"), "{word}: {found}");
    }
    let found = report("status='Amber'", "passed");
    assert!(found.contains("`Amber` is not a valid status"), "{found}");
    for of_feature in ["", "status='passed'", "status='Skipped'"] {
        let found = report(of_feature, "passed");
        assert!(found.starts_with("1:") && !found.contains('\n'), "{found}");
    }
}

#[test]
fn values_that_the_schema_does_not_allow_are_no_pass_and_no_loss() {
    insta::assert_snapshot!(shown(indoc! {r#"
        <test_result><test_runs>
        <test_run name="a" duration="1" status="Amber"/>
        <test_run name="b" duration="1.5" status="PASS" started="2026-03-01T08:00:00Z"/>
        <test_run name="c" duration="-3" status="Passed" started="soon"/>
        <test_run duration="1" status="Passed"/>
        <test_run name="d" duration="1"/>
        </test_runs></test_result>
    "#}), @r"
    invalid in.xml:2:1: `Amber` is not a valid status; use passed, failed, skipped or planned
    3:1 |||b Passed 2ms at 2026-03-01T08:00:00Z
    warning in.xml:4:1: duration `-3` is negative; counted as 0
    warning in.xml:4:1: start time `soon` is not a valid timestamp; use e.g. `2025-04-30T08:00:00Z` or seconds or milliseconds since the epoch; ignored
    4:1 |||c Passed 0ns
    warning in.xml:5:1: the test has no name; named `unnamed test 1`
    5:1 |||unnamed test 1 Passed 1ms
    invalid in.xml:6:1: status is empty; use passed, failed, skipped or planned
    ");
}

#[test]
fn broken_and_empty_payloads_are_no_pass() {
    insta::assert_snapshot!(
        shown("<test_result><test_runs><test_run name='a' status='Passed'/><test_run name='b' status='Passed'>"),
        @r"
    1:25 |||a Passed 0ns
    error in.xml:1:96: unexpected end of file inside `test_run` (opened at line 1); the file is truncated (in test_result/test_runs/test_run)
    "
    );
    assert_eq!(
        shown("<test_result><test_runs/></test_result>"),
        "warning in.xml:1:1: contains no test results"
    );
}
