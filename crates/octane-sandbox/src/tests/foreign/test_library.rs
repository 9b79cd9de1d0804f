//! Tests with their scripts, suites, and manual runs.

use serde_json::{Value, json};

use super::{Client, ids, only, query, release};

async fn manual_test(client: &Client, name: &str) -> String {
    let phase = json!({ "type": "phase", "id": "phase.test_manual.new" });
    client
        .create("manual_tests", json!({ "name": name, "phase": phase }))
        .await
}

#[tokio::test]
async fn automated_tests_and_suites_need_only_a_name() {
    let client = Client::empty().await;
    for collection in ["automated_tests", "test_suites"] {
        let body = json!({ "data": [{ "name": "n" }] });
        let made = client
            .post(&format!("{collection}?fields=name,subtype"), &body)
            .await;
        assert_eq!(made.status, 201, "{collection}: {}", made.text());
        assert_eq!(made.json()["data"][0]["name"], "n");
    }
}

#[tokio::test]
async fn the_number_of_manual_tests_equals_that_of_tests_with_that_subtype() {
    let client = Client::empty().await;
    manual_test(&client, "one").await;
    let manual = client.get("manual_tests").await.ok();
    let tests = client
        .get(&format!("tests?{}", query("subtype='test_manual'")))
        .await
        .ok();
    assert_eq!(
        (&manual["total_count"], ids(&manual)),
        (&json!(1), ids(&tests))
    );
}

#[tokio::test]
async fn a_script_is_written_and_read_under_every_name_of_its_test() {
    let client = Client::empty().await;
    let id = manual_test(&client, "steps").await;
    let script = "- Step 1\n- ?Validating Step 1\n- @2002 link to test\n";
    let body = json!({ "script": script, "comment": "", "revision_type": "Minor" });
    let written = client
        .put(&format!("manual_tests/{id}/script"), &body)
        .await;
    assert!(written.status.is_success(), "{}", written.text());
    for collection in ["manual_tests", "tests"] {
        let read = client.get(&format!("{collection}/{id}/script")).await.ok();
        assert_eq!(read["script"], script, "{collection}");
        for field in ["creation_time", "last_modified"] {
            assert!(
                read[field].as_str().unwrap().ends_with('Z'),
                "{field}: {read}"
            );
        }
    }
}

#[tokio::test]
async fn a_gherkin_script_keeps_its_text() {
    let client = Client::empty().await;
    let phase = json!({ "type": "phase", "id": "phase.gherkin_test.new" });
    let id = client
        .create("gherkin_tests", json!({ "name": "g", "phase": phase }))
        .await;
    let script = "#Auto generated Octane revision tag\n@TID2010REV0.2.0\nFeature:\n";
    let path = format!("gherkin_tests/{id}/script");
    let body = json!({ "script": script, "comment": "", "revision_type": "Minor" });
    assert!(client.put(&path, &body).await.status.is_success());
    let read = client.get(&path).await.ok();
    let text = read["script"].as_str().unwrap();
    assert!(
        text.starts_with("#Auto generated Octane revision tag\n@TID"),
        "{text}"
    );
    assert!(text.ends_with("\nFeature:\n"), "{text}");
}

#[tokio::test]
async fn a_new_test_has_a_version() {
    let client = Client::empty().await;
    let id = manual_test(&client, "fresh").await;
    let of_test = query(&format!("(test={{id={id}}})"));
    let version = only(
        &client,
        &format!("test_versions?{of_test}&fields=script,test"),
    )
    .await;
    assert_eq!(version["test"]["id"], id.as_str());
}

#[tokio::test]
async fn a_global_search_finds_a_part_of_a_name_among_one_subtype() {
    let client = Client::empty().await;
    manual_test(&client, "Other_CustomName_77").await;
    for number in 1..=5 {
        let fields = json!({ "name": format!("GherkinTest{number}_CustomName_77") });
        client.create("gherkin_tests", fields).await;
    }
    let search = r#"{"type":"global","text":"_CustomName_77"}"#;
    let search: String = url::form_urlencoded::byte_serialize(search.as_bytes()).collect();
    let path = format!(
        "tests?text_search={search}&limit=4&order_by=id&{}",
        query("subtype IN 'gherkin_test'")
    );
    let found = client.list(&path).await;
    assert_eq!(found.len(), 4, "{found:?}");
    for test in &found {
        assert_eq!(test["type"], "gherkin_test");
        let name = test["global_text_search_result"]["name"].as_str().unwrap();
        assert!(name.contains("CustomName"), "{name}");
    }
}

#[tokio::test]
async fn a_suite_is_linked_with_references_to_the_aggregate() {
    let client = Client::empty().await;
    let test = manual_test(&client, "linked").await;
    let suite = client
        .create("test_suites", json!({ "name": "suite" }))
        .await;
    let body = json!({ "data": [{
        "subtype": "test_suite_link_to_manual",
        "test": { "type": "test", "id": test }, "test_suite": { "type": "test", "id": suite },
    }] });
    let made = client
        .post("test_suite_link_to_tests?fields=id", &body)
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let links = query(&format!("(test_suite={{id={suite}}};!test={{null}})"));
    only(
        &client,
        &format!("test_suite_link_to_tests?{links}&fields=id"),
    )
    .await;
}

async fn run(client: &Client, collection: &str, test: Value) -> String {
    let status = json!({ "id": "list_node.run_native_status.not_completed", "type": "list_node" });
    let body = json!({ "data": [{
        "name": "r", "release": release(client, "R").await, "test": test, "native_status": status,
    }] });
    let made = client
        .post(&format!("{collection}?fields=name,subtype"), &body)
        .await;
    assert_eq!(made.status, 201, "{collection}: {}", made.text());
    assert_eq!(made.json()["data"][0]["name"], "r");
    made.json()["data"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn suite_runs_are_planned_counted_both_ways_and_deleted() {
    let client = Client::empty().await;
    let suite = client
        .create("test_suites", json!({ "name": "suite" }))
        .await;
    let id = run(
        &client,
        "suite_run",
        json!({ "type": "test_suite", "id": suite }),
    )
    .await;
    let of_subtype = format!("runs?{}", query("subtype='run_suite'"));
    assert_eq!(
        only(&client, &of_subtype).await["id"],
        only(&client, "suite_run").await["id"]
    );
    assert_eq!(client.delete(&format!("suite_run/{id}")).await.text(), "");
    assert_eq!(client.get(&of_subtype).await.ok()["total_count"], 0);
}

#[tokio::test]
async fn manual_runs_of_a_test_are_found_by_queries_with_plus_for_spaces() {
    let client = Client::empty().await;
    let test = manual_test(&client, "by hand").await;
    let id = run(
        &client,
        "manual_runs",
        json!({ "type": "test_manual", "id": test }),
    )
    .await;
    let written = format!(
        "((subtype+IN+'run_manual','run_automated');((test={{(covered_manual_test={{id={test}}})}})||(test={{id={test}}})))"
    );
    let written = written
        .replace('{', "%7B")
        .replace('}', "%7D")
        .replace('|', "%7C");
    let found = only(
        &client,
        &format!("manual_runs?&query=%22{written}%22&fields=id"),
    )
    .await;
    assert_eq!(found["id"], id.as_str());
    assert_eq!(
        client.delete(&format!("manual_runs/{id}")).await.status,
        200
    );
}

#[tokio::test]
async fn a_manual_run_has_the_steps_of_the_latest_script_of_its_test() {
    let client = Client::empty().await;
    let test = manual_test(&client, "by hand").await;
    let path = format!("tests/{test}/script");
    for (script, revision) in [
        ("- Old\n", "Minor"),
        ("- Open the shop\n- ?It is open\n- @2002 Pay\n", "Major"),
    ] {
        let body = json!({ "script": script, "comment": "", "revision_type": revision });
        assert!(client.put(&path, &body).await.status.is_success());
    }
    let reference = json!({ "type": "test_manual", "id": test });
    let id = run(&client, "manual_runs", reference.clone()).await;
    let suite = json!({ "name": "suite" });
    let suite = client.create("test_suites", suite).await;
    let link = json!({ "subtype": "test_suite_link_to_manual", "test": reference,
        "test_suite": { "type": "test_suite", "id": suite } });
    client.create("test_suite_link_to_tests", link).await;
    let planned = json!({ "id": "list_node.run_native_status.planned", "type": "list_node" });
    let suite_run = json!({ "name": "planned", "release": release(&client, "Q").await,
        "test": { "type": "test_suite", "id": suite }, "native_status": planned });
    client.create("suite_run", suite_run).await;
    let manual = client.ids("manual_runs").await;
    assert!(manual.len() == 2 && manual.contains(&id), "{manual:?}");
    for run in manual {
        let path = format!("manual_runs/{run}?fields=steps_num");
        assert_eq!(client.get(&path).await.ok()["steps_num"], 3);
        let of_run = query(&format!("run EQ {{id EQ {run}}}"));
        let path = format!("run_steps?fields=description,step_type&order_by=step_order&{of_run}");
        let steps = client.list(&path).await;
        let steps: Vec<_> = steps
            .iter()
            .map(|step| {
                (
                    step["description"].as_str(),
                    step["step_type"]["id"].as_str(),
                )
            })
            .collect();
        let kind = "list_node.manual_test_run_step_type";
        let kinds =
            ["simple_step", "validation_step", "call_step"].map(|name| format!("{kind}.{name}"));
        let texts = ["Open the shop", "It is open", "@2002 Pay"];
        let expected = texts.iter().zip(&kinds);
        let expected: Vec<_> = expected
            .map(|(text, kind)| (Some(*text), Some(kind.as_str())))
            .collect();
        assert_eq!(steps, expected);
    }
}
