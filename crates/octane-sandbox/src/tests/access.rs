//! Signing in and out.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use serde_json::json;

use super::{Client, WORKSPACE, response};
use crate::{SandboxApiKey, Settings, app};

fn sign_in(body: &serde_json::Value) -> Request<Body> {
    Request::post("/authentication/sign_in")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

#[tokio::test]
async fn both_body_formats_sign_in_with_any_key() {
    let keys = [
        SandboxApiKey::new("one", "first"),
        SandboxApiKey::new("two words", "second"),
    ];
    let mut settings = Settings::default();
    settings.access.api_keys = keys.into();
    let app = app(settings).unwrap();
    for body in [
        json!({ "client_id": "one", "client_secret": "first" }),
        json!({ "user": "two words", "password": "second" }),
    ] {
        let response = response(&app, sign_in(&body)).await;
        assert_eq!(
            (response.status.as_u16(), response.text()),
            (200, String::new())
        );
        assert!(response.cookies().contains("LWSSO_COOKIE_KEY="));
        assert!(response.cookies().contains("OCTANE_USER="));
    }
}

#[tokio::test]
async fn wrong_credentials_are_unauthorized_and_a_malformed_body_is_a_bad_request() {
    let app = app(Settings::default()).unwrap();
    for body in [
        json!({ "client_id": "sandbox", "client_secret": "" }),
        json!({ "user": "nobody", "password": "sandbox-secret" }),
    ] {
        let response = response(&app, sign_in(&body)).await;
        assert_eq!(
            response.refusal(),
            (401, "platform.not_authorized".to_owned())
        );
        assert_eq!(response.cookies(), "");
    }
    for body in [json!({ "client_id": 5 }), json!(null)] {
        assert_eq!(response(&app, sign_in(&body)).await.status, 400);
    }
}

#[tokio::test]
async fn a_workspace_requires_a_session() {
    let app = app(Settings::default()).unwrap();
    for path in [
        "/stories",
        "/metadata/fields",
        "/test-results/1",
        "/test-results/xsd",
        "/nonsense",
    ] {
        let request = Request::get(format!("{WORKSPACE}{path}"))
            .body(Body::empty())
            .unwrap();
        let response = response(&app, request).await;
        assert_eq!(
            response.refusal(),
            (401, "platform.not_authorized".to_owned()),
            "{path}"
        );
    }
    // Only the version is public.
    let request = Request::get("/admin/shared_spaces").body(Body::empty());
    assert_eq!(response(&app, request.unwrap()).await.status, 401);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_may_be_repeated() {
    let client = Client::empty().await;
    assert_eq!(client.get("stories").await.status, 200);
    for _ in 0..2 {
        let response = client
            .send(Request::post("/authentication/sign_out"), Body::empty())
            .await;
        assert_eq!(response.status, 200);
    }
    assert_eq!(client.get("stories").await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_is_reported_in_its_own_format() {
    let settings = Settings::default()
        .seed_data(false)
        .session(Duration::from_secs(100), Duration::from_secs(150));
    let client = Client::new(settings).await;
    tokio::time::advance(Duration::from_secs(99)).await;
    assert_eq!(client.get("stories").await.status, 200);
    tokio::time::advance(Duration::from_secs(60)).await;
    let response = client.get("stories").await;
    assert_eq!(response.status, 401);
    assert_eq!(
        response.json()["errorCode"],
        "VALIDATION_TOKEN_EXPIRED_GLOBAL_TIME_OUT"
    );

    let settings = Settings::default().seed_data(false);
    let client =
        Client::new(settings.session(Duration::from_secs(9), Duration::from_secs(99))).await;
    tokio::time::advance(Duration::from_secs(9)).await;
    let response = client.get("stories").await;
    assert_eq!(
        response.json()["errorCode"],
        "VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT"
    );
}

#[tokio::test(start_paused = true)]
async fn a_response_renews_the_cookie_of_an_active_session() {
    let client = Client::empty().await;
    assert_eq!(client.get("stories").await.cookies(), "");
    tokio::time::advance(Duration::from_secs(61)).await;
    let cookies = client.get("stories").await.cookies();
    assert!(cookies.contains("LWSSO_COOKIE_KEY="));
    assert_ne!(cookies, client.cookies);
    let renewed = Client {
        app: client.app.clone(),
        cookies,
    };
    assert_eq!(renewed.get("stories").await.status, 200);
}

#[tokio::test]
async fn another_space_or_workspace_does_not_exist() {
    let client = Client::empty().await;
    for path in [
        "/api/shared_spaces/1/workspaces/1002/stories",
        "/api/shared_spaces/1001/workspaces/2/stories",
    ] {
        let response = client.send(Request::get(path), Body::empty()).await;
        assert_eq!(
            response.refusal(),
            (404, "platform.entity_not_found".to_owned())
        );
    }
}

#[tokio::test]
async fn unknown_urls_and_methods_are_rejected_with_json() {
    let client = Client::empty().await;
    let refusal = |status| (status, "platform.web_application".to_owned());
    assert_eq!(client.get("nonsense").await.refusal(), refusal(404));
    assert_eq!(client.get("stories/1/2/3").await.refusal(), refusal(404));
    assert_eq!(client.get("Stories").await.refusal(), refusal(404));
    let patch = Request::patch(format!("{WORKSPACE}/stories"));
    assert_eq!(
        client.send(patch, Body::empty()).await.refusal(),
        refusal(405)
    );
    assert_eq!(
        client
            .delete("list_nodes/list_node.severity.high")
            .await
            .refusal(),
        refusal(405)
    );
    let get = Request::get("/authentication/sign_in");
    assert_eq!(
        client.send(get, Body::empty()).await.refusal(),
        refusal(405)
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_rejected() {
    let client = Client::new(Settings::default().seed_data(false).body_limits(1000, 2000)).await;
    let response = client
        .post(
            "releases",
            &json!({ "data": [{ "name": "x".repeat(1000) }] }),
        )
        .await;
    assert_eq!(response.status, 413);
    assert_eq!(client.submit(&" ".repeat(1001), "").await.status, 413);
}
