//! Submitting payloads, before they are ingested.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ingestion::payload;
use super::{Client, Response};
use crate::settings::{DuplicateStatus, OnUnknown};
use crate::{Clock, Sandbox, Settings};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// An empty sandbox with a paused clock.
async fn client(change: impl FnOnce(&mut Settings)) -> (Client, Clock) {
    let mut settings = Settings::default().seed_data(false);
    settings.access.session_idle = 1000 * HOUR;
    settings.access.session_absolute = 1000 * HOUR;
    change(&mut settings);
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let sandbox = Sandbox::open_at(settings, clock.clone()).unwrap();
    (Client::of(&sandbox).await, clock)
}

fn run(name: &str) -> String {
    payload(
        "",
        &format!("<test_run name='{name}' status='Passed' duration='1'/>"),
    )
}

fn is_known(response: &Response) -> bool {
    response.json()["fromOlderPush"] == "true"
}

#[tokio::test]
async fn a_full_queue_accepts_nothing_until_a_payload_has_ended() {
    let (client, clock) = client(|settings| {
        settings.results.queue_max = Some(2);
        settings.results.ingest_delay = Duration::from_secs(10);
        settings.limits.retry_after = true;
    })
    .await;
    let first = client.submit(&run("a"), "").await.ok();
    client.submit(&run("b"), "").await.ok();
    let refused = client.submit(&run("c"), "").await;
    assert_eq!(refused.refusal(), (503, "testbox.queue_full".to_owned()));
    assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    // A duplicate is not queued, so there is room for it.
    assert!(is_known(&client.submit(&run("a"), "").await));
    while client.get("test-results/1").await.ok()["status"] != "success" {
        clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    assert_eq!(first["id"], 1);
    assert_eq!(client.submit(&run("c"), "").await.status, 202);
}

#[tokio::test]
async fn payloads_beyond_the_hourly_limit_must_wait_for_the_oldest_to_age() {
    let (client, clock) = client(|settings| {
        settings.results.payloads_per_hour_max = Some(2);
        settings.limits.retry_after = true;
    })
    .await;
    client.submit(&run("a"), "").await.ok();
    clock.advance(Duration::from_secs(600));
    client.submit(&run("b"), "").await.ok();
    let refused = client.submit(&run("c"), "").await;
    assert_eq!(refused.refusal(), (503, "testbox.request_limit".to_owned()));
    assert_eq!(refused.headers[header::RETRY_AFTER], "3000");
    clock.advance(Duration::from_secs(2999));
    assert_eq!(client.submit(&run("c"), "").await.status, 503);
    clock.advance(Duration::from_secs(1));
    assert_eq!(client.submit(&run("c"), "").await.status, 202);
    assert_eq!(client.submit(&run("d"), "").await.status, 503);
}

#[tokio::test]
async fn retry_after_is_sent_only_if_the_settings_say_so() {
    let (client, _) = client(|settings| settings.results.queue_max = Some(0)).await;
    let refused = client.submit(&run("a"), "").await;
    assert_eq!(refused.status, 503);
    assert!(!refused.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn a_payload_is_remembered_as_long_as_the_settings_say() {
    let (client, clock) = client(|settings| {
        settings.results.duplicate_memory = Some(HOUR);
        settings.results.duplicate_status = DuplicateStatus::Ok;
    })
    .await;
    client.upload(&run("a"), "").await;
    clock.advance(Duration::from_secs(3599));
    let again = client.submit(&run("a"), "").await;
    assert_eq!((again.status.as_u16(), is_known(&again)), (200, true));
    clock.advance(Duration::from_secs(1));
    let forgotten = client.submit(&run("a"), "").await;
    assert_eq!(forgotten.status, 202);
    assert_eq!(forgotten.json(), json!({ "id": 2, "status": "queued" }));
}

#[tokio::test]
async fn a_memory_of_zero_disables_duplicate_detection() {
    let (client, _) =
        client(|settings| settings.results.duplicate_memory = Some(Duration::ZERO)).await;
    client.upload(&run("a"), "").await;
    assert!(!is_known(&client.submit(&run("a"), "").await));
}

#[tokio::test]
async fn the_flag_may_be_ignored_when_payloads_are_compared() {
    let (client, _) =
        client(|settings| settings.results.duplicate_needs_same_skip_errors = false).await;
    client.upload(&run("a"), "").await;
    let response = client.submit(&run("a"), "?skip-errors=true").await;
    assert!(is_known(&response));
    assert_eq!(response.status, 202);
}

#[tokio::test]
async fn a_payload_with_too_many_runs_is_rejected() {
    let (client, _) = client(|settings| settings.results.payload_runs_max = Some(1)).await;
    let one = "<test_run name='a' status='Passed' duration='1'/>";
    assert_eq!(client.submit(&payload("", one), "").await.status, 202);
    let response = client.submit(&payload("", &one.repeat(2)), "").await;
    assert_eq!(response.status, 400);
    assert_eq!(
        response.json()["description"],
        "the payload has 2 runs; the limit is 1; split it into smaller payloads"
    );
}

#[tokio::test]
async fn a_task_may_have_a_text_as_its_id_and_no_public_log() {
    let (client, _) = client(|settings| {
        settings.results.task_id_as_text = true;
        settings.results.task_log = false;
    })
    .await;
    assert_eq!(client.submit(&run("a"), "").await.json()["id"], "1");
    assert_eq!(client.get("test-results/1").await.json()["id"], "1");
    assert_eq!(client.get("test-results/1/log").await.status, 404);
    assert_eq!(
        ci(&client, "GET", "test-results/1/log", "").await.status,
        200
    );
}

/// A request of a CI plug-in.
async fn ci(client: &Client, method: &str, path: &str, xml: &str) -> Response {
    let address = format!("/internal-api/shared_spaces/1001/analytics/ci/{path}");
    let request = Request::builder()
        .method(method)
        .uri(address)
        .header(header::CONTENT_TYPE, "application/xml");
    client.send(request, Body::from(xml.to_owned())).await
}

async fn builds(client: &Client) -> Vec<Value> {
    let builds = client
        .list("ci_builds?fields=ci_server{instance_id},job_id,build_id,name&order_by=id")
        .await;
    builds
        .iter()
        .map(|build| {
            json!([
                build["ci_server"]["instance_id"],
                build["job_id"],
                build["build_id"],
                build["name"]
            ])
        })
        .collect()
}

#[tokio::test]
async fn a_plug_in_names_the_build_in_the_url() {
    let (client, _) = client(|_| {}).await;
    let address = |build: &str| {
        format!(
            "test-results?skip-errors=false&instance-id=ci-1&job-ci-id=shop%2Fnightly&build-ci-id={build}"
        )
    };
    let response = ci(&client, "POST", &address("17"), &run("a")).await;
    assert_eq!(response.status, 202);
    let task = client.wait_for_task(&response.json()["id"]).await;
    assert_eq!(task["status"], "success");
    // The same bytes for another build are another payload.
    assert!(!is_known(
        &ci(&client, "POST", &address("18"), &run("a")).await
    ));
    assert!(is_known(
        &ci(&client, "POST", &address("17"), &run("a")).await
    ));
    client.wait_for_task(&json!(2)).await;
    assert_eq!(
        builds(&client).await,
        [
            json!(["ci-1", "shop/nightly", "17", "17"]),
            json!(["ci-1", "shop/nightly", "18", "18"])
        ]
    );
    let query = "build EQ {build_id EQ '18'}";
    assert_eq!(client.names("automated_runs", "name", query).await, ["a"]);
    assert_eq!(ci(&client, "GET", "test-results/1", "").await.json(), task);
}

#[tokio::test]
async fn the_build_of_a_plug_in_may_be_base64_or_in_the_payload() {
    let (client, _) = client(|_| {}).await;
    let encoded = "test-results?instance-id=ci-1&job-ci-id=c2hvcC_Dpw==&build-ci-id=17&ci-job-encoding=base64";
    let response = ci(&client, "POST", encoded, &run("a")).await;
    client.wait_for_task(&response.json()["id"]).await;
    let own = "<build server_id='ci-2' job_id='j' build_id='3' build_name='#3'/>";
    let xml = payload(own, "<test_run name='b' status='Passed' duration='1'/>");
    let response = ci(&client, "POST", "test-results", &xml).await;
    client.wait_for_task(&response.json()["id"]).await;
    assert_eq!(
        builds(&client).await,
        [
            json!(["ci-1", "shop/ç", "17", "17"]),
            json!(["ci-2", "j", "3", "#3"])
        ]
    );
    for (address, part) in [
        ("test-results", "`instance-id`"),
        ("test-results?instance-id=c&job-ci-id=j", "`build-ci-id`"),
        (
            "test-results?instance-id=c&job-ci-id=!&build-ci-id=MQ&ci-job-encoding=base64",
            "`job-ci-id` is `!`",
        ),
    ] {
        let response = ci(&client, "POST", address, &run("c")).await;
        assert_eq!(response.status, 400, "{address}");
        let description = response.json()["description"].to_string();
        assert!(description.contains(part), "{description}");
    }
}

#[tokio::test]
async fn a_preflight_tells_whether_results_of_a_job_are_wanted() {
    let (open, _) = client(|_| {}).await;
    let (closed, _) = client(|settings| settings.results.unknown_ci_server = OnUnknown::Fail).await;
    let ask = async |client: &Client, server: &str| {
        let path =
            format!("servers/{server}/jobs/c2hvcA==/tests-result-preflight?ci-job-encoding=base64");
        ci(client, "GET", &path, "").await.text()
    };
    assert_eq!(ask(&open, "ci-1").await, "true");
    assert_eq!(ask(&closed, "ci-1").await, "false");
    let server = json!({ "name": "CI", "instance_id": "ci-1" });
    closed.create("ci_servers", server).await;
    assert_eq!(ask(&closed, "ci-1").await, "true");
}

#[tokio::test]
async fn private_urls_have_one_space_and_require_a_session_as_well() {
    let (client, _) = client(|_| {}).await;
    let address = "/internal-api/shared_spaces/9/analytics/ci/test-results/1";
    let response = client.send(Request::get(address), Body::empty()).await;
    assert_eq!(
        response.refusal(),
        (404, "platform.entity_not_found".to_owned())
    );
    let address = "/internal-api/shared_spaces/1001/analytics/ci/test-results/1";
    let request = Request::get(address).body(Body::empty()).unwrap();
    assert_eq!(super::response(&client.app, request).await.status, 401);
}

#[tokio::test]
async fn a_task_that_was_running_when_the_sandbox_was_killed_restarts_and_ends_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = crate::Storage::File(folder.path().join("sandbox.sqlite"));
    let mut settings = Settings::default().storage(file);
    settings.results.ingest_delay = HOUR;
    let xml = run("survivor");
    {
        // The clock is paused, so the task stays running; dropping everything simulates a crash.
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        let sandbox = Sandbox::open_at(settings.clone(), clock).unwrap();
        let client = Client::of(&sandbox).await;
        client.submit(&xml, "").await.ok();
        while client.get("test-results/1").await.ok()["status"] != "running" {
            tokio::task::yield_now().await;
        }
        sandbox.state.worker.stop().await;
    }
    settings.results.ingest_delay = Duration::ZERO;
    for _ in 0..2 {
        let sandbox = Sandbox::open(settings.clone()).unwrap();
        let client = Client::of(&sandbox).await;
        assert_eq!(client.wait_for_task(&json!(1)).await["status"], "success");
        let query = "test_name EQ 'survivor'";
        let runs = client.names("automated_runs", "version_stamp", query).await;
        assert_eq!(runs, ["1"]);
        let previous = client
            .names("previous_runs", "id", "test_name EQ 'survivor'")
            .await;
        assert_eq!(previous.len(), 0);
        assert!(is_known(&client.submit(&xml, "").await));
        sandbox.state.worker.stop().await;
    }
}
