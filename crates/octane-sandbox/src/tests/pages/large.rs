//! What is more than a page can show: durations, failures and texts.

use serde_json::{Value, json};

use super::super::Client;
use super::changes::Suite;
use super::{holds, page};

#[tokio::test]
async fn durations_that_are_more_than_a_number_together_are_the_longest_there_is() {
    let suite = Suite::new().await;
    let longest = i64::MAX;
    let run = |name: &str, duration: i64| {
        format!("<test_run name='{name}' status='Passed' duration='{duration}'/>")
    };
    let names = ["a", "b", "c", "d", "e", "f"];
    let long = names.map(|name| run(name, 1_790_000_000_000_000_000));
    let night = suite.send("night 1", "", &long.concat()).await;
    suite.send("night 2", "", &run("a", longest)).await;
    let whole = [run("a", longest), run("b", longest), run("c", 5)];
    let now = suite.send("night 3", "", &whole.concat()).await;
    let test = suite
        .client
        .names("automated_tests", "id", "name EQ ^a^")
        .await;
    for path in [
        "/".to_owned(),
        format!("/suites/{}", suite.suite),
        format!("/suite-runs/{night}"),
        format!("/tests/{}", test[0]),
        "/matrix".to_owned(),
    ] {
        page(&suite.client, &path).await;
    }
    holds(
        &suite.page(&now, "").await,
        &["took 2562047788015 h 12 min in total"],
    );
    let groups = "runs/groups?group_by=status&group_data=sum(duration)";
    let groups = suite.client.get(groups).await.ok();
    let group = groups["groups"].as_array().unwrap().iter();
    let sums: Vec<&Value> = group
        .map(|group| &group["aggregatedData"]["duration"])
        .collect();
    assert_eq!(sums, [&json!(longest)]);
    // What is left is exact again.
    for name in ["a", "b"] {
        let query = format!("name EQ ^{name}^;parent_suite EQ {{id EQ {now}}}");
        let run = suite.client.names("automated_runs", "id", &query).await;
        suite
            .client
            .delete(&format!("automated_runs/{}", run[0]))
            .await;
    }
    holds(&suite.page(&now, "").await, &["took 5 ms in total"]);
}

#[tokio::test]
async fn more_failures_than_are_compared_are_at_least_so_many() {
    let suite = Suite::new().await;
    let names: Vec<String> = (0..10_001).map(|number| format!("t{number}")).collect();
    let mut all: Vec<(&str, char)> = names.iter().map(|name| (&**name, 'F')).collect();
    suite.upload("night 1", &all).await;
    all.push(("z", 'F'));
    let now = suite.upload("night 2", &all).await;
    let html = suite.page(&now, "").await;
    holds(
        &html,
        &[
            "<b>?</b> New failures",
            "<b>at least 10,000</b> Still failing",
            "and at least 9,997 more",
            "<b>?</b> Fixed",
            "<b>0</b> Flaky",
            "Only the first 10,000 failures of each suite run are compared.",
            "Only the first 10,000 failures are grouped.",
        ],
    );
    let now = suite.upload("night 3", &[("t0", 'P'), ("z", 'F')]).await;
    let html = suite.page(&now, "").await;
    holds(
        &html,
        &[
            "<b>1</b> Still failing",
            "<b>at least 1</b> Fixed",
            "<b>0</b> New failures",
        ],
    );
    let now = suite.upload("night 4", &[("t0", 'F'), ("z", 'F')]).await;
    holds(&suite.page(&now, "").await, &["<b>1</b> New failure</a>"]);
}

#[tokio::test]
async fn an_old_failure_of_a_story_is_not_hidden_by_thousands_of_newer_results() {
    let suite = Suite::new().await;
    let root = json!({ "type": "work_item_root", "id": "3001" });
    let story = json!({ "name": "Pay", "parent": root });
    let story = suite.client.create("stories", story).await;
    let run = |name: &str, status: &str| {
        format!(
            "<test_run name='{name}' status='{status}' duration='1'>\
             <backlog_items><backlog_item_ref id='{story}'/></backlog_items></test_run>"
        )
    };
    suite.send("night 1", "", &run("old", "Failed")).await;
    let runs: String = (0..5_000)
        .map(|number| run(&format!("t{number}"), "Passed"))
        .collect();
    suite.send("night 2", "", &runs).await;
    let html = page(&suite.client, &format!("/backlog/{story}")).await;
    holds(
        &html,
        &[
            ">Failing</h2>",
            ", 1 failed and 5000 passed.",
            "and 4,801 more",
        ],
    );
}

#[tokio::test]
async fn long_error_texts_are_shortened_in_lists() {
    use crate::store::pages::TEXT_CHARACTERS_MAX;

    let client = Client::empty().await;
    let suite = client
        .create("test_suites", json!({ "name": "Long" }))
        .await;
    let long = "é".repeat(TEXT_CHARACTERS_MAX);
    let xml = format!(
        "<test_result><suite_ref id=\"{suite}\"/><test_runs><test_run name=\"a\" status=\"Failed\" duration=\"1\">\
         <error type=\"T\" message=\"{long}z\">x</error></test_run><test_run name=\"b\" status=\"Failed\" duration=\"1\">\
         <error type=\"T\" message=\"{long}\">x</error></test_run></test_runs></test_result>"
    );
    assert_eq!(client.upload(&xml, "").await["status"], "success");
    let suite_run = client.only_id("suite_run").await;
    let test = client
        .names("automated_tests", "id", "name EQ ^a^")
        .await
        .remove(0);
    let html = page(&client, &format!("/suite-runs/{suite_run}")).await;
    holds(&html, &[&format!("T: {long}…<"), &format!("T: {long}<")]);
    let html = page(&client, &format!("/tests/{test}")).await;
    holds(&html, &[&format!("{long}…<")]);
    for path in [format!("/suite-runs/{suite_run}"), format!("/tests/{test}")] {
        assert!(!page(&client, &path).await.contains("éz"), "{path}");
    }
}
