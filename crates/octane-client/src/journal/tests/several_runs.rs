//! Tests that have several runs in the suite run, such as one for each environment.

use std::time::{Duration, Instant};

use super::*;
use crate::compare::State;
use crate::coverage::{CoverageState, coverage};
use crate::link_field::LinkLevel;
use crate::run_kind::RunKind;

/// The states of two tests after their batch has ended like this; the suite run has a run of each in another environment, which shows the
/// same, and of the first one a run in this environment. `untouched` are runs that the upload has not changed.
fn judged(status: &str, has_start: bool, untouched: &[&str]) -> [String; 2] {
    let mut runs = tests(2);
    for run in &mut runs {
        if !has_start {
            run.started = None;
        }
    }
    let journal = ready(runs.clone(), &UploadSettings::default());
    end(&journal, 1, status, Some("t2: no release R 99"));
    let later = if has_start { 60 } else { 0 };
    let found = [
        shown("1", &runs[0], Some("passed"), later),
        shown("2", &runs[1], Some("passed"), later),
        shown("3", &runs[0], Some("passed"), 0),
    ];
    journal.add_server_runs(&found).unwrap();
    let untouched: Vec<EntityId> = untouched
        .iter()
        .map(|id| EntityId::from((*id).to_owned()))
        .collect();
    journal.add_untouched_runs(&untouched).unwrap();
    journal.judge(RUNS).unwrap();
    let rows = states(&journal).into_iter().map(|(state, _)| state);
    rows.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn an_untouched_run_is_no_evidence_and_does_not_reject_what_another_run_shows() {
    for status in ["warning", "failed"] {
        assert_eq!(judged(status, true, &["1", "2"]), ["ingested", "rejected"]);
        assert_eq!(judged(status, true, &["1", "2", "3"]), ["rejected"; 2]);
    }
}

#[test]
fn the_run_of_another_environment_proves_nothing() {
    assert_eq!(judged("success", true, &[]), ["ingested", "unconfirmed"]);
    for status in ["warning", "failed"] {
        assert_eq!(judged(status, true, &[]), ["ingested", "rejected"]);
        // Nothing distinguishes the runs, and a batch in doubt may have left out any result.
        assert_eq!(judged(status, false, &[]), ["rejected"; 2]);
    }
    assert_eq!(judged("success", false, &[]), ["ingested"; 2]);
}

#[test]
fn a_run_without_a_start_time_may_be_that_of_a_batch_that_succeeded() {
    for (status, expected) in [
        ("success", ["ingested", "unconfirmed"]),
        ("warning", ["rejected"; 2]),
    ] {
        let runs = tests(2);
        let journal = ready(runs.clone(), &UploadSettings::default());
        end(&journal, 1, status, Some("t2: no release R 99"));
        let of = |id, run, status| ServerRun {
            started: None,
            ..shown(id, run, Some(status), 0)
        };
        // The second test has a run that was planned, and one of which the status says that it is another result.
        let found = [
            of("1", &runs[0], "passed"),
            of("2", &runs[0], "planned"),
            of("3", &runs[1], "planned"),
            of("4", &runs[1], "failed"),
        ];
        journal.add_server_runs(&found).unwrap();
        journal.judge(RUNS).unwrap();
        let states: Vec<String> = states(&journal)
            .into_iter()
            .map(|(state, _)| state)
            .collect();
        assert_eq!(states, expected, "{status}");
        if status == "success" {
            let missing = journal.names_of_missing_runs(RunKind::Test).unwrap();
            assert_eq!(missing, [runs[1].identity.name.as_str()]);
        }
    }
}

#[test]
fn a_result_that_was_replaced_is_in_if_the_history_of_a_run_shows_it() {
    let runs = tests(1);
    let journal = ready(runs.clone(), &UploadSettings::default());
    end(&journal, 1, "success", None);
    let found = ["1", "2"].map(|id| shown(id, &runs[0], Some("failed"), 60));
    journal.add_server_runs(&found).unwrap();
    let asked: Vec<String> = journal
        .runs_needing_history()
        .unwrap()
        .iter()
        .map(EntityId::to_string)
        .collect();
    assert_eq!(asked, ["1", "2"]);
    let judged = |evidence| {
        journal.judge(evidence).unwrap();
        states(&journal).remove(0).0
    };
    assert_eq!(judged(RUNS), "unconfirmed");
    let without_history = Confirmation::Verified { has_history: false };
    assert_eq!(judged(without_history), "ingested");
    let before = PreviousRun {
        run: EntityId::from("2".to_owned()),
        status: Some("passed".to_owned()),
        started: runs[0].started.map(jiff::Timestamp::as_millisecond),
        duration: None,
    };
    journal.add_previous_runs(&[before]).unwrap();
    assert_eq!(judged(RUNS), "ingested");
    let own = journal.shown_results().unwrap();
    let own: Vec<&str> = own
        .iter()
        .filter_map(|shown| Some(shown.run.as_ref()?.as_str()))
        .collect();
    assert_eq!(own, ["2"]);
}

#[test]
fn links_comparisons_and_counts_are_about_the_own_run_only() {
    let mut runs = tests(2);
    runs[1].identity = runs[0].identity.clone();
    for run in &mut runs {
        *run = run.clone().jira(["SHOP-1"]);
    }
    runs[0].status = Status::Failed;
    let journal = ready(runs.clone(), &UploadSettings::default());
    end(&journal, 1, "success", None);
    // The own one shows the second result; the failure is hidden by it, and not shown by that of another environment.
    let found = [
        shown("1", &runs[1], Some("passed"), 0),
        shown("2", &runs[1], Some("failed"), 90),
    ];
    journal.add_server_runs(&found).unwrap();
    journal.judge(RUNS).unwrap();
    journal
        .collect_links(RunKind::Test, LinkLevel::Runs)
        .unwrap();
    let links = journal.link_candidates(None, 10).unwrap();
    let links: Vec<&str> = links.iter().map(|one| one.holder.as_str()).collect();
    assert_eq!(links, ["1"]);
    let own = journal.shown_results().unwrap();
    let own: Vec<State> = own.iter().map(|shown| shown.state).collect();
    assert_eq!(own, [State::Flaky]);
    let key = run_key(&runs[0].identity, None);
    assert_eq!(
        journal
            .own_runs(&key)
            .unwrap()
            .into_iter()
            .collect::<Vec<_>>(),
        ["1"]
    );
    let statuses = journal.shown_statuses(&key).unwrap();
    assert_eq!(statuses["1"], Some("passed".to_owned()));
    let mut counts = crate::report::Counts::default();
    journal.count(&mut counts).unwrap();
    assert_eq!(counts.runs, 1);
}

#[test]
fn time_grows_with_the_results_of_a_test_and_not_with_their_square() {
    const RESULTS: i64 = 5000;
    let mut runs = tests(RESULTS);
    for (run, milliseconds) in runs.iter_mut().zip(0..) {
        *run = run.clone().duration(Duration::from_millis(milliseconds));
        run.identity.name = "t".to_owned();
    }
    let start = Instant::now();
    let journal = ready(runs.clone(), &UploadSettings::default());
    for batch in journal.open_batches().unwrap() {
        end(&journal, batch.number, "success", None);
    }
    // That of another environment holds just as many.
    let last = &runs[runs.len() - 1];
    let found = [
        shown("1", last, Some("passed"), 0),
        shown("2", last, Some("failed"), 0),
    ];
    journal.add_server_runs(&found).unwrap();
    let before = |run: &str, status: &str| -> Vec<PreviousRun> {
        let runs = runs.iter().zip(0..).map(|(one, milliseconds)| PreviousRun {
            run: EntityId::from(run.to_owned()),
            status: Some(status.to_owned()),
            started: one.started.map(jiff::Timestamp::as_millisecond),
            duration: Some(milliseconds),
        });
        runs.collect()
    };
    journal.add_previous_runs(&before("2", "failed")).unwrap();
    // At first the history of the own run is not known, and no result but the last is there.
    journal.judge(RUNS).unwrap();
    journal.add_previous_runs(&before("1", "passed")).unwrap();
    journal.judge(RUNS).unwrap();
    let mut counts = crate::report::Counts::default();
    journal.count(&mut counts).unwrap();
    assert_eq!((counts.ingested, counts.runs), (runs.len(), 1));
    assert_eq!(journal.shown_results().unwrap().len(), 1);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "it took {took:?}");
}

#[test]
fn names_are_looked_for_until_the_own_run_is_found() {
    let runs = tests(3);
    let journal = ready(runs.clone(), &UploadSettings::default());
    end(&journal, 1, "success", None);
    let missing = || journal.names_of_missing_runs(RunKind::Test).unwrap();
    assert_eq!(missing(), ["t1", "t2", "t3"]);
    // A newer result may have taken the place of the own one, an older one not.
    let found = [
        shown("1", &runs[0], Some("passed"), 60),
        shown("2", &runs[1], Some("passed"), -60),
    ];
    journal.add_server_runs(&found).unwrap();
    assert_eq!(missing(), ["t2", "t3"]);
    // Once any test has several runs, the newer one may be that of another environment.
    let own = shown("3", &runs[1], Some("passed"), 0);
    journal.add_server_runs(&[own]).unwrap();
    assert_eq!(missing(), ["t1", "t3"]);
}

#[test]
fn a_test_that_failed_in_one_environment_and_passed_in_another_is_two_tests_of_a_story() {
    let run = tests(1).remove(0).jira(["SHOP-1"]);
    let journals = [Status::Failed, Status::Passed].map(|status| {
        let mut run = run.clone();
        run.status = status;
        let journal = ready(vec![run], &UploadSettings::default());
        end(&journal, 1, "success", None);
        journal
    });
    let states = || {
        let covered = coverage(&journals).unwrap().remove(0);
        covered.tests.into_iter().collect::<Vec<_>>()
    };
    let judge = || {
        for journal in &journals {
            journal.judge(RUNS).unwrap();
        }
    };
    let show = |runs: &[ServerRun]| {
        for journal in &journals {
            journal.clear_server_runs().unwrap();
            journal.add_server_runs(runs).unwrap();
        }
    };
    // A single run has both results.
    show(&[shown("1", &run, Some("passed"), 0)]);
    judge();
    assert_eq!(states().len(), 1);
    show(&[
        shown("1", &run, Some("failed"), 0),
        shown("2", &run, Some("passed"), 0),
    ]);
    judge();
    let expected = [(CoverageState::Failed, 1), (CoverageState::Passed, 1)];
    assert_eq!(states(), expected);
}
