//! The buttons for clock, faults and data.

use axum::Router;
use axum::body::Body;
use http::Request;
use serde_json::json;

use super::super::{Client, Response, response};
use super::{NASTY, holds, page};
use crate::{Clock, Sandbox, Settings};

async fn press(app: &Router, path: &str, body: &str) -> Response {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()));
    response(app, request.unwrap()).await
}

#[track_caller]
fn leads_to(response: &Response, place: &str) {
    assert_eq!(response.status, 303, "{}", response.text());
    assert_eq!(response.headers["location"], place);
}

#[tokio::test]
async fn the_clock_is_moved_by_a_button() {
    let clock = Clock::paused("2025-03-04T05:06:07Z".parse().unwrap());
    let settings = Settings::default().seed_data(false);
    let sandbox = Sandbox::open_at(settings, clock).unwrap();
    let client = Client::of(&sandbox).await;
    let html = page(&client, "/sandbox").await;
    holds(&html, &["4 Mar 2025, 05:06:07 UTC", "It stands still"]);
    let moved = press(&client.app, "/sandbox/clock", "advance=1h").await;
    leads_to(&moved, "/sandbox?done=clock");
    let html = page(&client, "/sandbox?done=clock").await;
    holds(&html, &["06:06:07 UTC", "The clock was moved ahead."]);
    let refused = press(&client.app, "/sandbox/clock", "advance=soon").await;
    assert_eq!(refused.status, 400);
    holds(
        &refused.text(),
        &["Nothing was changed: <code>soon</code> is not a valid duration"],
    );
}

#[tokio::test]
async fn faults_are_added_and_removed_by_buttons() {
    let client = Client::empty().await;
    holds(
        &page(&client, "/sandbox").await,
        &["No faults are pending."],
    );
    let form = "kind=status&status=429&delay=5s&method=&path=*/stories&times=2";
    leads_to(
        &press(&client.app, "/sandbox/faults", form).await,
        "/sandbox?done=fault",
    );
    assert_eq!(client.get("stories").await.status, 429);
    let html = page(&client, "/sandbox").await;
    holds(
        &html,
        &[
            "status, 429",
            "*/stories",
            ">1 of 2<",
            "Remove fault 1: status, 429",
        ],
    );
    let removed = press(&client.app, "/sandbox/faults/1/remove", "").await;
    leads_to(&removed, "/sandbox?done=removed");
    assert_eq!(client.get("stories").await.status, 200);
    let again = press(&client.app, "/sandbox/faults/1/remove", "").await;
    assert_eq!(again.status, 400);
    press(&client.app, "/sandbox/faults", "kind=queue-full").await;
    leads_to(
        &press(&client.app, "/sandbox/faults/clear", "").await,
        "/sandbox?done=cleared",
    );
    holds(
        &page(&client, "/sandbox").await,
        &["No faults are pending."],
    );
}

#[tokio::test]
async fn untrusted_text_of_forms_and_faults_is_escaped() {
    let client = Client::empty().await;
    let nasty: String = url::form_urlencoded::byte_serialize(NASTY.as_bytes()).collect();
    let refused = press(&client.app, "/sandbox/faults", &format!("kind={nasty}")).await;
    assert_eq!(refused.status, 400);
    assert!(!refused.text().contains("<script>"));
    press(
        &client.app,
        "/sandbox/faults",
        &format!("kind=queue-full&path={nasty}"),
    )
    .await;
    let html = page(&client, &format!("/sandbox?done={nasty}")).await;
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;alert"));
}

#[tokio::test]
async fn the_data_are_reset_by_a_button() {
    let client = Client::empty().await;
    client
        .create("test_suites", json!({ "name": "Nightly" }))
        .await;
    leads_to(
        &press(&client.app, "/sandbox/reset", "").await,
        "/sandbox?done=reset",
    );
    assert_eq!(client.list("test_suites").await.len(), 0);
}

#[tokio::test]
async fn other_sites_cannot_press_the_buttons() {
    let client = Client::empty().await;
    for path in [
        "clock",
        "faults",
        "faults/clear",
        "faults/1/remove",
        "reset",
    ] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let request = Request::post(format!("/sandbox/{path}"))
                .header("host", "127.0.0.1")
                .header(name, value)
                .body(Body::from("kind=queue-full&advance=1h"));
            let response = response(&client.app, request.unwrap()).await;
            assert_eq!(response.status, 403, "{path} {value}");
        }
        // A link or an image cannot press them either.
        let request = Request::get(format!("/sandbox/{path}")).body(Body::empty());
        let response = response(&client.app, request.unwrap()).await;
        assert_eq!(response.status, 405, "{path}");
    }
    holds(
        &page(&client, "/sandbox").await,
        &["No faults are pending."],
    );
}
