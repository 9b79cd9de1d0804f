//! How often the suite run is looked at, and what the whole comes to.

use serde_json::{Value, json};

use super::*;
use crate::fake_octane::{
    Answer, FakeOctane, Received, STARTED, Uploading, page, problem, task, tests,
};
use crate::outcome::Outcome;

fn run(n: i64) -> Value {
    json!({
        "type": "run_automated", "id": n.to_string(), "name": format!("t{n}"),
        "started": jiff::Timestamp::from_second(STARTED + n).unwrap().to_string(),
        "native_status": { "type": "list_node", "id": "list_node.run_native_status.passed" },
    })
}

/// A server whose tasks end like this, and which shows the runs of all `count` tests from the moment on at which
/// `is_shown`.
fn octane(
    status: &'static str,
    count: i64,
    is_shown: impl Fn(i64, Duration) -> bool + Send + Sync + 'static,
) -> FakeOctane {
    FakeOctane::new(move |received: &Received| match received.path.as_str() {
        "test-results" => Answer::Json(202, json!({ "id": 9001, "status": "queued" })),
        "test-results/9001" => task(9001, status),
        "suite_run" => page(
            &[json!({ "type": "run_suite", "id": "70", "name": "nightly-1" })],
            1,
        ),
        "automated_runs" => {
            let shown = (1..=count).filter(|n| is_shown(*n, received.at));
            let shown: Vec<Value> = shown.map(run).collect();
            page(&shown, shown.len())
        }
        _ => Answer::Default,
    })
}

async fn deliver(upload: &Uploading) -> Report {
    let delivery = upload
        .client
        .delivery(&upload.journal)
        .settings(upload.settings.clone())
        .cancellation(upload.cancellation.clone());
    let report = delivery.run().await.unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    report
}

/// When the suite run was looked at, in seconds.
fn looks(octane: &FakeOctane) -> Vec<u64> {
    let looks = octane.received("suite_run");
    looks.iter().map(|look| look.at.as_secs()).collect()
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[tokio::test(start_paused = true)]
async fn the_suite_run_is_looked_at_again_after_one_and_five_seconds_while_results_are_missing() {
    for (shown_after, expected) in [
        (0, &[0][..]),
        (700, &[0, 1]),
        (3000, &[0, 1, 6]),
        (9000, &[0, 1, 6]),
    ] {
        for status in ["success", "warning"] {
            let octane = octane(status, 2, move |n, at| n == 1 || at >= ms(shown_after));
            let upload = octane.upload(tests(2), 2);
            let report = deliver(&upload).await;
            assert_eq!(looks(&octane), expected, "{status} {shown_after}");
            let is_in_time = shown_after < 6000;
            let outcome = if is_in_time {
                Outcome::Success
            } else {
                Outcome::Partial
            };
            assert_eq!(report.outcome, outcome, "{status} {report:?}");
            let missing = usize::from(!is_in_time);
            let counts = (report.counts.rejected, report.counts.pending);
            let expected = if status == "warning" {
                (missing, 0)
            } else {
                (0, missing)
            };
            assert_eq!(counts, expected, "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn results_of_a_failed_task_are_looked_for_once() {
    let octane = octane("failed", 1, |_, _| false);
    let upload = octane.upload(tests(1), 1);
    let report = deliver(&upload).await;
    assert_eq!(
        (looks(&octane), report.outcome),
        (vec![0], Outcome::Refused)
    );
}

#[tokio::test(start_paused = true)]
async fn no_look_takes_longer_than_ingestion_may() {
    for (wait_max, expected) in [
        (ms(999), &[0][..]),
        (ms(1000), &[0, 1]),
        (ms(4999), &[0, 1]),
        (ms(5000), &[0, 1, 6]),
    ] {
        let octane = octane("success", 1, |_, _| false);
        let mut upload = octane.upload(tests(1), 1);
        upload.settings.ingestion_wait_max = wait_max;
        drop(deliver(&upload).await);
        assert_eq!(looks(&octane), expected, "{wait_max:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_suite_run_that_is_not_there_yet_is_looked_for_again() {
    let octane = FakeOctane::new(|received| match received.path.as_str() {
        "test-results" => Answer::Json(202, json!({ "id": 9001, "status": "success" })),
        "suite_run" if received.at < ms(3000) => page(&[], 0),
        "suite_run" => page(
            &[json!({ "type": "run_suite", "id": "70", "name": "nightly-1" })],
            1,
        ),
        "automated_runs" => page(&[run(1)], 1),
        _ => Answer::Default,
    });
    let upload = octane.upload(tests(1), 1);
    let report = deliver(&upload).await;
    assert_eq!(
        (looks(&octane), report.outcome),
        (vec![0, 1, 6], Outcome::Success)
    );
    assert_eq!(
        report
            .target
            .suite_run_id()
            .map(octane_model::SuiteRunId::get),
        Some(70)
    );
}

#[tokio::test(start_paused = true)]
async fn runs_that_cannot_be_read_are_not_looked_at_again() {
    for (status, outcome) in [(503, Outcome::Unreachable), (403, Outcome::Partial)] {
        let octane = FakeOctane::new(move |received| match received.path.as_str() {
            "test-results" => Answer::Json(202, json!({ "id": 9001, "status": "success" })),
            "suite_run" => Answer::Json(status, problem()),
            _ => Answer::Default,
        });
        let upload = octane.upload(tests(1), 1);
        let report = deliver(&upload).await;
        assert_eq!((looks(&octane), report.outcome), (vec![0], outcome));
        let problem = report.problems.iter().find(|one| one.code == "unverified");
        assert!(problem.unwrap().message.contains("not here"), "{problem:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_between_two_looks_interrupts_the_upload() {
    let octane = octane("success", 2, |n, _| n == 1);
    let upload = octane.upload(tests(2), 2);
    let start = tokio::time::Instant::now();
    let cancelling = async {
        tokio::time::sleep(ms(500)).await;
        upload.cancellation.cancel();
    };
    let (report, ()) = tokio::join!(deliver(&upload), cancelling);
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert_eq!((report.counts.ingested, report.counts.pending), (1, 1));
    assert!(start.elapsed() < ms(600), "{:?}", start.elapsed());
    assert_eq!(looks(&octane), [0]);
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_not_refused_while_some_of_its_results_may_be_in() {
    // One batch failed, and the results of the other one succeeded and do not show.
    let octane = FakeOctane::new(|received| match received.path.as_str() {
        "test-results" => {
            let id = if received.at < ms(60) { 9001 } else { 9002 };
            Answer::Json(202, json!({ "id": id, "status": "queued" }))
        }
        "test-results/9001" => task(9001, "failed"),
        "test-results/9002" => task(9002, "success"),
        "suite_run" => page(&[], 0),
        _ => Answer::Default,
    });
    let mut upload = octane.upload(tests(2), 1);
    upload.settings.batches_in_flight_max = 1;
    let report = deliver(&upload).await;
    let counts = (
        report.counts.ingested,
        report.counts.rejected,
        report.counts.pending,
    );
    assert_eq!((report.outcome, counts), (Outcome::Partial, (0, 1, 1)));
}
