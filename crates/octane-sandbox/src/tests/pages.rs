//! The web pages.

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::{Client, answer};
use crate::Settings;

const NASTY: &str = "<script>alert('&\"')</script>";

async fn page(client: &Client, path: &str) -> String {
    let answer = answer(&client.app, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}");
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    answer.text()
}

#[tokio::test]
async fn foreign_text_stays_text_on_every_page() {
    let client = Client::empty().await;
    let fields = json!({
        "name": NASTY, "parent": { "type": "work_item_root", "id": "3001" }, "jira_key_udf": NASTY,
    });
    let story = client.create("stories", fields).await;
    let suite = client.create("test_suites", json!({ "name": NASTY })).await;
    let escaped = "&lt;script>alert('&amp;&quot;')&lt;/script>";
    let xml = format!(
        "<test_result><suite_ref id=\"{suite}\" external_run_id=\"{escaped}\"/>\
         <backlog_items><backlog_item_ref id=\"{story}\"/></backlog_items><test_runs>\
         <test_run module=\"{escaped}\" package=\"{escaped}\" class=\"{escaped}\" name=\"{escaped}\" \
         status=\"Failed\" duration=\"84\"><error type=\"{escaped}\" message=\"{escaped}\"/></test_run>\
         </test_runs></test_result>"
    );
    assert_eq!(client.upload(&xml, "").await["status"], "success");
    let suite_run = client.names("suite_run", "id", "id GT 0").await.remove(0);
    let pages = [
        "/".to_owned(),
        format!("/suites/{suite}"),
        format!("/suite-runs/{suite_run}"),
    ];
    for path in pages {
        let html = page(&client, &path).await;
        assert!(!html.contains("<script"), "{path}");
        assert!(html.contains("&lt;script&gt;alert"), "{path}");
    }
}

#[tokio::test]
async fn a_suite_run_shows_its_runs_their_status_and_the_stories_they_prove() {
    let client = Client::new(Settings::default()).await;
    let story = client
        .names("stories", "id", "jira_key_udf EQ ^SHOP-117^")
        .await
        .remove(0);
    let suite = client
        .create("test_suites", json!({ "name": "Nightly" }))
        .await;
    let xml = format!(
        "<test_result><suite_ref id=\"{suite}\" external_run_id=\"build 7\"/><test_runs>\
         <test_run name=\"applies_voucher\" status=\"Passed\" duration=\"84\"><backlog_items>\
         <backlog_item_ref id=\"{story}\"/></backlog_items></test_run>\
         <test_run name=\"adds\" status=\"Skipped\" duration=\"0\"/></test_runs></test_result>"
    );
    client.upload(&xml, "").await;
    let front = page(&client, "/").await;
    assert!(front.contains("Nightly") && front.contains("build 7"));
    let suite_run = client.names("suite_run", "id", "id GT 0").await.remove(0);
    let html = page(&client, &format!("/suite-runs/{suite_run}")).await;
    for part in [
        "applies_voucher",
        "84 ms",
        "SHOP-117",
        "Apply a voucher",
        "1 <span class=\"other\">skipped",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[tokio::test]
async fn pages_of_what_is_not_there_are_not_found() {
    let client = Client::empty().await;
    for path in ["/suites/1", "/suite-runs/x", "/nowhere"] {
        let answer = answer(&client.app, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
