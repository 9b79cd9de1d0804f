//! Vulnerabilities, as the vendor's CI SDK reports them (`VulnerabilitiesServiceImpl`, `ExistingIssuesInOctane`).

use serde_json::{Value, json};

use super::SPACE;
use super::pipelines::{client, get, packed, pipeline};

const BUILD: &str = "instance-id=ci-1&job-ci-id=shop%2Ftest&build-ci-id=17";

#[tokio::test]
async fn vulnerabilities_are_wanted_of_jobs_in_pipelines_since_a_time() {
    let client = client().await;
    let path = format!("{SPACE}/vulnerabilities/preflight?{BUILD}");
    let unwanted = get(&client, &path).await;
    assert_eq!(
        (unwanted.status.as_u16(), unwanted.text()),
        (200, String::new())
    );
    pipeline(&client).await;
    let wanted = get(&client, &path).await;
    assert_eq!(wanted.status, 200);
    // The client reads a time in whole seconds, and wants it to be after the year 2000.
    let text = wanted.text();
    assert!(
        text.starts_with("20") && text.ends_with('Z') && text.len() == 20,
        "{text}"
    );
    assert_eq!(
        get(&client, &format!("{SPACE}/vulnerabilities/preflight"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_tool_is_told_which_of_its_issues_are_open() {
    let client = client().await;
    let issue = |id: &str, state: &str| {
        json!({ "remote_id": id, "remote_tag": "3_1", "primary_location_full": "a.rs", "line": 1,
            "state": { "type": "list_node", "id": format!("list_node.issue_state_node.{state}") } })
    };
    let path = format!("{SPACE}/vulnerabilities?{BUILD}");
    for issues in [
        vec![issue("1", "new"), issue("2", "new")],
        vec![issue("1", "closed")],
    ] {
        let answer = packed(&client, "POST", &path, &json!({ "data": issues })).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    let open = async |tag: &str| -> Value {
        let path =
            format!("{SPACE}/vulnerabilities/remote-issue-ids?{BUILD}&state=open&remote-tag={tag}");
        get(&client, &path).await.ok()
    };
    assert_eq!(open("3_1").await, json!(["2"]));
    assert_eq!(open("other").await, json!([]));
}
