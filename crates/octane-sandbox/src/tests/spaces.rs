//! Entities outside of the workspace: the shared space, the site, and the users.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::{Client, Response, WORKSPACE};
use crate::Settings;

const SPACE: &str = "/api/shared_spaces/1001";

async fn get(client: &Client, path: &str) -> Response {
    client
        .send(Request::get(path.replace('"', "%22")), Body::empty())
        .await
}

async fn send(client: &Client, request: http::request::Builder, body: &Value) -> Response {
    client.send(request, body.to_string()).await
}

#[tokio::test]
async fn spaces_and_workspaces_are_entities() {
    let client = Client::empty().await;
    let spaces = get(&client, "/api/shared_spaces").await.ok();
    assert_eq!(spaces["data"][0]["type"], "shared_space");
    let space = get(&client, "/api/shared_spaces/1001?fields=name")
        .await
        .ok();
    assert_eq!(space["id"], "1001");
    let workspaces = get(&client, &format!("{SPACE}/workspaces")).await.ok();
    assert_eq!(workspaces["data"][0]["type"], "workspace");
    assert_eq!(workspaces["data"][0]["id"], "1002");
    assert_eq!(workspaces["data"][0].get("workspace_id"), None);
    let one = get(&client, &format!("{SPACE}/workspaces/1002?fields=name"))
        .await
        .ok();
    assert_eq!(one["name"], "Default workspace");
    let body = json!({ "data": [{ "name": "Second" }] });
    let request = Request::post(format!("{SPACE}/workspaces?fields=name"));
    let made = send(&client, request, &body).await.ok();
    assert_eq!(made["data"][0]["name"], "Second");
    let id = made["data"][0]["id"].as_str().unwrap();
    let path = format!("{SPACE}/workspaces/{id}/workspace_users");
    let other = get(&client, &path).await;
    assert_eq!(other.status, 404);
    let reason = format!("only the workspace `1002` of the sandbox has data, not `{id}`");
    assert_eq!(other.json()["description"], reason);
    assert_eq!(get(&client, "/api/shared_spaces/7/users").await.status, 404);
    assert_eq!(get(&client, &format!("{SPACE}/stories")).await.status, 404);
}

#[tokio::test]
async fn every_account_is_a_user_of_the_space_and_of_the_workspace() {
    let client = Client::empty().await;
    let query = "query=\"name='sandbox'\"";
    let users = get(&client, &format!("{SPACE}/users?fields=email,name&{query}"))
        .await
        .ok();
    assert_eq!(users["total_count"], 1);
    assert_eq!(users["data"][0]["type"], "sharedspace_user");
    assert_eq!(users["data"][0]["email"], "sandbox@octane.example");
    let users = client.get(&format!("workspace_users?{query}")).await.ok();
    assert_eq!(
        (&users["total_count"], &users["data"][0]["type"]),
        (&json!(1), &json!("workspace_user"))
    );
    for path in [
        "/api/current_user".to_owned(),
        "/api/current_user/".to_owned(),
        format!("{SPACE}/current_user"),
        format!("{WORKSPACE}/current_user/"),
    ] {
        assert_eq!(get(&client, &path).await.ok()["name"], "sandbox", "{path}");
    }
}

#[tokio::test]
async fn a_new_user_can_get_roles_and_hides_the_password() {
    let client = Client::empty().await;
    let body = json!({ "email": "jane@octane.example", "first_name": "Jane", "last_name": "Doe",
        "password": "hush" });
    let request = Request::post(format!(
        "{SPACE}/users?fields=name,full_name,workspace_roles"
    ));
    let made = send(&client, request, &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let user = made.json()["data"][0].clone();
    assert_eq!(user["name"], "jane@octane.example");
    assert_eq!(user["full_name"], "Jane Doe");
    assert_eq!(user["workspace_roles"]["total_count"], 1);
    let id = user["id"].as_str().unwrap();
    let admin = get(
        &client,
        &format!("{SPACE}/workspace_roles?query=\"role={{logical_name='role.workspace.admin'}};workspace={{id='1002'}}\""),
    )
    .await
    .ok();
    assert_eq!(admin["total_count"], 1);
    let roles = json!({ "workspace_roles": { "data": admin["data"] } });
    let path = format!("{SPACE}/users/{id}?reference_update_mode=append&fields=workspace_roles");
    let more = send(&client, Request::put(path), &roles).await.ok();
    assert_eq!(more["workspace_roles"]["total_count"], 2);
    let all = get(&client, &format!("{SPACE}/users/{id}?fields=name,password")).await;
    assert!(!all.text().contains("hush"), "{}", all.text());
    let query = format!("{SPACE}/users?query=\"password='hush'\"");
    assert_eq!(get(&client, &query).await.status, 400);
    let space_admin = format!(
        "{SPACE}/workspace_roles?query=\"role={{logical_name='role.shared.space.admin'}}\""
    );
    assert_eq!(get(&client, &space_admin).await.ok()["total_count"], 1);
}

#[tokio::test]
async fn a_team_counts_its_lead() {
    let client = Client::empty().await;
    let users = client
        .list("workspace_users?query=\"name='sandbox'\"")
        .await;
    let team = json!({ "name": "T", "estimated_velocity": 5, "team_lead": users[0] });
    let id = client.create("teams", team).await;
    let team = client
        .get(&format!(
            "teams/{id}?fields=number_of_members,team_lead,team_members{{member}}"
        ))
        .await
        .ok();
    assert_eq!(team["number_of_members"], 1);
    assert_eq!(
        team["team_members"]["data"][0]["member"]["id"],
        users[0]["id"]
    );
}

#[tokio::test]
async fn metadata_is_available_for_space_and_site_as_well() {
    let client = Client::empty().await;
    let names = async |path: &str| -> Vec<String> {
        let page = get(&client, &format!("{path}/metadata/entities"))
            .await
            .ok();
        let data = page["data"].as_array().unwrap().clone();
        data.iter()
            .map(|entity_type| entity_type["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(SPACE).await,
        [
            "timesheet_item",
            "sharedspace_user",
            "role",
            "workspace_role",
            "workspace"
        ]
    );
    assert_eq!(names("/admin").await, ["shared_space"]);
    assert!(!names(WORKSPACE).await.contains(&"workspace".to_owned()));
    let fields = get(
        &client,
        "/admin/metadata/fields?query=\"name EQ 'name'\""
            .replace(' ', "%20")
            .as_str(),
    )
    .await
    .ok();
    assert_eq!(fields["total_count"], 1);
}

#[tokio::test]
async fn new_accounts_become_users_when_a_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let storage = crate::Storage::File(folder.path().join("a.sqlite"));
    let settings = Settings::default().storage(storage);
    let sandbox = crate::Sandbox::open(settings.clone()).unwrap();
    drop(sandbox);
    let mut settings = settings;
    settings
        .access
        .api_keys
        .push(crate::SandboxApiKey::new("second", "secret"));
    let client = Client::new(settings).await;
    assert_eq!(
        client
            .names("workspace_users", "name", "name IN 'sandbox','second'")
            .await,
        ["sandbox", "second"]
    );
}
