//! Unknown values in payloads, and other unresolved questions.

use serde_json::{Value, json};

use super::Client;
use super::ingestion::{one_run, payload, suite};
use crate::Settings;
use crate::settings::{OnUnknown, ResultSettings, SuiteRunWithoutId};

async fn client(change: impl FnOnce(&mut ResultSettings)) -> Client {
    let mut settings = Settings::default().seed_data(false);
    change(&mut settings.results);
    Client::new(settings).await
}

/// Sends a payload with this in its context, and one run; returns the task and the names of the runs.
async fn send(client: &Client, context: &str, parameters: &str) -> (Value, usize) {
    let xml = payload(context, "<test_run name='t' status='Passed' duration='1'/>");
    let task = client.upload(&xml, parameters).await;
    (task, client.list("automated_runs").await.len())
}

const FIELD: &str =
    "<test_fields><test_field type='Testing_Tool_Type' value='Quartz'/></test_fields>";
const TAG: &str = "<environment><taxonomy type='OS' value='Plan 9'/></environment>";
const BUILD: &str = "<build server_id='ci-1' job_id='j' build_id='3'/>";

fn set(results: &mut ResultSettings, value: OnUnknown) {
    results.unknown_test_field = value;
    results.unknown_environment = value;
    results.unknown_ci_server = value;
}

#[tokio::test]
async fn unknown_values_with_a_warning_are_skipped() {
    for (context, problem) in [
        (
            FIELD,
            "the list of `Testing_Tool_Type` has no value `Quartz`",
        ),
        (TAG, "the environment `OS` has no value `Plan 9`"),
        (
            BUILD,
            "the build reference `3` of the job `j` cannot be resolved, since no CI server has the instance id `ci-1`",
        ),
    ] {
        let client = client(|results| set(results, OnUnknown::Warn)).await;
        let (task, runs) = send(&client, context, "").await;
        assert_eq!((&task["status"], runs), (&json!("warning"), 1));
        let expected = format!("payload: {problem}; the value is skipped");
        assert_eq!(task["errorDetails"], expected);
        assert_eq!(client.list("ci_servers").await.len(), 0);
        assert_eq!(client.list("taxonomy_nodes").await.len(), 0);
        assert_eq!(
            client
                .names("list_nodes", "id", "name EQ 'Quartz'")
                .await
                .len(),
            0
        );
    }
}

#[tokio::test]
async fn unknown_values_that_are_errors_skip_the_runs() {
    for context in [FIELD, TAG, BUILD] {
        let client = client(|results| set(results, OnUnknown::Fail)).await;
        let (task, runs) = send(&client, context, "").await;
        assert_eq!((&task["status"], runs), (&json!("failed"), 0));
        let details = task["errorDetails"].as_str().unwrap();
        assert!(details.ends_with("; its run is skipped"), "{details}");
        let (task, runs) = send(&client, context, "?skip-errors=true").await;
        assert_eq!((&task["status"], runs), (&json!("warning"), 1));
        assert_eq!(client.list("automated_tests").await.len(), 1);
    }
}

#[tokio::test]
async fn an_unknown_value_of_one_run_affects_only_that_run() {
    let client = client(|results| set(results, OnUnknown::Fail)).await;
    let runs = format!(
        "<test_run name='good' status='Passed' duration='1'/>\n\
         <test_run name='bad' status='Passed' duration='1'>{FIELD}</test_run>"
    );
    let task = client.upload(&payload("", &runs), "").await;
    assert_eq!(task["status"], "failed");
    assert_eq!(
        task["errorDetails"],
        "run `bad` (line 2): the list of `Testing_Tool_Type` has no value `Quartz`; the run is skipped"
    );
    assert_eq!(
        client.names("automated_runs", "name", "id GT 0").await,
        ["good"]
    );
}

#[tokio::test]
async fn an_invalid_context_of_a_payload_is_reported_once() {
    let client = client(|_| {}).await;
    let run = "<test_run name='t' status='Passed' duration='1'/>";
    let context = "<release_ref id='55'/>";
    let task = client.upload(&payload(context, &run.repeat(3)), "").await;
    assert_eq!(task["status"], "failed");
    assert_eq!(
        task["errorDetails"],
        "payload: the release `55` does not exist; its 3 runs are skipped"
    );
    // This also applies to a payload without runs.
    assert_eq!(
        client.upload(&payload(context, ""), "").await["status"],
        "failed"
    );
    assert_eq!(
        client.upload(&payload("", ""), "").await["status"],
        "success"
    );
}

#[tokio::test]
async fn payloads_without_an_external_run_id_may_share_a_suite_run() {
    let client = client(|results| results.suite_run_without_id = SuiteRunWithoutId::Shared).await;
    let suite = suite(&client, "Nightly").await;
    for name in ["a", "b"] {
        client.upload(&one_run(&suite, "", name), "").await;
    }
    assert_eq!(
        client.names("suite_run", "name", "id GT 0").await,
        ["Nightly"]
    );
}

#[tokio::test]
async fn if_the_context_is_not_part_of_the_identity_a_run_moves_to_the_newest_one() {
    let client = client(|results| results.run_identity_has_context = false).await;
    let run = |context: &str, attributes: &str| {
        payload(
            context,
            &format!("<test_run name='t' status='Passed' duration='1' {attributes}/>"),
        )
    };
    let tag =
        |value: &str| format!("<environment><taxonomy type='OS' value='{value}'/></environment>");
    client.upload(&run(&tag("Linux"), ""), "").await;
    let newest = format!("<release name='_default_'/>{}", tag("Windows"));
    client.upload(&run(&newest, ""), "").await;
    client.upload(&run("", "run_name='other'"), "").await;
    let runs = client
        .list("automated_runs?fields=name,release,taxonomies{name}&order_by=id")
        .await;
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["release"]["id"], "2001");
    assert_eq!(runs[0]["taxonomies"]["total_count"], 1);
    assert_eq!(runs[0]["taxonomies"]["data"][0]["name"], "Windows");
    let previous = client
        .list("previous_runs?fields=release,taxonomies{name}")
        .await;
    assert_eq!(previous.len(), 1);
    assert_eq!(previous[0]["release"], Value::Null);
    assert_eq!(previous[0]["taxonomies"]["data"][0]["name"], "Linux");
}

#[tokio::test]
async fn further_members_of_a_payload_are_stored() {
    let client = client(|_| {}).await;
    let suite = suite(&client, "Nightly").await;
    let context = format!(
        "<build server_id='ci' job_id='j' job_name='Shop' build_id='3' sub_type='s' artifact_id='a'/>\
         <suite_ref id='{suite}' external_run_id='r' component='shop'/>"
    );
    let run = "<test_run name='t' status='Passed' duration='1' external_test_id='T-1' external_run_id='R-1' \
               external_assets='/a' run_type='nightly' manual='true'/>";
    client.upload(&payload(&context, run), "").await;
    let fields = "external_run_id,external_assets,run_type,manual,test{external_test_id},parent_suite{component},\
                  build{job_name,sub_type,artifact_id}";
    let run = &client
        .list(&format!("automated_runs?fields={fields}"))
        .await[0];
    assert_eq!(
        json!([
            run["external_run_id"],
            run["external_assets"],
            run["run_type"],
            run["manual"],
            run["test"]["external_test_id"],
            run["parent_suite"]["component"],
            run["build"]["job_name"],
            run["build"]["sub_type"],
            run["build"]["artifact_id"],
        ]),
        json!([
            "R-1", "/a", "nightly", true, "T-1", "shop", "Shop", "s", "a"
        ])
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let client = Client::empty().await;
    for (path, expected) in [
        (
            "test-results/7/nope",
            "unknown URL path `test-results/7/nope`",
        ),
        ("nope", "unknown URL path `nope`"),
        (
            "stories?limit=abc",
            "`limit` is `abc`, not a whole number of at least 1",
        ),
        (
            "stories?limit=-1",
            "`limit` is `-1`, not a whole number of at least 1",
        ),
        (
            "stories?offset=-1",
            "`offset` is `-1`, not a whole number of at least 0",
        ),
    ] {
        let text = client.get(path).await.text();
        assert!(text.contains(expected), "{path}: {text}");
    }
}
