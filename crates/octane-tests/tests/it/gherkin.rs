//! Features of Cucumber as Gherkin tests of Octane.

use std::collections::BTreeMap;

use octane_client::{Plan, UploadSettings};
use octane_model::{Entity, Select};
use octane_results::{GherkinUnit, ReadOptions, Record, Source, TestRun, read};
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

/// Sends results as features, and waits until they are ingested.
async fn send(world: &World, runs: Vec<TestRun>) {
    let settings = UploadSettings::default();
    let plan = Plan::new(runs, None, &settings).unwrap();
    for batch in plan.gherkin(GherkinUnit::Features) {
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
        run.started = run
            .started
            .map(|at| at + std::time::Duration::from_secs(60));
    }
    send(&world, green).await;
    assert_eq!(runs(&world).await, ["Cart passed"]);
}
