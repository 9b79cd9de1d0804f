//! The sandbox's own URLs.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ingestion::{one_run, suite};
use super::{Client, Response, response};
use crate::{Clock, Expiry, Fault, FaultPlan, Sandbox, Settings};

fn sandbox() -> Sandbox {
    Sandbox::open(Settings::default().seed_data(false)).unwrap()
}

async fn ask(app: &Router, method: &str, path: &str, body: &Value) -> Response {
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let request = Request::builder().method(method).uri(path);
    response(app, request.body(body).unwrap()).await
}

async fn get(app: &Router, path: &str) -> Value {
    ask(app, "GET", path, &Value::Null).await.ok()
}

#[tokio::test]
async fn faults_are_added_listed_and_removed() {
    let mut settings = Settings::default().seed_data(false);
    settings.faults = FaultPlan::seeded(9).with(Fault::html(200).rate(0.0));
    let sandbox = Sandbox::open(settings).unwrap();
    let (app, client) = (sandbox.app(), Client::of(&sandbox).await);
    let fault = json!({ "kind": "status", "status": 429, "retry-after": "3s", "path": "*/stories", "times": 2 });
    let added = ask(&app, "POST", "/_sandbox/faults", &fault).await;
    assert_eq!(
        (added.status.as_u16(), &added.json()["id"]),
        (201, &json!(2))
    );
    let refused = client.get("stories").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers[header::RETRY_AFTER], "3");
    let list = get(&app, "/_sandbox/faults").await;
    assert_eq!(list["seed"], 9);
    let faults = list["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2);
    assert_eq!(faults[0]["struck"], 1);
    assert_eq!(faults[0]["retry-after"], "3s");
    assert_eq!(
        (&faults[1]["kind"], &faults[1]["rate"]),
        (&json!("html"), &json!(0.0))
    );
    let gone = ask(&app, "DELETE", "/_sandbox/faults/2", &Value::Null).await;
    assert_eq!(gone.ok()["faults"].as_array().unwrap().len(), 1);
    let gone = ask(&app, "DELETE", "/_sandbox/faults/2", &Value::Null).await;
    assert_eq!(gone.status, 404);
    assert_eq!(client.get("stories").await.status, 200);
    let cleared = ask(&app, "DELETE", "/_sandbox/faults", &Value::Null).await;
    assert_eq!(cleared.ok()["faults"], json!([]));
    let invalid = ask(&app, "POST", "/_sandbox/faults", &json!({ "kind": "x" })).await;
    assert_eq!(invalid.status, 400);
    assert!(
        invalid.text().contains("unknown variant `x`"),
        "{}",
        invalid.text()
    );
}

#[tokio::test]
async fn the_log_shows_what_was_received_without_secrets() {
    let sandbox = sandbox();
    let (app, client) = (sandbox.app(), Client::of(&sandbox).await);
    let body = json!({ "data": [{ "name": "R" }] });
    client.post("programs?fields=name", &body).await.ok();
    let request = Request::get("/api/shared_spaces")
        .header(header::AUTHORIZATION, "Basic c2FuZGJveDpodXNo")
        .body(Body::empty())
        .unwrap();
    assert_eq!(response(&app, request).await.status, 401);

    let log = get(&app, "/_sandbox/requests").await;
    let requests = log["requests"].as_array().unwrap();
    let of = |name: &str| {
        requests
            .iter()
            .map(|request| request[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("number"), [1, 2, 3]);
    assert_eq!(of("method"), ["POST", "POST", "GET"]);
    assert_eq!(of("status"), [200, 201, 401]);
    assert_eq!(requests[1]["query"], "fields=name");
    assert_eq!(requests[1]["body_bytes"], body.to_string().len());
    // The SHA-256 digest of the body, computed by another program.
    assert_eq!(
        requests[1]["body_digest"],
        "e97f73c7a2b136e76cd76b1f072d558a4426090c16d317240ca963d71fd16a15"
    );
    assert!(requests[0]["body_bytes"].as_u64().unwrap() > 0);
    assert_eq!(requests[0]["body_digest"], Value::Null);
    assert!(requests[1]["duration_ms"].is_f64());
    let text = log.to_string();
    assert!(text.contains("LWSSO_COOKIE_KEY=***") && text.contains("Basic ***"));
    let token = client.cookies.split(['=', ';']).nth(1).unwrap();
    for secret in [token, "sandbox-secret", "c2FuZGJveDpodXNo"] {
        assert!(!text.contains(secret), "{secret}");
    }

    let filtered = get(
        &app,
        "/_sandbox/requests?method=post&path=programs&status=201",
    )
    .await;
    assert_eq!(filtered["requests"][0]["number"], 2);
    let latest = get(&app, "/_sandbox/requests?after=1&limit=1&faulted=false").await;
    assert_eq!(latest["requests"][0]["number"], 3);
    let invalid = ask(&app, "GET", "/_sandbox/requests?status=x", &Value::Null).await;
    assert_eq!(invalid.status, 400);
    ask(&app, "DELETE", "/_sandbox/requests", &Value::Null)
        .await
        .ok();
    assert_eq!(sandbox.requests(), []);
}

#[tokio::test]
async fn a_snapshot_restores_entities_ids_and_tasks() {
    let sandbox = sandbox();
    let (app, client) = (sandbox.app(), Client::of(&sandbox).await);
    let suite = suite(&client, "Nightly").await;
    client.upload(&one_run(&suite, "r1", "a"), "").await;
    let before = client.list("runs?fields=name,status").await;
    let name = json!({ "name": "before" });
    let kept = ask(&app, "POST", "/_sandbox/snapshot", &name).await;
    assert_eq!(kept.status, 201);
    let snapshots = get(&app, "/_sandbox/snapshot").await;
    assert_eq!(snapshots["snapshots"], json!(["before"]));

    let later = client.upload(&one_run(&suite, "r2", "b"), "").await;
    let program = client.create("programs", json!({ "name": "P" })).await;
    client
        .delete("test_suites?query=%22id%20GT%200%22")
        .await
        .ok();
    for _ in 0..2 {
        ask(&app, "POST", "/_sandbox/restore", &name).await.ok();
        assert_eq!(client.list("runs?fields=name,status").await, before);
        assert_eq!(
            client.names("test_suites", "name", "id GT 0").await,
            ["Nightly"]
        );
        let task = client.get(&format!("test-results/{}", later["id"])).await;
        assert_eq!(task.status, 404);
        // New entities get the same IDs as before.
        let again = client.upload(&one_run(&suite, "r2", "b"), "").await;
        assert_eq!(again["id"], later["id"]);
        assert_eq!(
            client.create("programs", json!({ "name": "P" })).await,
            program
        );
    }
    let unknown = ask(&app, "POST", "/_sandbox/restore", &json!({ "name": "x" })).await;
    assert_eq!(unknown.status, 404);
    for invalid in [json!({ "name": "../x" }), json!({ "name": "" }), json!({})] {
        let response = ask(&app, "POST", "/_sandbox/snapshot", &invalid).await;
        assert_eq!(response.status, 400, "{invalid}");
    }
}

#[tokio::test]
async fn a_snapshot_of_a_file_includes_queued_payloads_and_added_fields() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.sqlite");
    let settings = Settings::default()
        .seed_data(false)
        .storage(crate::Storage::File(file))
        .ingest_delay(Duration::from_secs(60));
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let sandbox = Sandbox::open_at(settings, clock.clone()).unwrap();
    let (app, client) = (sandbox.app(), Client::of(&sandbox).await);
    let suite = suite(&client, "Nightly").await;
    let field = json!({ "entity": "program", "name": "level_udf", "type": "integer" });
    let added = ask(&app, "POST", "/_sandbox/fields", &field).await;
    assert!(added.status.is_success(), "{}", added.text());
    let task = client.submit(&one_run(&suite, "r", "a"), "").await.ok();
    sandbox.snapshot("waiting").await.unwrap();
    sandbox.reset().await.unwrap();
    assert_eq!(client.list("test_suites").await.len(), 0);
    sandbox.restore("waiting").await.unwrap();
    let program = json!({ "name": "P", "level_udf": 5 });
    client.create("programs", program).await;
    let path = format!("test-results/{}", task["id"]);
    while client.get(&path).await.ok()["status"] != "success" {
        clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    assert_eq!(client.list("automated_runs").await.len(), 1);
}

#[tokio::test]
async fn the_number_of_snapshots_is_limited() {
    let sandbox = sandbox();
    for number in 0..16 {
        sandbox.snapshot(&number.to_string()).await.unwrap();
    }
    sandbox.snapshot("0").await.unwrap();
    let error = sandbox.snapshot("16").await.unwrap_err();
    assert!(error.to_string().contains("16 snapshots"), "{error}");
}

#[tokio::test]
async fn the_clock_can_be_read_and_moved_ahead() {
    let clock = Clock::paused("2025-03-04T05:06:07Z".parse().unwrap());
    let settings = Settings::default()
        .seed_data(false)
        .session(Duration::from_secs(600), Duration::from_secs(9999));
    let sandbox = Sandbox::open_at(settings, clock).unwrap();
    let (app, client) = (sandbox.app(), Client::of(&sandbox).await);
    let now = get(&app, "/_sandbox/clock").await;
    assert_eq!(
        now,
        json!({ "now": "2025-03-04T05:06:07Z", "is_paused": true })
    );
    let moved = ask(
        &app,
        "POST",
        "/_sandbox/clock",
        &json!({ "advance": "10m" }),
    )
    .await;
    assert_eq!(moved.ok()["now"], "2025-03-04T05:16:07Z");
    let expired = client.get("stories").await.json();
    assert_eq!(
        expired["errorCode"],
        "VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT"
    );
    let invalid = ask(
        &app,
        "POST",
        "/_sandbox/clock",
        &json!({ "advance": "-1m" }),
    )
    .await;
    assert_eq!(invalid.status, 400);
}

#[tokio::test]
async fn all_sessions_can_be_ended_at_once() {
    let sandbox = sandbox();
    let app = sandbox.app();
    for (body, code) in [
        (Value::Null, "VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT"),
        (
            json!({ "expiry": "global" }),
            "VALIDATION_TOKEN_EXPIRED_GLOBAL_TIME_OUT",
        ),
    ] {
        let client = Client::of(&sandbox).await;
        let ended = ask(&app, "POST", "/_sandbox/sessions/expire", &body).await;
        assert_eq!(ended.ok()["expired"], 1);
        assert_eq!(client.get("stories").await.json()["errorCode"], code);
    }
    assert_eq!(sandbox.expire_sessions(Expiry::Idle), 0);
}

#[tokio::test]
async fn the_settings_are_shown_without_secrets() {
    let settings = get(&sandbox().app(), "/_sandbox/settings").await;
    assert_eq!(settings["access"]["session-idle"], "3h");
    assert_eq!(settings["access"]["users"][0]["password"], "***");
    let text = settings.to_string();
    assert!(!text.contains("sandbox-secret") && !text.contains("sandbox-password"));
}

#[tokio::test]
async fn a_reset_restores_faults_clears_the_log_and_keeps_sessions() {
    let sandbox = sandbox();
    let client = Client::of(&sandbox).await;
    sandbox.fail_next(Fault::status(500).times(5)).unwrap();
    assert_eq!(client.get("stories").await.status, 500);
    sandbox.reset().await.unwrap();
    assert_eq!(sandbox.requests(), []);
    assert_eq!(client.get("stories").await.status, 200);
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let sandbox = sandbox();
    for (name, value, status) in [
        ("origin", "https://evil.example", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("origin", "http://x", 200),
    ] {
        let own = ["/_sandbox/reset", "/authentication/sign_out"];
        let collection = format!("{}/user_tags", super::WORKSPACE);
        for path in own.into_iter().chain([collection.as_str()]) {
            // Not signed in; but the cookies of a browser would be sent along.
            let allowed = if path == collection { 401 } else { status };
            let expected = if status == 200 { allowed } else { status };
            let request = Request::post(path)
                .header(header::HOST, "x")
                .header(name, value)
                .body(Body::from(r#"{"name":"x"}"#))
                .unwrap();
            let response = response(&sandbox.app(), request).await;
            assert_eq!(response.status, expected, "{path} {value}");
        }
    }
}

#[tokio::test]
async fn bodies_with_deep_nesting_or_huge_numbers_are_rejected() {
    let sandbox = sandbox();
    let (app, client) = (sandbox.app(), Client::of(&sandbox).await);
    let deep = format!("{{\"data\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let huge = format!("{{\"data\":[{{\"name\":1{}}}]}}", "0".repeat(400));
    for body in [
        deep,
        huge,
        "{\"data\":[{\"name\":1e999}]}".to_owned(),
        "\0".to_owned(),
    ] {
        let path = format!("{}/programs", super::WORKSPACE);
        let response = client.send(Request::post(path), body.clone()).await;
        assert_eq!(response.refusal().0, 400);
        for path in [
            "/_sandbox/faults",
            "/_sandbox/clock",
            "/authentication/sign_in",
        ] {
            let request = Request::post(path).body(Body::from(body.clone())).unwrap();
            assert_eq!(
                super::response(&app, request).await.refusal().0,
                400,
                "{path}"
            );
        }
    }
}
