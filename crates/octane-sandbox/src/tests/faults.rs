//! Faults as a client in process meets them.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::json;
use tower::ServiceExt;

use super::ingestion::{one_run, suite};
use super::{Client, WORKSPACE};
use crate::{Clock, ConnectionReset, Expiry, Fault, FaultPlan, Sandbox, Settings, ThrottleStatus};

async fn sandbox() -> (Sandbox, Client) {
    at(Clock::running()).await
}

async fn at(clock: Clock) -> (Sandbox, Client) {
    let settings = Settings::default().seed_data(false);
    let sandbox = Sandbox::open_at(settings, clock).unwrap();
    let client = Client::of(&sandbox).await;
    (sandbox, client)
}

#[tokio::test]
async fn a_refusal_has_the_status_code_and_headers_that_were_asked_for() {
    let (sandbox, client) = sandbox().await;
    let fault = Fault::status(503)
        .code("testbox.queue_full")
        .retry_after(Duration::from_millis(1500))
        .times(2);
    sandbox.fail_next(fault).unwrap();
    for _ in 0..2 {
        let answer = client.get("stories").await;
        assert_eq!(answer.refusal(), (503, "testbox.queue_full".to_owned()));
        assert_eq!(answer.headers[header::RETRY_AFTER], "2");
    }
    assert_eq!(client.get("stories").await.status, 200);
    sandbox
        .fail_next(Fault::status(502).body("{\"message\":\"x\"}", "text/plain"))
        .unwrap();
    let answer = client.get("stories").await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/plain");
    assert_eq!(answer.text(), "{\"message\":\"x\"}");
    sandbox.fail_next(Fault::html(200)).unwrap();
    let answer = client.get("stories").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().starts_with("<!doctype html>"));
    assert!(sandbox.fail_next(Fault::status(99)).is_err());
}

#[tokio::test]
async fn a_refused_request_does_no_work() {
    let (sandbox, client) = sandbox().await;
    sandbox
        .fail_next(Fault::status(500).method("POST"))
        .unwrap();
    let body = json!({ "data": [{ "name": "R" }] });
    let answer = client.post("programs", &body).await;
    assert_eq!(answer.refusal(), (500, "platform.general_error".to_owned()));
    assert_eq!(
        client.names("programs", "name", "name EQ ^R^").await.len(),
        0
    );
}

#[tokio::test]
async fn a_reset_connection_is_told_by_the_answer_before_and_after_the_work() {
    let (sandbox, client) = sandbox().await;
    for (fault, made) in [(Fault::reset_before(), 0), (Fault::reset_after(), 1)] {
        sandbox.fail_next(fault).unwrap();
        let request = Request::post(format!("{WORKSPACE}/programs"))
            .header(header::COOKIE, &client.cookies)
            .body(Body::from(r#"{"data":[{"name":"R"}]}"#))
            .unwrap();
        let response = client.app.clone().oneshot(request).await.unwrap();
        let reset = response.extensions().get::<ConnectionReset>();
        assert!(reset.is_some());
        let releases = client.names("programs", "name", "name EQ ^R^").await;
        assert_eq!(releases.len(), made);
    }
    let log = sandbox.requests();
    let struck: Vec<_> = log
        .iter()
        .filter_map(|request| request.fault.as_deref())
        .collect();
    assert_eq!(struck, ["reset-before", "reset-after"]);
    assert!(
        log.iter()
            .all(|request| request.status.is_some() != request.fault.is_some())
    );
}

#[tokio::test]
async fn a_truncated_body_ends_in_an_error() {
    let (sandbox, client) = sandbox().await;
    let whole = client.get("releases").await.body;
    sandbox.fail_next(Fault::truncated_body(10)).unwrap();
    let request = Request::get(format!("{WORKSPACE}/releases"))
        .header(header::COOKIE, &client.cookies)
        .body(Body::empty())
        .unwrap();
    let response = client.app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()[header::CONTENT_LENGTH],
        whole.len().to_string()
    );
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, whole[..10]);
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test]
async fn a_delay_passes_on_the_sandboxs_clock_and_the_work_is_done_before() {
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let (sandbox, client) = at(clock.clone()).await;
    sandbox
        .fail_next(Fault::delay(Duration::from_secs(600)).method("POST"))
        .unwrap();
    let (client, moving) = (std::sync::Arc::new(client), clock.clone());
    let posting = tokio::spawn({
        let client = std::sync::Arc::clone(&client);
        async move {
            client
                .post("programs", &json!({ "data": [{ "name": "R" }] }))
                .await
        }
    });
    while client
        .names("programs", "name", "name EQ ^R^")
        .await
        .is_empty()
    {
        tokio::task::yield_now().await;
    }
    moving.advance(Duration::from_secs(599));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!posting.is_finished());
    moving.advance(Duration::from_secs(1));
    assert_eq!(posting.await.unwrap().status, 201);
    let requests = sandbox.requests();
    let posted = requests
        .iter()
        .find(|request| request.fault.is_some())
        .unwrap();
    assert_eq!(posted.duration, Some(Duration::from_secs(600)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_takes_its_time_and_is_whole() {
    let (sandbox, client) = sandbox().await;
    let whole = client.get("releases").await.body;
    sandbox.fail_next(Fault::slow_body(20)).unwrap();
    let before = sandbox.clock().now();
    assert_eq!(client.get("releases").await.body, whole);
    let took = sandbox.clock().now().duration_since(before).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a short text")]
    let expected = whole.len() as f64 / 20.0;
    assert!((expected..expected + 0.3).contains(&took), "{took}");
}

#[tokio::test]
async fn an_expired_session_stays_expired_until_the_next_sign_in() {
    let (sandbox, client) = sandbox().await;
    for (expiry, code) in [
        (Expiry::Idle, "VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT"),
        (Expiry::Global, "VALIDATION_TOKEN_EXPIRED_GLOBAL_TIME_OUT"),
    ] {
        let client = Client::of(&sandbox).await;
        sandbox.fail_next(Fault::session_expired(expiry)).unwrap();
        for _ in 0..2 {
            let answer = client.get("stories").await;
            assert_eq!(answer.status, 401);
            assert_eq!(answer.json()["errorCode"], code);
        }
    }
    assert_eq!(client.get("stories").await.status, 200);
}

#[tokio::test]
async fn payloads_meet_a_full_queue_and_a_limit() {
    let (sandbox, client) = sandbox().await;
    let suite = suite(&client, "Nightly").await;
    sandbox
        .fail_next(Fault::queue_full().retry_after(Duration::from_secs(5)))
        .unwrap();
    sandbox.fail_next(Fault::request_limit()).unwrap();
    let first = client.submit(&one_run(&suite, "r", "a"), "").await;
    assert_eq!(first.refusal(), (503, "testbox.queue_full".to_owned()));
    assert_eq!(first.headers[header::RETRY_AFTER], "5");
    let second = client.submit(&one_run(&suite, "r", "a"), "").await;
    assert_eq!(second.refusal(), (503, "testbox.request_limit".to_owned()));
    assert_eq!(
        client.submit(&one_run(&suite, "r", "a"), "").await.status,
        202
    );
}

#[tokio::test]
async fn tasks_fail_break_and_get_stuck_and_the_others_go_on() {
    let (sandbox, client) = sandbox().await;
    let suite = suite(&client, "Nightly").await;
    for (fault, status) in [
        (Fault::failed_task(), "failed"),
        (Fault::broken_task(), "error"),
        (Fault::stuck_task(), "running"),
    ] {
        sandbox.fail_next(fault).unwrap();
        let struck = client.submit(&one_run(&suite, "r", status), "").await.ok();
        let sound = client.upload(&one_run(&suite, status, "sound"), "").await;
        assert_eq!(sound["status"], "success");
        let task = client
            .get(&format!("test-results/{}", struck["id"]))
            .await
            .ok();
        assert_eq!(task["status"], status);
    }
    let names = client.names("automated_runs", "name", "id GT 0").await;
    assert!(names.iter().all(|name| name == "sound"), "{names:?}");
    // The payload of the stuck one is still there.
    sandbox.snapshot("stuck").await.unwrap();
    sandbox.restore("stuck").await.unwrap();
    assert_eq!(client.settled(&json!(5)).await["status"], "success");
}

#[tokio::test]
async fn a_slow_task_runs_until_its_time_has_come() {
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let (sandbox, client) = at(clock.clone()).await;
    let suite = suite(&client, "Nightly").await;
    sandbox
        .fail_next(Fault::slow_task(Duration::from_secs(60)))
        .unwrap();
    let task = client.submit(&one_run(&suite, "r", "a"), "").await.ok();
    let path = format!("test-results/{}", task["id"]);
    while client.get(&path).await.ok()["status"] != "running" {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(59));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.get(&path).await.ok()["status"], "running");
    clock.advance(Duration::from_secs(1));
    assert_eq!(client.settled(&task["id"]).await["status"], "success");
}

#[tokio::test]
async fn requests_that_come_too_soon_are_told_when_to_come_back() {
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let mut settings = Settings::default().seed_data(false);
    settings.limits.requests_per_second_max = Some(3);
    settings.limits.throttle_status = ThrottleStatus::Unavailable;
    settings.limits.retry_after = true;
    let sandbox = Sandbox::open_at(settings, clock.clone()).unwrap();
    // Signing in is the first.
    let client = Client::of(&sandbox).await;
    assert_eq!(client.get("stories").await.status, 200);
    assert_eq!(client.get("stories").await.status, 200);
    let answer = client.get("stories").await;
    assert_eq!(
        answer.refusal(),
        (503, "platform.too_many_requests".to_owned())
    );
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    let health = client.send(Request::get("/_sandbox/health"), Body::empty());
    assert_eq!(health.await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(client.get("stories").await.status, 200);
    let log = sandbox.requests();
    assert_eq!(log[3].fault.as_deref(), Some("throttled"));
}

#[tokio::test]
async fn two_sandboxes_with_one_seed_tell_the_same_story() {
    let mut stories = Vec::new();
    for _ in 0..2 {
        let mut settings = Settings::default().seed_data(false);
        settings.faults = FaultPlan::seeded(5)
            .with(Fault::status(503).rate(0.3).path("*/stories"))
            .with(Fault::html(200).rate(0.3).path("*/defects"));
        let client = Client::new(settings).await;
        let mut story = Vec::new();
        for number in 0..40 {
            let path = ["stories", "defects"][number % 2];
            let answer = client.get(path).await;
            story.push((answer.status.as_u16(), answer.body.first().copied()));
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert!(stories[0].contains(&(503, Some(b'{'))));
    assert!(stories[0].contains(&(200, Some(b'<'))));
    assert!(stories[0].contains(&(200, Some(b'{'))));
}

#[tokio::test]
async fn the_sandboxs_own_addresses_and_pages_are_never_struck() {
    let mut settings = Settings::default().seed_data(false);
    settings.faults = FaultPlan::seeded(1).with(Fault::status(500));
    let sandbox = Sandbox::open(settings).unwrap();
    for path in ["/", "/_sandbox/health", "/_sandbox/faults"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = super::answer(&sandbox.app(), request).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let request = Request::get("/nowhere").body(Body::empty()).unwrap();
    assert_eq!(super::answer(&sandbox.app(), request).await.status, 500);
    sandbox.clear_faults();
    let request = Request::get("/nowhere").body(Body::empty()).unwrap();
    assert_eq!(super::answer(&sandbox.app(), request).await.status, 404);
    assert_eq!(sandbox.requests().len(), 2);
}
