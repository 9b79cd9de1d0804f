//! Continuous integration without a plug-in, and with those of the vendor.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Request, header};
use serde_json::{Value, json};

use super::{count, only, query};
use crate::Settings;
use crate::tests::ingestion::payload;
use crate::tests::{Client, Response, WORKSPACE};

pub(super) const CI: &str = "/internal-api/shared_spaces/1001/analytics/ci";
const INTERNAL: &str = "/internal-api/shared_spaces/1001/workspaces/1002";

pub(super) async fn client() -> Client {
    let mut settings = Settings::default().seed_data(false);
    settings.results.ci_task_wait = Duration::ZERO;
    Client::new(settings).await
}

/// A request with a body that is packed, as the vendor's CI SDK sends it.
pub(super) async fn packed(client: &Client, method: &str, path: &str, body: &Value) -> Response {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(body.to_string().as_bytes()).unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_ENCODING, "gzip")
        .header(header::CONTENT_TYPE, "application/json");
    client.send(request, packer.finish().unwrap()).await
}

pub(super) async fn get(client: &Client, path: &str) -> Response {
    client.send(Request::get(path), Body::empty()).await
}

/// A server, and a pipeline whose root job starts two others.
pub(super) async fn pipeline(client: &Client) -> (String, String) {
    let server = json!({ "name": "CI", "instance_id": "ci-1", "server_type": "jenkins", "url": "http://ci.example" });
    let server = client.create("ci_servers", server).await;
    let pipeline = json!({
        "name": "Shop", "server_ci_id": "ci-1", "root_job_ci_id": "shop",
        "jobs": [
            { "name": "Shop", "jobCiId": "shop" },
            { "name": "Build", "jobCiId": "shop/build", "parameters": [{ "name": "branch" }] },
            { "name": "Test", "jobCiId": "shop/test" },
        ],
    });
    let pipeline = client.create("pipelines", pipeline).await;
    (server, pipeline)
}

fn build(job: &str, status: &str, result: Option<&str>) -> Value {
    let causes = if job == "shop" {
        json!([])
    } else {
        json!([{ "jobCiId": "shop", "buildCiId": "17" }])
    };
    json!({
        "serverCiId": "ci-1", "jobCiId": job, "buildCiId": "17", "buildName": "#17",
        "startTime": 1_750_000_000_000_i64, "duration": 65_000, "status": status, "result": result, "causes": causes,
    })
}

#[tokio::test]
async fn a_pipeline_is_made_of_its_jobs() {
    let client = client().await;
    let (server, pipeline) = pipeline(&client).await;
    let path = format!(
        "pipelines/{pipeline}?fields=ci_server{{instance_id}},root_job{{ci_id}},nodes{{name,is_root}}"
    );
    let read = client.get(&path).await.ok();
    assert_eq!(read["ci_server"]["instance_id"], "ci-1");
    assert_eq!(read["root_job"]["ci_id"], "shop");
    let nodes = read["nodes"]["data"].as_array().unwrap();
    let nodes: Vec<_> = nodes
        .iter()
        .map(|node| (&node["name"], &node["is_root"]))
        .collect();
    assert_eq!(
        nodes,
        [
            (&json!("Shop"), &json!(true)),
            (&json!("Build"), &json!(false)),
            (&json!("Test"), &json!(false)),
        ]
    );
    // As the integration with GitHub Actions asks.
    let of_root = format!("root_job EQ {{ci_id EQ ^shop^}};ci_server EQ {{id EQ ^{server}^}}");
    assert_eq!(client.names("pipelines", "name", &of_root).await, ["Shop"]);
    let of_pipeline = format!("pipeline EQ {{id EQ ^{pipeline}^}}");
    assert_eq!(
        client
            .names("pipeline_nodes", "name", &of_pipeline)
            .await
            .len(),
        3
    );
    let of_server = json!({ "data": [{ "name": "x", "server_ci_id": "nowhere", "root_job_ci_id": "a", "jobs": [] }] });
    assert_eq!(client.post("pipelines", &of_server).await.status, 409);
}

#[tokio::test]
async fn a_server_gets_an_instance_id_and_a_type_if_it_has_none() {
    let client = client().await;
    client.create("ci_servers", json!({ "name": "CI" })).await;
    let server = only(&client, "ci_servers?fields=instance_id,server_type").await;
    assert_eq!(server["server_type"], "unknown");
    assert!(
        server["instance_id"].as_str().unwrap().len() >= 16,
        "{server}"
    );
}

#[tokio::test]
async fn builds_are_reported_without_a_plug_in() {
    let client = client().await;
    let (_, pipeline) = pipeline(&client).await;
    // Parts may be reported before the whole.
    for (job, status, result) in [
        ("shop/build", "finished", Some("success")),
        ("shop", "running", None),
        ("shop/test", "finished", Some("aborted")),
        ("shop", "finished", Some("aborted")),
    ] {
        let answer = client
            .put("analytics/ci/builds", &build(job, status, result))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["jobCiId"], job);
    }
    let run = only(
        &client,
        "pipeline_runs?fields=name,pipeline,status,start_time,duration,ci_builds",
    )
    .await;
    assert_eq!(run["pipeline"]["id"], pipeline);
    assert_eq!(run["status"]["id"], "list_node.pipeline_run_status.aborted");
    assert_eq!(run["name"], "#17");
    assert_eq!(
        (&run["start_time"], &run["duration"]),
        (&json!(1_750_000_000_000_i64), &json!(65_000))
    );
    assert_eq!(run["ci_builds"]["total_count"], 3);
    let of_job = query("ci_job EQ {ci_id EQ ^shop/test^}");
    let read = only(
        &client,
        &format!("ci_builds?fields=build_ci_id,status,result,pipeline,pipeline_node&{of_job}"),
    )
    .await;
    assert_eq!(
        (&read["build_ci_id"], &read["status"], &read["result"]),
        (&json!("17"), &json!("finished"), &json!("aborted"))
    );
    assert_eq!(read["pipeline"]["id"], pipeline);
    assert_eq!(read["pipeline_node"]["total_count"], 1);
    let list = json!({ "data": [build("shop", "running", None)] });
    let answer = client.post("analytics/ci/builds/", &list).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["total_count"]),
        (201, &json!(1))
    );
    // What has finished does not run again.
    assert_eq!(
        client
            .names("ci_builds", "status", "job_id EQ 'shop'")
            .await,
        ["finished"]
    );
    let nameless = client
        .put("analytics/ci/builds", &json!({ "serverCiId": "ci-1" }))
        .await;
    assert_eq!(nameless.status, 400);
}

#[tokio::test]
async fn results_with_a_build_hang_on_its_pipeline_and_release() {
    let client = client().await;
    let (_, pipeline) = pipeline(&client).await;
    let release = client.names("releases", "id", "id GT 0").await.remove(0);
    let of_release = json!({ "current_release": { "type": "release", "id": release } });
    client
        .put(&format!("pipelines/{pipeline}"), &of_release)
        .await
        .ok();
    let xml = payload(
        "<build server_id='ci-1' job_id='shop/test' build_id='17'/>",
        "<test_run name='pays' status='Failed' duration='1'/>",
    );
    assert_eq!(client.upload(&xml, "").await["status"], "success");
    client
        .put(
            "analytics/ci/builds",
            &build("shop/test", "finished", Some("failure")),
        )
        .await
        .ok();
    let text = format!("pipeline EQ {{id EQ {pipeline}}}");
    let run = only(
        &client,
        &format!(
            "automated_runs?fields=name,release,build{{name}}&{}",
            query(&text)
        ),
    )
    .await;
    assert_eq!(
        (&run["name"], &run["release"]["id"]),
        (&json!("pays"), &json!(release))
    );
    assert_eq!(run["build"]["name"], "#17");
    assert_eq!(client.list("ci_builds").await.len(), 2);
}

#[tokio::test]
async fn the_events_of_a_plug_in_become_builds_and_commits() {
    let client = client().await;
    let (server, pipeline) = pipeline(&client).await;
    let story = crate::tests::entities::story(&client, "Pay").await;
    let cause = json!([{ "type": "upstream", "project": "shop", "buildCiId": "18" }]);
    let list = |events: Value| {
        json!({ "server": { "instanceId": "ci-1", "type": "github_actions", "url": "http://other.example",
            "version": "25.2.1", "sendingTime": 1 }, "events": events })
    };
    let events = list(json!([
        { "eventType": "queued", "project": "shop", "buildCiId": "18", "number": "18" },
        { "eventType": "started", "project": "shop", "buildCiId": "18", "number": "18", "startTime": 5, "parameters": [] },
        { "eventType": "started", "project": "shop/deploy", "projectDisplayName": "Deploy", "buildCiId": "18", "causes": cause },
        { "eventType": "scm", "project": "shop", "buildCiId": "18", "scmData": {
            "repository": { "type": "git", "url": "https://git.example/shop", "branch": "main" }, "builtRevId": "b2",
            "commits": [{ "time": 1_750_000_000_000_i64, "user": "jane", "userEmail": "jane@octane.example", "revId": "b2",
                "parentRevId": "a1", "comment": format!("user story #{story}: pay"),
                "changes": [{ "type": "edit", "file": "pay.rs" }] }] } },
        { "eventType": "finished", "project": "shop", "buildCiId": "18", "result": "success", "duration": 7 },
        { "eventType": "deleted", "project": "old" },
        { "eventType": "a new one", "whatever": 1 },
    ]));
    let answer = packed(&client, "PUT", &format!("{CI}/events"), &events).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let run = only(&client, "pipeline_runs?fields=status,scm_commits,ci_builds").await;
    assert_eq!(run["status"]["id"], "list_node.pipeline_run_status.success");
    assert_eq!(
        (&run["scm_commits"], &run["ci_builds"]["total_count"]),
        (&json!(1), &json!(2))
    );
    // A job that the root job starts is part of the pipeline.
    let text = format!("pipeline EQ {{id EQ {pipeline}}};name EQ 'Deploy'");
    assert_eq!(
        client.names("pipeline_nodes", "name", &text).await,
        ["Deploy"]
    );
    let commit = only(
        &client,
        "scm_commits?fields=name,comment,user_name,ci_build{name},work_items",
    )
    .await;
    assert_eq!(
        (&commit["name"], &commit["user_name"]),
        (&json!("b2"), &json!("jane"))
    );
    assert_eq!(commit["work_items"]["data"][0]["id"], story);
    let item = client
        .get(&format!("stories/{story}?fields=commits"))
        .await
        .ok();
    assert_eq!(item["commits"]["total_count"], 1);
    let read = client
        .get(&format!(
            "ci_servers/{server}?fields=url,server_type,plugin_version,is_connected"
        ))
        .await
        .ok();
    assert_eq!(
        (
            &read["url"],
            &read["server_type"],
            &read["plugin_version"],
            &read["is_connected"]
        ),
        (
            &json!("http://ci.example"),
            &json!("jenkins"),
            &json!("25.2.1"),
            &json!(true)
        )
    );
    let renamed =
        list(json!([{ "eventType": "renamed", "project": "store", "previousProject": "shop" }]));
    assert_eq!(
        packed(&client, "PUT", &format!("{CI}/events"), &renamed)
            .await
            .status,
        200
    );
    assert_eq!(
        client.names("ci_jobs", "name", "ci_id EQ 'store'").await,
        ["Shop"]
    );
    assert_eq!(
        packed(
            &client,
            "PUT",
            &format!("{CI}/events"),
            &json!({ "events": [] })
        )
        .await
        .status,
        400
    );
}

#[tokio::test]
async fn a_plug_in_tells_its_version_where_it_asks_for_tasks() {
    let client = client().await;
    let path = format!(
        "{CI}/servers/ci-9/tasks?self-type=jenkins&self-url=http%3A%2F%2Fci.example&api-version=1\
        &sdk-version=2.9&plugin-version=9.1&client-id=k&ci-server-user=jane"
    );
    assert_eq!(get(&client, &path).await.status, 204);
    let fields = "instance_id,url,server_type,plugin_version,sdk_version,api_version,client_id,ci_server_user";
    let server = only(&client, &format!("ci_servers?fields={fields}")).await;
    for (field, value) in [
        ("instance_id", json!("ci-9")),
        ("url", json!("http://ci.example")),
        ("server_type", json!("jenkins")),
        ("plugin_version", json!("9.1")),
        ("sdk_version", json!("2.9")),
        ("api_version", json!(1)),
        ("client_id", json!("k")),
        ("ci_server_user", json!("jane")),
    ] {
        assert_eq!(server[field], value, "{field}");
    }
    let result = packed(
        &client,
        "PUT",
        &format!("{CI}/servers/ci-9/tasks/t1/result"),
        &json!({ "status": 200 }),
    )
    .await;
    assert_eq!((result.status.as_u16(), result.text().as_str()), (204, ""));
}

#[tokio::test]
async fn logs_and_coverage_are_wanted_of_known_jobs_and_kept() {
    let client = client().await;
    pipeline(&client).await;
    let wanted = get(
        &client,
        &format!("{CI}/servers/ci-1/jobs/shop%2Ftest/workspaceId"),
    )
    .await;
    assert_eq!(wanted.ok(), json!(["1002"]));
    let unknown = get(
        &client,
        &format!("{CI}/servers/ci-1/jobs/other/workspaceId"),
    )
    .await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.text().as_str()),
        (204, "")
    );
    let log = Request::post(format!("{INTERNAL}/analytics/ci/ci-1/shop%2Ftest/17/logs"));
    assert_eq!(client.send(log, "started\nfailed\n").await.status, 200);
    let build = only(&client, "ci_builds?fields=console_log,job_id").await;
    assert_eq!(
        (&build["console_log"], &build["job_id"]),
        (&json!("started\nfailed\n"), &json!("shop/test"))
    );
    let path = format!(
        "{CI}/coverage?ci-server-identity=ci-1&ci-job-id=c2hvcC90ZXN0&ci-build-id=17&file-type=JACOCOXML&ci-job-encoding=base64"
    );
    let coverage = Request::put(path).header(header::CONTENT_TYPE, "application/xml");
    assert_eq!(
        client.send(coverage, "<report name='shop'/>").await.status,
        200
    );
    assert_eq!(client.list("ci_builds").await.len(), 1);
    let pull_requests = json!([{ "id": "5", "title": "Pay", "state": "open" }]);
    assert_eq!(
        client
            .put("analytics/ci/pull-requests/", &pull_requests)
            .await
            .status,
        200
    );
    let facts = get(&client, "/_sandbox/facts").await.ok();
    let facts = facts["facts"].as_array().unwrap();
    assert_eq!(facts.len(), 2);
    assert_eq!(
        (&facts[0]["kind"], &facts[0]["body"]),
        (&json!("pull-requests"), &json!(pull_requests.to_string()))
    );
    assert_eq!(facts[1]["about"]["file-type"], "JACOCOXML");
    assert_eq!(
        (&facts[1]["media_type"], &facts[1]["body"]),
        (&json!("application/xml"), &json!("<report name='shop'/>"))
    );
    let some = get(&client, "/_sandbox/facts?kind=coverage&limit=5")
        .await
        .ok();
    assert_eq!(some["facts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_plug_in_reads_and_writes_the_pipelines_of_a_job() {
    let client = client().await;
    let path = format!("{CI}/servers/ci-1/jobs/shop/configuration");
    assert_eq!(get(&client, &path).await.ok(), json!({ "data": [] }));
    let context = json!({
        "contextEntityName": "Shop", "workspaceId": 1002, "releaseId": null, "server": { "instanceId": "ci-1" },
        "structure": { "jobCiId": "shop", "name": "shop", "phasesInternal": [{ "jobs": [{ "jobCiId": "shop/test", "name": "Test" }] }] },
    });
    let created = packed(&client, "POST", &path, &context).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json()["data"][0].clone();
    assert_eq!(
        (
            &created["contextEntityName"],
            &created["workspaceId"],
            &created["pipelineRoot"]
        ),
        (&json!("Shop"), &json!(1002), &json!(true))
    );
    assert_eq!(client.list("pipeline_nodes").await.len(), 2);
    let id = created["contextEntityId"].clone();
    let change = json!({ "data": [{ "contextEntityId": id, "contextEntityName": "Web shop", "workspaceId": 1002 }] });
    assert_eq!(
        packed(&client, "PUT", &path, &change).await.json()["data"][0]["contextEntityName"],
        "Web shop"
    );
    let removed = Request::delete(format!(
        "{INTERNAL}/analytics/ci/pipelines/{id}/jobs/shop/tests"
    ));
    assert_eq!(client.send(removed, Body::empty()).await.status, 200);
}

#[tokio::test]
async fn the_integration_with_github_actions_moves_pipelines_and_jobs_to_another_server() {
    let client = client().await;
    let (_, pipeline) = pipeline(&client).await;
    let other = client
        .create(
            "ci_servers",
            json!({ "name": "Other", "instance_id": "ci-2" }),
        )
        .await;
    let update = json!({ "id": pipeline, "name": "Moved", "ciServer": { "id": other, "type": "ci_server" } });
    assert_eq!(
        packed(
            &client,
            "PUT",
            &format!("{INTERNAL}/analytics/ci/pipeline_update"),
            &update
        )
        .await
        .status,
        200
    );
    let of_other = format!("ci_server EQ {{id EQ {other}}}");
    assert_eq!(
        client.names("pipelines", "name", &of_other).await,
        ["Moved"]
    );
    let job = client
        .names("ci_jobs", "id", "ci_id EQ 'shop/test'")
        .await
        .remove(0);
    let jobs =
        json!([{ "name": "Tests", "jobId": job, "jobCiId": "tests", "ciServer": { "id": other } }]);
    let path = format!("{INTERNAL}/analytics/ci/ci_job_update?ci-server-id=1");
    assert_eq!(packed(&client, "PUT", &path, &jobs).await.status, 200);
    assert_eq!(
        client.names("ci_jobs", "name", "ci_id EQ 'tests'").await,
        ["Tests"]
    );
    let toggles = get(
        &client,
        &format!("{INTERNAL}/analytics/ci/github_feature_toggles"),
    )
    .await
    .ok();
    assert_eq!(toggles, json!({}));
    let executor = json!({ "name": "runner", "subtype": "test_runner",
        "framework": { "type": "list_node", "id": "list_node.je.framework.junit" },
        "ci_server": { "type": "ci_server", "id": other }, "ci_job": { "type": "ci_job", "id": job } });
    client.create("executors", executor).await;
    let runner = only(
        &client,
        "executors?fields=name,ci_job,ci_server{instance_id}",
    )
    .await;
    assert_eq!(
        (&runner["type"], &runner["ci_server"]["instance_id"]),
        (&json!("test_runner"), &json!("ci-2"))
    );
    // The client finds the runner again from its job.
    let text = format!("!executor EQ {{null}};ci_server EQ {{id EQ {other}}}");
    assert_eq!(client.names("ci_jobs", "name", &text).await, ["Tests"]);
}

#[tokio::test]
async fn comments_of_commits_and_suites_are_validated() {
    let client = client().await;
    let story = crate::tests::entities::story(&client, "Pay").await;
    let path = format!(
        "{INTERNAL}/ali/validateCommitPattern?comment=user%20story%20%23{story}%3A%20x%2C%20bug%20999999"
    );
    let found = get(&client, &path).await.ok();
    assert_eq!(found["story"], json!([story.parse::<i64>().unwrap()]));
    assert_eq!(found["defect"], json!([]));
    let suite = client.create("test_suites", json!({ "name": "S" })).await;
    let path = |id: &str| {
        format!("{INTERNAL}/je/executors/validate-auto-suite?force=false&test_suite_id={id}")
    };
    assert_eq!(get(&client, &path(&suite)).await.status, 200);
    assert_eq!(get(&client, &path("999999")).await.status, 404);
}

#[tokio::test]
async fn an_unknown_server_may_not_report_if_the_settings_say_so() {
    let mut settings = Settings::default().seed_data(false);
    settings.results.unknown_ci_server = crate::OnUnknown::Fail;
    let client = Client::new(settings).await;
    let refused = client
        .put("analytics/ci/builds", &build("shop", "running", None))
        .await;
    assert_eq!(
        refused.refusal(),
        (404, "platform.entity_not_found".to_owned())
    );
    assert_eq!(client.list("ci_jobs").await.len(), 0);
}

#[tokio::test]
async fn the_build_of_the_official_schema_has_no_external_run_id() {
    let client = client().await;
    let xml = payload(
        "<build server_id='s' job_id='j' build_id='1' external_run_id='x'/>",
        "",
    );
    let request = Request::post(format!("{WORKSPACE}/test-results"))
        .header(header::CONTENT_TYPE, "application/xml");
    assert_eq!(client.send(request, xml).await.status, 400);
}

#[tokio::test]
async fn a_pipeline_shows_the_server_and_the_root_job_that_it_was_made_of() {
    let client = client().await;
    let (_, id) = pipeline(&client).await;
    let path = format!("pipelines/{id}?fields=server_ci_id,root_job_ci_id,jobs");
    let read = client.get(&path).await.ok();
    assert_eq!(
        (&read["server_ci_id"], &read["root_job_ci_id"]),
        (&json!("ci-1"), &json!("shop"))
    );
    for (text, found) in [
        ("root_job_ci_id EQ 'shop';server_ci_id EQ 'ci-1'", 1),
        ("root_job_ci_id EQ 'shop/test'", 0),
    ] {
        assert_eq!(count(&client, "pipelines", text).await, found, "{text}");
    }
    // A change of the name does not make another pipeline.
    let named = json!({ "name": "Store" });
    client.put(&format!("pipelines/{id}"), &named).await.ok();
    let read = client.get(&path).await.ok();
    assert_eq!(read["root_job_ci_id"], "shop");
    assert_eq!(client.ids("pipeline_nodes").await.len(), 3);
}

#[tokio::test]
async fn the_root_job_has_the_name_that_the_list_of_jobs_gives_it() {
    let client = client().await;
    let server = json!({ "name": "CI", "instance_id": "ci-1", "server_type": "jenkins", "url": "http://ci.example" });
    client.create("ci_servers", server).await;
    let pipeline = json!({
        "name": "Nightly pipeline", "server_ci_id": "ci-1", "root_job_ci_id": "root",
        "jobs": [{ "name": "Build", "jobCiId": "build" }, { "name": "Root job", "jobCiId": "root" }],
    });
    let id = client.create("pipelines", pipeline).await;
    let path = format!("pipelines/{id}?fields=name,root_job_name,nodes{{name}}");
    let read = client.get(&path).await.ok();
    assert_eq!(read["name"], "Nightly pipeline");
    assert_eq!(read["root_job_name"], "Root job");
    assert_eq!(read["nodes"]["data"][0]["name"], "Root job");
    assert_eq!(
        client.names("ci_jobs", "name", "ci_id EQ ^root^").await,
        ["Root job"]
    );
}
