//! Features of lists other than queries: order, pages, groups, search, counts, defaults, entity tags.

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

use super::entities::story;
use super::{Client, WORKSPACE};
use crate::{DefaultFields, ListIds, OrderDefault, Settings};

async fn defect(client: &Client, name: &str, severity: &str) -> String {
    let severity = json!({ "type": "list_node", "id": format!("list_node.severity.{severity}") });
    client
        .create("defects", json!({ "name": name, "severity": severity }))
        .await
}

#[tokio::test]
async fn lists_are_ordered_ignoring_case_and_cut_into_pages() {
    let client = Client::empty().await;
    for name in ["b", "A", "c", "B"] {
        story(&client, name).await;
    }
    let names = |entities: Vec<Value>| -> String {
        entities
            .iter()
            .map(|entity| entity["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(names(client.list("stories?fields=name").await), "bAcB");
    assert_eq!(
        names(client.list("stories?fields=name&order_by=name").await),
        "AbBc"
    );
    assert_eq!(
        names(client.list("stories?fields=name&order_by=-name,-id").await),
        "cBbA"
    );
    assert_eq!(
        names(
            client
                .list("stories?fields=name&order_by=parent,name")
                .await
        ),
        "AbBc"
    );
    let page = client
        .get("stories?fields=name&order_by=name&limit=2&offset=1")
        .await
        .ok();
    assert_eq!(page["total_count"], 4);
    assert_eq!(names(page["data"].as_array().unwrap().clone()), "bB");
    assert_eq!(client.list("stories?offset=99").await.len(), 0);
    for invalid in [
        "limit=0",
        "limit=20001",
        "offset=-1",
        "order_by=colour",
        "order_by=test",
        "order_by=;",
    ] {
        assert_eq!(
            client.get(&format!("stories?{invalid}")).await.status,
            400,
            "{invalid}"
        );
    }
}

#[tokio::test]
async fn a_list_without_a_limit_has_the_default_limit() {
    let client = Client::new(Settings::default().list_limits(3, 5)).await;
    assert_eq!(client.list("stories").await.len(), 3);
    assert_eq!(client.list("stories?limit=5").await.len(), 5);
    assert_eq!(client.get("stories?limit=6").await.status, 400);
}

#[tokio::test]
async fn entities_are_counted_by_a_field() {
    let client = Client::empty().await;
    for (name, severity) in [("a", "high"), ("b", "high"), ("c", "urgent"), ("x", "low")] {
        defect(&client, name, severity).await;
    }
    let path = "work_items/groups?group_by=severity&query=\"subtype='defect';!name='x'\"";
    let groups = client.get(path).await.ok();
    assert_eq!(
        groups,
        json!({ "groupsTotalCount": 2, "groups": [
            { "count": 2, "value": { "type": "list_node", "id": "list_node.severity.high",
                "name": "High", "logical_name": "list_node.severity.high" } },
            { "count": 1, "value": { "type": "list_node", "id": "list_node.severity.urgent",
                "name": "Urgent", "logical_name": "list_node.severity.urgent" } },
        ] })
    );
    let numeric = client
        .get(&format!("{path}&use_numeric_id=true"))
        .await
        .ok();
    let value = &numeric["groups"][0]["value"];
    assert!(value["id"].as_str().unwrap().parse::<i64>().is_ok());
    assert_eq!(value["logical_name"], "list_node.severity.high");
    let none = client.get("defects/groups?group_by=release").await.ok();
    assert_eq!(none["groups"], json!([{ "count": 4, "value": null }]));
    let plain = client.get("work_items/groups?group_by=subtype").await.ok();
    assert_eq!(plain["groups"][0], json!({ "count": 4, "value": "defect" }));
    for invalid in ["", "?group_by=colour", "?group_by=children"] {
        assert_eq!(
            client.get(&format!("defects/groups{invalid}")).await.status,
            400,
            "{invalid}"
        );
    }
}

#[tokio::test]
async fn numbers_are_added_up_in_each_group() {
    let client = Client::empty().await;
    for (name, severity, points) in [
        ("a", "high", json!(3)),
        ("b", "high", json!(5)),
        ("c", "urgent", Value::Null),
    ] {
        let id = defect(&client, name, severity).await;
        let points = json!({ "story_points": points });
        client.put(&format!("defects/{id}"), &points).await.ok();
    }
    let path = "defects/groups?group_by=severity&group_data=sum(story_points)";
    let groups = client.get(path).await.ok();
    let sums: Vec<&Value> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| &group["aggregatedData"])
        .collect();
    let expected = [json!({ "story_points": 8 }), json!({ "story_points": 0 })];
    assert_eq!(sums, expected.iter().collect::<Vec<_>>());
    let two = format!("{path},%20sum(%20initial_estimate%20)");
    let sums = &client.get(&two).await.ok()["groups"][0]["aggregatedData"];
    assert_eq!(sums, &json!({ "story_points": 8, "initial_estimate": 0 }));
    // A sum that is wanted often is one column of the result.
    let often = format!("{path}{}", ",sum(story_points)".repeat(3000));
    assert_eq!(client.get(&often).await.ok(), groups);
    for invalid in ["sum(name)", "sum(colour)", "most(story_points)", "sum(a"] {
        let path = format!("defects/groups?group_by=severity&group_data={invalid}");
        assert_eq!(client.get(&path).await.status, 400, "{invalid}");
    }
}

#[tokio::test]
async fn an_entity_is_counted_once_by_each_value() {
    let client = Client::empty().await;
    let root = json!({ "type": "work_item_root", "id": "3001" });
    let story = json!({ "name": "Pay", "parent": root });
    let story = client.create("stories", story).await;
    let release = json!({
        "name": "R", "start_date": "2025-01-01T00:00:00Z", "end_date": "2025-02-01T00:00:00Z",
    });
    let other = client.create("releases", release).await;
    for release in ["2001", &other] {
        let xml = format!(
            "<test_result><release_ref id='{release}'/><test_runs><test_run name='t' status='Passed' duration='1'/>\
             </test_runs></test_result>"
        );
        assert_eq!(client.upload(&xml, "").await["status"], "success");
    }
    let covered = json!({ "covered_content": { "data": [{ "type": "work_item", "id": story }] } });
    for run in client.names("automated_runs", "id", "id GT 0").await {
        client
            .put(&format!("automated_runs/{run}"), &covered)
            .await
            .ok();
    }
    let path = "automated_tests/groups?group_by=work_items_of_last_run";
    let groups = client.get(path).await.ok();
    assert_eq!(groups["groups"][0]["value"]["id"], json!(story));
    assert_eq!(groups["groups"][0]["count"], 1);
    let path = "list_nodes/groups?group_by=id&query=\"logical_name='list_node.severity.high'\"";
    let high = client.get(path).await.ok();
    assert_eq!(high["groups"][0]["value"], "list_node.severity.high");
    let numeric = client.get(&format!("{path}&use_numeric_id=true")).await;
    let value = &numeric.ok()["groups"][0]["value"];
    assert!(value.as_str().unwrap().parse::<i64>().is_ok(), "{value}");
}

#[tokio::test]
async fn entities_are_counted_by_each_of_their_references() {
    let client = Client::empty().await;
    let tag = client.create("user_tags", json!({ "name": "smoke" })).await;
    let tags = json!({ "data": [{ "type": "user_tag", "id": tag }] });
    for name in ["a", "b"] {
        client
            .create("defects", json!({ "name": name, "user_tags": tags }))
            .await;
    }
    defect(&client, "c", "low").await;
    let groups = client.get("defects/groups?group_by=user_tags").await.ok();
    let found: Vec<(&Value, &Value)> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (&group["value"]["name"], &group["count"]))
        .collect();
    assert_eq!(
        found,
        [(&json!("smoke"), &json!(2)), (&Value::Null, &json!(1))]
    );
}

#[tokio::test]
async fn a_text_search_finds_words_anywhere_and_shows_snippets() {
    let client = Client::empty().await;
    for name in ["Login page", "page of LOGINS", "Logout"] {
        defect(&client, name, "low").await;
    }
    let described = json!({ "name": "z", "description": "<p>the login  page is slow</p>" });
    client.create("defects", described).await;
    story(&client, "login page").await;
    let search = "text_search=%7B%22type%22%3A%22global%22%2C%22text%22%3A%22login%20page%22%7D";
    let path = format!(
        "work_items?{search}&limit=4&order_by=id&fields=name&query=\"subtype%20IN%20'defect'\""
    );
    let page = client.get(&path).await.ok();
    assert_eq!(page["total_count"], 3);
    let results: Vec<&Value> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["global_text_search_result"])
        .collect();
    assert_eq!(
        results,
        [
            &json!({ "name": "<em>Login</em> <em>page</em>" }),
            &json!({ "name": "<em>page</em> of <em>LOGIN</em>S" }),
            &json!({ "description": "<p>the <em>login</em>  <em>page</em> is slow</p>" }),
        ]
    );
    let asked = "fields=name,global_text_search_result";
    let named = client.get(&format!("defects?{search}&{asked}")).await.ok();
    assert!(named["data"][0]["global_text_search_result"].is_object());
    assert_eq!(client.get(&format!("defects?{asked}")).await.status, 200);
    let wild = client
        .get("defects?text_search=%7B%22type%22%3A%22global%22%2C%22text%22%3A%22%25%22%7D")
        .await
        .ok();
    assert_eq!(wild["total_count"], 0);
    assert_eq!(client.get("defects?text_search=login").await.status, 400);
    let counted = client
        .get(&format!("work_items/groups?group_by=subtype&{search}"))
        .await
        .ok();
    assert_eq!(counted["groupsTotalCount"], 2);
}

#[tokio::test]
async fn matches_beyond_the_limit_are_not_counted() {
    let mut settings = Settings::default().seed_data(false);
    settings.entities.total_count_max = Some(2);
    let client = Client::new(settings).await;
    for name in ["a", "b"] {
        story(&client, name).await;
    }
    let page = client.get("stories").await.ok();
    assert_eq!(
        (&page["total_count"], &page["exceeds_total_count"]),
        (&json!(2), &json!(false))
    );
    story(&client, "c").await;
    let page = client.get("stories").await.ok();
    assert_eq!(
        (&page["total_count"], &page["exceeds_total_count"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(page["data"].as_array().unwrap().len(), 3);
    let expected = (400, "platform.exceeds_max_total_count".to_owned());
    assert_eq!(client.get("stories?offset=2").await.refusal(), expected);
    let all = "stories?query=\"id%20GT%200\"";
    assert_eq!(client.delete(all).await.refusal(), expected);
}

#[tokio::test]
async fn the_settings_choose_order_names_and_ids() {
    let mut settings = Settings::default().seed_data(false);
    settings.entities.order_default = OrderDefault::Name;
    settings.entities.default_fields = DefaultFields::Named;
    settings.entities.list_ids = ListIds::Opaque;
    let client = Client::new(settings).await;
    for name in ["b", "A"] {
        story(&client, name).await;
    }
    let stories = client.list("stories").await;
    let names: Vec<&Value> = stories.iter().map(|story| &story["name"]).collect();
    assert_eq!(names, ["A", "b"]);
    let story = client
        .get("stories/3002?fields=phase{logical_name}")
        .await
        .ok();
    let phase = &story["phase"];
    assert!(
        phase["id"].as_str().unwrap().parse::<i64>().is_ok(),
        "{phase}"
    );
    assert_eq!(phase["logical_name"], "phase.story.new");
    // Either ID is accepted.
    for id in [json!(phase["id"]), json!("phase.story.done")] {
        let body = json!({ "phase": { "type": "phase", "id": id } });
        client.put("stories/3002", &body).await.ok();
    }
}

#[tokio::test]
async fn a_response_that_the_client_has_is_not_sent_again() {
    let client = Client::empty().await;
    story(&client, "a").await;
    for path in [
        "stories",
        "stories/3002?fields=name",
        "stories/groups?group_by=phase",
    ] {
        let first = client.get(path).await;
        let tag = first.headers[header::ETAG].clone();
        let request =
            Request::get(format!("{WORKSPACE}/{path}")).header(header::IF_NONE_MATCH, &tag);
        let again = client.send(request, Body::empty()).await;
        assert_eq!(
            (again.status.as_u16(), again.body.len()),
            (304, 0),
            "{path}"
        );
        assert_eq!(again.headers[header::ETAG], tag);
    }
    let first = client.get("stories/3002?fields=name").await;
    client
        .put("stories/3002", &json!({ "name": "b" }))
        .await
        .ok();
    let tag = first.headers[header::ETAG].clone();
    let request = Request::get(format!("{WORKSPACE}/stories/3002?fields=name"));
    let again = client
        .send(request.header(header::IF_NONE_MATCH, tag), Body::empty())
        .await;
    assert_eq!(again.ok()["name"], "b");
}

#[tokio::test]
async fn a_reference_is_expanded_in_the_older_spelling() {
    let client = Client::new(Settings::default()).await;
    let story = &client
        .list("stories?limit=1&expand=parent{fields=name,phase},release{fields=name}")
        .await[0];
    assert_eq!(story["subtype"], "story");
    assert_eq!(story["release"]["name"], "Shop 25.3");
    assert_eq!(story["parent"]["phase"]["id"], "phase.feature.new");
}

#[tokio::test]
async fn all_references_are_expanded_at_once() {
    let client = Client::new(Settings::default()).await;
    let path = "stories?limit=1&fields=name,phase,release,user_tags&expand=$all%7Bfields=name%7D";
    let story = &client.list(path).await[0];
    assert_eq!(story["release"]["name"], "Shop 25.3");
    assert_eq!(story["phase"]["name"], "New");
    // What has no name is returned without one.
    for collection in [
        "stories",
        "run_steps",
        "team_members",
        "comments",
        "automated_runs",
    ] {
        let path = format!("{collection}?expand=$all%7B%20fields%20=%20name%20%7D");
        let list = client.get(&path).await;
        assert_eq!(list.status, 200, "{collection}: {}", list.text());
    }
}
