//! Which payloads are accepted, and the progress of their tasks.

use std::io::Write;
use std::time::Duration;

use http::{Request, header};
use serde_json::json;

use super::ingestion::{one_run, payload, suite};
use super::{Client, WORKSPACE};
use crate::Settings;

#[tokio::test]
async fn a_duplicate_payload_is_not_ingested_again() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let xml = one_run(&suite, "r", "a");
    let first = client.upload(&xml, "").await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(xml.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for encoding in ["gzip", "application/gzip"] {
        let request = Request::post(format!("{WORKSPACE}/test-results"))
            .header(header::CONTENT_TYPE, "application/xml; charset=utf-8")
            .header(header::CONTENT_ENCODING, encoding);
        let response = client.send(request, packed.clone()).await;
        assert_eq!(response.status, 202);
        let expected = json!({ "id": first["id"], "status": "success", "until": first["until"], "fromOlderPush": "true" });
        assert_eq!(response.json(), expected);
    }
    assert_eq!(client.list("previous_runs").await.len(), 0);
}

#[tokio::test]
async fn an_invalid_payload_is_rejected_at_once() {
    let client = Client::empty().await;
    let response = client
        .submit(
            &payload("", "<test_run name='a'\nstatus='passed' duration='1'/>"),
            "",
        )
        .await;
    assert_eq!(response.status, 400);
    let description = response.json()["description"].as_str().unwrap().to_owned();
    for part in ["line 2, column 1", "test_run[1]", "`status`", "`passed`"] {
        assert!(description.contains(part), "{part}: {description}");
    }
    for (media, status) in [
        ("text/plain", 415),
        ("application/json", 415),
        ("application/xml", 400),
    ] {
        let request =
            Request::post(format!("{WORKSPACE}/test-results")).header(header::CONTENT_TYPE, media);
        assert_eq!(
            client.send(request, "nonsense").await.status,
            status,
            "{media}"
        );
    }
    for (encoding, status) in [("br", 415), ("gzip", 400)] {
        let request = Request::post(format!("{WORKSPACE}/test-results"))
            .header(header::CONTENT_TYPE, "application/xml")
            .header(header::CONTENT_ENCODING, encoding);
        assert_eq!(
            client.send(request, payload("", "")).await.status,
            status,
            "{encoding}"
        );
    }
    assert_eq!(
        client.get("test-results/1").await.refusal(),
        (404, "testbox.not_found".to_owned())
    );
    assert_eq!(
        client.get("test-results/x/log").await.refusal(),
        (404, "testbox.not_found".to_owned())
    );
}

#[tokio::test]
async fn evidence_is_rejected_unless_a_setting_accepts_it() {
    let evidence = "<test_result><release_name>Default Release</release_name><test_runs>\
        <test_run name='a' status='Passed' duration='1'/></test_runs>\
        <test_fields><test_field field_type='Testing_Tool_Type' value='Quartz'/></test_fields></test_result>";
    assert_eq!(Client::empty().await.submit(evidence, "").await.status, 400);
    let client = Client::new(Settings::default().accept_evidence(true)).await;
    assert_eq!(client.upload(evidence, "").await["status"], "success");
    let run = &client
        .list("automated_runs?fields=release{name},testing_tool_type{name}")
        .await[0];
    assert_eq!(
        (&run["release"]["name"], &run["testing_tool_type"]["name"]),
        (&json!("Default Release"), &json!("Quartz"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_task_is_seen_running_while_others_are_queued() {
    let delay = Duration::from_secs(30);
    let client = Client::new(Settings::default().seed_data(false).ingest_delay(delay)).await;
    let suite = suite(&client, "Nightly").await;
    for name in ["a", "b"] {
        client.submit(&one_run(&suite, "r", name), "").await.ok();
    }
    let mut seen = Vec::new();
    // Each round is a request and one second of the paused clock.
    for _ in 0..100 {
        let (a, b) = (
            client.get("test-results/1").await.ok(),
            client.get("test-results/2").await.ok(),
        );
        let pair = format!(
            "{} {}",
            a["status"].as_str().unwrap(),
            b["status"].as_str().unwrap()
        );
        if seen.last() != Some(&pair) {
            seen.push(pair);
        }
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert!(seen.contains(&"running queued".to_owned()), "{seen:?}");
    assert!(seen.contains(&"success running".to_owned()), "{seen:?}");
    assert_eq!(seen.last().unwrap(), "success success");
}

#[tokio::test]
async fn the_schema_can_be_fetched() {
    let client = Client::empty().await;
    let response = client.get("test-results/xsd").await;
    assert_eq!(response.headers["content-type"], "application/xml");
    assert!(response.text().contains("test_result"));
}
