//! Facts about the product that clients of other people rely on, one test each.

use std::io::Write;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use super::{SPACE, count, only, query};
use crate::tests::entities::story;
use crate::tests::{Client, WORKSPACE, response};
use crate::{DefaultFields, Sandbox, Settings};

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn every_collection_accepts_bodies_that_are_packed_with_gzip() {
    let client = Client::empty().await;
    let send = async |request: http::request::Builder, body: &Value| {
        let request = request
            .header(header::CONTENT_ENCODING, "gzip")
            .header(header::CONTENT_TYPE, "application/json");
        client.send(request, packed(&body.to_string())).await
    };
    let path = format!("{WORKSPACE}/ci_servers");
    let server =
        json!({ "data": [{ "name": "CI", "instance_id": "x", "url": "http://ci.example" }] });
    let created = send(Request::post(&path), &server).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
    let id = created.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let renamed = send(
        Request::put(format!("{path}/{id}")),
        &json!({ "name": "Other" }),
    )
    .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    assert_eq!(
        client.names("ci_servers", "name", "id GT 0").await,
        ["Other"]
    );
    let request = Request::post(&path).header(header::CONTENT_ENCODING, "gzip");
    assert_eq!(client.send(request, "{}").await.status, 400);
}

#[tokio::test]
async fn the_version_is_told_without_a_session_and_has_at_least_three_parts() {
    let app = Sandbox::open(Settings::default()).unwrap().app();
    let request = Request::get("/admin/server/version")
        .body(Body::empty())
        .unwrap();
    let version = response(&app, request).await.ok();
    let parts = version["display_version"]
        .as_str()
        .unwrap()
        .split('.')
        .count();
    assert!((3..=4).contains(&parts), "{version}");
}

#[tokio::test]
async fn the_hierarchy_names_its_root_as_an_entity() {
    let client = Client::empty().await;
    let features = async |name: &str| {
        let path = format!("metadata/entities?{}", query(&format!("name EQ '{name}'")));
        client.list(&path).await[0]["features"]
            .as_array()
            .unwrap()
            .clone()
    };
    let hierarchy = |features: &[Value]| {
        let found = features
            .iter()
            .find(|feature| feature["name"] == "hierarchy");
        found.unwrap().clone()
    };
    let root = client.only_id("work_item_roots").await;
    assert_eq!(
        hierarchy(&features("feature").await),
        json!({
            "name": "hierarchy",
            "root": { "type": "work_item_root", "id": root },
            "is_root": false,
            "parent_types": ["epic", "work_item_root"],
            "child_types": ["story", "quality_story", "defect"],
            "max_depth": 4,
        })
    );
    let module = hierarchy(&features("application_module").await)["root"].clone();
    let path = format!(
        "application_modules/{}?fields=parent",
        module["id"].as_str().unwrap()
    );
    assert_eq!(client.get(&path).await.ok()["parent"], Value::Null);
    assert!(
        features("story")
            .await
            .contains(&json!({ "name": "mailing", "url": "mails" }))
    );
}

#[tokio::test]
async fn the_run_of_a_step_is_a_manual_run_in_metadata() {
    let client = Client::empty().await;
    let path = format!(
        "metadata/fields?{}",
        query("entity_name EQ 'run_step';name EQ 'run'")
    );
    let field = client.list(&path).await[0].clone();
    assert_eq!(
        (&field["editable"], &field["final"]),
        (&json!(true), &json!(false)),
        "{field}"
    );
    assert_eq!(
        field["field_type_data"]["targets"],
        json!([{ "type": "run_manual" }])
    );
}

#[tokio::test]
async fn a_slash_may_follow_every_path() {
    let client = Client::empty().await;
    let test = client
        .create("manual_tests", json!({ "name": "by hand" }))
        .await;
    for path in [
        "/api/current_user/".to_owned(),
        "/api/shared_spaces/".to_owned(),
        "/admin/server/version/".to_owned(),
        format!("{SPACE}/"),
        format!("{SPACE}/workspaces/"),
        format!("{WORKSPACE}/"),
        format!("{WORKSPACE}/stories/?limit=1"),
        format!("{WORKSPACE}/manual_tests/{test}/"),
        format!("{WORKSPACE}/tests/{test}/script/"),
        format!("{WORKSPACE}/metadata/fields/"),
        format!("{WORKSPACE}/work_items/groups/?group_by=subtype"),
        format!("{WORKSPACE}/test-results/xsd/"),
    ] {
        let answer = client.send(Request::get(&path), Body::empty()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    let tag = json!({ "data": [{ "name": "x" }] });
    assert_eq!(client.post("user_tags/", &tag).await.status, 201);
    let events = "/internal-api/shared_spaces/1001/analytics/ci/events/";
    let body = json!({ "server": { "instanceId": "s" }, "events": [] }).to_string();
    assert_eq!(client.send(Request::put(events), body).await.status, 200);
    let path = "/internal-api/shared_spaces/1001/analytics/ci/test-results/?skip-errors=false";
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/xml");
    let xml =
        "<test_result><build server_id='s' job_id='j' build_id='7'/><test_runs/></test_result>";
    assert_eq!(client.send(request, xml).await.status, 202);
}

#[tokio::test]
async fn a_slash_changes_neither_what_is_unknown_nor_who_may_ask() {
    let client = Client::empty().await;
    for path in ["stories//", "nowhere/", "stories/1/nowhere/"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    assert_eq!(client.delete("metadata/fields/").await.status, 405);
    let app = Sandbox::open(Settings::default()).unwrap().app();
    let request = Request::get(format!("{WORKSPACE}/metadata/fields/"));
    let anonymous = response(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(anonymous.status, 401);
    let sign_in = Request::post("/authentication/sign_in/");
    let body = r#"{"client_id":"sandbox","client_secret":"sandbox-secret"}"#;
    let signed_in = response(&app, sign_in.body(body.into()).unwrap()).await;
    assert_eq!(signed_in.status, 200);
}

#[tokio::test]
async fn what_is_active_has_the_level_0() {
    let client = Client::new(Settings::default()).await;
    let milestone = json!({ "name": "M", "date": "2025-07-01T00:00:00Z" });
    client.create("milestones", milestone).await;
    client.create("programs", json!({ "name": "P" })).await;
    for collection in [
        "releases",
        "milestones",
        "programs",
        "phases",
        "list_nodes",
        "workspace_users",
        "work_items",
    ] {
        let all = count(&client, collection, "id GT 0").await;
        let active = count(&client, collection, "activity_level EQ 0").await;
        assert!(all > 0 && active == all, "{collection}: {active} of {all}");
        let path = format!("{collection}?fields=activity_level&limit=1");
        assert_eq!(client.list(&path).await[0]["activity_level"], 0);
    }
    let users = format!("{SPACE}/users?fields=activity_level");
    let users = client.send(Request::get(users), Body::empty()).await.ok();
    assert_eq!(users["data"][0]["activity_level"], 0);
    let id = client.ids("releases").await.remove(0);
    let closed = json!({ "activity_level": 1 });
    client.put(&format!("releases/{id}"), &closed).await.ok();
    let active = client.names("releases", "id", "activity_level EQ 0").await;
    assert!(!active.contains(&id));
}

#[tokio::test]
async fn the_roots_of_trees_are_found_by_their_logical_names() {
    let client = Client::new(Settings::default()).await;
    for (collection, name) in [
        ("product_areas", "product_area.root"),
        ("application_modules", "product_area.root"),
        ("work_items", "work_item.root"),
        ("work_item_roots", "work_item.root"),
        ("requirement_roots", "requirement.root"),
    ] {
        let filter = query(&format!("logical_name EQ '{name}'"));
        let root = only(&client, &format!("{collection}?{filter}&fields=parent")).await;
        assert!(root["parent"].is_null(), "{collection}: {root}");
    }
}

#[tokio::test]
async fn a_new_list_value_has_a_logical_name_of_its_own_and_keeps_its_number() {
    let client = Client::empty().await;
    let list = json!({ "type": "list_node", "id": "list_node.defect_type" });
    let mut names = Vec::new();
    for name in ["Layout", "Wording"] {
        let value = json!({ "name": name, "list_root": list });
        let id = client.create("list_nodes", value).await;
        assert!(id.parse::<u32>().is_ok(), "{id}");
        let read = client.get(&format!("list_nodes/{id}")).await.ok();
        let logical_name = read["logical_name"].as_str().unwrap().to_owned();
        let filter = query(&format!("logical_name EQ '{logical_name}'"));
        let found = only(&client, &format!("list_nodes?{filter}")).await;
        assert_eq!(found["id"], id.as_str());
        names.push(logical_name);
    }
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn the_last_runs_of_a_backlog_item_have_all_five_counts() {
    let client = Client::empty().await;
    let id = story(&client, "S").await;
    let item = client
        .get(&format!("stories/{id}?fields=last_runs"))
        .await
        .ok();
    assert_eq!(
        item["last_runs"],
        json!({ "passed": 0, "failed": 0, "needsAttention": 0, "planned": 0, "skipped": 0 })
    );
}

#[tokio::test]
async fn the_settings_choose_what_is_returned_without_fields() {
    for (default_fields, name, phase) in [
        (DefaultFields::Small, false, false),
        (DefaultFields::Named, true, false),
        (DefaultFields::All, true, true),
    ] {
        let mut settings = Settings::default().seed_data(false);
        settings.entities.default_fields = default_fields;
        let client = Client::new(settings).await;
        let id = story(&client, "S").await;
        let item = client.get(&format!("stories/{id}")).await.ok();
        let has = |field: &str| item.get(field).is_some();
        assert_eq!((has("name"), has("phase")), (name, phase), "{item}");
        let owner = json!({ "id": id, "type": "story" });
        let comment = json!({ "text": "hello", "owner_work_item": owner });
        client.create("comments", comment).await;
        let comment = client.list("comments").await[0].clone();
        assert_eq!(comment["text"], "hello");
        for field in ["author", "creation_time"] {
            assert!(!comment[field].is_null(), "{comment}");
        }
    }
}

#[tokio::test]
async fn a_ci_plug_in_learns_that_it_can_connect() {
    let client = Client::empty().await;
    let path = "/internal-api/shared_spaces/1001/analytics/ci/servers/connectivity/status";
    let status = client.send(Request::get(path), Body::empty()).await.ok();
    let is_text = |name: &str| status[name].as_str().is_some_and(|text| !text.is_empty());
    assert!(
        is_text("octaneVersion") && is_text("supportedSdkVersion"),
        "{status}"
    );
}

#[tokio::test]
async fn an_encoded_job_does_not_mean_an_encoded_build() {
    let client = Client::empty().await;
    let path = "/internal-api/shared_spaces/1001/analytics/ci/test-results\
        ?instance-id=ci&job-ci-id=c2hvcA==&build-ci-id=17&ci-job-encoding=base64";
    let xml = "<test_result><test_runs><test_run name='a' duration='1' status='Passed'/></test_runs></test_result>";
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/xml");
    let task = client.send(request, xml).await.ok();
    client.wait_for_task(&task["id"]).await;
    let build = client.list("ci_builds?fields=job_id,build_id").await[0].clone();
    assert_eq!(
        (&build["job_id"], &build["build_id"]),
        (&json!("shop"), &json!("17"))
    );
}

#[tokio::test]
async fn the_build_of_a_previous_run_is_the_id_of_an_entity() {
    let client = Client::empty().await;
    for (build, status) in [("1", "Failed"), ("2", "Passed")] {
        let xml = format!(
            "<test_result><build server_id='s' job_id='j' build_id='{build}'/>\
             <test_runs><test_run name='a' duration='1' status='{status}'/></test_runs></test_result>"
        );
        assert_eq!(client.upload(&xml, "").await["status"], "success");
    }
    let first = client
        .names("ci_builds", "id", "build_id EQ '1'")
        .await
        .remove(0);
    let previous = client
        .list("previous_runs?fields=build_id,build_name")
        .await;
    assert_eq!(previous[0]["build_id"].to_string(), first);
    let path = format!("previous_runs?{}", query(&format!("build_id EQ {first}")));
    assert_eq!(client.list(&path).await.len(), 1);
}

#[tokio::test]
async fn servers_and_builds_have_the_fields_that_plug_ins_name() {
    let client = Client::empty().await;
    let server = json!({ "name": "CI", "instance_id": "s" });
    client.create("ci_servers", server).await;
    let server = client.list("ci_servers?fields=plugin_version").await[0].clone();
    assert!(server["plugin_version"].is_null());
    let xml = "<test_result><build server_id='s' job_id='j' build_id='7'/>\
        <test_runs><test_run name='a' duration='1' status='Passed'/></test_runs></test_result>";
    assert_eq!(client.upload(xml, "").await["status"], "success");
    let path = format!(
        "ci_builds?fields=build_ci_id&{}",
        query("build_ci_id EQ '7'")
    );
    assert_eq!(client.list(&path).await[0]["build_ci_id"], "7");
}
