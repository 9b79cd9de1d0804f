//! The web pages. How browsers render them is tested in `octane-tests`.

mod changes;
mod controls;
mod large;
mod late;
mod overview;
mod tools;

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::{Client, response};
use crate::Settings;

const NASTY: &str = "<script>alert('&\"')</script>";

/// A page through the router; its statements must find their rows by indexes, or this panics.
async fn page(client: &Client, path: &str) -> String {
    let response = response(&client.app, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    assert_eq!(response.headers["content-type"], "text/html; charset=utf-8");
    let policy = response.headers["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    response.text()
}

/// The workspace of most tests: a suite with one suite run `build 7` of three runs; the passed one covers the
/// story SHOP-117.
struct Shop {
    client: Client,
    suite: String,
    suite_run: String,
    story: String,
}

impl Shop {
    async fn new() -> Self {
        let client = Client::new(Settings::default()).await;
        let story = client
            .names("stories", "id", "jira_key_udf EQ ^SHOP-117^")
            .await
            .remove(0);
        let suite = client
            .create("test_suites", json!({ "name": "Nightly" }))
            .await;
        let shop = Self {
            client,
            suite,
            suite_run: String::new(),
            story,
        };
        shop.upload("build 7", "Passed", 84).await;
        let suite_run = shop.client.only_id("suite_run").await;
        Self { suite_run, ..shop }
    }

    async fn upload(&self, build: &str, status: &str, duration_ms: i64) {
        let (suite, story) = (&self.suite, &self.story);
        let xml = format!(
            "<test_result><suite_ref id=\"{suite}\" external_run_id=\"{build}\"/><test_runs>\
             <test_run name=\"applies_voucher\" class=\"CartTest\" status=\"{status}\" duration=\"{duration_ms}\">\
             <backlog_items><backlog_item_ref id=\"{story}\"/></backlog_items></test_run>\
             <test_run name=\"adds\" status=\"Skipped\" duration=\"0\"/>\
             <test_run name=\"pays\" status=\"Failed\" duration=\"1500\">\
             <error type=\"Timeout\" message=\"no answer from bank\">at line 7</error></test_run>\
             </test_runs></test_result>"
        );
        assert_eq!(self.client.upload(&xml, "").await["status"], "success");
    }

    async fn test_named(&self, name: &str) -> String {
        let query = format!("name EQ ^{name}^");
        let found = self.client.names("automated_tests", "id", &query).await;
        found.into_iter().next().unwrap()
    }
}

#[track_caller]
fn holds(html: &str, parts: &[&str]) {
    for part in parts {
        assert!(html.contains(part), "`{part}` is missing in {html}");
    }
}

#[tokio::test]
async fn untrusted_text_is_escaped_on_every_page() {
    let client = Client::empty().await;
    let fields = json!({
        "name": NASTY, "parent": { "type": "work_item_root", "id": "3001" }, "jira_key_udf": NASTY,
    });
    let story = client.create("stories", fields).await;
    let suite = client.create("test_suites", json!({ "name": NASTY })).await;
    let escaped = "&lt;script>alert('&amp;&quot;')&lt;/script>";
    let xml = format!(
        "<test_result><suite_ref id=\"{suite}\" external_run_id=\"{escaped}\"/>\
         <backlog_items><backlog_item_ref id=\"{story}\"/></backlog_items><test_runs>\
         <test_run module=\"{escaped}\" package=\"{escaped}\" class=\"{escaped}\" name=\"{escaped}\" \
         status=\"Failed\" duration=\"84\">\
         <error type=\"{escaped}\" message=\"{escaped}\">{escaped}</error></test_run>\
         </test_runs></test_result>"
    );
    assert_eq!(client.upload(&xml, "").await["status"], "success");
    let suite_run = client.only_id("suite_run").await;
    let test = client.only_id("automated_tests").await;
    let nasty: String = url::form_urlencoded::byte_serialize(NASTY.as_bytes()).collect();
    let pages = [
        "/".to_owned(),
        format!("/suites/{suite}"),
        format!("/suite-runs/{suite_run}?story={story}"),
        format!("/suite-runs/{suite_run}?search={nasty}"),
        format!("/tests/{test}"),
        format!("/backlog/{story}"),
        format!("/matrix?search={nasty}"),
        "/query?collection=automated_runs".to_owned(),
        format!("/query?collection={nasty}&query={nasty}&fields={nasty}&order_by={nasty}"),
    ];
    for path in pages {
        let html = page(&client, &path).await;
        assert!(!html.contains("<script>"), "{path}");
        assert!(html.contains("&lt;script&gt;alert"), "{path}");
    }
}

#[tokio::test]
async fn the_front_page_shows_each_suite_with_its_pass_rate_in_words_and_bars() {
    let shop = Shop::new().await;
    let html = page(&shop.client, "/").await;
    holds(
        &html,
        &[
            "Nightly",
            "build 7",
            "<b>50.0 %</b> passed",
            "aria-label=\"Pass rate of the last 1 suite runs, the oldest first: 50.0 %\"",
            "1 failed, 1 skipped, 1 passed",
        ],
    );
    assert!(
        !page(&shop.client, "/?search=other")
            .await
            .contains("build 7")
    );
}

#[tokio::test]
async fn a_suite_run_shows_its_runs_their_status_and_the_stories_they_cover() {
    let shop = Shop::new().await;
    let html = page(&shop.client, &format!("/suite-runs/{}", shop.suite_run)).await;
    holds(
        &html,
        &[
            "applies_voucher",
            "84 ms",
            "SHOP-117",
            "Apply a voucher",
            "Timeout: no answer from bank",
            "at line 7",
        ],
    );
    let failed = html.find("pays").unwrap();
    assert!(
        failed < html.find("applies_voucher").unwrap(),
        "failed runs come first"
    );
}

#[tokio::test]
async fn the_runs_of_a_suite_run_are_filtered_by_status_text_and_story() {
    let shop = Shop::new().await;
    for (filter, names) in [
        ("status=failed", &["pays"][..]),
        ("status=passed&search=CART", &["applies_voucher"]),
        ("status=failed&search=cart", &[]),
        ("search=ANSWER+from", &["pays"]),
        ("search=line+7", &["pays"]),
        ("search=%25", &[]),
        ("page=2", &[]),
        (&format!("story={}", shop.story), &["applies_voucher"]),
        (
            "status=nonsense&story=x",
            &["applies_voucher", "adds", "pays"],
        ),
    ] {
        let path = format!("/suite-runs/{}?{filter}", shop.suite_run);
        let html = page(&shop.client, &path).await;
        for name in ["applies_voucher", "adds", "pays"] {
            let is_shown = html.contains(&format!(">{name}</a> <small>"));
            assert_eq!(is_shown, names.contains(&name), "{name} for {filter}");
        }
    }
}

#[tokio::test]
async fn the_pages_of_a_suite_run_show_each_run_once_over_all_statuses() {
    let client = Client::empty().await;
    let suite = client
        .create("test_suites", json!({ "name": "Long" }))
        .await;
    let runs: String = (0..250)
        .map(|n| {
            let status = ["Passed", "Failed", "Skipped"][n % 3];
            format!("<test_run name=\"t{n:03}\" status=\"{status}\" duration=\"1\"/>")
        })
        .collect();
    let xml = format!(
        "<test_result><suite_ref id=\"{suite}\"/><test_runs>{runs}</test_runs></test_result>"
    );
    client.upload(&xml, "").await;
    let suite_run = client.only_id("suite_run").await;
    let mut seen = Vec::new();
    for number in 1..=4 {
        let path = format!("/suite-runs/{suite_run}?page={number}");
        let html = page(&client, &path).await;
        let found = html.match_indices("</a> <small>");
        seen.extend(found.map(|(end, _)| html[end - 4..end].to_owned()));
    }
    let status =
        |name: &str| ["Passed", "Failed", "Skipped"][name[1..].parse::<usize>().unwrap() % 3];
    let statuses: Vec<&str> = seen.iter().map(|name| status(name)).collect();
    assert!(statuses.is_sorted_by_key(|status| {
        ["Failed", "Skipped", "Passed"]
            .iter()
            .position(|s| s == status)
    }));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
}

#[tokio::test]
async fn a_test_shows_its_current_and_its_replaced_results() {
    let shop = Shop::new().await;
    shop.upload("build 7", "Failed", 2_000).await;
    shop.upload("build 8", "Passed", 3_000).await;
    let test = shop.test_named("applies_voucher").await;
    let html = page(&shop.client, &format!("/tests/{test}")).await;
    holds(
        &html,
        &[
            "3 results",
            "84 ms",
            "2.0 s",
            "3.0 s",
            "previous result",
            "build 8",
            "Durations of the last 3 results",
        ],
    );
    assert_eq!(html.matches("previous result").count(), 1);
    let html = page(&shop.client, &format!("/suite-runs/{}", shop.suite_run)).await;
    holds(&html, &["1 earlier result<"]);
    let suite = format!("/tests/{}", shop.suite);
    let response = response(
        &shop.client.app,
        Request::get(suite).body(Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(response.status, 303, "a suite has a page of its own");
}

#[tokio::test]
async fn a_backlog_item_shows_the_runs_that_cover_it() {
    let shop = Shop::new().await;
    let html = page(&shop.client, &format!("/backlog/{}", shop.story)).await;
    holds(
        &html,
        &[
            "SHOP-117",
            "Apply a voucher",
            "Fill the cart",
            "applies_voucher",
            "build 7",
            "phase New",
        ],
    );
    assert!(!html.contains(">pays<"));
}

#[tokio::test]
async fn the_matrix_has_uncovered_stories_first_and_the_worst_status_in_a_cell() {
    let shop = Shop::new().await;
    shop.upload("build 8", "Failed", 84).await;
    let html = page(&shop.client, "/matrix?search=voucher").await;
    let uncovered = html.find("Refuse an expired voucher").unwrap();
    assert!(uncovered < html.find("Apply a voucher").unwrap());
    holds(
        &html,
        &[
            "<span class=\"flag\">uncovered</span>",
            "build 7",
            "build 8",
            ">1 passed<",
            ">1 failed<",
        ],
    );
    for (filter, applies, refuses) in [
        ("show=uncovered", false, true),
        ("show=covered", true, false),
        ("show=failing", true, false),
        ("show=elsewhere", false, false),
        ("search=SHOP-117", true, false),
        ("suite=1", true, true),
        ("suite=1&show=elsewhere", true, false),
        ("last=1&show=failing", true, false),
        ("type=defect", false, false),
    ] {
        let html = page(&shop.client, &format!("/matrix?{filter}")).await;
        assert_eq!(html.contains("Apply a voucher"), applies, "{filter}");
        assert_eq!(
            html.contains("Refuse an expired voucher"),
            refuses,
            "{filter}"
        );
    }
    // What is shown does not change what there is.
    let figures = async |show: &str| {
        let html = page(&shop.client, &format!("/matrix?show={show}")).await;
        let from = html.find("<dl class=\"figures\">").unwrap();
        let to = html.find("</dl>").unwrap();
        html[from..to].to_owned()
    };
    let all = figures("").await;
    for show in ["uncovered", "elsewhere", "covered", "failing"] {
        assert_eq!(figures(show).await, all, "{show}");
    }
    let failing = page(&shop.client, "/matrix?show=failing").await;
    holds(&failing, &["data-summary=\"1 backlog item shown\""]);
    let only_last = page(&shop.client, "/matrix?last=1&search=voucher").await;
    assert!(
        !only_last.contains("build 7"),
        "the newest suite runs are shown"
    );
}

#[tokio::test]
async fn a_page_is_the_same_with_a_slash_at_the_end_of_its_path() {
    let shop = Shop::new().await;
    for path in [
        format!("/suites/{}", shop.suite),
        format!("/suite-runs/{}", shop.suite_run),
        format!("/backlog/{}", shop.story),
        format!("/tests/{}", shop.test_named("pays").await),
        "/matrix".to_owned(),
        "/query".to_owned(),
        "/requests".to_owned(),
        "/sandbox".to_owned(),
    ] {
        let title = |html: String| html.split("</title>").next().unwrap().to_owned();
        let same = page(&shop.client, &format!("{path}/")).await;
        assert_eq!(
            title(same),
            title(page(&shop.client, &path).await),
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_of_unknown_entities_are_not_found() {
    let client = Client::empty().await;
    for path in ["/suites/1", "/suite-runs/x", "/tests/1", "/backlog/1"] {
        let response = response(&client.app, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, 404, "{path}");
        assert!(response.text().contains("<h1>Not found</h1>"), "{path}");
    }
    for (path, accepted, is_page) in [
        ("/nowhere", "text/html,*/*;q=0.8", true),
        ("/nowhere", "application/json", false),
        ("/api/nowhere", "text/html", false),
        ("/_sandbox/assets/other.css", "text/html", false),
    ] {
        let request = Request::get(path).header("accept", accepted);
        let response = response(&client.app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status, 404, "{path}");
        let is_html = response.text().contains("<h1>Not found</h1>");
        assert_eq!(is_html, is_page, "{path} {accepted}");
        assert!(response.text().contains("unknown URL path"), "{path}");
    }
}

#[tokio::test]
async fn the_urls_of_octanes_own_pages_lead_to_the_pages_here() {
    let shop = Shop::new().await;
    let run = shop.client.ids("automated_runs").await.remove(0);
    let test = shop.client.ids("automated_tests").await.remove(0);
    let to = async |path: String| {
        let request = Request::get(&path).body(Body::empty()).unwrap();
        let response = response(&shop.client.app, request).await;
        assert_eq!(response.status, 303, "{path}: {}", response.text());
        response.headers["location"].to_str().unwrap().to_owned()
    };
    for path in [
        "/ui",
        "/ui/",
        "/ui/?p=1001/1002",
        "/ui/nonsense/deep?id=x&entityType=run",
    ] {
        assert_eq!(to(path.to_owned()).await, "/", "{path}");
    }
    let entity = |entity_type: &str, id: &str| {
        format!("/ui/entity-navigation?p=1001/1002&entityType={entity_type}&id={id}")
    };
    let (suite_run, story) = (&shop.suite_run, &shop.story);
    for (path, page) in [
        (entity("run", suite_run), format!("/suite-runs/{suite_run}")),
        (
            entity("run_automated", &run),
            format!("/suite-runs/{suite_run}"),
        ),
        (entity("test", &test), format!("/tests/{test}")),
        (entity("work_item", story), format!("/backlog/{story}")),
        (entity("run", "999999"), "/".to_owned()),
        (entity("comment", "1"), "/".to_owned()),
    ] {
        assert_eq!(to(path.clone()).await, page, "{path}");
    }
}
