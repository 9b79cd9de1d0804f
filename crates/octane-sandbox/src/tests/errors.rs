//! All formats and codes of errors.

use axum::body::Body;
use http::{Method, Request, header};
use octane_model::Problem;
use serde_json::json;

use super::{Client, Response, WORKSPACE};
use crate::Settings;

async fn send(client: &Client, method: Method, path: &str, content_type: Option<&str>) -> Response {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{WORKSPACE}/{path}"));
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    client.send(request, Body::from("{}")).await
}

/// A request that does not reach a resource, and the status of its response.
const BEFORE: [(Method, &str, Option<&str>, u16); 5] = [
    (Method::GET, "colours", None, 404),
    (Method::GET, "stories/1/2/3", None, 404),
    (Method::PATCH, "stories", None, 405),
    (Method::POST, "automated_runs", None, 405),
    (Method::POST, "stories", Some("text/xml"), 415),
];

#[tokio::test]
async fn an_error_has_all_members_that_clients_read() {
    let client = Client::empty().await;
    let error = client.get("stories/9999").await.json();
    for key in [
        "error_code",
        "correlation_id",
        "description",
        "description_translated",
    ] {
        assert!(error[key].is_string(), "{key}: {error}");
    }
    assert_eq!(
        error["properties"],
        json!({ "entity_type": "story", "entity_id": "9999" })
    );
    assert_eq!(error["business_error"], true);
    let without = client.get("stories?limit=0").await.json();
    assert!(without["properties"].is_null());
}

#[tokio::test]
async fn wrong_urls_methods_and_media_types_are_rejected_with_their_status() {
    let client = Client::empty().await;
    for (method, path, content_type, status) in BEFORE {
        let response = send(&client, method.clone(), path, content_type).await;
        let expected = (status, "platform.web_application".to_owned());
        assert_eq!(response.refusal(), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn an_unsupported_method_is_rejected_with_the_supported_ones() {
    let client = Client::empty().await;
    for (method, path, allowed) in [
        (Method::PATCH, "stories", "GET,HEAD,POST,PUT,DELETE"),
        (Method::PUT, "test-results", "POST"),
        (Method::POST, "automated_runs", "GET,PUT,DELETE"),
        (Method::DELETE, "list_nodes/1", "GET,POST,PUT"),
        (Method::PUT, "previous_runs", "GET"),
    ] {
        let response = send(&client, method.clone(), path, None).await;
        assert_eq!(response.status, 405, "{method} {path}");
        assert_eq!(response.headers[header::ALLOW], allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let client = Client::empty().await;
    let story = client.create("stories", json!({ "name": "Pay" })).await;
    let paths = ["stories", &format!("stories/{story}"), "previous_runs"];
    for path in paths {
        let (head, get) = (
            send(&client, Method::HEAD, path, None).await,
            client.get(path).await,
        );
        assert_eq!(head.status, 200, "{path}");
        assert_eq!(head.headers[header::ETAG], get.headers[header::ETAG]);
        assert!(head.body.is_empty(), "{}", head.text());
    }
}

#[tokio::test]
async fn the_servlet_layer_wraps_its_errors_if_the_settings_say_so() {
    let mut settings = Settings::default().seed_data(false);
    settings.entities.servlet_messages = true;
    let client = Client::new(settings).await;
    for (method, path, content_type, status) in BEFORE {
        let response = send(&client, method.clone(), path, content_type).await;
        assert_eq!(response.status.as_u16(), status, "{method} {path}");
        assert!(
            response.json()["message"].is_string(),
            "{}",
            response.text()
        );
        let problem = Problem::from_body(&response.body).unwrap();
        assert_eq!(problem.error_code, "platform.web_application");
    }
    // Errors of a resource are not wrapped.
    let refusal = client.get("stories/9999").await.refusal();
    assert_eq!(refusal, (404, "platform.entity_not_found".to_owned()));
}
