//! Suite runs that have several runs of one test, one for each environment.

use super::*;

/// How many tests there are.
const TESTS: i64 = 1000;

/// The run of `t{n}` in another environment, which was created after all of this one and started this many seconds later.
fn other(n: i64, later: i64) -> Value {
    let mut run = run(n, PASSED, STARTED + n + later);
    run["id"] = json!((5000 + n).to_string());
    run["duration"] = json!(9);
    run
}

/// The run of `t{n}` in the environment of the upload.
fn own(n: i64) -> Value {
    let mut run = same(n);
    run["duration"] = json!(7);
    run
}

/// An upload of all tests in one environment, all of it successful.
fn uploaded(octane: &FakeOctane, has_start: bool) -> Uploading {
    let runs = tests(TESTS).into_iter().map(|mut test| {
        if !has_start {
            test.started = None;
        }
        test.duration(Duration::from_millis(7)).jira(["SHOP-1"])
    });
    ended(octane, runs.collect(), 500, &["success", "success"])
}

/// A server on which runs can be linked.
fn octane(runs: Vec<Value>) -> FakeOctane {
    octane_with(runs, |received| match received.path.as_str() {
        "metadata/fields" => link_field(received, "run_automated"),
        "previous_runs" => page(&[], 0),
        _ => Answer::Default,
    })
}

/// The IDs of the runs that are to be linked.
fn linked(upload: &Uploading) -> Vec<i64> {
    let journal = &upload.journal;
    journal
        .collect_links(RunKind::Test, LinkLevel::Runs)
        .unwrap();
    let candidates = journal.link_candidates(None, 2000).unwrap();
    let ids = candidates.iter().map(|one| one.holder.as_str().parse());
    ids.collect::<Result<_, _>>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_runs_of_the_own_environment_are_read_whatever_others_have() {
    let expected: Vec<i64> = (4001..=4000 + TESTS).collect();
    for (every, later, has_start, requests) in [
        // The first names, and the range of the own runs.
        (1, -60, true, 2),
        (1, 60, true, 2),
        (3, 60, true, 2),
        // Without start times, it takes all of the suite run to know that nothing is missing.
        (1, 60, false, 3),
    ] {
        let others = (1..=TESTS).filter(|n| n % every == 0);
        let runs = (1..=TESTS).map(own);
        let octane = octane(runs.chain(others.map(|n| other(n, later))).collect());
        let upload = uploaded(&octane, has_start);
        verified(&upload).await;
        let case = format!("{every} {later} {has_start}");
        assert_eq!(upload.counts(), (1000, 0, 0), "{case}");
        assert_eq!(linked(&upload), expected, "{case}");
        assert_eq!(octane.received("automated_runs").len(), requests, "{case}");
        assert!(octane.received("previous_runs").is_empty(), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn runs_that_were_created_between_those_of_others_are_all_read() {
    let at = |mut run: Value, id: i64| {
        run["id"] = json!(id.to_string());
        run
    };
    // Ten of this environment, then ten of each of the others, and so on.
    let place = |n: i64, environment: i64| 4000 + (n / 10) * 40 + environment * 10 + n % 10;
    let runs = (1..=TESTS).flat_map(|n| {
        let others = (1..4).map(move |environment| at(other(n, 30), place(n, environment)));
        others.chain([at(own(n), place(n, 0))])
    });
    let octane = octane(runs.collect());
    let upload = uploaded(&octane, true);
    verified(&upload).await;
    assert_eq!(upload.counts(), (1000, 0, 0));
    let expected: Vec<i64> = (1..=TESTS).map(|n| place(n, 0)).collect();
    assert_eq!(linked(&upload), expected);
    // The first names, a page of the newest, and three of the rest.
    assert_eq!(octane.received("automated_runs").len(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_run_of_another_environment_is_no_proof_that_a_result_is_in() {
    let runs = (1..=TESTS).filter(|n| *n != 7).map(own);
    let octane = octane(runs.chain((1..=TESTS).map(|n| other(n, 60))).collect());
    let upload = uploaded(&octane, true);
    verified(&upload).await;
    assert_eq!(upload.counts(), (999, 0, 1));
    assert!(linked(&upload).iter().all(|id| *id <= 4000 + TESTS));
    // The history of the other one might have held it.
    assert_eq!(octane.received("previous_runs").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_result_of_many_costs_one_request() {
    let runs = (1..=TESTS).map(|n| {
        if n == 7 {
            run(7, PASSED, STARTED)
        } else {
            own(n)
        }
    });
    let octane = octane(runs.collect());
    let upload = uploaded(&octane, true);
    verified(&upload).await;
    assert_eq!(upload.counts(), (999, 0, 1));
    assert_eq!(octane.received("automated_runs").len(), 3);
}
