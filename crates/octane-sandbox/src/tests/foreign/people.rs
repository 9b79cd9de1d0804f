//! Spaces, workspaces, users, roles and teams.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use super::{Client, SPACE, ids, only, query, release};

/// A request outside of the workspace.
pub(super) async fn ask(client: &Client, method: Method, path: &str, body: Option<Value>) -> Value {
    let request = Request::builder().method(method).uri(path);
    let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
    client.send(request, body).await.ok()
}

pub(super) async fn get(client: &Client, path: &str) -> Value {
    ask(client, Method::GET, path, None).await
}

#[tokio::test]
async fn the_shared_spaces_and_their_workspaces_are_listed() {
    let client = Client::empty().await;
    let spaces = get(&client, "/api/shared_spaces").await;
    assert_eq!(
        (ids(&spaces), &spaces["data"][0]["type"]),
        (vec!["1001"], &json!("shared_space"))
    );
    let workspaces = get(&client, &format!("{SPACE}/workspaces")).await;
    assert_eq!(
        (ids(&workspaces), &workspaces["data"][0]["type"]),
        (vec!["1002"], &json!("workspace"))
    );
}

#[tokio::test]
async fn a_workspace_is_created_and_found_by_name() {
    let client = Client::empty().await;
    let body = json!({ "data": [{ "name": "WS_1" }] });
    let made = ask(
        &client,
        Method::POST,
        &format!("{SPACE}/workspaces?fields=name"),
        Some(body),
    )
    .await;
    assert_eq!(made["data"][0]["name"], "WS_1");
    assert_eq!(
        get(&client, &format!("{SPACE}/workspaces")).await["total_count"],
        2
    );
}

#[tokio::test]
async fn the_signed_in_user_is_a_user_of_space_and_workspace() {
    let client = Client::empty().await;
    let me = query("name='sandbox'");
    let user = only(&client, &format!("workspace_users?{me}")).await;
    assert_eq!(user["type"], "workspace_user");
    let users = get(&client, &format!("{SPACE}/users?{me}")).await;
    assert_eq!(
        (&users["total_count"], &users["data"][0]["type"]),
        (&json!(1), &json!("sharedspace_user"))
    );
}

/// A user with what the C# client fills in.
async fn new_user(client: &Client) -> Value {
    let body = json!({ "data": [{
        "type": "sharedspace_user", "name": "tester@octane.example", "email": "tester@octane.example",
        "password": "Welcome1", "first_name": "First", "last_name": "Last", "phone1": "123-123-123",
    }] });
    let path = format!("{SPACE}/users?fields=name,workspace_roles");
    let made = ask(client, Method::POST, &path, Some(body)).await;
    made["data"][0].clone()
}

#[tokio::test]
async fn the_roles_of_a_new_user_are_replaced_or_appended() {
    let client = Client::empty().await;
    let user = new_user(&client).await;
    assert_eq!(user["name"], "tester@octane.example");
    let first = ids(&user["workspace_roles"]);
    assert_eq!(first.len(), 1, "{user}");
    let admin = query("role={logical_name='role.shared.space.admin'}");
    let roles = get(&client, &format!("{SPACE}/workspace_roles?{admin}")).await;
    assert_eq!(roles["total_count"], 1, "{roles}");
    let role = ids(&roles)[0];
    let path = format!("{SPACE}/users/{}", user["id"].as_str().unwrap());
    let body = json!({ "workspace_roles": { "data": [roles["data"][0]] } });
    for (mode, expected) in [
        ("", vec![role]),
        ("?reference_update_mode=append", vec![first[0], role]),
    ] {
        // The first role again, so that both updates start from the same state.
        let begin = json!({ "workspace_roles": { "data": user["workspace_roles"]["data"] } });
        ask(&client, Method::PUT, &path, Some(begin)).await;
        ask(
            &client,
            Method::PUT,
            &format!("{path}{mode}"),
            Some(body.clone()),
        )
        .await;
        let read = get(&client, &format!("{path}?fields=name,workspace_roles")).await;
        let mut found = ids(&read["workspace_roles"]);
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{mode}");
    }
}

#[tokio::test]
async fn a_user_needs_only_an_email_address() {
    let client = Client::empty().await;
    let body = json!({ "data": [{
        "email": "mc@octane.example", "first_name": "Tester", "last_name": "McTestface", "password": "Welcome1",
    }] });
    let made = ask(&client, Method::POST, &format!("{SPACE}/users"), Some(body)).await;
    assert_eq!(ids(&made).len(), 1);
}

#[tokio::test]
async fn the_admin_role_of_the_workspace_is_found() {
    let client = Client::empty().await;
    let both = query("workspace={id='1002'};role={logical_name='role.workspace.admin'}");
    let roles = get(
        &client,
        &format!("{SPACE}/workspace_roles?{both}&fields=role,workspace"),
    )
    .await;
    assert_eq!(ids(&roles).len(), 1, "{roles}");
    assert_eq!(roles["data"][0]["workspace"]["id"], "1002");
}

#[tokio::test]
async fn a_team_counts_its_leader_as_a_member() {
    let client = Client::empty().await;
    let users = client.list("workspace_users").await;
    let release = release(&client, "R").await;
    let body = json!({ "data": [{
        "name": "Team", "estimated_velocity": 50, "releases": { "data": [release] }, "team_lead": users[0],
    }] });
    let fields = "number_of_members,estimated_velocity,team_lead,team_members,name,releases";
    let made = client
        .post(&format!("teams?fields={fields}"), &body)
        .await
        .ok();
    let team = &made["data"][0];
    assert_eq!(
        (&team["name"], &team["estimated_velocity"]),
        (&json!("Team"), &json!(50))
    );
    assert_eq!(team["number_of_members"], 1);
    assert_eq!(ids(&team["releases"]), [release["id"].as_str().unwrap()]);
}
