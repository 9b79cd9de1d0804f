//! Writes payloads in both dialects and reads them back.

mod generate;

use std::time::Duration;

use jiff::Timestamp;
use octane_results::{
    Build, Context, Dialect, Failure, Parameter, PayloadError, PayloadRuns, PayloadSettings,
    PayloadWriter, Release, RepairPolicy, Schema, Status, Step, Steps, SuiteRef, Tag, TestField,
    TestFieldKind, TestRun, check, check_with, read_payload, read_payload_with, repair,
    repair_context,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn written(settings: PayloadSettings, runs: &[TestRun]) -> String {
    let writer = PayloadWriter::new(settings).unwrap();
    let mut body = Vec::new();
    for run in runs {
        writer.write_run(run, &mut body).unwrap();
    }
    String::from_utf8(writer.assemble(&body)).unwrap()
}

fn full_context() -> Context {
    Context {
        build: Some(Build {
            server_id: "ci-1".to_owned(),
            job_id: "shop/main".to_owned(),
            job_name: Some("main".to_owned()),
            build_id: "412".to_owned(),
            build_name: Some("#412".to_owned()),
            sub_type: Some(String::new()),
            artifact_id: Some("a".to_owned()),
        }),
        suite: Some(SuiteRef {
            component: Some("c".to_owned()),
            ..SuiteRef::new(5001.into(), "nightly \"0412\"")
        }),
        program: Some(11.into()),
        release: Some(Release::Name(Release::DEFAULT.to_owned())),
        milestone: Some(12.into()),
        backlog_items: vec![3001.into(), 3002.into()],
        product_areas: vec![1011.into()],
        test_fields: vec![TestField {
            kind: TestFieldKind::TestLevel,
            value: "System Test".to_owned(),
        }],
        environment: vec![Tag {
            tag_type: "OS".to_owned(),
            value: "Linux & friends".to_owned(),
        }],
    }
}

fn failed_run() -> TestRun {
    let mut run = TestRun::new("adds <tax>", Status::Failed)
        .module("shop")
        .package("cart")
        .class("Totals\"Test\"")
        .duration(Duration::from_micros(84_900))
        .started(Timestamp::from_millisecond(1_746_000_000_000).unwrap())
        .failure(Failure {
            error_type: Some("AssertionError".to_owned()),
            message: Some("19 expected\ngot 20".to_owned()),
            details: "at Totals:12\r\nif a < b && b > c ]]>".to_owned(),
        })
        .jira(["SHOP-1"]);
    run.run_name = Some("adds (retry)".to_owned());
    run.description = Some("each\u{0}night".to_owned());
    run.manual = true;
    run.report_url = Some("https://ci.example/412?a=1&b=2".to_owned());
    run.external_assets = Some("assets".to_owned());
    run.external_test_id = Some("t-1".to_owned());
    run.external_run_id = Some("r-1".to_owned());
    run.run_type = Some("nightly".to_owned());
    run.context.release = Some(Release::Id(7.into()));
    run.steps = vec![Steps {
        iteration: Some("1".to_owned()),
        steps: vec![Step {
            name: "log in".to_owned(),
            duration: Duration::from_millis(5),
            status: "ok".to_owned(),
            external_step_id: Some("s-1".to_owned()),
            error_message: Some("none".to_owned()),
            input_parameters: vec![Parameter {
                name: "user".to_owned(),
                value: Some("ann".to_owned()),
                parameter_type: Some("text".to_owned()),
            }],
            output_parameters: vec![Parameter {
                name: "token".to_owned(),
                value: None,
                parameter_type: None,
            }],
        }],
    }];
    run
}

#[test]
fn the_standard_dialect_is_written_in_the_official_order() {
    let settings =
        PayloadSettings::new(Dialect::Standard, full_context()).testing_tool_type("Quartz");
    let payload = written(
        settings,
        &[TestRun::new("adds", Status::Passed), failed_run()],
    );
    assert_eq!(check(payload.as_bytes()), Ok(()));
    // One line per element for readability; the payload itself has one line per run.
    insta::assert_snapshot!(payload.replace("><", ">\n<"), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <test_result>
    <build server_id="ci-1" job_id="shop/main" job_name="main" build_id="412" build_name="#412" sub_type="" artifact_id="a"/>
    <suite_ref id="5001" external_run_id="nightly &quot;0412&quot;" component="c"/>
    <program_ref id="11"/>
    <release name="_default_"/>
    <milestone_ref id="12"/>
    <backlog_items>
    <backlog_item_ref id="3001"/>
    <backlog_item_ref id="3002"/>
    </backlog_items>
    <product_areas>
    <product_area_ref id="1011"/>
    </product_areas>
    <test_fields>
    <test_field type="Test_Level" value="System Test"/>
    <test_field type="Testing_Tool_Type" value="Quartz"/>
    </test_fields>
    <environment>
    <taxonomy type="OS" value="Linux &amp; friends"/>
    </environment>
    <test_runs>
    <test_run name="adds" duration="0" status="Passed">
    </test_run>
    <test_run module="shop" package="cart" class="Totals&quot;Test&quot;" name="adds &lt;tax&gt;" run_name="adds (retry)" duration="84" status="Failed" manual="true" started="1746000000000" external_report_url="https://ci.example/412?a=1&amp;b=2" external_assets="assets" external_test_id="t-1" external_run_id="r-1" run_type="nightly">
    <release_ref id="7"/>
    <error type="AssertionError" message="19 expected&#10;got 20">at Totals:12&#13;
    if a &lt; b &amp;&amp; b &gt; c ]]&gt;</error>
    <description>each␀night</description>
    <steps iteration="1">
    <step name="log in" duration="5" status="ok" external_step_id="s-1">
    <error_message>none</error_message>
    <input_parameters>
    <parameter name="user" value="ann" type="text"/>
    </input_parameters>
    <output_parameters>
    <parameter name="token"/>
    </output_parameters>
    </step>
    </steps>
    </test_run>
    </test_runs>
    </test_result>
    "##);
}

#[test]
fn the_evidence_dialect_matches_the_old_template_byte_for_byte() {
    let context = Context {
        suite: Some(SuiteRef::new(5001.into(), "it's nightly")),
        release: Some(Release::Name("R&D <25>".to_owned())),
        product_areas: vec![1011.into()],
        ..Context::default()
    };
    let payload = written(
        PayloadSettings::new(Dialect::Evidence, context),
        &[
            TestRun::new("adds", Status::Passed)
                .started(Timestamp::from_millisecond(1_746_000_000_000).unwrap()),
            failed_run(),
        ],
    );
    assert_eq!(
        payload,
        concat!(
            "<?xml version='1.0' encoding='UTF-8'?>",
            "<test_result>",
            "<suite_ref id='5001' external_run_id='it&apos;s nightly'/>",
            "<release_name>R&amp;D &lt;25&gt;</release_name>",
            "<product_areas><product_area_ref id='1011'/></product_areas>",
            "<test_runs>",
            r#"<test_run package="" module="" class="" name="adds" status="Passed" started="1746000000000" duration="0">"#,
            "</test_run>",
            r#"<test_run package="cart" module="shop" class="Totals&quot;Test&quot;" name="adds &lt;tax&gt;" "#,
            r#"status="Failed" started="1746000000000" duration="84">"#,
            r#"<error type="AssertionError" message="19 expected&#10;got 20">"#,
            "at Totals:12&#13;\nif a &lt; b &amp;&amp; b &gt; c ]]&gt;</error>",
            "</test_run>",
            "</test_runs>",
            "<test_fields><test_field field_type='Testing_Tool_Type' value='Quartz'/></test_fields>",
            "</test_result>",
        )
    );
    assert_eq!(
        check_with(payload.as_bytes(), Schema::OfficialOrEvidence),
        Ok(())
    );
    assert!(check(payload.as_bytes()).is_err());
}

fn evidence(change: impl FnOnce(&mut Context)) -> PayloadSettings {
    let mut context = Context {
        suite: Some(SuiteRef::new(1.into(), "nightly")),
        product_areas: vec![2.into()],
        ..Context::default()
    };
    change(&mut context);
    PayloadSettings::new(Dialect::Evidence, context)
}

#[test]
fn evidence_without_required_context_is_rejected() {
    let rejected = |change: fn(&mut Context)| PayloadWriter::new(evidence(change)).unwrap_err();
    assert_eq!(
        rejected(|context| context.suite = None),
        PayloadError::SuiteMissing
    );
    assert_eq!(
        rejected(|context| context.product_areas.clear()),
        PayloadError::ProductAreas { found: 0 }
    );
    assert_eq!(
        rejected(|context| context.release = Some(Release::Id(9.into()))),
        PayloadError::ReleaseById(9.into())
    );
    let error = rejected(|context| context.milestone = Some(9.into()));
    assert_eq!(
        error.to_string(),
        "the evidence dialect cannot represent a milestone"
    );
    assert_eq!(error.hint(), Some("remove it, or use the standard dialect"));

    let writer = PayloadWriter::new(evidence(|_| {})).unwrap();
    let mut body = Vec::new();
    let run = TestRun::new("adds", Status::Passed).class("Totals");
    assert_eq!(
        writer.write_run(&run, &mut body).unwrap_err().to_string(),
        "run `Totals.adds` has no start time, which the evidence dialect requires"
    );
    assert!(body.is_empty());
}

#[test]
fn the_testing_tool_can_be_set_and_is_quartz_by_default_in_evidence_only() {
    let tool = TestField {
        kind: TestFieldKind::TestingToolType,
        value: "Own".to_owned(),
    };
    let context = Context {
        test_fields: vec![tool],
        ..Context::default()
    };
    assert!(!written(PayloadSettings::default(), &[]).contains("Testing_Tool_Type"));
    let standard = PayloadSettings::new(Dialect::Standard, context.clone());
    assert!(written(standard.clone(), &[]).contains("value=\"Own\""));
    let chosen = written(standard.testing_tool_type("Chosen"), &[]);
    assert!(chosen.contains("value=\"Chosen\"") && !chosen.contains("Own"));
    let own = evidence(|evidence| evidence.test_fields.clone_from(&context.test_fields));
    assert!(written(own, &[]).contains("value='Own'"));
    assert!(written(evidence(|_| {}).testing_tool_type("a'b"), &[]).contains("value='a&apos;b'"));
}

#[test]
fn unsupported_fields_are_reported_by_dialect() {
    let standard = PayloadWriter::new(PayloadSettings::default()).unwrap();
    let evidence = PayloadWriter::new(evidence(|_| {})).unwrap();
    assert_eq!(
        standard.unsupported_fields(&failed_run()),
        Vec::<&str>::new()
    );
    assert_eq!(
        evidence.unsupported_fields(&failed_run()),
        [
            "run_name",
            "description",
            "steps",
            "external_report_url",
            "external_test_id",
            "external_run_id",
            "run_type",
            "external_assets",
            "manual",
            "context"
        ]
    );
    assert_eq!(
        evidence.unsupported_fields(&TestRun::new("adds", Status::Passed)),
        Vec::<&str>::new()
    );
}

#[test]
fn an_invalid_context_is_rejected_before_anything_is_written() {
    let context = Context {
        suite: Some(SuiteRef::new(1.into(), "x".repeat(256))),
        ..Context::default()
    };
    let error = PayloadWriter::new(PayloadSettings::new(Dialect::Standard, context)).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert!(
        source
            .to_string()
            .contains("`external_run_id` is 256 characters long"),
        "{source}"
    );
}

#[test]
fn a_run_has_its_line_in_the_payload() {
    let runs = [
        TestRun::new("a", Status::Passed),
        TestRun::new("b", Status::Passed),
    ];
    let payload = written(PayloadSettings::default(), &runs);
    let PayloadRuns::Tests(read) = read_payload(payload.as_bytes()).unwrap().runs else {
        panic!("expected test runs");
    };
    let positions: Vec<_> = read
        .iter()
        .map(|run| run.position.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(positions, ["payload:3", "payload:4"]);
}

#[test]
fn a_violation_after_the_runs_is_found_when_reading() {
    let late = b"<test_result><test_runs/><test_fields/></test_result>";
    assert!(read_payload(late).is_err());
    assert!(read_payload_with(late, Schema::OfficialOrEvidence).is_ok());
}

/// The run as a payload can represent it.
fn as_written(mut run: TestRun) -> TestRun {
    let milliseconds = |duration: &mut Duration| {
        *duration = (*duration).min(Duration::from_millis(i64::MAX.unsigned_abs()));
    };
    milliseconds(&mut run.duration);
    for step in run.steps.iter_mut().flat_map(|steps| &mut steps.steps) {
        milliseconds(&mut step.duration);
    }
    run
}

/// The content of a payload, without the positions that reading adds.
fn read(payload: &str, schema: Schema) -> (Context, Vec<TestRun>) {
    let payload = read_payload_with(payload.as_bytes(), schema).unwrap();
    let PayloadRuns::Tests(mut runs) = payload.runs else {
        panic!("expected test runs");
    };
    for run in &mut runs {
        run.position = None;
    }
    (payload.context, runs)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_repaired_run_passes_the_check(mut run in generate::run()) {
        repair(&mut run, &RepairPolicy::default()).unwrap();
        let payload = written(PayloadSettings::default(), std::slice::from_ref(&run));
        prop_assert_eq!(check(payload.as_bytes()), Ok(()));
        let again = repair(&mut run, &RepairPolicy::default()).unwrap();
        prop_assert!(again.is_empty(), "a repaired run must not need repair: {}", again);
    }

    #[test]
    fn a_written_payload_is_read_back(
        mut context in generate::context(),
        mut runs in vec(generate::run(), 0..4),
    ) {
        repair_context(&mut context, &RepairPolicy::default()).unwrap();
        for run in &mut runs {
            repair(run, &RepairPolicy::default()).unwrap();
        }
        let payload = written(PayloadSettings::new(Dialect::Standard, context.clone()), &runs);
        let expected = (context, runs.into_iter().map(as_written).collect::<Vec<_>>());
        prop_assert_eq!(read(&payload, Schema::Official), expected.clone());
        prop_assert_eq!(read(&payload, Schema::OfficialOrEvidence), expected);
    }

    #[test]
    fn written_evidence_is_read_back_except_for_unsupported_fields(
        mut context in generate::context(),
        mut runs in vec(generate::run(), 0..4),
    ) {
        let tool = TestField { kind: TestFieldKind::TestingToolType, value: "Quartz".to_owned() };
        repair_context(&mut context, &RepairPolicy::default()).unwrap();
        let context = Context {
            suite: Some(SuiteRef::new(
                1.into(),
                context.suite.and_then(|suite| suite.external_run_id).unwrap_or_default(),
            )),
            release: context.release.filter(|release| matches!(release, Release::Name(_))),
            product_areas: vec![2.into()],
            ..Context::default()
        };
        for run in &mut runs {
            repair(run, &RepairPolicy::default()).unwrap();
            run.started.get_or_insert(Timestamp::UNIX_EPOCH);
        }
        let payload = written(PayloadSettings::new(Dialect::Evidence, context.clone()), &runs);
        let expected = runs.into_iter().map(as_written).map(|run| {
            let mut plain = TestRun::new(run.identity.name, run.status);
            plain.identity.module = run.identity.module;
            plain.identity.package = run.identity.package;
            plain.identity.class = run.identity.class;
            plain.duration = run.duration;
            plain.started = run.started;
            plain.failure = run.failure;
            plain
        });
        prop_assert_eq!(
            read(&payload, Schema::OfficialOrEvidence),
            (Context { test_fields: vec![tool], ..context }, expected.collect::<Vec<_>>())
        );
    }

    #[test]
    fn no_bytes_make_the_check_panic(bytes in vec(any::<u8>(), 0..64), text in "[<>a/!?&;#x'\"= \\-\\[\\]CDAT]{0,40}") {
        _ = check(&bytes);
        _ = check(text.as_bytes());
        _ = check(format!("<test_result><test_runs>{text}</test_runs></test_result>").as_bytes());
        _ = read_payload(text.as_bytes());
    }
}
