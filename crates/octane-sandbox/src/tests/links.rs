//! Multi-references, from both sides.

use serde_json::{Value, json};

use super::entities::story;
use super::ingestion::{one_run, suite};
use super::{Client, Sandbox};
use crate::Settings;

fn links(items: &[(&str, &str)]) -> Value {
    let data: Vec<Value> = items
        .iter()
        .map(|(entity_type, id)| json!({ "type": entity_type, "id": id }))
        .collect();
    json!({ "data": data })
}

async fn ids(client: &Client, path: &str, field: &str) -> Vec<String> {
    let entity = client.get(&format!("{path}?fields={field}")).await.ok();
    let data = entity[field]["data"].as_array().unwrap();
    assert_eq!(entity[field]["total_count"], data.len());
    data.iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_put_replaces_references_unless_it_appends() {
    let client = Client::empty().await;
    let (a, b, c) = (
        story(&client, "a").await,
        story(&client, "b").await,
        story(&client, "c").await,
    );
    let test = client
        .create("automated_tests", json!({ "name": "t" }))
        .await;
    let path = format!("automated_tests/{test}");
    let body = json!({ "covered_content": links(&[("story", &a), ("work_item", &b)]) });
    client.put(&path, &body).await.ok();
    let body = json!({ "covered_content": links(&[("story", &b), ("story", &c)]) });
    client
        .put(&format!("{path}?reference_update_mode=append"), &body)
        .await
        .ok();
    assert_eq!(
        ids(&client, &path, "covered_content").await,
        [a.clone(), b.clone(), c.clone()]
    );
    client.put(&path, &body).await.ok();
    assert_eq!(
        ids(&client, &path, "backlog_coverage").await,
        [b.clone(), c]
    );
    assert_eq!(
        ids(&client, &format!("stories/{b}"), "test").await,
        std::slice::from_ref(&test)
    );
    client
        .put(&path, &json!({ "covered_content": { "data": [] } }))
        .await
        .ok();
    assert!(ids(&client, &path, "covered_content").await.is_empty());
    let invalid = client
        .put(&format!("{path}?reference_update_mode=add"), &body)
        .await;
    assert_eq!(invalid.status, 400);
}

#[tokio::test]
async fn a_link_created_from_the_story_is_visible_from_the_test() {
    let client = Client::empty().await;
    let story = story(&client, "a").await;
    let test = client
        .create("automated_tests", json!({ "name": "t" }))
        .await;
    let body = json!({ "test": links(&[("test", &test)]) });
    client
        .put(
            &format!("stories/{story}?reference_update_mode=append"),
            &body,
        )
        .await
        .ok();
    let query = format!("covered_content EQ {{id EQ {story}}}");
    assert_eq!(
        client.names("tests", "id", &query).await,
        std::slice::from_ref(&test)
    );
    let covered = client
        .get(&format!(
            "tests/{test}?fields=covered_content{{name,subtype}}"
        ))
        .await
        .ok();
    let expected = json!([{ "type": "story", "id": story, "name": "a", "subtype": "story" }]);
    assert_eq!(covered["covered_content"]["data"], expected);
}

#[tokio::test]
async fn only_backlog_items_of_certain_types_can_be_covered() {
    let client = Client::empty().await;
    let test = client
        .create("automated_tests", json!({ "name": "t" }))
        .await;
    let path = format!("automated_tests/{test}");
    for (entity_type, id, status) in [
        ("story", "9999", 404),
        ("work_item_root", "3001", 400),
        ("test", &test, 400),
    ] {
        let body = json!({ "covered_content": links(&[(entity_type, id)]) });
        assert_eq!(
            client.put(&path, &body).await.status,
            status,
            "{entity_type}"
        );
    }
}

#[tokio::test]
async fn runs_are_linked_where_they_have_the_field() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    client.upload(&one_run(&suite, "r1", "adds"), "").await;
    let run = client.only_id("automated_runs").await;
    let story = story(&client, "a").await;
    let body = json!({ "data": [{ "id": run, "covered_content": links(&[("story", &story)]) }] });
    client
        .put("automated_runs?reference_update_mode=append", &body)
        .await
        .ok();
    client
        .put("automated_runs?reference_update_mode=append", &body)
        .await
        .ok();
    let path = format!("automated_runs/{run}");
    assert_eq!(
        ids(&client, &path, "covered_content").await,
        std::slice::from_ref(&story)
    );
    let query = format!("covered_content EQ {{id EQ {story}}}");
    assert_eq!(client.names("runs", "id", &query).await, [run]);
    // The test of the run is separate.
    assert!(client.names("tests", "id", &query).await.is_empty());
}

#[tokio::test]
async fn runs_are_not_linked_where_they_lack_the_field() {
    let settings = Settings::default()
        .seed_data(false)
        .run_backlog_field(false);
    let client = Client::of(&Sandbox::open(settings).unwrap()).await;
    let suite = suite(&client, "Nightly").await;
    client.upload(&one_run(&suite, "r1", "adds"), "").await;
    let run = client.only_id("automated_runs").await;
    let story = story(&client, "a").await;
    let body = json!({ "covered_content": links(&[("story", &story)]) });
    for collection in ["automated_runs", "runs"] {
        let refusal = client
            .put(&format!("{collection}/{run}"), &body)
            .await
            .refusal();
        assert_eq!(refusal, (400, "platform.unknown_field".to_owned()));
    }
    assert_eq!(
        client
            .get("automated_runs?fields=covered_content")
            .await
            .status,
        400
    );
    let path = "metadata/fields?query=\"entity_name%20EQ%20'run_automated';name%20EQ%20'covered_content'\"";
    assert_eq!(client.list(path).await, [] as [Value; 0]);
    // Their tests can be linked.
    let test = client.only_id("automated_tests").await;
    client
        .put(&format!("automated_tests/{test}"), &body)
        .await
        .ok();
    assert_eq!(
        ids(&client, &format!("stories/{story}"), "test").await,
        [test]
    );
}

#[tokio::test]
async fn a_defect_and_a_run_are_linked_from_either_side() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    client.upload(&one_run(&suite, "r1", "adds"), "").await;
    let run = client.only_id("automated_runs").await;
    let fields = json!({ "name": "d", "parent": { "type": "work_item_root", "id": "3001" } });
    let defect = client.create("defects", fields).await;
    client
        .put(
            &format!("defects/{defect}"),
            &json!({ "run": links(&[("run", &run)]) }),
        )
        .await
        .ok();
    assert_eq!(
        ids(&client, &format!("automated_runs/{run}"), "defect").await,
        [defect]
    );
}

#[tokio::test]
async fn a_reference_and_a_body_must_say_the_type_and_the_id_that_an_entity_has() {
    let client = Client::empty().await;
    let a = story(&client, "a").await;
    let b = story(&client, "b").await;
    let test = client
        .create("automated_tests", json!({ "name": "t" }))
        .await;
    let path = format!("automated_tests/{test}");
    for (said, status) in [("story", 200), ("work_item", 200), ("defect", 400)] {
        let body = json!({ "covered_content": links(&[(said, &a)]) });
        let response = client.put(&path, &body).await;
        assert_eq!(response.status, status, "{said}: {}", response.text());
    }
    let path = format!("stories/{a}");
    for (body, status) in [
        (json!({ "id": a, "type": "story", "name": "a2" }), 200),
        (
            json!({ "id": a.parse::<i64>().unwrap(), "type": "work_item" }),
            200,
        ),
        (json!({ "id": null, "type": "nonsense", "name": "a3" }), 200),
        (json!({ "id": b, "name": "a4" }), 400),
        (json!({ "type": "defect", "name": "a5" }), 400),
    ] {
        let response = client.put(&path, &body).await;
        assert_eq!(response.status, status, "{body}: {}", response.text());
    }
    let many = json!({ "data": [{ "id": a, "type": "defect", "name": "a6" }] });
    assert_eq!(client.put("stories", &many).await.status, 409);
    assert_eq!(
        client.names("stories", "name", "id GT 0").await,
        ["a3", "b"]
    );
}
