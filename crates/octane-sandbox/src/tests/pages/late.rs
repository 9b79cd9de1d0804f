//! Results that arrive in another order than that in which they were obtained.

use std::time::Duration;

use serde_json::{Value, json};

use super::changes::{Suite, number_of};
use super::{holds, page};

#[tokio::test]
async fn results_that_arrive_late_are_not_the_newest() {
    let suite = Suite::new().await;
    let run = |status: &str, day: i64| {
        let started = 1_763_683_200_000 + day * 86_400_000;
        format!("<test_run name='pays' status='{status}' duration='1' started='{started}'/>")
    };
    let third = suite.send("day 3", "", &run("Failed", 3)).await;
    let second = suite.send("day 2", "", &run("Failed", 2)).await;
    let first = suite.send("day 1", "", &run("Passed", 1)).await;
    let places = |html: &str| {
        [&third, &second, &first].map(|id| html.rfind(&format!("\"/suite-runs/{id}\"")))
    };
    let html = page(&suite.client, "/").await;
    holds(
        &html,
        &[
            "day 3</a>",
            "<dt>With failures in their latest suite run</dt><dd>1</dd>",
            "the oldest first: 100 %, 0.0 %, 0.0 %",
        ],
    );
    let html = page(&suite.client, &format!("/suites/{}", suite.suite)).await;
    assert!(places(&html).is_sorted(), "the newest first");
    for path in ["/matrix", "/matrix?suite=all"] {
        suite
            .client
            .create(
                "stories",
                json!({ "name": path, "parent": { "type": "work_item_root", "id": "3001" } }),
            )
            .await;
        let html = page(&suite.client, path).await;
        let [third, second, first] = ["day 3", "day 2", "day 1"].map(|name| html.find(name));
        assert!(
            first.is_some() && first < second && second < third,
            "{path}"
        );
    }
    let html = suite.page(&third, "").await;
    holds(
        &html,
        &[
            &format!("Since <a href=\"/suite-runs/{second}\">day 2</a>"),
            "← <bdi>day 2</bdi></a>",
        ],
    );
    assert_eq!(number_of(&html, "Still failing"), "1");
    assert!(!html.contains("rel=\"next\""));
    let html = suite.page(&second, "").await;
    assert_eq!(number_of(&html, "New failures"), "1");
    holds(&html, &["← <bdi>day 1</bdi></a>", "<bdi>day 3</bdi> →</a>"]);
    holds(
        &suite.page(&first, "").await,
        &["nothing to compare it with", "<bdi>day 2</bdi> →</a>"],
    );
}

#[tokio::test]
async fn suite_runs_that_started_at_the_same_time_are_ordered_by_their_ids() {
    let suite = Suite::new().await;
    let run = |status: &str| {
        format!("<test_run name='pays' status='{status}' duration='1' started='1763683200000'/>")
    };
    suite.send("a", "", &run("Failed")).await;
    let second = suite.send("b", "", &run("Passed")).await;
    let third = suite.send("c", "", &run("Failed")).await;
    let html = suite.page(&second, "").await;
    assert_eq!(number_of(&html, "Fixed"), "1");
    holds(&html, &["← <bdi>a</bdi></a>", "<bdi>c</bdi> →</a>"]);
    let html = suite.page(&third, "").await;
    assert_eq!(number_of(&html, "New failures"), "1");
    holds(&page(&suite.client, "/").await, &["c</a>"]);
}

/// A story of a suite.
async fn story(suite: &Suite) -> String {
    let root = json!({ "type": "work_item_root", "id": "3001" });
    let story = json!({ "name": "Pay", "parent": root });
    suite.client.create("stories", story).await
}

/// The latest result of a test that covers a story, as the metadata and the page of the story show it.
async fn last_run(suite: &Suite, collection: &str) -> Vec<String> {
    let path = format!("{collection}?fields=name,test_of_last_run,parent_suite{{name}}");
    let runs = suite.client.list(&path).await;
    let last = runs
        .iter()
        .filter(|run| run["test_of_last_run"] != Value::Null);
    last.map(|run| run["parent_suite"]["name"].to_string())
        .collect()
}

#[tokio::test]
async fn a_result_without_a_start_is_as_old_as_its_arrival() {
    for (statuses, verdict, is_regression) in [
        (["Passed", "Passed", "Failed"], ">Failing</h2>", true),
        (["Failed", "Passed", "Passed"], ">Flaky</h2>", false),
    ] {
        let suite = Suite::new().await;
        let story = story(&suite).await;
        for (suite_run, status) in ["a", "b", "a"].into_iter().zip(statuses) {
            suite.clock.advance(Duration::from_secs(60));
            let run = format!(
                "<test_run name='pays' status='{status}' duration='1'>\
                 <backlog_items><backlog_item_ref id='{story}'/></backlog_items></test_run>"
            );
            suite.send(suite_run, "", &run).await;
        }
        assert_eq!(last_run(&suite, "automated_runs").await, ["\"a\""]);
        let html = page(&suite.client, &format!("/backlog/{story}")).await;
        holds(&html, &[verdict]);
        let test = suite.client.only_id("automated_tests").await;
        let html = page(&suite.client, &format!("/tests/{test}")).await;
        assert_eq!(html.contains("Regression"), is_regression, "{statuses:?}");
        let places = ["05:09:07", "05:08:07", "05:07:07"].map(|time| html.rfind(time));
        assert!(places[0].is_some() && places.is_sorted(), "{places:?}");
    }
}

#[tokio::test]
async fn a_manual_run_has_the_latest_result_when_its_status_is_written() {
    let suite = Suite::new().await;
    let test = suite
        .client
        .create("manual_tests", json!({ "name": "m" }))
        .await;
    let status = |word: &str| json!({ "type": "list_node", "id": format!("list_node.run_native_status.{word}") });
    let mut runs = Vec::new();
    for (name, word) in [("a", "planned"), ("b", "passed")] {
        let suite_run = json!({
            "name": name, "subtype": "run_suite", "test": { "type": "test_suite", "id": suite.suite },
            "native_status": status("planned"),
        });
        let suite_run = suite.client.create("suite_run", suite_run).await;
        let run = json!({
            "name": "m", "subtype": "run_manual", "test": { "type": "test_manual", "id": test },
            "parent_suite": { "type": "run_suite", "id": suite_run }, "native_status": status(word),
        });
        runs.push(suite.client.create("runs", run).await);
        suite.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(last_run(&suite, "manual_runs").await, ["\"b\""]);
    let path = format!("manual_runs/{}", runs[0]);
    for (change, last) in [
        (json!({ "description": "not yet" }), "\"b\""),
        (json!({ "native_status": status("failed") }), "\"a\""),
    ] {
        suite.client.put(&path, &change).await.ok();
        assert_eq!(last_run(&suite, "manual_runs").await, [last]);
        suite.clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_suite_run_started_when_the_earliest_of_the_runs_did_that_it_still_has() {
    let suite = Suite::new().await;
    let run = |name: &str, started: &str| {
        format!("<test_run name='{name}' status='Passed' duration='1' started='{started}'/>")
    };
    let first = suite.send("a", "", &run("x", "1763683200000")).await;
    let runs = run("x", "1763769600000") + &run("wrong", "1761000000000");
    let second = suite.send("b", "", &runs).await;
    holds(&suite.page(&first, "").await, &["← <bdi>b</bdi></a>"]);
    let wrong = suite
        .client
        .names("automated_runs", "id", "name EQ ^wrong^")
        .await;
    let path = format!("automated_runs/{}", wrong[0]);
    assert!(suite.client.delete(&path).await.status.is_success());
    holds(&suite.page(&second, "").await, &["← <bdi>a</bdi></a>"]);
    let path = format!("suite_run/{second}?fields=started");
    let started = suite.client.get(&path).await.ok();
    assert_eq!(started["started"], "2025-11-22T00:00:00Z");
}
