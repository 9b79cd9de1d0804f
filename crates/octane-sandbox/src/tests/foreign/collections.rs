//! Collections that clients of other people use, besides those of the main flows.

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::{SPACE, only, query};
use crate::tests::Client;
use crate::tests::entities::story;

#[tokio::test]
async fn every_collection_that_clients_name_exists() {
    let client = Client::empty().await;
    for collection in [
        "tasks",
        "team_sprints",
        "user_items",
        "executors",
        "test_runners",
        "ci_jobs",
        "pipeline_nodes",
        "pipeline_runs",
        "scm_commits",
        "scm_commit_patterns",
        "model_items",
        "entity_parameters",
        "processes",
        "suite_run_schedulers",
        "suite_run_scheduler_runs",
        "entity_labels",
        "scm_repository_roots",
        "scm_repositories",
        "scm_resource_files",
        "pull_requests",
        "pipeline_node_runs",
        "bdd_specs",
        "user_roles",
        "planning_info",
        "form_layouts",
        "metadata_fields",
    ] {
        let list = client
            .get(&format!("{collection}?fields=name&limit=1"))
            .await;
        let is_unnamed = ["team_sprints", "user_items"].contains(&collection);
        assert_eq!(
            list.status,
            if is_unnamed { 400 } else { 200 },
            "{collection}: {}",
            list.text()
        );
    }
    assert_eq!(
        client
            .names("user_roles", "name", "logical_name EQ 'role.tester'")
            .await,
        ["Tester"]
    );
}

#[tokio::test]
async fn the_timesheet_of_a_space_is_empty() {
    let client = Client::empty().await;
    let path = format!(
        "{SPACE}/timesheet?login_names=sandbox&start_date=2025-07-01&end_date=2025-07-31\
         &workspace_ids=1002&task_level=true"
    );
    let list = client.send(Request::get(path), Body::empty()).await.ok();
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn the_hours_of_a_story_are_those_of_its_tasks() {
    let client = Client::empty().await;
    let id = story(&client, "S").await;
    for (name, estimated, invested) in [("a", 5, 2), ("b", 3, json!(null).as_i64().unwrap_or(0))] {
        let task = json!({ "name": name, "story": { "type": "story", "id": id }, "estimated_hours": estimated,
            "invested_hours": invested, "item_type": { "type": "list_node", "id": "list_node.task_item_type.develop" } });
        client.create("tasks", task).await;
    }
    let item = client
        .get(&format!(
            "stories/{id}?fields=estimated_hours,invested_hours,remaining_hours,tasks_number"
        ))
        .await
        .ok();
    assert_eq!(
        (&item["estimated_hours"], &item["invested_hours"]),
        (&json!(8), &json!(2))
    );
    assert_eq!(
        (&item["remaining_hours"], &item["tasks_number"]),
        (&json!(null), &json!(2))
    );
    let task = only(
        &client,
        &format!("tasks?fields=phase&{}", query("name EQ 'a'")),
    )
    .await;
    assert_eq!(task["phase"]["id"], "phase.task.new");
    let hours = json!({ "estimated_hours": 9 });
    assert_eq!(
        client.put(&format!("stories/{id}"), &hours).await.status,
        403
    );
    client.delete(&format!("stories/{id}")).await;
    assert_eq!(client.list("tasks").await.len(), 0);
}

#[tokio::test]
async fn users_follow_items_and_stop_following_them() {
    let client = Client::empty().await;
    let id = story(&client, "S").await;
    let user = client
        .names("workspace_users", "id", "name EQ 'sandbox'")
        .await
        .remove(0);
    let item = json!({ "origin": 1, "is_new": false, "reason": null, "entity_type": "work_item",
        "my_follow_items_work_item": { "type": "work_item", "id": id }, "user": { "type": "workspace_user", "id": user } });
    client.create("user_items", item).await;
    let condition = format!("user_item={{(user={{id={user}}})}}");
    assert_eq!(client.names("work_items", "name", &condition).await, ["S"]);
    let condition = query(&format!(
        "my_follow_items_work_item={{id={id}}};user={{id={user}}}"
    ));
    assert_eq!(
        client
            .delete(&format!("user_items?{condition}"))
            .await
            .status,
        200
    );
    assert_eq!(client.list("user_items").await.len(), 0);
}

#[tokio::test]
async fn a_team_has_members_under_both_names() {
    let client = Client::empty().await;
    let user = client
        .names("workspace_users", "id", "name EQ 'sandbox'")
        .await
        .remove(0);
    let team = client.create("teams", json!({ "name": "T" })).await;
    let members = json!({ "members": { "data": [{ "type": "workspace_user", "id": user }] } });
    client.put(&format!("teams/{team}"), &members).await.ok();
    client
        .put(
            &format!("teams/{team}?reference_update_mode=append"),
            &members,
        )
        .await
        .ok();
    let read = client
        .get(&format!(
            "teams/{team}?fields=number_of_members,team_members{{workspace_user,capacity}}"
        ))
        .await
        .ok();
    assert_eq!(read["number_of_members"], 1);
    assert_eq!(
        read["team_members"]["data"][0]["workspace_user"]["id"],
        user
    );
}

#[tokio::test]
async fn a_user_of_the_workspace_can_be_created() {
    let client = Client::empty().await;
    let user = json!({ "email": "jane@octane.example", "first_name": "Jane", "last_name": "Doe", "phone1": "1", "password": "p" });
    client.create("workspace_users", user).await;
    let condition = query("name EQ 'jane@octane.example'");
    let read = only(
        &client,
        &format!("workspace_users?fields=full_name,uid,password&{condition}"),
    )
    .await;
    assert_eq!(read["full_name"], "Jane Doe");
    assert_eq!(read["uid"], read["id"]);
    assert!(read["password"].is_null());
    let nameless = json!({ "data": [{ "first_name": "Jim" }] });
    assert_eq!(client.post("workspace_users", &nameless).await.status, 409);
}

#[tokio::test]
async fn a_suite_tells_what_runs_its_tests() {
    let client = Client::empty().await;
    let suite = client.create("test_suites", json!({ "name": "S" })).await;
    let test = client
        .create(
            "automated_tests",
            json!({ "name": "a", "class_name": "C", "package": "p" }),
        )
        .await;
    let runner = client
        .create(
            "executors",
            json!({ "name": "r", "subtype": "test_runner" }),
        )
        .await;
    let link = json!({ "subtype": "test_suite_link_to_automated", "test": { "type": "test", "id": test },
        "test_suite": { "type": "test", "id": suite }, "test_runner": { "type": "executor", "id": runner },
        "execution_parameters": "a=b" });
    client.create("test_suite_link_to_tests", link).await;
    // The fields and the query of the vendor's CI SDK.
    let fields = "test_runner,id,order,test_id,execution_parameters,taxonomies,run_mode,data_table{relative_path},\
        test{id,name,subtype,external_test_id,class_name,package,automation_identifier,bdd_spec}";
    let condition = query(&format!(
        "(test_suite={{id={suite}}});(include_in_next_run=true);(test={{(!(subtype='test_manual'))}})"
    ));
    let read = only(
        &client,
        &format!("test_suite_link_to_tests?fields={fields}&order_by=order,id&{condition}"),
    )
    .await;
    assert_eq!(read["test_runner"]["id"], runner);
    assert_eq!(
        (&read["test_id"].to_string(), &read["test"]["class_name"]),
        (&test, &json!("C"))
    );
}
