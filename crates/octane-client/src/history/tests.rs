use octane_results::Identity;
use serde_json::json;

use super::*;

const NOW: SuiteRunId = SuiteRunId::new(20);

fn run(suite_run: i64, name: &str, status: &str) -> Entity {
    let run = json!({
        "type": "run_automated", "id": format!("{suite_run}00"), "name": name, "test_name": "pays", "class_name": "C",
        "parent_suite": { "type": "run_suite", "id": suite_run.to_string() },
        "native_status": { "type": "list_node", "id": format!("list_node.run_native_status.{status}") },
    });
    serde_json::from_value(run).unwrap()
}

fn key(name: &str) -> RunKey {
    let identity = Identity {
        class: "C".to_owned(),
        name: "pays".to_owned(),
        ..Identity::default()
    };
    crate::run_key::run_key(&identity, Some(name))
}

fn history(runs: &[(i64, &str, &str)], name: &str) -> Vec<Ran> {
    let mut seen = Seen::default();
    for (suite_run, name, status) in runs {
        seen.add(run(*suite_run, name, status));
    }
    let mut histories = seen.histories(NOW, 8);
    histories.remove(&key(name)).unwrap_or_default()
}

#[test]
fn the_history_is_that_of_the_suite_runs_up_to_this_one_newest_first() {
    let runs = |later| {
        [
            (18, "pays", "skipped"),
            (21, "pays", later),
            (20, "pays", "failed"),
            (19, "pays", "passed"),
            (17, "pays", "blocked"),
        ]
    };
    let expected = [Ran::Failed, Ran::Passed, Ran::Skipped, Ran::Other];
    assert_eq!(history(&runs("failed"), "pays"), expected);
    // 20 may have been planned before 21 ran: the pass in between is not left out.
    assert!(history(&runs("passed"), "pays").is_empty());
}

#[test]
fn runs_without_a_result_are_not_part_of_a_history() {
    let runs = |now| {
        [
            (22, "pays", "planned"),
            (21, "pays", "not_completed"),
            (20, "pays", now),
            (19, "pays", "planned"),
            (18, "pays", "not_completed"),
            (17, "pays", "passed"),
        ]
    };
    assert_eq!(history(&runs("failed"), "pays"), [Ran::Failed, Ran::Passed]);
    assert!(history(&runs("planned"), "pays").is_empty());
}

#[test]
fn a_test_that_the_suite_run_does_not_show_has_no_history() {
    let runs = [(19, "pays", "failed"), (18, "pays", "failed")];
    assert!(history(&runs, "pays").is_empty());
    assert!(history(&[], "pays").is_empty());
}

#[test]
fn runs_with_another_name_have_a_history_of_their_own() {
    let runs = [
        (20, "pays [firefox]", "failed"),
        (20, "pays [chrome]", "passed"),
        (19, "pays [firefox]", "failed"),
    ];
    assert_eq!(history(&runs, "pays [firefox]"), [Ran::Failed, Ran::Failed]);
    assert_eq!(history(&runs, "pays [chrome]"), [Ran::Passed]);
}

#[test]
fn a_history_ends_where_a_suite_run_has_several_runs_that_cannot_be_told_apart() {
    let runs = [
        (20, "pays", "failed"),
        (19, "pays", "failed"),
        (18, "pays", "failed"),
        (18, "pays", "passed"),
        (17, "pays", "failed"),
    ];
    assert_eq!(history(&runs, "pays"), [Ran::Failed, Ran::Failed]);
    let now = [(20, "pays", "failed"), (20, "pays", "passed")];
    assert!(history(&now, "pays").is_empty());
}

#[test]
fn no_more_runs_count_than_were_asked_for() {
    let runs: Vec<(i64, &str, &str)> = (1..=20).map(|number| (number, "pays", "failed")).collect();
    assert_eq!(history(&runs, "pays").len(), 8);
}

#[test]
fn a_failure_is_tolerated_only_if_its_class_is() {
    let failing = [Ran::Failed; 8];
    let tolerated = [ProblemClass::ContinuouslyFailing];
    let known = FailedTest::of("t".to_owned(), &failing, &tolerated);
    assert!(known.is_tolerated && known.runs == 8);
    let other = FailedTest::of("t".to_owned(), &failing, &[ProblemClass::Unstable]);
    assert!(!other.is_tolerated);
    let unknown = FailedTest::of("t".to_owned(), &[], &tolerated);
    assert!(!unknown.is_tolerated && unknown.classes.is_empty());
}

#[test]
fn a_test_that_failed_in_several_shards_is_listed_once() {
    let failed = |name: &str, test_id: Option<i64>| FailedRun {
        key: key(name),
        test: name.to_owned(),
        test_id: test_id.map(TestId::new),
    };
    let shards = [
        failed("pays", None),
        failed("refunds", Some(2)),
        failed("pays", Some(1)),
        failed("pays", None),
    ];
    let all = once_each(shards.into());
    let listed: Vec<(&str, Option<TestId>)> =
        all.iter().map(|run| (&*run.test, run.test_id)).collect();
    let expected = [
        ("pays", Some(TestId::new(1))),
        ("refunds", Some(TestId::new(2))),
    ];
    assert_eq!(listed, expected);
}
