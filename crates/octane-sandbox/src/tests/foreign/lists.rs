//! Lists, phases and metaphases, as clients look them up before they create anything.

use serde_json::json;

use super::{Client, count, only, query};
use crate::Settings;

#[tokio::test]
async fn there_are_five_severities_not_counting_their_list() {
    let client = Client::empty().await;
    let of_list = query("list_root EQ {id EQ ^list_node.severity^}");
    let list = client
        .list(&format!("list_nodes?{of_list}&order_by=id"))
        .await;
    assert!(list.len() >= 5, "{list:?}");
    for value in &list {
        // Without requesting it: clients read the logical name of every value.
        let name = value["logical_name"].as_str().unwrap();
        assert!(name.starts_with("list_node.severity."), "{name}");
    }
    assert!(count(&client, "list_nodes", "logical_name='list_node.severity.*'").await >= 5);
}

#[tokio::test]
async fn every_list_value_on_the_first_page_has_a_logical_name_and_low_severity_is_included() {
    let client = Client::empty().await;
    let values = client.list("list_nodes").await;
    let names: Vec<&str> = values
        .iter()
        .map(|value| value["logical_name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"list_node.severity.low"), "{names:?}");
}

#[tokio::test]
async fn a_phase_is_found_by_entity_and_logical_name_alone() {
    let client = Client::empty().await;
    for (entity, name) in [
        ("defect", "phase.defect.new"),
        ("defect", "phase.defect.closed"),
        ("story", "phase.story.new"),
        ("epic", "phase.epic.new"),
        ("feature", "phase.feature.new"),
        ("test_manual", "phase.test_manual.new"),
        ("gherkin_test", "phase.gherkin_test.new"),
    ] {
        let both = query(&format!("entity='{entity}';logical_name='{name}'"));
        assert_eq!(only(&client, &format!("phases?{both}")).await["id"], name);
    }
    assert!(count(&client, "phases", "(entity EQ 'defect')").await >= 5);
}

#[tokio::test]
async fn the_first_page_of_phases_includes_those_of_all_tests() {
    let client = Client::empty().await;
    let phases = client.list("phases").await;
    for name in ["phase.test_manual.new", "phase.gherkin_test.new"] {
        assert!(phases.iter().any(|phase| phase["id"] == name), "{name}");
    }
}

#[tokio::test]
async fn a_module_is_created_under_the_one_without_a_parent() {
    let client = Client::empty().await;
    let modules = client.list("product_areas?fields=parent").await;
    let root = modules
        .iter()
        .find(|module| module["parent"].is_null())
        .unwrap();
    let parent = json!({ "type": "product_area", "id": root["id"] });
    let fields = json!({
        "name": "sdk_pa", "parent": parent,
        "business_impact": { "type": "list_node", "id": "list_node.business_impact.no_impact" },
    });
    let id = client.create("product_areas", fields).await;
    let read = client
        .get(&format!("product_areas/{id}?fields=parent,name"))
        .await
        .ok();
    assert_eq!(
        (&read["name"], &read["parent"]["id"]),
        (&json!("sdk_pa"), &root["id"])
    );
}

#[tokio::test]
async fn metadata_of_several_types_can_be_queried_at_once_if_the_settings_say_so() {
    let mut settings = Settings::default();
    settings.entities.metadata_with_or = true;
    let client = Client::new(settings).await;
    let types = "(name EQ 'defect')||(name EQ 'story')";
    assert_eq!(count(&client, "metadata/entities", types).await, 2);
    let fields =
        "(entity_name EQ 'defect');(name EQ 'phase')||(entity_name EQ 'story');(name EQ 'phase')";
    assert_eq!(count(&client, "metadata/fields", fields).await, 2);
}
