//! The pages for the sandbox itself: the query box and the requests.

use axum::body::Body;
use http::Request;

use super::super::{Client, WORKSPACE};
use super::{NASTY, Shop, holds, page};
use crate::{Fault, Sandbox, Settings};

#[tokio::test]
async fn the_query_box_shows_entities_and_problems() {
    let shop = Shop::new().await;
    let html = page(&shop.client, "/query").await;
    holds(
        &html,
        &["Failed runs", "<option selected>automated_runs</option>"],
    );
    let ask = |collection: &str, query: &str| {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        format!("/query?collection={collection}&query={query}")
    };
    let html = page(&shop.client, &ask("automated_runs", "name EQ ^pay*^")).await;
    holds(
        &html,
        &[
            "1 entry found",
            "<td>pays</td>",
            "<td>1500</td>",
            ">build 7</a>",
        ],
    );
    let html = page(&shop.client, &ask("stories", "\"name EQUALS ^a^\"")).await;
    holds(
        &html,
        &["The query is not valid", "<b class=\"caret\">^^^^^^</b>"],
    );
    let html = page(&shop.client, &ask("stories", "id GT 0; nmae EQ ^a^")).await;
    holds(
        &html,
        &[
            "The query is not valid for this collection",
            "\n         <b class=\"caret\">^^^^</b></pre>",
            "did you mean <code>name</code>?",
        ],
    );
    let html = page(&shop.client, "/query?collection=nothing").await;
    holds(&html, &["unknown collection <code>nothing</code>"]);
}

#[tokio::test]
async fn requests_are_listed_with_the_fault_they_triggered() {
    let sandbox = Sandbox::open(Settings::default()).unwrap();
    let client = Client::of(&sandbox).await;
    let path = format!("{WORKSPACE}/defects?limit=1");
    let nasty = Request::get(&path).header("x-note", NASTY);
    assert_eq!(client.send(nasty, Body::empty()).await.status, 200);
    sandbox
        .fail_next(Fault::status(503).path("**/stories"))
        .unwrap();
    assert_eq!(client.get("stories").await.status, 503);
    let html = page(&client, "/requests").await;
    holds(
        &html,
        &[
            "/defects<span class=\"quiet\">?limit=1</span>",
            "&lt;script&gt;alert",
            "<span class=\"flag\">fault: status</span>",
            "3 requests shown",
        ],
    );
    assert!(!html.contains("<script>") && !html.contains("sandbox-secret"));
    for (filter, defects, stories) in [
        ("show=faults", false, true),
        ("show=others", true, false),
        ("status=503", false, true),
        ("path=defects&method=GET", true, false),
        ("method=PUT", false, false),
    ] {
        let html = page(&client, &format!("/requests?{filter}")).await;
        assert_eq!(html.contains("/1002/defects<"), defects, "{filter}");
        assert_eq!(html.contains("/1002/stories<"), stories, "{filter}");
    }
}
