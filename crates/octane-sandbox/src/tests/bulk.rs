//! Bulk requests.

use serde_json::{Value, json};

use super::Client;
use super::entities::{module, parent, story};
use crate::{BulkPosition, Settings};

fn ids(page: &Value) -> Vec<&str> {
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_bulk_request_may_fail_partially() {
    let client = Client::empty().await;
    let area = module(&client, "Shop").await;
    let below = parent("application_module", &area);
    let body = json!({ "data": [
        { "name": "Cart", "parent": below },
        { "name": "cart", "parent": below },
        { "parent": below },
        { "name": "a", "parent": below, "colour": "red" },
        { "name": "b", "parent": below, "path": "x" },
        { "name": "c", "parent": parent("application_module", "99") },
        { "name": "c", "parent": parent("story", &area) },
        { "name": "x".repeat(256), "parent": below },
        { "name": 5, "parent": below },
        { "name": "Cart", "parent": parent("product_area", "1001") },
    ] });
    let response = client.post("application_modules?fields=name", &body).await;
    assert_eq!(response.status, 409);
    let page = response.json();
    let names: Vec<&Value> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["name"])
        .collect();
    assert_eq!(names, ["Cart", "Cart"]);
    assert_eq!(page["total_count"], 2);
    let errors: Vec<(u64, &str)> = page["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["index"].as_u64().unwrap(),
                error["error_code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        errors,
        [
            (1, "platform.duplicate_entity_error"),
            (2, "platform.illegal_field_value"),
            (3, "platform.unknown_field"),
            (4, "platform.modify_non_editable_field"),
            (5, "platform.entity_not_found"),
            (6, "platform.illegal_field_value"),
            (7, "platform.illegal_field_value"),
            (8, "platform.illegal_field_value"),
        ]
    );
}

#[tokio::test]
async fn many_entities_are_changed_by_their_ids() {
    let client = Client::empty().await;
    let (a, b) = (story(&client, "a").await, story(&client, "b").await);
    let body = json!({ "data": [
        { "id": a, "name": "A" },
        { "id": 9999, "name": "nobody" },
        { "id": b.parse::<i64>().unwrap(), "name": "B" },
        { "name": "who?" },
    ] });
    let response = client.put("stories?fields=name", &body).await;
    assert_eq!(response.status, 409);
    let page = response.json();
    assert_eq!(
        page["data"][1],
        json!({ "type": "story", "id": b, "name": "B" })
    );
    assert_eq!(page["errors"][0]["index"], 1);
    assert_eq!(page["errors"][0]["properties"]["entity_id"], "9999");
    assert_eq!(page["errors"][1]["index"], 3);
    assert_eq!(client.names("stories", "name", "id GT 0").await, ["A", "B"]);
}

#[tokio::test]
async fn a_body_without_entities_is_a_bad_request() {
    let client = Client::empty().await;
    for body in [
        json!({}),
        json!({ "data": [] }),
        json!({ "data": ["x"] }),
        json!([1]),
    ] {
        assert_eq!(client.post("releases", &body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn errors_contain_their_position_under_the_member_in_the_settings() {
    for (position, keys) in [
        (BulkPosition::Index, [Some(1), None]),
        (BulkPosition::EntityIndex, [None, Some(1)]),
        (BulkPosition::Both, [Some(1), Some(1)]),
    ] {
        let mut settings = Settings::default();
        settings.entities.bulk_position = position;
        let client = Client::new(settings).await;
        let body = json!({ "data": [{ "name": "a" }, { "name": "b", "version_stamp": 111 }] });
        let response = client.post("defects", &body).await;
        assert_eq!(response.status, 409);
        let page = response.json();
        assert_eq!(
            (page["data"].as_array().unwrap().len(), &page["total_count"]),
            (1, &json!(1))
        );
        assert_eq!(page["exceeds_total_count"], false);
        let error = &page["errors"][0];
        let found = ["index", "entity_index"].map(|key| error.get(key).and_then(Value::as_i64));
        assert_eq!(found, keys);
        assert_eq!(error["error_code"], "platform.modify_non_editable_field");
        assert_eq!(error["business_error"], true);
        assert!(error["correlation_id"].is_string());
        let known = octane_model::Problem::from_body(&serde_json::to_vec(&page).unwrap());
        assert_eq!(known.unwrap().index, Some(1));
    }
}

#[tokio::test]
async fn an_atomic_creation_creates_all_or_nothing() {
    let client = Client::empty().await;
    let body = json!({ "data": [{ "name": "a" }, { "name": "b", "colour": "red" }] });
    let response = client.post("defects?is_atomic_creation=true", &body).await;
    assert_eq!(response.status, 409);
    let page = response.json();
    assert_eq!(
        (&page["total_count"], &page["data"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(page["errors"][0]["index"], 1);
    assert_eq!(client.names("defects", "name", "id GT 0").await.len(), 0);
    let body = json!({ "data": [{ "name": "a" }, { "name": "b" }] });
    let response = client.post("defects?is_atomic_creation=true", &body).await;
    assert_eq!(response.status, 201);
    assert_eq!(client.names("defects", "name", "id GT 0").await, ["a", "b"]);
}

#[tokio::test]
async fn the_results_of_a_query_are_changed_at_once() {
    let client = Client::empty().await;
    for name in ["a1", "a2", "b1"] {
        story(&client, name).await;
    }
    let body = json!({ "data": [{ "description": "changed" }] });
    let path = "stories?fields=description&query=\"name%20EQ%20'a*'\"";
    let page = client.put(path, &body).await.ok();
    assert_eq!(
        (&page["total_count"], ids(&page)),
        (&json!(2), vec!["3002", "3003"])
    );
    assert_eq!(page["data"][0]["description"], "changed");
    let changed = "description EQ 'changed'";
    assert_eq!(client.names("stories", "name", changed).await, ["a1", "a2"]);
    for invalid in [
        json!({ "data": [{ "name": "x" }, { "name": "y" }] }),
        json!({ "data": [{ "id": "3002", "name": "x" }] }),
        json!({ "data": [] }),
    ] {
        assert_eq!(client.put(path, &invalid).await.status, 400, "{invalid}");
    }
    let invalid = json!({ "data": [{ "colour": "red" }] });
    let page = client.put(path, &invalid).await;
    assert_eq!(page.status, 409);
    assert_eq!(page.json()["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_results_of_a_query_are_deleted_at_once() {
    let client = Client::empty().await;
    for name in ["a1", "a2", "b1"] {
        story(&client, name).await;
    }
    let page = client
        .delete("work_items?query=\"name%20EQ%20'a*'\"")
        .await
        .ok();
    assert_eq!(
        (&page["total_count"], ids(&page)),
        (&json!(2), vec!["3002", "3003"])
    );
    let refusal = client.get("stories/3002").await.refusal();
    assert_eq!(refusal, (404, "platform.entity_not_found".to_owned()));
    let page = client
        .delete("stories?query=\"name%20EQ%20'nobody'\"")
        .await
        .ok();
    assert_eq!(page["total_count"], 0);
    // This prevents deleting a whole collection by accident.
    assert_eq!(client.delete("stories").await.status, 400);
    assert_eq!(client.names("stories", "name", "id GT 0").await, ["b1"]);
}

#[tokio::test]
async fn deleting_a_tree_by_query_deletes_each_entity_once() {
    let client = Client::empty().await;
    let root = json!({ "type": "application_module", "id": "1001" });
    let above = client
        .create(
            "application_modules",
            json!({ "name": "x", "parent": root }),
        )
        .await;
    let parent = json!({ "type": "application_module", "id": above });
    client
        .create(
            "application_modules",
            json!({ "name": "x", "parent": parent }),
        )
        .await;
    let response = client
        .delete("application_modules?query=\"name%20EQ%20'x'\"")
        .await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(client.list("application_modules").await.len(), 1);
}

#[tokio::test]
async fn references_are_replaced_or_appended() {
    let client = Client::empty().await;
    let id = story(&client, "S").await;
    let mut tests = Vec::new();
    for name in ["a", "b", "c"] {
        tests.push(
            client
                .create("automated_tests", json!({ "name": name }))
                .await,
        );
    }
    let to = |test: &String| json!({ "test": { "data": [{ "type": "test", "id": test }] } });
    let path = format!("stories/{id}?reference_update_mode=append");
    client.put(&path, &to(&tests[0])).await.ok();
    client.put(&path, &to(&tests[1])).await.ok();
    let covered = format!("covered_content EQ {{id EQ {id}}}");
    assert_eq!(client.names("tests", "name", &covered).await, ["a", "b"]);
    client
        .put(&format!("stories/{id}"), &to(&tests[2]))
        .await
        .ok();
    assert_eq!(client.names("tests", "name", &covered).await, ["c"]);
    assert_eq!(
        client
            .put(
                &format!("stories/{id}?reference_update_mode=add"),
                &to(&tests[2])
            )
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn sending_back_an_unchanged_value_does_not_write_it() {
    let client = Client::empty().await;
    let id = story(&client, "a").await;
    let path = format!("stories/{id}");
    let fields =
        "workspace_id,logical_name,creation_time,path,children,has_children,parent,phase,subtype";
    let mut whole = client.get(&format!("{path}?fields={fields}")).await.ok();
    whole["name"] = "b".into();
    client.put(&path, &whole).await.ok();
    assert_eq!(client.names("stories", "name", "id GT 0").await, ["b"]);
    for (field, value) in [
        ("path", json!("0000")),
        ("has_children", json!(true)),
        (
            "children",
            json!({ "data": [{ "type": "story", "id": "7" }] }),
        ),
        ("version_stamp", json!(2)),
    ] {
        let refusal = client.put(&path, &json!({ field: value })).await.refusal();
        let expected = (403, "platform.modify_non_editable_field".to_owned());
        assert_eq!(refusal, expected, "{field}");
    }
}

#[tokio::test]
async fn a_stale_lock_stamp_is_accepted_if_the_settings_say_so() {
    let mut settings = Settings::default();
    settings.entities.lock_stamp_checked = false;
    let client = Client::new(settings).await;
    let id = story(&client, "a").await;
    let body = json!({ "name": "b", "client_lock_stamp": 99 });
    client.put(&format!("stories/{id}"), &body).await.ok();
}

#[tokio::test]
async fn an_entity_that_is_changed_twice_is_returned_twice() {
    let client = Client::empty().await;
    let id = client.create("programs", json!({ "name": "P" })).await;
    let other = client.create("programs", json!({ "name": "Q" })).await;
    let body = json!({ "data": [{ "id": id, "name": "A" }, { "id": other, "name": "B" }, { "id": id, "name": "C" }] });
    let page = client.put("programs?fields=name", &body).await.ok();
    assert_eq!(page["total_count"], 3);
    assert_eq!(ids(&page), [&id, &other, &id]);
    assert_eq!(page["data"][0]["name"], "C");
}
