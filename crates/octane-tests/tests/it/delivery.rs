//! Delivery when things go wrong: every result is ingested once, or the report says where it is.

use std::sync::Mutex;
use std::time::Duration;

use octane_client::{
    CancellationToken, Client, Event, Journal, Outcome, Report, Spool, SuiteChoice, TargetSpec,
    UploadId, UploadSettings,
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
        run.position = Some(Position::new("nightly.csv", u64::try_from(n).unwrap() + 1));
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

/// A client with this number of attempts for each request.
fn client(world: &World, url: &str, attempts_max: u32) -> Client {
    let mut settings = octane_rest::EndpointSettings::default();
    settings.requests_per_second = Some(1000);
    settings.concurrency_max = 16;
    settings.attempts_max = attempts_max;
    settings.backoff_base = Duration::from_millis(1);
    settings.payload_encoding = Encoding::Plain;
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
async fn prepared(client: &Client, settings: &UploadSettings) -> Journal {
    prepared_of(client, settings, results()).await
}

async fn prepared_of(client: &Client, settings: &UploadSettings, results: Vec<TestRun>) -> Journal {
    let suite = SuiteChoice::Named("Nightly".into());
    let spec = TargetSpec::new(suite, "nightly-1").create_missing(true);
    let (spool, id) = (Spool::off(), UploadId::new());
    let prepared = client.prepare(results, &spec, settings, &spool, id);
    let journal = prepared.unwrap().journal;
    client.delivery(&journal).resolve().await.unwrap();
    journal
}

async fn deliver(client: &Client, journal: &Journal, settings: &UploadSettings) -> Report {
    let delivery = client.delivery(journal).settings(settings.clone());
    let report = delivery.run().await.unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    report
}

/// The number of payloads that the sandbox received.
fn payloads(world: &World) -> usize {
    let requests = world.sandbox.sandbox().requests();
    let payloads = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/test-results"));
    payloads.count()
}

/// The number of runs, and of results that newer ones have replaced.
async fn counts(world: &World) -> (u64, u64) {
    let previous = world.count("previous_runs").await;
    (world.count("automated_runs").await, previous)
}

#[tokio::test]
async fn one_bad_result_is_reported_and_all_others_are_ingested() {
    let world = World::new().await;
    let proxy = Refusing::new(world.sandbox.address().to_string(), "name=\"t8\"").await;
    let client = client(&world, proxy.url(), 1);
    let settings = in_batches_of(6);
    let journal = prepared(&client, &settings).await;
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
    // The second batch, one without results to find out whether the context is at fault, and three good parts.
    assert!(payloads(&world) <= 5, "{}", payloads(&world));
}

#[tokio::test]
async fn batches_are_not_halved_if_what_all_payloads_share_is_at_fault() {
    let world = World::new().await;
    let proxy = Refusing::new(world.sandbox.address().to_string(), "nightly-1").await;
    let client = client(&world, proxy.url(), 1);
    let settings = in_batches_of(4);
    let journal = prepared(&client, &settings).await;
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Refused);
    assert_eq!((report.counts.rejected, report.batches.len()), (12, 3));
    assert!(report.batches.iter().all(|batch| batch.status == "refused"));
    assert_eq!(counts(&world).await, (0, 0));
}

#[tokio::test]
async fn halving_stops_once_every_result_of_a_batch_was_refused() {
    let world = World::new().await;
    let proxy = Refusing::new(world.sandbox.address().to_string(), "name=\"t").await;
    let client = client(&world, proxy.url(), 1);
    let mut settings = in_batches_of(100);
    settings.batches_in_flight_max = 1;
    let results = (1..=300).map(|n| TestRun::new(format!("t{n}"), Status::Passed));
    let journal = prepared_of(&client, &settings, results.collect()).await;
    let splits = Mutex::new(0);
    let count = |event: &Event| {
        if matches!(event, Event::Split { .. }) {
            *splits.lock().unwrap() += 1;
        }
    };
    let delivery = client.delivery(&journal).settings(settings).on_event(count);
    let report = delivery.run().await.unwrap();
    assert_eq!(report.outcome, Outcome::Refused);
    assert_eq!((report.counts.rejected, *splits.lock().unwrap()), (300, 99));
    let last = report.problems.last().unwrap();
    assert!(last.message.contains("not split further"), "{last:?}");
}

#[tokio::test]
async fn the_page_of_a_proxy_is_not_a_refusal() {
    let world = World::new().await;
    let proxy = Refusing::as_proxy(world.sandbox.address().to_string(), "name=\"t8\"").await;
    let client = client(&world, proxy.url(), 1);
    let settings = in_batches_of(6);
    let journal = prepared(&client, &settings).await;
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Unreachable, "{report:?}");
    assert_eq!(
        (report.counts.rejected, report.counts.pending >= 6),
        (0, true)
    );
    proxy.open();
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(&world).await, (12, 0));
}

#[tokio::test]
async fn a_stop_leaves_the_rest_for_a_resume_and_nothing_is_duplicated() {
    let world = World::new().await;
    let client = &world.client;
    let settings = in_batches_of(1);
    let journal = prepared(client, &settings).await;
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    let on_event = move |event: &Event| {
        if matches!(event, Event::Accepted { .. }) {
            stopper.cancel();
        }
    };
    let report = client
        .delivery(&journal)
        .settings(settings.clone())
        .cancellation(stop)
        .on_event(on_event)
        .run()
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert!(report.counts.add_up() && report.counts.sent >= 1 && report.counts.pending >= 1);
    let unsent = report
        .batches
        .iter()
        .filter(|batch| batch.status == "ready");
    assert!(unsent.count() > 0, "{:?}", report.batches);
    let report = deliver(client, &journal, &settings).await;
    assert_eq!(
        (report.outcome, report.counts.ingested),
        (Outcome::Success, 12)
    );
    assert_eq!((counts(&world).await, payloads(&world)), ((12, 0), 12));
}

#[tokio::test]
async fn a_failed_task_rejects_only_its_own_results() {
    let world = World::new().await;
    world
        .sandbox
        .sandbox()
        .fail_next(Fault::failed_task())
        .unwrap();
    let mut settings = in_batches_of(4);
    settings.batches_in_flight_max = 1;
    let journal = prepared(&world.client, &settings).await;
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Partial);
    assert_eq!((report.counts.ingested, report.counts.rejected), (8, 4));
    let named = report.problems.iter().filter(|one| one.code == "rejected");
    let lines: Vec<u64> = named
        .filter_map(|one| Some(one.position.as_ref()?.line))
        .collect();
    assert_eq!(lines, [2, 3, 4, 5]);
    // What is not asked for again is left, and reported as before.
    let sent = payloads(&world);
    let left = world.client.delivery(&journal).settings(settings.clone());
    let left = left.retry_rejected(false).run().await.unwrap();
    assert_eq!(payloads(&world), sent);
    assert_eq!(
        (left.outcome, left.counts, left.problems),
        (report.outcome, report.counts, report.problems)
    );
    // The server has recovered, and the user resumes the upload.
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(&world).await, (12, 0));
}

#[tokio::test]
async fn a_refused_batch_is_left_where_rejected_results_are_not_to_be_sent_again() {
    let world = World::new().await;
    let refusal = Fault::status(400).code("testbox.invalid_payload");
    let refusal = refusal.method("POST").path("*/test-results").times(100);
    world.sandbox.sandbox().fail_next(refusal).unwrap();
    let settings = UploadSettings::default();
    let journal = prepared(&world.client, &settings).await;
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Refused);
    world.sandbox.sandbox().clear_faults();
    let sent = payloads(&world);
    let left = world.client.delivery(&journal).retry_rejected(false);
    let left = left.run().await.unwrap();
    assert_eq!((left.outcome, payloads(&world)), (Outcome::Refused, sent));
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
}

#[tokio::test]
async fn the_results_of_an_unfinished_task_are_pending_until_it_ends() {
    let hour = Duration::from_secs(3600);
    let world = World::with(Settings::default().ingest_delay(hour)).await;
    let mut settings = UploadSettings::default();
    settings.ingestion_wait_max = Duration::ZERO;
    let journal = prepared(&world.client, &settings).await;
    let report = deliver(&world.client, &journal, &settings).await;
    assert_eq!(
        (report.outcome, report.counts.pending),
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
async fn results_are_pending_until_the_suite_run_can_be_read() {
    let world = World::new().await;
    let client = client(&world, &world.sandbox.url(), 1);
    let settings = UploadSettings::default();
    let journal = prepared(&client, &settings).await;
    // They are read before something is sent, and after it.
    let fault = Fault::status(503).method("GET").path("*/automated_runs");
    world.sandbox.sandbox().fail_next(fault.times(2)).unwrap();
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(report.outcome, Outcome::Unreachable, "{report:?}");
    assert_eq!((report.counts.ingested, report.counts.pending), (0, 12));
    let report = deliver(&client, &journal, &settings).await;
    assert_eq!(
        (report.outcome, report.counts.ingested),
        (Outcome::Success, 12)
    );
    assert_eq!(payloads(&world), 1);
}

#[tokio::test]
async fn failed_links_are_set_by_the_next_delivery() {
    let world = World::new().await;
    let client = client(&world, &world.sandbox.url(), 1);
    let settings = UploadSettings::default();
    let journal = prepared(&client, &settings).await;
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
async fn a_session_that_expires_during_many_requests_is_renewed_once() {
    let world = World::new().await;
    let client = client(&world, &world.sandbox.url(), 1);
    let mut settings = in_batches_of(1);
    settings.batches_in_flight_max = 12;
    let journal = prepared(&client, &settings).await;
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
fn payload_bytes_do_not_depend_on_concurrency_or_threads() {
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
            let journal = prepared(&world.client, &settings).await;
            let report = deliver(&world.client, &journal, &settings).await;
            assert_eq!(report.outcome, Outcome::Success);
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

#[tokio::test]
async fn an_upload_of_which_nothing_was_sent_looks_for_its_suite_again_when_it_is_resumed() {
    let world = World::new().await;
    let client = &world.client;
    let spool = Spool::off();
    let runs = vec![TestRun::new("pays", Status::Passed)];
    let spec =
        TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-1").create_missing(true);
    let settings = UploadSettings::default();
    let prepared = client.prepare(runs, &spec, &settings, &spool, UploadId::new());
    let journal = prepared.unwrap().journal;
    let token = CancellationToken::new();
    let first = client.delivery(&journal).resolve().await.unwrap().suite.id;
    // The first run of the process is interrupted before it sends anything.
    token.cancel();
    let delivery = client.delivery(&journal).cancellation(token);
    assert_eq!(delivery.run().await.unwrap().outcome, Outcome::Interrupted);

    let suites = client.endpoint().collection("test_suites");
    suites.delete(first).await.unwrap();
    let report = client.delivery(&journal).run().await.unwrap();
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    let suite = report.target.suite.unwrap().id;
    assert_ne!(suite, first);
    let suite_runs = client.suite_runs();
    let suite_run = suite_runs.find("nightly-1", suite).await;
    assert!(suite_run.unwrap().is_some());
}
