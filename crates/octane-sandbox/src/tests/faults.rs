//! Faults as seen by a client in the same process.

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
async fn a_status_fault_has_the_requested_status_code_and_headers() {
    let (sandbox, client) = sandbox().await;
    let fault = Fault::status(503)
        .code("testbox.queue_full")
        .retry_after(Duration::from_millis(1500))
        .times(2);
    sandbox.fail_next(fault).unwrap();
    for _ in 0..2 {
        let response = client.get("stories").await;
        assert_eq!(response.refusal(), (503, "testbox.queue_full".to_owned()));
        assert_eq!(response.headers[header::RETRY_AFTER], "2");
    }
    assert_eq!(client.get("stories").await.status, 200);
    sandbox
        .fail_next(Fault::status(502).body("{\"message\":\"x\"}", "text/plain"))
        .unwrap();
    let response = client.get("stories").await;
    assert_eq!(response.status, 502);
    assert_eq!(response.headers[header::CONTENT_TYPE], "text/plain");
    assert_eq!(response.text(), "{\"message\":\"x\"}");
    sandbox.fail_next(Fault::html(200)).unwrap();
    let response = client.get("stories").await;
    assert_eq!(response.status, 200);
    assert!(response.text().starts_with("<!doctype html>"));
    assert!(sandbox.fail_next(Fault::status(99)).is_err());
}

#[tokio::test]
async fn a_rejected_request_has_no_effect() {
    let (sandbox, client) = sandbox().await;
    sandbox
        .fail_next(Fault::status(500).method("POST"))
        .unwrap();
    let body = json!({ "data": [{ "name": "R" }] });
    let response = client.post("programs", &body).await;
    assert_eq!(
        response.refusal(),
        (500, "platform.general_error".to_owned())
    );
    assert_eq!(
        client.names("programs", "name", "name EQ ^R^").await.len(),
        0
    );
}

#[tokio::test]
async fn a_reset_before_or_after_the_work_is_marked_in_the_response() {
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
    let triggered: Vec<_> = log
        .iter()
        .filter_map(|request| request.fault.as_deref())
        .collect();
    assert_eq!(triggered, ["reset-before", "reset-after"]);
    assert!(
        log.iter()
            .all(|request| request.status.is_some() != request.fault.is_some())
    );
}

#[tokio::test]
async fn a_truncated_body_ends_with_an_error() {
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
async fn a_delay_passes_on_the_sandboxs_clock_after_the_work_is_done() {
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
async fn a_slow_body_takes_its_time_and_is_complete() {
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
            let response = client.get("stories").await;
            assert_eq!(response.status, 401);
            assert_eq!(response.json()["errorCode"], code);
        }
    }
    assert_eq!(client.get("stories").await.status, 200);
}

#[tokio::test]
async fn payloads_can_be_rejected_by_a_full_queue_and_a_limit() {
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
async fn tasks_that_fail_or_get_stuck_do_not_affect_others() {
    let (sandbox, client) = sandbox().await;
    let suite = suite(&client, "Nightly").await;
    for (fault, status) in [
        (Fault::failed_task(), "failed"),
        (Fault::broken_task(), "error"),
        (Fault::stuck_task(), "running"),
    ] {
        sandbox.fail_next(fault).unwrap();
        let triggered = client.submit(&one_run(&suite, "r", status), "").await.ok();
        let sound = client.upload(&one_run(&suite, status, "sound"), "").await;
        assert_eq!(sound["status"], "success");
        let task = client
            .get(&format!("test-results/{}", triggered["id"]))
            .await
            .ok();
        assert_eq!(task["status"], status);
    }
    let names = client.names("automated_runs", "name", "id GT 0").await;
    assert!(names.iter().all(|name| name == "sound"), "{names:?}");
    // The payload of the stuck task is still in the queue.
    sandbox.snapshot("stuck").await.unwrap();
    sandbox.restore("stuck").await.unwrap();
    assert_eq!(client.wait_for_task(&json!(5)).await["status"], "success");
}

#[tokio::test]
async fn the_fault_of_a_task_does_not_outlive_the_task() {
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let mut settings = Settings::default().seed_data(false);
    settings.results.ingest_delay = Duration::from_secs(3);
    let sandbox = Sandbox::open_at(settings, clock.clone()).unwrap();
    let client = Client::of(&sandbox).await;
    let suite = suite(&client, "Nightly").await;
    let submit = async |name: &str| {
        let submitted = client.submit(&one_run(&suite, "r", name), "").await;
        submitted.ok()["id"].clone()
    };
    sandbox.snapshot("empty").await.unwrap();
    for is_restored in [true, false] {
        submit("first").await;
        sandbox.fail_next(Fault::failed_task()).unwrap();
        let failing = submit("second").await;
        if is_restored {
            sandbox.restore("empty").await.unwrap();
        } else {
            sandbox.reset().await.unwrap();
            let again = super::ingestion::suite(&client, "Nightly").await;
            assert_eq!(again, suite);
        }
        submit("third").await;
        let fourth = submit("fourth").await;
        assert_eq!(fourth, failing);
        let path = format!("test-results/{fourth}");
        loop {
            clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
            let status = client.get(&path).await.ok()["status"].clone();
            if !matches!(status.as_str(), Some("queued" | "running")) {
                assert_eq!(status, "success");
                break;
            }
        }
        sandbox.restore("empty").await.unwrap();
    }
}

#[tokio::test]
async fn a_slow_task_stays_running_until_its_delay_has_passed() {
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
    assert_eq!(client.wait_for_task(&task["id"]).await["status"], "success");
}

#[tokio::test]
async fn throttled_requests_are_told_when_to_retry() {
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let mut settings = Settings::default().seed_data(false);
    settings.limits.requests_per_second_max = Some(3);
    settings.limits.throttle_status = ThrottleStatus::Unavailable;
    settings.limits.retry_after = true;
    let sandbox = Sandbox::open_at(settings, clock.clone()).unwrap();
    // Signing in is the first request.
    let client = Client::of(&sandbox).await;
    assert_eq!(client.get("stories").await.status, 200);
    assert_eq!(client.get("stories").await.status, 200);
    let response = client.get("stories").await;
    assert_eq!(
        response.refusal(),
        (503, "platform.too_many_requests".to_owned())
    );
    assert_eq!(response.headers[header::RETRY_AFTER], "1");
    let health = client.send(Request::get("/_sandbox/health"), Body::empty());
    assert_eq!(health.await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(client.get("stories").await.status, 200);
    let log = sandbox.requests();
    assert_eq!(log[3].fault.as_deref(), Some("throttled"));
}

#[tokio::test]
async fn two_sandboxes_with_the_same_seed_behave_the_same() {
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
            let response = client.get(path).await;
            story.push((response.status.as_u16(), response.body.first().copied()));
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert!(stories[0].contains(&(503, Some(b'{'))));
    assert!(stories[0].contains(&(200, Some(b'<'))));
    assert!(stories[0].contains(&(200, Some(b'{'))));
}

#[tokio::test]
async fn the_sandboxs_own_urls_and_pages_never_trigger_faults() {
    let mut settings = Settings::default().seed_data(false);
    settings.faults = FaultPlan::seeded(1).with(Fault::status(500));
    let sandbox = Sandbox::open(settings).unwrap();
    for path in ["/", "/_sandbox/health", "/_sandbox/faults"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = super::response(&sandbox.app(), request).await;
        assert_eq!(response.status, 200, "{path}");
    }
    let request = Request::get("/nowhere").body(Body::empty()).unwrap();
    assert_eq!(super::response(&sandbox.app(), request).await.status, 500);
    sandbox.clear_faults();
    let request = Request::get("/nowhere").body(Body::empty()).unwrap();
    assert_eq!(super::response(&sandbox.app(), request).await.status, 404);
    assert_eq!(sandbox.requests().len(), 2);
}

/// Whatever fails, such as a disk that is full, may work a second later.
#[tokio::test(start_paused = true)]
async fn the_worker_tries_again_when_the_database_accepts_nothing() {
    let (sandbox, client) = sandbox().await;
    let suite = suite(&client, "Nightly").await;
    let execute = |sql: &str| {
        let work = |writer: crate::store::Writer<'_>| Ok(writer.connection.execute_batch(sql)?);
        sandbox.state.store.write_now(work).unwrap();
    };
    for (number, status) in [(1, "running"), (2, "failed")] {
        let fault = format!(
            "CREATE TRIGGER full BEFORE UPDATE ON tasks WHEN NEW.status = '{status}'
             BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        );
        execute(&fault);
        if status == "failed" {
            sandbox.fail_next(Fault::failed_task()).unwrap();
        }
        let name = number.to_string();
        let task = client.submit(&one_run(&suite, "r", &name), "").await.ok();
        let path = format!("test-results/{}", task["id"]);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let open = client.get(&path).await.ok()["status"].clone();
        assert!(open == "queued" || open == "running", "{open}");
        execute("DROP TRIGGER full");
        tokio::time::sleep(Duration::from_secs(2)).await;
        let expected = if status == "failed" {
            status
        } else {
            "success"
        };
        assert_eq!(client.get(&path).await.ok()["status"], expected);
    }
}
