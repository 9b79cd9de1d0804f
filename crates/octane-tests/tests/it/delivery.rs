//! Delivery when things go wrong: every result is in once, or the report says where it is.

use std::sync::Mutex;

use octane_client::{
    Client, Destination, Event, Journal, Outcome, Report, Spool, Stop, SuiteChoice, UploadId,
    UploadSettings,
};
use octane_model::Encoding;
use octane_rest::{ApiKey, Endpoint};
use octane_results::{Position, Status, TestRun};
use octane_sandbox::{Expiry, Fault, Settings};
use octane_tests::{Refusing, World};

/// Twelve results of a table, the first with a Jira key.
fn results() -> Vec<TestRun> {
    let started = |n: i64| jiff::Timestamp::from_second(1_795_000_000 + n).unwrap();
    let result = |n: i64| {
        let mut run = TestRun::new(format!("t{n}"), Status::Passed).started(started(n));
        run.position = Some(Position {
            file: "nightly.csv".into(),
            line: u64::try_from(n).unwrap() + 1,
            column: None,
        });
        run
    };
    let mut results: Vec<TestRun> = (1..=12).map(result).collect();
    results[0] = results[0].clone().jira(["SHOP-101"]);
    results
}

fn in_batches_of(runs_max: usize) -> UploadSettings {
    let mut settings = UploadSettings::default();
    settings.batch_limits.runs_max = runs_max;
    settings
}

/// A client that tries nothing twice, unless it is told to.
fn client(world: &World, url: &str, attempts_max: u32) -> Client {
    let settings = octane_rest::Settings {
        requests_per_second: 1000,
        concurrency_max: 16,
        attempts_max,
        backoff_milliseconds: 1,
        payload_encoding: Encoding::Plain,
        ..octane_rest::Settings::default()
    };
    let (id, secret) = (world.sandbox.client_id(), world.sandbox.client_secret());
    let endpoint = Endpoint::builder(url)
        .settings(settings)
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new(id, secret))
        .build();
    Client::new(endpoint.unwrap())
}

/// An upload that is ready to be delivered.
async fn planned(client: &Client, settings: &UploadSettings) -> Journal {
    planned_of(client, settings, results()).await
}

async fn planned_of(client: &Client, settings: &UploadSettings, results: Vec<TestRun>) -> Journal {
    let suite = SuiteChoice::Named("Nightly".into());
    let destination = Destination::new(suite, "nightly-1").create_missing(true);
    let (spool, id) = (Spool::off(), UploadId::new());
    let planned = client.plan(results, &destination, settings, &spool, id);
    let journal = planned.unwrap().journal;
    let target = client.locate(&destination).await.unwrap();
    client.aim(&journal, &target).unwrap();
    journal
}

async fn deliver(client: &Client, journal: &Journal, settings: &UploadSettings) -> Report {
    let stop = Stop::never();
    let delivered = client.deliver(journal, settings, &stop, &|_| {});
    let report = delivered.await.unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    report
}

/// How many payloads the sandbox received.
fn payloads(world: &World) -> usize {
    let requests = world.sandbox.sandbox().requests();
    let payloads = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/test-results"));
    payloads.count()
}

/// Runs, and results that others took the place of.
async fn counts(world: &World) -> (u64, u64) {
    let former = world.count("previous_runs").await;
    (world.count("automated_runs").await, former)
}

#[tokio::test]
async fn one_bad_result_is_named_and_all_others_go_in() {
    let world = World::new().await;
    let door = Refusing::new(world.sandbox.address().to_string(), "name=\"t8\"").await;
    let client = client(&world, door.url(), 1);
    let settings = in_batches_of(6);
    let journal = planned(&client, &settings).await;
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Partial, "{report:?}");
    assert_eq!((report.counts.ingested, report.counts.rejected), (11, 1));
    let rejected: Vec<_> = report
        .problems
        .iter()
        .filter(|one| one.code == "rejected")
        .collect();
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    assert_eq!(rejected[0].test.as_deref(), Some("t8"));
    assert_eq!(rejected[0].position.as_ref().map(|at| at.line), Some(9));
    assert!(
        rejected[0].message.contains("is no good"),
        "{}",
        rejected[0].message
    );
    assert_eq!(counts(&world).await, (11, 0));
    // The first batch, one without results to see whether the context is at fault, and three good pieces.
    assert!(payloads(&world) <= 5, "{}", payloads(&world));
}

#[tokio::test]
async fn what_all_payloads_share_is_not_halved() {
    let world = World::new().await;
    let door = Refusing::new(world.sandbox.address().to_string(), "nightly-1").await;
    let client = client(&world, door.url(), 1);
    let settings = in_batches_of(4);
    let journal = planned(&client, &settings).await;
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Refused);
    assert_eq!((report.counts.rejected, report.batches.len()), (12, 3));
    assert!(report.batches.iter().all(|batch| batch.status == "refused"));
    assert_eq!(counts(&world).await, (0, 0));
}

#[tokio::test]
async fn what_is_at_fault_in_every_result_is_not_looked_for_in_every_batch() {
    let world = World::new().await;
    let door = Refusing::new(world.sandbox.address().to_string(), "name=\"t").await;
    let client = client(&world, door.url(), 1);
    let mut settings = in_batches_of(100);
    settings.batches_in_flight_max = 1;
    let results = (1..=300).map(|n| TestRun::new(format!("t{n}"), Status::Passed));
    let journal = planned_of(&client, &settings, results.collect()).await;
    let splits = Mutex::new(0);
    let count = |event: &Event| {
        if matches!(event, Event::Split { .. }) {
            *splits.lock().unwrap() += 1;
        }
    };
    let stop = Stop::never();
    let delivered = client.deliver(&journal, &settings, &stop, &count);
    let report = delivered.await.unwrap();
    assert_eq!(report.outcome, Outcome::Refused);
    assert_eq!((report.counts.rejected, *splits.lock().unwrap()), (300, 99));
    let last = report.problems.last().unwrap();
    assert!(last.message.contains("not tried one by one"), "{last:?}");
}

#[tokio::test]
async fn the_page_of_a_proxy_is_no_refusal() {
    let world = World::new().await;
    let door = Refusing::as_proxy(world.sandbox.address().to_string(), "name=\"t8\"").await;
    let client = client(&world, door.url(), 1);
    let settings = in_batches_of(6);
    let journal = planned(&client, &settings).await;
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Unreachable, "{report:?}");
    assert_eq!((report.counts.rejected, report.counts.kept >= 6), (0, true));
    door.open();
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(&world).await, (12, 0));
}

#[tokio::test]
async fn a_stop_in_the_middle_parks_the_rest_and_nothing_is_doubled_later() {
    let world = World::new().await;
    let client = &world.client;
    let settings = in_batches_of(1);
    let journal = planned(client, &settings).await;
    let stop = Stop::new();
    let stopper = stop.clone();
    let on_event = move |event: &Event| {
        if matches!(event, Event::Accepted { .. }) {
            stopper.ask();
        }
    };
    let report = client
        .deliver(&journal, &settings, &stop, &on_event)
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert!(report.counts.add_up() && report.counts.sent >= 1 && report.counts.kept >= 1);
    let unsent = report
        .batches
        .iter()
        .filter(|batch| batch.status == "unsent");
    assert!(unsent.count() > 0, "{:?}", report.batches);
    let report = deliver(client, &journal, &settings).await;
    assert_eq!(
        (report.outcome, report.counts.ingested),
        (Outcome::Success, 12)
    );
    assert_eq!((counts(&world).await, payloads(&world)), ((12, 0), 12));
}

#[tokio::test]
async fn a_task_that_fails_rejects_its_results_and_no_others() {
    let world = World::new().await;
    world
        .sandbox
        .sandbox()
        .fail_next(Fault::failed_task())
        .unwrap();
    let mut settings = in_batches_of(4);
    settings.batches_in_flight_max = 1;
    let journal = planned(&world.client, &settings).await;
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Partial);
    assert_eq!((report.counts.ingested, report.counts.rejected), (8, 4));
    let named = report.problems.iter().filter(|one| one.code == "rejected");
    let lines: Vec<u64> = named
        .filter_map(|one| Some(one.position.as_ref()?.line))
        .collect();
    assert_eq!(lines, [2, 3, 4, 5]);
    // The trouble has passed: somebody resumes the upload.
    let stop = Stop::never();
    world.client.reopen(&journal, &stop).await.unwrap();
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(&world).await, (12, 0));
}

#[tokio::test]
async fn a_task_that_never_ends_is_kept_and_settled_when_it_does() {
    let hour = std::time::Duration::from_secs(3600);
    let world = World::with(Settings::default().ingest_delay(hour)).await;
    let mut settings = UploadSettings::default();
    settings.ingestion_wait_max = std::time::Duration::ZERO;
    let journal = planned(&world.client, &settings).await;
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(
        (report.outcome, report.counts.kept),
        (Outcome::Unreachable, 12)
    );
    world.sandbox.sandbox().clock().advance(2 * hour);
    let report = deliver(&world.client, &journal, &UploadSettings::default()).await;
    assert_eq!(
        (report.outcome, report.counts.ingested),
        (Outcome::Success, 12)
    );
    assert_eq!((counts(&world).await, payloads(&world)), ((12, 0), 1));
}

#[tokio::test]
async fn results_that_could_not_be_looked_for_are_kept_until_they_are() {
    let world = World::new().await;
    let client = client(&world, &world.sandbox.url(), 1);
    let settings = UploadSettings::default();
    let journal = planned(&client, &settings).await;
    let fault = Fault::status(503).method("GET").path("*/automated_runs");
    world.sandbox.sandbox().fail_next(fault).unwrap();
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Unreachable, "{report:?}");
    assert_eq!((report.counts.ingested, report.counts.kept), (0, 12));
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(
        (report.outcome, report.counts.ingested),
        (Outcome::Success, 12)
    );
    assert_eq!(payloads(&world), 1);
}

#[tokio::test]
async fn links_that_could_not_be_made_are_made_later() {
    let world = World::new().await;
    let client = client(&world, &world.sandbox.url(), 1);
    let settings = UploadSettings::default();
    let journal = planned(&client, &settings).await;
    let fault = Fault::reset_before().method("PUT").path("*/automated_runs");
    world.sandbox.sandbox().fail_next(fault).unwrap();
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(
        (report.outcome, report.counts.ingested),
        (Outcome::LinksIncomplete, 12)
    );
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Success);
    assert_eq!(report.links.unwrap().linked, 1);
}

#[tokio::test]
async fn a_session_that_ends_amid_many_requests_is_renewed_once() {
    let world = World::new().await;
    let client = client(&world, &world.sandbox.url(), 1);
    let mut settings = in_batches_of(1);
    settings.batches_in_flight_max = 12;
    let journal = planned(&client, &settings).await;
    world.sandbox.sandbox().expire_sessions(Expiry::Global);
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    let requests = world.sandbox.sandbox().requests();
    let sign_ins = requests
        .iter()
        .filter(|request| request.path.ends_with("/sign_in"));
    assert_eq!(sign_ins.count(), 2);
    assert_eq!(counts(&world).await, (12, 0));
}

#[test]
fn bytes_do_not_depend_on_how_many_are_sent_at_once_or_on_threads() {
    let sent = |threads: usize, in_flight_max: usize| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let mut settings = in_batches_of(2);
            settings.batches_in_flight_max = in_flight_max;
            let journal = planned(&world.client, &settings).await;
            deliver(&world.client, &journal, &settings).await;
            let requests = world.sandbox.sandbox().requests();
            let payloads = requests
                .into_iter()
                .filter(|request| request.path.ends_with("/test-results"));
            let mut digests: Vec<_> = payloads.filter_map(|one| one.body_digest).collect();
            digests.sort();
            digests
        })
    };
    let expected = sent(1, 1);
    assert_eq!(expected.len(), 6);
    for (threads, in_flight_max) in [(1, 6), (4, 3)] {
        assert_eq!(
            sent(threads, in_flight_max),
            expected,
            "{threads} {in_flight_max}"
        );
    }
}
