//! What the vendor's IDE plug-ins ask for (`octane-plugin-common`: its services and their integration tests).

use http::Method;
use serde_json::{Value, json};

use super::people::{ask, get};
use super::{count, only, query};
use crate::tests::Client;
use crate::tests::entities::story;

/// The hits of a search in a collection.
async fn search(client: &Client, collection: &str, text: &str) -> Vec<Value> {
    let search = json!({ "type": "global", "text": text }).to_string();
    let search: String = url::form_urlencoded::byte_serialize(search.as_bytes()).collect();
    client
        .list(&format!(
            "{collection}?text_search={search}&limit=20&order_by=id"
        ))
        .await
}

#[tokio::test]
async fn a_number_finds_the_entity_with_that_id() {
    let client = Client::empty().await;
    let id = story(&client, "Pay later").await;
    let other = story(&client, &format!("Follows {id}")).await;
    let hits = search(&client, "work_items", &id).await;
    let found: Vec<&Value> = hits.iter().map(|hit| &hit["id"]).collect();
    assert_eq!(found, [id.as_str(), other.as_str()]);
    // The client shows the name that it finds there.
    let name = |hit: &Value| hit["global_text_search_result"]["name"].clone();
    assert_eq!(name(&hits[0]), "Pay later");
    assert_eq!(name(&hits[1]), format!("Follows <em>{id}</em>"));
    assert_eq!(
        search(&client, "work_items", &format!("{id} Pay")).await,
        Vec::<Value>::new()
    );
}

#[tokio::test]
async fn types_have_labels_with_initials() {
    let client = Client::empty().await;
    let labels = client.list("entity_labels").await;
    for entity_type in [
        "defect",
        "story",
        "quality_story",
        "feature",
        "epic",
        "task",
        "test_manual",
        "run_suite",
    ] {
        let label = labels
            .iter()
            .find(|label| label["entity_type"] == entity_type);
        let label = label.expect(entity_type);
        assert_eq!(label["language"], "lang.en");
        assert!(
            label["name"].is_string() && label["initials"].is_string(),
            "{label}"
        );
    }
}

#[tokio::test]
async fn requirements_begin_as_drafts() {
    let client = Client::empty().await;
    let root = client.only_id("requirements").await;
    let folder = json!({ "subtype": "requirement_folder", "name": "F", "parent": { "type": "requirement", "id": root } });
    let folder = client.create("requirements", folder).await;
    let draft =
        json!({ "type": "phase", "id": "phase.requirement_document.draft", "name": "Draft" });
    let requirement = json!({
        "type": "requirement", "subtype": "requirement_document", "name": "R", "phase": draft,
        "parent": { "type": "requirement_folder", "id": folder },
    });
    client.create("requirements", requirement).await;
    let first = only(
        &client,
        &format!(
            "transitions?fields=source_phase&{}",
            query("entity EQ ^requirement_document^")
        ),
    )
    .await;
    assert_eq!(
        first["source_phase"]["id"],
        "phase.requirement_document.draft"
    );
}

#[tokio::test]
async fn a_user_is_created_with_roles_and_belongs_to_the_workspace() {
    let client = Client::empty().await;
    let role = json!({ "type": "user_role", "id": "role.tester" });
    let user = json!({
        "type": "workspace_user", "first_name": "User", "last_name": "One", "email": "user.one@octane.example",
        "password": "Welcome1", "roles": { "data": [role] },
    });
    let id = client.create("workspace_users", user).await;
    let path = format!("workspace_users/{id}?fields=roles,workspace_roles{{role{{logical_name}}}}");
    let user = client.get(&path).await.ok();
    assert_eq!(
        user["roles"]["data"],
        json!([{ "type": "user_role", "id": "role.tester" }])
    );
    assert_eq!(
        user["workspace_roles"]["data"][0]["role"]["logical_name"],
        "role.tester"
    );
    let leader =
        json!({ "roles": { "data": [{ "type": "user_role", "id": "role.team.leader" }] } });
    client
        .put(&format!("workspace_users/{id}"), &leader)
        .await
        .ok();
    let user = client.get(&path).await.ok();
    assert_eq!(
        user["roles"]["data"],
        json!([{ "type": "user_role", "id": "role.team.leader" }])
    );

    let me = get(&client, "/api/current_user/").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for user in [me, id] {
        let path = format!(
            "/api/shared_spaces/1001/workspaces?fields=id,name&{}",
            query(&format!("users={{id={user}}}"))
        );
        let workspaces = ask(&client, Method::GET, &path, None).await;
        assert_eq!(workspaces["data"][0]["id"], "1002", "{workspaces}");
    }
    let unknown = json!({ "data": [{ "email": "x@octane.example", "roles": { "data": [{ "id": "role.none" }] } }] });
    assert_eq!(client.post("workspace_users", &unknown).await.status, 409);
}

#[tokio::test]
async fn everything_that_users_may_follow_can_be_asked_for() {
    let client = Client::empty().await;
    let me = get(&client, "/api/current_user/").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (collection, fields) in [
        (
            "work_items",
            "id,name,phase,subtype,release,taxonomies,author,story_points,owner,invested_hours,detected_by",
        ),
        ("requirements", "id,name,phase,author,owner,release,subtype"),
        (
            "tasks",
            "id,name,phase,release,author,story,owner,remaining_hours",
        ),
        (
            "runs",
            "id,name,subtype,native_status,author,taxonomies,started,test_name",
        ),
        (
            "tests",
            "id,name,phase,subtype,test_type,author,owner,automation_status,steps_num,bdd_spec",
        ),
        ("model_items", "id,name,subtype,owner,phase"),
        (
            "processes",
            "id,name,subtype,owner,phase,duration,start_time,end_time",
        ),
        ("suite_run_schedulers", "id,name,author,status"),
        ("suite_run_scheduler_runs", "id,name,status"),
    ] {
        let followed = query(&format!("(user_item EQ {{(user EQ {{id EQ {me}}})}})"));
        let list = client
            .get(&format!(
                "{collection}?fields={fields}&{followed}&order_by=id"
            ))
            .await;
        assert_eq!(list.ok()["total_count"], 0, "{collection}");
    }
    let unit = json!({ "subtype": "unit", "name": "Log in" });
    let unit = client.create("model_items", unit).await;
    let follow = json!({
        "origin": 1, "entity_type": "model_item", "user": { "type": "workspace_user", "id": me },
        "my_follow_items_model_item": { "type": "unit", "id": unit },
    });
    client.create("user_items", follow).await;
    let followed = format!("user_item EQ {{user EQ {{id EQ {me}}}}}");
    assert_eq!(count(&client, "model_items", &followed).await, 1);
}

#[tokio::test]
async fn a_mention_is_dismissed() {
    let client = Client::empty().await;
    let me = get(&client, "/api/current_user/").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let id = story(&client, "Pay later").await;
    let comment = json!({
        "text": "look", "owner_work_item": { "type": "work_item", "id": id },
        "mention_user": { "data": [{ "type": "workspace_user", "id": me }] },
    });
    let comment = client.create("comments", comment).await;
    let mentions = format!("mention_user EQ {{id EQ {me}}}");
    assert_eq!(count(&client, "comments", &mentions).await, 1);
    let path = |comment: &str| {
        format!("/internal-api/shared_spaces/1001/workspaces/1002/comments/{comment}/dismiss")
    };
    ask(
        &client,
        Method::PUT,
        &path(&comment),
        Some(json!({ "id": comment })),
    )
    .await;
    assert_eq!(count(&client, "comments", &mentions).await, 0);
    assert_eq!(count(&client, "comments", "id GT 0").await, 1);
    let unknown = http::Request::put(path("1")).header("Content-Type", "application/json");
    assert_eq!(client.send(unknown, "{}").await.status, 404);
}
