//! Results of scenarios, and the results of features that they become.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::payload::check::check;
use crate::payload::dialect::PayloadSettings;
use crate::payload::error::PayloadError;
use crate::payload::writer::PayloadWriter;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::repair::policy::RepairPolicy;
use crate::repair::repair;
use crate::scenario::FeatureFile;
use crate::source::Source;

fn file(path: &str, name: &str) -> Arc<FeatureFile> {
    Arc::new(FeatureFile {
        path: path.to_owned(),
        name: name.to_owned(),
        tags: vec!["@slow".to_owned(), "@TID4001REV0.2.0".to_owned()],
        text: Some(format!("Feature: {name}\n")),
    })
}

/// A result of a scenario in `file`.
fn result(file: &Arc<FeatureFile>, name: &str, line: u64, status: Status) -> TestRun {
    let mut run = TestRun::new(name, status)
        .class(&*file.name)
        .duration(Duration::from_millis(line))
        .started(format!("2026-11-28T05:00:{line:02}Z").parse().unwrap());
    Arc::make_mut(run.metadata.get_or_insert_default()).scenario = Some(FeatureScenario {
        file: Arc::clone(file),
        name: name.to_owned(),
        line: Some(line),
    });
    run
}

fn collected(runs: impl IntoIterator<Item = TestRun>) -> Vec<TestRun> {
    let mut features = Features::default();
    for mut run in runs {
        assert!(features.add(&mut run));
    }
    features.finish()
}

/// Each feature in a line, and each of its scenarios and steps below it.
fn shown(features: &[TestRun]) -> String {
    let mut text = String::new();
    for run in features {
        let Feature { path, tag, .. } = &**run.feature.as_ref().unwrap();
        writeln!(
            text,
            "{} {} {path} {tag} {:?} {} of {}",
            run.status,
            run.identity,
            run.duration,
            run.started.unwrap_or_default(),
            run.results
        )
        .unwrap();
        for scenario in &run.feature.as_ref().unwrap().scenarios {
            let index = scenario.outline_index.unwrap_or_default();
            writeln!(text, "  {} {} {index}", scenario.status, scenario.name).unwrap();
            for step in &scenario.steps.steps {
                let error = step.error_message.as_deref().unwrap_or_default();
                writeln!(text, "    {} {} {error:?}", step.status, step.name).unwrap();
            }
        }
    }
    text
}

fn payload(runs: &[TestRun]) -> Vec<u8> {
    let writer = PayloadWriter::new(PayloadSettings::default()).unwrap();
    let mut body = Vec::new();
    for run in runs {
        writer.write_run(run, &mut body).unwrap();
    }
    writer.assemble(&body)
}

#[test]
fn a_feature_has_the_status_of_its_worst_scenario() {
    use Status::{Failed, Passed, Planned, Skipped};
    for (scenarios, expected) in [
        (&[Passed, Passed][..], Passed),
        (&[Passed, Planned], Planned),
        (&[Planned, Skipped, Passed], Skipped),
        (&[Skipped, Failed, Passed], Failed),
        (&[Failed, Passed], Failed),
    ] {
        let cart = file("cart.feature", "Cart");
        let runs = scenarios
            .iter()
            .zip(1..)
            .map(|(status, line)| result(&cart, &format!("s{line}"), line, *status));
        assert_eq!(collected(runs)[0].status, expected, "{scenarios:?}");
    }
}

#[test]
fn results_of_one_file_become_one_result_wherever_they_come_from() {
    let cart = file("cart.feature", "Cart");
    let same_cart = file("cart.feature", "Cart");
    let pay = file("pay.feature", "Cart");
    let features = collected([
        result(&cart, "removes", 9, Status::Passed).jira(["SHOP-2"]),
        result(&pay, "pays", 3, Status::Passed),
        result(&same_cart, "adds", 3, Status::Failed).jira(["SHOP-1", "SHOP-2"]),
    ]);
    assert_eq!(features[0].jira, ["SHOP-1", "SHOP-2"]);
    insta::assert_snapshot!(shown(&features), @r#"
    Failed Cart cart.feature  12ms 2026-11-28T05:00:03Z of 2
      Failed adds 0
        failed [failure] "the report does not say why"
      Passed removes 0
    Passed Cart pay.feature  3ms 2026-11-28T05:00:03Z of 1
      Passed pays 0
    "#);
    assert_eq!(
        features[0].feature.as_ref().unwrap().file,
        "Feature: Cart\n"
    );
}

#[test]
fn a_tag_of_several_features_names_the_test_of_none() {
    let tagged = |path: &str, tag: &str| {
        let mut file = FeatureFile::clone(&file(path, "Cart"));
        file.tags = vec![tag.to_owned()];
        result(&Arc::new(file), "adds", 3, Status::Passed)
    };
    let features = collected([
        tagged("a.feature", "@TID1"),
        tagged("b.feature", "@TID2"),
        tagged("c.feature", "@TID1"),
    ]);
    let tags = features
        .iter()
        .map(|run| &*run.feature.as_ref().unwrap().tag);
    assert_eq!(tags.collect::<Vec<_>>(), ["", "@TID2", ""]);
}

#[test]
fn two_features_that_name_one_file_hide_nothing_of_each_other() {
    let runs = [
        result(&file("a.feature", "One"), "adds", 3, Status::Failed),
        result(&file("a.feature", "Two"), "adds", 3, Status::Passed),
    ];
    let features = collected(runs);
    assert_eq!((features.len(), features[0].status), (1, Status::Failed));
    let scenarios = &features[0].feature.as_ref().unwrap().scenarios;
    let indexes: Vec<_> = scenarios.iter().map(|one| one.outline_index).collect();
    assert_eq!(indexes, [Some(1), Some(2)]);
}

#[test]
fn the_last_result_of_a_scenario_counts_and_all_are_counted() {
    let cart = file("cart.feature", "Cart");
    let features = collected([
        result(&cart, "adds", 3, Status::Failed),
        result(&cart, "pays", 5, Status::Passed),
        result(&cart, "adds", 3, Status::Passed),
    ]);
    insta::assert_snapshot!(shown(&features), @"
    Passed Cart cart.feature @TID4001REV0.2.0 8ms 2026-11-28T05:00:03Z of 3
      Passed adds 0
      Passed pays 0
    ");
}

#[test]
fn the_results_that_a_later_one_replaces_are_known() {
    let cart = file("cart.feature", "Cart");
    let mut features = Features::default();
    for (name, status) in [
        ("adds", Status::Failed),
        ("pays", Status::Passed),
        ("adds", Status::Skipped),
        ("adds", Status::Passed),
    ] {
        assert!(features.add(&mut result(&cart, name, 3, status)));
    }
    let repeated: Vec<_> = features.repeated().collect();
    assert_eq!(repeated.len(), 1);
    let (shown, replaced) = repeated[0];
    assert_eq!(
        (&*shown.identity.name, shown.status),
        ("adds", Status::Passed)
    );
    let statuses: Vec<Status> = replaced.iter().map(|other| other.status).collect();
    assert_eq!(statuses, [Status::Failed, Status::Skipped]);
}

#[test]
fn runs_of_features_of_one_name_are_named_after_their_files() {
    let [web, mobile] = ["web", "mobile"].map(|folder| {
        let path = format!("{folder}/cart.feature");
        result(&file(&path, "Cart"), "adds", 3, Status::Passed)
    });
    let stock = result(&file("stock.feature", "Stock"), "adds", 3, Status::Passed);
    let names: Vec<Option<String>> = collected([web, stock, mobile])
        .into_iter()
        .map(|run| run.run_name)
        .collect();
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(
        names,
        [
            some("Cart [web/cart.feature]"),
            None,
            some("Cart [mobile/cart.feature]")
        ]
    );
}

#[test]
fn results_of_one_scenario_in_several_browsers_are_scenarios_of_their_own() {
    let cart = file("cart.feature", "Cart");
    let in_browser = |browser: &str, status| {
        let mut run = result(&cart, "adds", 3, status);
        run.run_name = Some(format!("adds [{browser}]"));
        run
    };
    let mut only_one = result(&cart, "pays", 5, Status::Passed);
    only_one.run_name = Some("pays [cart.feature]".to_owned());
    let features = collected([
        in_browser("chrome", Status::Failed),
        in_browser("firefox", Status::Passed),
        only_one,
    ]);
    insta::assert_snapshot!(shown(&features), @r#"
    Failed Cart cart.feature @TID4001REV0.2.0 11ms 2026-11-28T05:00:03Z of 3
      Failed adds [chrome] 0
        failed [failure] "the report does not say why"
      Passed adds [firefox] 0
      Passed pays 0
    "#);
}

#[test]
fn rows_of_examples_are_numbered_in_the_order_of_the_file() {
    let cart = file("cart.feature", "Cart");
    let row = |name: &str, line| {
        let mut run = result(&cart, "adds <sum>", line, Status::Passed);
        run.identity.name = name.to_owned();
        run
    };
    let features = collected([row("b", 12), row("a", 11)]);
    insta::assert_snapshot!(shown(&features), @"
    Passed Cart cart.feature @TID4001REV0.2.0 23ms 2026-11-28T05:00:11Z of 2
      Passed adds <sum> 1
      Passed adds <sum> 2
    ");
}

#[test]
fn a_step_tells_why_a_scenario_has_failed() {
    let cart = file("cart.feature", "Cart");
    let failed = |line, failure: Failure, steps: &[(&str, &str, Option<&str>)]| {
        let mut run = result(&cart, &format!("s{line}"), line, Status::Failed).failure(failure);
        let steps = steps.iter().map(|(name, status, error)| {
            let mut step = Step::new(*name, *status);
            step.error_message = error.map(str::to_owned);
            step
        });
        run.steps = vec![Steps {
            iteration: Some("1".to_owned()),
            steps: steps.collect(),
        }];
        run
    };
    let features = collected([
        failed(
            1,
            Failure::new("no money").details("no money\n  at Cart.java:9"),
            &[
                ("Given a cart", "passed", None),
                ("When I pay", "failed", Some("no money")),
            ],
        ),
        failed(
            2,
            Failure::new("no money").error_type("CartError"),
            &[("When I pay", "failed", Some("CartError: no money\n  at x"))],
        ),
        failed(
            3,
            Failure::new("undefined: When I pay"),
            &[
                ("When I pay", "undefined", None),
                ("Then I go", "skipped", None),
            ],
        ),
        failed(
            4,
            Failure::new("did not end"),
            &[
                ("Given a cart", "skipped", Some("not today")),
                ("When I pay", "passed", None),
            ],
        ),
    ]);
    insta::assert_snapshot!(shown(&features), @r#"
    Failed Cart cart.feature @TID4001REV0.2.0 10ms 2026-11-28T05:00:01Z of 4
      Failed s1 0
        passed Given a cart ""
        failed When I pay "no money\n  at Cart.java:9"
      Failed s2 0
        failed When I pay "CartError: no money\n  at x"
      Failed s3 0
        undefined When I pay "undefined: When I pay"
        skipped Then I go ""
      Failed s4 0
        skipped Given a cart "not today"
        passed When I pay ""
        failed [failure] "did not end"
    "#);
}

#[test]
fn what_is_no_scenario_of_a_file_is_not_taken() {
    let mut features = Features::default();
    assert!(!features.add(&mut TestRun::new("adds", Status::Passed)));
    assert!(!features.add(&mut result(&file("", ""), "adds", 1, Status::Passed)));
    // One without a path is known by its name.
    assert!(features.add(&mut result(&file("", "Cart"), "adds", 1, Status::Passed)));
    let features = features.finish();
    let paths = features
        .iter()
        .map(|run| &*run.feature.as_ref().unwrap().path);
    assert_eq!(paths.collect::<Vec<_>>(), ["Cart"]);
}

#[test]
fn a_feature_without_a_start_time_cannot_be_written() {
    let mut run = result(&file("cart.feature", ""), "adds", 1, Status::Passed);
    run.started = None;
    let features = collected([run]);
    let writer = PayloadWriter::new(PayloadSettings::default()).unwrap();
    let mut body = Vec::new();
    assert_eq!(
        writer.write_run(&features[0], &mut body),
        Err(PayloadError::FeatureStartMissing {
            feature: "cart.feature".to_owned()
        })
    );
    assert!(body.is_empty());
}

#[test]
fn a_repaired_feature_is_a_valid_payload_whatever_its_texts_are() {
    let long = "ü\u{0}".repeat(3000);
    let cart = Arc::new(FeatureFile {
        path: format!("{long}.feature"),
        name: long.clone(),
        tags: vec![format!("@TID{long}")],
        text: Some(long.clone()),
    });
    let mut run = result(&cart, &long, 1, Status::Failed);
    run.steps = vec![Steps {
        iteration: Some(String::new()),
        steps: vec![Step::new("", ""), Step::new(long.clone(), long.clone())],
    }];
    let mut features = collected([run]);
    assert!(check(&payload(&features)).is_err());
    let policy = RepairPolicy::default().error_chars_max(Some(100));
    let repairs = repair(&mut features[0], &policy).unwrap();
    assert!(repairs.texts_shortened >= 5, "{repairs}");
    check(&payload(&features)).unwrap();
}

#[test]
fn what_is_written_reads_as_the_same_scenarios_and_can_be_written_again() {
    let cart = file("cart.feature", "Cart");
    let mut failed = result(&cart, "pays", 5, Status::Failed).failure(Failure::new("no <money>"));
    failed.steps = vec![Steps {
        iteration: None,
        steps: vec![Step::new("When I pay", "passed")],
    }];
    let features = collected([
        result(&cart, "adds", 3, Status::Passed),
        failed,
        result(&cart, "later", 7, Status::Planned),
        result(&cart, "", 9, Status::Skipped),
    ]);
    let written = payload(&features);
    check(&written).unwrap();
    let report = String::from_utf8(written.clone()).unwrap();
    let records = read(&Source::bytes("p.xml", written), &ReadOptions::default());
    let runs: Vec<TestRun> = records
        .unwrap()
        .filter_map(|record| match record.unwrap() {
            Record::Run(run) => Some(*run),
            _ => None,
        })
        .collect();
    let read: Vec<_> = runs
        .iter()
        .map(|run| (&*run.identity.class, run.status))
        .collect();
    let statuses = [
        Status::Passed,
        Status::Failed,
        Status::Planned,
        Status::Skipped,
    ];
    assert_eq!(read, statuses.map(|status| ("Cart", status)));
    let message = runs[1].failure.as_ref().unwrap().message.as_deref();
    assert_eq!(message, Some("no <money>"));
    let mut again = collected(runs);
    // A payload says only how long steps took.
    again[0].duration = features[0].duration;
    assert_eq!(String::from_utf8(payload(&again)).unwrap(), report);
}
