//! Every resource of the API exists, can be created, and its fields can be read.

use serde_json::json;

use super::Client;
use super::entities::{module, story};
use crate::Settings;

/// All collections of a workspace, according to the API's overview and vendor clients.
const COLLECTIONS: &[&str] = &[
    "application_modules",
    "product_areas",
    "releases",
    "milestones",
    "programs",
    "sprints",
    "epics",
    "features",
    "stories",
    "defects",
    "quality_stories",
    "work_items",
    "work_item_roots",
    "tests",
    "automated_tests",
    "manual_tests",
    "gherkin_tests",
    "test_suites",
    "test_suite_link_to_tests",
    "test_suite_link_to_automated_tests",
    "test_suite_link_to_manual_tests",
    "test_suite_link_to_gherkin_tests",
    "test_versions",
    "runs",
    "automated_runs",
    "manual_runs",
    "gherkin_automated_runs",
    "suite_run",
    "suite_runs",
    "run_steps",
    "previous_runs",
    "list_nodes",
    "phases",
    "metaphases",
    "transitions",
    "taxonomy_nodes",
    "taxonomy_category_nodes",
    "taxonomy_item_nodes",
    "user_tags",
    "ci_servers",
    "ci_builds",
    "pipelines",
    "attachments",
    "comments",
    "requirements",
    "requirement_documents",
    "requirement_folders",
    "teams",
    "team_members",
    "workspace_users",
];

#[tokio::test]
async fn every_collection_lists_its_entities_with_all_their_fields() {
    let client = Client::new(Settings::default()).await;
    for collection in COLLECTIONS {
        let entity_type = client
            .get(&format!(
                "metadata/entities?query=\"name%20EQ%20'{}'\"",
                kind_of(&client, collection).await
            ))
            .await
            .ok();
        let name = entity_type["data"][0]["name"].as_str().unwrap();
        let path = format!("metadata/fields?query=\"entity_name%20EQ%20'{name}'\"");
        let fields: Vec<String> = client
            .list(&path)
            .await
            .iter()
            .map(|field| field["name"].as_str().unwrap().to_owned())
            .collect();
        for common in ["id", "creation_time", "last_modified", "version_stamp"] {
            assert!(
                fields.iter().any(|field| field == common),
                "{collection}: {common}"
            );
        }
        let page = client
            .get(&format!("{collection}?limit=3&fields={}", fields.join(",")))
            .await
            .ok();
        for entity in page["data"].as_array().unwrap() {
            for field in &fields {
                assert!(
                    entity.get(field).is_some(),
                    "{collection}: {field}: {entity}"
                );
            }
        }
    }
}

/// The type of this collection.
async fn kind_of(client: &Client, collection: &str) -> String {
    let found = client.list("metadata/entities").await;
    let of = if collection == "suite_runs" {
        "suite_run"
    } else {
        collection
    };
    let entity_type = found
        .iter()
        .find(|entity_type| entity_type["features"][0]["url"] == of)
        .unwrap_or_else(|| panic!("{collection}"));
    entity_type["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_defect_and_a_test_need_only_a_name() {
    let client = Client::empty().await;
    let id = client.create("defects", json!({ "name": "D" })).await;
    let path =
        format!("defects/{id}?fields=phase,parent,severity,author{{name}},detected_by{{name}}");
    let defect = client.get(&path).await.ok();
    assert_eq!(defect["phase"]["id"], "phase.defect.new");
    assert_eq!(
        defect["parent"],
        json!({ "type": "work_item_root", "id": "3001" })
    );
    assert_eq!(defect["severity"]["id"], "list_node.severity.medium");
    assert_eq!(defect["author"]["name"], "sandbox");
    assert_eq!(defect["detected_by"]["name"], "sandbox");
    for (collection, phase) in [
        ("automated_tests", "phase.test_automated.new"),
        ("test_suites", "phase.test_suite.new"),
        ("manual_tests", "phase.test_manual.new"),
        ("gherkin_tests", "phase.gherkin_test.new"),
        ("quality_stories", "phase.quality_story.new"),
        ("requirement_documents", "phase.requirement_document.draft"),
    ] {
        let id = client.create(collection, json!({ "name": "T" })).await;
        let made = client
            .get(&format!("{collection}/{id}?fields=phase"))
            .await
            .ok();
        assert_eq!(made["phase"]["id"], phase);
    }
}

#[tokio::test]
async fn a_phase_of_another_type_is_rejected() {
    let client = Client::empty().await;
    let id = story(&client, "a").await;
    let body = json!({ "phase": { "type": "phase", "id": "phase.defect.new" } });
    let refusal = client.put(&format!("stories/{id}"), &body).await.refusal();
    assert_eq!(refusal, (400, "platform.illegal_field_value".to_owned()));
}

#[tokio::test]
async fn phases_belong_to_metaphases_and_have_transitions() {
    let client = Client::empty().await;
    let open = "metaphase EQ {!logical_name EQ 'metaphase.work_item.done'};entity EQ 'defect'";
    assert_eq!(
        client.names("phases", "id", open).await,
        [
            "phase.defect.new",
            "phase.defect.opened",
            "phase.defect.fixed",
            "phase.defect.proposeclose"
        ]
    );
    let first = "entity EQ 'story';source_phase EQ {id EQ 'phase.story.new'}";
    let transitions = client
        .list(&format!(
            "transitions?fields=target_phase,is_system&query=\"{}\"",
            first.replace(' ', "%20")
        ))
        .await;
    assert_eq!(
        transitions[0]["target_phase"]["id"],
        "phase.story.inprogress"
    );
    let page = client.get("phases").await.ok();
    assert_eq!(
        page["total_count"].as_u64().unwrap(),
        page["data"].as_array().unwrap().len() as u64,
        "one page without a limit holds all phases"
    );
}

#[tokio::test]
async fn values_derived_from_other_entities_can_be_queried() {
    let client = Client::empty().await;
    let feature = client.create("features", json!({ "name": "F" })).await;
    let below = json!({ "type": "feature", "id": feature });
    let id = client
        .create("stories", json!({ "name": "S", "parent": below }))
        .await;
    for name in ["T", "U"] {
        let covered = json!({ "data": [{ "type": "story", "id": id }] });
        client
            .create(
                "automated_tests",
                json!({ "name": name, "covered_content": covered }),
            )
            .await;
    }
    let item = client
        .get(&format!(
            "work_items/{id}?fields=covering_tests,has_children,last_runs,has_attachments"
        ))
        .await
        .ok();
    assert_eq!(item["covering_tests"], 2);
    assert_eq!(item["has_children"], false);
    assert_eq!(item["has_attachments"], false);
    assert_eq!(item["last_runs"]["passed"], 0);
    assert_eq!(
        client
            .names("work_items", "name", "has_children EQ true")
            .await,
        ["Backlog", "F"]
    );
    assert_eq!(
        client.names("stories", "name", "covering_tests GT 1").await,
        ["S"]
    );
    let ordered = client
        .list("work_items?fields=name&order_by=-covering_tests,name")
        .await;
    assert_eq!(ordered[0]["name"], "S");
    let refusal = client
        .put(&format!("stories/{id}"), &json!({ "covering_tests": 7 }))
        .await
        .refusal();
    assert_eq!(refusal.1, "platform.modify_non_editable_field");
}

#[tokio::test]
async fn the_last_runs_of_tests_and_stories_are_counted_by_status() {
    let client = Client::new(Settings::default()).await;
    let suite = client.create("test_suites", json!({ "name": "N" })).await;
    let xml = format!(
        r#"<test_result><suite_ref id="{suite}" external_run_id="a"/>
        <backlog_items><backlog_item_ref id="3004"/></backlog_items><test_runs>
        <test_run name="t1" duration="1" status="Passed"/><test_run name="t2" duration="1" status="Passed"/>
        <test_run name="t3" duration="1" status="Failed"/></test_runs></test_result>"#
    );
    assert_eq!(client.upload(&xml, "").await["status"], "success");
    let item = client.get("work_items/3004?fields=last_runs").await.ok();
    assert_eq!(
        item["last_runs"],
        json!({ "passed": 2, "failed": 1, "needsAttention": 0, "planned": 0, "skipped": 0 })
    );
    let tests = client
        .list("tests?fields=last_runs&query=\"name%20EQ%20't3'\"")
        .await;
    assert_eq!(tests[0]["last_runs"]["data"][0]["type"], "run_automated");
}

#[tokio::test]
async fn links_between_backlog_items_are_visible_from_both_sides() {
    let client = Client::empty().await;
    let (a, b) = (story(&client, "a").await, story(&client, "b").await);
    let to_b = json!({ "linked_items1": { "data": [{ "type": "work_item", "id": b, "name": "b" }],
        "total_count": 1, "exceeds_total_count": false } });
    client.put(&format!("stories/{a}"), &to_b).await.ok();
    let seen = client
        .get(&format!("stories/{b}?fields=linked_items1,linked_items2"))
        .await
        .ok();
    assert_eq!(
        seen["linked_items2"]["data"],
        json!([{ "type": "story", "id": a }])
    );
    assert_eq!(seen["linked_items1"]["total_count"], 0);
}

#[tokio::test]
async fn a_requirement_document_has_a_jira_key_and_a_parent() {
    let client = Client::empty().await;
    let folder = client
        .create("requirement_folders", json!({ "name": "Folder" }))
        .await;
    let fields = json!({
        "name": "Doc", "subtype": "requirement_document", "jira_key_udf": "REQ-1",
        "parent": { "type": "requirement", "id": folder },
    });
    let id = client.create("requirements", fields).await;
    let found = "jira_key_udf EQ 'req-1'";
    assert_eq!(
        client.names("requirement_documents", "id", found).await,
        std::slice::from_ref(&id)
    );
    let path = format!("requirements/{id}?fields=path,parent{{path}}");
    let document = client.get(&path).await.ok();
    let above = document["parent"]["path"].as_str().unwrap();
    assert!(document["path"].as_str().unwrap().starts_with(above));
    let area = module(&client, "M").await;
    let body = json!({ "jira_key_udf": "MOD-1" });
    client
        .put(&format!("application_modules/{area}"), &body)
        .await
        .ok();
    assert_eq!(
        client
            .names("product_areas", "name", "jira_key_udf EQ 'MOD-1'")
            .await,
        ["M"]
    );
}

#[tokio::test]
async fn a_release_is_divided_into_sprints() {
    let client = Client::empty().await;
    let release = json!({ "name": "R", "start_date": "2025-01-01T00:00:00Z",
        "end_date": "2025-01-11T00:00:00Z", "sprint_duration": 7 });
    let id = client.create("releases", release).await;
    let query = format!("release={{id='{id}'}}");
    assert_eq!(
        client.names("sprints", "start_date", &query).await,
        ["2025-01-01T00:00:00Z", "2025-01-08T00:00:00Z"]
    );
    assert_eq!(
        client.names("sprints", "end_date", &query).await,
        ["2025-01-08T00:00:00Z", "2025-01-11T00:00:00Z"]
    );
    let milestone = json!({ "name": "M", "date": "2025-01-05T00:00:00Z",
        "releases": { "data": [{ "type": "release", "id": id }] } });
    client.create("milestones", milestone).await;
    let query = format!("releases={{id='{id}'}}");
    assert_eq!(client.names("milestones", "name", &query).await, ["M"]);
}

#[tokio::test]
async fn lists_contain_the_values_that_clients_expect() {
    let client = Client::empty().await;
    let nodes = client
        .list("list_nodes?query=\"list_root%20EQ%20{id%20EQ%20^list_node.severity^}\"")
        .await;
    let names: Vec<&str> = nodes
        .iter()
        .map(|node| node["logical_name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "list_node.severity.low",
            "list_node.severity.medium",
            "list_node.severity.high",
            "list_node.severity.very_high",
            "list_node.severity.urgent",
        ]
    );
    let impact = "list_nodes/list_node.business_impact.no_impact";
    assert_eq!(client.get(impact).await.status, 200);
}
