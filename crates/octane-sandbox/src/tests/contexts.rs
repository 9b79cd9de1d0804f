//! The context of payloads and runs.

use serde_json::json;

use super::Client;
use super::entities;
use super::ingestion::{payload, suite};

#[tokio::test]
async fn the_context_of_a_payload_applies_to_tests_and_runs() {
    let client = Client::empty().await;
    let story = entities::story(&client, "a").await;
    let other = entities::story(&client, "b").await;
    let context = format!(
        "<release name='_default_'/><backlog_items><backlog_item_ref id='{story}'/></backlog_items>\
         <product_areas><product_area_ref id='1001'/></product_areas>\
         <test_fields><test_field type='Test_Level' value='System Test'/>\
         <test_field type='Test_Type' value='regression'/>\
         <test_field type='Testing_Tool_Type' value='Quartz'/>\
         <test_field type='Framework' value='JUnit'/></test_fields>"
    );
    let runs = format!(
        "<test_run name='t' status='Passed' duration='1'/><test_run name='u' status='Passed' duration='1'>\
         <backlog_items><backlog_item_ref id='{other}'/></backlog_items>\
         <test_fields><test_field type='Framework' value='NUnit'/></test_fields></test_run>"
    );
    assert_eq!(
        client.upload(&payload(&context, &runs), "").await["status"],
        "success"
    );
    let fields =
        "covered_content,product_areas,test_level,test_type,testing_tool_type{name},framework";
    let tests = client
        .list(&format!("automated_tests?fields={fields}&order_by=id"))
        .await;
    let level = json!({ "type": "list_node", "id": "list_node.test_level.system" });
    assert_eq!(tests[0]["test_level"], level);
    assert_eq!(
        tests[0]["test_type"]["data"][0]["id"],
        "list_node.test_type.regression"
    );
    assert_eq!(tests[0]["testing_tool_type"]["name"], "Quartz");
    assert_eq!(
        tests[0]["covered_content"]["data"],
        json!([{ "type": "story", "id": story }])
    );
    assert_eq!(
        tests[0]["product_areas"]["data"],
        json!([{ "type": "product_area", "id": "1001" }])
    );
    assert_eq!(tests[1]["covered_content"]["total_count"], 2);
    assert_eq!(tests[1]["framework"]["id"], "list_node.je.framework.nunit");
    let runs = client
        .list("automated_runs?fields=release,test_level,test_framework,covered_content&order_by=id")
        .await;
    assert_eq!(
        runs[0]["release"],
        json!({ "type": "release", "id": "2001" })
    );
    assert_eq!(runs[0]["test_level"], level);
    assert_eq!(
        runs[1]["test_framework"]["id"],
        "list_node.je.framework.nunit"
    );
    // Backlog items of a payload are linked to its tests.
    assert_eq!(runs[0]["covered_content"]["total_count"], 0);
}

#[tokio::test]
async fn a_build_becomes_a_ci_build_of_its_server_once() {
    let client = Client::empty().await;
    let build = "<build server_id='ci-1' job_id='shop' build_id='17' build_name='#17'/>";
    client
        .upload(
            &payload(build, "<test_run name='t' status='Passed' duration='1'/>"),
            "",
        )
        .await;
    client
        .upload(
            &payload(build, "<test_run name='u' status='Passed' duration='1'/>"),
            "",
        )
        .await;
    let query = "build EQ {build_id EQ '17';ci_server EQ {instance_id EQ 'ci-1'}}";
    assert_eq!(
        client.names("automated_runs", "name", query).await,
        ["t", "u"]
    );
    assert_eq!(client.list("ci_builds").await.len(), 1);
}

#[tokio::test]
async fn a_run_with_an_unknown_reference_is_skipped() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let xml = payload(
        &format!("<suite_ref id='{suite}' external_run_id='r'/>"),
        "<test_run name='good' status='Passed' duration='1'/>\
         <test_run name='bad' class='C' status='Passed' duration='1'><release_ref id='55'/>\
         <backlog_items><backlog_item_ref id='56'/></backlog_items></test_run>",
    );
    let task = client.upload(&xml, "").await;
    assert_eq!(task["status"], "failed");
    assert_eq!(
        task["errorDetails"],
        "run `C.bad` (line 1): the release `55` does not exist; the run is skipped; \
         run `C.bad` (line 1): the backlog item `56` does not exist; the run is skipped"
    );
    assert_eq!(
        client.names("automated_tests", "name", "id GT 0").await,
        ["good"]
    );
    let log = client
        .get(&format!("test-results/{}/log", task["id"]))
        .await;
    assert!(
        log.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let log = log.text();
    let (head, lines) = log.split_once("\n\n").unwrap();
    assert!(head.lines().any(|line| line == "status: failed"), "{head}");
    assert_eq!(lines.lines().count(), 2);
}

#[tokio::test]
async fn skipping_errors_keeps_the_run_and_drops_the_reference() {
    let client = Client::empty().await;
    let xml = payload(
        "<suite_ref id='77' external_run_id='r'/>",
        "<test_run name='bad' status='Passed' duration='1'><milestone_ref id='55'/></test_run>",
    );
    let refused = client.upload(&xml, "").await;
    assert_eq!(refused["status"], "failed");
    assert_eq!(client.list("runs").await.len(), 0);
    // The flag is part of what is compared to detect duplicates.
    let task = client.upload(&xml, "?skip-errors=true").await;
    assert_eq!(task["status"], "warning");
    assert_eq!(
        task["errorDetails"],
        "payload: the test suite `77` does not exist; the reference is skipped; \
         run `bad` (line 1): the milestone `55` does not exist; the reference is skipped"
    );
    let run = &client
        .list("automated_runs?fields=parent_suite,milestone")
        .await[0];
    assert_eq!(
        (&run["parent_suite"], &run["milestone"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(client.list("suite_run").await.len(), 0);
}
