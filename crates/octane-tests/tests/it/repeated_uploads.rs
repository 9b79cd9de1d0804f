//! Uploads whose bytes Octane had received before.

use std::time::Duration;

use octane_client::{Counts, Outcome, Target, UploadSettings};
use octane_model::{AutomatedRun, ReleaseId, Resource, SuiteId};
use octane_results::{Release, Status, TestRun};
use octane_tests::World;

/// One night: a table without start times, into the same suite run every time. Returns the counts and the codes of the
/// problems.
async fn night(world: &World, suite: SuiteId, status: Status) -> (Counts, Vec<String>) {
    let results = [
        TestRun::new("pays", status).class("CardTest"),
        TestRun::new("refunds", Status::Passed).class("CardTest"),
    ];
    let upload = world.client.upload(results, Target::new(suite, "nightly"));
    let report = upload.send().await.unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    let codes = report
        .problems
        .iter()
        .map(|problem| problem.code.to_string());
    (report.counts, codes.collect())
}

/// What Octane shows of the test `pays`.
async fn shown(world: &World) -> String {
    let runs = world
        .client
        .endpoint()
        .collection(AutomatedRun::COLLECTION)
        .list()
        .select(AutomatedRun::select());
    let runs = runs.all().await.unwrap();
    let mut statuses = Vec::new();
    for run in runs {
        let run = run.into_typed::<AutomatedRun>().unwrap();
        if run.name == "pays" {
            let status = run.native_status.expect("the list was asked for it");
            statuses.push(status.id.to_string());
        }
    }
    assert_eq!(statuses.len(), 1, "{statuses:?}");
    statuses[0].rsplit('.').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_failure_with_the_bytes_of_an_earlier_night_shows_again() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    night(&world, suite, Status::Failed).await;
    assert_eq!(shown(&world).await, "failed");
    night(&world, suite, Status::Passed).await;
    assert_eq!(shown(&world).await, "passed");
    for _ in 0..2 {
        let (counts, failed) = night(&world, suite, Status::Failed).await;
        assert_eq!(shown(&world).await, "failed");
        assert_eq!(failed, ["resent"]);
        assert_eq!(counts.ingested, 2);
        let (_, passed) = night(&world, suite, Status::Passed).await;
        assert_eq!(shown(&world).await, "passed");
        assert_eq!(passed, ["resent"]);
    }
}

#[tokio::test]
async fn an_upload_of_which_octane_had_everything_says_so() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    night(&world, suite, Status::Passed).await;
    let (counts, again) = night(&world, suite, Status::Passed).await;
    assert_eq!(again, ["duplicate"]);
    assert_eq!((counts.ingested, counts.duplicate), (2, 2));
}

#[tokio::test]
async fn results_of_an_earlier_upload_do_not_stand_for_those_that_octane_rejects() {
    let world = World::new().await;
    let suites = world.client.suites();
    let suite = suites.create("Nightly", None).await.unwrap().id;
    let upload = |names: &[&str], release: Option<ReleaseId>| {
        let results: Vec<TestRun> = (names.iter())
            .map(|name| {
                let started = "2026-11-28T05:00:00Z".parse().unwrap();
                TestRun::new(*name, Status::Passed).started(started)
            })
            .collect();
        let mut settings = UploadSettings::default();
        settings.context.release = release.map(Release::Id);
        let upload = world.client.upload(results, Target::new(suite, "nightly"));
        upload.settings(settings)
    };
    let first = upload(&["pays", "ships"], None).send().await.unwrap();
    assert_eq!(first.outcome, Outcome::Success, "{first:?}");
    // The same results; their runs are in the suite run, and these are not. Times of entities have whole seconds.
    let clock = world.sandbox.sandbox().clock();
    clock.advance(Duration::from_secs(3));
    let unknown = Some(ReleaseId::new(424_242));
    for names in [&["pays", "ships"][..], &["pays", "refunds"]] {
        let report = upload(names, unknown).send().await.unwrap();
        assert_eq!(report.outcome, Outcome::Refused, "{report:?}");
        assert_eq!((report.counts.ingested, report.counts.rejected), (0, 2));
    }
    let again = upload(&["pays", "refunds"], None).send().await.unwrap();
    assert_eq!(again.outcome, Outcome::Success, "{again:?}");
}
