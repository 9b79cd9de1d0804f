//! Metadata of types and fields.

use axum::body::Body;
use http::Request;
use octane_model::FieldMetadata;
use serde_json::json;

use super::Client;
use crate::Settings;

async fn fields(client: &Client, query: &str) -> Vec<FieldMetadata> {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let data = client
        .list(&format!("metadata/fields?query=\"{query}\""))
        .await;
    data.into_iter()
        .map(|field| serde_json::from_value(field).unwrap())
        .collect()
}

#[tokio::test]
async fn the_metadata_of_fields_is_as_clients_expect() {
    let client = Client::empty().await;
    let found = fields(
        &client,
        "entity_name EQ 'run_automated';name EQ ^covered_content^",
    )
    .await;
    let field = &found[0];
    assert!(found.len() == 1 && field.editable && field.field_type == "reference");
    let data = field.field_type_data.as_ref().unwrap();
    let targets: Vec<&str> = data
        .targets
        .iter()
        .map(|target| target.entity_type.as_str())
        .collect();
    assert_eq!(
        (data.multiple, targets),
        (true, vec!["story", "feature", "defect", "epic"])
    );

    let found = fields(
        &client,
        "entity_name EQ 'run_automated';name EQ 'native_status'",
    )
    .await;
    assert!(!found[0].editable);
    let list = found[0].field_type_data.as_ref().unwrap().targets[0]
        .logical_name
        .clone();
    assert_eq!(list.unwrap(), "list_node.run_native_status");
}

#[tokio::test]
async fn the_jira_field_is_a_user_defined_text_field_with_its_configured_name() {
    let settings = Settings::default().jira_field("external_jira_udf");
    let client = Client::new(settings).await;
    let found = fields(
        &client,
        "name EQ 'external_jira_udf';is_user_defined EQ true",
    )
    .await;
    let types: Vec<&str> = found
        .iter()
        .map(|field| field.entity_name.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "application_module",
            "product_area",
            "work_item",
            "feature",
            "story",
            "defect",
            "requirement",
            "requirement_document",
        ]
    );
    assert!(
        found
            .iter()
            .all(|field| field.field_type == "string" && field.max_length == Some(255))
    );
    assert_eq!(
        client
            .names(
                "stories",
                "external_jira_udf",
                "external_jira_udf EQ 'shop-101'"
            )
            .await,
        ["SHOP-101"]
    );
    assert_eq!(client.get("stories?fields=jira_key_udf").await.status, 400);
}

#[tokio::test]
async fn metadata_queries_support_only_conjunctions() {
    let client = Client::empty().await;
    for query in [
        "name%20EQ%20'a'||name%20EQ%20'b'",
        "!name%20EQ%20'a'",
        "name%20LT%20'a'",
        "colour%20EQ%20'a'",
        // Although no field is of a type of that name.
        "entity_name%20EQ%20'a';colour%20EQ%20'a'",
        "entity_name%20EQ%20'a';name%20LT%20'a'",
        "entity_name%20LT%20'a'",
    ] {
        assert_eq!(
            client
                .get(&format!("metadata/fields?query=\"{query}\""))
                .await
                .status,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_query_for_types_finds_all_that_they_have_and_nothing_else() {
    let client = Client::empty().await;
    let all = client.list("metadata/fields").await;
    let first = all[0]["entity_name"].as_str().unwrap();
    for (query, names) in [
        ("entity_name EQ 'story'", vec!["story"]),
        ("entity_name IN 'story','defect'", vec!["story", "defect"]),
        (&format!("entity_name EQ '{first}'"), vec![first]),
        ("entity_name EQ 'nothing'", vec![]),
        ("entity_name EQ null", vec![]),
        ("entity_name EQ 'story';entity_name EQ 'defect'", vec![]),
    ] {
        let fits = |field: &&serde_json::Value| {
            let name = field["entity_name"].as_str().unwrap();
            names.contains(&name)
        };
        let expected: Vec<_> = all.iter().filter(fits).cloned().collect();
        assert_eq!(names.is_empty(), expected.is_empty());
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let found = client
            .list(&format!("metadata/fields?query=\"{query}\""))
            .await;
        assert_eq!(found, expected, "{query}");
    }
    let types = client.list("metadata/entities").await;
    let query = "query=\"name%20IN%20'story','defect'\"";
    let found = client.list(&format!("metadata/entities?{query}")).await;
    let expected = types
        .into_iter()
        .filter(|entity| ["story", "defect"].contains(&entity["name"].as_str().unwrap()));
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn the_metadata_of_an_entity_type_has_its_collection_and_methods() {
    let client = Client::empty().await;
    let found = client
        .list("metadata/entities?query=\"name%20EQ%20'run_automated'\"")
        .await;
    assert_eq!(
        found[0]["features"][0],
        json!({ "name": "rest", "url": "automated_runs", "methods": ["GET", "PUT", "DELETE"] })
    );
    assert_eq!(
        found[0]["features"][1],
        json!({ "name": "subtype_of", "type": "run" })
    );
}

#[tokio::test]
async fn the_server_reports_its_version() {
    let client = Client::empty().await;
    let response = client
        .send(Request::get("/admin/server/version"), Body::empty())
        .await
        .ok();
    assert!(response["version"].as_str().unwrap().starts_with("25."));
}

#[tokio::test]
async fn the_metadata_of_a_field_has_all_members_that_clients_read() {
    let client = Client::empty().await;
    let page = client
        .get("metadata/fields?query=\"entity_name%20EQ%20'defect'\"")
        .await
        .ok();
    let fields = page["data"].as_array().unwrap();
    assert!(fields.len() >= 50, "{}", fields.len());
    assert_eq!(page["total_count"], fields.len());
    for field in fields {
        for key in [
            "name",
            "label",
            "description",
            "field_type",
            "access_level",
            "sanitization",
        ] {
            assert!(field[key].is_string(), "{key}: {field}");
        }
        for key in [
            "editable",
            "required",
            "filterable",
            "sortable",
            "groupable",
            "selectable",
            "final",
            "unique",
            "returned_by_default",
            "visible_in_ui",
            "is_user_defined",
        ] {
            assert!(field[key].is_boolean(), "{key}: {field}");
        }
        assert!(field["field_features"].is_array());
        let is_reference = field["field_type"] == "reference";
        assert_eq!(
            field["field_type_data"].is_object(),
            is_reference,
            "{field}"
        );
    }
    let of = |name: &str| fields.iter().find(|field| field["name"] == name).unwrap();
    assert_eq!(of("name")["max_length"], 255);
    assert_eq!(of("name")["required"], true);
    assert_eq!(of("description")["sanitization"], "HTML");
    assert_eq!(of("story_points")["max_value"], i64::MAX);
    assert_eq!(of("covering_tests")["editable"], false);
    assert_eq!(of("covering_tests")["sortable"], true);
    assert_eq!(of("test")["groupable"], true);
    assert_eq!(of("test")["sortable"], false);
    assert_eq!(
        of("severity")["field_type_data"],
        json!({ "multiple": false, "targets": [{ "type": "list_node", "logical_name": "list_node.severity" }] })
    );
    assert_eq!(
        of("attachments")["field_features"],
        json!([{ "name": "inverse_of", "field": "owner_work_item" }])
    );
}

#[tokio::test]
async fn the_metadata_of_a_type_describes_its_features() {
    let client = Client::empty().await;
    let features = async |name: &str| {
        let path = format!("metadata/entities?query=\"name%20EQ%20^{name}^\"");
        let found = client.list(&path).await;
        assert_eq!(found.len(), 1, "{name}");
        found[0]["features"].as_array().unwrap().clone()
    };
    let story = features("story").await;
    for feature in [
        json!({ "name": "subtype_of", "type": "work_item" }),
        json!({ "name": "hierarchy", "root": { "type": "work_item_root", "id": "3001" }, "is_root": false,
            "parent_types": ["feature", "work_item_root"], "child_types": [], "max_depth": 4 }),
        json!({ "name": "phases" }),
        json!({ "name": "attachments" }),
        json!({ "name": "comments" }),
        json!({ "name": "user_defined_fields", "max": 300 }),
    ] {
        assert!(story.contains(&feature), "{feature}");
    }
    let subtypes = json!({ "name": "subtypes", "types": [
        "work_item_root", "epic", "feature", "story", "quality_story", "defect",
    ] });
    assert!(features("work_item").await.contains(&subtypes));
    let tag = features("user_tag").await;
    assert_eq!(tag[0]["methods"], json!(["GET", "POST"]));
    assert!(
        !tag.iter()
            .any(|feature| feature["name"] == "user_defined_fields")
    );
    assert_eq!(features("run_suite").await[0]["url"], "suite_run");
}
