//! Entities: create, read, change, delete.

use serde_json::{Value, json};

use super::Client;
use crate::Settings;

pub(super) fn parent(entity_type: &str, id: &str) -> Value {
    json!({ "type": entity_type, "id": id })
}

pub(super) async fn module(client: &Client, name: &str) -> String {
    let fields = json!({ "name": name, "parent": parent("application_module", "1001") });
    client.create("application_modules", fields).await
}

pub(super) async fn story(client: &Client, name: &str) -> String {
    let fields = json!({ "name": name, "parent": parent("work_item_root", "3001") });
    client.create("stories", fields).await
}

#[tokio::test]
async fn the_root_module_exists_initially() {
    let client = Client::empty().await;
    let roots =
        client.list("application_modules?fields=name,parent&query=\"parent%20EQ%20{null}\"");
    assert_eq!(
        roots.await,
        [
            json!({ "type": "application_module", "id": "1001", "name": "Application Modules", "parent": null })
        ]
    );
}

#[tokio::test]
async fn an_entity_is_created_read_changed_and_deleted() {
    let client = Client::empty().await;
    let body = json!({ "data": [{ "name": "R 25.3", "start_date": "2025-07-01T00:00:00Z", "end_date": "2025-09-30T10:00:00.250Z" }] });
    let response = client.post("releases?fields=name", &body).await;
    assert_eq!(response.status, 201);
    let id = "2002";
    assert_eq!(
        response.json(),
        json!({ "total_count": 1, "data": [{ "type": "release", "id": id, "name": "R 25.3" }], "exceeds_total_count": false })
    );
    let response = client
        .get(&format!("releases/{id}?fields=end_date,version_stamp"))
        .await;
    assert_eq!(
        response.ok(),
        json!({ "type": "release", "id": id, "end_date": "2025-09-30T10:00:00Z", "version_stamp": 1 })
    );
    let response = client
        .put(
            &format!("releases/{id}?fields=name,version_stamp"),
            &json!({ "id": id, "name": "R 25.4" }),
        )
        .await;
    assert_eq!(
        response.ok(),
        json!({ "type": "release", "id": id, "name": "R 25.4", "version_stamp": 2 })
    );
    let response = client.delete(&format!("releases/{id}")).await;
    assert_eq!(
        (response.status.as_u16(), response.text()),
        (200, String::new())
    );
    let refusal = client.get(&format!("releases/{id}")).await.refusal();
    assert_eq!(refusal, (404, "platform.entity_not_found".to_owned()));
}

#[tokio::test]
async fn without_fields_only_the_small_default_set_is_returned() {
    let client = Client::empty().await;
    let id = story(&client, "Pay").await;
    assert_eq!(
        client.get(&format!("stories/{id}")).await.ok(),
        json!({
            "type": "story", "id": id, "workspace_id": 1002, "subtype": "story",
            "logical_name": "work_items.3002",
        })
    );
    assert_eq!(
        client.get("list_nodes/list_node.severity.high").await.ok(),
        json!({
            "type": "list_node", "id": "list_node.severity.high",
            "logical_name": "list_node.severity.high", "workspace_id": 1002,
        })
    );
}

#[tokio::test]
async fn automated_runs_cannot_be_created_directly() {
    let client = Client::empty().await;
    assert_eq!(
        client
            .post("automated_runs", &json!({ "data": [{ "name": "x" }] }))
            .await
            .status,
        405
    );
    let by_aggregate = json!({ "data": [{ "name": "x", "subtype": "run_automated" }] });
    assert_eq!(client.post("runs", &by_aggregate).await.status, 409);
}

#[tokio::test]
async fn an_aggregate_creates_the_given_subtype_and_lists_all() {
    let client = Client::empty().await;
    let fields =
        json!({ "name": "S", "subtype": "story", "parent": parent("work_item_root", "3001") });
    let id = client.create("work_items", fields).await;
    let item = client
        .get(&format!("work_items/{id}?fields=name,subtype,phase"))
        .await
        .ok();
    assert_eq!(item["type"], "story");
    assert_eq!(
        item["phase"],
        json!({ "type": "phase", "id": "phase.story.new" })
    );
    assert_eq!(client.get(&format!("features/{id}")).await.status, 404);
    let body = json!({ "data": [{ "name": "S", "parent": parent("work_item_root", "3001") }] });
    assert_eq!(client.post("work_items", &body).await.status, 409);
    let body = json!({ "data": [{ "name": "S", "subtype": "release" }] });
    assert_eq!(client.post("work_items", &body).await.status, 409);
    assert_eq!(
        client.names("work_items", "subtype", "id GT 0").await,
        ["work_item_root", "story"]
    );
}

#[tokio::test]
async fn nested_fields_are_returned_three_levels_deep() {
    let client = Client::new(Settings::default()).await;
    let path = "stories?limit=1&fields=name,parent{name,parent{name,parent{name}}},phase{name},release{name}&query=\"jira_key_udf%20EQ%20^SHOP-101^\"";
    let story = &client.list(path).await[0];
    assert_eq!(
        story["phase"],
        json!({ "type": "phase", "id": "phase.story.new", "name": "New" })
    );
    assert_eq!(story["release"]["name"], "Shop 25.3");
    let epic = &story["parent"]["parent"];
    assert_eq!(
        (&epic["type"], &epic["name"]),
        (&json!("epic"), &json!("Shop renewal"))
    );
    assert_eq!(epic["parent"]["type"], "work_item_root");
    for invalid in [
        "fields=parent{parent{parent{parent{name}}}}",
        "fields=name{id}",
        "fields=parent{colour}",
        "fields=colour",
        "fields=parent{",
    ] {
        assert_eq!(
            client.get(&format!("stories?{invalid}")).await.status,
            400,
            "{invalid}"
        );
    }
    let refusal = client.get("stories?fields=colour").await.refusal();
    assert_eq!(refusal.1, "platform.unknown_field");
}

#[tokio::test]
async fn aliases_return_the_same_entities_under_another_type() {
    let client = Client::empty().await;
    let id = module(&client, "Shop").await;
    let area = client
        .get(&format!("product_areas/{id}?fields=name,parent"))
        .await
        .ok();
    assert_eq!(area["type"], "product_area");
    assert_eq!(area["parent"]["type"], "product_area");
    assert_eq!(
        client.list("suite_run").await,
        client.list("suite_runs").await
    );
}

#[tokio::test]
async fn paths_follow_the_tree() {
    let client = Client::empty().await;
    let shop = module(&client, "Shop").await;
    let cart = module(&client, "Cart").await;
    let fields = json!({ "name": "Voucher", "parent": parent("application_module", &cart) });
    let voucher = client.create("application_modules", fields).await;
    let body = json!({ "parent": parent("application_module", &shop) });
    client
        .put(&format!("application_modules/{cart}"), &body)
        .await
        .ok();
    let path = client
        .get(&format!("application_modules/{shop}?fields=path"))
        .await
        .ok();
    let below = format!("path EQ ^{}*^", path["path"].as_str().unwrap());
    assert_eq!(
        client.names("application_modules", "name", &below).await,
        ["Shop", "Cart", "Voucher"]
    );
    let body = json!({ "parent": parent("application_module", &voucher) });
    let refusal = client
        .put(&format!("application_modules/{shop}"), &body)
        .await
        .refusal();
    assert_eq!(refusal.0, 400);
    assert_eq!(client.delete("application_modules/1001").await.status, 400);
    client.delete(&format!("application_modules/{shop}")).await;
    assert_eq!(client.list("application_modules").await.len(), 1);
}

#[tokio::test]
async fn the_children_of_a_deleted_feature_move_to_the_root() {
    let client = Client::empty().await;
    let fields = json!({ "name": "F", "parent": parent("work_item_root", "3001") });
    let feature = client.create("features", fields).await;
    let fields = json!({ "name": "S", "parent": parent("feature", &feature) });
    let story = client.create("stories", fields).await;
    client.delete(&format!("features/{feature}")).await;
    let story = client
        .get(&format!("stories/{story}?fields=parent"))
        .await
        .ok();
    assert_eq!(
        story["parent"],
        json!({ "type": "work_item_root", "id": "3001" })
    );
}

#[tokio::test]
async fn a_stale_lock_stamp_is_a_conflict() {
    let client = Client::empty().await;
    let id = story(&client, "a").await;
    let path = format!("stories/{id}");
    client
        .put(&path, &json!({ "name": "b", "client_lock_stamp": 1 }))
        .await
        .ok();
    assert_eq!(
        client
            .put(&path, &json!({ "name": "c", "client_lock_stamp": 1 }))
            .await
            .status,
        409
    );
    client.put(&path, &json!({ "name": "c" })).await.ok();
}

#[tokio::test]
async fn required_fields_cannot_be_cleared_and_list_values_must_be_in_their_list() {
    let client = Client::empty().await;
    let id = story(&client, "a").await;
    let path = format!("stories/{id}");
    for body in [
        json!({ "name": null }),
        json!({ "name": "  " }),
        json!({ "parent": null }),
        json!({ "priority": { "type": "list_node", "id": "list_node.severity.low" } }),
        json!({ "priority": "High" }),
        json!({ "parent": { "type": "story", "id": id } }),
        json!({ "test": [] }),
    ] {
        let refusal = client.put(&path, &body).await.refusal();
        assert_eq!(
            refusal,
            (400, "platform.illegal_field_value".to_owned()),
            "{body}"
        );
    }
    let body = json!({ "priority": { "type": "list_node", "id": "list_node.priority.high" } });
    client.put(&path, &body).await.ok();
    let refusal = client
        .put(&path, &json!({ "version_stamp": 7 }))
        .await
        .refusal();
    assert_eq!(
        refusal,
        (403, "platform.modify_non_editable_field".to_owned())
    );
}

#[tokio::test]
async fn an_entity_without_a_parent_is_a_child_of_the_root() {
    let client = Client::empty().await;
    let root = client.only_id("work_item_roots").await;
    let epic = client.create("epics", json!({ "name": "E" })).await;
    let above = parent("epic", &epic);
    let fields = json!({ "name": "F", "parent": above });
    let path = format!("features/{}", client.create("features", fields).await);
    client.put(&path, &json!({ "parent": null })).await.ok();
    let feature = client.get(&format!("{path}?fields=parent")).await.ok();
    assert_eq!(feature["parent"], parent("work_item_root", &root));
    let roots = client.names("work_items", "id", "parent EQ {null}").await;
    assert_eq!(roots, [root.as_str()]);
    client.put(&path, &json!({ "parent": above })).await.ok();
    assert!(client.delete(&path).await.status.is_success());
}

#[tokio::test]
async fn a_second_root_of_an_older_database_can_be_moved_and_deleted() {
    let sandbox = crate::Sandbox::open(Settings::default().seed_data(false)).unwrap();
    let client = Client::of(&sandbox).await;
    let root = client.only_id("work_item_roots").await;
    let feature = client.create("features", json!({ "name": "F" })).await;
    let lose_parent = |writer: crate::store::Writer<'_>| {
        let sql = "UPDATE work_items SET parent = NULL WHERE id = ?";
        writer.connection.execute(sql, [&feature])?;
        Ok(())
    };
    let path = format!("features/{feature}");
    sandbox.state.store.write_now(lose_parent).unwrap();
    let change = json!({ "parent": parent("work_item_root", &root) });
    client.put(&path, &change).await.ok();
    sandbox.state.store.write_now(lose_parent).unwrap();
    assert!(client.delete(&path).await.status.is_success());
}
