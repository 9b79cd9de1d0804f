//! What is reported of builds more than once.

use serde_json::json;

use super::only;
use super::pipelines::{CI, client, packed, pipeline};
use crate::tests::ingestion::payload;

#[tokio::test]
async fn an_event_that_arrives_late_does_not_queue_a_running_build_again() {
    let client = client().await;
    pipeline(&client).await;
    for (kind, expected) in [
        ("queued", "queued"),
        ("started", "running"),
        ("queued", "running"),
        ("finished", "finished"),
        ("started", "finished"),
    ] {
        let events = json!({ "server": { "instanceId": "ci-1" }, "events": [
            { "eventType": kind, "project": "shop", "buildCiId": "18", "number": "18" }] });
        let answer = packed(&client, "PUT", &format!("{CI}/events"), &events).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let build = only(&client, "ci_builds?fields=status").await;
        assert_eq!(build["status"], expected, "{kind}");
    }
}

#[tokio::test]
async fn what_is_said_later_of_a_build_replaces_what_was_known() {
    let client = client().await;
    for (more, run) in [
        ("", "a"),
        ("build_name='Nightly 5' sub_type='x'", "b"),
        ("", "c"),
    ] {
        let build = format!("<build server_id='s' job_id='j' build_id='5' {more}/>");
        let run = format!("<test_run name='{run}' status='Passed' duration='1'/>");
        let task = client.upload(&payload(&build, &run), "").await;
        assert_eq!(task["status"], "success");
    }
    let builds = client.list("ci_builds?fields=name,sub_type").await;
    assert_eq!(builds.len(), 1);
    assert_eq!(
        (&builds[0]["name"], &builds[0]["sub_type"]),
        (&json!("Nightly 5"), &json!("x"))
    );
}
