//! Runs of features, each of which stands for the results of several scenarios.

use std::sync::Arc;

use octane_results::{FeatureFile, FeatureScenario, GherkinUnit, Metadata};

use super::*;
use crate::report::Counts;
use crate::run_key::feature_key;
use crate::run_kind::RunKind;

/// The result of a scenario of the feature `name`.
fn scenario(feature: &str, name: &str, status: Status) -> TestRun {
    let file = FeatureFile {
        path: format!("{feature}.feature"),
        name: feature.to_owned(),
        ..FeatureFile::default()
    };
    let scenario = FeatureScenario {
        file: Arc::new(file),
        name: name.to_owned(),
        line: None,
    };
    let mut run = tests(1).remove(0);
    run.identity = octane_results::Identity::named(name);
    run.identity.class = feature.to_owned();
    run.status = status;
    run.metadata = Some(Arc::new(Metadata {
        scenario: Some(scenario),
        ..Metadata::default()
    }));
    run
}

/// A test called as one of the features, three scenarios of one feature and one of another.
fn results() -> Vec<TestRun> {
    let mut test = tests(1).remove(0);
    test.identity.name = "Cart".to_owned();
    vec![
        test,
        scenario("Cart", "adds", Status::Failed),
        scenario("Cart", "pays", Status::Passed),
        scenario("Stock", "counts", Status::Passed),
        scenario("Cart", "goes", Status::Skipped),
    ]
}

fn in_features(runs_max: usize) -> UploadSettings {
    let mut settings = in_batches_of(runs_max);
    settings.gherkin = GherkinUnit::Features;
    settings
}

/// The run of a feature, as the suite run shows it.
fn shown_feature(id: &str, name: &str, status: &str) -> ServerRun {
    ServerRun {
        key: feature_key(name),
        ..shown(id, &tests(1)[0], Some(status), 0)
    }
}

fn counted(journal: &Journal) -> Counts {
    let mut counts = journal.manifest().unwrap().counts;
    journal.count(&mut counts).unwrap();
    assert!(counts.add_up(), "{counts:?}");
    counts
}

#[test]
fn a_feature_is_a_row_that_counts_as_the_results_of_its_scenarios() {
    let journal = ready(results(), &in_features(3));
    let batches = journal.batch_reports().unwrap();
    let sizes: Vec<usize> = batches.iter().map(|batch| batch.results).collect();
    assert_eq!(sizes, [1, 3, 1]);
    assert_eq!(journal.run_kinds().unwrap(), RunKind::ALL);
    let counts = counted(&journal);
    assert_eq!((counts.read, counts.pending), (5, 5));
    assert_eq!((counts.features, counts.scenarios), (2, 4));

    end(&journal, 1, "success", None);
    end(&journal, 2, "success", None);
    end(&journal, 3, "failed", Some("no such path"));
    let names = |kind| journal.first_names(kind).unwrap().names;
    assert_eq!(names(RunKind::Test), ["Cart"]);
    assert_eq!(names(RunKind::Feature), ["Cart", "Stock"]);
    // The run of the feature confirms its scenarios and not the test that has its name.
    journal
        .add_server_runs(&[shown_feature("1", "Cart", "failed")])
        .unwrap();
    journal.finish_server_runs().unwrap();
    let missing = |kind| journal.names_of_missing_runs(kind).unwrap();
    assert_eq!(missing(RunKind::Test), ["Cart"]);
    assert_eq!(missing(RunKind::Feature), ["Stock"]);
    assert_eq!(
        journal.ranges_of_batches(RunKind::Feature).unwrap(),
        [(1, 1)]
    );
    assert_eq!(journal.ranges_of_batches(RunKind::Test).unwrap(), []);
    journal.judge(RUNS).unwrap();
    let counts = counted(&journal);
    assert_eq!(
        (counts.ingested, counts.rejected, counts.pending),
        (3, 1, 1)
    );
    assert_eq!((counts.sent, counts.runs), (5, 1));
}

#[test]
fn a_batch_of_features_is_split_between_them() {
    let journal = ready(results().split_off(1), &in_features(10));
    let [whole] = &journal.open_batches().unwrap()[..] else {
        panic!("expected a single batch");
    };
    assert_eq!((whole.rows(), whole.results), (2, 4));
    let halves = journal.split(whole).unwrap();
    let sizes = halves.each_ref().map(|half| (half.rows(), half.results));
    assert_eq!(sizes, [(1, 3), (1, 1)]);
    for (half, name) in halves.iter().zip(["Cart", "Stock"]) {
        let payload = String::from_utf8(journal.payload(half).unwrap().to_vec()).unwrap();
        assert_eq!(
            payload.matches("<gherkin_test_run ").count(),
            1,
            "{payload}"
        );
        assert!(payload.contains(&format!("name=\"{name}\"")), "{payload}");
    }
}

#[test]
fn a_scenario_whose_feature_hides_its_failure_is_flaky() {
    let mut runs = results();
    let mut again = scenario("Cart", "adds", Status::Passed);
    again.position = None;
    runs.push(again);
    let journal = ready(runs, &in_features(10));
    let counts = counted(&journal);
    assert_eq!((counts.read, counts.pending), (6, 6));
    assert_eq!((counts.repeats, counts.flaky, counts.scenarios), (1, 1, 4));
    let problems = journal.problems().unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "flaky");
    assert_eq!(problems[0].test.as_deref(), Some("Cart.adds"));
    assert_eq!(
        problems[0].message,
        "1 of 2 results failed; the run shows `passed`"
    );
}

#[test]
fn features_of_one_name_have_runs_of_their_own() {
    let mut runs = results();
    let mut other = scenario("Cart", "adds", Status::Passed);
    let metadata = Arc::make_mut(other.metadata.as_mut().unwrap());
    let scenario = metadata.scenario.as_mut().unwrap();
    scenario.file = Arc::new(FeatureFile {
        path: "mobile/Cart.feature".to_owned(),
        ..(*scenario.file).clone()
    });
    runs.push(other);
    let journal = ready(runs, &in_features(1));
    assert_eq!(counted(&journal).repeats, 0);
    for batch in 1..=4 {
        end(&journal, batch, "success", None);
    }
    assert_eq!(
        journal.first_names(RunKind::Feature).unwrap().names,
        ["Cart [Cart.feature]", "Cart [mobile/Cart.feature]", "Stock"]
    );
}
