//! Defects, stories and features.

use serde_json::{Value, json};

use super::{Client, count, ids, only, query, release, root};

/// A defect with all the fields that clients fill in.
async fn defect(client: &Client, name: &str, phase: &str) -> String {
    let severity = "list_nodes?fields=name,logical_name&query=%22logical_name%3D%27list_node.severity.high%27%22";
    let fields = json!({
        "name": name, "parent": root(client).await, "severity": only(client, severity).await,
        "phase": { "type": "phase", "id": phase },
    });
    client.create("defects", fields).await
}

#[tokio::test]
async fn a_defect_needs_only_a_name() {
    let client = Client::empty().await;
    let id = client.create("defects", json!({ "name": "potato" })).await;
    let read = client
        .get(&format!("defects/{id}?fields=name,phase,parent"))
        .await
        .ok();
    assert_eq!(read["phase"]["id"], "phase.defect.new");
    assert_eq!(read["parent"]["type"], "work_item_root");
}

#[tokio::test]
async fn bodies_with_envelope_counts_and_complete_references_are_accepted() {
    let client = Client::empty().await;
    let root = client
        .get("work_item_roots?fields=name,creation_time,children")
        .await
        .ok();
    let body = json!({
        "data": [{ "name": "d", "parent": root["data"][0] }],
        "total_count": 1, "exceeds_total_count": false,
    });
    assert_eq!(client.post("defects", &body).await.status, 201);
}

#[tokio::test]
async fn one_of_two_defects_fails_and_the_response_has_both_lists() {
    let client = Client::empty().await;
    let body =
        json!({ "data": [{ "name": "potato1", "version_stamp": 111 }, { "name": "potato2" }] });
    let response = client.post("defects", &body).await;
    assert_eq!(response.status, 409);
    let body = response.json();
    assert_eq!(
        (ids(&body).len(), body["errors"].as_array().unwrap().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn an_entity_is_written_back_as_read_and_only_the_stamp_is_rejected() {
    let client = Client::empty().await;
    let id = client.create("defects", json!({ "name": "potato" })).await;
    let mut read = client.get(&format!("defects/{id}")).await.ok();
    let path = format!("defects/{id}");
    read["name"] = json!("tomato");
    assert_eq!(client.put(&path, &read).await.status, 200);
    read["version_stamp"] = json!(111);
    let (status, code) = client.put(&path, &read).await.refusal();
    assert_eq!(
        (status, code.as_str()),
        (403, "platform.modify_non_editable_field")
    );
}

#[tokio::test]
async fn defects_of_a_release_that_are_not_done_are_listed_and_grouped_by_severity() {
    let client = Client::empty().await;
    let release = release(&client, "R").await;
    let mut made = Vec::new();
    for phase in ["new", "closed", "new", "new"] {
        let phase = format!("phase.defect.{phase}");
        made.push(defect(&client, &phase, &phase).await);
    }
    let urgent = json!({ "type": "list_node", "id": "list_node.severity.urgent" });
    let mut changes: Vec<Value> = made
        .iter()
        .map(|id| json!({ "id": id, "release": release }))
        .collect();
    changes[2]["severity"] = urgent;
    let updated = client
        .put("defects", &json!({ "data": changes }))
        .await
        .ok();
    assert_eq!(updated["total_count"], 4);

    let release = release["id"].as_str().unwrap();
    let filter = query(&format!(
        "subtype='defect';release={{id='{release}'}};phase={{metaphase={{!logical_name='metaphase.work_item.done'}}}}"
    ));
    let list = client
        .get(&format!("work_items?{filter}&order_by=id"))
        .await
        .ok();
    assert_eq!(ids(&list), [&made[0], &made[2], &made[3]]);

    let groups = client
        .get(&format!(
            "work_items/groups?{filter}&group_by=severity&use_numeric_id=true"
        ))
        .await
        .ok();
    assert_eq!(groups["groupsTotalCount"], 2);
    let mut counted: Vec<(String, u64)> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let name = group["value"]["logical_name"].as_str().unwrap();
            (name.to_owned(), group["count"].as_u64().unwrap())
        })
        .collect();
    counted.sort();
    let expected = [
        ("list_node.severity.high", 2),
        ("list_node.severity.urgent", 1),
    ];
    assert_eq!(
        counted,
        expected.map(|(name, count)| (name.to_owned(), count))
    );
}

#[tokio::test]
async fn a_defect_deleted_by_a_query_on_all_items_is_gone() {
    let client = Client::empty().await;
    let id = client
        .create("defects", json!({ "name": "by filter" }))
        .await;
    let deleted = client
        .delete(&format!("work_items?{}", query("name='by filter'")))
        .await
        .ok();
    assert_eq!(
        (ids(&deleted), &deleted["total_count"]),
        (vec![id.as_str()], &json!(1))
    );
    let (status, code) = client.get(&format!("defects/{id}")).await.refusal();
    assert_eq!((status, code.as_str()), (404, "platform.entity_not_found"));
}

#[tokio::test]
async fn an_epic_with_a_feature_is_created_and_changed_as_items_with_a_subtype() {
    let client = Client::empty().await;
    let item = |subtype: &str, parent: Value| {
        json!({ "data": [{
            "name": subtype, "subtype": subtype, "parent": parent, "type": "work_item",
            "phase": { "type": "phase", "id": format!("phase.{subtype}.new") },
        }] })
    };
    let create = async |body: Value| {
        let made = client.post("work_items?fields=name,subtype", &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["data"][0].clone()
    };
    let epic = create(item("epic", root(&client).await)).await;
    assert_eq!(
        (&epic["subtype"], &epic["name"]),
        (&json!("epic"), &json!("epic"))
    );
    let feature = create(item("feature", epic)).await;
    assert_eq!(feature["subtype"], "feature");
    let path = format!("work_items/{}?fields=name", feature["id"].as_str().unwrap());
    let renamed = client
        .put(&path, &json!({ "name": "feature_updated" }))
        .await
        .ok();
    assert_eq!(renamed["name"], "feature_updated");
    assert_eq!(
        client.delete(path.split('?').next().unwrap()).await.text(),
        ""
    );
}

#[tokio::test]
async fn the_number_of_stories_equals_that_of_items_with_that_subtype() {
    let client = Client::new(crate::Settings::default()).await;
    let stories = client.get("stories").await.ok();
    assert_eq!(
        stories["total_count"],
        count(&client, "work_items", "(subtype EQ 'story')").await
    );
}

#[tokio::test]
async fn points_of_a_defect_can_be_queried_by_range_and_list() {
    let client = Client::empty().await;
    let time = 1_795_212_000_000_i64;
    for more in 0..3_i64 {
        let fields = json!({ "name": more.to_string(), "story_points": time + more * 10 });
        client.create("defects", fields).await;
    }
    let names = async |text: String| client.names("defects", "name", &text).await;
    assert_eq!(
        names(format!("(story_points BTW {} ...{})", time - 1, time + 10)).await,
        ["0", "1"]
    );
    assert_eq!(
        names(format!("(story_points IN {time},{})", time + 20)).await,
        ["0", "2"]
    );
}

#[tokio::test]
async fn ids_can_be_compared_as_text_and_cross_filters_can_be_negated_inside() {
    let client = Client::empty().await;
    let release = release(&client, "R").await;
    let fields = json!({ "name": "a", "release": release });
    let id = client.create("defects", fields).await;
    let other = client.create("defects", json!({ "name": "b" })).await;
    let release = release["id"].as_str().unwrap();
    let names = async |text: String| client.names("defects", "name", &text).await;
    assert_eq!(
        names(format!("(id EQ '{id}');(name EQ 'a')||(id EQ '{other}')")).await,
        ["a", "b"]
    );
    assert_eq!(names(format!("(id IN '{id}','{other}')")).await, ["a", "b"]);
    assert_eq!(
        names(format!("(release EQ {{(id EQ '{release}')}})")).await,
        ["a"]
    );
    assert!(
        names(format!("(release EQ {{!(id EQ '{release}')}})"))
            .await
            .is_empty()
    );
    assert_eq!(names("release={null}".to_owned()).await, ["b"]);
}

#[tokio::test]
async fn tests_that_cover_a_defect_are_added_from_the_defect_and_found_from_the_tests() {
    let client = Client::empty().await;
    let defect = client.create("defects", json!({ "name": "covered" })).await;
    let mut tests = Vec::new();
    for name in ["one", "two", "three"] {
        tests.push(client.create("manual_tests", json!({ "name": name })).await);
    }
    let path = format!("defects/{defect}?reference_update_mode=append");
    for id in [&tests[0], &tests[2]] {
        let body = json!({ "id": defect, "test": { "data": [{ "type": "test", "id": id }] } });
        assert_eq!(client.put(&path, &body).await.status, 200);
    }
    let covering = query(&format!("covered_content={{id='{defect}'}}"));
    let list = client
        .get(&format!("tests?{covering}&order_by=id"))
        .await
        .ok();
    assert_eq!(ids(&list), [&tests[0], &tests[2]]);
}

#[tokio::test]
async fn a_comment_may_have_no_text() {
    let client = Client::empty().await;
    let defect = client
        .create("defects", json!({ "name": "talked of" }))
        .await;
    let owner = json!({ "owner_work_item": { "type": "defect", "id": defect } });
    let id = client.create("comments", owner).await;
    let list = client
        .get("comments?fields=owner_work_item,text")
        .await
        .ok();
    assert_eq!(ids(&list), [id]);
    assert_eq!(list["data"][0]["owner_work_item"]["id"], defect.as_str());
}

#[tokio::test]
async fn metadata_of_a_defect_has_at_least_fifty_fields() {
    let client = Client::empty().await;
    assert!(count(&client, "metadata/fields", "entity_name='defect'").await >= 50);
}
