//! From payloads to tests, runs and suite runs.

use std::io::Write;
use std::time::Duration;

use http::{Request, header};
use serde_json::{Value, json};

use super::entities::story;
use super::{Client, WORKSPACE};
use crate::Settings;

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
    let answer = client.submit(&xml, "").await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.json(), json!({ "id": 1, "status": "queued" }));
    let task = client.settled(&json!(1)).await;
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
            "parent_suite": { "type": "run_suite", "id": client.names("suite_run", "id", "id GT 0").await[0] },
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
async fn a_test_is_known_by_module_package_class_and_name() {
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
        // The same again, with empty text for what is missing.
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
async fn a_further_result_of_a_run_moves_the_one_before_to_its_history() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let context = format!("<suite_ref id='{suite}' external_run_id='r'/>");
    let failed = "<test_run name='t' class='C' status='Failed' duration='5' started='1000'><error message='no'/></test_run>";
    let passed = "<test_run name='t' class='C' status='Passed' duration='6' started='2000'/>";
    client.upload(&payload(&context, failed), "").await;
    let before = client.names("automated_runs", "id", "id GT 0").await;
    client.upload(&payload(&context, passed), "").await;
    assert_eq!(
        client.names("automated_runs", "id", "id GT 0").await,
        before
    );
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
async fn run_name_suite_run_release_and_environment_make_runs_of_their_own() {
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
    // Once more, the environment in another order and the release by its name.
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
async fn the_context_of_a_payload_reaches_tests_and_runs() {
    let client = Client::empty().await;
    let story = story(&client, "a").await;
    let other = super::entities::story(&client, "b").await;
    let context = format!(
        "<release name='_default_'/><backlog_items><backlog_item_ref id='{story}'/></backlog_items>\
         <product_areas><product_area_ref id='1001'/></product_areas>\
         <test_fields><test_field type='Test_Level' value='System Test'/>\
         <test_field type='Test_Type' value='regression'/>\
         <test_field type='Testing_Tool_Type' value='Quartz'/>\
         <test_field type='Framework' value='JUnit'/></test_fields>"
    );
    let runs = format!(
        "<test_run name='t' status='Passed' duration='1'/><test_run name='u' status='Passed' duration='1'>\
         <backlog_items><backlog_item_ref id='{other}'/></backlog_items>\
         <test_fields><test_field type='Framework' value='NUnit'/></test_fields></test_run>"
    );
    assert_eq!(
        client.upload(&payload(&context, &runs), "").await["status"],
        "success"
    );
    let fields =
        "covered_content,product_areas,test_level,test_type,testing_tool_type{name},framework";
    let tests = client
        .list(&format!("automated_tests?fields={fields}&order_by=id"))
        .await;
    let level = json!({ "type": "list_node", "id": "list_node.test_level.system" });
    assert_eq!(tests[0]["test_level"], level);
    assert_eq!(
        tests[0]["test_type"]["data"][0]["id"],
        "list_node.test_type.regression"
    );
    assert_eq!(tests[0]["testing_tool_type"]["name"], "Quartz");
    assert_eq!(
        tests[0]["covered_content"]["data"],
        json!([{ "type": "story", "id": story }])
    );
    assert_eq!(
        tests[0]["product_areas"]["data"],
        json!([{ "type": "product_area", "id": "1001" }])
    );
    assert_eq!(tests[1]["covered_content"]["total_count"], 2);
    assert_eq!(tests[1]["framework"]["id"], "list_node.je.framework.nunit");
    let runs = client
        .list("automated_runs?fields=release,test_level,test_framework,covered_content&order_by=id")
        .await;
    assert_eq!(
        runs[0]["release"],
        json!({ "type": "release", "id": "2001" })
    );
    assert_eq!(runs[0]["test_level"], level);
    assert_eq!(
        runs[1]["test_framework"]["id"],
        "list_node.je.framework.nunit"
    );
    // Backlog items of a payload are those of its tests.
    assert_eq!(runs[0]["covered_content"]["total_count"], 0);
}

#[tokio::test]
async fn a_build_becomes_a_ci_build_of_its_server_once() {
    let client = Client::empty().await;
    let build = "<build server_id='ci-1' job_id='shop' build_id='17' build_name='#17'/>";
    client
        .upload(
            &payload(build, "<test_run name='t' status='Passed' duration='1'/>"),
            "",
        )
        .await;
    client
        .upload(
            &payload(build, "<test_run name='u' status='Passed' duration='1'/>"),
            "",
        )
        .await;
    let query = "build EQ {build_id EQ '17';ci_server EQ {instance_id EQ 'ci-1'}}";
    assert_eq!(
        client.names("automated_runs", "name", query).await,
        ["t", "u"]
    );
    assert_eq!(client.list("ci_builds").await.len(), 1);
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
async fn payloads_share_a_suite_run_by_its_external_id_and_have_one_of_their_own_without() {
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

#[tokio::test]
async fn a_run_with_an_unknown_reference_is_left_out() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let xml = payload(
        &format!("<suite_ref id='{suite}' external_run_id='r'/>"),
        "<test_run name='good' status='Passed' duration='1'/>\
         <test_run name='bad' class='C' status='Passed' duration='1'><release_ref id='55'/>\
         <backlog_items><backlog_item_ref id='56'/></backlog_items></test_run>",
    );
    let task = client.upload(&xml, "").await;
    assert_eq!(task["status"], "failed");
    assert_eq!(
        task["errorDetails"],
        "run `C.bad` (line 1): the release `55` does not exist; the run is left out; \
         run `C.bad` (line 1): the backlog item `56` does not exist; the run is left out"
    );
    assert_eq!(
        client.names("automated_tests", "name", "id GT 0").await,
        ["good"]
    );
    let log = client
        .get(&format!("test-results/{}/log", task["id"]))
        .await;
    assert!(
        log.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let log = log.text();
    let (head, lines) = log.split_once("\n\n").unwrap();
    assert!(head.lines().any(|line| line == "status: failed"), "{head}");
    assert_eq!(lines.lines().count(), 2);
}

#[tokio::test]
async fn skipping_errors_keeps_the_run_and_drops_the_reference() {
    let client = Client::empty().await;
    let xml = payload(
        "<suite_ref id='77' external_run_id='r'/>",
        "<test_run name='bad' status='Passed' duration='1'><milestone_ref id='55'/></test_run>",
    );
    let refused = client.upload(&xml, "").await;
    assert_eq!(refused["status"], "failed");
    assert_eq!(client.list("runs").await.len(), 0);
    // The flag belongs to what makes a payload the same.
    let task = client.upload(&xml, "?skip-errors=true").await;
    assert_eq!(task["status"], "warning");
    assert_eq!(
        task["errorDetails"],
        "payload: the test suite `77` does not exist; the reference is left out; \
         run `bad` (line 1): the milestone `55` does not exist; the reference is left out"
    );
    let run = &client
        .list("automated_runs?fields=parent_suite,milestone")
        .await[0];
    assert_eq!(
        (&run["parent_suite"], &run["milestone"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(client.list("suite_run").await.len(), 0);
}

#[tokio::test]
async fn bytes_that_are_known_are_not_ingested_again() {
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
        let answer = client.send(request, packed.clone()).await;
        assert_eq!(answer.status, 202);
        let expected = json!({ "id": first["id"], "status": "success", "until": first["until"], "fromOlderPush": "true" });
        assert_eq!(answer.json(), expected);
    }
    assert_eq!(client.list("previous_runs").await.len(), 0);
}

#[tokio::test]
async fn what_is_no_payload_is_refused_at_once() {
    let client = Client::empty().await;
    let answer = client
        .submit(
            &payload("", "<test_run name='a'\nstatus='passed' duration='1'/>"),
            "",
        )
        .await;
    assert_eq!(answer.status, 400);
    let description = answer.json()["description"].as_str().unwrap().to_owned();
    for part in ["2:1", "test_run[1]", "`status`", "`passed`"] {
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
async fn evidence_is_refused_unless_a_setting_accepts_it() {
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
    // Each round is a request and one second of the clock that the test holds in its hand.
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
    let answer = client.get("test-results/xsd").await;
    assert_eq!(answer.headers["content-type"], "application/xml");
    assert!(answer.text().contains("test_result"));
}
