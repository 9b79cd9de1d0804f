//! The main job: results become runs, and runs are linked to the stories they cover.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use octane_client::{
    Event, LinkLevel, ModuleChoice, Outcome, Report, SuiteChoice, Target, TargetSpec,
    UploadSettings,
};
use octane_model::{AutomatedRun, Select};
use octane_results::{Dialect, Failure, Release, Status, TestRun};
use octane_sandbox::Settings;
use octane_tests::World;

fn nightly() -> Vec<TestRun> {
    let started: jiff::Timestamp = "2026-11-20T22:00:00Z".parse().unwrap();
    let run = |n: i64| {
        let status =
            [Status::Passed, Status::Failed, Status::Skipped][usize::try_from(n % 3).unwrap()];
        let mut run = TestRun::new(format!("test {n} <&> ü"), status)
            .module("shop")
            .package("cart")
            .class("TotalsTest")
            .duration(Duration::from_millis(7))
            .started(started + jiff::SignedDuration::from_secs(n));
        if status == Status::Failed {
            run = run.failure(Failure {
                error_type: None,
                message: Some("no".into()),
                details: "at ]]> line 1".into(),
            });
        }
        run
    };
    let mut runs: Vec<TestRun> = (0..120).map(run).collect();
    runs[0] = runs[0].clone().jira(["SHOP-101"]);
    runs[1] = runs[1].clone().jira(["SHOP-101", "SHOP-102"]);
    runs[2] = runs[2].clone().jira(["NONE-1", "SHOP-150"]);
    runs
}

async fn target(world: &World) -> Target {
    let destination = TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly 1")
        .module(ModuleChoice::Path("Shop/Checkout".into()))
        .create_missing(true);
    world.client.resolve_target(&destination).await.unwrap()
}

fn in_batches_of(runs_max: usize) -> UploadSettings {
    let mut settings = UploadSettings::default();
    settings.batch_limits.runs_max = runs_max;
    settings
}

async fn upload(world: &World, runs: Vec<TestRun>, settings: UploadSettings) -> Report {
    let target = target(world).await;
    let report = world
        .client
        .upload(runs, target)
        .settings(settings)
        .send()
        .await
        .unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    report
}

/// The runs of the suite run into which a report's results went.
async fn runs_of(world: &World, report: &Report) -> Vec<AutomatedRun> {
    let suite_run = report.target.suite_run_id().unwrap();
    world.client.runs().of(suite_run).all().await.unwrap()
}

#[tokio::test]
async fn results_become_runs_and_only_the_runs_with_a_key_are_linked() {
    let world = World::new().await;
    let report = upload(&world, nightly(), in_batches_of(50)).await;
    assert_eq!(report.outcome, Outcome::Success, "{:?}", report.problems);
    assert_eq!(
        (
            report.counts.read,
            report.counts.ingested,
            report.counts.runs
        ),
        (120, 120, 120)
    );
    assert_eq!(
        (
            report.counts.passed,
            report.counts.failed,
            report.counts.test_skipped
        ),
        (40, 40, 40)
    );
    assert_eq!(
        report
            .batches
            .iter()
            .map(|batch| batch.results)
            .collect::<Vec<_>>(),
        [50, 50, 20]
    );
    let created: Vec<&str> = report
        .created
        .iter()
        .map(|created| created.name.as_str())
        .collect();
    assert_eq!(created.last(), Some(&"Nightly"));

    let links = report.links.unwrap();
    assert_eq!(
        (links.level, links.keys, links.stories, links.linked),
        (Some(LinkLevel::Runs), 4, 2, 2)
    );
    assert_eq!(
        (links.unknown, links.ambiguous),
        (vec!["NONE-1".to_owned()], vec!["SHOP-150".to_owned()])
    );
    let select = Select::names(["name", "covered_content"]);
    let runs = world
        .client
        .endpoint()
        .collection("automated_runs")
        .list()
        .select(select)
        .all()
        .await
        .unwrap();
    let linked: BTreeMap<String, usize> = runs
        .iter()
        .filter(|run| !run.references("covered_content").data.is_empty())
        .map(|run| {
            (
                run.text("name").unwrap().to_owned(),
                run.references("covered_content").data.len(),
            )
        })
        .collect();
    let expected = [
        ("test 0 <&> ü".to_owned(), 1),
        ("test 1 <&> ü".to_owned(), 2),
    ];
    assert_eq!(linked, BTreeMap::from(expected));
}

#[tokio::test]
async fn uploading_the_same_bytes_twice_duplicates_nothing_and_the_report_says_so() {
    let world = World::new().await;
    let first = upload(&world, nightly(), in_batches_of(50)).await;
    let before = (
        world.count("automated_runs").await,
        world.count("previous_runs").await,
    );
    let second = upload(&world, nightly(), in_batches_of(50)).await;
    assert_eq!(second.outcome, Outcome::Success);
    assert!(second.batches.iter().all(|batch| batch.is_duplicate));
    assert_eq!(
        (second.counts.ingested, second.counts.duplicate),
        (120, 120)
    );
    assert!(second.created.is_empty());
    assert_eq!(second.links.as_ref().unwrap().unchanged, 2);
    assert_eq!(
        (
            world.count("automated_runs").await,
            world.count("previous_runs").await
        ),
        before
    );
    let tasks = |report: &Report| {
        report
            .batches
            .iter()
            .map(|batch| batch.task)
            .collect::<Vec<_>>()
    };
    assert_eq!(tasks(&first), tasks(&second));
}

#[tokio::test]
async fn tests_are_linked_if_runs_have_no_field_and_the_report_says_so() {
    let world = World::with(Settings::default().run_backlog_field(false)).await;
    let report = upload(&world, nightly(), UploadSettings::default()).await;
    assert_eq!(report.outcome, Outcome::Success, "{:?}", report.problems);
    let links = report.links.unwrap();
    assert_eq!((links.level, links.linked), (Some(LinkLevel::Tests), 2));
}

#[tokio::test]
async fn a_test_with_two_results_shows_the_last_one() {
    let world = World::new().await;
    let mut runs: Vec<TestRun> = (0..6)
        .map(|n| TestRun::new(format!("t{}", n % 3), Status::Failed))
        .collect();
    for run in &mut runs {
        run.may_be_retry = true;
    }
    for run in &mut runs[3..] {
        run.status = Status::Passed;
    }
    let report = upload(&world, runs, in_batches_of(2)).await;
    assert_eq!((report.counts.ingested, report.counts.runs), (6, 3));
    let runs = runs_of(&world, &report).await;
    let statuses: BTreeSet<String> = runs
        .iter()
        .map(|run| run.native_status.as_ref().unwrap().id.to_string())
        .collect();
    assert_eq!(
        statuses,
        BTreeSet::from(["list_node.run_native_status.passed".to_owned()])
    );
    assert_eq!(world.count("previous_runs").await, 3);
}

#[tokio::test]
async fn an_unknown_release_rejects_the_runs_and_the_reason_is_reported() {
    let world = World::new().await;
    let mut settings = in_batches_of(50);
    settings.context.release = Some(Release::Name("R 99".into()));
    let report = upload(&world, nightly(), settings.clone()).await;
    assert_eq!(report.outcome, Outcome::Refused);
    assert_eq!((report.counts.rejected, report.counts.ingested), (120, 0));
    let rejected = report
        .problems
        .iter()
        .find(|problem| problem.code == "rejected")
        .unwrap();
    assert!(rejected.message.contains("R 99"), "{}", rejected.message);

    settings.skip_errors = true;
    let report = upload(&world, nightly(), settings).await;
    assert_eq!(
        (report.counts.ingested, report.counts.rejected),
        (120, 0),
        "{:?}",
        report.problems
    );
    assert!(report.problems.iter().any(|problem| problem.code == "task"));
}

#[tokio::test]
async fn evidence_payloads_are_ingested_if_the_server_accepts_them_and_refused_otherwise() {
    let mut settings = in_batches_of(50);
    settings.dialect = Dialect::Evidence;
    let lenient = World::with(Settings::default().accept_evidence(true)).await;
    let report = upload(&lenient, nightly(), settings.clone()).await;
    assert_eq!(
        (report.outcome, report.counts.ingested),
        (Outcome::Success, 120),
        "{:?}",
        report.problems
    );

    let strict = World::new().await;
    let report = upload(&strict, nightly(), settings).await;
    assert_eq!(
        (report.outcome, report.counts.rejected),
        (Outcome::Refused, 120)
    );
    assert!(
        report
            .batches
            .iter()
            .all(|batch| batch.status == "refused" && batch.task.is_none())
    );
    assert_eq!(strict.count("automated_runs").await, 0);
}

#[tokio::test]
async fn events_are_reported_in_order() {
    let world = World::new().await;
    let target = target(&world).await;
    let events = Mutex::new(Vec::new());
    let upload = world
        .client
        .upload(nightly(), target)
        .settings(in_batches_of(50));
    let report = upload
        .on_event(|event| events.lock().unwrap().push(event.clone()))
        .send()
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Success);
    let events = events.into_inner().unwrap();
    assert!(matches!(
        events[0],
        Event::Prepared {
            results: 120,
            batches: 3,
            ..
        }
    ));
    let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(
        count(|event| matches!(
            event,
            Event::Accepted {
                is_duplicate: false,
                ..
            }
        )),
        3
    );
    assert_eq!(count(|event| matches!(event, Event::Ended { .. })), 3);
    assert!(matches!(
        events.last(),
        Some(Event::Linked {
            changed: 2,
            unchanged: 0,
            ..
        })
    ));
}

#[tokio::test]
async fn tests_without_a_module_and_package_inherit_them_from_the_suite_path() {
    let world = World::new().await;
    let target = target(&world).await;
    let runs = [
        TestRun::new("bare", Status::Passed),
        TestRun::new("own", Status::Passed).module("cart"),
    ];
    let report = world
        .client
        .upload(runs, target)
        .suite_path("Shop/Checkout/Payment")
        .send()
        .await
        .unwrap();
    let runs = runs_of(&world, &report).await;
    let place = |name: &str| {
        let run = runs.iter().find(|run| run.name == name).unwrap();
        (run.component.clone().unwrap(), run.package.clone().unwrap())
    };
    assert_eq!(
        place("bare"),
        ("Shop".to_owned(), "Checkout.Payment".to_owned())
    );
    assert_eq!(
        place("own"),
        ("cart".to_owned(), "Checkout.Payment".to_owned())
    );
}

#[tokio::test]
async fn a_missing_suite_is_an_error_unless_it_may_be_created() {
    let world = World::new().await;
    let destination = TargetSpec::new(SuiteChoice::Named("None".into()), "x");
    let error = world.client.resolve_target(&destination).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "test suite `None` does not exist in this workspace"
    );
    let by_id = TargetSpec::new(SuiteChoice::Id(octane_model::SuiteId::new(77_777)), "x")
        .create_missing(true);
    assert!(
        world
            .client
            .resolve_target(&by_id)
            .await
            .unwrap_err()
            .is_not_found()
    );
    let made = world
        .client
        .resolve_target(&destination.create_missing(true))
        .await
        .unwrap();
    assert_eq!(made.created.len(), 1);
}
