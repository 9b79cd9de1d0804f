//! Branches: pipelines of their own, pull requests, and what the vendor's CI SDK synchronises.
//!
//! Sources: `PullRequestAndBranchServiceImpl` and `EntityConstants` of the vendor's CI SDK, `octaneClient.ts`, `eventHandler.ts`
//! and `endToEnd.integration.test.ts` of its integration with GitHub Actions.

use serde_json::{Value, json};

use super::pipelines::{CI, client, packed};
use super::{SPACE, count, only, query};
use crate::tests::{Client, WORKSPACE};

const STARTED_MS: i64 = 1_750_000_000_000;

async fn events(client: &Client, events: Value) {
    let body = json!({
        "server": { "instanceId": "GHA-owner", "type": "github_actions", "url": "http://git.example", "version": "25.2.1" },
        "events": events,
    });
    let answer = packed(client, "PUT", &format!("{CI}/events"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The event with which a build begins, as the integration sends it before any other.
fn started(job: &str, parent: &str, build: &str) -> Value {
    json!({
        "eventType": "started", "project": job, "projectDisplayName": format!("Shop {job}"), "buildCiId": build,
        "number": build, "startTime": STARTED_MS, "multiBranchType": "CHILD", "parentCiId": parent, "branch": "main",
        "skipValidation": true,
    })
}

async fn parent_pipeline(client: &Client) -> String {
    let server =
        json!({ "name": "GHA-owner", "instance_id": "GHA-owner", "server_type": "github_actions" });
    let server = client.create("ci_servers", server).await;
    let pipeline = json!({
        "name": "Shop", "ci_server": { "type": "ci_server", "id": server }, "root_job_ci_id": "ci.yml",
        "jobs": [{ "name": "Shop", "jobCiId": "ci.yml" }],
    });
    client.create("pipelines", pipeline).await
}

#[tokio::test]
async fn a_build_of_a_branch_gets_a_pipeline_with_the_release_of_the_common_one() {
    let client = client().await;
    let parent = parent_pipeline(&client).await;
    let release = client.only_id("releases").await;
    let change = json!({ "current_release": { "type": "release", "id": release } });
    client
        .put(&format!("pipelines/{parent}"), &change)
        .await
        .ok();

    events(&client, json!([started("ci.yml/main", "ci.yml", "1")])).await;
    let wanted = query("name EQ ^Shop ci.yml/main^");
    let fields = "fields=multi_branch_type,ci_server{instance_id},root_job{ci_id,branch},root_job_name,current_release";
    let child = only(&client, &format!("pipelines?{fields}&{wanted}")).await;
    assert_eq!(child["multi_branch_type"], "CHILD");
    assert_eq!(child["ci_server"]["instance_id"], "GHA-owner");
    assert_eq!(child["root_job"]["ci_id"], "ci.yml/main");
    assert_eq!(child["root_job"]["branch"], "main");
    assert_eq!(child["root_job_name"], "Shop ci.yml/main");
    assert_eq!(child["current_release"]["id"], release.as_str());
    let path = format!("pipelines/{parent}?fields=multi_branch_type");
    assert_eq!(client.get(&path).await.ok()["multi_branch_type"], "PARENT");

    // Another build of the branch, a job in it, and the end.
    let job = json!({
        "eventType": "started", "project": "ci.yml/main/test", "projectDisplayName": "test", "buildCiId": "2",
        "number": "2", "startTime": STARTED_MS,
        "causes": [{ "type": "upstream", "project": "ci.yml/main", "buildCiId": "2", "causes": [] }],
    });
    let finished = json!({
        "eventType": "finished", "project": "ci.yml/main", "projectDisplayName": "Shop ci.yml/main", "buildCiId": "2",
        "number": "2", "startTime": STARTED_MS, "duration": 5, "result": "success", "causes": [{ "type": "user" }],
    });
    let again = started("ci.yml/main", "ci.yml", "2");
    events(&client, json!([again, job, finished])).await;
    assert_eq!(count(&client, "pipelines", "id GT 0").await, 2);
    let child = child["id"].as_str().unwrap();
    let of_child = query(&format!("pipeline EQ {{id EQ ^{child}^}}"));
    let runs = client
        .list(&format!("pipeline_runs?{of_child}&order_by=-id"))
        .await;
    assert_eq!(runs.len(), 2);
    let run = runs[0]["id"].as_str().unwrap();
    let of_run = query(&format!("pipeline_run EQ {{id EQ ^{run}^}}"));
    let path = format!("pipeline_node_runs?fields=ci_build{{job_id}},status&{of_run}&order_by=id");
    let nodes = client.list(&path).await;
    let jobs: Vec<&Value> = nodes
        .iter()
        .map(|node| &node["ci_build"]["job_id"])
        .collect();
    assert_eq!(jobs, ["ci.yml/main", "ci.yml/main/test"]);
    assert_eq!(nodes[0]["status"], "finished");
    let path = format!(
        "previous_runs?{}",
        query(&format!(
            "pipeline_run_id EQ ^{run}^;pipeline_id EQ {child}"
        ))
    );
    assert_eq!(client.list(&path).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_branch_without_a_common_pipeline_has_none_of_its_own() {
    let client = client().await;
    events(&client, json!([started("ci.yml/main", "ci.yml", "1")])).await;
    assert_eq!(count(&client, "pipelines", "id GT 0").await, 0);
    assert_eq!(count(&client, "ci_builds", "id GT 0").await, 1);
}

#[tokio::test]
async fn an_older_client_names_the_root_job_only() {
    let client = client().await;
    let server = client
        .create(
            "ci_servers",
            json!({ "name": "Azure", "instance_id": "azure" }),
        )
        .await;
    // As the extension of Azure DevOps does (`BaseTask.ts`).
    let pipeline = json!({
        "name": "Shop", "ci_server": { "type": "ci_server", "id": server }, "root_job_name": "Shop_CI",
        "notification_track": false, "notification_track_tester": false,
    });
    client.create("pipelines", pipeline).await;
    let path = "pipelines?fields=root_job_name,root_job{ci_id}";
    let pipeline = only(&client, path).await;
    assert_eq!(pipeline["root_job"]["ci_id"], "Shop_CI");
}

#[tokio::test]
async fn a_test_runner_is_found_from_its_job() {
    let client = client().await;
    parent_pipeline(&client).await;
    let job = client.only_id("ci_jobs").await;
    let with_runner = query(&format!("id EQ ^{job}^;!executor EQ {{null}}"));
    let path = format!("ci_jobs?fields=executor{{name,subtype}}&{with_runner}");
    assert_eq!(client.list(&path).await, Vec::<Value>::new());
    let runner = json!({
        "name": "Runner", "subtype": "test_runner", "ci_job": { "type": "ci_job", "id": job },
        "framework": { "type": "list_node", "id": "list_node.je.framework.junit" },
    });
    let runner = client.create("executors", runner).await;
    let found = only(&client, &path).await;
    assert_eq!(found["executor"]["id"], runner.as_str());
    assert_eq!(found["executor"]["subtype"], "test_runner");
}

#[tokio::test]
async fn pull_requests_bring_their_repository_branches_and_commits() {
    let client = client().await;
    let repository = |branch: &str| json!({ "type": "git", "url": "http://git.example/shop.git", "branch": branch });
    let request = |state: &str| {
        json!([{
            "id": "7", "title": "Pay later", "description": "", "state": state, "authorName": "jane", "merged": false,
            "selfUrl": "http://git.example/shop/7", "createdTime": STARTED_MS, "updatedTime": STARTED_MS,
            "sourceRepository": repository("pay"), "targetRepository": repository("main"),
            "commits": [{ "revId": "abc", "user": "jane", "time": STARTED_MS, "comment": "later", "changes": [] }],
        }])
    };
    let path = format!("{WORKSPACE}/analytics/ci/pull-requests/");
    for state in ["open", "closed"] {
        let answer = packed(&client, "PUT", &path, &request(state)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let found = only(
        &client,
        "pull_requests?fields=name,state,source_branch,created_time,commits{rev_id}",
    )
    .await;
    assert_eq!(
        (&found["name"], &found["state"], &found["source_branch"]),
        (&json!("Pay later"), &json!("closed"), &json!("pay"))
    );
    assert_eq!(found["created_time"], "2025-06-15T15:06:40Z");
    assert_eq!(found["commits"]["data"][0]["rev_id"], "abc");
    let root = only(
        &client,
        &format!(
            "scm_repository_roots?fields=name,scm_diff&{}",
            query("url='http://git.example/shop.git'")
        ),
    )
    .await;
    assert_eq!(
        (&root["name"], &root["scm_diff"]),
        (&json!("shop"), &Value::Null)
    );
    assert_eq!(
        client
            .names("scm_repositories", "name", "is_deleted=false")
            .await,
        ["pay", "main"]
    );
    let refused = packed(&client, "PUT", &path, &json!({ "no": "list" })).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn branches_are_created_deleted_and_found_again() {
    let client = client().await;
    let root = json!({ "type": "scm_repository_root", "name": "shop", "url": "http://git.example/shop", "scm_type": 2 });
    let root = client.create("scm_repository_roots", root).await;
    let branch = |name: &str| {
        json!({
            "type": "scm_repository", "name": name, "repository": { "type": "scm_repository_root", "id": root },
            "is_merged": false, "last_commit_revision": "abc", "last_commit_time": "2025-06-15T15:06:40Z",
            "scm_user": "jane", "scm_user_email": "jane@octane.example",
        })
    };
    let id = client.create("scm_repositories", branch("pay")).await;
    let open = format!("repository={{id={root}}};is_deleted=false");
    assert_eq!(count(&client, "scm_repositories", &open).await, 1);
    let deleted = json!({ "data": [{ "type": "scm_repository", "id": id, "is_deleted": true }] });
    client.put("scm_repositories", &deleted).await.ok();
    assert_eq!(count(&client, "scm_repositories", &open).await, 0);
    // The name is taken though; the client reads the code and the position, and brings the branch back.
    let both = json!({ "data": [branch("new"), branch("pay")] });
    let answer = client.post("scm_repositories", &both).await;
    assert_eq!(answer.status, 409);
    let error = &answer.json()["errors"][0];
    assert_eq!(
        (&error["error_code"], &error["index"]),
        (&json!("platform.duplicate_entity_error"), &json!(1))
    );
}

#[tokio::test]
async fn a_branch_is_linked_to_what_it_was_created_for() {
    let client = client().await;
    let story = crate::tests::entities::story(&client, "Pay").await;
    let defect = client.create("defects", json!({ "name": "Late" })).await;
    let root = json!({ "name": "shop", "url": "https://git.example/shop", "scm_type": 2 });
    let root = client.create("scm_repository_roots", root).await;
    let path = "analytics/ci/link-stories-to-branch?reference-update-mode=append";
    for (name, item) in [("pay", &story), ("pay-more", &story), ("late", &defect)] {
        let branch =
            json!({ "name": name, "repository": { "type": "scm_repository_root", "id": root } });
        let branch = client.create("scm_repositories", branch).await;
        let branches = json!({ "data": [{ "id": branch, "type": "scm_repository" }] });
        let body = json!({ "data": [{ "scm_branches": branches, "id": item }] });
        let answer = client.put(path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for (item, expected) in [(&story, vec!["pay", "pay-more"]), (&defect, vec!["late"])] {
        let path = format!("work_items/{item}?fields=scm_branches{{name}}");
        let read = client.get(&path).await.ok();
        let branches = read["scm_branches"]["data"].as_array().unwrap();
        let names: Vec<&str> = branches
            .iter()
            .map(|branch| branch["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn patterns_say_what_they_are_about_and_where_they_apply() {
    let client = client().await;
    let value = |id: &str| json!({ "type": "list_node", "id": format!("list_node.{id}") });
    for place in ["branch", "commit"] {
        let pattern = json!({
            "pattern": "story.*#(\\d+)",
            "entity_type": value("scm_commit_pattern_entity_type.user_story"),
            "applies_to": value(&format!("commit_pattern.applies_to.{place}")),
        });
        client.create("scm_commit_patterns", pattern).await;
    }
    let wanted = |of: &str| {
        format!(
            "(entity_type EQ {{(id EQ 'list_node.scm_commit_pattern_entity_type.{of}')}};\
             applies_to EQ {{(id EQ 'list_node.commit_pattern.applies_to.branch')}})"
        )
    };
    let path = format!(
        "scm_commit_patterns?fields=pattern,entity_type,applies_to&{}",
        query(&wanted("user_story"))
    );
    let pattern = only(&client, &path).await;
    assert_eq!(
        pattern["applies_to"]["id"],
        "list_node.commit_pattern.applies_to.branch"
    );
    let others = count(&client, "scm_commit_patterns", &wanted("story")).await;
    assert_eq!(others, 0);
}

#[tokio::test]
async fn commits_of_a_build_are_reported_under_the_space_with_times_as_text() {
    let client = client().await;
    let story = crate::tests::entities::story(&client, "Pay").await;
    let path = format!("{SPACE}/scm-commits?instance-id=ci-1&job-ci-id=shop&build-ci-id=21");
    let data = json!([{ "repository": { "type": "git", "url": "https://git.example/shop", "branch": "main" },
        "commits": [{ "revId": "c3", "parentRevId": "b2", "time": "1700000000000", "user": "jane",
            "userEmail": "jane@octane.example", "comment": format!("user story #{story}: pay"), "changes": [] }] }]);
    let answer = packed(&client, "PUT", &path, &data).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let fields = "revision,commit_time,repositories{url,branch},ci_build{build_ci_id}";
    let commit = only(&client, &format!("scm_commits?fields={fields}")).await;
    assert_eq!(commit["revision"], "c3");
    assert_eq!(commit["commit_time"], "2023-11-14T22:13:20Z");
    assert_eq!(commit["ci_build"]["data"][0]["build_ci_id"], "21");
    let repository = &commit["repositories"]["data"][0];
    assert_eq!(
        (&repository["url"], &repository["branch"]),
        (&json!("https://git.example/shop"), &json!("main"))
    );
    let branch = only(&client, "scm_repositories?fields=url").await;
    assert_eq!(branch["url"], "https://git.example/shop");
    let path = client
        .get(&format!("stories/{story}?fields=path"))
        .await
        .ok();
    let path = path["path"].as_str().unwrap();
    for (prefix, found) in [(path, 1), ("FFFF", 0)] {
        let filter = format!("(stories={{((path='{prefix}*'))}})");
        assert_eq!(
            count(&client, "scm_commits", &filter).await,
            found,
            "{prefix}"
        );
    }
}
