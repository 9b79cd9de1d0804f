//! From payloads to tests, runs and suite runs.

use serde_json::{Value, json};

use super::Client;

pub(super) async fn suite(client: &Client, name: &str) -> String {
    client.create("test_suites", json!({ "name": name })).await
}

/// A payload with one passed run.
pub(super) fn one_run(suite: &str, external_run_id: &str, name: &str) -> String {
    payload(
        &format!("<suite_ref id='{suite}' external_run_id='{external_run_id}'/>"),
        &format!("<test_run name='{name}' status='Passed' duration='1'/>"),
    )
}

pub(super) fn payload(context: &str, runs: &str) -> String {
    format!("<test_result>{context}<test_runs>{runs}</test_runs></test_result>")
}

async fn statuses(client: &Client) -> Vec<Value> {
    let runs = client
        .list("suite_run?fields=native_status,status&order_by=id")
        .await;
    runs.iter()
        .map(|run| run["native_status"]["id"].clone())
        .collect()
}

#[tokio::test]
async fn a_payload_becomes_a_suite_run_with_runs_of_tests() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let xml = payload(
        &format!("<suite_ref id='{suite}' external_run_id='build 7'/>"),
        "<test_run module='shop' package='cart' class='TotalsTest' name='adds_tax' status='Failed' \
         duration='84' started='1746000000000' external_report_url='https://ci.example/7'>\
         <error type='AssertionError' message='19 expected'>line 12</error>\
         <description>nightly</description></test_run>\
         <test_run name='rounds' status='Skipped' duration='0'/>",
    );
    let response = client.submit(&xml, "").await;
    assert_eq!(response.status, 202);
    assert_eq!(response.json(), json!({ "id": 1, "status": "queued" }));
    let task = client.wait_for_task(&json!(1)).await;
    assert_eq!(task["status"], "success");
    assert!(task["until"].as_str().unwrap().ends_with("+0000"));

    let run = &client
        .list("suite_run?fields=name,test,status,native_status,started,test_name,runs_in_suite")
        .await[0];
    assert_eq!(
        (&run["name"], &run["test_name"]),
        (&json!("build 7"), &json!("Nightly"))
    );
    assert_eq!(run["test"], json!({ "type": "test_suite", "id": suite }));
    assert_eq!(run["status"]["id"], "list_node.run_status.failed");
    assert_eq!(run["started"], "2025-04-30T08:00:00Z");
    assert_eq!(run["runs_in_suite"]["total_count"], 2);

    let fields = "name,test_name,component,package,class_name,native_status,status,duration,started,\
                  error_type,error_message,error_details,external_report_url,description,parent_suite,test{name,class_name}";
    let run = &client
        .list(&format!("automated_runs?fields={fields}"))
        .await[0];
    let test = run["test"]["id"].clone();
    assert_eq!(
        *run,
        json!({
            "type": "run_automated", "id": run["id"], "name": "adds_tax", "test_name": "adds_tax",
            "component": "shop", "package": "cart", "class_name": "TotalsTest",
            "native_status": { "type": "list_node", "id": "list_node.run_native_status.failed" },
            "status": { "type": "list_node", "id": "list_node.run_status.failed" },
            "duration": 84, "started": "2025-04-30T08:00:00Z", "error_type": "AssertionError",
            "error_message": "19 expected", "error_details": "line 12",
            "external_report_url": "https://ci.example/7", "description": "nightly",
            "parent_suite": { "type": "run_suite", "id": client.ids("suite_run").await[0] },
            "test": { "type": "test_automated", "id": test, "name": "adds_tax", "class_name": "TotalsTest" },
        })
    );
    let links = client
        .list("test_suite_link_to_automated_tests?fields=test_suite,test")
        .await;
    assert_eq!(links.len(), 2);
    assert_eq!(
        (&links[0]["test_suite"]["id"], &links[0]["test"]["id"]),
        (&json!(suite), &test)
    );
}

#[tokio::test]
async fn a_test_is_identified_by_module_package_class_and_name() {
    let client = Client::empty().await;
    let run = |attributes: &str| {
        payload(
            "",
            &format!("<test_run {attributes} status='Passed' duration='1'/>"),
        )
    };
    for attributes in [
        "module='m' package='p' class='c' name='n'",
        "module='m' package='p' class='c' name='N'",
        "module='m' package='p' class='d' name='n'",
        "module='m' package='q' class='c' name='n'",
        "module='l' package='p' class='c' name='n'",
        "name='n'",
        // The same again, with empty text for missing values.
        "module='' package='' class='' name='n'",
        "class='c' package='p' name='n' module='m'",
    ] {
        assert_eq!(
            client.upload(&run(attributes), "").await["status"],
            "success"
        );
    }
    assert_eq!(client.list("automated_tests").await.len(), 6);
    assert_eq!(client.list("automated_runs").await.len(), 6);
    assert_eq!(client.list("previous_runs").await.len(), 2);
}

#[tokio::test]
async fn a_new_result_of_a_run_moves_the_previous_one_to_its_history() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let context = format!("<suite_ref id='{suite}' external_run_id='r'/>");
    let failed = "<test_run name='t' class='C' status='Failed' duration='5' started='1000'><error message='no'/></test_run>";
    let passed = "<test_run name='t' class='C' status='Passed' duration='6' started='2000'/>";
    client.upload(&payload(&context, failed), "").await;
    let before = client.ids("automated_runs").await;
    client.upload(&payload(&context, passed), "").await;
    assert_eq!(client.ids("automated_runs").await, before);
    let run = &client
        .list("automated_runs?fields=duration,native_status,error_message")
        .await[0];
    assert_eq!(
        (
            &run["duration"],
            &run["native_status"]["id"],
            &run["error_message"]
        ),
        (
            &json!(6),
            &json!("list_node.run_native_status.passed"),
            &json!(null)
        )
    );
    let fields =
        "run_id,run_native_status,run_duration,run_started,error_message,test_name,test_class";
    let history = &client.list(&format!("previous_runs?fields={fields}")).await[0];
    assert_eq!(history["run_id"].to_string(), before[0]);
    assert_eq!(
        (
            &history["run_native_status"]["id"],
            &history["run_duration"],
            &history["error_message"]
        ),
        (
            &json!("list_node.run_native_status.failed"),
            &json!(5),
            &json!("no")
        )
    );
    assert_eq!(
        (&history["test_name"], &history["test_class"]),
        (&json!("t"), &json!("C"))
    );
    assert_eq!(
        statuses(&client).await,
        ["list_node.run_native_status.passed"]
    );
}

#[tokio::test]
async fn the_previous_results_of_a_run_are_deleted_with_it() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    for deleted in ["automated_runs", "suite_runs", "automated_tests"] {
        for (run, number) in [("a", 1), ("a", 2), ("b", 1), ("b", 2)] {
            let context = format!("<suite_ref id='{suite}' external_run_id='{run} {deleted}'/>");
            let run = format!("<test_run name='{run}' status='Passed' duration='{number}'/>");
            client.upload(&payload(&context, &run), "").await;
        }
        let condition = format!("name EQ 'a' || name EQ 'a {deleted}'");
        let id = client.names(deleted, "id", &condition).await.remove(0);
        let response = client.delete(&format!("{deleted}/{id}")).await;
        assert!(response.status.is_success(), "{}", response.text());
        let left = client.names("previous_runs", "name", "id GT 0").await;
        assert_eq!(left, ["b"], "{deleted}");
        client
            .delete("automated_tests?query=%22id%20GT%200%22")
            .await
            .ok();
        assert!(client.list("previous_runs").await.is_empty(), "{deleted}");
    }
}

#[tokio::test]
async fn run_name_suite_run_release_and_environment_identify_a_run() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let release = client
        .create("releases", json!({ "name": "R", "start_date": "2025-01-01T00:00:00Z", "end_date": "2025-02-01T00:00:00Z" }))
        .await;
    let run = |attributes: &str, content: &str| {
        format!("<test_run name='t' status='Passed' duration='1' {attributes}>{content}</test_run>")
    };
    let os =
        |value: &str| format!("<environment><taxonomy type='OS' value='{value}'/></environment>");
    let two = "<environment><taxonomy type='DB' value='PG'/><taxonomy type='OS' value='Linux'/></environment>";
    let turned = "<environment><taxonomy type='OS' value='Linux'/><taxonomy type='DB' value='PG'/></environment>";
    let runs = [
        run("", ""),
        run("run_name='x'", ""),
        run(
            "",
            &format!("<suite_ref id='{suite}' external_run_id='1'/>"),
        ),
        run(
            "",
            &format!("<suite_ref id='{suite}' external_run_id='2'/>"),
        ),
        run("", &format!("<release_ref id='{release}'/>")),
        run("", &os("Linux")),
        run("", &os("Windows")),
        run("", two),
    ];
    client.upload(&payload("", &runs.concat()), "").await;
    assert_eq!(client.list("automated_runs").await.len(), 8);
    assert_eq!(client.list("automated_tests").await.len(), 1);
    // Again, with the environment in another order and the release by name.
    let again = [
        run("", turned),
        run("", "<release name='R'/>"),
        run("run_name='x'", ""),
    ];
    client.upload(&payload("", &again.concat()), "").await;
    assert_eq!(client.list("automated_runs").await.len(), 8);
    assert_eq!(client.list("previous_runs").await.len(), 3);
    assert_eq!(
        client.names("automated_runs", "name", "name EQ 'x'").await,
        ["x"]
    );
    let query = "taxonomies EQ {name EQ 'linux';category EQ {name EQ 'OS'}}";
    assert_eq!(client.names("automated_runs", "id", query).await.len(), 2);
}

#[tokio::test]
async fn the_status_of_a_suite_run_follows_from_its_runs() {
    for (words, expected) in [
        (&["Passed", "Skipped"] as &[_], "passed"),
        (&["Passed", "Failed", "Planned"], "failed"),
        (&["Skipped", "Skipped"], "skipped"),
        (&["Planned"], "planned"),
        (&["Passed", "Planned"], "not_completed"),
    ] {
        let client = Client::empty().await;
        let suite = suite(&client, "S").await;
        let runs: String = words
            .iter()
            .enumerate()
            .map(|(n, word)| format!("<test_run name='t{n}' status='{word}' duration='1'/>"))
            .collect();
        client
            .upload(
                &payload(
                    &format!("<suite_ref id='{suite}' external_run_id='r'/>"),
                    &runs,
                ),
                "",
            )
            .await;
        assert_eq!(
            statuses(&client).await,
            [format!("list_node.run_native_status.{expected}")],
            "{words:?}"
        );
    }
}

#[tokio::test]
async fn payloads_share_a_suite_run_only_by_its_external_id() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    for (external, name) in [("r", "a"), ("r", "b"), ("s", "a"), ("", "a"), ("", "b")] {
        client.upload(&one_run(&suite, external, name), "").await;
    }
    assert_eq!(
        client.names("suite_run", "name", "id GT 0").await,
        ["r", "s", "Nightly", "Nightly"]
    );
    assert_eq!(client.list("test_suite_link_to_tests").await.len(), 2);
    let query = format!("parent_suite EQ {{name EQ 'r';test EQ {{id EQ {suite}}}}}");
    assert_eq!(
        client.names("automated_runs", "name", &query).await,
        ["a", "b"]
    );
}
