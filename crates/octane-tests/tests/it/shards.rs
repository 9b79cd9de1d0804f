//! Many uploads into one suite run: what each of them reads does not grow with the others, and shards that are merged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use octane_client::{
    CancellationToken, CommitPoint, Journal, Outcome, Report, Spool, Target, UploadId,
    UploadSettings, UploadState,
};
use octane_model::SuiteId;
use octane_results::{Status, TestRun};
use octane_sandbox::Fault;
use octane_tests::World;

/// The results of one job; all jobs have tests of the same names in packages of their own.
fn results(job: &str, count: u32) -> Vec<TestRun> {
    let result = |number| {
        TestRun::new(format!("test {number}"), Status::Passed)
            .package(job)
            .class("CartTest")
    };
    (0..count).map(result).collect()
}

async fn upload(world: &World, suite: SuiteId, runs: Vec<TestRun>, nonce: &str) -> Report {
    let mut settings = UploadSettings::default();
    settings.nonce = Some(nonce.to_owned());
    let upload = world.client.upload(runs, Target::new(suite, "nightly"));
    let report = upload.settings(settings).send().await.unwrap();
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    report
}

/// How many requests read runs so far.
fn reads(world: &World) -> usize {
    let requests = world.sandbox.sandbox().requests();
    let reads = requests
        .iter()
        .filter(|request| request.path.ends_with("/automated_runs"));
    reads.count()
}

#[tokio::test]
async fn a_job_reads_its_own_runs_and_not_those_of_all_others() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    let report = upload(&world, suite, results("one", 700), "first").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (700, 700));
    assert_eq!(reads(&world), 3);
    let report = upload(&world, suite, results("others", 6000), "first").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (6000, 6000));
    let before = reads(&world);
    // Its runs are the oldest of 6,700, which are 7 pages: the newest change, before it sends something; then the ends of its
    // 2 batches by name, and what is between them.
    let report = upload(&world, suite, results("one", 700), "second").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (700, 700));
    assert_eq!(reads(&world) - before, 3);
}

#[tokio::test]
async fn runs_that_lie_scattered_are_found_by_their_names() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    let own: Vec<TestRun> = results("one", 40);
    for (number, run) in own.iter().enumerate().step_by(13) {
        let nonce = format!("part {number}");
        let runs = [vec![run.clone()], results(&nonce, 120)].concat();
        let _ = upload(&world, suite, runs, &nonce).await;
    }
    let _ = upload(&world, suite, results("others", 2000), "first").await;
    let report = upload(&world, suite, own, "all").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (40, 40));
}

#[tokio::test]
async fn runs_with_names_of_their_own_are_found_by_them() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    let mut own = results("one", 700);
    for run in &mut own {
        run.run_name = Some(format!("{} [firefox]", run.identity.name));
    }
    let _ = upload(&world, suite, own.clone(), "first").await;
    let _ = upload(&world, suite, results("others", 3000), "first").await;
    let before = reads(&world);
    let report = upload(&world, suite, own, "second").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (700, 700));
    assert_eq!(reads(&world) - before, 3);
}

/// Two shards in a folder, of which the second hides a failure of the first; both are delivered.
async fn delivered_shards(world: &World, folder: &std::path::Path) -> [UploadId; 2] {
    let suite = world.client.suites().ensure("Nightly", None).await;
    let suite = suite.unwrap().entity.id;
    let mut ids = Vec::new();
    for (shard, status) in [("1/2", Status::Failed), ("2/2", Status::Passed)] {
        let mut settings = UploadSettings::default();
        settings.shard = Some(shard.parse().unwrap());
        let both = TestRun::new("both", status).jira(["SHOP-101"]);
        let own = TestRun::new(shard, Status::Passed).jira(["SHOP-101"]);
        let upload = world
            .client
            .upload(vec![both, own], Target::new(suite, "nightly"))
            .settings(settings)
            .spool(Spool::at(folder));
        let report = upload.send().await.unwrap();
        assert_eq!(report.outcome, Outcome::Success, "{report:?}");
        ids.push(report.upload_id);
    }
    ids.try_into().unwrap()
}

fn opened(spool: &Spool, ids: &[UploadId]) -> Vec<Journal> {
    ids.iter().map(|id| spool.open(id).unwrap()).collect()
}

/// A spool whose process dies at a commit. It counts from 1, and stays at the count where it died.
fn dying(folder: &std::path::Path, at: u64, point: CommitPoint) -> (Spool, Arc<AtomicU64>) {
    let commits = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&commits);
    let spool = Spool::at(folder).inline().fault_hook(move |_, now| {
        if now == CommitPoint::Before {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        !(counted.load(Ordering::Relaxed) == at && now == point)
    });
    (spool, commits)
}

#[tokio::test]
async fn a_merge_that_dies_at_any_write_is_finished_by_the_next_one() {
    let mut deaths = 0;
    for at in 1.. {
        // Nothing but requests is between the end of a commit and the beginning of the next one.
        let points = [CommitPoint::Before, CommitPoint::After];
        let point = points[usize::from(at % 2 == 0)];
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let ids = delivered_shards(&world, folder.path()).await;
        let (spool, commits) = dying(folder.path(), at, point);
        let died = world.client.merge(opened(&spool, &ids)).run().await;
        if commits.load(Ordering::Relaxed) < at {
            assert!(died.is_ok(), "{died:?}");
            break;
        }
        assert!(died.is_err(), "{at} {point:?}: {died:?}");
        deaths += 1;
        let spool = Spool::at(folder.path());
        for id in &ids {
            let shard = spool.summary(id).unwrap();
            let is_done = shard.state == UploadState::Finished;
            assert!(
                !is_done || shard.merged.is_some(),
                "{at} {point:?}: {shard:?}"
            );
        }
        let merged = world.client.merge(opened(&spool, &ids)).run().await;
        let merged = merged.unwrap();
        assert_eq!(
            merged.outcome,
            Outcome::Success,
            "{at} {point:?}: {merged:?}"
        );
        let counts = merged.counts;
        assert_eq!((counts.ingested, counts.runs, counts.flaky), (4, 3, 1));
        let mut problems = merged.problems.iter();
        let flaky = problems.find(|problem| problem.code == "flaky");
        let message = "failed in shard 1, passed in shard 2; the run shows `failed`";
        assert_eq!(flaky.unwrap().message, message);
        // The failure and the pass, and then the failure once more.
        assert_eq!(world.count("previous_runs").await, 2, "{at} {point:?}");
        let suite_run = merged.target.suite_run_id().unwrap();
        let runs = world.client.runs().of(suite_run).all().await.unwrap();
        let both = runs.iter().find(|run| run.name == "both").unwrap();
        let status = both.native_status.as_ref().unwrap();
        assert!(format!("{status:?}").contains("failed"), "{status:?}");
        let again = world.client.merge(opened(&spool, &ids)).run().await;
        let links = again.unwrap().links.unwrap();
        assert_eq!((links.linked, links.unchanged, links.stories), (3, 3, 1));
    }
    assert!(deaths > 20, "{deaths}");
}

#[tokio::test]
async fn a_merge_sends_rejected_results_again_unless_they_are_to_be_left() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let suite = world.client.suites().ensure("Nightly", None).await;
    let target = Target::new(suite.unwrap().entity.id, "nightly");
    let mut ids = Vec::new();
    for shard in ["1/2", "2/2"] {
        if shard == "2/2" {
            let fault = Fault::failed_task();
            world.sandbox.sandbox().fail_next(fault).unwrap();
        }
        let mut settings = UploadSettings::default();
        settings.shard = Some(shard.parse().unwrap());
        let upload = world.client.upload(results(shard, 2), target.clone());
        let upload = upload.settings(settings).spool(Spool::at(folder.path()));
        ids.push(upload.send().await.unwrap().upload_id);
    }
    let spool = Spool::at(folder.path());
    let merge = |retry| {
        let merge = world.client.merge(opened(&spool, &ids));
        merge.retry_rejected(retry).run()
    };
    let left = merge(false).await.unwrap();
    assert_eq!((left.counts.ingested, left.counts.rejected), (2, 2));
    let sent = merge(true).await.unwrap();
    assert_eq!((sent.counts.ingested, sent.counts.rejected), (4, 0));
    assert_eq!(sent.outcome, Outcome::Success, "{sent:?}");
}

#[tokio::test]
async fn a_failure_that_octane_rejected_is_named_and_not_said_to_be_shown() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let suite = world.client.suites().ensure("Nightly", None).await;
    let target = Target::new(suite.unwrap().entity.id, "nightly");
    let mut ids = Vec::new();
    for (shard, status) in [("1/2", Status::Passed), ("2/2", Status::Failed)] {
        if status == Status::Failed {
            let fault = Fault::failed_task();
            world.sandbox.sandbox().fail_next(fault).unwrap();
        }
        let mut settings = UploadSettings::default();
        settings.shard = Some(shard.parse().unwrap());
        let runs = [TestRun::new("both", status), TestRun::new(shard, status)];
        let upload = world.client.upload(runs, target.clone());
        let upload = upload.settings(settings).spool(Spool::at(folder.path()));
        ids.push(upload.send().await.unwrap().upload_id);
    }
    let spool = Spool::at(folder.path());
    let merge = world.client.merge(opened(&spool, &ids));
    let merged = merge.retry_rejected(false).run().await.unwrap();
    assert_eq!(merged.outcome, Outcome::Partial);
    let counts = merged.counts;
    assert_eq!((counts.ingested, counts.rejected), (2, 2));
    // Both are the first shard's, though the other one has a result of one of them.
    assert_eq!((counts.runs, world.count("automated_runs").await), (2, 2));
    let mut problems = merged.problems.iter();
    let flaky = problems.find(|problem| problem.code == "flaky").unwrap();
    let message = "passed in shard 1, failed in shard 2 (rejected); the run shows `passed`";
    assert_eq!(flaky.message, message);
    let requests = world.sandbox.sandbox().requests();
    let payloads = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/test-results"));
    assert_eq!(payloads.count(), 2);
}

#[tokio::test]
async fn a_merge_that_is_cancelled_at_any_event_is_no_success_while_a_failure_is_hidden() {
    let mut cancelled = 0;
    for at in 1.. {
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let ids = delivered_shards(&world, folder.path()).await;
        let spool = Spool::at(folder.path());
        let (token, events) = (CancellationToken::new(), AtomicU64::new(0));
        let merge = world.client.merge(opened(&spool, &ids));
        let merge = merge.cancellation(token.clone()).on_event(|_| {
            if events.fetch_add(1, Ordering::Relaxed) + 1 == at {
                token.cancel();
            }
        });
        let merged = merge.run().await;
        if events.load(Ordering::Relaxed) < at {
            break;
        }
        cancelled += 1;
        let shows_failed = async || {
            let suite_runs = world.client.suite_runs();
            let suite_run = suite_runs
                .find_in_any_suite("nightly")
                .await
                .unwrap()
                .unwrap()
                .id;
            let runs = world.client.runs().of(suite_run).all().await.unwrap();
            let both = runs.iter().find(|run| run.name == "both").unwrap();
            format!("{:?}", both.native_status).contains("failed")
        };
        if merged.is_ok_and(|report| report.outcome == Outcome::Success) {
            assert!(shows_failed().await, "cancelled at event {at}");
        }
        let again = world.client.merge(opened(&spool, &ids)).run().await;
        assert_eq!(again.unwrap().outcome, Outcome::Success);
        assert!(shows_failed().await, "cancelled at event {at}, and again");
    }
    assert!(cancelled > 3, "{cancelled}");
}
