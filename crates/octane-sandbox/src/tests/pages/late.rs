//! Results that arrive in another order than that in which they were obtained.

use serde_json::json;

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
