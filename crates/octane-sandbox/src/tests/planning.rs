//! Planned suite runs and manual runs, and the scripts of tests.

use serde_json::{Value, json};

use super::Client;
use crate::Settings;

/// A suite with a test of each type that suites run; one of them is excluded from the next run.
async fn suite(client: &Client) -> String {
    let suite = client
        .create("test_suites", json!({ "name": "Suite" }))
        .await;
    for (collection, name, subtype, next) in [
        ("manual_tests", "m", "test_suite_link_to_manual", true),
        ("automated_tests", "a", "test_suite_link_to_automated", true),
        ("gherkin_tests", "g", "test_suite_link_to_gherkin", true),
        (
            "automated_tests",
            "excluded",
            "test_suite_link_to_automated",
            false,
        ),
    ] {
        let test = client.create(collection, json!({ "name": name })).await;
        let link = json!({
            "subtype": subtype,
            "test": { "type": "test", "id": test },
            "test_suite": { "type": "test", "id": suite },
            "include_in_next_run": next,
        });
        client.create("test_suite_link_to_tests", link).await;
    }
    suite
}

fn suite_run(suite: &str, status: &str) -> Value {
    json!({
        "name": "Nightly", "subtype": "run_suite",
        "test": { "type": "test", "id": suite },
        "release": { "type": "release", "id": "2001" },
        "native_status": { "type": "list_node", "id": format!("list_node.run_native_status.{status}") },
    })
}

#[tokio::test]
async fn planning_a_suite_run_plans_a_run_for_each_test() {
    let client = Client::empty().await;
    let suite = suite(&client).await;
    let id = client.create("runs", suite_run(&suite, "planned")).await;
    let path = format!(
        "suite_run/{id}?fields=status,test_name,runs_in_suite{{name,native_status,release}}"
    );
    let run = client.get(&path).await.ok();
    assert_eq!(run["status"]["id"], "list_node.run_status.planned");
    assert_eq!(run["test_name"], "Suite");
    let runs: Vec<(&str, &str)> = run["runs_in_suite"]["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["type"].as_str().unwrap(), run["name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        runs,
        [
            ("run_manual", "m"),
            ("run_automated", "a"),
            ("gherkin_automated_run", "g")
        ]
    );
    let first = &run["runs_in_suite"]["data"][0];
    assert_eq!(
        first["native_status"]["id"],
        "list_node.run_native_status.planned"
    );
    assert_eq!(first["release"]["id"], "2001");
    let id = client
        .create("suite_run", suite_run(&suite, "passed"))
        .await;
    let children = format!("parent_suite EQ {{id EQ {id}}}");
    assert_eq!(client.names("runs", "id", &children).await.len(), 0);
}

#[tokio::test]
async fn gherkin_tests_that_the_suite_runs_manually_get_manual_runs() {
    let client = Client::empty().await;
    let suite = suite(&client).await;
    let links = "test_suite_link_to_gherkin_tests";
    let link = client.only_id(links).await;
    let manually = json!({ "type": "list_node", "id": "list_node.run_mode.manually" });
    let path = format!("{links}/{link}");
    client
        .put(&path, &json!({ "run_mode": manually }))
        .await
        .ok();
    client.create("runs", suite_run(&suite, "planned")).await;
    assert_eq!(
        client.names("manual_runs", "name", "id GT 0").await,
        ["m", "g"]
    );
}

#[tokio::test]
async fn the_status_of_a_suite_run_follows_its_runs() {
    let client = Client::empty().await;
    let suite = suite(&client).await;
    let id = client
        .create("suite_run", suite_run(&suite, "planned"))
        .await;
    let manual = format!("parent_suite EQ {{id EQ {id}}}");
    let manual = client.names("manual_runs", "id", &manual).await.remove(0);
    let passed = json!({ "native_status": { "type": "list_node", "id": "list_node.run_native_status.passed" } });
    client
        .put(&format!("manual_runs/{manual}"), &passed)
        .await
        .ok();
    let status = async |path: String| client.get(&path).await.ok()["status"]["id"].clone();
    assert_eq!(
        status(format!("manual_runs/{manual}?fields=status")).await,
        "list_node.run_status.passed"
    );
    assert_eq!(
        status(format!("suite_run/{id}?fields=status")).await,
        "list_node.run_status.requires_attention"
    );
    let started = client
        .post(&format!("suite_runs/{id}/run_auto"), &json!({}))
        .await;
    assert_eq!(started.status, 201);
    let running = "native_status EQ {id EQ 'list_node.run_native_status.not_completed'}";
    assert_eq!(
        client
            .names(
                "runs",
                "name",
                &format!("{running};!subtype EQ 'run_suite'")
            )
            .await,
        ["a", "g"]
    );
    assert_eq!(
        client
            .post(&format!("suite_runs/{id}/stop"), &json!({}))
            .await
            .status,
        404
    );
}

fn native(status: &str) -> Value {
    json!({ "type": "list_node", "id": format!("list_node.run_native_status.{status}") })
}

/// A suite run with manual runs of these statuses: its ID, and theirs.
async fn suite_run_of(client: &Client, statuses: &[&str]) -> (String, Vec<String>) {
    let suite = client.create("test_suites", json!({ "name": "S" })).await;
    let id = client
        .create("suite_run", suite_run(&suite, "planned"))
        .await;
    let mut runs = Vec::new();
    for (number, status) in statuses.iter().enumerate() {
        let name = format!("m{number}");
        let test = client.create("manual_tests", json!({ "name": name })).await;
        let run = json!({
            "name": name, "subtype": "run_manual", "test": { "type": "test_manual", "id": test },
            "parent_suite": { "type": "run_suite", "id": id }, "native_status": native(status),
        });
        runs.push(client.create("runs", run).await);
    }
    (id, runs)
}

/// The native status of a suite run and the status that follows from it, without their prefixes.
async fn status_of(client: &Client, suite_run: &str) -> (String, String) {
    let path = format!("suite_run/{suite_run}?fields=native_status,status");
    let found = client.get(&path).await.ok();
    let word = |field: &str| {
        let id = found[field]["id"].as_str().unwrap_or_default();
        id.rsplit('.').next().unwrap_or_default().to_owned()
    };
    (word("native_status"), word("status"))
}

#[tokio::test]
async fn a_suite_run_has_passed_only_when_none_of_its_runs_is_open() {
    let client = Client::empty().await;
    for (runs, native, derived) in [
        (&["passed", "blocked"][..], "blocked", "requires_attention"),
        (
            &["passed", "not_completed"],
            "not_completed",
            "requires_attention",
        ),
        (&["skipped", "blocked"], "blocked", "requires_attention"),
        (&["blocked"], "blocked", "requires_attention"),
        (&["not_completed"], "not_completed", "requires_attention"),
        (
            &["planned", "not_completed"],
            "not_completed",
            "requires_attention",
        ),
        (&["blocked", "failed"], "failed", "failed"),
        (&["passed", "skipped"], "passed", "passed"),
    ] {
        let (id, _) = suite_run_of(&client, runs).await;
        let found = status_of(&client, &id).await;
        assert_eq!(found, (native.to_owned(), derived.to_owned()), "{runs:?}");
    }
}

#[tokio::test]
async fn a_suite_run_whose_automated_runs_were_started_is_open_until_all_have_a_result() {
    let client = Client::empty().await;
    let suite = client.create("test_suites", json!({ "name": "S" })).await;
    let push = async |name: &str, tests: &[&str]| {
        let runs: String = tests
            .iter()
            .map(|test| format!("<test_run name=\"{test}\" status=\"Passed\" duration=\"1\"/>"))
            .collect();
        let xml = format!(
            "<test_result><suite_ref id=\"{suite}\" external_run_id=\"{name}\"/>\
             <test_runs>{runs}</test_runs></test_result>"
        );
        assert_eq!(client.upload(&xml, "").await["status"], "success");
    };
    push("earlier", &["ra", "rb"]).await;
    let mut plan = suite_run(&suite, "planned");
    plan["name"] = "plan".into();
    let id = client.create("runs", plan).await;
    let path = format!("suite_runs/{id}/run_auto");
    assert_eq!(client.post(&path, &json!({})).await.status, 201);
    assert_eq!(status_of(&client, &id).await.0, "not_completed");
    let query = format!("id EQ {id} || parent_suite EQ {{id EQ {id}}}");
    let started = client.names("runs", "started", &query).await;
    assert_eq!(started.len(), 3);
    assert!(started.iter().all(|time| time != "null"), "{started:?}");
    push("plan", &["ra"]).await;
    assert_eq!(status_of(&client, &id).await.0, "not_completed");
}

#[tokio::test]
async fn the_status_of_a_suite_run_follows_when_runs_join_and_leave_it() {
    let client = Client::empty().await;
    let (from, runs) = suite_run_of(&client, &["passed", "failed"]).await;
    let (to, others) = suite_run_of(&client, &["passed"]).await;
    let both = async || {
        let [from, to] = [
            status_of(&client, &from).await.0,
            status_of(&client, &to).await.0,
        ];
        format!("{from} {to}")
    };
    assert_eq!(both().await, "failed passed");
    let parent = json!({ "parent_suite": { "type": "run_suite", "id": to } });
    let path = format!("manual_runs/{}", runs[1]);
    client.put(&path, &parent).await.ok();
    assert_eq!(both().await, "passed failed");
    client.delete(&path).await;
    assert_eq!(both().await, "passed passed");
    let out = json!({ "parent_suite": null });
    client
        .put(&format!("manual_runs/{}", others[0]), &out)
        .await
        .ok();
    assert_eq!(both().await, "passed planned");

    // Runs go with their test.
    let (suite_run, runs) = suite_run_of(&client, &["passed", "failed"]).await;
    let run = client.get(&format!("runs/{}?fields=test", runs[1])).await;
    let test = run.ok()["test"]["id"].as_str().unwrap().to_owned();
    client.delete(&format!("tests/{test}")).await;
    assert_eq!(status_of(&client, &suite_run).await.0, "passed");
}

#[tokio::test]
async fn the_native_status_of_automated_runs_is_writable_if_the_settings_say_so() {
    for (is_editable, expected) in [(false, 403), (true, 200)] {
        let mut settings = Settings::default().seed_data(false);
        settings.entities.run_status_editable = is_editable;
        let client = Client::new(settings).await;
        let suite = suite(&client).await;
        let id = client
            .create("suite_run", suite_run(&suite, "planned"))
            .await;
        let run = format!("parent_suite EQ {{id EQ {id}}}");
        let run = client.names("automated_runs", "id", &run).await.remove(0);
        let failed = json!({ "native_status": { "type": "list_node", "id": "list_node.run_native_status.failed" } });
        let response = client
            .put(&format!("automated_runs/{run}?fields=status"), &failed)
            .await;
        assert_eq!(response.status.as_u16(), expected, "{}", response.text());
        if is_editable {
            assert_eq!(
                response.json()["status"]["id"],
                "list_node.run_status.failed"
            );
            let suite_run = client
                .get(&format!("suite_run/{id}?fields=status"))
                .await
                .ok();
            assert_eq!(suite_run["status"]["id"], "list_node.run_status.failed");
        }
    }
}

#[tokio::test]
async fn a_manual_run_can_be_created() {
    let client = Client::empty().await;
    let test = client.create("manual_tests", json!({ "name": "m" })).await;
    let run = json!({
        "name": "r", "subtype": "run_manual", "test": { "type": "test_manual", "id": test },
        "native_status": { "type": "list_node", "id": "list_node.run_native_status.not_completed" },
    });
    let id = client.create("runs", run).await;
    let run = client
        .get(&format!(
            "manual_runs/{id}?fields=status,release{{is_default}}"
        ))
        .await
        .ok();
    assert_eq!(
        run["status"]["id"],
        "list_node.run_status.requires_attention"
    );
    assert_eq!(run["release"]["is_default"], true);
    let item = super::entities::story(&client, "S").await;
    let body = json!({ "covered_content": { "data": [{ "type": "story", "id": item }] } });
    client.put(&format!("manual_runs/{id}"), &body).await.ok();
    let covered = format!("covered_content EQ {{id EQ {item}}}");
    assert_eq!(client.names("runs", "name", &covered).await, ["r"]);
    let without_test = json!({ "data": [{ "name": "r" }] });
    assert_eq!(client.post("manual_runs", &without_test).await.status, 409);
}

#[tokio::test]
async fn the_script_of_a_test_is_written_and_read() {
    let client = Client::empty().await;
    for (collection, text) in [
        (
            "manual_tests",
            "- Step 1\n- ?Validating Step 1\n- @2002 link to test\n",
        ),
        (
            "gherkin_tests",
            "#Auto generated\n@TID4002REV0.1.0\nFeature:\n",
        ),
    ] {
        let id = client.create(collection, json!({ "name": "T" })).await;
        let path = format!("tests/{id}/script");
        assert_eq!(client.get(&path).await.ok()["script"], "");
        let query = format!("test={{id={id}}}");
        assert_eq!(client.names("test_versions", "name", &query).await, ["1"]);
        let body = json!({ "script": text, "comment": "", "revision_type": "Minor" });
        assert_eq!(client.put(&path, &body).await.ok()["script"], text);
        let script = client.get(&format!("{collection}/{id}/script")).await.ok();
        assert_eq!(script["script"], text);
        assert!(script["last_modified"].is_string());
        let major = json!({ "script": "- New\n", "revision_type": "Major" });
        client.put(&path, &major).await.ok();
        assert_eq!(
            client.names("test_versions", "script", &query).await,
            [text, "- New\n"]
        );
    }
    let suite = client.create("test_suites", json!({ "name": "S" })).await;
    assert_eq!(
        client.get(&format!("tests/{suite}/script")).await.status,
        404
    );
    let body = json!({ "script": "x" });
    assert_eq!(
        client
            .put(&format!("tests/{suite}/script"), &body)
            .await
            .status,
        404
    );
    let manual = client.create("manual_tests", json!({ "name": "m" })).await;
    assert_eq!(
        client
            .put(&format!("tests/{manual}/script"), &json!({}))
            .await
            .status,
        400
    );
    assert_eq!(
        client.get(&format!("tests/{manual}/parts")).await.status,
        404
    );
}
