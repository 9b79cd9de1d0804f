//! Gherkin features, and steps of runs.

use serde_json::{Value, json};

use super::Client;
use super::ingestion::{payload, suite};

fn feature(name: &str, attributes: &str, inside: &str) -> String {
    format!(
        "<gherkin_test_run name='{name}' duration='9' status='Failed' external_run_id='r-1'>\
         <feature name='{name}' {attributes} started='1746000000000'>{inside}</feature></gherkin_test_run>"
    )
}

#[tokio::test]
async fn a_feature_becomes_a_gherkin_test_with_a_run_in_the_suite_run() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let context = format!(
        "<suite_ref id='{suite}' external_run_id='7'/><environment><taxonomy type='OS' value='Linux'/></environment>"
    );
    let xml = payload(
        &context,
        &feature(
            "Pay",
            "path='features/pay.feature' tag='@smoke'",
            "<file>Feature: Pay</file><scenarios><background><steps>\
             <step name='a cart' duration='1' status='passed'/></steps></background>\
             <scenario name='pays' status='Failed' outlineIndex='2'><steps>\
             <step name='pay' duration='8' status='failed'><error_message>no money</error_message></step>\
             </steps></scenario></scenarios>",
        ),
    );
    assert_eq!(client.upload(&xml, "").await["status"], "success");

    let test = &client
        .list("gherkin_tests?fields=name,subtype,test_version{script}")
        .await[0];
    assert_eq!(
        (&test["name"], &test["subtype"]),
        (&json!("Pay"), &json!("gherkin_test"))
    );
    assert_eq!(test["test_version"]["data"][0]["script"], "Feature: Pay");
    let fields = "name,test,native_status,duration,started,external_run_id,parent_suite{name},taxonomies{name}";
    let run = &client
        .list(&format!("gherkin_automated_runs?fields={fields}"))
        .await[0];
    assert_eq!(
        run["test"],
        json!({ "type": "gherkin_test", "id": test["id"] })
    );
    assert_eq!(
        (&run["name"], &run["duration"], &run["external_run_id"]),
        (&json!("Pay"), &json!(9), &json!("r-1"))
    );
    assert_eq!(
        run["native_status"]["id"],
        "list_node.run_native_status.failed"
    );
    assert_eq!(run["started"], "2025-04-30T08:00:00Z");
    assert_eq!(run["parent_suite"]["name"], "7");
    assert_eq!(run["taxonomies"]["data"][0]["name"], "Linux");
    let links = client
        .list("test_suite_link_to_gherkin_tests?fields=test")
        .await;
    assert_eq!(links[0]["test"]["id"], test["id"]);

    let steps = steps(&client).await;
    let fields = ["description", "native_result", "actual", "outline_index"];
    assert_eq!(
        rows(&steps, fields),
        [
            json!(["Background", null, null, null]),
            json!(["a cart", "passed", null, null]),
            json!(["pays", "Failed", null, 2]),
            json!(["pay", "failed", "no money", null]),
        ]
    );
    assert_eq!(steps[1]["parent_step"]["id"], steps[0]["id"]);
    assert_eq!(steps[3]["parent_step"]["id"], steps[2]["id"]);
    assert_eq!(
        steps[3]["result"]["id"],
        "list_node.run_native_status.failed"
    );
}

async fn steps(client: &Client) -> Vec<Value> {
    let fields = "description,native_result,result,actual,outline_index,parent_step,iteration,duration,\
                  external_step_id,input_parameters,output_parameters";
    client
        .list(&format!("run_steps?fields={fields}&order_by=step_order"))
        .await
}

#[tokio::test]
async fn a_gherkin_test_is_identified_by_its_tag_or_its_file() {
    let client = Client::empty().await;
    let upload = async |name: &str, attributes: &str, file: &str| {
        let xml = payload(
            "",
            &feature(name, attributes, &format!("<file>{file}</file>")),
        );
        assert_eq!(client.upload(&xml, "").await["status"], "success");
    };
    upload("Pay", "path='a.feature' tag=''", "one").await;
    upload("Pay", "path='a.feature' tag=''", "two").await;
    upload("Pay", "path='b.feature' tag=''", "three").await;
    let ids = client.ids("gherkin_tests").await;
    assert_eq!(ids.len(), 2);
    // The file may move and its feature may be renamed, as long as the tag stays.
    let tagged = format!(
        "path='c.feature' tag='@TID{}REV0.1.0'",
        ids[0].trim_matches('"')
    );
    upload("Paying", &tagged, "").await;
    upload("Pay", "path='c.feature' tag=''", "").await;
    assert_eq!(client.ids("gherkin_tests").await, ids);
    assert_eq!(client.list("gherkin_automated_runs").await.len(), 2);
    assert_eq!(client.list("previous_runs").await.len(), 3);
    let query = "test EQ {name EQ 'Pay'}";
    assert_eq!(
        client.names("test_versions", "script", query).await,
        ["one", "two", "three"]
    );
}

#[tokio::test]
async fn an_identifier_that_only_begins_with_the_id_of_a_test_names_no_test() {
    let client = Client::empty().await;
    let upload = async |name: &str, attributes: &str| {
        let xml = payload("", &feature(name, attributes, "<file>x</file>"));
        assert_eq!(client.upload(&xml, "").await["status"], "success");
    };
    upload("A", "path='a.feature' tag=''").await;
    let id = client.only_id("gherkin_tests").await;
    upload(
        "B",
        &format!("path='b.feature' tag='' identifier='{id}ab-77e1'"),
    )
    .await;
    upload("C", &format!("path='c.feature' tag='@{id}_smoke'")).await;
    let runs = client.names("gherkin_automated_runs", "test_name", "id GT 0");
    assert_eq!(runs.await, ["A", "B", "C"]);
    assert_eq!(client.list("previous_runs").await.len(), 0);
}

#[tokio::test]
async fn steps_have_parameters_and_belong_to_the_newest_result() {
    let client = Client::empty().await;
    let run =
        |steps: &str| format!("<test_run name='t' status='Passed' duration='1'>{steps}</test_run>");
    let first = run("<steps><step name='old' duration='1' status='passed'/></steps>");
    client.upload(&payload("", &first), "").await;
    let second = run(
        "<steps iteration='row 1'><step name='open' duration='3' status='Passed' external_step_id='s-1'>\
         <input_parameters><parameter name='url' value='x' type='text'/></input_parameters>\
         <output_parameters><parameter name='code'/></output_parameters></step></steps>\
         <steps><step name='close' duration='4' status='odd'/></steps>",
    );
    client.upload(&payload("", &second), "").await;
    let steps = steps(&client).await;
    let fields = ["description", "iteration", "duration", "native_result"];
    assert_eq!(
        rows(&steps, fields),
        [
            json!(["open", "row 1", 3, "Passed"]),
            json!(["close", "2", 4, "odd"])
        ]
    );
    assert_eq!(
        (&steps[0]["external_step_id"], &steps[0]["result"]["id"]),
        (&json!("s-1"), &json!("list_node.run_native_status.passed"))
    );
    assert_eq!(steps[1]["result"], Value::Null);
    let input = parameters(&steps[0]["input_parameters"]);
    assert_eq!(
        input,
        json!([{ "name": "url", "value": "x", "type": "text" }])
    );
    let output = parameters(&steps[0]["output_parameters"]);
    assert_eq!(output[0]["name"], "code");
}

/// The values of these fields of the steps.
fn rows(steps: &[Value], fields: [&str; 4]) -> Vec<Value> {
    let row = |step: &Value| fields.map(|field| step[field].clone()).to_vec().into();
    steps.iter().map(row).collect()
}

fn parameters(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        other => other.clone(),
    }
}
