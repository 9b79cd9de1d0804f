//! Merges on a server that shows what a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use octane_model::SuiteId;
use octane_rest::TransportErrorKind;
use octane_results::{Status, TestRun};
use serde_json::{Value, json};

use crate::cancellation::CancellationToken;
use crate::fake_octane::{Answer, FakeOctane, page, task};
use crate::journal::{CommitPoint, Journal, Spool, UploadState};
use crate::outcome::Outcome;
use crate::report::Report;
use crate::settings::UploadSettings;
use crate::target::{SuiteChoice, Target, TargetSpec};
use crate::upload_id::UploadId;

/// A server that has received so many payloads shows this status of the test `both`, unless it is away.
struct Server {
    octane: FakeOctane,
    is_away: Arc<AtomicBool>,
    folder: tempfile::TempDir,
}

impl Server {
    fn new(status: impl Fn(usize) -> &'static str + Send + Sync + 'static) -> Self {
        Self::showing(move |received| vec![run("1", status(received))])
    }

    fn showing(runs: impl Fn(usize) -> Vec<Value> + Send + Sync + 'static) -> Self {
        let is_away = Arc::new(AtomicBool::new(false));
        let (received, away) = (AtomicUsize::new(0), Arc::clone(&is_away));
        let octane = FakeOctane::new(move |request| match &*request.path {
            _ if away.load(Ordering::Relaxed) => Answer::Broken(TransportErrorKind::Connect),
            "test-results" => {
                received.fetch_add(1, Ordering::Relaxed);
                Answer::Json(202, json!({ "id": 9001, "status": "queued" }))
            }
            "test-results/9001" => task(9001, "success"),
            "suite_run" => page(
                &[json!({ "type": "run_suite", "id": "70", "name": "nightly-1" })],
                1,
            ),
            "automated_runs" => {
                let shown = runs(received.load(Ordering::Relaxed));
                page(&shown, shown.len())
            }
            _ => Answer::Default,
        });
        Self {
            octane,
            is_away,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn spool(&self) -> Spool {
        Spool::at(self.folder.path()).inline()
    }

    /// Delivers a shard with a result of the test `both`, which has no start time.
    async fn upload(&self, shard: &str, status: Status) -> UploadId {
        let client = self.octane.client(1);
        let settings = UploadSettings {
            shard: Some(shard.parse().unwrap()),
            ..UploadSettings::default()
        };
        let spec = TargetSpec::new(SuiteChoice::Id(SuiteId::new(7045)), "nightly-1");
        let runs = vec![TestRun::new("both", status)];
        let prepared = client.prepare(runs, &spec, &settings, &self.spool(), UploadId::new());
        let journal = prepared.unwrap().journal;
        let target = Target::new(SuiteId::new(7045), "nightly-1");
        journal.set_target(&target).unwrap();
        let report = client.delivery(&journal).run().await.unwrap();
        assert_eq!(report.outcome, Outcome::Success, "{report:?}");
        report.upload_id
    }

    async fn merge(&self, uploads: &[&UploadId], cancellation: CancellationToken) -> Report {
        let opened = uploads.iter().map(|id| self.spool().open(id).unwrap());
        let opened: Vec<Journal> = opened.collect();
        let client = self.octane.client(1);
        let merge = client.merge(opened).cancellation(cancellation);
        merge.run().await.unwrap()
    }

    async fn merged(&self, uploads: &[&UploadId]) -> Report {
        self.merge(uploads, CancellationToken::new()).await
    }

    /// A merge or, of a single upload, a resume by a process that dies at a step.
    async fn dying(&self, uploads: &[&UploadId], step: &'static str, at: CommitPoint) {
        let spool = self
            .spool()
            .fault_hook(move |s, point| (s, point) != (step, at));
        let opened = uploads.iter().map(|id| spool.open(id).unwrap());
        let opened: Vec<Journal> = opened.collect();
        let client = self.octane.client(1);
        let is_dead = match &*opened {
            [journal] => client.delivery(journal).run().await.is_err(),
            _ => client.merge(opened).run().await.is_err(),
        };
        assert!(is_dead, "{step}");
    }

    async fn resumed(&self, id: &UploadId) -> UploadState {
        let journal = self.spool().open(id).unwrap();
        drop(self.octane.client(1).delivery(&journal).run().await);
        drop(journal);
        self.state(id)
    }

    /// How many payloads it has received.
    fn payloads(&self) -> usize {
        let requests = self.octane.received("test-results");
        let payloads = requests.iter().filter(|one| one.path == "test-results");
        payloads.count()
    }

    fn state(&self, id: &UploadId) -> UploadState {
        self.spool().summary(id).unwrap().state
    }

    fn is_merged(&self, id: &UploadId) -> bool {
        self.spool().summary(id).unwrap().merged.is_some()
    }
}

fn run(id: &str, status: &str) -> Value {
    json!({
        "type": "run_automated", "id": id, "name": "both",
        "native_status": { "type": "list_node", "id": status },
    })
}

const PASSED: &str = "list_node.run_native_status.passed";
const SKIPPED: &str = "list_node.run_native_status.skipped";
const FAILED: &str = "list_node.run_native_status.failed";

fn codes(report: &Report) -> Vec<&str> {
    let codes = report.problems.iter().map(|problem| &*problem.code);
    codes.collect()
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_stays_hidden_after_it_was_sent_again_is_no_success() {
    let server = Server::new(|received| if received < 4 { PASSED } else { FAILED });
    let failed = server.upload("1/2", Status::Failed).await;
    let passed = server.upload("2/2", Status::Passed).await;
    let hidden = server.merged(&[&failed, &passed]).await;
    assert_eq!(hidden.outcome, Outcome::Partial, "{hidden:?}");
    assert!(hidden.is_resumable);
    assert_eq!(codes(&hidden), ["flaky", "hidden_failure"]);
    assert_eq!(
        hidden.problems[1].message,
        "shard 1: Octane shows results of other shards instead of 1 failure; merge the shards again"
    );
    assert_eq!(server.payloads(), 3);
    assert_eq!(server.state(&failed), UploadState::Pending);
    assert_eq!(server.state(&passed), UploadState::Finished);
    let shown = server.merged(&[&failed, &passed]).await;
    assert_eq!(
        (shown.outcome, codes(&shown)),
        (Outcome::Success, vec!["flaky"])
    );
    assert_eq!(server.payloads(), 4);
    assert_eq!(server.state(&failed), UploadState::Finished);
}

#[tokio::test(start_paused = true)]
async fn a_failure_whose_run_has_a_status_that_says_nothing_is_sent_again_once() {
    let server = Server::new(|_| "1234");
    let failed = server.upload("1/2", Status::Failed).await;
    let passed = server.upload("2/2", Status::Passed).await;
    for _ in 0..2 {
        let merged = server.merged(&[&failed, &passed]).await;
        assert_eq!(
            (merged.outcome, codes(&merged)),
            (Outcome::Success, vec!["flaky"])
        );
        assert_eq!(server.payloads(), 3);
    }
    // This one may have hidden it once more.
    let again = server.upload("2/2", Status::Passed).await;
    let merged = server.merged(&[&failed, &passed, &again]).await;
    assert_eq!((merged.outcome, server.payloads()), (Outcome::Success, 5));
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_skipped_a_test_does_not_hide_that_it_passed_in_another() {
    let server = Server::new(|received| if received < 3 { SKIPPED } else { PASSED });
    let passed = server.upload("1/2", Status::Passed).await;
    let skipped = server.upload("2/2", Status::Skipped).await;
    let merged = server.merged(&[&passed, &skipped]).await;
    assert_eq!(server.payloads(), 3);
    assert_eq!(merged.outcome, Outcome::Success, "{merged:?}");
    // It is sent once, whatever the server makes of it.
    let server = Server::new(|_| SKIPPED);
    let passed = server.upload("1/2", Status::Passed).await;
    let skipped = server.upload("2/2", Status::Skipped).await;
    for _ in 0..2 {
        let merged = server.merged(&[&passed, &skipped]).await;
        assert_eq!(server.payloads(), 3);
        assert_eq!(merged.outcome, Outcome::Success, "{merged:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shards_with_different_environments_hide_nothing_of_each_other() {
    for statuses in [
        [Status::Failed, Status::Passed],
        [Status::Passed, Status::Failed],
        [Status::Passed, Status::Skipped],
        // Nothing says which run is whose.
        [Status::Passed, Status::Passed],
    ] {
        let shown = statuses.map(|status| match status {
            Status::Failed => FAILED,
            Status::Passed => PASSED,
            _ => SKIPPED,
        });
        let server = Server::showing(move |_| vec![run("1", shown[0]), run("2", shown[1])]);
        let one = server.upload("1/2", statuses[0]).await;
        let other = server.upload("2/2", statuses[1]).await;
        for _ in 0..2 {
            let merged = server.merged(&[&one, &other]).await;
            assert_eq!((merged.outcome, codes(&merged)), (Outcome::Success, vec![]));
            assert_eq!(server.payloads(), 2, "{statuses:?}");
            let counts = merged.counts;
            assert_eq!((counts.runs, counts.repeats, counts.flaky), (2, 0, 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_run_of_another_environment_shows_does_not_reveal_a_failure() {
    // Shards 1 and 2 share the first run, and shard 3 has the second one.
    let server = Server::showing(|received| {
        let shared = if received < 4 { PASSED } else { FAILED };
        vec![run("1", shared), run("2", SKIPPED)]
    });
    let failed = server.upload("1/3", Status::Failed).await;
    let passed = server.upload("2/3", Status::Passed).await;
    let skipped = server.upload("3/3", Status::Skipped).await;
    for _ in 0..2 {
        let merged = server.merged(&[&failed, &passed, &skipped]).await;
        assert_eq!(merged.outcome, Outcome::Success, "{merged:?}");
        assert_eq!(server.payloads(), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_merged_shard_that_is_delivered_again_stays_finished_unless_something_was_sent() {
    let server = Server::new(|_| PASSED);
    let one = server.upload("1/2", Status::Passed).await;
    let other = server.upload("2/2", Status::Passed).await;
    assert_eq!(server.state(&one), UploadState::AwaitingShards);
    drop(server.merged(&[&one, &other]).await);
    let client = server.octane.client(1);
    let journal = server.spool().open(&one).unwrap();
    drop(client.delivery(&journal).run().await.unwrap());
    let state = || journal.summary(false).unwrap().state;
    assert_eq!(state(), UploadState::Finished);
    let uploads = [one.clone(), other].into();
    journal.resend_rows(&[1].into(), &uploads).unwrap();
    drop(client.delivery(&journal).run().await.unwrap());
    assert_eq!(state(), UploadState::AwaitingShards);
}

#[tokio::test(start_paused = true)]
async fn a_merged_shard_stays_finished_however_a_resume_that_sends_nothing_ends() {
    let server = Server::new(|_| PASSED);
    let one = server.upload("1/2", Status::Passed).await;
    let other = server.upload("2/2", Status::Passed).await;
    drop(server.merged(&[&one, &other]).await);
    for step in ["resume", "server runs", "last_attempt"] {
        server.dying(&[&one], step, CommitPoint::Before).await;
        assert_eq!(server.resumed(&one).await, UploadState::Finished, "{step}");
    }
    server.dying(&[&one], "resume", CommitPoint::After).await;
    server.is_away.store(true, Ordering::Relaxed);
    assert_eq!(server.resumed(&one).await, UploadState::Pending);
    server.is_away.store(false, Ordering::Relaxed);
    assert_eq!(server.resumed(&one).await, UploadState::Finished);
    assert_eq!(server.payloads(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_again_after_a_merge_is_merged_again_whenever_the_process_dies() {
    let server = Server::new(|_| PASSED);
    let one = server.upload("1/2", Status::Passed).await;
    let other = server.upload("2/2", Status::Passed).await;
    drop(server.merged(&[&one, &other]).await);
    let journal = server.spool().open(&one).unwrap();
    let uploads = [one.clone(), other.clone()].into();
    journal.resend_rows(&[1].into(), &uploads).unwrap();
    drop(journal);
    server
        .dying(&[&one], "last_attempt", CommitPoint::Before)
        .await;
    assert_eq!(server.resumed(&one).await, UploadState::AwaitingShards);
    server
        .dying(&[&one, &other], "merged", CommitPoint::Before)
        .await;
    assert_eq!(server.state(&one), UploadState::AwaitingShards);
    assert_eq!(server.resumed(&one).await, UploadState::AwaitingShards);
    drop(server.merged(&[&one, &other]).await);
    assert_eq!(server.state(&one), UploadState::Finished);
    assert_eq!(server.payloads(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_merge_that_was_interrupted_has_not_merged_the_shards() {
    let server = Server::new(|_| PASSED);
    let one = server.upload("1/2", Status::Passed).await;
    let other = server.upload("2/2", Status::Passed).await;
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let report = server.merge(&[&one, &other], cancelled).await;
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert!(!server.is_merged(&one) && !server.is_merged(&other));
    server.is_away.store(true, Ordering::Relaxed);
    let report = server.merged(&[&one, &other]).await;
    assert_eq!(report.outcome, Outcome::Unreachable);
    assert!(!server.is_merged(&one) && !server.is_merged(&other));
    server.is_away.store(false, Ordering::Relaxed);
    let report = server.merged(&[&one, &other]).await;
    assert_eq!((report.outcome, codes(&report)), (Outcome::Success, vec![]));
    assert!(server.is_merged(&one) && server.is_merged(&other));
}
