//! Calls, entities, metadata and test results.

use std::error::Error;
use std::io::Read;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use octane_model::{Encoding, Entity, TaskId, TaskStatus};
use octane_rest::{Body, Idempotency};
use serde_json::json;

use crate::script::{Reply, Script};

fn echo() -> Script {
    Script::new(|_| Reply::new(200, "{}").header("content-type", "application/json"))
}

#[tokio::test(start_paused = true)]
async fn a_call_returns_any_status_as_a_response() {
    let script = Script::new(|_| Reply::new(404, r#"{"error_code":"platform.entity_not_found"}"#));
    let endpoint = script.endpoint();
    let response = endpoint
        .call(Method::GET, "tests/1", Body::None)
        .await
        .unwrap();
    assert_eq!(response.status, StatusCode::NOT_FOUND);
    assert_eq!(
        response.problem().unwrap().error_code,
        "platform.entity_not_found"
    );
    assert!(
        endpoint
            .collection("tests")
            .get("1")
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test(start_paused = true)]
async fn paths_resolve_to_the_workspace_or_the_server_and_nowhere_else() {
    let script = echo();
    let endpoint = script.endpoint();
    endpoint.get("releases?limit=1").await.unwrap();
    endpoint.get("/admin/server/version").await.unwrap();
    endpoint
        .get("https://octane.example/admin/x")
        .await
        .unwrap();
    let uris: Vec<_> = script.requests().into_iter().map(|seen| seen.uri).collect();
    assert_eq!(
        uris,
        [
            "https://octane.example/api/shared_spaces/1001/workspaces/1002/releases?limit=1",
            "https://octane.example/admin/server/version",
            "https://octane.example/admin/x",
        ]
    );
    let before = script.all().len();
    let error = endpoint.get("https://evil.example/x").await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is not on `https://octane.example/`"),
        "{error}"
    );
    let foreign = Request::get("https://evil.example/x")
        .body(Bytes::new())
        .unwrap();
    endpoint
        .send(foreign, Idempotency::Idempotent)
        .await
        .unwrap_err();
    assert_eq!(script.all().len(), before);
}

#[tokio::test(start_paused = true)]
async fn bodies_have_their_content_type() {
    let script = echo();
    let endpoint = script.endpoint();
    endpoint.post("tests", &json!({ "a": 1 })).await.unwrap();
    endpoint
        .put("tests/1", &Entity::new().set("b", 2))
        .await
        .unwrap();
    endpoint
        .call(Method::POST, "test-results", Body::Xml("<x/>".into()))
        .await
        .unwrap();
    let raw = Body::Raw {
        content_type: "text/csv".into(),
        bytes: "a,b".into(),
    };
    endpoint.call(Method::POST, "x", raw).await.unwrap();
    endpoint.delete("tests/1").await.unwrap();
    let requests = script.requests();
    let sent: Vec<_> = requests
        .iter()
        .map(|seen| {
            (
                seen.method.as_str(),
                seen.headers
                    .get("content-type")
                    .map(|value| value.to_str().unwrap()),
                &*seen.body,
            )
        })
        .collect();
    assert_eq!(
        sent,
        [
            ("POST", Some("application/json"), &b"{\"a\":1}"[..]),
            ("PUT", Some("application/json"), b"{\"b\":2}"),
            ("POST", Some("application/xml"), b"<x/>"),
            ("POST", Some("text/csv"), b"a,b"),
            ("DELETE", None, b""),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn default_headers_are_always_sent_and_optional_ones_on_request() {
    let script = echo();
    script.endpoint().get("tests").await.unwrap();
    let plain = &script.requests()[0].headers;
    assert!(
        plain["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("octane-client/")
    );
    assert!(!plain.contains_key("hpeclienttype") && !plain.contains_key("alm-octane-tech-preview"));

    let script = echo();
    let endpoint = script.endpoint_with(|settings| {
        settings.client_type = Some("MY_CI".into());
        settings.tech_preview = true;
    });
    endpoint.get("tests").await.unwrap();
    for seen in script.all() {
        assert_eq!(seen.headers["hpeclienttype"], "MY_CI");
        assert_eq!(seen.headers["alm-octane-tech-preview"], "true");
    }
}

#[tokio::test(start_paused = true)]
async fn an_html_page_instead_of_json_is_shown_by_its_beginning() {
    let script = Script::new(|_| {
        Reply::new(
            200,
            "<html><title>Log in</title><body>Single  sign-on</body></html>",
        )
        .header("content-type", "text/html")
    });
    let error = script.endpoint().get("tests").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "unexpected response to GET /api/shared_spaces/1001/workspaces/1002/tests (text/html): `Log in Single sign-on`"
    );
    assert!(error.source().is_some() && !error.is_transient() && !error.is_refused());
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_an_error_that_names_its_target() {
    let script = Script::new(|_| {
        Reply::new(302, "").header("location", "https://login.example/sso?token=s3cret")
    });
    let error = script.endpoint().get("tests").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /api/shared_spaces/1001/workspaces/1002/tests returned a redirect (302) to `https://login.example/sso`; \
         redirects are not followed. Is `https://octane.example` the Octane URL?"
    );
    assert_eq!(error.status(), Some(StatusCode::FOUND));
}

#[tokio::test(start_paused = true)]
async fn entities_are_created_updated_and_deleted() {
    let script = Script::new(|seen| match seen.method {
        Method::POST => Reply::new(
            201,
            r#"{"total_count":1,"data":[{"type":"story","id":"7"}]}"#,
        ),
        Method::PUT => Reply::new(200, r#"{"type":"story","id":"7"}"#),
        _ => Reply::new(200, ""),
    });
    let stories = script.endpoint().collection("stories");
    let story = stories
        .create_one(&Entity::new().set("name", "x"))
        .await
        .unwrap();
    assert_eq!(story.id, Some("7".into()));
    assert_eq!(
        stories
            .update("7", &Entity::new().set("name", "y"))
            .await
            .unwrap()
            .entity_type,
        "story"
    );
    stories.delete("7").await.unwrap();
    let sent: Vec<_> = script
        .requests()
        .iter()
        .map(|seen| {
            format!(
                "{} {}",
                seen.method,
                seen.path.rsplit("1002/").next().unwrap()
            )
        })
        .collect();
    assert_eq!(sent, ["POST stories", "PUT stories/7", "DELETE stories/7"]);
}

#[tokio::test(start_paused = true)]
async fn the_fields_of_a_type_are_returned() {
    let script = Script::new(|_| {
        Reply::new(
            200,
            r#"{"total_count":1,"data":[{"type":"field_metadata","name":"covered_content","entity_name":"run_automated","editable":true}]}"#,
        )
    });
    let fields = script
        .endpoint()
        .field_metadata("run_automated")
        .await
        .unwrap();
    assert!(fields[0].editable && fields[0].name == "covered_content");
}

#[tokio::test(start_paused = true)]
async fn results_are_sent_compressed_and_return_a_task() {
    let script = Script::new(|seen| match seen.path.rsplit('/').next().unwrap() {
        "test-results" => Reply::new(202, r#"{"status":"queued","id":1103}"#),
        "1103" => Reply::new(200, r#"{"status":"success","id":"1103"}"#),
        "xsd" => Reply::new(200, "<xs:schema/>"),
        _ if seen.path.contains("/1103/") => Reply::new(200, "status: success\n"),
        _ => Reply::new(404, ""),
    });
    let endpoint = script.endpoint();
    let results = endpoint.test_results();
    let payload = Bytes::from_static(b"<test_result/>");
    let task = results.send(payload, true).await.unwrap().task;
    assert_eq!(
        (task.id, task.status),
        (TaskId::new(1103), TaskStatus::Queued)
    );
    assert_eq!(
        results.task(task.id).await.unwrap().status,
        TaskStatus::Success
    );
    assert_eq!(
        results.log(task.id).await.unwrap().as_deref(),
        Some("status: success\n")
    );
    assert_eq!(results.log(TaskId::new(9)).await.unwrap(), None);
    assert_eq!(results.schema().await.unwrap(), "<xs:schema/>");

    let sent = &script.requests()[0];
    assert_eq!(
        (
            &sent.headers["content-encoding"],
            &sent.headers["content-type"]
        ),
        (
            &"gzip".parse().unwrap(),
            &"application/xml".parse().unwrap()
        )
    );
    assert!(sent.uri.ends_with("/test-results?skip-errors=true"));
    let mut decompressed = String::new();
    flate2::read::GzDecoder::new(&sent.body[..])
        .read_to_string(&mut decompressed)
        .unwrap();
    assert_eq!(decompressed, "<test_result/>");

    let plain = script.endpoint_with(|settings| settings.payload_encoding = Encoding::Plain);
    plain
        .test_results()
        .send(Bytes::from_static(b"<test_result/>"), false)
        .await
        .unwrap();
    let sent = script.requests().pop().unwrap();
    assert_eq!(&sent.body[..], b"<test_result/>");
    assert!(!sent.headers.contains_key("content-encoding"));
}
