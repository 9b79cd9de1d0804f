//! Servers that lost what they had confirmed, and uploads that are sent to another server.

use std::time::Duration;

use octane_client::{
    Client, Delivery, DeliveryError, Journal, Outcome, Report, Spool, SuiteChoice, TargetSpec,
    UploadId, UploadSettings,
};
use octane_model::{Encoding, Entity, Select};
use octane_rest::{ApiKey, Endpoint};
use octane_results::{Status, TestRun};
use octane_sandbox::Fault;
use octane_tests::{Refusing, World};
use serde_json::json;

/// Six results, the last of which is a later one of the first test.
fn results() -> Vec<TestRun> {
    let started = |n: i64| jiff::Timestamp::from_second(1_795_000_000 + n).unwrap();
    let result = |n: i64, status| TestRun::new(format!("t{n}"), status).started(started(n));
    let mut results: Vec<TestRun> = (1..=5).map(|n| result(n, Status::Passed)).collect();
    results.push(result(1, Status::Failed).started(started(9)));
    results
}

/// Nothing waits for what a server may show later.
fn settings() -> UploadSettings {
    let mut settings = UploadSettings::default();
    settings.batch_limits.runs_max = 2;
    settings.ingestion_wait_max = Duration::from_millis(900);
    settings
}

fn spec() -> TargetSpec {
    TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-1").create_missing(true)
}

fn prepared(client: &Client, spec: &TargetSpec) -> Journal {
    let (spool, id) = (Spool::off(), UploadId::new());
    let prepared = client.prepare(results(), spec, &settings(), &spool, id);
    prepared.unwrap().journal
}

async fn run(delivery: Delivery<'_>) -> Report {
    let report = delivery.settings(settings()).run().await.unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    report
}

/// An upload of which everything is in.
async fn ingested(world: &World) -> Journal {
    let journal = prepared(&world.client, &spec());
    let report = run(world.client.delivery(&journal)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(world).await, (5, 1));
    journal
}

/// The number of runs, and of results that newer ones have replaced.
async fn counts(world: &World) -> (u64, u64) {
    let previous = world.count("previous_runs").await;
    (world.count("automated_runs").await, previous)
}

/// The runs with their names and statuses.
async fn runs(world: &World) -> Vec<Entity> {
    let list = world.client.endpoint().collection("automated_runs").list();
    let select = Select::names(["name", "native_status"]);
    list.select(select).all().await.unwrap()
}

/// A client that reaches the sandbox at another URL.
fn client_at(world: &World, url: &str) -> Client {
    let (id, secret) = (world.sandbox.client_id(), world.sandbox.client_secret());
    let mut settings = octane_rest::EndpointSettings::default();
    settings.payload_encoding = Encoding::Plain;
    let endpoint = Endpoint::builder(url)
        .settings(settings)
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new(id, secret))
        .build();
    Client::new(endpoint.unwrap())
}

#[tokio::test]
async fn what_a_restored_server_lost_is_sent_again() {
    let world = World::new().await;
    world.client.suites().ensure("Nightly", None).await.unwrap();
    world.sandbox.sandbox().snapshot("before").await.unwrap();
    let journal = ingested(&world).await;
    world.sandbox.sandbox().restore("before").await.unwrap();
    // A later upload gets IDs that the lost one had.
    let other = [TestRun::new("another test", Status::Passed)];
    let suite = journal.target().unwrap().unwrap().suite.id;
    let target = octane_client::Target::new(suite, "nightly-2");
    let sent = world.client.upload(other, target).send().await.unwrap();
    assert_eq!(sent.outcome, Outcome::Success);

    let looked = run(world.client.delivery(&journal)).await;
    assert_ne!(looked.outcome, Outcome::Success, "{looked:?}");
    assert_eq!((looked.counts.ingested, looked.counts.pending), (0, 6));

    let report = run(world.client.delivery(&journal).resend_missing(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(report.counts.ingested, 6);
    assert_eq!(counts(&world).await, (6, 1));
    // The later result of the test is the current one.
    let is_failed = |run: &&Entity| {
        let status = run.reference("native_status").unwrap();
        status.id.as_str().ends_with("failed")
    };
    assert_eq!(runs(&world).await.iter().filter(is_failed).count(), 1);
    // Once more there is nothing to send.
    let report = run(world.client.delivery(&journal).resend_missing(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(&world).await, (6, 1));
}

#[tokio::test]
async fn what_was_deleted_is_sent_again_though_octane_knows_the_bytes() {
    let world = World::new().await;
    let journal = ingested(&world).await;
    let runs = runs(&world).await;
    let lost = runs.iter().find(|run| run.text("name") == Some("t3"));
    let id = lost.unwrap().id.clone().unwrap();
    let path = format!("automated_runs/{id}");
    world.client.endpoint().delete(&path).await.unwrap();
    assert_eq!(counts(&world).await.0, 4);
    let report = run(world.client.delivery(&journal).resend_missing(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(&world).await, (5, 1));
}

#[tokio::test]
async fn a_server_restored_in_the_middle_of_an_upload_gets_the_rest_and_what_it_lost() {
    let world = World::new().await;
    world.client.suites().ensure("Nightly", None).await.unwrap();
    world.sandbox.sandbox().snapshot("before").await.unwrap();
    let journal = prepared(&world.client, &spec());
    let sandbox = world.sandbox.sandbox();
    // The first batch is ingested, the second is accepted and its task does not end, the third is not sent.
    let slow = Fault::slow_task(Duration::from_secs(3600));
    sandbox.fail_next(slow.path("*/test-results")).unwrap();
    let report = run(world.client.delivery(&journal)).await;
    assert_eq!(report.outcome, Outcome::Unreachable, "{report:?}");
    sandbox.restore("before").await.unwrap();
    sandbox.clock().advance(Duration::from_secs(7200));
    let mut outcome = Outcome::Unreachable;
    // A task that is not known any more is found out in one attempt, and its batch is sent in the next one.
    for _ in 0..2 {
        let report = run(world.client.delivery(&journal).resend_missing(true)).await;
        outcome = report.outcome;
    }
    assert_eq!(outcome, Outcome::Success);
    assert_eq!(counts(&world).await, (5, 1));
}

#[tokio::test]
async fn a_suite_that_was_lost_is_created_again_and_not_taken_for_another_one_with_its_id() {
    let world = World::new().await;
    world.sandbox.sandbox().snapshot("empty").await.unwrap();
    let journal = ingested(&world).await;
    let before = journal.target().unwrap().unwrap().suite;
    world.sandbox.sandbox().restore("empty").await.unwrap();
    let other = world.client.suites().create("Other", None).await.unwrap();
    assert_eq!(other.id, before.id, "another suite has the ID now");
    let report = run(world.client.delivery(&journal).resend_missing(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    let suite = report.target.suite.unwrap();
    assert_eq!(suite.name, "Nightly");
    assert_ne!(suite.id, before.id);
    assert_eq!(counts(&world).await, (5, 1));
    let runs = world.client.suite_runs();
    assert!(runs.find("nightly-1", other.id).await.unwrap().is_none());
}

#[tokio::test]
async fn an_upload_for_another_server_is_refused_unless_it_is_moved_on_purpose() {
    let (old, new) = (World::new().await, World::new().await);
    let journal = ingested(&old).await;
    let refused = new.client.delivery(&journal).run().await.unwrap_err();
    assert!(matches!(refused, DeliveryError::Journal(_)), "{refused}");
    assert_eq!(counts(&new).await, (0, 0));

    let report = run(new.client.delivery(&journal).relocate(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(counts(&new).await, (5, 1));
    // It belongs to the new server now, and can be moved back without doubling anything.
    assert!(old.client.delivery(&journal).run().await.is_err());
    let report = run(old.client.delivery(&journal).relocate(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!((counts(&old).await, counts(&new).await), ((5, 1), (5, 1)));
}

#[tokio::test]
async fn nothing_counts_as_ingested_because_the_old_server_had_it() {
    let (old, new) = (World::new().await, World::new().await);
    let journal = ingested(&old).await;
    new.client.suites().ensure("Nightly", None).await.unwrap();
    let stuck = Fault::stuck_task().path("*/test-results");
    new.sandbox.sandbox().fail_next(stuck).unwrap();
    let report = run(new.client.delivery(&journal).relocate(true)).await;
    assert_eq!(report.outcome, Outcome::Unreachable, "{report:?}");
    // Of two results of one test, the run shows the later one and its history the other.
    let (shown, previous) = counts(&new).await;
    assert_eq!(
        report.counts.ingested as u64,
        shown + previous,
        "{report:?}"
    );
    assert_eq!(report.counts.pending, 2, "{report:?}");
}

#[tokio::test]
async fn a_renamed_server_recognises_what_it_received_under_its_old_name() {
    let world = World::new().await;
    let journal = ingested(&world).await;
    let address = world.sandbox.address().to_string();
    let renamed = Refusing::new(address, "no payload has this").await;
    let client = client_at(&world, renamed.url());
    let report = run(client.delivery(&journal).relocate(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    assert_eq!(report.counts.duplicate, 0, "they are the upload's own");
    assert_eq!(counts(&world).await, (5, 1));
}

#[tokio::test]
async fn a_suite_given_by_its_id_must_have_the_same_name_where_an_upload_is_moved() {
    let (old, new) = (World::new().await, World::new().await);
    let suite = old.client.suites().create("Nightly", None).await.unwrap();
    let spec = TargetSpec::new(SuiteChoice::Id(suite.id), "nightly-1");
    let journal = prepared(&old.client, &spec);
    let report = run(old.client.delivery(&journal)).await;
    assert_eq!(report.outcome, Outcome::Success);
    let other = new.client.suites().create("Smoke", None).await.unwrap();
    assert_eq!(other.id, suite.id);
    let moved = new.client.delivery(&journal).relocate(true).run().await;
    let error = moved.unwrap_err().to_string();
    assert!(error.contains("was `Nightly` and is `Smoke`"), "{error}");
    assert_eq!(counts(&new).await, (0, 0));
    // It is still an upload of the old server.
    assert_eq!(
        run(old.client.delivery(&journal)).await.outcome,
        Outcome::Success
    );
    let renamed = json!({ "name": "Nightly" });
    let path = format!("test_suites/{}", other.id);
    new.client.endpoint().put(&path, &renamed).await.unwrap();
    let report = run(new.client.delivery(&journal).relocate(true)).await;
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
}
