//! The front page, the page of a story, and the matrix.

use std::time::Duration;

use serde_json::json;

use super::changes::Suite;
use super::{Shop, holds, page};

#[tokio::test]
async fn the_suite_with_the_latest_activity_comes_first_with_one_row_about_all() {
    let nightly = Suite::new().await;
    let client = &nightly.client;
    let smoke = client
        .create("test_suites", json!({ "name": "Smoke" }))
        .await;
    client
        .create("test_suites", json!({ "name": "Unused" }))
        .await;
    let upload = async |suite: &str, name: &str, failed: usize| {
        let runs: String = (0..4)
            .map(|number| {
                let status = if number < failed { "Failed" } else { "Passed" };
                format!("<test_run name='t{number}' status='{status}' duration='1'/>")
            })
            .collect();
        let xml = format!(
            "<test_result><suite_ref id='{suite}' external_run_id='{name}'/><test_runs>{runs}</test_runs></test_result>"
        );
        assert_eq!(client.upload(&xml, "").await["status"], "success");
        nightly.clock.advance(Duration::from_secs(1));
    };
    upload(&nightly.suite, "night 1", 1).await;
    upload(&smoke, "smoke 1", 0).await;
    let order = |html: &str| {
        ["Nightly", "Smoke", "Unused"]
            .map(|name| html.find(&format!("\">{name}</a></h2>")).unwrap())
    };
    let html = page(client, "/").await;
    let [nightly_at, smoke_at, unused_at] = order(&html);
    assert!(smoke_at < nightly_at && nightly_at < unused_at);
    holds(
        &html,
        &[
            "<dt>Suites</dt><dd>3</dd>",
            "<dt>With failures in their latest suite run</dt><dd>1</dd>",
            "<dd>87.5 % <small>1 failed, 7 passed</small></dd>",
            "<dt>Last activity</dt>",
        ],
    );
    // One that is only planned has not replaced it.
    let planned = json!({
        "name": "plan", "subtype": "run_suite", "test": { "type": "test", "id": nightly.suite },
        "native_status": { "type": "list_node", "id": "list_node.run_native_status.planned" },
    });
    client.create("runs", planned).await;
    nightly.clock.advance(Duration::from_secs(1));
    holds(
        &page(client, "/").await,
        &["<dt>With failures in their latest suite run</dt><dd>1</dd>"],
    );
    // Results that are added to an old suite run are activity, too.
    upload(&nightly.suite, "night 1", 0).await;
    let html = page(client, "/").await;
    let [nightly_at, smoke_at, _] = order(&html);
    assert!(nightly_at < smoke_at);
    holds(
        &html,
        &["<dt>With failures in their latest suite run</dt><dd>0</dd>"],
    );
}

#[tokio::test]
async fn the_page_of_a_story_begins_with_the_verdict() {
    let shop = Shop::new().await;
    let path = format!("/backlog/{}", shop.story);
    let html = page(&shop.client, &path).await;
    holds(
        &html,
        &[
            "<h2 id=\"verdict\">Passing</h2>",
            "In the latest results of what covers it, 1 passed.",
        ],
    );
    assert!(html.find("id=\"verdict\"") < html.find("Latest runs that cover it"));
    shop.upload("build 8", "Failed", 84).await;
    holds(
        &page(&shop.client, &path).await,
        &[">Failing</h2>", ", 1 failed."],
    );
    // The later result of the same run does not hide that it failed.
    shop.upload("build 8", "Passed", 84).await;
    let html = page(&shop.client, &path).await;
    holds(&html, &[">Flaky</h2>", ", 1 passed only after a failure."]);
    assert_eq!(html.matches(">flaky</span>").count(), 1);
    shop.upload("build 8", "Skipped", 84).await;
    let html = page(&shop.client, &path).await;
    holds(
        &html,
        &[">Failing</h2>", ", 1 did not run again after a failure."],
    );
    let query = "jira_key_udf EQ ^SHOP-118^";
    let other = shop.client.names("stories", "id", query).await.remove(0);
    let html = page(&shop.client, &format!("/backlog/{other}")).await;
    holds(&html, &[">Not covered</h2>"]);
}

#[tokio::test]
async fn the_matrix_shows_the_suite_with_the_latest_activity_unless_another_is_chosen() {
    let shop = Shop::new().await;
    let smoke = shop
        .client
        .create("test_suites", json!({ "name": "Smoke" }))
        .await;
    let xml = format!(
        "<test_result><suite_ref id='{smoke}' external_run_id='smoke 1'/><test_runs>\
         <test_run name='a' status='Passed' duration='1'/></test_runs></test_result>"
    );
    assert_eq!(shop.client.upload(&xml, "").await["status"], "success");
    for (query, nightly, smoked) in [
        ("", false, true),
        ("?suite=all", true, true),
        (&format!("?suite={}", shop.suite), true, false),
    ] {
        let html = page(&shop.client, &format!("/matrix{query}")).await;
        assert_eq!(html.contains("build 7"), nightly, "{query}");
        assert_eq!(html.contains("smoke 1"), smoked, "{query}");
    }
    let html = page(&shop.client, "/matrix").await;
    holds(
        &html,
        &[&format!(
            "<option value=\"{smoke}\" selected>Smoke</option>"
        )],
    );
}

#[tokio::test]
async fn the_number_of_all_runs_is_that_of_the_list() {
    let shop = Shop::new().await;
    shop.upload("build 8", "Failed", 84).await;
    for collection in [
        "runs",
        "automated_runs",
        "suite_runs",
        "manual_runs",
        "previous_runs",
    ] {
        let total = async |query: &str| {
            let path = format!("{collection}?limit=1{query}");
            shop.client.get(&path).await.ok()["total_count"].clone()
        };
        assert_eq!(
            total("").await,
            total("&query=\"id%20GT%200\"").await,
            "{collection}"
        );
    }
    let path = format!("suite_runs/{}", shop.suite_run);
    assert!(shop.client.delete(&path).await.status.is_success());
    let left = shop.client.get("automated_runs?limit=1").await.ok();
    assert_eq!(
        left["total_count"], 3,
        "the runs were deleted with their suite run"
    );
}

#[tokio::test]
async fn what_failed_first_is_flaky_in_the_matrix_and_in_lists_of_suite_runs() {
    for (second, word) in [("Passed", "passed"), ("Skipped", "skipped")] {
        let shop = Shop::new().await;
        let send = async |status: &str| {
            let (suite, story) = (&shop.suite, &shop.story);
            let xml = format!(
                "<test_result><suite_ref id='{suite}' external_run_id='build 8'/><test_runs>\
                 <test_run name='a' status='{status}' duration='1'><backlog_items>\
                 <backlog_item_ref id='{story}'/></backlog_items></test_run></test_runs></test_result>"
            );
            assert_eq!(shop.client.upload(&xml, "").await["status"], "success");
        };
        send("Failed").await;
        // A failure that is repeated does not hide the first.
        send("Failed").await;
        send(second).await;
        let html = page(&shop.client, &format!("/matrix?suite={}", shop.suite)).await;
        holds(
            &html,
            &[
                "<td class=\"cell flaky\">",
                "title=\"1 flaky\"><span aria-hidden=\"true\">Y</span>",
                "<span class=\"key flaky\" aria-hidden=\"true\">Y</span> Flaky",
            ],
        );
        let path = format!("/matrix?suite={}&show=failing", shop.suite);
        let failing = page(&shop.client, &path).await;
        let is_failing = failing.contains(&format!("/backlog/{}\"", shop.story));
        assert_eq!(is_failing, second == "Skipped", "{failing}");
        for path in ["/".to_owned(), format!("/suites/{}", shop.suite)] {
            let html = page(&shop.client, &path).await;
            let at = html.find(">build 8<").unwrap();
            let chip = &html[html[..at].rfind("<span class=\"chip").unwrap()..at];
            assert!(
                chip.starts_with("<span class=\"chip flaky\">"),
                "{path}: {chip}"
            );
            holds(&html, &["1 flaky", "0.0 %"]);
            assert!(!html.contains(&format!(">1 {word}<")), "{path}");
        }
        let suite_run = shop
            .client
            .names("suite_run", "id", "name EQ ^build 8^")
            .await;
        let html = page(&shop.client, &format!("/suite-runs/{}", suite_run[0])).await;
        holds(&html, &["<span class=\"chip flaky\">"]);
    }
}

#[tokio::test]
async fn a_pass_rate_names_the_runs_that_it_is_of() {
    let nightly = Suite::new().await;
    let id = nightly.upload("all ran", &[("a", 'P'), ("b", 'F')]).await;
    let html = page(&nightly.client, &format!("/suite-runs/{id}")).await;
    holds(&html, &[" 50.0 % of 2 runs passed ·"]);
    assert!(!page(&nightly.client, "/").await.contains("that ran"));
    let id = nightly
        .upload("one ran", &[("a", 'P'), ("b", 'S'), ("c", 'S')])
        .await;
    let html = page(&nightly.client, &format!("/suite-runs/{id}")).await;
    holds(
        &html,
        &[" 100 % of the 1 run that ran passed, 2 did not run ·"],
    );
    let remark = "<b>100 %</b> passed <span class=\"quiet\">of the 1 run that ran</span>";
    let html = page(&nightly.client, "/").await;
    holds(
        &html,
        &[
            remark,
            "<dd>100 % <small>of the 1 run that ran; all 3: 2 skipped, 1 passed</small></dd>",
        ],
    );
    let html = page(&nightly.client, &format!("/suites/{}", nightly.suite)).await;
    holds(&html, &[remark, "Passed of those that ran</th>"]);
    let test = nightly
        .client
        .names("automated_tests", "id", "name EQ ^b^")
        .await;
    let html = page(&nightly.client, &format!("/tests/{}", test[0])).await;
    holds(
        &html,
        &["<b>0.0 %</b> passed <span class=\"quiet\">of the 1 result that ran</span>"],
    );
    let id = nightly.upload("none ran", &[("a", 'S'), ("b", 'S')]).await;
    let html = page(&nightly.client, &format!("/suite-runs/{id}")).await;
    holds(&html, &[" 2 runs, and none of them ran ·"]);
    assert!(html.find("0 %").is_none());
}
