//! Features of Cucumber as Gherkin tests of Octane.

use std::collections::BTreeMap;

use std::time::Duration;

use octane_client::{LinkLevel, Outcome, Plan, Report, Spool, Target, UploadId, UploadSettings};
use octane_client::{SuiteChoice, TargetSpec};
use octane_model::{Entity, Select};
use octane_results::{GherkinUnit, ReadOptions, Record, Release, Source, Status, TestRun, read};
use octane_sandbox::Settings;
use octane_tests::World;
use serde_json::Value;

/// The messages of a run of one feature; its second scenario has a step that is not defined.
const MESSAGES: &str = r#"{"meta":{"protocolVersion":"31.1.0","implementation":{"name":"cucumber"}}}
{"source":{"uri":"features/cart.feature","data":"Feature: Cart\n  Scenario: adds\n    When I add 2\n  Scenario: pays\n    When I pay\n","mediaType":"text/x.cucumber.gherkin+plain"}}
{"gherkinDocument":{"uri":"features/cart.feature","feature":{"name":"Cart","location":{"line":1},"tags":[],"children":[{"scenario":{"id":"a","name":"adds","location":{"line":2},"steps":[{"id":"s1","keyword":"When ","text":"I add 2"}]}},{"scenario":{"id":"b","name":"pays","location":{"line":4},"steps":[{"id":"s2","keyword":"When ","text":"I pay"}]}}]}}}
{"pickle":{"id":"p1","uri":"features/cart.feature","name":"adds","astNodeIds":["a"],"steps":[{"id":"q1","text":"I add 2","astNodeIds":["s1"]}]}}
{"pickle":{"id":"p2","uri":"features/cart.feature","name":"pays","astNodeIds":["b"],"steps":[{"id":"q2","text":"I pay","astNodeIds":["s2"]}]}}
{"testRunStarted":{"timestamp":{"seconds":1795812743,"nanos":0}}}
{"testCase":{"id":"c1","pickleId":"p1","testSteps":[{"id":"t1","pickleStepId":"q1"}]}}
{"testCase":{"id":"c2","pickleId":"p2","testSteps":[{"id":"t2","pickleStepId":"q2"}]}}
{"testCaseStarted":{"id":"x2","testCaseId":"c2","attempt":0,"timestamp":{"seconds":1795812743,"nanos":0}}}
{"testStepFinished":{"testCaseStartedId":"x2","testStepId":"t2","testStepResult":{"status":"UNDEFINED","duration":{"seconds":0,"nanos":0}}}}
{"testCaseFinished":{"testCaseStartedId":"x2","willBeRetried":false,"timestamp":{"seconds":1795812744,"nanos":0}}}
{"testCaseStarted":{"id":"x1","testCaseId":"c1","attempt":0,"timestamp":{"seconds":1795812745,"nanos":0}}}
{"testStepFinished":{"testCaseStartedId":"x1","testStepId":"t1","testStepResult":{"status":"PASSED","duration":{"seconds":0,"nanos":7000000}}}}
{"testCaseFinished":{"testCaseStartedId":"x1","willBeRetried":false,"timestamp":{"seconds":1795812746,"nanos":0}}}
{"testRunFinished":{"success":false}}"#;

fn results(report: &str) -> Vec<TestRun> {
    let source = Source::bytes("r.ndjson", report.as_bytes());
    let records = read(&source, &ReadOptions::default()).unwrap();
    let runs = records.map(|record| match record.unwrap() {
        Record::Run(run) => *run,
        other => panic!("{other:?}"),
    });
    runs.collect()
}

fn in_features() -> UploadSettings {
    let mut settings = UploadSettings::default();
    settings.gherkin = GherkinUnit::Features;
    settings
}

/// Sends results as features, and waits until they are ingested.
async fn send(world: &World, runs: Vec<TestRun>) {
    for batch in Plan::new(runs, None, &in_features()).unwrap() {
        let test_results = world.client.endpoint().test_results();
        let payload = batch.unwrap().payload();
        let mut task = test_results.send(payload.into(), false).await.unwrap().task;
        while !task.status.is_final() {
            tokio::task::yield_now().await;
            task = test_results.task(task.id).await.unwrap();
        }
        assert_eq!(task.status.as_str(), "success");
    }
}

async fn list(world: &World, collection: &str, fields: &[&str]) -> Vec<BTreeMap<String, Value>> {
    let list = world.client.endpoint().collection(collection).list();
    let select = Select::names(fields.iter().copied());
    let entities: Vec<Entity> = list.select(select).all().await.unwrap();
    let fields = |entity: Entity| entity.fields.into_iter().collect();
    entities.into_iter().map(fields).collect()
}

/// Name and status, of runs.
async fn runs(world: &World) -> Vec<String> {
    let runs = list(world, "gherkin_automated_runs", &["name", "native_status"]).await;
    let shown = |run: &BTreeMap<String, Value>| {
        let name = run["name"].as_str().unwrap();
        let status = run["native_status"]["id"].as_str().unwrap();
        format!("{name} {}", status.rsplit('.').next().unwrap())
    };
    runs.iter().map(shown).collect()
}

#[tokio::test]
async fn a_feature_is_a_gherkin_run_that_shows_its_scenarios_and_their_steps() {
    let world = World::new().await;
    send(&world, results(MESSAGES)).await;
    assert_eq!(runs(&world).await, ["Cart failed"]);
    assert_eq!(world.count("automated_runs").await, 0);
    let steps = list(
        &world,
        "run_steps",
        &["description", "native_result", "actual"],
    )
    .await;
    let text = |step: &BTreeMap<String, Value>, field: &str| {
        let value = step.get(field).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let shown: Vec<String> = steps
        .iter()
        .map(|step| {
            ["description", "native_result", "actual"]
                .map(|field| text(step, field))
                .join("|")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "adds|Passed|",
            "When I add 2|passed|",
            "pays|Failed|",
            "When I pay|undefined|undefined: When I pay",
        ]
    );
    let tests = list(&world, "gherkin_tests", &["name", "test_version{script}"]).await;
    assert_eq!(tests.len(), 1);
    let script = tests[0]["test_version"]["data"][0]["script"].as_str();
    assert!(
        script
            .unwrap()
            .starts_with("Feature: Cart\n  Scenario: adds")
    );
}

#[tokio::test]
async fn shards_of_a_feature_that_are_sent_together_hide_no_failure() {
    let world = World::new().await;
    let passed = MESSAGES
        .replace("UNDEFINED", "PASSED")
        .replace("\"success\":false", "\"success\":true");
    let both = |failed: bool| {
        let mut runs = results(if failed { MESSAGES } else { &passed });
        // The failed scenario first, as if each were from a report of its own.
        runs.sort_by_key(|run| run.identity.name == "adds");
        runs
    };
    send(&world, both(true)).await;
    assert_eq!(runs(&world).await, ["Cart failed"]);
    let mut green = both(false);
    for run in &mut green {
        run.started = run.started.map(|at| at + Duration::from_secs(60));
    }
    send(&world, green).await;
    assert_eq!(runs(&world).await, ["Cart passed"]);
}

/// The suite into which features are uploaded.
async fn target(world: &World) -> Target {
    let suite = world.client.suites().ensure("Nightly", None).await.unwrap();
    Target::new(suite.entity.id, "nightly 1")
}

async fn upload(world: &World, runs: Vec<TestRun>, settings: UploadSettings) -> Report {
    let upload = world.client.upload(runs, target(world).await);
    let report = upload.settings(settings).send().await.unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    report
}

/// The results of the messages, all of which passed, a minute later.
fn green() -> Vec<TestRun> {
    let passed = MESSAGES.replace("UNDEFINED", "PASSED");
    let mut runs = results(&passed.replace("\"success\":false", "\"success\":true"));
    for run in &mut runs {
        run.started = run.started.map(|at| at + Duration::from_secs(60));
    }
    runs
}

/// A test and a feature, each with a Jira key.
fn mixed() -> Vec<TestRun> {
    let mut runs = results(MESSAGES);
    runs[0].jira = vec!["SHOP-101".to_owned()];
    runs.push(TestRun::new("Cart", Status::Passed).jira(["SHOP-102"]));
    runs
}

/// How many of the entities of a collection are linked to stories.
async fn linked(world: &World, collection: &str) -> usize {
    let entities = list(world, collection, &["covered_content"]).await;
    let linked = |fields: &&BTreeMap<String, Value>| fields["covered_content"]["total_count"] != 0;
    entities.iter().filter(linked).count()
}

#[tokio::test]
async fn an_upload_of_features_is_confirmed_by_their_runs_and_counts_scenarios() {
    let world = World::new().await;
    let report = upload(&world, results(MESSAGES), in_features()).await;
    assert_eq!(report.outcome, Outcome::Success, "{:?}", report.problems);
    let counts = report.counts;
    assert_eq!((counts.read, counts.passed, counts.failed), (2, 1, 1));
    assert_eq!((counts.sent, counts.ingested, counts.runs), (2, 2, 1));
    assert_eq!((counts.features, counts.scenarios), (1, 2));
    assert_eq!(report.batches[0].results, 2);
    assert_eq!(runs(&world).await, ["Cart failed"]);
    assert_eq!(world.count("automated_runs").await, 0);

    // The same bytes once more do nothing.
    let again = upload(&world, results(MESSAGES), in_features()).await;
    assert_eq!(again.outcome, Outcome::Success, "{:?}", again.problems);
    assert_eq!(again.counts.duplicate, 2);
    assert_eq!(world.count("previous_runs").await, 0);
}

#[tokio::test]
async fn features_and_tests_of_one_upload_are_confirmed_and_linked_each_in_its_place() {
    for (is_of_runs, level, collections) in [
        (
            true,
            LinkLevel::Runs,
            ["automated_runs", "gherkin_automated_runs"],
        ),
        (
            false,
            LinkLevel::Tests,
            ["automated_tests", "gherkin_tests"],
        ),
    ] {
        let world = World::with(Settings::default().run_backlog_field(is_of_runs)).await;
        let report = upload(&world, mixed(), in_features()).await;
        assert_eq!(report.outcome, Outcome::Success, "{:?}", report.problems);
        assert_eq!((report.counts.ingested, report.counts.runs), (3, 2));
        let links = report.links.unwrap();
        assert_eq!((links.level, links.linked, links.keys), (Some(level), 2, 2));
        for collection in collections {
            assert_eq!(linked(&world, collection).await, 1, "{collection}");
        }
        // What is linked already is recognised.
        let again = upload(&world, mixed(), in_features()).await;
        assert_eq!(again.links.unwrap().unchanged, 2);
    }
}

#[tokio::test]
async fn a_feature_that_is_rejected_is_named_and_counts_with_all_of_its_scenarios() {
    let world = World::new().await;
    let mut settings = in_features();
    settings.context.release = Some(Release::Name("R 99".into()));
    let report = upload(&world, results(MESSAGES), settings).await;
    assert_eq!(report.outcome, Outcome::Refused);
    assert_eq!((report.counts.rejected, report.counts.ingested), (2, 0));
    let rejected: Vec<_> = report
        .problems
        .iter()
        .filter(|problem| problem.code == "rejected")
        .collect();
    assert_eq!(rejected.len(), 1, "{:?}", report.problems);
    assert_eq!(rejected[0].test.as_deref(), Some("Cart"));
    assert!(rejected[0].message.contains("R 99"), "{rejected:?}");
    assert_eq!(world.count("gherkin_automated_runs").await, 0);
}

#[tokio::test]
async fn a_saved_upload_of_features_is_resumed_with_the_same_bytes() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let target = target(&world).await;
    let spec = TargetSpec::new(SuiteChoice::Id(target.suite.id), "nightly 1");
    let prepared = world
        .client
        .prepare(mixed(), &spec, &in_features(), &spool, UploadId::new())
        .unwrap();
    let id = prepared.journal.id().clone();
    // The process dies before anything is sent.
    drop(prepared);
    let summary = spool.summary(&id).unwrap();
    assert_eq!((summary.counts.read, summary.counts.pending), (3, 3));
    assert_eq!(spool.remaining(&id, false).unwrap().unsent.results, 3);
    let deliver = async || {
        let journal = spool.open(&id).unwrap();
        world.client.delivery(&journal).run().await.unwrap()
    };
    let report = deliver().await;
    assert_eq!(report.outcome, Outcome::Success, "{:?}", report.problems);
    assert_eq!(report.counts.ingested, 3);
    // Once more: everything is there.
    let again = deliver().await;
    assert_eq!(again.counts, report.counts);
    assert_eq!(world.count("previous_runs").await, 0);

    // On another machine.
    let bundle = folder.path().join("bundle");
    spool.export(&id, &bundle).unwrap();
    let elsewhere = Spool::at(folder.path().join("elsewhere"));
    assert_eq!(elsewhere.import(&bundle).unwrap().counts.ingested, 3);
}

#[tokio::test]
async fn what_has_changed_is_told_of_features_and_tests() {
    let world = World::new().await;
    let target = target(&world).await;
    let send = async |runs: Vec<TestRun>, suite_run: &str| {
        let mut target = target.clone();
        target.suite_run = suite_run.to_owned();
        let upload = world.client.upload(runs, target.clone());
        let journal = upload.settings(in_features()).prepare().unwrap().journal;
        let delivery = world.client.delivery(&journal).target(target);
        let report = delivery.run().await.unwrap();
        let cancellation = octane_client::CancellationToken::none();
        let compared = world
            .client
            .compare(std::slice::from_ref(&journal), &report, &cancellation);
        compared.await.unwrap()
    };
    assert!(send(mixed(), "nightly 1").await.is_none());
    let since = send(green(), "nightly 2").await.unwrap();
    assert_eq!(since.fixed, ["Cart"]);
    assert_eq!(since.vanished.unwrap(), ["Cart"]);
    assert!(since.new.is_empty());
    let since = send(mixed(), "nightly 3").await.unwrap();
    assert_eq!(since.newly_failed, ["Cart"]);
    assert_eq!(since.new, ["Cart"]);
}

#[tokio::test]
async fn a_pass_in_one_shard_hides_no_failure_of_the_same_feature_in_another() {
    let world = World::new().await;
    let target = target(&world).await;
    let mut journals = Vec::new();
    for (shard, runs) in [("1/2", results(MESSAGES)), ("2/2", green())] {
        let mut settings = in_features();
        settings.shard = Some(shard.parse().unwrap());
        let upload = world.client.upload(runs, target.clone());
        let journal = upload.settings(settings).prepare().unwrap().journal;
        let delivery = world.client.delivery(&journal);
        let report = delivery.target(target.clone()).run().await.unwrap();
        assert_eq!(report.outcome, Outcome::Success);
        journals.push(journal);
    }
    assert_eq!(runs(&world).await, ["Cart passed"]);
    let report = world.client.merge(journals).run().await.unwrap();
    assert_eq!(report.outcome, Outcome::Success, "{:?}", report.problems);
    assert_eq!(runs(&world).await, ["Cart failed"]);
    assert_eq!((report.counts.ingested, report.counts.runs), (4, 1));
    let flaky = report
        .problems
        .iter()
        .find(|problem| problem.code == "flaky");
    assert_eq!(
        flaky.unwrap().message,
        "failed in shard 1, passed in shard 2; the run shows `failed`"
    );
}
