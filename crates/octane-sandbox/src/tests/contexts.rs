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

#[tokio::test]
async fn a_reference_of_a_run_that_is_skipped_is_not_taken_from_the_payload() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let context = format!(
        "<suite_ref id='{suite}' external_run_id='o'/><release name='_default_'/>\
         <environment><taxonomy type='OS' value='Linux'/></environment>"
    );
    let run = |status: &str, own: &str| {
        format!("<test_run name='m' status='{status}' duration='1'>{own}</test_run>")
    };
    let xml = payload(&context, &run("Failed", ""));
    assert_eq!(client.upload(&xml, "").await["status"], "success");
    let own = "<suite_ref id='999999' external_run_id='own'/><release_ref id='999999'/>";
    let task = client
        .upload(&payload(&context, &run("Passed", own)), "?skip-errors=true")
        .await;
    assert_eq!(task["status"], "warning", "{task}");
    let runs = client
        .list("automated_runs?fields=release,parent_suite,status,taxonomies&order_by=id")
        .await;
    assert_eq!(runs[0]["status"]["id"], "list_node.run_status.failed");
    assert_eq!(runs[1]["status"]["id"], "list_node.run_status.passed");
    assert_eq!(runs[1]["release"], json!(null));
    assert_eq!(runs[1]["parent_suite"], json!(null));
    assert_eq!(runs[1]["taxonomies"]["total_count"], 1);
}

#[tokio::test]
async fn unknown_values_of_a_run_are_not_taken_from_the_payload() {
    let mut settings = crate::Settings::default().seed_data(false);
    settings.results.unknown_environment = crate::OnUnknown::Warn;
    settings.results.unknown_test_field = crate::OnUnknown::Warn;
    let client = Client::new(settings).await;
    let system = "list_node.test_level.system";
    let context = "<test_fields><test_field type='Test_Level' value='System Test'/>\
        <test_field type='Test_Type' value='Regression'/></test_fields>";
    let own = "<test_fields><test_field type='Test_Level' value='?'/><test_field type='Test_Type' value='?'/></test_fields>";
    let runs = format!(
        "<test_run name='a' status='Passed' duration='1'/><test_run name='b' status='Passed' duration='1'>{own}</test_run>"
    );
    let task = client.upload(&payload(context, &runs), "").await;
    assert_eq!(task["status"], "warning", "{task}");
    let runs = client
        .list("automated_runs?fields=test_level,test_type&order_by=id")
        .await;
    let shown = |run: &serde_json::Value| {
        (
            run["test_level"]["id"].clone(),
            run["test_type"]["total_count"].clone(),
        )
    };
    assert_eq!(shown(&runs[0]), (json!(system), json!(1)));
    assert_eq!(shown(&runs[1]), (json!(null), json!(0)));
}

#[tokio::test]
async fn environments_of_a_run_replace_those_of_the_payload_whatever_their_case() {
    let client = Client::empty().await;
    let context = "<environment><taxonomy type='OS' value='Linux'/></environment>";
    let own = "<environment><taxonomy type='os' value='Windows'/></environment>";
    let run = format!("<test_run name='a' status='Passed' duration='1'>{own}</test_run>");
    assert_eq!(
        client.upload(&payload(context, &run), "").await["status"],
        "success"
    );
    let runs = client.list("automated_runs?fields=taxonomies{name}").await;
    assert_eq!(runs[0]["taxonomies"]["total_count"], 1);
    assert_eq!(runs[0]["taxonomies"]["data"][0]["name"], "Windows");
}

#[tokio::test]
async fn what_is_not_accepted_creates_nothing() {
    let client = Client::empty().await;
    let servers = client.list("ci_servers").await.len();
    let context = "<build server_id='ghost' job_id='j' build_id='1'/><suite_ref id='999999' external_run_id='r'/>\
        <test_fields><test_field type='Framework' value='GhostFW'/></test_fields>";
    let run = "<test_run name='a' status='Passed' duration='1'/>";
    assert_eq!(
        client.upload(&payload(context, run), "").await["status"],
        "failed"
    );
    let fields = "<test_fields><test_field type='Framework' value='GhostFW'/></test_fields>";
    let runs = format!(
        "<test_run name='bad' status='Passed' duration='1'><release_ref id='999999'/>{fields}\
         <environment><taxonomy type='Ghost' value='x'/></environment></test_run>{run}"
    );
    assert_eq!(
        client.upload(&payload("", &runs), "").await["status"],
        "failed"
    );
    assert_eq!(client.list("ci_servers").await.len(), servers);
    assert_eq!(client.list("automated_runs").await.len(), 1);
    for (collection, name) in [("list_nodes", "GhostFW"), ("taxonomy_nodes", "Ghost")] {
        let query = format!("name EQ '{name}'");
        let found = client.names(collection, "name", &query).await;
        assert!(found.is_empty(), "{name}");
    }
    // What the first run must not create, another one may.
    let runs = format!(
        "<test_run name='bad' status='Passed' duration='1'><release_ref id='999999'/>{fields}</test_run>\
         <test_run name='good' status='Passed' duration='1'>{fields}</test_run>"
    );
    client.upload(&payload("", &runs), "").await;
    let query = "test_framework EQ {name EQ 'GhostFW'}";
    assert_eq!(
        client.names("automated_runs", "name", query).await,
        ["good"]
    );
}

#[tokio::test]
async fn a_new_result_has_the_test_types_of_its_payload() {
    let client = Client::empty().await;
    let upload = async |types: &str, number: u8| {
        let run = format!("<test_run name='a' status='Passed' duration='{number}'/>");
        client.upload(&payload(types, &run), "").await
    };
    let of = |name: &str| {
        format!("<test_fields><test_field type='Test_Type' value='{name}'/></test_fields>")
    };
    for (types, number) in [(of("Sanity"), 1), (of("Regression"), 2), (String::new(), 3)] {
        assert_eq!(upload(&types, number).await["status"], "success");
    }
    let runs = client.list("automated_runs?fields=test_type{name}").await;
    assert_eq!(runs[0]["test_type"]["total_count"], 1);
    assert_eq!(runs[0]["test_type"]["data"][0]["name"], "Regression");
}
